"""Text that can do nothing but be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.harmless import escape_text
from tests.cases import note_case


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
