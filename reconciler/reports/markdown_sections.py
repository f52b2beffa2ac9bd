"""Changes of one risk as a section of Markdown, shown as far as there is room."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.reports.markdown import CLOSE_FOLD, open_fold
from reconciler.reports.markdown_entries import list_names, render_change, render_fold, render_fold_briefly, render_rows
from reconciler.reports.risk import RISK_WORDS, Risk, find_risk
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Change
    from reconciler.reports.grouping import Fold
    from reconciler.reports.relations import Relations


GRAVE = (Risk.BLOCKED, Risk.HISTORY, Risk.STRUCTURAL, Risk.ROUTING)
HARMLESS = (Risk.FORWARD, Risk.COSMETIC)
_BRIEF_FOLDS = 3


class Level(Enum):
    """How much of a part is shown; the words say it to the reader."""

    FULL = "in full"
    ROWS = "in short"
    NAMES = "only named"
    SOME = "named as far as there was room"
    COUNT = "only counted"


class Section(Struct, frozen=True):
    """The changes of a plan whose gravest risk is `risk`: those alike together, all others single."""

    risk: Risk
    relations: Relations
    folds: tuple[Fold, ...]
    singles: tuple[Change, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.singles, *(change for fold in self.folds for change in fold.alike))

    @property
    def title(self) -> str:
        return f"{RISK_WORDS[self.risk].heading}: {count(len(self.changes), 'change')}"

    def render(self, level: Level) -> Iterator[str]:
        """The section at `level`, piece by piece; at SOME it has one piece for each name between first and last."""
        heading = f"### {RISK_WORDS[self.risk].sign} {self.title}\n\n"
        match level:
            case Level.FULL:
                yield f"{heading}{RISK_WORDS[self.risk].meaning}\n\n"
                yield from self._show(render_change(change, self.relations) for change in self.singles)
            case Level.ROWS:
                yield heading
                yield from self._show(render_rows(self.singles))
            case Level.NAMES | Level.SOME:
                yield heading + "".join(map(render_fold_briefly, self.folds[:_BRIEF_FOLDS]))
                yield from list_names(self.changes)
                yield "\n\n"
            case Level.COUNT:
                yield f"{heading}No room here for their names.\n\n"
            case _:
                assert_never(level)

    def _show(self, singles: Iterable[str]) -> Iterator[str]:
        is_harmless = self.risk in HARMLESS
        yield open_fold("Show them") if is_harmless else ""
        yield from singles
        yield from map(render_fold, self.folds)
        yield CLOSE_FOLD if is_harmless else ""


def make_sections(
    relations: Relations, folds: Sequence[Fold], singles: Sequence[Change], risks: Sequence[Risk]
) -> tuple[Section, ...]:
    """A section for each of `risks` that a change has, in their order."""
    sections = (
        Section(
            risk,
            relations,
            tuple(fold for fold in folds if find_risk(fold.alike[0]) is risk),
            tuple(change for change in singles if find_risk(change) is risk),
        )
        for risk in risks
    )
    return tuple(section for section in sections if section.changes)
