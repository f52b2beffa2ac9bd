"""Lines out of pieces."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reports.excerpt import display_width
from reconciler.reports.layout import WIDTH, chunk, split_words, wrap
from reconciler.reports.paint import Style, no_style
from tests.cases import note_case


def test_pieces_go_on_one_line_while_they_fit() -> None:
    assert list(wrap((chunk("one"), chunk("two")), no_style, indent=2, gap="  ")) == ["  one  two"]


def test_what_does_not_fit_goes_on_the_next_line() -> None:
    pieces = (chunk("a" * 40), chunk("b" * 37), chunk("c"))
    assert list(wrap(pieces, no_style, indent=2, hang=4)) == [f"  {'a' * 40} {'b' * 37}", "    c"]


def test_lines_hang_under_each_other_where_nothing_else_is_said() -> None:
    assert list(wrap((chunk("a" * 79), chunk("b")), no_style, indent=1)) == [" " + "a" * 79, " b"]


def test_no_pieces_are_no_line() -> None:
    assert list(wrap((), no_style, indent=2)) == []


def test_neighbours_in_one_style_are_painted_together() -> None:
    pieces = (chunk("a", Style.FIX), chunk("b", Style.FIX), chunk("c"), chunk("d", Style.CODE))
    painted = wrap(pieces, lambda text, style: f"<{style.value}:{text}>", indent=0)
    assert list(painted) == ["<fix:a b> c <code:d>"]


def test_what_is_quoted_or_stands_after_two_spaces_is_kept_whole() -> None:
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
