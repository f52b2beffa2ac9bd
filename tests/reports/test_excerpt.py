"""The line that a finding speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.excerpt import display_width, format_excerpt
from tests.cases import note_case


@pytest.mark.parametrize(
    ("line", "column", "length", "shown"),
    [
        ("  a: 1", 6, 1, ("  a: 1", "     ^")),
        ("\ta: 1", 2, 1, ("    a: 1", "    ^")),
        ("a\tb", 2, 1, ("a    b", " ^^^^")),
        ("東京: use", 5, 3, ("東京: use", "      ^^^")),
        ("東京: use", 1, 2, ("東京: use", "^^^^")),
        ("e\u0301: use", 5, 3, ("e\u0301: use", "   ^^^")),
        ("a: \x1b[0m", 4, 2, (r"a: \x1b[0m", "   ^^^^^")),
        ("a:", 3, 0, ("a:", "  ^")),
        ("a:", 9, 2, ("a:", "  ^")),
        ("a: 1   ", 4, 1, ("a: 1", "   ^")),
        ("a: 1", 4, 99, ("a: 1", "   ^")),
    ],
    ids=[
        "plain",
        "tab before",
        "tab meant",
        "wide before",
        "wide meant",
        "combining",
        "control",
        "no length",
        "beyond the end",
        "blanks at the end",
        "longer than the line",
    ],
)
def test_carets_stand_under_the_piece_that_is_meant(
    line: str, column: int, length: int, shown: tuple[str, str]
) -> None:
    assert format_excerpt(line, column, length) == shown


def test_of_a_long_line_a_window_around_the_piece_is_shown() -> None:
    line = "x" * 200 + "HERE" + "y" * 200
    assert format_excerpt(line, 201, 4) == ("…" + "x" * 40 + "HERE" + "y" * 56 + "…", " " * 41 + "^^^^")


def test_a_piece_longer_than_the_window_is_marked_as_far_as_it_shows() -> None:
    assert format_excerpt("k: " + "x" * 200, 4, 200) == ("k: " + "x" * 97 + "…", "   " + "^" * 97)


@settings(deadline=None)
@given(st.text(), st.integers(1, 300), st.integers(0, 300))
def test_any_line_prints_narrow_with_carets_beneath_it(line: str, column: int, length: int) -> None:
    shown, carets = format_excerpt(line, column, length)
    note_case(reached=not line.isprintable() or display_width(line) > 115)
    assert shown.isprintable()
    assert display_width(shown) <= 115
    assert carets.strip(" ").strip("^") == ""
    assert len(carets) <= 115
