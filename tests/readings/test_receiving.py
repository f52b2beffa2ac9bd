"""Which readings were not taken: by receipts, and by what channels have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.energycap.receipts import FailedGroup, FailedReading, Receipt
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.readings.receiving import Unclear, find_failed, find_missing
from tests.readings.delivering import answering, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.readings.batches import Load

HEADER = "channelImportId,meterImportId,observationTypeCode,channelIntervalInSeconds,time,value\n"
USE = "USE,,,,2026-01-01T00:00,1\nUSE,,,,2026-01-01T00:15,2\nUSE,,,,2026-01-01T00:15,3\n"
ONE = "USE,,,,2026-01-01T00:00,1\n"
TWICE = f"{ONE}USE,,,,2026-01-01T00:00,2\n"
TWO_DAYS = f"{ONE}USE,,,,2026-01-02T00:00,1\n"
IDENTIFIERS: Mapping[str, object] = {"channelId": 0, "channelImportId": "USE", "unitCode": ""}


def tell(failed: Sequence[tuple[Load, str]]) -> list[tuple[int, str]]:
    return [(one.row.line, reason) for one, reason in failed]


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (FailedReading("2026-01-01T00:00:00", 1.0, "late"), (2, "late")),
        (FailedReading("2026-01-01T00:00", 1.0, ""), (2, "group")),
        (FailedReading("2026-01-01T00:15:00Z", 3, "late"), (4, "late")),
        (FailedReading("2026-01-01T00:15", None, "late"), (3, "late")),
        (FailedReading("2026-01-01T00:15", 9.0, "late"), (3, "late")),
    ],
)
def test_a_failed_reading_is_found_by_time_and_value(
    tmp_path: Path, reading: FailedReading, expected: tuple[int, str]
) -> None:
    loads = load(tmp_path, HEADER + USE)

    failed = find_failed(Receipt(2, 1, (FailedGroup(IDENTIFIERS, "group", (reading,)),)), loads, V3_NAMES)

    assert tell(failed) == [expected]


def test_a_reading_fails_only_once(tmp_path: Path) -> None:
    reading = FailedReading("2026-01-01T00:15", None, "")
    loads = load(tmp_path, HEADER + USE)

    failed = find_failed(Receipt(1, 2, (FailedGroup(IDENTIFIERS, "", (reading, reading)),)), loads, V3_NAMES)

    assert tell(failed) == [(3, "the service gives no reason"), (4, "the service gives no reason")]


def test_groups_are_found_by_all_their_identifiers_under_the_names_of_the_call(tmp_path: Path) -> None:
    loads = load(tmp_path, f"{HEADER},NB-ELEC-01,ELECDEMAND,900,2026-01-01T00:00,1\n{USE}")
    identifiers = {
        "dataPointImportId": "NB-ELEC-01",
        "observationTypeCode": "ELECDEMAND",
        "esaChannelIntervalMinutes": 15,
    }
    group = FailedGroup(identifiers, "no", (FailedReading("2026-01-01T00:00", 1, ""),))

    assert tell(find_failed(Receipt(3, 1, (group,)), loads, ESA_NAMES)) == [(2, "no")]


@pytest.mark.parametrize(
    "receipt",
    [
        Receipt(2, 0, ()),
        Receipt(2, 1, (FailedGroup({"channelImportId": "OTHER"}, "", (FailedReading("2026-01-01T00:00", 1, ""),)),)),
        Receipt(2, 1, (FailedGroup(IDENTIFIERS, "", (FailedReading("2026-02-01T00:00", 1, ""),)),)),
        Receipt(2, 1, (FailedGroup(IDENTIFIERS, "", (FailedReading(None, 1, ""),)),)),
    ],
    ids=["another count", "another channel", "another time", "no time"],
)
def test_a_receipt_for_other_readings_is_unclear(tmp_path: Path, receipt: Receipt) -> None:
    loads = load(tmp_path, HEADER + USE)

    with pytest.raises(Unclear):
        find_failed(receipt, loads, V3_NAMES)


@pytest.mark.parametrize(
    ("rows", "has", "missing"),
    [
        pytest.param(ONE, [], [2], id="nothing is there"),
        pytest.param(ONE, [("2026-01-01T00:00:00-05:00", 1)], [], id="there, as local time"),
        pytest.param(ONE, [("2026-01-01T00:00:00-05:00", 2)], [2], id="another value is there"),
        pytest.param(
            "USE,,,,2026-01-01T06:00+01:00,1\n", [("2026-01-01T00:00:00-05:00", 1)], [], id="there, as an instant"
        ),
        pytest.param(
            "USE,,,,2026-01-01T06:00+01:00,1\n", [("2026-01-01T06:00:00-05:00", 1)], [2], id="at another instant"
        ),
        pytest.param(
            TWICE,
            [("2026-01-01T00:00", 2)],
            [],
            id="overwritten by a later one",
        ),
        pytest.param(
            TWICE,
            [("2026-01-01T00:00", 1)],
            [3],
            id="not overwritten",
        ),
        pytest.param(TWO_DAYS, [("soon", 1)], [2, 3], id="times that are none"),
    ],
)
def test_what_channels_have_is_not_missing(
    tmp_path: Path, rows: str, has: list[tuple[str, float]], missing: list[int]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"readings": [{"time": time, "rawValue": value} for time, value in has]})

    with answering(answer) as sender:
        found = find_missing(load(tmp_path, HEADER + rows), sender)

    assert [one.row.line for one in found] == missing


def test_each_channel_is_read_once_with_a_day_around_its_readings(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, dict(request.url.params)))
        return httpx.Response(200, json={"readings": []})

    rows = "USE,,,,2026-01-05T00:00,1\nUSE-KW,,,,2026-01-09T01:00Z,1\nUSE,,,,2026-01-03T00:00,1\n"
    with answering(answer) as sender:
        found = find_missing(load(tmp_path, HEADER + rows), sender)

    assert [one.row.line for one in found] == [2, 4, 3]
    assert asked == [
        ("/api/v3/channel/1/reading", {"beginDate": "2026-01-02T00:00:00", "endDate": "2026-01-06T00:00:00"}),
        ("/api/v3/channel/2/reading", {"beginDate": "2026-01-08T01:00:00", "endDate": "2026-01-10T01:00:00"}),
    ]
