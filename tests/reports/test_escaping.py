"""Untrusted text for terminals, logs and Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.escaping import code, escape_text, prose, shorten, size_of, tabulate
from tests.cases import note_case
from tests.reports.markdown_page import read_page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("North Building", "North Building"),
        ("Zürich 東京 🏭", "Zürich 東京 🏭"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("a\xa0b", r"a\xa0b"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("::error::x", r"\x3a:error::x"),
        ("a ::error::x", r"a \x3a:error::x"),
        ("std::vector", "std::vector"),
        ("a##[group]b", r"a\x23#[group]b"),
        ("##vso[task.setvariable]", r"\x23#vso[task.setvariable]"),
        ("## a heading", "## a heading"),
    ],
)
def test_what_does_not_print_or_would_command_is_shown_escaped(text: str, shown: str) -> None:
    assert escape_text(text) == shown


@settings(deadline=None)
@given(st.text(st.characters(codec=None, categories=None)))
def test_any_text_prints_on_one_line_and_commands_nothing(text: str) -> None:
    shown = escape_text(text)
    note_case(reached=shown != text)
    assert shown.isprintable()
    assert not shown.startswith("::")
    assert "##[" not in shown


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters=":#")))
def test_text_that_only_prints_stays_as_it_is(text: str) -> None:
    assert escape_text(text) == text


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


def test_a_long_text_is_cut_and_marked() -> None:
    assert (shorten("abc", 3), shorten("abcd", 3)) == ("abc", "abc…")


def test_size_counts_bytes() -> None:
    assert size_of("aé東") == 6
