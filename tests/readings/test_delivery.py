"""A batch of readings sent, with its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.energycap.mapping import FailedGroup, FailedReading, ImportResponse
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.delivery import (
    BatchResult,
    MismatchedResponse,
    find_failed,
    find_missing,
    group_by_identifiers,
    make_batches,
    make_body,
)
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.readings.bench import CHANNELS, METER, write
from tests.readings.delivering import READINGS, Courier, answering, kept, load, receipt, serving

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.model.identifiers import IdentifierNames
    from reconciler.readings.delivery import OutgoingReading
    from reconciler.sandbox import Service


BATCH_HEADER = (
    "channelImportId,meterImportId,observationTypeCode,unitCode,channelIntervalInSeconds,time,value,estimated,note\n"
)
ROWS = (
    "USE,,,,,2026-01-01T00:00,1,,\n"
    f",{METER},ELECUSE,KW,900,2026-01-01T00:15Z,2.5,true,by hand\n"
    "USE,,,,,2026-01-02T00:00,3,,\n"
)


def route_batches(
    folder: Path, rows: str, size: int = 1000
) -> tuple[list[list[OutgoingReading]], list[tuple[int, str]]]:
    """The batches of a file, and the line and reason of what is left out."""
    left_out: list[tuple[int, str]] = []
    file = open_readings_file(write(folder, BATCH_HEADER + rows), CsvOptions())
    groups = file.read_groups()
    batches = make_batches(groups, Router(CHANNELS), lambda _, row, reason: left_out.append((row.line, reason)), size)
    return list(batches), left_out


def test_batches_have_the_given_size_and_the_last_one_the_rest(tmp_path: Path) -> None:
    batches, left_out = route_batches(tmp_path, ROWS, size=2)

    assert [[one.row.line for one in batch] for batch in batches] == [[2, 3], [4]]
    assert [one.channel.id for one in batches[0]] == [1, 2]
    assert left_out == []


def test_readings_that_cannot_be_sent_are_left_out_with_all_reasons(tmp_path: Path) -> None:
    batches, left_out = route_batches(
        tmp_path, "USE,,,,,2026-01-01T00:00,1\n,,,,,2026-01-01T00:00,1,,\nNO,,,,,soon,x,,\n"
    )

    assert batches == []
    assert left_out == [
        (2, "ESA611 a row must have as many cells as the header, found 7 instead of 9"),
        (3, "ESA614 readings do not say which channel they are for, found no identifier at all"),
        (
            4,
            (
                'ESA615 readings match no channel: none has channelImportId "NO"; '
                'ESA612 time must be a date and time in ISO 8601, found "soon"; '
                'ESA612 value must be a number with a decimal dot, found "x"'
            ),
        ),
    ]


def test_a_body_has_a_group_for_each_set_of_identifiers_with_the_names_of_the_call(tmp_path: Path) -> None:
    (batch,), _ = route_batches(tmp_path, ROWS)
    groups = group_by_identifiers(batch)
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


RECEIVED_HEADER = "channelImportId,meterImportId,observationTypeCode,channelIntervalInSeconds,time,value\n"
USE = "USE,,,,2026-01-01T00:00,1\nUSE,,,,2026-01-01T00:15,2\nUSE,,,,2026-01-01T00:15,3\n"
ONE = "USE,,,,2026-01-01T00:00,1\n"
TWICE = f"{ONE}USE,,,,2026-01-01T00:00,2\n"
TWO_DAYS = f"{ONE}USE,,,,2026-01-02T00:00,1\n"
IDENTIFIERS: Mapping[str, object] = {"channelId": 0, "channelImportId": "USE", "unitCode": ""}


def tell(failed: Sequence[tuple[OutgoingReading, str]]) -> list[tuple[int, str]]:
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
    loads = load(tmp_path, RECEIVED_HEADER + USE)

    failed = find_failed(ImportResponse(2, 1, (FailedGroup(IDENTIFIERS, "group", (reading,)),)), loads, V3_NAMES)

    assert tell(failed) == [expected]


def test_a_reading_fails_only_once(tmp_path: Path) -> None:
    reading = FailedReading("2026-01-01T00:15", None, "")
    loads = load(tmp_path, RECEIVED_HEADER + USE)

    failed = find_failed(ImportResponse(1, 2, (FailedGroup(IDENTIFIERS, "", (reading, reading)),)), loads, V3_NAMES)

    assert tell(failed) == [(3, "the service gives no reason"), (4, "the service gives no reason")]


def test_groups_are_found_by_all_their_identifiers_with_the_names_of_the_call(tmp_path: Path) -> None:
    loads = load(tmp_path, f"{RECEIVED_HEADER},NB-ELEC-01,ELECDEMAND,900,2026-01-01T00:00,1\n{USE}")
    identifiers = {
        "dataPointImportId": "NB-ELEC-01",
        "observationTypeCode": "ELECDEMAND",
        "esaChannelIntervalMinutes": 15,
    }
    group = FailedGroup(identifiers, "no", (FailedReading("2026-01-01T00:00", 1, ""),))

    assert tell(find_failed(ImportResponse(3, 1, (group,)), loads, ESA_NAMES)) == [(2, "no")]


@pytest.mark.parametrize(
    "receipt",
    [
        ImportResponse(2, 0, ()),
        ImportResponse(
            2, 1, (FailedGroup({"channelImportId": "OTHER"}, "", (FailedReading("2026-01-01T00:00", 1, ""),)),)
        ),
        ImportResponse(2, 1, (FailedGroup(IDENTIFIERS, "", (FailedReading("2026-02-01T00:00", 1, ""),)),)),
        ImportResponse(2, 1, (FailedGroup(IDENTIFIERS, "", (FailedReading(None, 1, ""),)),)),
    ],
    ids=["another count", "another channel", "another time", "no time"],
)
def test_a_receipt_for_other_readings_is_a_mismatch(tmp_path: Path, receipt: ImportResponse) -> None:
    loads = load(tmp_path, RECEIVED_HEADER + USE)

    with pytest.raises(MismatchedResponse):
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
def test_readings_that_channels_have_are_not_missing(
    tmp_path: Path, rows: str, has: list[tuple[str, float]], missing: list[int]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"readings": [{"time": time, "rawValue": value} for time, value in has]})

    with answering(answer) as sender:
        found = find_missing(load(tmp_path, RECEIVED_HEADER + rows), sender)

    assert [one.row.line for one in found] == missing


def test_each_channel_is_read_once_with_a_day_around_its_readings(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, dict(request.url.params)))
        return httpx.Response(200, json={"readings": []})

    rows = "USE,,,,2026-01-05T00:00,1\nUSE-KW,,,,2026-01-09T01:00Z,1\nUSE,,,,2026-01-03T00:00,1\n"
    with answering(answer) as sender:
        found = find_missing(load(tmp_path, RECEIVED_HEADER + rows), sender)

    assert [one.row.line for one in found] == [2, 4, 3]
    assert asked == [
        ("/api/v3/channel/1/reading", {"beginDate": "2026-01-02T00:00:00", "endDate": "2026-01-06T00:00:00"}),
        ("/api/v3/channel/2/reading", {"beginDate": "2026-01-08T01:00:00", "endDate": "2026-01-10T01:00:00"}),
    ]


HEADER = "channelImportId,time,value\n"
TWO = HEADER + "IMP-1,2026-01-01T00:15,1\nIMP-2,2026-01-01T00:15,2\n"
SENT = [("2026-01-01T00:15", 1.0)]


def lines(loads: Sequence[OutgoingReading]) -> list[int]:
    return [one.row.line for one in loads]


def posts(service: Service) -> int:
    return sum(request.path == READINGS for request in service.requests())


def test_an_accepted_batch_has_no_failures(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, sender):
        assert Courier(sender).delivery.send_batch(load(tmp_path, TWO, sender)) == BatchResult(rejected=[])
        assert kept(sender, 1) == SENT


def test_rejected_readings_have_the_reason_of_the_service(tmp_path: Path) -> None:
    with serving(tmp_path, settings=["v3_overwrite=fail"]) as (_, sender):
        loads = load(tmp_path, TWO, sender)
        Courier(sender).delivery.send_batch(loads[:1])
        batch_result = Courier(sender).delivery.send_batch(loads)

    assert [(one.row.line, reason) for one, reason in batch_result.rejected] == [
        (2, "the channel has a reading at this time")
    ]


@pytest.mark.parametrize("fault", ["drop-after", "503-after", "truncated-body"])
def test_a_lost_response_is_resolved_by_reading_back(tmp_path: Path, fault: str) -> None:
    with serving(tmp_path, f"POST {fault} x1") as (service, sender):
        courier = Courier(sender)
        batch_result = courier.delivery.send_batch(load(tmp_path, TWO, sender))

        assert (batch_result, courier.pauses.count, posts(service)) == (BatchResult(), 1, 1)
        assert kept(sender, 1) == SENT


def test_only_readings_that_did_not_arrive_are_sent_again(tmp_path: Path) -> None:
    there = {"time": "2026-01-01T00:15", "value": 1, "estimated": False, "note": "by another"}
    with serving(tmp_path, "POST /api/v3/reading drop-before x1", settings=["v3_overwrite=fail"]) as (_, sender):
        sender.send_esa_readings([{"esaChannelId": 1, "readings": [there]}])

        assert Courier(sender).delivery.send_batch(load(tmp_path, TWO, sender)) == BatchResult(rejected=[])
        assert (kept(sender, 1), kept(sender, 2)) == (SENT, [("2026-01-01T00:15", 2.0)])


def test_sending_stops_after_three_attempts(tmp_path: Path) -> None:
    with serving(tmp_path, "POST /api/v3/reading 503") as (_, sender):
        courier = Courier(sender)
        batch_result = courier.delivery.send_batch(load(tmp_path, TWO, sender))

    assert (lines(batch_result.not_delivered), courier.pauses.count) == ([2, 3], 3)
    assert batch_result.error is not None
    assert "503" in batch_result.error.message


def test_a_lost_response_that_cannot_be_checked_is_unknown(tmp_path: Path) -> None:
    with serving(tmp_path, "POST drop-after", settings=["v3_sees_esa_channels=no"]) as (_, sender):
        batch_result = Courier(sender).delivery.send_batch(load(tmp_path, TWO, sender))

    assert (lines(batch_result.unknown), lines(batch_result.not_delivered)) == ([2, 3], [])
    assert batch_result.error is not None


def test_a_refusal_after_a_lost_response_rejects_the_rest(tmp_path: Path) -> None:
    posted: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            has = [{"time": "2026-01-01T00:15", "rawValue": 1}] if "/1/" in request.url.path else []
            return httpx.Response(200, json={"readings": has})
        posted.append(request.content)
        return httpx.Response(503 if len(posted) == 1 else 400, text="no")

    rows = "channelId,time,value\n1,2026-01-01T00:15,1\n2,2026-01-01T00:15,2\n"
    with answering(answer) as sender:
        batch_result = Courier(sender).delivery.send_batch(load(tmp_path, rows))

    assert [(one.row.line, reason) for one, reason in batch_result.rejected] == [
        (3, "the service refused: POST /api/v3/reading answered 400 Bad Request: no")
    ]
    assert [body.count(b"channelId") for body in posted] == [2, 1]


def test_a_receipt_for_other_readings_is_resolved_by_reading_back_too(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return receipt(imported=7)
        return httpx.Response(200, json={"readings": [{"time": "2026-01-01T00:15", "rawValue": 1}]})

    with answering(answer) as sender:
        courier = Courier(sender)
        batch_result = courier.delivery.send_batch(load(tmp_path, "channelId,time,value\n1,2026-01-01T00:15,1\n"))

    assert (batch_result, courier.pauses.count) == (BatchResult(), 1)


def refuse_two(request: httpx.Request) -> httpx.Response:
    """Refuses every request with channel 2."""
    if b'"channelId": 2' in request.content:
        return httpx.Response(400, text="no channel 2")
    return receipt(imported=request.content.count(b'"time"'))


def test_groups_that_are_refused_together_are_sent_one_by_one(tmp_path: Path) -> None:
    rows = "channelId,time,value\n1,2026-01-01T00:00,1\n2,2026-01-01T00:00,2\n3,2026-01-01T00:00,3\n"

    with answering(refuse_two) as sender:
        batch_result = Courier(sender).delivery.send_batch(load(tmp_path, rows))

    assert [(one.row.line, reason) for one, reason in batch_result.rejected] == [
        (3, "the service refused: POST /api/v3/reading answered 400 Bad Request: no channel 2")
    ]
    assert batch_result.error is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(401), httpx.ConnectError("refused")], ids=["a wrong key", "no connection"]
)
@pytest.mark.parametrize("identifier_names", [V3_NAMES, ESA_NAMES], ids=["v3", "esa"])
def test_readings_that_certainly_did_not_arrive_are_not_delivered(
    tmp_path: Path, answer: httpx.Response | Exception, identifier_names: IdentifierNames
) -> None:
    def give(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with answering(give) as sender:
        courier = Courier(sender, identifier_names)
        batch_result = courier.delivery.send_batch(load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n"))

    assert (lines(batch_result.not_delivered), batch_result.unknown, courier.pauses.count) == ([2], (), 0)


def test_esa_readings_are_repeated_by_the_sender(tmp_path: Path) -> None:
    with serving(tmp_path, "POST /api/v202407/* drop-after x2") as (service, sender):
        courier = Courier(sender, ESA_NAMES)
        batch_result = courier.delivery.send_batch(load(tmp_path, TWO, sender))

        assert (batch_result, courier.pauses.count) == (BatchResult(rejected=[]), 0)
        assert (len(service.requests()), kept(sender, 1)) == (3, SENT)


@pytest.mark.parametrize("answer", [httpx.Response(200), receipt(imported=1)], ids=["nothing said", "a receipt"])
def test_an_esa_response_may_have_no_content(tmp_path: Path, answer: httpx.Response) -> None:
    with answering(lambda _: answer) as sender:
        batch_result = Courier(sender, ESA_NAMES).delivery.send_batch(
            load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n")
        )

    assert not batch_result.rejected
    assert batch_result.error is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>"), receipt(imported=7)], ids=["a page", "another receipt"]
)
def test_an_esa_response_that_cannot_be_used_leaves_the_outcome_unknown(tmp_path: Path, answer: httpx.Response) -> None:
    with answering(lambda _: answer) as sender:
        batch_result = Courier(sender, ESA_NAMES).delivery.send_batch(
            load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n")
        )

    assert lines(batch_result.unknown) == [2]
    assert batch_result.error is not None
