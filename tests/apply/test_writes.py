from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.apply.read_back import Patience
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.writes import FailedWrite, WriteResult, resolve_late_write, send
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.project import ChannelEdit
from tests.apply.bench import CHANNEL, READ, VERSION, Bench, Interceptor
from tests.apply.records import INFO, MULTIPLIER, make_live

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.channels import Live
    from tests.apply.bench import Start

RENAME = Write(WriteTarget.CHANNEL, {INFO: "Renamed"})


def on_put(intercept: Callable[[Callable[[], httpx.Response]], httpx.Response]) -> Interceptor:
    """A network that leaves all but PUTs alone."""
    return Interceptor(lambda request, pass_on: intercept(pass_on) if request.method == "PUT" else pass_on())


def send_to(
    bench: Bench, channel_id: int, write: Write, channel_edit: ChannelEdit = ChannelEdit.OMIT_VERSION
) -> WriteResult:
    return send(write, bench.read(channel_id), bench.editor, channel_edit, Patience(sleep=lambda _seconds: None))


def lose_after(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    pass_on()
    raise httpx.ReadError("the connection was reset")


def lose_before(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    raise httpx.ReadTimeout("nothing came")


def answer_after(status: int, content: str) -> Callable[[Callable[[], httpx.Response]], httpx.Response]:
    def intercept(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        pass_on()
        return httpx.Response(status, text=content, headers={"Content-Type": "text/html"})

    return intercept


@pytest.mark.parametrize(
    ("result", "is_doubtful"),
    [
        (WriteResult(OutcomeStatus.DONE, found=make_live()), False),
        (WriteResult(OutcomeStatus.MISMATCH, found=make_live()), False),
        (WriteResult(OutcomeStatus.FAILED), False),
        (WriteResult(OutcomeStatus.FAILED, found=make_live()), True),
        (WriteResult(OutcomeStatus.FAILED, is_open=True), True),
    ],
    ids=["done", "mismatch", "refused", "not shown", "nobody could look"],
)
def test_a_write_that_failed_by_what_reads_showed_or_did_not_show_is_doubtful(
    result: WriteResult, is_doubtful: bool
) -> None:
    assert result.is_doubtful is is_doubtful


REFUSED = WriteResult(OutcomeStatus.FAILED, "no")
OPEN = WriteResult(OutcomeStatus.FAILED, "may have been done", is_open=True)
AS_BEFORE = make_live()
HALF_WRITTEN = make_live({INFO: "North"})
WRITTEN = make_live({INFO: "North", MULTIPLIER: 2})
LOOK = "look at the channel in EnergyCAP, then plan again: reconciler plan"


@pytest.mark.parametrize(
    ("earlier", "found", "late"),
    [
        (REFUSED, None, REFUSED),
        (REFUSED, AS_BEFORE, REFUSED),
        (REFUSED, WRITTEN, WriteResult(OutcomeStatus.DONE, found=WRITTEN)),
        (
            REFUSED,
            HALF_WRITTEN,
            WriteResult(
                OutcomeStatus.MISMATCH,
                f"reads differently from what was written: {MULTIPLIER} is 1, expected 2",
                LOOK,
                HALF_WRITTEN,
            ),
        ),
        (
            OPEN,
            AS_BEFORE,
            WriteResult(
                OutcomeStatus.FAILED,
                "was not done: no answer came",
                "apply again, or plan again: reconciler plan",
                AS_BEFORE,
            ),
        ),
        (
            OPEN,
            None,
            WriteResult(
                OutcomeStatus.MISMATCH,
                "EnergyCAP has no channel 1 now: it was deleted, or the key's user may no longer see it",
                LOOK,
            ),
        ),
    ],
    ids=["refused, gone", "refused, as before", "refused, written", "refused, half", "open, as before", "open, gone"],
)
def test_the_last_look_at_a_write_that_failed_says_what_became_of_it(
    earlier: WriteResult, found: Live | None, late: WriteResult
) -> None:
    attempt = FailedWrite(0, Write(WriteTarget.CHANNEL, {INFO: "North", MULTIPLIER: 2}), make_live())

    assert resolve_late_write(attempt, found, earlier) == late


@pytest.mark.counts_on("read_lag", reason="requests are counted")
def test_a_write_that_reads_as_sent_is_done(demo: Bench) -> None:
    result = send_to(demo, 1042, RENAME)

    assert result == WriteResult(OutcomeStatus.DONE, found=demo.read(1042))
    assert demo.read(1042).name == "Renamed"


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("read_lag", reason="requests are counted")
def test_a_version_is_read_after_its_write_for_its_answer_is_not_documented(demo: Bench) -> None:
    result = send_to(demo, 1046, Write(WriteTarget.VERSION, {MULTIPLIER: 0.5}))

    assert result == WriteResult(OutcomeStatus.DONE, found=demo.read(1046))
    assert demo.editor.requests == {VERSION: 1, READ: 1}


@pytest.mark.counts_on("read_lag", reason="requests are counted")
@pytest.mark.parametrize(
    "intercept",
    [lose_after, answer_after(500, "oops"), answer_after(503, "busy"), answer_after(200, "<p>hello</p>")],
    ids=["reset", "500", "503", "no JSON"],
)
def test_a_lost_answer_to_a_write_that_was_done_is_resolved_by_reading(
    start: Start, intercept: Callable[[Callable[[], httpx.Response]], httpx.Response]
) -> None:
    bench = start(network=on_put(intercept))

    assert send_to(bench, 1042, RENAME).status is OutcomeStatus.DONE
    assert bench.editor.requests == {CHANNEL: 1, READ: 1}


def test_a_lost_answer_to_a_write_that_was_not_done_fails_and_is_not_sent_again(start: Start) -> None:
    bench = start(network=on_put(lose_before))

    result = send_to(bench, 1042, RENAME)

    assert (result.status, result.was_sent, result.fix) == (
        OutcomeStatus.FAILED,
        True,
        "apply again, or plan again: reconciler plan",
    )
    assert result.message.startswith("was not done: no answer from ")
    assert bench.writes() == []


def test_what_somebody_else_does_meanwhile_does_not_hide_that_nothing_was_done(start: Start) -> None:
    def edit_and_lose(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        bench.edit_elsewhere(1042, {"channelDescription": "Edited"})
        raise httpx.ReadTimeout("nothing came")

    bench = start(network=on_put(edit_and_lose))

    assert send_to(bench, 1042, RENAME).status is OutcomeStatus.FAILED


def test_a_lost_answer_with_something_third_found_differs(start: Start) -> None:
    def edit_and_lose(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        bench.edit_elsewhere(1042, {INFO: "Third"})
        raise httpx.ReadTimeout("nothing came")

    bench = start(network=on_put(edit_and_lose))

    result = send_to(bench, 1042, RENAME)

    assert (result.status, result.message) == (
        OutcomeStatus.MISMATCH,
        'reads differently from what was written: channelInfo is "Third", expected "Renamed"',
    )


def test_a_version_made_while_the_answer_was_lost_differs(start: Start) -> None:
    def add_and_lose(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        add_version(bench, 1042)
        raise httpx.ReadTimeout("nothing came")

    bench = start(network=on_put(add_and_lose))

    assert send_to(bench, 1042, Write(WriteTarget.CHANNEL, {MULTIPLIER: 2})).status is OutcomeStatus.MISMATCH


def add_version(bench: Bench, channel_id: int) -> None:
    values = bench.read(channel_id).current.values
    body = {path.rpartition(".")[2]: value for path, value in values.items()} | {"beginDate": "2026-10-01T00:00:00"}
    headers = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}
    url = f"{bench.service.url}/api/v202406/esachannel/{channel_id}/version"
    httpx.post(url, json=body, headers=headers, trust_env=False).raise_for_status()


def test_what_cannot_be_known_is_said(start: Start) -> None:
    def go_dark(_request: httpx.Request, _pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        raise httpx.ReadTimeout("nothing came")

    bench = start(network=Interceptor(go_dark))

    result = send_to(bench, 1042, RENAME)

    assert (result.status, result.found, result.is_open) == (OutcomeStatus.FAILED, None, True)
    assert result.message.startswith("may have been done, and the channel cannot be read: no answer from ")


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_an_accepted_version_that_cannot_be_read_is_no_success(start: Start) -> None:
    def answer_puts_only(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return pass_on() if request.method == "PUT" else httpx.Response(400)

    bench = start(network=Interceptor(answer_puts_only))

    result = send_to(bench, 1046, Write(WriteTarget.VERSION, {MULTIPLIER: 0.5}))

    assert result.status is OutcomeStatus.FAILED
    assert result.message.startswith("may have been done, and the channel cannot be read: it was accepted; ")


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_a_channel_that_is_gone_after_its_write_differs(start: Start) -> None:
    def answer_puts_only(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return pass_on() if request.method == "PUT" else httpx.Response(404)

    bench = start(network=Interceptor(answer_puts_only))

    result = send_to(bench, 1046, Write(WriteTarget.VERSION, {MULTIPLIER: 0.5}))

    assert (result.status, result.message) == (
        OutcomeStatus.MISMATCH,
        "EnergyCAP has no channel 1046 now: it was deleted, or the key's user may no longer see it",
    )


def test_what_never_left_this_machine_was_not_sent(start: Start) -> None:
    def refuse(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    bench = start(network=on_put(refuse))

    result = send_to(bench, 1042, RENAME)

    assert (result.status, result.was_sent) == (OutcomeStatus.FAILED, False)
    # Before the second attempt, not after it.
    assert bench.editor.requests[READ] == 1


def test_what_cannot_be_read_again_is_not_sent_again(start: Start) -> None:
    def go_out(request: httpx.Request, _pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(429 if request.method == "PUT" else 503)

    bench = start(network=Interceptor(go_out))

    result = send_to(bench, 1042, RENAME)

    assert (result.status, result.is_open) == (OutcomeStatus.FAILED, False)
    assert result.message.startswith("channel 1042 was not written, and could not be read to try again: the service")
    assert bench.editor.requests[CHANNEL] == 1


def test_a_refusal_fails_with_the_words_of_the_service(demo: Bench) -> None:
    result = send_to(demo, 1042, Write(WriteTarget.CHANNEL, {INFO: "x" * 51}))

    assert (result.status, result.abort_reason) == (OutcomeStatus.FAILED, "")
    assert "channelInfo: must be at most 50 characters" in result.message
    assert demo.editor.requests == {CHANNEL: 1}


def test_a_refused_key_is_known_as_such(start: Start) -> None:
    bench = start(network=on_put(lambda _pass_on: httpx.Response(401)))

    result = send_to(bench, 1042, RENAME)

    assert result.status is OutcomeStatus.FAILED
    assert result.abort_reason.startswith("the service refused access: ")


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.parametrize(
    ("semantics", "channel_edit", "ending"),
    [
        ("latest", ChannelEdit.OMIT_VERSION, OutcomeStatus.DONE),
        ("first", ChannelEdit.OMIT_VERSION, OutcomeStatus.DONE),
        ("ignore", ChannelEdit.OMIT_VERSION, OutcomeStatus.DONE),
        ("reject", ChannelEdit.OMIT_VERSION, OutcomeStatus.DONE),
        ("latest", ChannelEdit.ECHO_LATEST, OutcomeStatus.DONE),
        ("first", ChannelEdit.ECHO_LATEST, OutcomeStatus.FAILED),
        ("ignore", ChannelEdit.ECHO_LATEST, OutcomeStatus.DONE),
        ("reject", ChannelEdit.ECHO_LATEST, OutcomeStatus.FAILED),
    ],
)
def test_other_versions_stay_as_they_are_whatever_the_service_makes_of_a_channel_with_several(
    start: Start, semantics: str, channel_edit: ChannelEdit, ending: OutcomeStatus
) -> None:
    bench = start(f"put_version_semantics={semantics}")
    before = bench.read(1046).versions

    assert send_to(bench, 1046, RENAME, channel_edit).status is ending
    assert bench.read(1046).versions == before


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_an_edit_that_reaches_another_version_differs(start: Start) -> None:
    def spoil(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        text = pass_on().text.replace('"multiplier": 10.0', '"multiplier": 7.0')
        return httpx.Response(200, text=text, headers={"Content-Type": "application/json"})

    bench = start(network=on_put(spoil))

    assert send_to(bench, 1046, RENAME).message == (
        "reads differently from what was written: in version 10460, esaChannelVersion.multiplier is 7, expected 10"
    )
