"""Whether the entries of a journal fit its plan, so that nothing is undone or resumed that was never planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.entries import Ended, Intent, Landed
from reconciler.apply.writing import Part
from reconciler.model.canonical import is_same
from reconciler.model.fields import FIELD_AT, OBSERVATION_RULE_ID
from reconciler.model.outcomes import OutcomeStatus
from reconciler.planning.messages import show_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.apply.entries import Entry
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, Plan


def find_disagreement(plan: Plan, entries: Sequence[Entry]) -> str | None:
    """The first entry that does not fit `plan` or the entries before it, in a sentence; None if all fit."""
    return next(_list_disagreements(plan, entries), None)


def _list_disagreements(plan: Plan, entries: Sequence[Entry]) -> Iterator[str]:
    changes = {change.name: change for change in plan.changes}
    intents: dict[int, Intent] = {}
    endings: dict[int, OutcomeStatus] = {}
    written: set[str] = set()
    for entry in entries:
        match entry:
            case Intent():
                if entry.number in intents:
                    yield f"two intents have the number {entry.number}"
                yield from _check_intent(entry, changes.get(entry.name))
                intents[entry.number] = entry
                written.add(entry.name)
            case Landed():
                yield from _check_landed(entry, intents.get(entry.number), endings.get(entry.number))
                endings[entry.number] = entry.landing.ending
            case Ended():
                yield from _check_ended(entry, changes, written)
            case _:
                pass


def _check_intent(intent: Intent, change: Change | None) -> Iterator[str]:
    """A write is of a change that may be sent, to its channel, of its values, and over those that the plan saw."""
    named = f"intent {intent.number}, of {show_value(intent.name)},"
    if change is None or not change.is_sendable:
        yield f"{named} is not for a change that its plan may send"
        return
    if (intent.before.id, intent.before.data_point.id) != (change.channel_id, change.data_point.id):
        yield f"{named} is for channel {intent.before.id}, but in its plan it is channel {change.channel_id}"
    rule_id = intent.before.values.get(OBSERVATION_RULE_ID)
    for path, value in intent.write.wanted.items():
        if path not in change.target_values or not is_same(path, value, change.target_values[path], rule_id):
            yield f"{named} writes {path}, but not with an edit of its plan"
        elif not _is_foreseen(change, path, intent.before):
            yield f"{named} found another {path} than its plan saw"
        elif intent.write.part is Part.VERSION and not FIELD_AT[path].is_versioned:
            yield f"{named} writes {path} to a version, which has no such value"


def _is_foreseen(change: Change, path: str, before: Live) -> bool:
    """Whether a write found what the plan saw, or what it wants: somebody may have set that in between."""
    rule_id, found = before.values.get(OBSERVATION_RULE_ID), before.values.get(path)
    return any(is_same(path, value, found, rule_id) for value in (change.live.get(path), change.target_values[path]))


def _check_landed(landed: Landed, intent: Intent | None, earlier: OutcomeStatus | None) -> Iterator[str]:
    if intent is None:
        yield f"an outcome has the number {landed.number}, but no intent before it has it"
    elif landed.landing.found is not None and landed.landing.found.id != intent.before.id:
        yield f"the outcome of intent {landed.number} is of channel {landed.landing.found.id}, not {intent.before.id}"
    # A write that failed may turn out to be done; what is done stays so.
    elif earlier not in (None, OutcomeStatus.FAILED):
        yield f"intent {landed.number} has another outcome after it ended as {earlier.value}"


def _check_ended(ended: Ended, changes: Mapping[str, Change], written: Collection[str]) -> Iterator[str]:
    """An account has one outcome for a change, and "done" only if a write before it says so, or it was done already."""
    told: set[str] = set()
    for outcome in ended.account.outcomes:
        change, named = changes.get(outcome.name), show_value(outcome.name)
        if change is None or change.channel_id != outcome.channel_id:
            yield f"an account has {named} on channel {outcome.channel_id}, but its plan does not"
        elif outcome.name in told:
            yield f"an account has {named} twice"
        elif outcome.status is OutcomeStatus.DONE and not outcome.was_already_applied and outcome.name not in written:
            yield f"an account says that {named} was written, but the journal has no earlier intent for it"
        told.add(outcome.name)
