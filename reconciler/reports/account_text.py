"""What became of a plan as text: each change that is not done, the next command, and a line of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.outcomes import OutcomeStatus
from reconciler.reports.account_words import (
    WORST_FIRST,
    count_outcomes,
    describe_blocked,
    find_next_step,
    find_remarked,
    group_by_message,
    summarize_result,
)
from reconciler.reports.harmless import escape_text
from reconciler.reports.layout import chunk, split_words, wrap
from reconciler.reports.paint import Style
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan
    from reconciler.reports.paint import Styler


def render_result(plan: Plan, result: ApplyResult, styler: Styler) -> str:
    """The result of an apply of `plan`: a sentence, what is not done and why, what to do next, and the counts.

    Changes that ended alike are told together, all of them by name. What is done with a remark comes last.
    """
    told = [*(result.with_status(status) for status in WORST_FIRST), find_remarked(result)]
    groups = [group for outcomes in told for group in group_by_message(outcomes)]
    blocks = [
        [styler(summarize_result(plan, result), Style.HEADING)],
        [line for group in groups for line in _render_outcomes(group, styler)],
        list(_render_next_step(plan, result)),
        [styler(count_outcomes(result), Style.HEADING)],
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


def outcome_label(status: OutcomeStatus) -> tuple[str, Style]:
    """The symbol and the word for how a change ended."""
    match status:
        case OutcomeStatus.DONE:
            return "+ done", Style.DONE
        case OutcomeStatus.STALE:
            return "? stale", Style.STALE
        case OutcomeStatus.FAILED:
            return "! failed", Style.FAILED
        case OutcomeStatus.NOT_TRIED:
            return "- not tried", Style.NOT_TRIED
        case OutcomeStatus.MISMATCH:
            return "! differs", Style.FAILED
        case _:
            assert_never(status)


def _render_outcomes(group: Sequence[Outcome], styler: Styler) -> Iterator[str]:
    first = group[0]
    who = [chunk(escape_text(first.name), Style.NAME), chunk(str(first.channel_id))]
    if len(group) > 1:
        who = [chunk(count(len(group), "change"), Style.NAME)]
    yield from wrap((chunk(*outcome_label(first.status)), *who), styler, indent=0, hang=4, gap="  ")
    yield from wrap(split_words(first.message or first.remark), styler, indent=4)
    if first.fix:
        yield from wrap((chunk("fix:", Style.FIX), *split_words(first.fix)), styler, indent=4, hang=9)
    if len(group) > 1:
        yield from wrap([chunk(escape_text(outcome.name), Style.NAME) for outcome in group], styler, indent=4, gap="  ")


def _render_next_step(plan: Plan, result: ApplyResult) -> Iterator[str]:
    blocked, advice = describe_blocked(plan), find_next_step(plan, result)
    if blocked:
        yield blocked
    if advice:
        yield advice.sentence
        yield f"  {advice.command}"
