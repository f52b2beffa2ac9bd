"""The tool's own resolution against that of the sandbox, which was written from the vendor's page alone.

The page compares unitCode only to tell the channels of a meter apart; readings that it would take in another unit than
that of their channel are kept from being sent, wherever they lead.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.energycap.client import open_sender
from reconciler.model.fields import UNIT_CODE
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.planning.identification import make_index
from reconciler.readings.reading_rows import IDENTIFIER_NAMES
from reconciler.readings.routing import Router
from reconciler.sandbox import running
from tests.cases import note_case
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn

    from reconciler.energycap.client import Sender
    from reconciler.model.channels import Live
    from reconciler.readings.routing import Destination

_IDS = (1, 2, 3, 4, 5)


def _identifiers(*units: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "channelId": st.sampled_from((*_IDS, 9, None)),
            "channelImportId": st.sampled_from(("IMP-1", "IMP-2", "imp-1", "", None)),
            "meterImportId": st.sampled_from(("DPI-1", "DPI-1", "DPI-2", "DPI-9", "", None)),
            "observationTypeCode": st.sampled_from(("ELECUSE", "ELECDEM", "elecuse", "", None)),
            "unitCode": st.sampled_from((*units, None)),
            "channelIntervalInSeconds": st.sampled_from((900, 3600, 60, None)),
        },
    ).map(lambda identifiers: {name: value for name, value in identifiers.items() if value is not None})


_UNITS = ("KWH", "KW", "GAL")
# EnergyCAP would not find the unit kwh: the tool spells it as the channels do.
_RESPELLED = _identifiers(*_UNITS, "kwh", "k W").filter(lambda one: one.keys() & set(IDENTIFIER_NAMES[:3]))


@st.composite
def meters(draw: DrawFn) -> list[dict[str, Any]]:
    """Two to five similar channels on one or two meters, some without an import id, some calculated."""
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
@given(meters(), st.lists(_identifiers(*_UNITS), min_size=8, max_size=30))
def test_readings_go_where_the_tool_says(channels: list[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox.sqlite3", make_world(*channels)) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        live = sender.list_channels()
        sent = [{**group, "readings": [_reading(number)]} for number, group in enumerate(groups)]
        receipt = sender.send_readings(sent)
        stored = _find_stored(sender, [channel.id for channel in live])

    router, esa = Router(make_index(live)), Router(make_index(live), ESA_NAMES)
    keys = [(*(group.get(name) for name in IDENTIFIER_NAMES), 1) for group in groups]
    destinations = [router.find(key) for key in keys]
    note_case(reached=len({destination.route.channel_id for destination in destinations}) > 1)
    assert [destination.route for destination in destinations] == [esa.find(key).route for key in keys]
    expected = _find_accepted(destinations)
    assert stored == expected
    assert receipt.imported == len(expected)
    _check_refused(destinations, live)


@settings(max_examples=25)
@given(meters(), st.lists(_RESPELLED, min_size=4, max_size=10))
def test_the_esa_call_follows_the_same_rules(channels: list[dict[str, Any]], groups: Sequence[dict[str, Any]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "sandbox.sqlite3", make_world(*channels)) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        live = sender.list_channels()
        router = Router(make_index(live), ESA_NAMES)
        destinations = [router.find((*(group.get(name) for name in IDENTIFIER_NAMES), 1)) for group in groups]
        sent = [
            {**dict(ESA_NAMES.items(destination.identifiers)), "readings": [_reading(number)]}
            for number, destination in enumerate(destinations)
            if any(name in dict(V3_NAMES.items(destination.identifiers)) for name in IDENTIFIER_NAMES[:3])
        ]
        sender.send_esa_readings(sent)
        stored = _find_stored(sender, [channel.id for channel in live])

    note_case(reached=stored)
    assert stored == _find_accepted(destinations)
    _check_refused(destinations, live)


def _find_accepted(destinations: Sequence[Destination]) -> dict[int, int]:
    """The channel that EnergyCAP would choose for each reading, by the reading's number, in any unit."""
    return {
        number: destination.route.channel_id
        for number, destination in enumerate(destinations)
        if destination.route.channel_id is not None and {error.code for error in destination.errors} <= {"ESA630"}
    }


def _check_refused(destinations: Sequence[Destination], live: Sequence[Live]) -> None:
    """Of those that EnergyCAP would accept, exactly the readings with another unit than their channel are refused."""
    units = {channel.id: channel.values[UNIT_CODE] for channel in live}
    taken = _find_accepted(destinations)
    refused = {number for number in taken if destinations[number].channel is None}
    assert refused == {n for n, id_ in taken.items() if destinations[n].identifiers.unit_code not in (None, units[id_])}
    sent = {number: channel.id for number, one in enumerate(destinations) if (channel := one.channel) is not None}
    assert sent == {number: id_ for number, id_ in taken.items() if number not in refused}


def _reading(number: int) -> dict[str, Any]:
    return {
        "time": f"2026-06-01T{number // 60:02}:{number % 60:02}:00",
        "value": number,
        "estimated": False,
        "note": None,
    }


def _find_stored(sender: Sender, ids: Sequence[int]) -> dict[int, int]:
    """The channel that each reading is on, by the reading's number."""
    return {
        int(reading.value or 0): channel_id
        for channel_id in ids
        for reading in sender.read_readings(channel_id, "2026-05-30T00:00:00", "2026-06-30T00:00:00")
    }
