"""Readings in batches, and the bodies that they are sent in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.readings.batches import group_loads, load_batches, make_body
from reconciler.readings.files import recognise
from reconciler.readings.layout import Habits
from reconciler.readings.routing import Router
from tests.readings.bench import CHANNELS, METER, write

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.readings.batches import Load

HEADER = (
    "channelImportId,meterImportId,observationTypeCode,unitCode,channelIntervalInSeconds,time,value,estimated,note\n"
)
ROWS = (
    "USE,,,,,2026-01-01T00:00,1,,\n"
    f",{METER},ELECUSE,KW,900,2026-01-01T00:15Z,2.5,true,by hand\n"
    "USE,,,,,2026-01-02T00:00,3,,\n"
)


def load(folder: Path, rows: str, size: int = 1000) -> tuple[list[list[Load]], list[tuple[int, str]]]:
    """The batches of a file, and the line and reason of what is left out."""
    left_out: list[tuple[int, str]] = []
    file = recognise(write(folder, HEADER + rows), Habits())
    parcels = file.read_parcels()
    batches = load_batches(parcels, Router(CHANNELS), lambda _, row, reason: left_out.append((row.line, reason)), size)
    return list(batches), left_out


def test_a_batch_has_so_many_readings_and_the_last_what_is_left(tmp_path: Path) -> None:
    batches, left_out = load(tmp_path, ROWS, size=2)

    assert [[one.row.line for one in batch] for batch in batches] == [[2, 3], [4]]
    assert [one.channel.id for one in batches[0]] == [1, 2]
    assert left_out == []


def test_what_cannot_be_sent_is_left_out_with_all_reasons(tmp_path: Path) -> None:
    batches, left_out = load(tmp_path, "USE,,,,,2026-01-01T00:00,1\n,,,,,2026-01-01T00:00,1,,\nNO,,,,,soon,x,,\n")

    assert batches == []
    assert left_out == [
        (2, "ESA611 a row must have as many cells as the header, found 7 instead of 9"),
        (3, "ESA614 readings do not say which channel they are for, found no identifier at all"),
        (
            4,
            (
                'ESA615 readings land nowhere: no channel has channelImportId "NO"; '
                'ESA612 time must be a date and time in ISO 8601, found "soon"; '
                'ESA612 value must be a number with a decimal dot, found "x"'
            ),
        ),
    ]


def test_a_body_has_a_group_for_each_set_of_identifiers_under_the_names_of_the_call(tmp_path: Path) -> None:
    (batch,), _ = load(tmp_path, ROWS)
    groups = group_loads(batch)
    first = [
        {"time": "2026-01-01T00:00:00", "value": 1.0, "estimated": False, "note": None},
        {"time": "2026-01-02T00:00:00", "value": 3.0, "estimated": False, "note": None},
    ]
    second = [{"time": "2026-01-01T00:15:00+00:00", "value": 2.5, "estimated": True, "note": "by hand"}]

    assert make_body(groups, V3_NAMES) == [
        {"channelImportId": "USE", "readings": first},
        {
            "meterImportId": METER,
            "observationTypeCode": "ELECUSE",
            "unitCode": "KW",
            "channelIntervalInSeconds": 900,
            "readings": second,
        },
    ]
    assert make_body(groups, ESA_NAMES) == [
        {"esaChannelImportId": "USE", "readings": first},
        {
            "dataPointImportId": METER,
            "observationTypeCode": "ELECUSE",
            "unitCode": "KW",
            "esaChannelIntervalMinutes": 15,
            "readings": second,
        },
    ]
