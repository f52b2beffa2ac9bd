"""One batch on its way, under each answer and each lost answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.readings.delivery import Fate
from tests.readings.delivering import READINGS, Courier, answering, kept, load, receipt, serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.model.identifiers import IdentifierNames
    from reconciler.readings.batches import Load
    from reconciler.sandbox import Service

HEADER = "channelImportId,time,value\n"
TWO = HEADER + "IMP-1,2026-01-01T00:15,1\nIMP-2,2026-01-01T00:15,2\n"
SENT = [("2026-01-01T00:15", 1.0)]


def lines(loads: Sequence[Load]) -> list[int]:
    return [one.row.line for one in loads]


def posts(service: Service) -> int:
    return sum(request.path == READINGS for request in service.requests())


def test_what_is_taken_needs_no_more_said(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, sender):
        assert Courier(sender).delivery.deliver(load(tmp_path, TWO, sender)) == Fate(rejected=[])
        assert kept(sender, 1) == SENT


def test_what_is_rejected_comes_with_the_service_s_reason(tmp_path: Path) -> None:
    with serving(tmp_path, settings=["v3_overwrite=fail"]) as (_, sender):
        loads = load(tmp_path, TWO, sender)
        Courier(sender).delivery.deliver(loads[:1])
        fate = Courier(sender).delivery.deliver(loads)

    assert [(one.row.line, reason) for one, reason in fate.rejected] == [(2, "the channel has a reading at this time")]


@pytest.mark.parametrize("fault", ["drop-after", "503-after", "truncated-body"])
def test_an_answer_that_is_lost_is_settled_by_reading(tmp_path: Path, fault: str) -> None:
    with serving(tmp_path, f"POST {fault} x1") as (service, sender):
        courier = Courier(sender)
        fate = courier.delivery.deliver(load(tmp_path, TWO, sender))

        assert (fate, courier.pauses.count, posts(service)) == (Fate(), 1, 1)
        assert kept(sender, 1) == SENT


def test_what_did_not_arrive_is_sent_again_and_only_that(tmp_path: Path) -> None:
    there = {"time": "2026-01-01T00:15", "value": 1, "estimated": False, "note": "by another"}
    with serving(tmp_path, "POST /api/v3/reading drop-before x1", settings=["v3_overwrite=fail"]) as (_, sender):
        sender.send_esa_readings([{"esaChannelId": 1, "readings": [there]}])

        assert Courier(sender).delivery.deliver(load(tmp_path, TWO, sender)) == Fate(rejected=[])
        assert (kept(sender, 1), kept(sender, 2)) == (SENT, [("2026-01-01T00:15", 2.0)])


def test_what_never_arrives_is_given_up_after_three_attempts(tmp_path: Path) -> None:
    with serving(tmp_path, "POST /api/v3/reading 503") as (_, sender):
        courier = Courier(sender)
        fate = courier.delivery.deliver(load(tmp_path, TWO, sender))

    assert (lines(fate.untaken), courier.pauses.count) == ([2, 3], 3)
    assert fate.error is not None
    assert "503" in fate.error.message


def test_what_cannot_be_looked_into_is_unknown(tmp_path: Path) -> None:
    with serving(tmp_path, "POST drop-after", settings=["v3_sees_esa_channels=no"]) as (_, sender):
        fate = Courier(sender).delivery.deliver(load(tmp_path, TWO, sender))

    assert (lines(fate.unknown), lines(fate.untaken)) == ([2, 3], [])
    assert fate.error is not None


def test_a_refusal_after_a_lost_answer_rejects_what_is_left(tmp_path: Path) -> None:
    posted: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            has = [{"time": "2026-01-01T00:15", "rawValue": 1}] if "/1/" in request.url.path else []
            return httpx.Response(200, json={"readings": has})
        posted.append(request.content)
        return httpx.Response(503 if len(posted) == 1 else 400, text="no")

    rows = "channelId,time,value\n1,2026-01-01T00:15,1\n2,2026-01-01T00:15,2\n"
    with answering(answer) as sender:
        fate = Courier(sender).delivery.deliver(load(tmp_path, rows))

    assert [(one.row.line, reason) for one, reason in fate.rejected] == [
        (3, "the service refused: POST /api/v3/reading answered 400 Bad Request: no")
    ]
    assert [body.count(b"channelId") for body in posted] == [2, 1]


def test_a_receipt_for_other_readings_is_settled_by_reading_too(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return receipt(imported=7)
        return httpx.Response(200, json={"readings": [{"time": "2026-01-01T00:15", "rawValue": 1}]})

    with answering(answer) as sender:
        courier = Courier(sender)
        fate = courier.delivery.deliver(load(tmp_path, "channelId,time,value\n1,2026-01-01T00:15,1\n"))

    assert (fate, courier.pauses.count) == (Fate(), 1)


def refuse_two(request: httpx.Request) -> httpx.Response:
    """Refuses every request that speaks of channel 2."""
    if b'"channelId": 2' in request.content:
        return httpx.Response(400, text="no channel 2")
    return receipt(imported=request.content.count(b'"time"'))


def test_of_groups_that_are_refused_together_each_is_sent_by_itself(tmp_path: Path) -> None:
    rows = "channelId,time,value\n1,2026-01-01T00:00,1\n2,2026-01-01T00:00,2\n3,2026-01-01T00:00,3\n"

    with answering(refuse_two) as sender:
        fate = Courier(sender).delivery.deliver(load(tmp_path, rows))

    assert [(one.row.line, reason) for one, reason in fate.rejected] == [
        (3, "the service refused: POST /api/v3/reading answered 400 Bad Request: no channel 2")
    ]
    assert fate.error is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(401), httpx.ConnectError("refused")], ids=["a wrong key", "no connection"]
)
@pytest.mark.parametrize("dialect", [V3_NAMES, ESA_NAMES], ids=["v3", "esa"])
def test_what_certainly_did_not_arrive_is_untaken(
    tmp_path: Path, answer: httpx.Response | Exception, dialect: IdentifierNames
) -> None:
    def give(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with answering(give) as sender:
        courier = Courier(sender, dialect)
        fate = courier.delivery.deliver(load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n"))

    assert (lines(fate.untaken), fate.unknown, courier.pauses.count) == ([2], (), 0)


def test_esa_readings_are_repeated_by_the_sender(tmp_path: Path) -> None:
    with serving(tmp_path, "POST /api/v202407/* drop-after x2") as (service, sender):
        courier = Courier(sender, ESA_NAMES)
        fate = courier.delivery.deliver(load(tmp_path, TWO, sender))

        assert (fate, courier.pauses.count) == (Fate(rejected=[]), 0)
        assert (len(service.requests()), kept(sender, 1)) == (3, SENT)


@pytest.mark.parametrize("answer", [httpx.Response(200), receipt(imported=1)], ids=["nothing said", "a receipt"])
def test_an_esa_answer_need_not_say_more_than_success(tmp_path: Path, answer: httpx.Response) -> None:
    with answering(lambda _: answer) as sender:
        fate = Courier(sender, ESA_NAMES).delivery.deliver(
            load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n")
        )

    assert not fate.rejected
    assert fate.error is None


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>"), receipt(imported=7)], ids=["a page", "another receipt"]
)
def test_an_esa_answer_that_cannot_be_used_leaves_it_unknown(tmp_path: Path, answer: httpx.Response) -> None:
    with answering(lambda _: answer) as sender:
        fate = Courier(sender, ESA_NAMES).delivery.deliver(
            load(tmp_path, "channelId,time,value\n1,2026-01-01T00:00,1\n")
        )

    assert lines(fate.unknown) == [2]
    assert fate.error is not None
