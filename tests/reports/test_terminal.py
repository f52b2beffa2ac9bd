"""Lines of text for a terminal, and source lines with carets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.terminal import WIDTH, Style, chunk, display_width, format_excerpt, no_style, split_words, wrap
from tests.cases import note_case


def test_pieces_go_on_one_line_while_they_fit() -> None:
    assert list(wrap((chunk("one"), chunk("two")), no_style, indent=2, gap="  ")) == ["  one  two"]


def test_what_does_not_fit_goes_on_the_next_line() -> None:
    pieces = (chunk("a" * 40), chunk("b" * 37), chunk("c"))
    assert list(wrap(pieces, no_style, indent=2, hang=4)) == [f"  {'a' * 40} {'b' * 37}", "    c"]


def test_lines_are_indented_alike_by_default() -> None:
    assert list(wrap((chunk("a" * 79), chunk("b")), no_style, indent=1)) == [" " + "a" * 79, " b"]


def test_no_pieces_are_no_line() -> None:
    assert list(wrap((), no_style, indent=2)) == []


def test_neighbours_in_one_style_are_painted_together() -> None:
    pieces = (chunk("a", Style.FIX), chunk("b", Style.FIX), chunk("c"), chunk("d", Style.CODE))
    painted = wrap(pieces, lambda text, style: f"<{style.value}:{text}>", indent=0)
    assert list(painted) == ["<fix:a b> c <code:d>"]


def test_quoted_text_and_text_after_two_spaces_is_not_broken() -> None:
    pieces = split_words('write "North use", or  observationRule: Trip  instead')
    assert [text for ((text, _),) in pieces] == ["write", '"North use",', "or", " observationRule: Trip", "instead"]


LONG_ONES = st.lists(
    st.sampled_from(["a", "channel", "x" * 30, "x" * 90, "\N{CJK UNIFIED IDEOGRAPH-7DCF}" * 20]), min_size=15
)


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=99), max_size=30) | LONG_ONES
)
def test_no_line_is_wide_but_for_a_wide_piece_and_none_is_lost(words: list[str]) -> None:
    lines = list(wrap(map(chunk, words), no_style, indent=0))
    note_case(reached=len(lines) > 1)
    assert [line for line in lines if display_width(line) > WIDTH and line not in words] == []
    assert " ".join(lines).split(" ") == (words or [""])


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
def test_carets_mark_the_part_that_is_meant(line: str, column: int, length: int, shown: tuple[str, str]) -> None:
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
