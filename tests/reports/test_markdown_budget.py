"""Sections that are shortened to fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.markdown_budget import DetailLevel, Section, SectionLine, fit_sections, note_shortened
from tests.cases import note_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.reports.markdown_budget import ShownSection


def make_section(title: str, number: int, *, size: int = 100, is_ranked: bool = True) -> Section:
    """A section of things that take `size` bytes each in full, and 10 on a line."""
    return Section(
        title,
        number,
        lambda: ("x" * size for _ in range(number)),
        lambda: (SectionLine(f"- {title[:1]}{index:06}\n") for index in range(number)),
        is_ranked=is_ranked,
    )


def _describe(shown: Sequence[ShownSection]) -> list[tuple[str, DetailLevel, int]]:
    """Title, level and number of lines of each section."""
    return [(part.section.title, part.level, len(re.findall(r"- [a-z]\d", part.text))) for part in shown]


def test_what_fits_is_shown_in_full() -> None:
    shown = fit_sections([make_section("a", 5), make_section("b", 4)], 1000)
    assert _describe(shown) == [("a", DetailLevel.FULL, 0), ("b", DetailLevel.FULL, 0)]


def test_a_short_section_stays_in_full_beside_a_long_one() -> None:
    shown = fit_sections([make_section("long", 90), make_section("short", 2)], 2000)
    assert _describe(shown) == [("long", DetailLevel.LINES, 90), ("short", DetailLevel.FULL, 0)]


def test_room_that_is_left_makes_the_first_sections_longer() -> None:
    shown = fit_sections([make_section("a", 20), make_section("b", 20)], 2500)
    assert _describe(shown) == [("a", DetailLevel.FULL, 0), ("b", DetailLevel.LINES, 20)]


def test_nothing_is_listed_after_a_ranked_section_with_no_room_for_all() -> None:
    shown = fit_sections([make_section("a", 2000), make_section("b", 2)], 1000)
    assert [(title, level) for title, level, _ in _describe(shown)] == [
        ("a", DetailLevel.LINES),
        ("b", DetailLevel.COUNT),
    ]


def test_sections_without_rank_have_some_room_beside_ranked_ones_that_could_take_all() -> None:
    shown = fit_sections([make_section("ranked", 2000), make_section("free", 2000, is_ranked=False)], 2000)
    (_, _, ranked), (_, _, free) = _describe(shown)
    assert ranked > 2 * free > 50


def test_what_has_no_room_is_counted() -> None:
    text = "### a\n\n- a000000\n- a000001\n- and 7 more, not listed here\n\n"
    (shown,) = fit_sections([make_section("a", 9)], len(text))
    assert (shown.text, shown.is_complete) == (text, False)


def test_a_section_of_which_no_line_fits_is_only_counted() -> None:
    (shown,) = fit_sections([make_section("a", 9)], 45)
    assert (shown.text, shown.level) == ("### a\n\nThere is no room to list them here.\n\n", DetailLevel.COUNT)


def test_a_note_names_the_sections_that_are_not_in_full() -> None:
    levels = [(make_section(level.name, 1), level) for level in DetailLevel]
    assert note_shortened(levels, "The file has all of it.") == (
        "Shortened to fit: “LINES” one line each; “COUNT” only counted. The file has all of it.\n\n"
    )
    assert note_shortened(levels[:1], "The file has all of it.") == ""


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(20, 200), st.booleans()), min_size=1, max_size=6),
    st.integers(400, 8000),
)
def test_the_room_is_never_exceeded_and_everything_is_listed_or_counted(
    parts: list[tuple[int, int, bool]], room: int
) -> None:
    sections = [make_section(f"{'abcdef'[i]}", n, size=s, is_ranked=ranked) for i, (n, s, ranked) in enumerate(parts)]
    shown = fit_sections(sections, room)
    note_case(reached=any(part.level is DetailLevel.LINES for part in shown))
    assert [part.section for part in shown] == sections
    assert sum(part.size for part in shown) <= room
    for title, level, listed in _describe(shown):
        number = next(section.number for section in sections if section.title == title)
        text = next(part.text for part in shown if part.section.title == title)
        left = sum(map(int, re.findall(r"and (\d+) more", text)))
        assert level is not DetailLevel.LINES or listed + left == number
