"""Untrusted text in Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.harmless import escape_text
from reconciler.reports.markdown import code, prose, shorten, size_of, tabulate
from tests.cases import note_case
from tests.reports.markdown_page import read_page

any_text = st.text(st.characters(codec=None, categories=None)) | st.text("`|\\<>&*_@#[]()!~: -.1a\n", min_size=1)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("nb-elec-use", "`nb-elec-use`"),
        ("@everyone #1 <b>", "`@everyone #1 <b>`"),
        ("a|b", "<code>a&#124;b</code>"),
        ("`", "<code>&#96;</code>"),
        ("a\nb", "<code>a&#92;nb</code>"),
        (" a", "<code> a</code>"),
        ("", "<code></code>"),
    ],
)
def test_text_of_others_is_code(text: str, markdown: str) -> None:
    assert code(text) == markdown


@pytest.mark.parametrize(
    ("sentence", "markdown"),
    [
        ("cannot become calculated: it's used.", "cannot become calculated: it's used."),
        ("take channel(nb-use) out (first)", "take `channel(nb-use)` out (first)"),
        ('found "North use", or 2024-01-01', 'found `"North use"`, or 2024-01-01'),
        ("ask @everyone about #12 or GH-12", "ask `@everyone` about `#12` or `GH-12`"),
        ("see https://example.com :tada:", "see `https://example.com` `:tada`:"),
        ("write  select: {channelId: 7},  or not", "write select: `{channelId: 7}`, or not"),
        ("[a](b)", "`[a](b)`"),
        ("a\nb", "<code>a&#92;nb</code>"),
        ("  ", ""),
    ],
)
def test_in_a_sentence_only_plain_words_are_no_code(sentence: str, markdown: str) -> None:
    assert prose(sentence) == markdown


@pytest.mark.parametrize(
    ("word", "markdown"),
    [
        ("(" * 500_000, "(" * 499_999 + "`(`"),
        ("f" + "(" * 250_000 + ")" * 250_001, "`f" + "(" * 250_000 + ")" * 250_000 + "`)"),
        ("a" + ":" * 500_000 + "!", "`a" + ":" * 500_000 + "!`"),
        ('"' + ")" * 500_000, '`"`' + ")" * 500_000),
    ],
    ids=["opening", "both", "colons", "closing"],
)
def test_a_word_of_half_a_million_signs_is_shown_too(word: str, markdown: str) -> None:
    assert prose(word) == markdown


@settings(deadline=None)
@given(any_text)
def test_code_shows_any_text_as_it_is_in_a_cell_too(text: str) -> None:
    note_case(reached=not text.isalnum())
    page = read_page(tabulate(["a", "b"], [[code(text), code(text)]]))
    assert page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    shown = " ".join(escape_text(text).split())
    assert [" ".join(part.split()) for part in page.code] == [shown, shown]


@settings(deadline=None)
@given(any_text)
def test_a_sentence_shows_any_text_as_it_is_and_nothing_of_it_means_anything(text: str) -> None:
    note_case(reached=set(text) & set("`|\\<>&*_@#[]()!~:"))
    page = read_page(f"- fix: {prose(text)}")
    assert page.tags <= {"ul", "li", "code"}
    assert " ".join(page.text.split()) == " ".join(f"fix: {escape_text(text)}".split())
    assert "@" not in page.prose
    assert "#" not in page.prose


def test_what_is_too_long_is_cut_and_says_so() -> None:
    assert (shorten("abc", 3), shorten("abcd", 3)) == ("abc", "abc…")


def test_size_counts_bytes() -> None:
    assert size_of("aé東") == 6
