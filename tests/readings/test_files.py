"""What a file is taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.readings.files import ReadingsFile, Shape, recognise
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.layout import Habits
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "shape", "words", "lines"),
    [
        (
            "time;value;channelId;site;\n2026-01-01;1,5;7;A;\n",
            Shape.CSV,
            'CSV, columns separated by semicolon, decimal comma; not used: "site"',
            [2],
        ),
        (
            "time,value,channelId\n2026-01-01T00:00,1,7\n",
            Shape.CSV,
            "CSV, columns separated by comma, decimal dot",
            [2],
        ),
        ('\n [{"readings": []}, {"readings": []}]', Shape.ARRAY, "JSON array", [2, 2]),
        ('{"readings": []}\n{"readings": []}', Shape.LINES, "JSON lines", [1, 2]),
    ],
)
def test_a_file_is_what_it_looks_like(tmp_path: Path, text: str, shape: Shape, words: str, lines: list[int]) -> None:
    path = write(tmp_path, text)

    file = recognise(path, Habits())

    assert (file.shape, file.describe(), file.name) == (shape, words, path.as_posix())
    assert [parcel.line for parcel in file.read_parcels()] == lines


def test_an_odd_delimiter_is_shown_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "time:value:channelId\n")

    assert recognise(path, Habits(delimiter=":")).describe() == 'CSV, columns separated by ":", decimal dot'


def test_a_header_in_brackets_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="a column is almost called channelId"):
        recognise(write(tmp_path, "[channelId],[time],[value]\n7,2026-01-01,1\n"), Habits())


def test_an_empty_file_is_none_of_these(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="the file is empty, found no reading"):
        recognise(write(tmp_path, " \n"), Habits())


def test_a_csv_file_without_a_layout_is_a_bug(tmp_path: Path) -> None:
    file = recognise(write(tmp_path, "time,value,channelId\n"), Habits())

    with pytest.raises(ValueError, match="a CSV file has a layout"):
        list(ReadingsFile(file.source, Shape.CSV, file.times).read_parcels())
