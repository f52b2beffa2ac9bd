"""The service's own words: found whatever the shape of its answer, and harmless to show."""

from __future__ import annotations

import pytest

from reconciler.energycap.words import find_words, make_harmless


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
        ("<html><head><TITLE lang=en>Sign\n in</TITLE></head>…", 'a page titled "Sign in"'),
        ("<html></html>", "a page without a title"),
    ],
)
def test_of_a_page_only_its_title_is_said(body: str, words: str) -> None:
    assert find_words(body.encode(), "text/html; charset=utf-8") == words
    assert find_words(body.encode(), "") == words


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
