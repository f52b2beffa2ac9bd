"""The service's own words: found whatever the shape of its answer, and harmless to show."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.words import find_words, make_harmless
from tests.cases import note_case


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
    assert find_words(body.encode(), "application/json") == words


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
    assert find_words(json.dumps(body).encode(), "application/json") == words


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
def test_of_a_page_its_title_and_first_words_are_said(body: str, words: str) -> None:
    assert find_words(body.encode(), "text/html; charset=utf-8") == words
    assert find_words(body.encode(), "") == words


def test_a_page_is_read_in_its_own_character_set() -> None:
    body = "<html><title>Zugriff verweigert für Sie</title>".encode("latin-1")

    assert find_words(body, "text/html; charset=iso-8859-1") == 'a page titled "Zugriff verweigert für Sie"'
    assert find_words(body, "text/html; charset=no-such") == 'a page titled "Zugriff verweigert f\ufffdr Sie"'


_TAGS = ["<", ">", "<!--", "-->", "<script>", "</script>", "<title>", "</title>", "<p>", "&#", "9" * 5000, ";", "&amp;"]


@given(
    st.lists(st.sampled_from(_TAGS) | st.text(), max_size=30).map("".join), st.sampled_from(["", "p>", "p>Not found"])
)
def test_whatever_a_page_holds_its_words_are_found_without_an_error(page: str, start: str) -> None:
    found = find_words(f"<{start}{page}".encode(errors="replace"), "text/html")
    note_case(reached=found)
    assert isinstance(found, str)


def test_bytes_that_are_no_text_are_still_shown() -> None:
    assert find_words(b"\xff\xfe no", "") == "\ufffd\ufffd no"


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
    assert make_harmless(text) == harmless


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
def test_the_words_come_before_whatever_is_long(body: object, words: str) -> None:
    assert make_harmless(find_words(json.dumps(body).encode(), "application/json")).startswith(words)


def test_json_that_calls_itself_a_page_is_read_as_json() -> None:
    assert find_words(json.dumps({"message": SAID}).encode(), "text/html") == SAID
