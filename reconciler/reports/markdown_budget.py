"""Sections of a Markdown report, each shortened as far as a limit on the whole report demands."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.reports.escaping import CLOSE_DETAILS, open_details, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# In bytes: a comment on GitHub takes 65,536 characters, less some reserve.
BUDGET = 60_000


class DetailLevel(Enum):
    """How much of a section is shown; the value is what the reader is told."""

    FULL = "in full"
    LINES = "one line each"
    COUNT = "only counted"


class SectionLine(Struct, frozen=True):
    """A line of a section, and how many of the section's things it lists."""

    text: str
    listed: int = 1


class Section(Struct, frozen=True):
    """A part of a report about `number` things: its text in full, and a line for each of them.

    Both are made piece by piece, so that of a long section no more is made than there is room for. Nothing of a ranked
    section is listed unless the ranked sections before it are listed completely.
    """

    title: str
    number: int
    render: Callable[[], Iterable[str]]
    list_lines: Callable[[], Iterable[SectionLine]]
    is_ranked: bool = False
    is_collapsed: bool = False
    intro: str = ""


class ShownSection(Struct, frozen=True):
    """The text of a section at a level, and whether it lists everything that the section is about."""

    section: Section
    level: DetailLevel
    text: str
    is_complete: bool

    @property
    def size(self) -> int:
        return size_of(self.text)


def fit_sections(sections: Sequence[Section], room: int) -> list[ShownSection]:
    """`sections` in full if that takes no more than `room` bytes, else each as long as there is room for it."""
    full = [_show_in_full(section, room) for section in sections]
    if sum(part.size for part in full) <= room:
        return full
    shown = [_show_count(section) for section in sections]
    # At first a section gets no more than a quarter of the room left, so that the next ones have some for their lines.
    for share in (4, 1):
        _extend(shown, full, room, share)
    return shown


def note_shortened(levels: Iterable[tuple[Section, DetailLevel]], where_all: str) -> str:
    """A sentence that says which sections are not in full, and then `where_all` is; "" if all sections are."""
    shortened = [f"“{section.title}” {level.value}" for section, level in levels if level is not DetailLevel.FULL]
    return f"Shortened to fit: {'; '.join(shortened)}. {where_all}\n\n" if shortened else ""


def _extend(shown: list[ShownSection], full: Sequence[ShownSection], room: int, share: int) -> None:
    """Replace each of `shown` by a longer one that fits into its share of the room left, those without rank first.

    Ranked sections are listed beyond their share, because the next ones must wait for them.
    """
    spare = room - sum(part.size for part in shown)
    for index in sorted(range(len(shown)), key=lambda index: shown[index].section.is_ranked):
        part, section = shown[index], shown[index].section
        if full[index].size <= part.size + spare // share:
            shown[index] = full[index]
        elif not part.is_complete:
            shown[index] = _show_lines(section, part.size + (spare if section.is_ranked else spare // share))
        spare -= shown[index].size - part.size
        if section.is_ranked and not shown[index].is_complete:
            break


def _show_in_full(section: Section, room: int) -> ShownSection:
    """`section` in full; if that is more than `room` bytes, only the beginning, which is never shown."""
    texts, size = [], 0
    for text in section.render():
        texts.append(text)
        size += size_of(text)
        if size > room:
            break
    return ShownSection(section, DetailLevel.FULL, _frame(section, "".join(texts)), is_complete=True)


def _show_lines(section: Section, room: int) -> ShownSection:
    """As many lines of `section` as fit, and how many more things there are; if none fits, the count."""
    room -= size_of(_frame(section, _count_unlisted(section.number)))
    texts, unlisted = [], section.number
    for line in section.list_lines():
        room -= size_of(line.text)
        if room < 0:
            break
        texts.append(line.text)
        unlisted -= line.listed
    if not texts:
        return _show_count(section)
    text = _frame(section, f"{''.join(texts)}{_count_unlisted(unlisted)}")
    return ShownSection(section, DetailLevel.LINES, text, is_complete=not unlisted)


def _show_count(section: Section) -> ShownSection:
    text = f"### {section.title}\n\nThere is no room to list them here.\n\n"
    return ShownSection(section, DetailLevel.COUNT, text, is_complete=False)


def _count_unlisted(number: int) -> str:
    return f"- and {number} more, not listed here\n\n" if number else "\n"


def _frame(section: Section, body: str) -> str:
    text = f"{open_details('Show them')}{body}{CLOSE_DETAILS}" if section.is_collapsed else body
    return f"### {section.title}\n\n{section.intro}{text}"
