"""The tool's own resolution against that of the sandbox, which was written from the vendor's page alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.energycap.sender import open_sender
from reconciler.model.dialects import ESA, V3
from reconciler.planning.index import make_index
from reconciler.readings.identifiers import NAMES
from reconciler.readings.routing import Router
from reconciler.sandbox import running
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn

    from reconciler.energycap.sender import Sender

_IDS = (1, 2, 3, 4, 5)
_POINTERS = st.fixed_dictionaries(
    {},
    optional={
        "channelId": st.sampled_from((*_IDS, 9, None)),
        "channelImportId": st.sampled_from(("IMP-1", "IMP-2", "imp-1", "", None)),
        "meterImportId": st.sampled_from(("DPI-1", "DPI-1", "DPI-2", "DPI-9", "", None)),
        "observationTypeCode": st.sampled_from(("ELECUSE", "ELECDEM", "elecuse", "", None)),
        "unitCode": st.sampled_from(("KWH", "KW", "GAL", None)),
        "channelIntervalInSeconds": st.sampled_from((900, 3600, 60, None)),
    },
).map(lambda pointers: {name: value for name, value in pointers.items() if value is not None})


@st.composite
def meters(draw: DrawFn) -> list[dict[str, Any]]:
    """Two to five channels on one or two meters, alike in much, some without an import id, some calculated."""
    channels = []
    for number in range(1, draw(st.integers(2, 5)) + 1):
        is_calculated = draw(st.sampled_from((False, False, False, True)))
        version = {"unit": draw(st.sampled_from(("KWH", "KW"))), "formula": "channel(1)" if is_calculated else None}
        values = {
            "channelImportId": draw(st.sampled_from((f"IMP-{number}", None))),
            "type": draw(st.sampled_from(("ELECUSE", "ELECDEM"))),
            "isCalculated": is_calculated,
            "interval": None if is_calculated else draw(st.sampled_from((15, 60))),
            "data_point": draw(st.sampled_from((1, 1, 1, 2))),
        }
        channels.append(make_channel(number, version, **values))
    return channels


@settings(max_examples=60)
@given(meters(), st.lists(_POINTERS, min_size=1, max_size=30))
def test_readings_land_where_the_tool_says(channels: list[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox.sqlite3", make_world(*channels)) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        live = sender.list_channels()
        sent = [{**group, "readings": [_reading(number)]} for number, group in enumerate(groups)]
        receipt = sender.send_readings(sent)
        landed = _find_landed(sender, [channel.id for channel in live])

    router, esa = Router(make_index(live)), Router(make_index(live), ESA)
    expected = {}
    for number, group in enumerate(groups):
        key = (*(group.get(name) for name in NAMES), 1)
        landing = router.find(key)
        assert landing.route == esa.find(key).route
        if landing.channel is not None:
            expected[number] = landing.channel.id
    assert landed == expected
    assert receipt.imported == len(expected)


@settings(max_examples=25)
@given(meters(), st.lists(_POINTERS.filter(lambda one: one.keys() & set(NAMES[:3])), min_size=1, max_size=10))
def test_the_esa_call_goes_by_the_same_rules(channels: list[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox.sqlite3", make_world(*channels)) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        live = sender.list_channels()
        router = Router(make_index(live), ESA)
        landings = [router.find((*(group.get(name) for name in NAMES), 1)) for group in groups]
        sent = [
            {**dict(ESA.say(landing.pointers)), "readings": [_reading(number)]}
            for number, landing in enumerate(landings)
            if any(name in dict(V3.say(landing.pointers)) for name in NAMES[:3])
        ]
        sender.send_esa_readings(sent)
        landed = _find_landed(sender, [channel.id for channel in live])

    assert landed == {
        number: landing.channel.id for number, landing in enumerate(landings) if landing.channel is not None
    }


def _reading(number: int) -> dict[str, Any]:
    return {
        "time": f"2026-06-01T{number // 60:02}:{number % 60:02}:00",
        "value": number,
        "estimated": False,
        "note": None,
    }


def _find_landed(sender: Sender, ids: Sequence[int]) -> dict[int, int]:
    """The channel that each reading is on, by the reading's number."""
    return {
        int(reading.value or 0): channel_id
        for channel_id in ids
        for reading in sender.read_readings(channel_id, "2026-05-30T00:00:00", "2026-06-30T00:00:00")
    }
