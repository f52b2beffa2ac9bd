"""The result of an apply as Markdown for a CI summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from reconciler.reports.escaping import code, prose, shorten, shorten_text, size_of, tabulate
from reconciler.reports.formatting import count
from reconciler.reports.markdown_budget import BUDGET, DetailLevel, Section, SectionLine, fit_sections, note_shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan


# The worst are the last to be shortened.
_ORDER = (*WORST_FIRST, OutcomeStatus.DONE)


def render_result_markdown(plan: Plan, result: ApplyResult, budget: int = BUDGET) -> str:
    """The result of an apply of `plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Counts come first. If not everything fits, done changes are shortened first and mismatches last, and the end of the
    report says which sections are not in full.
    """
    short = replace(plan, environment=shorten_text(plan.environment), url=shorten_text(plan.url))
    sections = [section for section in _make_sections(result) if section.number]
    head, foot = _render_head(short, result), _render_foot(short, result)
    longest_note = _note_shortened((section, DetailLevel.LINES) for section in sections)
    shown = fit_sections(sections, budget - size_of(f"{head}{longest_note}{foot}"))
    note = _note_shortened((part.section, part.level) for part in shown)
    return f"{head}{''.join(part.text for part in shown)}{note}{foot}"


def _make_sections(result: ApplyResult) -> Iterator[Section]:
    yield from (_make_section(outcome_label(status)[0], result.with_status(status)) for status in WORST_FIRST)
    done = outcome_label(OutcomeStatus.DONE)[0]
    yield _make_section(f"{done}, with a remark", find_remarked(result))
    yield _make_done_section(done, result.with_status(OutcomeStatus.DONE))


def _make_section(label: str, outcomes: Sequence[Outcome]) -> Section:
    return Section(
        f"{label}: {count(len(outcomes), 'change')}",
        len(outcomes),
        lambda: [*map(_render_outcomes, group_by_message(outcomes)), "\n"],
        lambda: (SectionLine(f"- {code(outcome.name)}: {_describe(outcome)}\n") for outcome in outcomes),
        is_ranked=True,
    )


def _make_done_section(label: str, outcomes: Sequence[Outcome]) -> Section:
    names = [code(outcome.name) for outcome in outcomes]
    return Section(
        f"{label}: {count(len(names), 'change')}",
        len(names),
        lambda: [f"{', '.join(names)}\n"],
        lambda: (SectionLine(f"- {name}\n") for name in names),
        is_ranked=True,
        is_collapsed=True,
    )


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


def _note_shortened(levels: Iterable[tuple[Section, DetailLevel]]) -> str:
    return note_shortened(levels, "The JSON output and the journal have all of it.")


def _describe(outcome: Outcome) -> str:
    return prose(outcome.message or outcome.remark)


def _render_outcomes(group: Sequence[Outcome]) -> str:
    first = group[0]
    words = _describe(first)
    fix = f"\n  - fix: {prose(first.fix)}" if first.fix else ""
    if len(group) == 1:
        return f"- **{code(first.name)}** ({first.channel_id}): {words}{fix}\n"
    names = ", ".join(code(outcome.name) for outcome in group)
    return f"- **{count(len(group), 'change')}**: {words}{fix}\n  - {names}\n"
