"""The second pass over a file, and the file of rejects."""

from __future__ import annotations

import json
import re
from threading import Event
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.errors import FileError, UsageError
from reconciler.planning.identification import make_index
from reconciler.readings.csv_layout import ERROR_COLUMN, CsvOptions
from reconciler.readings.import_file import ImportResult, RejectsFile, SendOptions, open_rejects_file, send_file
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from reconciler.readings.storage_check import StorageCheck
from tests.apply.disks import full_disk
from tests.readings.bench import tell, write
from tests.readings.delivering import WORLD, Courier, answering, kept, receipt, serving

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.energycap.client import Sender
    from reconciler.readings.readings_file import ReadingsFile


COUNTED = {"TotalNumberOfRecords": "3", "PageNumber": "1", "PageSize": "1000", "TotalPages": "1"}
HEADER = "channelImportId,time,value\n"
FOUR = HEADER + "".join(f"IMP-{1 + hour % 2},2026-01-01T0{hour}:00,{hour}\n" for hour in range(4))


def send(folder: Path, sender: Sender, file: ReadingsFile, **conduct: object) -> tuple[ImportResult, list[int]]:
    """The result of an import in batches of two, and how many readings were done after each."""
    told: list[int] = []
    stop = conduct.get("stop", Event())
    assert isinstance(stop, Event)
    router = Router(make_index(sender.list_channels()))
    with open_rejects_file(folder / "failed.csv", file) as failed:
        result = send_file(file, router, Courier(sender).delivery, failed, SendOptions(stop, told.append, batch_size=2))
    return result, told


def take_all(request: httpx.Request) -> httpx.Response:
    """The response of a service that accepts all readings."""
    if request.method == "GET" and (single := re.fullmatch(r".*/esachannel/(\d+)", request.url.path)):
        return httpx.Response(200, json=WORLD["channels"][int(single[1]) - 1])
    if request.method == "GET":
        return httpx.Response(200, json=WORLD["channels"], headers=COUNTED)
    return receipt(imported=sum(len(group["readings"]) for group in json.loads(request.content)))


def failed(folder: Path) -> list[str]:
    return (folder / "failed.csv").read_text(encoding="utf-8").splitlines()


def test_all_readings_of_a_valid_file_are_imported(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, FOUR), CsvOptions())

    with serving(tmp_path) as (service, sender):
        result, told = send(tmp_path, sender, file)

        assert (result, result.is_complete, told) == (
            ImportResult(imported=4, storage=StorageCheck(stored=4)),
            True,
            [2, 4],
        )
        assert kept(sender, 1) == [("2026-01-01T00:00", 0.0), ("2026-01-01T02:00", 2.0)]
        assert len(service.requests()) == 2
    assert not (tmp_path / "failed.csv").exists()


def test_left_out_and_rejected_readings_are_written_and_reported(tmp_path: Path) -> None:
    bad = "NO,2026-01-01T00:00,1\nIMP-1,2026-01-01T00:00,5\nIMP-1,2026-01-01T00:00,6\n"
    file = open_readings_file(write(tmp_path, HEADER + bad), CsvOptions())

    with serving(tmp_path, settings=["v3_overwrite=fail"]) as (_, sender):
        result, _ = send(tmp_path, sender, file)

    assert (result.imported, result.failed, result.left_out, result.readings) == (1, 1, 1, 3)
    assert not result.is_complete
    assert tell(result.findings) == [
        "4 ESA619 the service rejected the reading: the channel has a reading at this time"
    ]
    assert failed(tmp_path) == [
        "channelImportId,time,value,reconciler:error",
        'NO,2026-01-01T00:00,1,"ESA615 readings match no channel: none has channelImportId ""NO"""',
        "IMP-1,2026-01-01T00:00,6,the channel has a reading at this time",
    ]


def test_the_first_readings_with_the_same_reason_are_reported(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, HEADER + "IMP-1,2026-01-01T00:00,5\n" * 100), CsvOptions())

    with serving(tmp_path, settings=["v3_overwrite=fail"]) as (_, sender):
        result, _ = send(tmp_path, sender, file)

    assert (result.failed, len(result.findings), len(failed(tmp_path))) == (99, 5, 100)


def test_the_first_of_many_rejected_readings_are_reported(tmp_path: Path) -> None:
    rows = "".join(f"IMP-1,2026-01-01T00:00:{second:02},5\n" for second in range(60))
    file = open_readings_file(write(tmp_path, HEADER + rows), CsvOptions())

    def refuse(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return take_all(request)
        (group,) = json.loads(request.content)
        told = [reading | {"error": f"not at {reading['time']}"} for reading in group["readings"]]
        return receipt(group | {"readings": told})

    with answering(refuse) as sender:
        result, _ = send(tmp_path, sender, file)

    assert (result.failed, len(result.findings), len(failed(tmp_path))) == (60, 50, 61)


def test_an_unavailable_service_stops_the_import_and_the_rest_is_written(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, FOUR), CsvOptions())

    with serving(tmp_path, "POST /api/v3/reading 401") as (_, sender):
        result, told = send(tmp_path, sender, file)

    assert (result.imported, result.not_sent, result.unknown, told) == (0, 4, 0, [2, 4])
    assert result.stop_reason is not None
    assert [line.split(",", 3)[3].strip('"')[:41].rstrip() for line in failed(tmp_path)[1:]] == [
        *["not imported: the service refused access:"] * 2,
        *["not sent: the import was stopped before"] * 2,
    ]


def test_an_unknown_outcome_is_reported(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, FOUR), CsvOptions())

    with serving(tmp_path, "POST drop-after", settings=["v3_sees_esa_channels=no"]) as (_, sender):
        result, _ = send(tmp_path, sender, file)

    assert (result.unknown, result.not_sent) == (2, 2)
    assert "unknown whether it was imported: no answer from" in failed(tmp_path)[1]


def test_readings_after_a_stop_by_the_user_are_written(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, FOUR), CsvOptions())
    stop = Event()
    stop.set()

    with serving(tmp_path) as (service, sender):
        result, _ = send(tmp_path, sender, file, stop=stop)

        assert service.requests() == ()
    assert (result.was_interrupted, result.not_sent, result.stop_reason) == (True, 4, None)
    assert len(failed(tmp_path)) == 5


def test_a_file_that_changes_stops_the_import(tmp_path: Path) -> None:
    file = open_readings_file(write(tmp_path, FOUR), CsvOptions())
    write(tmp_path, FOUR + "IMP-1,2026-01-01T09:00,9\n")

    with serving(tmp_path) as (_, sender):
        result, _ = send(tmp_path, sender, file)

    assert (result.readings, result.is_complete, result.rejects_written) == (0, False, False)
    assert result.stop_reason is not None
    assert result.stop_reason.message == "the file was changed while it was read"


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_a_full_disk_stops_the_import_and_the_counts_are_right(rows: int, tmp_path: Path) -> None:
    valid = "IMP-1,2026-01-02T00:00,1\nIMP-1,2026-01-03T00:00,1\n"
    file = open_readings_file(write(tmp_path, HEADER + valid + "NO,2026-01-01T00:00,1\n" * rows), CsvOptions())

    with answering(take_all) as sender, full_disk(20):
        result, _ = send(tmp_path, sender, file)

    assert (result.imported, result.is_complete, result.rejects_written) == (2, False, False)
    assert result.stop_reason is not None
    assert result.stop_reason.message == f"cannot write {tmp_path / 'failed.csv'}: File too large"


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
