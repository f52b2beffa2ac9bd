"""What every result of an apply says: how it went in a sentence, the counts, what is alike, and what to do next."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.outcomes import OutcomeStatus
from reconciler.reports.harmless import escape_text
from reconciler.reports.sentences import format_environment
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan

# The gravest first: what was written otherwise than meant comes before what was not written.
WORST_FIRST = (OutcomeStatus.MISMATCH, OutcomeStatus.FAILED, OutcomeStatus.STALE, OutcomeStatus.NOT_TRIED)


class NextStep(Struct, frozen=True):
    """What to do next, in a sentence, and the command for it."""

    sentence: str
    command: str


def summarize_result(plan: Plan, result: ApplyResult) -> str:
    """How the apply of `plan` went, in one sentence."""
    done = result.with_status(OutcomeStatus.DONE)
    already = sum(outcome.was_already_applied for outcome in done)
    text = f"{len(done)} of {count(len(result.outcomes), 'change')} done in {format_environment(plan)}"
    if already:
        text += f", {already} of them already there"
    if result.unread:
        text += f", {len(result.unread)} of them confirmed but not read again"
    if result.interrupted:
        return f"Interrupted: {text}."
    return f"Stopped: {text}." if result.aborted_because else f"{text}."


def count_outcomes(result: ApplyResult) -> str:
    """The line that ends the result."""
    numbers = {status: len(result.with_status(status)) for status in OutcomeStatus}
    text = (
        f"Apply: {numbers[OutcomeStatus.DONE]} done, {numbers[OutcomeStatus.STALE]} stale, "
        f"{numbers[OutcomeStatus.FAILED]} failed, {numbers[OutcomeStatus.NOT_TRIED]} not tried"
    )
    differs = numbers[OutcomeStatus.MISMATCH]
    return f"{text}, {count(differs, 'differs', 'differ')}." if differs else f"{text}."


def group_by_message(outcomes: Sequence[Outcome]) -> tuple[tuple[Outcome, ...], ...]:
    """`outcomes` of one status, those with the same words together, in the order of the first of each."""
    groups: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.message, outcome.remark, outcome.fix), []).append(outcome)
    return tuple(map(tuple, groups.values()))


def find_remarked(result: ApplyResult) -> tuple[Outcome, ...]:
    """The changes that are done with a remark."""
    return tuple(outcome for outcome in result.with_status(OutcomeStatus.DONE) if outcome.remark)


def describe_blocked(plan: Plan) -> str:
    """What is said of the blocked changes of `plan`; empty where it has none."""
    blocked = len(plan.blocked)
    said = count(blocked, "blocked change was", "blocked changes were")
    return f"{said} not sent; the plan says why." if blocked else ""


def find_next_step(plan: Plan, result: ApplyResult) -> NextStep | None:
    """What to do next after an apply of `plan`; None where all is done."""
    if result.interrupted:
        return NextStep("Next, go on where this stopped; what is done is recognised:", resume_command(plan))
    if result.aborted_because:
        return NextStep("Next, once that is mended, go on where this stopped:", resume_command(plan))
    if result.unread or len(result.with_status(OutcomeStatus.DONE)) < len(result.outcomes):
        return NextStep("Next, see what is left on what EnergyCAP has now:", plan_command(plan))
    return None


def resume_command(plan: Plan) -> str:
    """The command that goes on with an apply of `plan` that was interrupted, stopped or killed.

    An undoing goes on by the journal that it was made from: what is back already counts as done.
    """
    how = "--undo JOURNAL" if plan.is_rollback else "--resume"
    return f"reconciler apply --environment {_quote_environment(plan)} {how}"


def plan_command(plan: Plan) -> str:
    """The command that plans anew for the environment of `plan`."""
    return f"reconciler plan --environment {_quote_environment(plan)}"


def _quote_environment(plan: Plan) -> str:
    return quote(escape_text(plan.environment))
