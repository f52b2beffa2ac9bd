"""What became of a plan as text: each change that is not done, the next command, and a line of counts."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, assert_never

from reconciler.model.outcomes import Ending
from reconciler.reports.harmless import harmless
from reconciler.reports.layout import break_sentence, lay_out, piece
from reconciler.reports.paint import Style
from reconciler.reports.sentences import name_environment
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.outcomes import Account, Outcome
    from reconciler.model.plan import Plan
    from reconciler.reports.paint import Paint

# The gravest first: what was written otherwise than meant comes before what was not written.
_ORDER = (Ending.DIFFERS, Ending.FAILED, Ending.STALE, Ending.NOT_TRIED)


def render_account(plan: Plan, account: Account, paint: Paint) -> str:
    """The account of an apply of `plan`: a sentence, what is not done and why, what to do next, and the counts."""
    open_ = [outcome for ending in _ORDER for outcome in account.ended(ending)]
    blocks = [
        [paint(_describe(plan, account), Style.HEADING)],
        [line for outcome in open_ for line in _render_outcome(outcome, paint)],
        list(_advise(plan, account)),
        [paint(count_endings(account), Style.HEADING)],
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


def count_endings(account: Account) -> str:
    """The line that ends the account."""
    numbers = {ending: len(account.ended(ending)) for ending in Ending}
    text = (
        f"Apply: {numbers[Ending.DONE]} done, {numbers[Ending.STALE]} stale, "
        f"{numbers[Ending.FAILED]} failed, {numbers[Ending.NOT_TRIED]} not tried"
    )
    differs = numbers[Ending.DIFFERS]
    return f"{text}, {count(differs, 'differs', 'differ')}." if differs else f"{text}."


def mark_ending(ending: Ending) -> tuple[str, Style]:
    """The symbol and the word for how a change ended."""
    match ending:
        case Ending.DONE:
            return "+ done", Style.DONE
        case Ending.STALE:
            return "? stale", Style.STALE
        case Ending.FAILED:
            return "! failed", Style.FAILED
        case Ending.NOT_TRIED:
            return "- not tried", Style.NOT_TRIED
        case Ending.DIFFERS:
            return "! differs", Style.FAILED
        case _:
            assert_never(ending)


def _describe(plan: Plan, account: Account) -> str:
    done = account.ended(Ending.DONE)
    already = sum(outcome.already for outcome in done)
    text = f"{len(done)} of {count(len(account.outcomes), 'change')} done in {name_environment(plan)}"
    if already:
        text += f", {already} of them already there"
    return f"Interrupted: {text}." if account.interrupted else f"{text}."


def _render_outcome(outcome: Outcome, paint: Paint) -> Iterator[str]:
    head = (
        piece(*mark_ending(outcome.ending)),
        piece(harmless(outcome.name), Style.NAME),
        piece(str(outcome.channel_id)),
    )
    yield from lay_out(head, paint, indent=0, hang=4, gap="  ")
    yield from lay_out(break_sentence(outcome.message), paint, indent=4)
    if outcome.fix:
        yield from lay_out((piece("fix:", Style.FIX), *break_sentence(outcome.fix)), paint, indent=4, hang=9)


def resume_command(plan: Plan) -> str:
    """The command that goes on with an apply of `plan` that was interrupted or killed."""
    return f"reconciler apply --environment {_quote_environment(plan)} --resume"


def plan_command(plan: Plan) -> str:
    """The command that plans anew for the environment of `plan`."""
    return f"reconciler plan --environment {_quote_environment(plan)}"


def _quote_environment(plan: Plan) -> str:
    return quote(harmless(plan.environment))


def _advise(plan: Plan, account: Account) -> Iterator[str]:
    blocked = len(plan.blocked)
    if blocked:
        yield f"{count(blocked, 'blocked change was', 'blocked changes were')} not sent; the plan says why."
    if account.interrupted:
        yield "Next, go on where this stopped; what is done is recognised:"
        yield f"  {resume_command(plan)}"
    elif len(account.ended(Ending.DONE)) < len(account.outcomes):
        yield "Next, see what is left on what EnergyCAP has now:"
        yield f"  {plan_command(plan)}"
