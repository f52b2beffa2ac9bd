"""Asking the service: what is repeated and what is not, what is counted, and what is noted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest
import stamina
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from reconciler.energycap.access import read_address
from reconciler.energycap.endpoints import EDIT_CHANNEL, READ_CHANNEL, VALIDATE_FORMULA, WRITES
from reconciler.energycap.session import Session
from reconciler.energycap.transport import Transport
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.findings import Finding, Severity
from tests.energycap.fake_network import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stamina.instrumentation import RetryDetails

    from reconciler.energycap.endpoints import Request

READ = READ_CHANNEL.request(7)
VALIDATE = VALIDATE_FORMULA.request(body={"dataPointId": 1, "formula": "1"})
EDIT = EDIT_CHANNEL.request(7, body={"channelInfo": "x"})


class _Paused(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def respond(status: int, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, headers=named, json={"message": "Hm."})


def make_session(network: Script) -> Session:
    return Session(Transport(read_address("https://a.energycap.com"), "sandbox", WRITES, network))


@pytest.fixture
def pauses_end_the_request() -> Iterator[None]:
    """In place of each pause comes _Paused, which says how long it would have been."""

    def end(details: RetryDetails) -> None:
        raise _Paused(details.wait_for)

    hooks = get_on_retry_hooks()
    set_on_retry_hooks([end])
    with stamina.set_testing(False):
        yield
    set_on_retry_hooks(hooks)


@pytest.mark.parametrize("request_", [READ, VALIDATE], ids=str)
@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("dropped"),
        respond(408),
        respond(429),
        respond(500),
        respond(503),
    ],
    ids=repr,
)
def test_a_read_is_repeated_after_every_error_that_may_pass(
    request_: Request, failure: httpx.Response | Exception
) -> None:
    network = Script(failure, respond(200))
    session = make_session(network)

    assert session.request(request_).status == 200
    assert session.requests == {str(request_.endpoint): 2}
    assert network.sent[0].content == network.sent[1].content


def test_a_read_is_given_up_after_five_times() -> None:
    network = Script(*(respond(503 if number else 500) for number in (0, 1, 1, 1, 1)))

    with pytest.raises(Unavailable) as failure:
        make_session(network).request(READ)

    assert failure.value.message == (
        "the service could not answer: GET /api/v202406/esachannel/7 answered 503 Service Unavailable: Hm"
    )
    assert len(network.sent) == 5


@pytest.mark.parametrize("request_", [READ, EDIT], ids=str)
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (respond(400), Rejected),
        (respond(401), Unauthorized),
        (respond(404), Rejected),
        (respond(409), Rejected),
        (respond(302), BadResponse),
    ],
    ids=["400", "401", "404", "409", "302"],
)
def test_a_rejection_is_never_repeated(request_: Request, answer: httpx.Response, failure: type[ServiceError]) -> None:
    network = Script(answer)

    with pytest.raises(failure):
        make_session(network).request(request_)

    assert len(network.sent) == 1


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout(""), httpx.ProxyError("407"), respond(429)],
    ids=repr,
)
def test_an_edit_is_repeated_if_it_was_certainly_not_done(failure: httpx.Response | Exception) -> None:
    network = Script(failure, respond(200))

    assert make_session(network).request(EDIT).status == 200
    assert [sent.content for sent in network.sent] == [b'{"channelInfo": "x"}'] * 2


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (httpx.ReadTimeout(""), Unreachable),
        (httpx.WriteError("broken pipe"), Unreachable),
        (httpx.RemoteProtocolError("dropped"), Unreachable),
        (respond(408), Unavailable),
        (respond(500), Unavailable),
        (respond(503, retry_after="1"), Unavailable),
    ],
    ids=repr,
)
def test_an_edit_that_may_have_been_done_is_sent_once(
    answer: httpx.Response | Exception, failure: type[ServiceError]
) -> None:
    network = Script(answer)

    with pytest.raises(failure):
        make_session(network).request(EDIT)

    assert len(network.sent) == 1


@pytest.mark.usefixtures("pauses_end_the_request")
@pytest.mark.parametrize(
    ("request_", "answer", "least", "most"),
    [
        (READ, respond(503, retry_after="7"), 7, 7),
        (READ, respond(429, retry_after="0"), 0, 0),
        (READ, respond(429, retry_after="60"), 60, 60),
        (EDIT, respond(429, retry_after="7"), 7, 7),
        (READ, respond(503), 0.25, 0.75),
        (EDIT, respond(429), 0.25, 0.75),
        (EDIT, httpx.ConnectError("refused"), 0.25, 0.75),
    ],
    ids=["503", "at once", "a minute", "edit", "503 silent", "429 silent", "no connection"],
)
def test_a_pause_is_as_long_as_the_service_asks_or_short_and_random(
    request_: Request, answer: httpx.Response | Exception, least: float, most: float
) -> None:
    with pytest.raises(_Paused) as pause:
        make_session(Script(answer)).request(request_)

    assert least <= pause.value.seconds <= most


@pytest.mark.parametrize("request_", [READ, EDIT], ids=str)
def test_a_pause_of_more_than_a_minute_is_left_to_the_user(request_: Request) -> None:
    network = Script(respond(429, retry_after="61"))

    with pytest.raises(Unavailable) as failure:
        make_session(network).request(request_)

    assert failure.value.fix == "try again in 61 s"
    assert len(network.sent) == 1


def test_repeats_are_logged_with_their_cause_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO, "reconciler")

    make_session(Script(respond(500), respond(200))).request(READ)

    assert [record.getMessage() for record in caplog.records if record.name.startswith(("reconciler", "stamina"))] == [
        (
            "again in 0.0 s: the service could not answer: "
            "GET /api/v202406/esachannel/7 answered 500 Internal Server Error: Hm"
        )
    ]
    assert capfd.readouterr() == ("", "")


def test_requests_are_counted_by_call() -> None:
    session = make_session(Script(*(respond(200) for _ in range(3))))

    for request in (READ, READ_CHANNEL.request(8), EDIT):
        session.request(request)

    assert session.requests == {"GET /api/v202406/esachannel/{id}": 2, "PUT /api/v202406/esachannel/{id}": 1}


def test_responses_of_a_busy_service_are_counted_even_if_a_repeat_succeeds() -> None:
    session = make_session(Script(respond(429), respond(503), respond(500), respond(200)))

    session.request(READ)

    assert session.throttled_count == 2


def test_a_deprecated_call_is_reported_once() -> None:
    text = "2027-01-31, use \x07GetEsaChannelV202701"
    session = make_session(Script(*(respond(200, eci_deprecated=text) for _ in range(2)), respond(200)))

    for request in (READ, READ_CHANNEL.request(8), EDIT):
        session.request(request)

    assert session.findings == (
        Finding(
            "ESA701",
            Severity.WARNING,
            "EnergyCAP has deprecated a call of this tool: GET /api/v202406/esachannel/{id}: "
            r"2027-01-31, use \x07GetEsaChannelV202701",
            fix="update this tool; if it is the latest release, report the message",
        ),
    )


def test_how_long_a_deprecated_call_still_works_is_counted_from_the_date_of_the_answer() -> None:
    session = make_session(Script(respond(200, eci_deprecated="gone", date="Sun, 22 Nov 2026 04:40:00 GMT")))

    session.request(READ)

    (finding,) = session.findings
    assert finding.detail == (
        "said on 2026-11-22; the old version of a call works for 3 to 6 months beside the new one",
    )


def test_a_refused_call_may_be_deprecated_too() -> None:
    session = make_session(Script(respond(400, eci_deprecated="gone")))

    with pytest.raises(Rejected):
        session.request(EDIT)

    assert [finding.code for finding in session.findings] == ["ESA701"]
