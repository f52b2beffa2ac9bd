"""The format of a file of readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.readings_file import FileFormat, ReadingsFile, open_readings_file
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "kind", "words", "lines"),
    [
        (
            "time;value;channelId;site;\n2026-01-01;1,5;7;A;\n",
            FileFormat.CSV,
            'CSV, columns separated by semicolon, decimal comma; not used: "site"',
            [2],
        ),
        (
            "time,value,channelId\n2026-01-01T00:00,1,7\n",
            FileFormat.CSV,
            "CSV, columns separated by comma, decimal dot",
            [2],
        ),
        ('\n [{"readings": []}, {"readings": []}]', FileFormat.ARRAY, "JSON array", [2, 2]),
        ('{"readings": []}\n{"readings": []}', FileFormat.LINES, "JSON lines", [1, 2]),
    ],
)
def test_the_format_is_detected_from_the_content(
    tmp_path: Path, text: str, kind: FileFormat, words: str, lines: list[int]
) -> None:
    path = write(tmp_path, text)

    file = open_readings_file(path, CsvOptions())

    assert (file.format, file.describe(), file.name) == (kind, words, path.as_posix())
    assert [group.line for group in file.read_groups()] == lines


def test_an_odd_delimiter_is_shown_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "time:value:channelId\n")

    assert (
        open_readings_file(path, CsvOptions(delimiter=":")).describe() == 'CSV, columns separated by ":", decimal dot'
    )


def test_a_header_in_brackets_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="a column name is almost channelId"):
        open_readings_file(write(tmp_path, "[channelId],[time],[value]\n7,2026-01-01,1\n"), CsvOptions())


def test_an_empty_file_has_no_format(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="the file is empty, found no reading"):
        open_readings_file(write(tmp_path, " \n"), CsvOptions())


def test_a_csv_file_without_a_layout_is_a_bug(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, "time,value,channelId\n"), CsvOptions())

    with pytest.raises(ValueError, match="a CSV file has a layout"):
        list(ReadingsFile(file.source, FileFormat.CSV, file.times).read_groups())
