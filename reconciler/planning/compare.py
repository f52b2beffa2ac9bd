"""Whether a plan that was reviewed is still the plan, by what it does and not by its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import FIELD_AT
from reconciler.model.plan import Action
from reconciler.model.record import record
from reconciler.planning.canonical import is_same
from reconciler.planning.citing import show_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plan import Change, Edit, Plan


@record
class Shift:
    """A change that does something else than when it was reviewed; one sentence for each difference."""

    name: str
    reasons: tuple[str, ...]


@record
class Comparison:
    """How a plan made anew differs from the reviewed one, by the names of the changes.

    `gone` are changes that are not asked for any more, `changed` do something else, `new` were not reviewed.
    """

    gone: tuple[str, ...]
    changed: tuple[Shift, ...]
    new: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all that was reviewed is still to be done, or done already; what is new besides does not matter."""
        return not self.gone and not self.changed

    def describe(self) -> str:
        """The difference in numbers: `since review: 2 changes gone, 1 new`; empty where there is none."""
        counted = ((len(self.gone), "gone"), (len(self.changed), "changed"), (len(self.new), "new"))
        numbers = [(number, word) for number, word in counted if number]
        if not numbers:
            return ""
        (first, word), *rest = numbers
        noun = "change" if first == 1 else "changes"
        return ", ".join((f"since review: {first} {noun} {word}", *(f"{number} {word}" for number, word in rest)))


def compare_plans(reviewed: Plan, current: Plan) -> Comparison:
    """How `current`, made from what files and service say now, differs from the `reviewed` plan.

    Only what `reviewed` would send counts. A change that is live already is still the same, and so is one whose channel
    moved where it manages nothing. Both plans must be for the same environment.
    """
    now = {change.name: change for change in current.changes}
    sent = {change.name for change in reviewed.sendable}
    known = [change for change in reviewed.sendable if change.name in now]
    shifts = (Shift(change.name, tuple(_find_reasons(change, now[change.name]))) for change in known)
    gone = {change.name for change in reviewed.sendable if _is_gone(change, now.get(change.name))}
    return Comparison(
        gone=tuple(change.name for change in reviewed.sendable if change.name in gone),
        changed=tuple(shift for shift in shifts if shift.reasons and shift.name not in gone),
        new=tuple(change.name for change in current.sendable if change.name not in sent),
    )


def _is_gone(change: Change, now: Change | None) -> bool:
    """Whether nothing is to be done to the channel any more, and not because it was done."""
    if now is None:
        return True
    return now.action is Action.NO_OP and not all(_is_done(edit, now) for edit in change.edits)


def _is_done(edit: Edit, now: Change) -> bool:
    return edit.implied_by is not None or (edit.path in now.after and now.after[edit.path] == edit.after)


def _find_reasons(change: Change, now: Change) -> Iterator[str]:
    if now.channel_id != change.channel_id:
        yield f"is channel {now.channel_id} now, was channel {change.channel_id}"
    if now.blocked_by:
        yield f"is blocked now by {', '.join(dict.fromkeys(block.rule for block in now.blocked_by))}"
    if now.action is Action.UPDATE:
        yield from _compare_edits(change, now)


def _compare_edits(change: Change, now: Change) -> Iterator[str]:
    edits, edits_now = ({edit.path: edit for edit in one.edits} for one in (change, now))
    for path, edit in edits.items():
        if path in edits_now:
            yield from _compare_edit(edit, edits_now[path])
        elif not _is_done(edit, now):
            yield f"{path} is not edited any more"
    for path, edit in edits_now.items():
        if path not in edits:
            yield f"{path} is edited too now, from {show_value(edit.before)} to {show_value(edit.after)}"
        elif edit.after == edits[path].after and not _means_the_same(path, change, now):
            yield f"{path} means something else now"


def _means_the_same(path: str, change: Change, now: Change) -> bool:
    return change.wanted.get(FIELD_AT[path].path) == now.wanted.get(FIELD_AT[path].path)


def _compare_edit(edit: Edit, now: Edit) -> Iterator[str]:
    if not is_same(edit.path, edit.before, now.before, None):
        yield f"{edit.path} is {show_value(now.before)} now, was {show_value(edit.before)}"
    if now.after != edit.after:
        yield f"{edit.path} becomes {show_value(now.after)} now, was to become {show_value(edit.after)}"
    if now.impact is not edit.impact:
        yield f"the edit of {edit.path} is {now.impact.value} now, was {edit.impact.value}"
