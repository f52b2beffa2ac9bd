"""What an answer means: success, one of the errors with the service's own words, or nothing that can be used."""

from __future__ import annotations

import pytest

from reconciler.energycap.answers import Answer, Busy, check_status, decode
from reconciler.energycap.calls import EDIT_CHANNEL, LIST_CHANNELS, READ_CHANNEL
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized

READ = READ_CHANNEL.to(7)
EDIT = EDIT_CHANNEL.to(7, body={})
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


def is_refused(status: int) -> bool:
    try:
        check_status(READ, Answer(status, {}, b""))
    except ServiceError:
        return True
    return False


def test_success_alone_passes() -> None:
    assert [status for status in range(100, 600) if not is_refused(status)] == list(range(200, 300))


def test_a_refused_key_says_which_permission_is_needed() -> None:
    with pytest.raises(Unauthorized) as reading:
        check_status(READ, Answer(401, {}, b"", "Who are you"))
    with pytest.raises(Unauthorized) as editing:
        check_status(EDIT, Answer(403, {}, b""))

    assert reading.value.message == (
        "the service refused access: GET /api/v202406/esachannel/7 answered 401 Unauthorized: Who are you"
    )
    assert reading.value.fix.endswith("its user lacks the permission Meters (View)")
    assert editing.value.message == ("the service refused access: PUT /api/v202406/esachannel/7 answered 403 Forbidden")
    assert editing.value.fix.endswith("its user lacks the permission Meters (Edit)")


@pytest.mark.parametrize(
    ("status", "name", "fix"),
    [
        (400, "400 Bad Request", "mend what the service complains of, and run the command again"),
        (
            404,
            "404 Not Found",
            "either nothing has that id at the environment's url, or the key's user may not see it",
        ),
        (
            409,
            "409 Conflict",
            "read again; somebody else may be changing the same thing, or its current state may not allow this",
        ),
        (499, "499", "mend what the service complains of, and run the command again"),
    ],
)
def test_a_no_keeps_its_status_and_the_services_own_words(status: int, name: str, fix: str) -> None:
    with pytest.raises(Rejected) as refusal:
        check_status(EDIT, Answer(status, {}, b"", "Not so"))

    assert refusal.value.message == f"the service refused: PUT /api/v202406/esachannel/7 answered {name}: Not so"
    assert (refusal.value.status, refusal.value.fix) == (status, fix)


def test_a_list_that_is_not_there_is_a_matter_of_the_url() -> None:
    with pytest.raises(Rejected) as refusal:
        check_status(LIST_CHANNELS.to(), Answer(404, {}, b"", "Not Found"))

    assert refusal.value.fix == (
        "EnergyCAP's API is not at the environment's url: write the host alone, as in  url: https://app.energycap.com"
    )


@pytest.mark.parametrize(
    ("headers", "pause", "fix"),
    [
        ({}, None, "try again later"),
        ({"retry-after": "soon"}, None, "try again later"),
        ({"retry-after": "²"}, None, "try again later"),
        ({"retry-after": " 7 "}, 7.0, "try again in 7 s"),
        ({"retry-after": "Wed, 21 Oct 2026 07:29:30 GMT", "date": DATE}, 90.0, "try again in 90 s"),
        ({"retry-after": "Wed, 21 Oct 2026 07:20:00 GMT", "date": DATE}, 0.0, "try again in 0 s"),
        ({"retry-after": "Wed, 21 Oct 2015 07:20:00 GMT"}, 0.0, "try again in 0 s"),
        ({"retry-after": "Wed, 21 Oct 2026 07:20:00 -0000", "date": DATE}, None, "try again later"),
    ],
    ids=["silent", "no number", "no digit", "seconds", "date", "past date", "without date", "without zone"],
)
@pytest.mark.parametrize(
    ("status", "name"),
    [
        (408, "408 Request Timeout"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (599, "599"),
    ],
)
def test_a_busy_service_says_how_long_to_wait(
    status: int, name: str, headers: dict[str, str], pause: float | None, fix: str
) -> None:
    with pytest.raises(Busy) as failure:
        check_status(READ, Answer(status, headers, b"", "Busy"))

    expected = f"the service could not answer: GET /api/v202406/esachannel/7 answered {name}: Busy"
    assert (failure.value.message, failure.value.fix) == (expected, fix)
    assert (failure.value.status, failure.value.pause) == (status, pause)


@pytest.mark.parametrize(
    ("headers", "target"),
    [({"location": "https://sso.example/\x1b"}, r"https://sso.example/\x1b"), ({}, "nowhere")],
    ids=["elsewhere", "nowhere"],
)
def test_a_redirect_is_not_followed(headers: dict[str, str], target: str) -> None:
    with pytest.raises(BadResponse) as failure:
        check_status(READ, Answer(302, headers, b""))

    assert failure.value.message == (
        f"the service's answer cannot be used: GET /api/v202406/esachannel/7 answered 302 Found, a redirect to {target}"
    )
    assert failure.value.fix == (
        "if EnergyCAP's API is there, write that address as the environment's url; if that is a sign-in page, "
        "something in between wants a login"
    )


@pytest.mark.parametrize(
    ("body", "document"),
    [(b"[1, 2.5, null]", [1, 2.5, None]), ('{"a": "ä"}'.encode("utf-8-sig"), {"a": "ä"})],
    ids=["plain", "with a byte order mark"],
)
def test_json_is_decoded_whatever_type_it_claims(body: bytes, document: object) -> None:
    assert decode(READ, Answer(200, {"content-type": "text/plain"}, body)) == document


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b'[{"a": 1', "8 bytes: Expecting ',' delimiter: line 1 column 9 (char 8)"),
        (b"[NaN]", "5 bytes: NaN is no number of JSON"),
        (b"[-Infinity]", "11 bytes: -Infinity is no number of JSON"),
        (b'["\xff"]', "5 bytes: it is not UTF-8"),
        (b"[" * 100_000, "100,000 bytes: it is nested too deeply"),
        (b"[" + b"1," * 2_000_000 + b"1]", "4,000,003 bytes: it holds more than 2,000,000 values"),
        (b"[" + b"{}," * 1_000_001 + b"1]", "3,000,006 bytes: it holds more than 2,000,000 values"),
        (b"[" + b"{}," * 300_001 + b"1]", "900,006 bytes: it holds more than 300,000 objects"),
        (b"[" * 500 + b"]" * 500, "1,000 bytes: it is nested too deeply"),
    ],
    ids=["truncated", "NaN", "infinity", "not UTF-8", "deep", "many", "many values", "many objects", "closed"],
)
def test_broken_json_is_named(body: bytes, flaw: str) -> None:
    with pytest.raises(BadResponse) as failure:
        decode(READ, Answer(200, {"content-type": "application/json; charset=utf-8"}, body))

    assert failure.value.message == (
        f"the service's answer cannot be used: GET /api/v202406/esachannel/7 answered 200 OK with broken JSON of {flaw}"
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            Answer(200, {"content-type": "text/html"}, b"<html>", 'a page titled "Sign in"'),
            'text/html instead of JSON: a page titled "Sign in"',
        ),
        (Answer(200, {}, b"\x00"), "no content type instead of JSON: nothing"),
    ],
    ids=["page", "no type"],
)
def test_what_is_no_json_says_what_it_is(answer: Answer, found: str) -> None:
    with pytest.raises(BadResponse) as failure:
        decode(READ, answer)

    assert failure.value.message.endswith(found)
    assert failure.value.fix.startswith("check that the environment's url is the service itself")


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"content-type": "text/html"}])
@pytest.mark.parametrize("body", [b"", b"\r\n"], ids=["nothing", "a line end"])
def test_an_answer_without_a_body_says_so(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadResponse) as failure:
        decode(READ, Answer(204, headers, body))

    assert failure.value.message.endswith("answered 204 No Content with an empty body instead of JSON")


def test_every_failure_has_a_way_out() -> None:
    for status in (*range(300, 512), 999):
        with pytest.raises(ServiceError) as failure:
            check_status(EDIT, Answer(status, {}, b""))

        assert failure.value.fix


@pytest.mark.parametrize("status", [401, 403, 404, 413])
def test_a_refusal_that_is_a_page_may_not_be_the_services(status: int) -> None:
    answer = Answer(status, {"content-type": "text/html; charset=utf-8"}, b"<title>Blocked</title>", "a page")

    with pytest.raises(ServiceError) as failure:
        check_status(READ, answer)

    assert failure.value.fix.startswith(
        "the answer is a page, not EnergyCAP's JSON: look at the url, and at any proxy, firewall or sign-in page in "
        "between; else "
    )
