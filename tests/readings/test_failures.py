"""The file of what was not imported: it can be mended, and read again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import FileError, UsageError
from reconciler.readings.failures import FailedFile, open_failed_file
from reconciler.readings.files import recognise
from reconciler.readings.layout import ERROR, Habits
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path

READING = {"time": "2026-01-01", "value": 1}


def fail(folder: Path, text: str, *lines: int) -> str:
    """What is written of the readings with these numbers (or of all), each of which failed for its number."""
    file = recognise(write(folder, text), Habits())
    number = 0
    with open_failed_file(folder / "failed", file) as failed:
        for parcel in file.read_parcels():
            for row in parcel.rows:
                number += 1
                if not lines or number in lines:
                    failed.add(parcel, row, f"reason {number}")
    assert failed.count == (len(lines) or number)
    path = folder / "failed"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'channelId;time;value\n1;2026-01-01;"1,5"\n\n2;soon;2\n3;2026-01-01\n',
            f"channelId;time;value;{ERROR}\n1;2026-01-01;1,5;reason 1\n2;soon;2;reason 2\n3;2026-01-01;;reason 3\n",
        ),
        (
            "channelId,Reconciler:Error,time,value\n1,old,2026-01-01,1\n",
            "channelId,reconciler:error,time,value\n1,reason 1,2026-01-01,1\n",
        ),
        (
            "sep=^\nchannelId^time^value\n1^2026-01-01^1\n",
            f"sep=^\nchannelId^time^value^{ERROR}\n1^2026-01-01^1^reason 1\n",
        ),
    ],
    ids=["a new column", "the column that is there", "any sign"],
)
def test_rows_of_csv_are_written_as_they_came_with_a_reason(tmp_path: Path, text: str, expected: str) -> None:
    assert fail(tmp_path, text) == expected


def test_groups_of_an_array_hold_what_failed_of_them(tmp_path: Path) -> None:
    groups = [
        {"channelId": 1, "readings": [READING, {**READING, "value": 2}]},
        {"channelId": 2, "readings": [READING]},
        {"chanelId": 3},
        7,
        {"channelId": 4, "readings": ["x", READING]},
    ]

    text = fail(tmp_path, json.dumps(groups), 2, 4, 5, 6, 7)

    assert json.loads(text) == [
        {"channelId": 1, ERROR: "reason 2", "readings": [{**READING, "value": 2, ERROR: "reason 2"}]},
        {"chanelId": 3, ERROR: "reason 4"},
        7,
        {"channelId": 4, "readings": ["x", {**READING, ERROR: "reason 7"}]},
    ]


def test_lines_stay_lines(tmp_path: Path) -> None:
    values = [{"channelId": 1, **READING}, {"channelId": 2, "readings": [READING]}]

    text = fail(tmp_path, "\n".join(map(json.dumps, values)))

    assert [json.loads(line) for line in text.splitlines()] == [
        {"channelId": 1, **READING, ERROR: "reason 1"},
        {"channelId": 2, ERROR: "reason 2", "readings": [{**READING, ERROR: "reason 2"}]},
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
def test_what_was_written_reads_as_the_same_readings(tmp_path: Path, text: str) -> None:
    fail(tmp_path, text)

    first, again = (
        [
            (parcel.key, row.reading)
            for parcel in recognise(tmp_path / name, Habits()).read_parcels()
            for row in parcel.rows
        ]
        for name in ("readings.csv", "failed")
    )

    assert again == first


def test_where_nothing_failed_there_is_no_file(tmp_path: Path) -> None:
    assert fail(tmp_path, "channelId,time,value\n") == ""


def test_an_older_file_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n", "failed.csv")

    with pytest.raises(UsageError, match="is there already"), open_failed_file(path, recognise(path, Habits())):
        pass


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = recognise(write(tmp_path, "channelId,time,value\n1,2026-01-01,1\n"), Habits())
    (parcel,) = file.read_parcels()
    failed = FailedFile(tmp_path / "no" / "failed.csv", file)
    failed.add(parcel, parcel.rows[0], "reason")

    with pytest.raises(FileError) as caught:
        failed.close()

    assert caught.value.message == f"cannot write {tmp_path / 'no' / 'failed.csv'}: No such file or directory"


@pytest.mark.parametrize("place", ["no/failed.csv", "readings.csv/failed.csv"])
def test_nothing_begins_where_no_file_can_be_put(place: str, tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n")

    with (
        pytest.raises(UsageError, match="cannot be written"),
        open_failed_file(tmp_path / place, recognise(path, Habits())),
    ):
        pass


def test_a_link_to_nowhere_is_an_older_file(tmp_path: Path) -> None:
    path = write(tmp_path, "channelId,time,value\n")
    (tmp_path / "failed.csv").symlink_to(tmp_path / "nowhere")

    with (
        pytest.raises(UsageError, match="is there already"),
        open_failed_file(tmp_path / "failed.csv", recognise(path, Habits())),
    ):
        pass
