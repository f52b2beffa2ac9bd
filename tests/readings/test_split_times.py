"""Times of which a part is in a column that is not used."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from reconciler.readings.flaws import BrokenFile
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path

JOIN = "write the whole time in one column, as in  2026-03-30T00:15"


@pytest.mark.parametrize(
    ("header", "rows", "what"),
    [
        ("time,Start Time", ["2026-03-01,00:00", "2026-03-01,00:15"], "the time of day"),
        ("time,Start", ["3/1/2026,12:00 AM", "3/1/2026,12:15 AM"], "the time of day"),
        ("time,Uhrzeit", ["01.03.2026,00:00:00", "01.03.2026,"], "the time of day"),
        ("time,HourEnding", ["2026-03-01,1", "2026-03-01,24"], "the time of day"),
        ("time,Settlement Period", ["2026-03-01,1", "2026-03-01,48"], "the time of day"),
        ("time,AM/PM", ["2026-03-01 01:15,AM", "2026-03-01 01:15,p.m."], "AM or PM"),
        ("time,AM/PM", ["01:15,AM", "01:15,PM"], "AM or PM"),
    ],
)
def test_a_part_of_the_time_in_another_column_is_asked_about(
    header: str, rows: list[str], what: str, tmp_path: Path
) -> None:
    path = write(tmp_path, f"channelImportId,value,{header}\n" + "".join(f"USE,5,{row}\n" for row in rows))
    name = header.split(",")[1]

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (caught.value.line, caught.value.flaw.code, caught.value.flaw.message, caught.value.flaw.fix) == (
        1,
        "ESA612",
        f'{what} is in a column of its own, which is not used, found "{name}"',
        f"{JOIN},  or say that the column does not matter with  --map {shlex.quote(f'{name}=')}",
    )
    assert count(path, names={name: ""})[0].readings == len(rows)


def test_a_date_in_another_column_belongs_to_the_time(tmp_path: Path) -> None:
    path = write(tmp_path, "channelImportId,Date,time,value\nUSE,2026-03-01,00:15,1\nUSE,2026-03-01,00:30,1\n")

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (caught.value.flaw.message, caught.value.flaw.fix) == (
        'the date is in a column of its own, which is not used, found "Date"',
        JOIN,
    )


@pytest.mark.parametrize(
    "rows",
    [
        "time,End\nUSE,5,2026-03-01T00:00,00:15\n",
        "time,Hour\nUSE,5,2026-03-01T00:00,0\n",
        "time,Day\nUSE,5,2026-03-01T00:00,2026-03-01\n",
        "time,Hour\nUSE,5,2026-03-01T00:00,\n",
        "time,Hour\nUSE,5,,1\n",
        "time,Hour\n",
        "time,Level\nUSE,5,2026-03-01,1\n",
        "time,Cost\nUSE,5,2026-03-01,12.30\n",
    ],
)
def test_a_whole_time_needs_no_other_column(rows: str, tmp_path: Path) -> None:
    assert count(write(tmp_path, f"channelImportId,value,{rows}"))[0].readings == rows.count("USE")
