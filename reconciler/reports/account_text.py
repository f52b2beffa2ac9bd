"""What became of a plan as text: each change that is not done, the next command, and a line of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.outcomes import OutcomeStatus
from reconciler.reports.account_words import (
    GRAVEST_FIRST,
    advise,
    count_endings,
    describe_account,
    group_alike,
    list_remarked,
    mention_blocked,
)
from reconciler.reports.harmless import harmless
from reconciler.reports.layout import break_sentence, lay_out, piece
from reconciler.reports.paint import Style
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan
    from reconciler.reports.paint import Paint


def render_account(plan: Plan, account: ApplyResult, paint: Paint) -> str:
    """The account of an apply of `plan`: a sentence, what is not done and why, what to do next, and the counts.

    Changes that ended alike are told together, all of them by name. What is done with a remark comes last.
    """
    told = [*(account.with_status(ending) for ending in GRAVEST_FIRST), list_remarked(account)]
    groups = [group for outcomes in told for group in group_alike(outcomes)]
    blocks = [
        [paint(describe_account(plan, account), Style.HEADING)],
        [line for group in groups for line in _render_group(group, paint)],
        list(_advise(plan, account)),
        [paint(count_endings(account), Style.HEADING)],
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


def mark_ending(ending: OutcomeStatus) -> tuple[str, Style]:
    """The symbol and the word for how a change ended."""
    match ending:
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
            assert_never(ending)


def _render_group(group: Sequence[Outcome], paint: Paint) -> Iterator[str]:
    first = group[0]
    who = [piece(harmless(first.name), Style.NAME), piece(str(first.channel_id))]
    if len(group) > 1:
        who = [piece(count(len(group), "change"), Style.NAME)]
    yield from lay_out((piece(*mark_ending(first.status)), *who), paint, indent=0, hang=4, gap="  ")
    yield from lay_out(break_sentence(first.message or first.remark), paint, indent=4)
    if first.fix:
        yield from lay_out((piece("fix:", Style.FIX), *break_sentence(first.fix)), paint, indent=4, hang=9)
    if len(group) > 1:
        yield from lay_out([piece(harmless(outcome.name), Style.NAME) for outcome in group], paint, indent=4, gap="  ")


def _advise(plan: Plan, account: ApplyResult) -> Iterator[str]:
    blocked, advice = mention_blocked(plan), advise(plan, account)
    if blocked:
        yield blocked
    if advice:
        yield advice.sentence
        yield f"  {advice.command}"
