"""An apply as lines of JSON while it happens, shaped like Terraform's machine-readable output."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler import __version__
from reconciler.model.outcomes import Finished, OutcomeCorrected, OutcomeStatus, Started, Verifying
from reconciler.reports.account_words import count_outcomes
from reconciler.reports.json_text import dump_line
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from reconciler.model.outcomes import ApplyResult, Event, Outcome
    from reconciler.model.plan import Plan

EVENT_FORMAT_VERSION = "1.0"


def render_version_event(plan: Plan, changes: int) -> str:
    """The first line: who speaks, in which version of this format, and of how many changes to which environment."""
    details: dict[str, object] = {
        "format_version": EVENT_FORMAT_VERSION,
        "tool_version": __version__,
        "environment": {"name": plan.environment, "url": plan.url},
        "changes": changes,
    }
    return _event_line("version", f"reconciler {__version__}", details)


def render_event(event: Event) -> str:
    """The line of one event: `apply_start`, `apply_complete`, `apply_errored`, or `apply_read_back`."""
    match event:
        case Started():
            message = f"{event.name}: applying ({event.index} of {event.of})"
            return _event_line("apply_start", message, _address_fields(event.name, event.channel_id))
        case Finished():
            return _render_outcome_event(event.outcome)
        case Verifying():
            message = f"reading {count(event.channels, 'channel')} once more"
            return _event_line("apply_read_back", message, {"channels": event.channels})
        case OutcomeCorrected():
            return _render_outcome_event(event.outcome)
        case _:
            assert_never(event)


def render_summary_event(result: ApplyResult) -> str:
    """The last line: how many changes ended how, and why not all were tried, as the result has it."""
    counts: dict[str, object] = {
        status.value.replace(" ", "_"): len(result.with_status(status)) for status in OutcomeStatus
    }
    stops = {"interrupted": result.interrupted, "halted": result.aborted_because or None}
    return _event_line("change_summary", count_outcomes(result), {**counts, "unread": len(result.unread), **stops})


def _render_outcome_event(outcome: Outcome) -> str:
    details: dict[str, object] = {
        **_address_fields(outcome.name, outcome.channel_id),
        "ending": outcome.status.value,
        "requests": outcome.requests,
    }
    if outcome.status is OutcomeStatus.DONE:
        return _render_done_event(outcome, details)
    message = f"{outcome.name}: {outcome.status.value}: {outcome.message}"
    failure = {"message": outcome.message, "fix": outcome.fix}
    return _event_line("apply_errored", message, {**details, **failure}, level="error")


def _render_done_event(outcome: Outcome, details: dict[str, object]) -> str:
    details |= {"already": outcome.was_already_applied, "remark": outcome.remark or None, "unread": outcome.unread}
    if not outcome.remark:
        return _event_line("apply_complete", f"{outcome.name}: done", details)
    return _event_line("apply_complete", f"{outcome.name}: done: {outcome.remark}", details, level="warn")


def _address_fields(name: str, channel_id: int) -> dict[str, object]:
    return {"address": f"esa_channel.{name}", "name": name, "channel_id": channel_id}


def _event_line(kind: str, message: str, details: dict[str, object], *, level: str = "info") -> str:
    return dump_line({"type": kind, "@level": level, "@message": message, **details})
