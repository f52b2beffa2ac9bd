"""The file of rejects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import FileError, UsageError
from reconciler.readings.csv_layout import ERROR_COLUMN, CsvOptions
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.rejects import RejectsFile, open_rejects_file
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path


READING = {"time": "2026-01-01", "value": 1}


def fail(folder: Path, text: str, *lines: int) -> str:
    """The rejects file for the readings with these numbers (or for all); the reason of each is its number."""
    file = open_readings_file(write(folder, text), CsvOptions())
    number = 0
    with open_rejects_file(folder / "failed", file) as failed:
        for group in file.read_groups():
            for row in group.rows:
                number += 1
                if not lines or number in lines:
                    failed.add(group, row, f"reason {number}")
    assert failed.count == (len(lines) or number)
    path = folder / "failed"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'channelId;time;value\n1;2026-01-01;"1,5"\n\n2;soon;2\n3;2026-01-01\n',
            """channelId;time;value;reconciler:error
1;2026-01-01;1,5;reason 1
2;soon;2;reason 2
3;2026-01-01;;reason 3
""",
        ),
        (
            "channelId,Reconciler:Error,time,value\n1,old,2026-01-01,1\n",
            "channelId,reconciler:error,time,value\n1,reason 1,2026-01-01,1\n",
        ),
        (
            "sep=^\nchannelId^time^value\n1^2026-01-01^1\n",
            f"sep=^\nchannelId^time^value^{ERROR_COLUMN}\n1^2026-01-01^1^reason 1\n",
        ),
    ],
    ids=["a new column", "the column that is there", "any sign"],
)
def test_rows_of_csv_are_written_as_they_came_with_a_reason(tmp_path: Path, text: str, expected: str) -> None:
    assert fail(tmp_path, text) == expected


def test_groups_of_an_array_have_only_the_failed_readings(tmp_path: Path) -> None:
    groups = [
        {"channelId": 1, "readings": [READING, {**READING, "value": 2}]},
        {"channelId": 2, "readings": [READING]},
        {"chanelId": 3},
        7,
        {"channelId": 4, "readings": ["x", READING]},
    ]

    text = fail(tmp_path, json.dumps(groups), 2, 4, 5, 6, 7)

    assert json.loads(text) == [
        {"channelId": 1, ERROR_COLUMN: "reason 2", "readings": [{**READING, "value": 2, ERROR_COLUMN: "reason 2"}]},
        {"chanelId": 3, ERROR_COLUMN: "reason 4"},
        7,
        {"channelId": 4, "readings": ["x", {**READING, ERROR_COLUMN: "reason 7"}]},
    ]


def test_lines_stay_lines(tmp_path: Path) -> None:
    values = [{"channelId": 1, **READING}, {"channelId": 2, "readings": [READING]}]

    text = fail(tmp_path, "\n".join(map(json.dumps, values)))

    assert [json.loads(line) for line in text.splitlines()] == [
        {"channelId": 1, **READING, ERROR_COLUMN: "reason 1"},
        {"channelId": 2, ERROR_COLUMN: "reason 2", "readings": [{**READING, ERROR_COLUMN: "reason 2"}]},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "channelId;time;value\n1;2026-01-01;1,5\n2;2026-01-01;2\n",
        "sep=^\nchannelId^time^value\n1^2026-01-01^1\n2^2026-01-01^2\n",
        json.dumps([{"channelId": 1, "readings": [READING, READING]}, {"channelId": 2, "readings": [READING]}]),
        json.dumps([{"channelId": 1, **READING}, {"channelId": 2, "readings": [READING]}]),
        "\n".join(json.dumps({"channelId": 1, **READING}) for _ in range(3)),
    ],
    ids=["CSV", "CSV with any sign", "array", "array of single readings", "lines"],
)
def test_a_rejects_file_is_read_as_the_same_readings(tmp_path: Path, text: str) -> None:
    fail(tmp_path, text)

    first, again = (
        [
            (group.key, row.reading)
            for group in open_readings_file(tmp_path / name, CsvOptions()).read_groups()
            for row in group.rows
        ]
        for name in ("readings.csv", "failed")
    )

    assert again == first


def test_without_failures_there_is_no_file(tmp_path: Path) -> None:
    assert fail(tmp_path, "channelId,time,value\n") == ""


def test_an_older_file_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n", "failed.csv")

    with (
        pytest.raises(UsageError, match="already exists"),
        open_rejects_file(path, open_readings_file(path, CsvOptions())),
    ):
        pass


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, "channelId,time,value\n1,2026-01-01,1\n"), CsvOptions())
    (group,) = file.read_groups()
    failed = RejectsFile(tmp_path / "no" / "failed.csv", file)
    failed.add(group, group.rows[0], "reason")

    with pytest.raises(FileError) as caught:
        failed.close()

    assert caught.value.message == f"cannot write {tmp_path / 'no' / 'failed.csv'}: No such file or directory"


@pytest.mark.parametrize("place", ["no/failed.csv", "readings.csv/failed.csv"])
def test_a_path_where_no_file_can_be_created_is_refused_at_once(place: str, tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n")

    with (
        pytest.raises(UsageError, match="cannot be written"),
        open_rejects_file(tmp_path / place, open_readings_file(path, CsvOptions())),
    ):
        pass


def test_a_broken_link_counts_as_an_existing_file(tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n")
    (tmp_path / "failed.csv").symlink_to(tmp_path / "nowhere")

    with (
        pytest.raises(UsageError, match="already exists"),
        open_rejects_file(tmp_path / "failed.csv", open_readings_file(path, CsvOptions())),
    ):
        pass
