"""Whether the parts of a saved plan agree, so that a reviewer sees what the file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FIELDS,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    OBSERVATION_RULES,
    Kind,
    current_path,
    find_version,
    version_path,
)
from reconciler.model.formulas import find_references, is_same_formula, rename_references
from reconciler.model.plan import Action, Verdict, VersionAction
from reconciler.model.values import begin_key, is_equal, name_begin
from reconciler.planning.messages import show_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from reconciler.model.plan import Change, Edit, Plan, VersionChange
    from reconciler.model.values import Spec, Value


def find_disagreement(plan: Plan) -> str | None:
    """The first two parts of `plan` that contradict each other, in a sentence; None if all parts agree.

    A plan that this program made never contradicts itself. The digest finds damage; this finds what somebody wrote.
    """
    return next(_list_disagreements(plan), None)


def _list_disagreements(plan: Plan) -> Iterator[str]:
    ids = {change.name: change.channel_id for change in plan.changes}
    yield from _check_counts(plan, ids)
    yield from _check_order(plan)
    yield from _check_references(plan, ids)
    yield from _check_left_out(plan, ids)
    for change in plan.changes:
        yield from (f"the change of {show_value(change.name)}: {problem}" for problem in _check_change(change, ids))


def _check_change(change: Change, ids: Mapping[str, int]) -> Iterator[str]:
    if change.action is Action.NO_OP:
        return _check_no_op(change)
    if change.is_creation:
        return _check_creation(change, ids)
    return _check_unread(change) if _is_unread(change) else _check_update(change, ids)


def _check_counts(plan: Plan, ids: Mapping[str, int]) -> Iterator[str]:
    if len(ids) < len(plan.changes):
        yield "two of resource_changes have one name"
    # Several names may refer to one channel that could not be read.
    known = [change.channel_id for change in plan.changes if not _is_unread(change)]
    if len(set(known)) < len(known):
        yield "two of resource_changes have one channel_id"
    if plan.managed < len(plan.changes):
        yield f"managed is {plan.managed}, but resource_changes holds {len(plan.changes)} channels"


def _check_order(plan: Plan) -> Iterator[str]:
    """A change comes after those it depends on, which also rules out cycles; blocked changes have no order."""
    updates = {change.name for change in plan.changes if change.action is not Action.NO_OP}
    ahead = {change.name for change in plan.sendable}
    for change in plan.changes:
        for name in change.depends_on:
            if name not in updates or name == change.name:
                yield f"{show_value(change.name)} depends_on {show_value(name)}, which is not another change"
            elif change.is_sendable and name in ahead:
                yield f"{show_value(change.name)} comes before {show_value(name)}, which it depends on"
        ahead.discard(change.name)


def _check_references(plan: Plan, ids: Mapping[str, int]) -> Iterator[str]:
    """Feeds and formula links refer to changes of the plan."""
    feeds = {feed.name for feed in plan.feeds}
    rerouting = {(move.change, feed.name) for feed in plan.feeds for move in feed.steps}
    listed = {(change.name, name) for change in plan.changes for name in change.feeds}
    for name, feed in sorted(rerouting - listed):
        yield f"feeds says that {show_value(name)} reroutes {show_value(feed)}, but the change itself does not"
    for name, feed in sorted(listed):
        if feed not in feeds:
            yield f"the change of {show_value(name)}: feeds names {show_value(feed)}, which is not a feed of the plan"
    for link in plan.formula_links:
        for label in (link.user, link.used):
            if label.name is not None and ids.get(label.name, label.id) != label.id:
                yield f"formula_links gives {show_value(label.name)} the id {label.id}, resource_changes another"


def _check_left_out(plan: Plan, ids: Mapping[str, int]) -> Iterator[str]:
    for name in plan.left_out.channels:
        if name in ids:
            yield f"left_out names {show_value(name)}, and so does resource_changes"
    if plan.left_out.feeds and not plan.left_out.channels:
        yield "left_out has feeds, but no channel that they expect"


def _is_unread(change: Change) -> bool:
    """Whether the channel could not be read, so that its edits are unknown (ESA417)."""
    return (
        change.action is Action.UPDATE
        and change.verdict is Verdict.UNKNOWN
        and not change.edits
        and not change.versions
    )


def _check_unread(change: Change) -> Iterator[str]:
    yield from _check_still(change, "it has no edits")
    yield from _check_verdict(change)


def _check_still(change: Change, what: str) -> Iterator[str]:
    parts = {
        "edits": change.edits,
        "change.api": change.live or change.target_values,
        "depends_on": change.depends_on,
        "feeds": change.feeds,
        "change.versions": change.versions,
    }
    yield from (f"{what}, but it has {name}" for name, part in parts.items() if part)
    if list(_list_unlike(change.before, change.after)):
        yield f"{what}, but change.before and change.after differ"


def _check_no_op(change: Change) -> Iterator[str]:
    yield from _check_still(change, "its action is no-op")
    if change.blocked_by:
        yield "its action is no-op, but it has blocked_by"
    if change.verdict is not Verdict.ALLOWED:
        yield f"its action is no-op, but its verdict is {change.verdict.value}"


def _check_creation(change: Change, ids: Mapping[str, int]) -> Iterator[str]:
    """A new channel has no past, all of its values are sent, and its versions are created after it."""
    own = _leave_out_versions(change)
    if any(value is not None for side in (own.before, own.live) for value in side.values()):
        yield "its action is create, but it has a value before"
    if change.history or change.fingerprint or change.version_id or change.version_count:
        yield "its action is create, but it has a version, a history or a fingerprint"
    if change.target_values.keys() != {field.path for field in FIELDS}:
        yield "its action is create, but change.api.after does not have every field"
    if any(version.action is not VersionAction.CREATE for version in change.versions):
        yield "its action is create, but change.versions edits a version"
    # What the file does not say is sent as null.
    told = {FIELD_AT[path].path for path in own.after}
    empty = dict.fromkeys(path for path in change.target_values if path not in told)
    yield from _check_edits(replace(change, before={**change.before, **empty}, after={**change.after, **empty}), ids)


def _check_update(change: Change, ids: Mapping[str, int]) -> Iterator[str]:
    yield from _check_edits(change, ids)
    yield from _check_versions(change)


def _check_edits(change: Change, ids: Mapping[str, int]) -> Iterator[str]:
    # What is blocked is not sent: a doubt may be about a write that would leave nothing to revert.
    if not change.edits and change.is_sendable:
        yield f"its action is {change.action.value}, but it has no edits"
    known = [edit for edit in change.edits if edit.path in FIELD_AT]
    yield from (
        f"edits has {show_value(edit.path)}, which is not a field" for edit in change.edits if edit not in known
    )
    yield from _check_part(_leave_out_versions(change), known, ids)
    for version in change.versions:
        yield from _check_version(change, version, known, ids)
    yield from _check_names(change)
    yield from _check_causes(known)
    yield from _check_verdict(change)


def _check_part(part: Change, edits: Sequence[Edit], ids: Mapping[str, int]) -> Iterator[str]:
    """The channel and its current version, or one other version alone, as far as `edits` are of it."""
    own = [edit for edit in edits if find_version(edit.path) is None]
    by_path = {FIELD_AT[edit.path].path: edit for edit in own}
    if len(by_path) < len(own):
        yield "edits has one field twice"
    yield from _check_shown(part, own)
    yield from _check_meant(part, by_path, ids)


def _leave_out_versions(change: Change) -> Change:
    before, after = (
        {path: value for path, value in spec.items() if find_version(path) is None}
        for spec in (change.before, change.after)
    )
    return replace(change, before=before, after=after)


def _check_version(
    change: Change, version: VersionChange, edits: Sequence[Edit], ids: Mapping[str, int]
) -> Iterator[str]:
    """A version beside the current one: its edits, what it is to be, and what is sent for it."""
    own = [
        replace(edit, path=current_path(edit.path))
        for edit in edits
        if find_version(edit.path) == version.begin and not _is_begin_of_first(edit, version)
    ]
    before, after = version.before, version.after
    if version.action is VersionAction.CREATE:
        # What it takes over is sent with the rest, and what neither has is empty.
        told = {FIELD_AT[path].path for path in (*version.inherited, *after)}
        empty = dict.fromkeys(path for path in version.target_values if path not in told)
        before, after = {**empty, **version.inherited, **before}, {**empty, **version.inherited, **after}
    part = replace(change, before=before, after=after, live=version.live, target_values=version.target_values)
    name = f"the version from {name_begin(version.begin)}"
    yield from (f"{name}: {problem}" for problem in _check_part(part, own, ids))
    spans = {begin_key(span.begin_date): span.id for span in change.history.versions} if change.history else {}
    if version.action is VersionAction.UPDATE and spans.get(version.begin) != version.version_id:
        yield f"{name} has the id {version.version_id}, but history.versions says otherwise"
    if version.action is VersionAction.CREATE:
        if version.version_id is not None or version.begin in spans:
            yield f"{name} is to be created, but history.versions has it"
        if begin_key(version.target_values.get(BEGIN_DATE)) != version.begin:
            yield f"{name} is to begin at another time"
    if version.version_id == change.version_id:
        yield f"{name} is the current one"


def _is_begin_of_first(edit: Edit, version: VersionChange) -> bool:
    """Whether `edit` says that `version` is created from the beginning on: its begin is null before and after."""
    is_created = version.action is VersionAction.CREATE and not version.begin
    return is_created and FIELD_AT[edit.path].path == BEGIN_DATE and edit.before is None and edit.after is None


def _check_names(change: Change) -> Iterator[str]:
    """What the channel says of its versions is what the versions say."""
    begins = [version.begin for version in change.versions]
    if len(set(begins)) < len(begins):
        yield "change.versions has one version twice"
    for name, side in (("before", change.before), ("after", change.after)):
        named = {
            version_path(version.begin, path): value
            for version in change.versions
            for path, value in getattr(version, name).items()
        }
        shown = {path: value for path, value in side.items() if find_version(path) is not None}
        if list(_list_unlike(named, shown)):
            yield f"change.{name} and change.versions disagree"
    for edit in change.edits:
        begin = find_version(edit.path)
        if begin is not None and begin not in begins:
            yield f"edits has {show_value(edit.path)}, but change.versions has no such version"


def _check_shown(change: Change, edits: Collection[Edit]) -> Iterator[str]:
    """The edits are the differences between `before` and `after`, in the vocabulary of the files."""
    unlike = set(_list_unlike(change.before, change.after))
    for edit in edits:
        if edit.path not in unlike:
            yield f"edits has {edit.path}, but change.before and change.after do not differ there"
        elif not is_equal(change.before.get(edit.path), edit.before) or not is_equal(
            change.after.get(edit.path), edit.after
        ):
            yield f"edits disagrees with change.before and change.after about {edit.path}"
    for path in sorted(unlike - {edit.path for edit in edits}):
        yield f"change.before and change.after differ at {path}, but edits has no edit of it"


def _check_meant(change: Change, edits: Mapping[str, Edit], ids: Mapping[str, int]) -> Iterator[str]:
    """The values in `api`, with EnergyCAP's own ids, are those of the edits."""
    # Managed values without an edit are in both, and equal.
    moved = {path for path, value in change.target_values.items() if not is_equal(change.live.get(path), value)}
    for path in sorted(moved - edits.keys()):
        yield f"change.api.before and change.api.after differ at {path}, but edits has no edit of it"
    for path in sorted(edits.keys() - moved):
        yield f"edits has {edits[path].path}, but change.api.before and change.api.after do not differ there"
    if change.target_values.keys() != {FIELD_AT[path].path for path in change.after}:
        yield "change.after and change.api.after do not have the same fields"
        return
    planned = {**change.live, **change.target_values}
    for path, value in change.after.items():
        if not _means(path, value, planned, ids):
            yield f"change.after and change.api.after disagree about {path}"
    for path, value in change.before.items():
        if FIELD_AT[path].path in moved and not _means(path, value, change.live, ids):
            yield f"change.before and change.api.before disagree about {path}"


def _means(path: str, shown: Value, meant: Spec, ids: Mapping[str, int]) -> bool:
    """Whether the value `shown`, in the vocabulary of the files, can be the one that is `meant`.

    Only EnergyCAP knows the ids of codes, and the channels that a formula uses and that are not in the plan.
    """
    field = FIELD_AT[path]
    value = meant.get(field.path)
    if path == OBSERVATION_RULE and shown in OBSERVATION_RULES:
        return is_equal(OBSERVATION_RULES[str(shown)], value)
    if path == field.alias:
        return True
    if field.kind is Kind.FORMULA and isinstance(shown, str) and isinstance(value, str):
        return _is_formula_of(shown, value, ids)
    rule_id = meant.get(OBSERVATION_RULE_ID)
    return is_same(path, shown, value, rule_id) or is_same(path, value, shown, rule_id)


def _is_formula_of(shown: str, meant: str, ids: Mapping[str, int]) -> bool:
    def name_id(reference: str) -> str:
        return str(ids.get(reference, reference))

    if all(reference in ids or reference.isdecimal() for reference in find_references(shown)):
        return is_same_formula(rename_references(shown, name_id), meant)
    return is_same_formula(*(rename_references(formula, lambda _: "0") for formula in (shown, meant)))


def _check_causes(edits: Collection[Edit]) -> Iterator[str]:
    paths = {edit.path for edit in edits}
    for edit in edits:
        if edit.implied_by is None:
            continue
        if edit.implied_by not in paths or edit.implied_by == edit.path:
            yield f"the edit of {edit.path} is implied by {show_value(edit.implied_by)}, which is not another edit"
        elif edit.after is not None:
            yield f"the edit of {edit.path} is implied, but does not clear it"


def _check_verdict(change: Change) -> Iterator[str]:
    unknown = [block.is_unknown for block in change.blocked_by]
    fitting = Verdict.ALLOWED if not unknown else Verdict.UNKNOWN if all(unknown) else Verdict.BLOCKED
    if change.verdict is not fitting:
        yield f"its verdict is {change.verdict.value}, but by blocked_by it is {fitting.value}"


def _check_versions(change: Change) -> Iterator[str]:
    spans = change.history.versions if change.history else ()
    if change.version_count < 1:
        yield f"version.count is {change.version_count}"
    if spans and (len(spans), spans[-1].id) != (change.version_count, change.version_id):
        yield "history.versions and version are about different versions"


def _list_unlike(before: Spec, after: Spec) -> Iterator[str]:
    for path in before.keys() | after.keys():
        if path not in before or path not in after or not is_equal(before[path], after[path]):
            yield path
