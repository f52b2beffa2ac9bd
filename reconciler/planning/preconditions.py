"""Whether a change is legal now: its settings, unique import ids, primary channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FIELDS,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    ODOMETER,
    PRIMARY_FLAGS,
    UNIT_CODE,
    UNIT_ID,
    find_version,
)
from reconciler.model.plan import Blocker, VersionAction
from reconciler.model.project import ChannelEdit, PrimaryMove, VersionDates
from reconciler.model.values import begin_key, canonical_time, has_zone, name_begin
from reconciler.planning.constraints import find_violations
from reconciler.planning.context import channel_evidence, check_unread, format_channel, make_context
from reconciler.planning.conversions import check_conversion, check_inputs
from reconciler.planning.dependencies import Dependency
from reconciler.planning.diff import Draft, apply_values, changed_paths, may_lie_between, read_begin
from reconciler.planning.identification import index_again
from reconciler.planning.messages import shorten, show_value
from reconciler.planning.translation import codes_by_id
from reconciler.planning.versions import join_versions, redraft_version
from reconciler.rules import RULES
from reconciler.rules.rule import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.channels import Live, ReferenceData
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec
    from reconciler.planning.constraints import Violation
    from reconciler.planning.context import PlanContext
    from reconciler.planning.translation import Codes


def check_import_id(draft: Draft, context: PlanContext) -> Iterator[Blocker | Dependency]:
    """The blockers and dependencies of a new import id: another channel has it, or another change gives it too.

    Import ids are compared exactly, letter case included.
    Source: the help centre on channels, "the import id must be unique".
    """
    import_id = draft.after_apply.values.get(CHANNEL_IMPORT_ID)
    if CHANNEL_IMPORT_ID not in draft.changed_paths or not isinstance(import_id, str):
        return
    what = f"cannot have import id {show_value(import_id)}"
    for owner in context.index.by_import_id.get(import_id, ()):
        if context.planned(owner).values.get(CHANNEL_IMPORT_ID) == import_id:
            name = format_channel(owner, context)
            evidence = {"channel_import_id": import_id, "held_by": channel_evidence(owner, context)}
            yield Blocker("ESA408", f"{what}: {name} has it", evidence, f"give {name} another import id first, or none")
        else:
            # This plan gives the owner another import id, or none.
            yield Dependency("ESA408", context.drafts[owner.id].name)
    for other in context.import_id_claims.get(import_id, ()):
        if other.live.id != draft.live.id:
            message = f"{what}: this plan gives it to {format_channel(other.live, context)} too"
            evidence = {"channel_import_id": import_id, "wanted_by": channel_evidence(other.live, context)}
            yield Blocker("ESA408", message, evidence, "give each of the two an import id of its own")


def check_primaries(draft: Draft, context: PlanContext) -> Iterator[Blocker | Dependency]:
    """The blockers and dependencies of `draft` if it becomes, or stops being, primary on its data point.

    A channel becomes primary in place of another one only if the same plan makes that one not primary. The two changes
    are applied together or not at all, in the order that the environment sets.
    Source: the help centre on channels; what an edit does to the other channel is not documented.
    """
    for path in PRIMARY_FLAGS:
        if path not in draft.changed_paths:
            continue
        if draft.after_apply.values.get(path) is True:
            yield from _check_becoming_primary(draft, path, context)
        elif draft.live.values.get(path) is True:
            yield from _check_giving_up_primary(draft, path, context)


def _check_becoming_primary(draft: Draft, path: str, context: PlanContext) -> Iterator[Blocker | Dependency]:
    for other in context.neighbours(draft.live):
        has_it = other.values.get(path) is True
        if context.planned(other).values.get(path) is True:
            yield _second_primary(draft, path, other, context)
        elif has_it:
            yield Dependency("ESA409", context.drafts[other.id].name, context.primary_move is PrimaryMove.GIVE_UP_FIRST)


def _check_giving_up_primary(draft: Draft, path: str, context: PlanContext) -> Iterator[Blocker | Dependency]:
    successors = [other for other in context.neighbours(draft.live) if context.planned(other).values.get(path) is True]
    for successor in successors:
        if successor.values.get(path) is not True:
            yield Dependency(
                "ESA409", context.drafts[successor.id].name, context.primary_move is PrimaryMove.TAKE_FIRST
            )
    # A data point requires a primary value; a primary demand is optional.
    if not successors and path == IS_PRIMARY_VALUE:
        point, others = _point(draft.live), context.neighbours(draft.live)
        message = f"cannot stop being the primary value of data point {shorten(point)}: no other channel becomes it"
        listed = [channel_evidence(other, context) for other in others]
        unblock = f"write  {path}: true  for another channel of the data point in the same plan"
        yield Blocker("ESA409", message, {"data_point": point, "path": path, "others": listed}, unblock)


def _second_primary(draft: Draft, path: str, other: Live, context: PlanContext) -> Blocker:
    has_it = other.values.get(path) is True
    name, flag = format_channel(other, context), _flag(path)
    point = shorten(_point(draft.live))
    if not has_it:
        message, unblock = f"this plan makes {name} the {flag} too", f"write  {path}: true  for one of the two only"
    elif other.id in context.managed:
        message, unblock = f"{name} is the {flag} and stays so", f"write  {path}: false  for {name}"
    else:
        # An edit of the unmanaged channel would not be in the plan that somebody reviews.
        message = f"{name} is the {flag}, and EnergyCAP would change that outside of this plan"
        unblock = f"add channel {other.id} to the files with  {path}: false"
    return Blocker(
        "ESA409",
        f"cannot become the {flag} of data point {point}: {message}",
        {"data_point": _point(draft.live), "path": path, "held_by": channel_evidence(other, context)},
        unblock,
    )


def _flag(path: str) -> str:
    return "primary value" if path == IS_PRIMARY_VALUE else "primary demand"


def _point(live: Live) -> str:
    point = live.data_point
    return point.code or point.import_id or str(point.id)


_NEW_VERSION = (
    "to change settings from a date on, list the versions under channelVersions, with a new one that begins then"
)


def check_begin(draft: Draft) -> Iterator[Blocker]:
    """The blockers of a new begin of the current version.

    A version excludes its begin. Between two versions a begin may move: one of them takes over the readings in between.
    The only version of a channel may begin earlier, as no reading leaves it then.
    """
    if not any(edit.path == BEGIN_DATE for edit in draft.edits):
        return
    live = draft.live
    before, after = read_begin(live.current.begin_date), read_begin(draft.after_apply.values.get(BEGIN_DATE))
    is_only = len(live.versions) == 1
    if not is_only and after <= read_begin(live.versions[-2].begin_date):
        yield _begins_too_early(draft)
    elif (after > before or (after < before and not is_only)) and may_lie_between(live, before, after):
        if live.has_readings is None or not live.first_reading:
            yield _moves_over_unknown(live, before, after)
        elif is_only:
            yield _leaves_readings(live, before, after)


def _begins_too_early(draft: Draft) -> Blocker:
    begin, before = draft.after_apply.current.begin_date, draft.live.versions[-2].begin_date
    return Blocker(
        "ESA411",
        f"the current version must begin after the one before it, found {show_value(begin)} for beginDate",
        {"begin_date": begin, "begin_date_of_previous_version": before, "versions": len(draft.live.versions)},
        f"write a beginDate after {before}" if before else RULES["ESA411"].fix,
    )


def _leaves_readings(live: Live, before: str, after: str) -> Blocker:
    """The blocker of an only version that would begin after readings, which no version would have then."""
    first, last = (canonical_time(time or "") for time in (live.first_reading, live.last_reading))
    start = f"after {before}" if before >= first else f"from {first}"
    lost = f"stored readings {start} up to {min(last, after) if last else after} would have no settings"
    return _stays_where_it_is(f"this moves the only version: {lost}", live, before, after)


def _moves_over_unknown(live: Live, before: str, after: str) -> Blocker:
    unknown = "whether the channel has readings" if live.has_readings is None else "when the channel's readings begin"
    what = "exclude stored readings from their version" if len(live.versions) == 1 else "move stored readings"
    message = f"may {what}: EnergyCAP does not say {unknown}"
    return replace(_stays_where_it_is(message, live, before, after), is_unknown=True)


def _stays_where_it_is(message: str, live: Live, before: str, after: str) -> Blocker:
    return Blocker(
        "ESA420",
        message,
        {
            "begin_date_now": before or None,
            "begin_date_wanted": after,
            "has_readings": live.has_readings,
            "first_reading": live.first_reading,
            "last_reading": live.last_reading,
            "versions": len(live.versions),
        },
        f"write  beginDate: {show_value(before or None)}  as EnergyCAP has it; {_NEW_VERSION}",
    )


_DEMAND = "ESA406"


def check_settings(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """The settings of `draft` that EnergyCAP would reject.

    A live value that breaks a rule already and is not edited counts only if the request includes it and the vendor
    documents that such a request is rejected.
    Source: EsaChannelEdit, EsaChannelVersionEdit.
    """
    yield from _check_constraints(draft, context)
    yield from _check_demand(draft, context)
    yield from _check_money(draft, context)
    yield from check_begin(draft)
    yield from _check_zone(draft, context)
    yield from _check_gaps(draft, context)


def _check_versions(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """What the service would refuse in the versions beside the current one that are edited or created."""
    for one in draft.versions:
        # All of the version is sent, and nothing of its channel.
        alone = replace(one.draft, is_version=True)
        checks = (_check_constraints, _check_demand, _check_money, _check_zone, _check_gaps)
        for block in (block for check in checks for block in check(alone, context)):
            name = f"the version from {name_begin(one.change.begin)}"
            yield replace(
                block,
                message=f"{name}: {block.message}",
                evidence={"begin_date": one.change.begin or None, **block.evidence},
            )
    if draft.is_conversion and any(one.change.action is VersionAction.CREATE for one in draft.versions):
        message = "a channel that becomes calculated, or simple, cannot get another version in the same change"
        yield Blocker("ESA421", message, {"conversion": True}, "make the two edits one after the other")


def _check_constraints(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    before = find_violations(_values(draft.live))
    for violation in find_violations(_values(draft.after_apply)):
        # Two values can break a rule together (ESA211): the path is that of one, and the message quotes both.
        is_old = violation in before and violation.path not in draft.changed_paths
        # _check_demand covers ESA406, with the noun of the observation type that these values lack.
        if violation.code != _DEMAND and (not is_old or _is_refused(violation, draft, context)):
            yield _violated(violation, draft, is_old=is_old)


def _is_refused(violation: Violation, draft: Draft, context: PlanContext) -> bool:
    is_documented = RULES[violation.code].certainty is Certainty.DOCUMENTED
    return is_documented and _is_sent(violation.path, draft, context)


def _violated(violation: Violation, draft: Draft, *, is_old: bool) -> Blocker:
    evidence = {"path": violation.path, "value": draft.after_apply.values.get(violation.path)}
    fix = f"correct it in EnergyCAP or in the same change: {violation.fix}" if is_old else violation.fix
    return Blocker(violation.code, _mark_existing(violation.message, is_old=is_old), evidence, fix)


def _check_demand(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    planned = draft.after_apply
    if planned.values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return
    type_id = planned.values.get(OBSERVATION_TYPE_ID)
    type_ = context.observation_types.get(type_id) if isinstance(type_id, int) else None
    is_demand = planned.values.get(IS_PRIMARY_DEMAND) is True or (type_.is_demand if type_ else None)
    is_old = draft.changed_paths.isdisjoint((OBSERVATION_RULE_ID, OBSERVATION_TYPE_ID, IS_PRIMARY_DEMAND))
    evidence = {
        "observation_rule": "Odometer",
        "observation_type": planned.values.get(OBSERVATION_TYPE_CODE),
        "noun": type_.noun_code if type_ else None,
        "is_primary_demand": planned.values.get(IS_PRIMARY_DEMAND),
    }
    if is_demand and (not is_old or _is_sent(OBSERVATION_RULE_ID, draft, context)):
        message = "a demand channel cannot have the Odometer rule"
        yield Blocker(_DEMAND, _mark_existing(message, is_old=is_old), evidence, RULES[_DEMAND].fix)
    elif is_demand is None and not is_old:
        message = "unknown whether this is a demand channel, which cannot have the Odometer rule"
        unblock = f"write  observationRule: Trip, or {_find_fix(OBSERVATION_TYPE_CODE, context)}"
        yield Blocker(_DEMAND, message, evidence, unblock, is_unknown=True)


def _check_money(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    unit_id = draft.after_apply.values.get(UNIT_ID)
    if not isinstance(unit_id, int):
        return  # ESA415 or ESA417 reports that the unit is unknown
    unit = context.units.get(unit_id)
    is_money = unit.is_money if unit else None
    is_old = UNIT_ID not in draft.changed_paths
    code = draft.after_apply.values.get(UNIT_CODE)
    evidence = {"unit": code, "unit_type": (unit.type_code or unit.type_name) if unit else None}
    if is_money and _is_sent(UNIT_ID, draft, context):
        message = f"the unit must not be of a Money type, found {show_value(code)}"
        yield Blocker("ESA407", _mark_existing(message, is_old=is_old), evidence, RULES["ESA407"].fix)
    elif is_money is None and not is_old:
        message = f"unknown whether the unit is of a Money type, found {show_value(code)}"
        unblock = _find_fix(UNIT_CODE, context)
        yield Blocker("ESA407", message, evidence, unblock, is_unknown=True)


def _find_fix(path: str, context: PlanContext) -> str:
    """The fix if EnergyCAP does not give the type of a unit, or the noun of an observation type."""
    if path in context.unread:
        unread = "units" if path == UNIT_CODE else "observation types"
        return f"give the key's user permission to read the {unread}, or make this edit in EnergyCAP itself"
    if path == UNIT_CODE:
        return "write the code of a unit whose type EnergyCAP gives, or make this edit in EnergyCAP itself"
    return "an observation type whose noun EnergyCAP gives, or make this edit in EnergyCAP itself"


def _check_zone(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """A blocker if the request would include a version date with a zone: EnergyCAP may take it for another time."""
    begin = draft.live.current.begin_date
    if begin is None or not has_zone(begin) or not _is_sent(BEGIN_DATE, draft, context):
        return
    evidence = {"begin_date": begin, "version_dates": context.version_dates.value if context.version_dates else None}
    if context.version_dates is VersionDates.UTC:
        message = f"its version begins at {begin}, and the time zone of its data point is not known"
        unblock = "edit the channel in EnergyCAP, or set the time zone of its data point there"
    else:
        local, utc = canonical_time(begin), VersionDates.UTC.value
        message = f"its version begins at {begin}, which may be local time, {local}, or UTC"
        unblock = (
            f"look at the date in EnergyCAP. If it is {local.replace('T', ' ')} there, write  versionDates: "
            f"{VersionDates.WALL_TIME.value}  for this environment in reconciler.yaml, else  versionDates: {utc}"
        )
    yield Blocker("ESA413", message, evidence, unblock, is_unknown=True)


def _check_gaps(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """A blocker if the request would include a value that every channel has, but that EnergyCAP did not give."""
    # A code that could not be resolved is an edit to null here, and ESA415 reports it.
    kept = (field for field in FIELDS if not field.nullable and field.path not in draft.changed_paths)
    gaps = [
        field.key
        for field in kept
        if draft.after_apply.values.get(field.path) is None and _is_sent(field.path, draft, context)
    ]
    if gaps:
        keys = " and ".join(gaps)
        message = f"cannot be edited: EnergyCAP does not give its {keys}, and an edit sends the whole channel"
        unblock = f"correct the channel in EnergyCAP, or write its {keys} in the file, so that it is sent"
        yield Blocker("ESA417", message, {"missing": gaps}, unblock, is_unknown=True)


def _is_sent(path: str, draft: Draft, context: PlanContext) -> bool:
    """Whether the request of `draft` includes the value at `path`.

    For a channel with several versions, the channel and its current version are edited by separate requests.
    """
    if draft.is_version:
        return FIELD_AT[path].is_versioned
    # With one version a single request carries everything.
    levels = {FIELD_AT[touched].is_versioned for touched in draft.changed_paths}
    if len(draft.live.versions) == 1 or FIELD_AT[path].is_versioned in levels:
        return True
    return FIELD_AT[path].is_versioned and context.channel_edit is ChannelEdit.ECHO_LATEST


def _mark_existing(message: str, *, is_old: bool) -> str:
    return f"{message} (already so in EnergyCAP)" if is_old else message


def _values(live: Live) -> Spec:
    return {field.path: live.values.get(field.path) for field in FIELDS}


def check_preconditions(draft: Draft, context: PlanContext) -> tuple[Blocker | Dependency, ...]:
    """The preconditions of `draft` that fail or are unknown, and the other changes of the plan that it needs."""
    return (
        # All are collected, so that one plan shows every reason.
        *draft.blocks,
        *_check_versions(draft, context),
        *check_settings(draft.alone or draft, context),
        *check_conversion(draft, context),
        *check_import_id(draft, context),
        *check_primaries(draft, context),
        *check_inputs(draft, context),
        *check_unread(draft, context),
    )


def recheck_preconditions(
    change: Change, fresh: Live, neighbours: Sequence[Live], reference: ReferenceData, others: Sequence[Change]
) -> tuple[Blocker, ...]:
    """The blockers of `change` right before it is applied, on a fresh read of its channel and those of its data point.

    `neighbours` may include the channel itself. `others` are the other sendable changes of the plan. Those that wait
    for this one are still to be applied, so their planned values count; the result of the earlier ones is in the fresh
    read.
    """
    codes = codes_by_id(reference)
    read = {live.id: live for live in (*neighbours, fresh)}
    waiting = [other for other in others if change.name in other.depends_on and other.channel_id in read]
    drafts = {step.channel_id: redraft(step, read[step.channel_id], codes) for step in (*waiting, change)}
    context = make_context(
        index_again(read.values()),
        drafts,
        {step.channel_id: step for step in (*others, change)},
        reference,
        # The order is settled in the plan, and only blockers are asked for here.
        (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION),
    )
    return tuple(found for found in check_preconditions(drafts[fresh.id], context) if isinstance(found, Blocker))


def redraft(change: Change, fresh: Live, codes: Codes) -> Draft:
    """The draft of `change` on `fresh`, without the paths at which `fresh` already has the planned values."""
    live = _leave_out_created(change, fresh)
    # Under the Odometer rule null and the default that EnergyCAP fills in are the same value.
    rule_id = change.target_values.get(OBSERVATION_RULE_ID, live.values.get(OBSERVATION_RULE_ID))
    own = tuple(edit for edit in change.edits if find_version(edit.path) is None)
    touched = (
        path
        for path in changed_paths(own)
        if not is_same(path, change.target_values[path], live.values.get(path), rule_id)
    )
    draft = Draft(
        name=change.name,
        live=live,
        after_apply=apply_values(live, change.target_values, codes),
        edits=own,
        changed_paths=frozenset(touched),
        before=change.before,
        after=change.after,
        wanted=change.target_values,
    )
    if not change.versions:
        return draft
    return replace(
        join_versions(draft, tuple(redraft_version(one, draft.after_apply, codes) for one in change.versions)),
        edits=change.edits,
    )


def _leave_out_created(change: Change, fresh: Live) -> Live:
    """`fresh` without the versions that `change` creates: an earlier run of the same plan may have done that."""
    created = {one.begin for one in change.created_versions}
    versions = tuple(version for version in fresh.versions if begin_key(version.begin_date) not in created)
    return fresh.with_versions(versions) if created and versions else fresh
