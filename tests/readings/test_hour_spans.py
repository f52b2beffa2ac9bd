"""Times that are spans of an hour and read like offsets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.readings.flaws import BrokenFile
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "channelImportId,time,value\n"


def rows(*times: str) -> str:
    return HEADER + "".join(f"USE,2026-01-01 {time},1\n" for time in times)


@pytest.mark.parametrize(
    "times",
    [
        [f"{hour:02}:00-{hour + 1:02}:00" for hour in range(1, 12)],
        ["01:00-01:15", "01:15-01:30", "01:30-01:45"],
        [f"{hour:02}:00-{(hour + 1) % 24:02}:00" for hour in range(24)],
    ],
    ids=["a morning", "quarters", "a day"],
)
def test_spans_of_an_hour_are_not_offsets(times: list[str], tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as raised:
        count(write(tmp_path, rows(*times)))

    first = f"2026-01-01 {times[0]}"
    message = f'the times look like ranges of time, not like times with offsets, found "{first}"'
    assert (raised.value.flaw.code, raised.value.flaw.message, raised.value.line) == ("ESA612", message, 2)


def test_so_it_is_in_json(tmp_path: Path) -> None:
    readings = [{"time": f"2026-01-01T0{hour}:00-0{hour + 1}:00", "value": 1} for hour in range(1, 5)]

    with pytest.raises(BrokenFile, match="the times look like ranges of time"):
        count(write(tmp_path, json.dumps([{"channelId": 1, "readings": readings}]), "readings.json"))


@pytest.mark.parametrize(
    "times",
    [
        ["05:00-06:00"],
        ["05:00-06:00", "06:00-06:00"],
        ["03:00-04:00", "05:00-05:00"],
        ["03:00:00-04:00", "04:00:00-05:00"],
        ["03:00-04:00", "04:00"],
    ],
    ids=["one", "one offset", "two offsets", "with seconds", "one without"],
)
def test_offsets_that_are_a_little_later_by_chance_are_offsets(times: list[str], tmp_path: Path) -> None:
    assert count(write(tmp_path, rows(*times)))[0].is_sound
