"""Imported readings compared with those that the service has."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from msgspec import Struct, field

from reconciler.readings.storage_check import StorageCheck, StorageChecker
from tests.readings.delivering import Courier, answering, load, receipt, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo
    from pathlib import Path


HEADER = "channelId,time,value\n"
NEW_YORK = ZoneInfo("America/New_York")
THERE = [("2026-07-01T00:15:00", 1.0), ("2026-07-01T00:30:00", 2.5)]


class Keeper(Struct):
    """A service with fixed readings, whatever is sent to it; the first `lag` reads do not see them yet."""

    readings: list[dict[str, Any]]
    lag: int = 0
    spans: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return receipt(imported=sum(len(group["readings"]) for group in json.loads(request.content)))
        self.spans.append((request.url.params["beginDate"], request.url.params["endDate"]))
        readings = [] if len(self.spans) <= self.lag else self.readings
        return httpx.Response(200, json={"readings": readings})


def look(
    folder: Path, rows: str, service: Callable[[httpx.Request], httpx.Response], zone: tzinfo | None = NEW_YORK
) -> tuple[StorageCheck, int]:
    """The check after these rows were imported, and how often it waited."""
    with answering(service) as sender:
        courier = Courier(sender)
        zones: Mapping[int, tzinfo] = {} if zone is None else dict.fromkeys(range(1000), zone)
        lookout = StorageChecker(courier.delivery, zones, Event(), 50)
        lookout.add(load(folder, HEADER + rows))
        lookout.check()
        return lookout.storage, courier.pauses.count


def keep(*readings: tuple[str, float | None], name: str = "rawValue") -> Keeper:
    return Keeper([{"time": time, name: value} for time, value in readings])


@pytest.mark.parametrize(
    "times",
    [
        ["2026-07-01T00:15:00", "2026-07-01T00:30:00"],
        ["2026-07-01T00:15:00-04:00", "2026-07-01T00:30:00-04:00"],
        ["2026-07-01T04:15:00Z", "2026-07-01T04:30:00+00:00"],
        ["2026-07-01T00:15:00Z", "2026-07-01T00:30:00Z"],
    ],
    ids=["local", "with offset", "in UTC", "Z behind local time"],
)
@pytest.mark.parametrize("offset", ["", "-04:00"], ids=["sent local", "sent with offset"])
def test_readings_are_found_however_the_service_writes_their_times(
    times: list[str], offset: str, tmp_path: Path
) -> None:
    rows = f"1,2026-07-01T00:15{offset},1\n1,2026-07-01T00:30{offset},2.5\n"

    assert look(tmp_path, rows, keep((times[0], 1), (times[1], 2.5))) == (StorageCheck(stored=2), 0)


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ([THERE[0]], "found none"),
        ([THERE[0], ("2026-07-01T00:30:00", 2.0)], "found 2"),
        (
            [THERE[0], ("2026-07-01T01:30:00-04:00", 2.5)],
            "found none",
        ),
    ],
    ids=["missing", "another value", "an hour late"],
)
def test_a_reading_that_is_not_stored_as_sent_is_reported(
    there: list[tuple[str, float | None]], message: str, tmp_path: Path
) -> None:
    storage, pauses = look(tmp_path, "1,2026-07-01T00:15,1\n1,2026-07-01T00:30,2.5\n", keep(*there))

    assert (storage.stored, storage.differing, pauses) == (1, 1, 2)
    assert [(line, error.code, error.message, error.detail) for line, error in storage.errors] == [
        (
            3,
            "ESA628",
            f"an imported reading is not stored as it was sent, {message}",
            ('at 2026-07-01T00:30:00 on channel 1 "Use"',),
        )
    ]


@pytest.mark.parametrize(("sent", "there", "words"), [("true", False, "not estimated"), ("", True, "estimated")])
def test_a_reading_with_another_estimated_flag_is_reported(sent: str, there: bool, words: str, tmp_path: Path) -> None:
    rows = f"channelId,time,value,estimated\n1,2026-07-01T00:15,1,{sent}\n"
    keeper = Keeper([{"time": THERE[0][0], "rawValue": 1.0, "estimated": there}])
    with answering(keeper) as sender:
        courier = Courier(sender)
        lookout = StorageChecker(courier.delivery, dict.fromkeys(range(1000), NEW_YORK), Event(), 50)
        lookout.add(load(tmp_path, rows))
        lookout.check()

    assert [error.message for _, error in lookout.storage.errors] == [
        f"an imported reading is not stored as it was sent, found 1, {words}"
    ]


def test_two_readings_that_were_stored_at_one_time_are_reported(tmp_path: Path) -> None:
    rows = "1,2025-11-02T01:00-04:00,5\n1,2025-11-02T01:00-05:00,5\n"

    assert look(tmp_path, rows, keep(("2025-11-02T01:00:00-05:00", 5)))[0].differing == 1
    assert look(tmp_path, rows, keep(("2025-11-02T01:00:00", 5)))[0].differing == 1


def test_local_times_of_an_unknown_zone_are_compared_as_local_times(tmp_path: Path) -> None:
    rows = "1,2026-03-08T02:15,1\n1,2026-03-08T03:15,1\n"

    storage, _ = look(tmp_path, rows, keep(("2026-03-08T03:15:00-04:00", 1)), None)

    assert (storage.stored, storage.differing) == (1, 1)


def test_readings_that_appear_late_are_read_again(tmp_path: Path) -> None:
    keeper = keep(*THERE)
    keeper.lag = 2

    assert look(tmp_path, "1,2026-07-01T00:15,1\n", keeper) == (StorageCheck(stored=1), 2)


def test_a_computed_value_is_not_compared_and_a_last_digit_does_not_count(tmp_path: Path) -> None:
    assert look(tmp_path, "1,2026-07-01T00:15,1\n", keep((THERE[0][0], 1000), name="value")) == (
        StorageCheck(stored=1),
        0,
    )
    assert look(tmp_path, "1,2026-07-01T00:15,0.30000000000000004\n", keep((THERE[0][0], 0.3))) == (
        StorageCheck(stored=1),
        0,
    )


def test_the_last_of_several_readings_at_one_time_counts(tmp_path: Path) -> None:
    rows = "1,2026-07-01T00:15,3\n1,2026-07-01T00:15,1\n"

    assert look(tmp_path, rows, keep(THERE[0])) == (StorageCheck(stored=1, overwritten=1), 0)


def test_years_between_readings_are_not_read(tmp_path: Path) -> None:
    keeper = keep(("1990-07-01T00:15:00", 1), *THERE)

    storage, _ = look(tmp_path, "1,2026-07-01T00:15,1\n1,1990-07-01T00:15,1\n1,2026-07-01T00:30,2.5\n", keeper)

    assert storage == StorageCheck(stored=3)
    assert keeper.spans == [
        ("1990-06-30T00:15:00", "1990-07-02T00:15:00"),
        ("2026-06-30T00:15:00", "2026-07-02T00:30:00"),
    ]


def test_readings_that_may_not_be_read_are_unchecked_with_the_reason(tmp_path: Path) -> None:
    with serving(tmp_path, settings=["v3_sees_esa_channels=no"]) as (_, sender):
        lookout = StorageChecker(Courier(sender).delivery, {}, Event(), 50)
        rows = "".join(f"IMP-{channel},2026-01-01T00:15,1\n" for channel in (1, 2))
        lookout.add(load(tmp_path, f"channelImportId,time,value\n{rows}", sender))
        lookout.check()
        reads = sender.requests["GET /api/v3/channel/{id}/reading"]

    assert (lookout.storage.unchecked, lookout.storage.stored, reads) == (2, 0, 1)
    assert "404" in lookout.storage.unchecked_reason


def test_a_stopped_import_reads_nothing_back(tmp_path: Path) -> None:
    keeper, stop = keep(*THERE), Event()
    stop.set()
    with answering(keeper) as sender:
        lookout = StorageChecker(Courier(sender).delivery, {}, stop, 50)
        lookout.add(load(tmp_path, HEADER + "1,2026-07-01T00:15,1\n"))
        lookout.check()

    assert (lookout.storage, keeper.spans) == (StorageCheck(unchecked=1, unchecked_reason="the import was stopped"), [])


@pytest.mark.parametrize("shown", [0, 1])
def test_the_first_of_many_differences_are_listed(shown: int, tmp_path: Path) -> None:
    with answering(keep()) as sender:
        lookout = StorageChecker(Courier(sender).delivery, {}, Event(), shown)
        lookout.add(load(tmp_path, HEADER + "1,2026-07-01T00:15,1\n2,2026-07-01T00:15,1\n"))
        lookout.check()

    assert (lookout.storage.differing, len(lookout.storage.errors)) == (2, shown)
