"""Guards, and whether a reviewed plan still holds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.fields import FIELD_AT, OBSERVATION_RULE_ID, Impact, find_version
from reconciler.model.findings import Severity
from reconciler.model.plan import Action
from reconciler.model.project import HistoryRewrites, OnBlocked
from reconciler.model.values import is_equal
from reconciler.planning.creation import fill_in_ids
from reconciler.planning.messages import show_values
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Edit, FeedStep, Plan
    from reconciler.model.project import Guards, MaxChanges


def check_guards(plan: Plan, guards: Guards, *, is_reviewed: bool) -> tuple[Finding, ...]:
    """The guards that stop this plan from being applied, with the numbers; empty if none does.

    `is_reviewed` says that a person saw the plan: it was saved, or shown with a question at a terminal.
    """
    return (
        *_check_count(plan, guards.max_changes),
        *_check_creations(plan, guards.max_creates),
        *_check_history(plan, guards.history_rewrites, is_reviewed=is_reviewed),
        *_check_blocked(plan, guards.blocked),
    )


def preview_guards(plan: Plan, guards: Guards) -> tuple[Finding, ...]:
    """The guards that will stop the apply of this plan even after review, as warnings: a guard never stops a plan."""
    return tuple(
        replace(stop, severity=Severity.WARNING, message=f"apply will stop: {stop.message}")
        for stop in check_guards(plan, guards, is_reviewed=True)
    )


def _check_count(plan: Plan, limit: MaxChanges | None) -> Iterator[Finding]:
    count, managed = len(plan.sendable), plan.managed
    if limit is None:
        return
    most = limit.number * managed / 100 if limit.is_percent else limit.number
    if count <= most:
        return
    fix = ""
    # A reversal is applied as a whole.
    if most < 1 or plan.is_rollback:
        why = "it cannot be applied in parts" if plan.is_rollback else "not even a part with one change is allowed"
        fix = f"write  maxChanges: {count}  under guards in the project file; {why}"
    allowed = f"{limit.number:g}%" if limit.is_percent else f"{limit.number:g}"
    share = f" ({100 * count / managed:.0f}%)" if limit.is_percent and managed else ""
    message = f"the plan changes {count} of {managed} managed channels{share}, guards.maxChanges is {allowed}"
    yield make_finding("ESA511", message, fix=fix)


def _check_creations(plan: Plan, limit: int) -> Iterator[Finding]:
    count = len(plan.creations)
    if count > limit:
        yield make_finding("ESA535", f"the plan creates {count} channels, guards.maxCreates is {limit}")


def _check_history(plan: Plan, rewrites: HistoryRewrites, *, is_reviewed: bool) -> Iterator[Finding]:
    if rewrites is HistoryRewrites.ALLOW or (rewrites is HistoryRewrites.ASK and is_reviewed):
        return
    # Only what would be sent can rewrite readings; ESA513 counts blocked changes.
    rewriting = [change for change in plan.sendable if _rewrites_history(change)]
    if not rewriting:
        return
    fix = "take these edits out of the files" if rewrites is HistoryRewrites.FORBID else ""
    yield make_finding(
        "ESA512",
        f"the plan may rewrite stored values of {_count(rewriting, 'channel')}, "
        f"guards.historyRewrites is {rewrites.value}",
        detail=tuple(change.name for change in rewriting),
        fix=fix,
    )


def _check_blocked(plan: Plan, on_blocked: OnBlocked) -> Iterator[Finding]:
    if on_blocked is OnBlocked.STOP and plan.blocked:
        yield make_finding(
            "ESA513",
            f"the plan holds {_count(plan.blocked, 'blocked change')}, guards.blocked is {on_blocked.value}",
            detail=tuple(change.name for change in plan.blocked),
        )


def _count(changes: Sequence[Change], noun: str) -> str:
    return f"{len(changes)} {noun}" if len(changes) == 1 else f"{len(changes)} {noun}s"


def _rewrites_history(change: Change) -> bool:
    return any(edit.impact is Impact.HISTORY for edit in change.edits)


class ChangedStep(Struct, frozen=True):
    """A change that does something else than when it was reviewed, with a sentence for each difference."""

    name: str
    reasons: tuple[str, ...]


class Comparison(Struct, frozen=True):
    """How a new plan differs from the reviewed one, by the names of the changes.

    `no_longer_needed` are reviewed changes that the new plan does not have, `changed` do something else, `new` were
    not reviewed. `done` are reviewed changes that are live already.
    """

    no_longer_needed: tuple[str, ...]
    changed: tuple[ChangedStep, ...]
    new: tuple[str, ...]
    done: tuple[str, ...] = ()

    @property
    def is_still_valid(self) -> bool:
        """Whether every reviewed change is still planned as it was, or already live; new changes do not matter."""
        return not self.no_longer_needed and not self.changed

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why each stale change is stale, by its name."""
        changed = {step.name: "; ".join(step.reasons) for step in self.changed}
        return changed | dict.fromkeys(self.no_longer_needed, "no longer needed")

    def describe(self) -> str:
        """The difference in numbers: `since review: 2 changes gone, 1 new`; empty if the plans do not differ."""
        counted = ((len(self.no_longer_needed), "gone"), (len(self.changed), "changed"), (len(self.new), "new"))
        numbers = [(number, word) for number, word in counted if number]
        if not numbers:
            return ""
        (first, word), *rest = numbers
        noun = "change" if first == 1 else "changes"
        return ", ".join((f"since review: {first} {noun} {word}", *(f"{number} {word}" for number, word in rest)))


def compare_plans(reviewed: Plan, current: Plan) -> Comparison:
    """How `current`, made from the present files and live channels, differs from the `reviewed` plan.

    Only the sendable changes of `reviewed` count. A change is still valid if it is already live, or if its channel
    changed only in values that it does not manage. `reviewed` may be a file that somebody edited, so everything that
    decides a write or its order must be the same in both plans. Both plans must be for the same environment.
    """
    now = {change.name: change for change in current.changes}
    reviewed = _fill_in_created(reviewed, now)
    sent = {change.name for change in reviewed.sendable}
    known = [change for change in reviewed.sendable if change.name in now]
    there = {change.name for change in known if change.is_creation and not now[change.name].is_creation}
    # What is live by now, or gone, needs no place in the order; nor does a new channel once it is there.
    waiting = {one.name for one in current.changes if one.action is not Action.NO_OP and one.name not in there}
    moves, moves_now = _list_moves(reviewed), _list_moves(current)
    # `reviewed` may have been edited by hand, so a change is compared in everything that decides its requests.
    reasons = {
        change.name: (
            *_find_reasons(change, now[change.name]),
            *_compare_order(change, now[change.name], sent, waiting),
            *_compare_moves(moves[change.name], moves_now[change.name]),
        )
        for change in known
    }
    # A change that is gone and differs as well is reported once, as gone.
    gone = {change.name for change in reviewed.sendable if _is_gone(change, now.get(change.name))}
    return Comparison(
        no_longer_needed=tuple(change.name for change in reviewed.sendable if change.name in gone),
        changed=tuple(ChangedStep(name, why) for name, why in reasons.items() if why and name not in gone),
        new=tuple(change.name for change in current.sendable if change.name not in sent),
        done=tuple(
            change.name
            for change in known
            if now[change.name].action is Action.NO_OP and not reasons[change.name] and change.name not in gone
        ),
    )


def _fill_in_created(reviewed: Plan, now: Mapping[str, Change]) -> Plan:
    """`reviewed` with the ids of those new channels that are there by now, in the formulas that use them."""
    ids = {
        change.channel_id: now[change.name].channel_id
        for change in reviewed.creations
        if change.name in now and not now[change.name].is_creation
    }
    return (
        replace(reviewed, changes=tuple(fill_in_ids(change, ids) for change in reviewed.changes)) if ids else reviewed
    )


def restrict_plan(current: Plan, names: Collection[str]) -> Plan:
    """`current` without those of its sendable changes that are not in `names`.

    Blocked changes and channels that need no change stay, so that guards and reports count them.
    """
    kept = [change for change in current.changes if not change.is_sendable or change.name in names]
    known = {change.name for change in kept}
    return replace(
        current,
        changes=tuple(
            # The left-out changes are not applied, so nothing can wait for them.
            replace(change, depends_on=tuple(name for name in change.depends_on if name in known))
            for change in kept
        ),
        feeds=tuple(
            replace(feed, steps=tuple(move for move in feed.steps if move.change in known)) for feed in current.feeds
        ),
    )


def _is_gone(change: Change, now: Change | None) -> bool:
    """Whether `change` is no longer needed, for another reason than that its values are live."""
    if now is None:
        return True
    if change.is_creation:
        # Once a new channel is there, its plan no longer shows what the file does not say about it.
        return False
    return now.action is Action.NO_OP and not all(_is_done(edit, now) for edit in change.edits)


def _is_done(edit: Edit, now: Change) -> bool:
    # Files do not manage the value of an implied edit; it is live if the edit that implies it is.
    return edit.implied_by is not None or (edit.path in now.after and is_equal(now.after[edit.path], edit.after))


def _find_reasons(change: Change, now: Change) -> Iterator[str]:
    if change.is_creation and not now.is_creation:
        if now.action is not Action.NO_OP and any(_compare_rest(change, now)):
            yield f"is now channel {now.channel_id}, which was created since and has other values"
    elif now.is_creation and not change.is_creation:
        yield f"would be created now, was channel {change.channel_id}"
    elif now.channel_id != change.channel_id:
        yield f"is channel {now.channel_id} now, was channel {change.channel_id}"
    if now.blocked_by:
        yield f"is blocked now by {', '.join(dict.fromkeys(block.rule for block in now.blocked_by))}"
    if now.action is not Action.NO_OP and now.is_creation == change.is_creation:
        yield from _compare_data_points(change, now)
        yield from _compare_versions(change, now)
        yield from _compare_edits(change, now)
        yield from _compare_values(change, now)


def _compare_rest(change: Change, now: Change) -> Iterator[str]:
    """What an interrupted creation still lacks, its later versions, compared with what they are now."""
    begins = {one.begin for one in now.versions}
    left = tuple(edit for edit in change.edits if find_version(edit.path) in begins)
    yield from _compare_edits(replace(change, edits=left), now)


def _compare_data_points(change: Change, now: Change) -> Iterator[str]:
    # Only a new channel is put on a data point; that of a live channel is never sent.
    if now.is_creation and now.data_point.id != change.data_point.id:
        yield f"would be created on data point {now.data_point.id} now, was {change.data_point.id}"


def _compare_versions(change: Change, now: Change) -> Iterator[str]:
    if now.version_count != change.version_count:
        yield f"the channel has {now.version_count} versions now, had {change.version_count}"
    elif now.version_id != change.version_id:
        yield f"the current version is {now.version_id} now, was {change.version_id}"


def _compare_edits(change: Change, now: Change) -> Iterator[str]:
    edits, edits_now = ({edit.path: edit for edit in one.edits} for one in (change, now))
    for path, edit in edits.items():
        if path in edits_now:
            yield from _compare_edit(edit, edits_now[path])
        elif not _is_done(edit, now):
            yield f"{path} is not edited any more"
    for path, edit in edits_now.items():
        if path not in edits:
            before, after = show_values(edit.before, edit.after)
            yield f"{path} is now edited as well, from {before} to {after}"


def _compare_edit(edit: Edit, now: Edit) -> Iterator[str]:
    # With None for the observation rule, null and a default that EnergyCAP fills in count as different values.
    if not is_same(edit.path, edit.before, now.before, None):
        is_now, was = show_values(now.before, edit.before)
        yield f"{edit.path} is {is_now} now, was {was}"
    if not is_equal(now.after, edit.after):
        is_now, was = show_values(now.after, edit.after)
        yield f"{edit.path} becomes {is_now} now, was to become {was}"
    if now.impact is not edit.impact:
        yield f"the edit of {edit.path} is {now.impact.value} now, was {edit.impact.value}"
    if now.implied_by != edit.implied_by:
        yield f"the edit of {edit.path} now has another cause"


def _compare_values(change: Change, now: Change) -> Iterator[str]:
    """The differences that edits do not show: ids behind codes and names, and managed values that need no edit."""
    reported = {FIELD_AT[path].path for path in _list_reported(change, now)}
    rule_id = now.target_values.get(OBSERVATION_RULE_ID, now.live.get(OBSERVATION_RULE_ID))
    for path, wanted in now.target_values.items():
        if path in reported or path not in change.target_values:
            continue
        live, live_now = change.live.get(path), now.live.get(path)
        if not is_same(path, change.target_values[path], wanted, rule_id):
            yield f"{path} means something else now"
        # A live value that changed to the wanted one makes no difference: the request sets it to the same value.
        elif not is_same(path, live, live_now, rule_id) and not is_same(path, wanted, live_now, rule_id):
            yield "{} is {} now, was {}".format(path, *show_values(live_now, live))


def _list_reported(change: Change, now: Change) -> Iterator[str]:
    """The paths of edits that already show that they differ, or that only one of the two plans has."""
    edits, edits_now = ({edit.path: edit for edit in one.edits} for one in (change, now))
    for path in edits.keys() | edits_now.keys():
        edit, edit_now = edits.get(path), edits_now.get(path)
        if edit is None or edit_now is None or any(_compare_edit(edit, edit_now)):
            yield path


def _compare_order(change: Change, now: Change, sent: Collection[str], waiting: Collection[str]) -> Iterator[str]:
    for name in now.depends_on:
        if name not in sent:
            yield f"comes after {name} now, which the reviewed plan does not send"
        elif name not in change.depends_on:
            yield f"comes after {name} now, which was not reviewed"
    for name in change.depends_on:
        if now.action is not Action.NO_OP and name in waiting and name not in now.depends_on:
            yield f"does not come after {name} any more"


def _list_moves(plan: Plan) -> Mapping[str, Mapping[str, FeedStep]]:
    """The steps that reroute feeds: by the name of the change, then of the feed."""
    moves: dict[str, dict[str, FeedStep]] = defaultdict(dict)
    for feed in plan.feeds:
        for move in feed.steps:
            moves[move.change][feed.name] = move
    return moves


def _compare_moves(moves: Mapping[str, FeedStep], moves_now: Mapping[str, FeedStep]) -> Iterator[str]:
    # A reviewed step that the new plan lacks reroutes no readings, so it needs no review.
    for name, now in moves_now.items():
        was = moves.get(name)
        if was is None or (was.channel_id, was.failure) != (now.channel_id, now.failure):
            where = "to no single channel" if now.channel_id is None else f"to channel {now.channel_id}"
            yield f"sends the readings of feed {name} {where} now, which was not reviewed"
