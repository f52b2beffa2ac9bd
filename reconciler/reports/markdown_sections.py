"""Changes of one risk as a section of Markdown, shown as far as there is room."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.reports.markdown import CLOSE_DETAILS, open_details
from reconciler.reports.markdown_entries import (
    list_names,
    render_change,
    render_identical,
    render_identical_briefly,
    render_rows,
)
from reconciler.reports.risk import RISK_WORDS, Risk, find_risk
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Change
    from reconciler.reports.grouping import IdenticalChanges
    from reconciler.reports.relations import Dependents


HIGH_RISK = (Risk.BLOCKED, Risk.HISTORY, Risk.STRUCTURAL, Risk.ROUTING)
LOW_RISK = (Risk.FORWARD, Risk.COSMETIC)
_BRIEF_GROUPS = 3


class DetailLevel(Enum):
    """How much of a part is shown; the words say it to the reader."""

    FULL = "in full"
    ROWS = "in short"
    NAMES = "only named"
    SOME = "named as far as there was room"
    COUNT = "only counted"


class RiskSection(Struct, frozen=True):
    """The changes of a plan whose gravest risk is `risk`: those alike together, all others single."""

    risk: Risk
    dependents: Dependents
    identical: tuple[IdenticalChanges, ...]
    singles: tuple[Change, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.singles, *(change for identical in self.identical for change in identical.changes))

    @property
    def title(self) -> str:
        return f"{RISK_WORDS[self.risk].heading}: {count(len(self.changes), 'change')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        """The section at `level`, piece by piece; at SOME it has one piece for each name between first and last."""
        heading = f"### {RISK_WORDS[self.risk].sign} {self.title}\n\n"
        match level:
            case DetailLevel.FULL:
                yield f"{heading}{RISK_WORDS[self.risk].meaning}\n\n"
                yield from self._show(render_change(change, self.dependents) for change in self.singles)
            case DetailLevel.ROWS:
                yield heading
                yield from self._show(render_rows(self.singles))
            case DetailLevel.NAMES | DetailLevel.SOME:
                yield heading + "".join(map(render_identical_briefly, self.identical[:_BRIEF_GROUPS]))
                yield from list_names(self.changes)
                yield "\n\n"
            case DetailLevel.COUNT:
                yield f"{heading}No room here for their names.\n\n"
            case _:
                assert_never(level)

    def _show(self, singles: Iterable[str]) -> Iterator[str]:
        is_harmless = self.risk in LOW_RISK
        yield open_details("Show them") if is_harmless else ""
        yield from singles
        yield from map(render_identical, self.identical)
        yield CLOSE_DETAILS if is_harmless else ""


def make_risk_sections(
    dependents: Dependents, groups: Sequence[IdenticalChanges], singles: Sequence[Change], risks: Sequence[Risk]
) -> tuple[RiskSection, ...]:
    """A section for each of `risks` that a change has, in their order."""
    sections = (
        RiskSection(
            risk,
            dependents,
            tuple(identical for identical in groups if find_risk(identical.changes[0]) is risk),
            tuple(change for change in singles if find_risk(change) is risk),
        )
        for risk in risks
    )
    return tuple(section for section in sections if section.changes)
