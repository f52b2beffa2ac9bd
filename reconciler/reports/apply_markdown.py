"""The result of an apply as Markdown for a CI summary."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.outcomes import OutcomeStatus
from reconciler.reports.apply_report import (
    WORST_FIRST,
    count_outcomes,
    describe_blocked,
    find_next_step,
    find_remarked,
    group_by_message,
    outcome_label,
    summarize_result,
)
from reconciler.reports.escaping import (
    CLOSE_DETAILS,
    code,
    open_details,
    prose,
    shorten,
    shorten_text,
    size_of,
    tabulate,
)
from reconciler.reports.formatting import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan


# As for a plan: a comment on GitHub takes 65,536 characters, and a summary more.
BUDGET = 60_000
# The worst are the last to be shortened.
_ORDER = (*WORST_FIRST, OutcomeStatus.DONE)


class _OutcomeDetail(Enum):
    """How much of a section is shown; the value is what the reader is told."""

    FULL = "in full"
    NAMES = "only named"
    COUNT = "named as far as they fit"


class _OutcomeSection(Struct, frozen=True):
    """The changes with one outcome; with `remarks`, only the done ones that have a remark."""

    status: OutcomeStatus
    outcomes: Sequence[Outcome]
    remarks: bool = False

    @property
    def title(self) -> str:
        remarks = ", with a remark" if self.remarks else ""
        return f"{outcome_label(self.status)[0]}{remarks}: {count(len(self.outcomes), 'change')}"

    def render(self, level: _OutcomeDetail, room: int) -> str:
        """The section at `level`; at COUNT as many names as fit into `room` bytes."""
        match level:
            case _OutcomeDetail.FULL if self.status is OutcomeStatus.DONE and not self.remarks:
                return f"{open_details(self.title)}{', '.join(self._names())}\n{CLOSE_DETAILS}"
            case _OutcomeDetail.FULL:
                return f"### {self.title}\n\n{''.join(map(_render_outcomes, group_by_message(self.outcomes)))}\n"
            case _OutcomeDetail.NAMES:
                return f"### {self.title}\n\n{', '.join(self._names())}\n\n"
            case _OutcomeDetail.COUNT:
                return self._render_some(room)
            case _:
                assert_never(level)

    def _names(self) -> Iterator[str]:
        return (code(outcome.name) for outcome in self.outcomes)

    def _render_some(self, room: int) -> str:
        text, shown = f"### {self.title}\n\n", 0
        longest_end = f"and {len(self.outcomes)} more, not named here\n\n"
        for name in self._names():
            if size_of(f"{text}{name}, {longest_end}") > room:
                break
            text, shown = f"{text}{name}, ", shown + 1
        return f"{text}{'and ' if shown else ''}{len(self.outcomes) - shown} more, not named here\n\n"


def render_result_markdown(plan: Plan, result: ApplyResult, budget: int = BUDGET) -> str:
    """The result of an apply of `plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Counts come first. If not everything fits, done changes are shortened first and mismatches last, and the end of the
    report says which sections are not in full.
    """
    short = replace(plan, environment=shorten_text(plan.environment), url=shorten_text(plan.url))
    not_done = [_OutcomeSection(status, result.with_status(status)) for status in WORST_FIRST]
    remarked = _OutcomeSection(OutcomeStatus.DONE, find_remarked(result), remarks=True)
    done = _OutcomeSection(OutcomeStatus.DONE, result.with_status(OutcomeStatus.DONE))
    sections = [section for section in (*not_done, remarked, done) if section.outcomes]
    head, foot = _render_head(short, result), _render_foot(short, result)
    longest_note = _note_shortened(dict.fromkeys(sections, _OutcomeDetail.COUNT))
    texts, levels = _fit(sections, budget - size_of(f"{head}{longest_note}{foot}"))
    return f"{head}{''.join(texts)}{_note_shortened(levels)}{foot}"


def _fit(sections: Sequence[_OutcomeSection], room: int) -> tuple[list[str], dict[_OutcomeSection, _OutcomeDetail]]:
    """Each section with as much detail as fits, and the level of that."""
    levels = dict.fromkeys(sections, _OutcomeDetail.FULL)
    texts = {section: section.render(_OutcomeDetail.FULL, 0) for section in sections}
    for level in (_OutcomeDetail.NAMES, _OutcomeDetail.COUNT):
        for section in reversed(sections):
            if sum(map(size_of, texts.values())) > room:
                levels[section], texts[section] = level, section.render(level, 0)
    for section in sections:
        if levels[section] is _OutcomeDetail.COUNT:
            left = room - sum(size_of(text) for other, text in texts.items() if other is not section)
            texts[section] = section.render(_OutcomeDetail.COUNT, left)
    return list(texts.values()), levels


def _render_head(plan: Plan, result: ApplyResult) -> str:
    statuses = [status for status in _ORDER if status is not OutcomeStatus.MISMATCH or result.with_status(status)]
    numbers = [str(len(result.with_status(status))) for status in statuses]
    table = tabulate([outcome_label(status)[0] for status in statuses], [numbers])
    project = f", project {code(shorten(plan.folder, 60))}" if plan.folder else ""
    title = f"## EnergyCAP apply to {code(plan.environment)}{project}"
    return f"{title}\n\n**{prose(summarize_result(plan, result))}**\n\n{table}\n"


def _render_foot(plan: Plan, result: ApplyResult) -> str:
    blocked, advice = describe_blocked(plan), find_next_step(plan, result)
    lines = [f"{blocked}\n\n"] if blocked else []
    if advice:
        lines.append(f"{advice.sentence} {code(advice.command)}\n\n")
    return "".join([*lines, f"{count_outcomes(result)}\n"])


def _note_shortened(levels: dict[_OutcomeSection, _OutcomeDetail]) -> str:
    shortened = [
        f"“{section.title}” {level.value}" for section, level in levels.items() if level is not _OutcomeDetail.FULL
    ]
    if not shortened:
        return ""
    return f"Shortened to fit: {'; '.join(shortened)}. The JSON output and the journal have all of it.\n\n"


def _render_outcomes(group: Sequence[Outcome]) -> str:
    first = group[0]
    words = prose(first.message or first.remark)
    fix = f"\n  - fix: {prose(first.fix)}" if first.fix else ""
    if len(group) == 1:
        return f"- **{code(first.name)}** ({first.channel_id}): {words}{fix}\n"
    names = ", ".join(code(outcome.name) for outcome in group)
    return f"- **{count(len(group), 'change')}**: {words}{fix}\n  - {names}\n"
