from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.endpoints import EDIT_CHANNEL, LIST_CHANNELS, READ_CHANNEL
from reconciler.energycap.responses import (
    Response,
    RetryLater,
    check_status,
    decode,
    escape_unprintable,
    extract_error_text,
)
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized
from tests.cases import note_case

READ = READ_CHANNEL.request(7)
EDIT = EDIT_CHANNEL.request(7, body={})
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


def is_refused(status: int) -> bool:
    try:
        check_status(READ, Response(status, {}, b""))
    except ServiceError:
        return True
    return False


def test_success_alone_passes() -> None:
    assert [status for status in range(100, 600) if not is_refused(status)] == list(range(200, 300))


def test_a_refused_key_says_which_permission_is_needed() -> None:
    with pytest.raises(Unauthorized) as reading:
        check_status(READ, Response(401, {}, b"", "Who are you"))
    with pytest.raises(Unauthorized) as editing:
        check_status(EDIT, Response(403, {}, b""))

    assert reading.value.message == (
        "the service refused access: GET /api/v202406/esachannel/7 answered 401 Unauthorized: Who are you"
    )
    assert reading.value.fix.endswith("its user lacks the permission Meters (View)")
    assert editing.value.message == ("the service refused access: PUT /api/v202406/esachannel/7 answered 403 Forbidden")
    assert editing.value.fix.endswith("its user lacks the permission Meters (Edit)")


@pytest.mark.parametrize(
    ("status", "name", "fix"),
    [
        (400, "400 Bad Request", "fix what the service complains about, and run the command again"),
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
        (499, "499", "fix what the service complains about, and run the command again"),
    ],
)
def test_a_rejection_has_its_status_and_the_text_of_the_service(status: int, name: str, fix: str) -> None:
    with pytest.raises(Rejected) as refusal:
        check_status(EDIT, Response(status, {}, b"", "Not so"))

    assert refusal.value.message == f"the service refused: PUT /api/v202406/esachannel/7 answered {name}: Not so"
    assert (refusal.value.status, refusal.value.fix) == (status, fix)


def test_a_list_that_is_not_found_points_to_the_url() -> None:
    with pytest.raises(Rejected) as refusal:
        check_status(LIST_CHANNELS.request(), Response(404, {}, b"", "Not Found"))

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
    with pytest.raises(RetryLater) as failure:
        check_status(READ, Response(status, headers, b"", "Busy"))

    expected = f"the service could not answer: GET /api/v202406/esachannel/7 answered {name}: Busy"
    assert (failure.value.message, failure.value.fix) == (expected, fix)
    assert (failure.value.status, failure.value.retry_after) == (status, pause)


@pytest.mark.parametrize(
    ("headers", "target"),
    [({"location": "https://sso.example/\x1b"}, r"https://sso.example/\x1b"), ({}, "nowhere")],
    ids=["elsewhere", "nowhere"],
)
def test_a_redirect_is_not_followed(headers: dict[str, str], target: str) -> None:
    with pytest.raises(BadResponse) as failure:
        check_status(READ, Response(302, headers, b""))

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
    assert decode(READ, Response(200, {"content-type": "text/plain"}, body)) == document


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (b'[{"a": 1', "8 bytes: Expecting ',' delimiter: line 1 column 9 (char 8)"),
        (b"[NaN]", "5 bytes: NaN is not a JSON number"),
        (b"[-Infinity]", "11 bytes: -Infinity is not a JSON number"),
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
        decode(READ, Response(200, {"content-type": "application/json; charset=utf-8"}, body))

    assert failure.value.message == (
        f"the service's answer cannot be used: GET /api/v202406/esachannel/7 answered 200 OK with broken JSON of {flaw}"
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            Response(200, {"content-type": "text/html"}, b"<html>", 'a page titled "Sign in"'),
            'text/html instead of JSON: a page titled "Sign in"',
        ),
        (Response(200, {}, b"\x00"), "no content type instead of JSON: nothing"),
    ],
    ids=["page", "no type"],
)
def test_a_body_that_is_not_json_says_what_it_is(answer: Response, found: str) -> None:
    with pytest.raises(BadResponse) as failure:
        decode(READ, answer)

    assert failure.value.message.endswith(found)
    assert failure.value.fix.startswith("check that the environment's url is the service itself")


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}, {"content-type": "text/html"}])
@pytest.mark.parametrize("body", [b"", b"\r\n"], ids=["nothing", "a line end"])
def test_an_answer_without_a_body_says_so(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadResponse) as failure:
        decode(READ, Response(204, headers, body))

    assert failure.value.message.endswith("answered 204 No Content with an empty body instead of JSON")


def test_every_failure_has_a_fix() -> None:
    for status in (*range(300, 512), 999):
        with pytest.raises(ServiceError) as failure:
            check_status(EDIT, Response(status, {}, b""))

        assert failure.value.fix


@pytest.mark.parametrize("status", [401, 403, 404, 413])
def test_a_rejection_that_is_a_page_may_not_come_from_the_service(status: int) -> None:
    answer = Response(status, {"content-type": "text/html; charset=utf-8"}, b"<title>Blocked</title>", "a page")

    with pytest.raises(ServiceError) as failure:
        check_status(READ, answer)

    assert failure.value.fix.startswith(
        "the answer is a page, not EnergyCAP's JSON: look at the url, and at any proxy, firewall or sign-in page in "
        "between; else "
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", ""),
        ("No such channel.", "No such channel."),
        ('"No such channel."', "No such channel"),
        ('{"message": "No such channel."}', "No such channel"),
        ('{"Message": "No", "ExceptionMessage": "Not at all"}', "No; Not at all"),
        (
            (
                '{"type": "https://tools.ietf.org/html/rfc9110", "title": "Bad.", "status": 400, "traceId": "00-1",'
                ' "errors": {"multiplier": ["is required.", "is no number."], "$": null}}'
            ),
            "Bad; multiplier: is required; multiplier: is no number",
        ),
        (
            '{"message": "Not valid.", "errors": [{"property": "channelInfo", "message": "is too long"}]}',
            "Not valid; channelInfo: is too long",
        ),
        ('["No", "No", "", 7, "Never"]', "No; Never"),
        ('{"broken": ', '{"broken":'),
        ("[" * 9000, "[" * 9000),
    ],
    ids=["nothing", "text", "JSON text", "message", "old ASP.NET", "RFC 9457", "properties", "list", "broken", "deep"],
)
def test_what_a_body_says_is_found(body: str, words: str) -> None:
    assert extract_error_text(body.encode(), "application/json") == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"errors": [{"line": "at x"}] * 90_000, "message": "No such channel."}, "No such channel; at x"),
        ({"StackTrace": "at Service.Edit() " * 9000, "Message": "Channel 7 is locked."}, "Channel 7 is locked"),
        ({"message": "Channel 7 is locked.", "rows": ["x"] * 1_500_000}, "Channel 7 is locked"),
    ],
    ids=["the sentence comes last", "a stack trace first", "too long to be read whole"],
)
def test_the_sentence_of_a_huge_document_is_found(body: object, words: str) -> None:
    assert extract_error_text(json.dumps(body).encode(), "application/json") == words


_YELLOW = """<!DOCTYPE html><html><head><title>Runtime Error</title><style> p {color:red} </style></head>
<body bgcolor="white"><span><H1>Server Error in '/' Application.<hr width=100%></H1><h2> <i>Runtime Error</i> </h2>
</span><font><b> Description: </b>An application error occurred on the server.<br></font></body></html>
<!-- [X]: y -->"""
_IIS = """<html><head><title>404 - File or directory not found.</title></head><body>
<div id="header"><h1>Server Error</h1></div><fieldset>
<h2>404 - File or directory not found.</h2><h3>It might have been removed.</h3></fieldset></body></html>"""
_PROXY = """<html><head><title>example.com | 522: Connection timed out</title><script>if(a<b){say("<p>no</p>")}</script>
</head><body><h1><span>Connection timed out</span> <span>Error code 522</span></h1><nav><a>Home</a></nav>
<p>The proxy&#39;s connection&nbsp;timed out<!-- no --> today.</p></body></html>"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html><head><TITLE lang=en>Sign\n in</TITLE></head>…", 'a page titled "Sign in"'),
        ("<html></html>", "a page without a title"),
        ("<html><body>Go away.", "a page without a title: Go away"),
        (
            _YELLOW,
            (
                "a page titled \"Runtime Error\": Server Error in '/' Application; "
                "Description: An application error occurred on the server"
            ),
        ),
        (_IIS, 'a page titled "404 - File or directory not found": Server Error; It might have been removed'),
        (
            _PROXY,
            (
                'a page titled "example.com | 522: Connection timed out": Connection timed out Error code 522; '
                "The proxy's connection timed out today"
            ),
        ),
        (
            (
                "<html><head><title>502 Bad Gateway</title></head><center><h1>502 Bad Gateway</h1></center>"
                "<hr><center>nginx</center></html>"
            ),
            'a page titled "502 Bad Gateway": nginx',
        ),
        (
            "<Error><Message>It failed.</Message><Reason>Channel 7 is locked</Reason></Error>",
            "It failed; Channel 7 is locked",
        ),
    ],
    ids=["title", "empty", "text", "ASP.NET", "IIS", "a proxy with a script", "nginx", "XML"],
)
def test_a_page_is_shown_by_its_title_and_first_sentences(body: str, words: str) -> None:
    assert extract_error_text(body.encode(), "text/html; charset=utf-8") == words
    assert extract_error_text(body.encode(), "") == words


def test_a_page_is_read_in_its_own_character_set() -> None:
    body = "<html><title>Zugriff verweigert für Sie</title>".encode("latin-1")

    assert extract_error_text(body, "text/html; charset=iso-8859-1") == 'a page titled "Zugriff verweigert für Sie"'
    assert extract_error_text(body, "text/html; charset=no-such") == 'a page titled "Zugriff verweigert f\ufffdr Sie"'


_TAGS = ["<", ">", "<!--", "-->", "<script>", "</script>", "<title>", "</title>", "<p>", "&#", "9" * 5000, ";", "&amp;"]


@given(
    st.lists(st.sampled_from(_TAGS) | st.text(), max_size=30).map("".join), st.sampled_from(["", "p>", "p>Not found"])
)
def test_the_text_of_any_page_is_found_without_an_error(page: str, start: str) -> None:
    found = extract_error_text(f"<{start}{page}".encode(errors="replace"), "text/html")
    note_case(reached=found)
    assert isinstance(found, str)


def test_bytes_that_are_not_text_are_still_shown() -> None:
    assert extract_error_text(b"\xff\xfe no", "") == "\ufffd\ufffd no"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("two\r\n  lines\t", "two lines"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("left\u202eright", r"left\u202eright"),
        ("half \ud800 a pair", r"half \ud800 a pair"),
        ("Straße ☀ 𝄞", "Straße ☀ 𝄞"),
        ("x" * 401, "x" * 400 + " …"),
    ],
    ids=["lines", "terminal", "bidi", "surrogate", "letters", "long"],
)
def test_text_is_shown_on_one_line_without_control_characters(text: str, harmless: str) -> None:
    assert escape_unprintable(text) == harmless


SAID = "Multiplier is too big"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"trace": "at System.X " * 200, "message": SAID}, SAID),
        ({"error": {"trace": "at System.X " * 200, "message": SAID}}, SAID),
        ({"trace": "at System.X " * 200, "error": {"message": SAID}}, SAID),
        ({"stack": "x" * 5_000_000, "message": SAID}, SAID),
        ({"exception": {"trace": "x" * 5_000_000}, "Message": SAID}, SAID),
        ({"code": "DuplicateImportId"}, '{"code": "DuplicateImportId"}'),
        ({"code": 1001, "error": None}, '{"code": 1001, "error": null}'),
    ],
    ids=["trace first", "in an object", "beside one", "huge stack first", "huge trace first", "a code", "numbers"],
)
def test_short_sentences_come_before_long_ones(body: object, words: str) -> None:
    assert escape_unprintable(extract_error_text(json.dumps(body).encode(), "application/json")).startswith(words)


def test_json_that_calls_itself_a_page_is_read_as_json() -> None:
    assert extract_error_text(json.dumps({"message": SAID}).encode(), "text/html") == SAID
