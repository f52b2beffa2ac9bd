"""Whether the settings of a channel fit together as they will be (ESA2xx, ESA406, ESA407, ESA413, ESA417)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FIELDS,
    IS_PRIMARY_DEMAND,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    ODOMETER,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.plan import Blocker
from reconciler.model.project import ChannelEdit, VersionDates
from reconciler.model.values import canonical_time, has_zone
from reconciler.planning.begins import check_begin
from reconciler.planning.citing import show_value
from reconciler.planning.constraints import find_violations
from reconciler.rules import RULES
from reconciler.rules.rule import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.model.values import Spec
    from reconciler.planning.constraints import Violation
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings

_DEMAND = "ESA406"


def check_settings(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    """What the service would refuse in the settings that `draft` sends.

    What is wrong in EnergyCAP already, and not touched, counts where it is sent along and documented as refused.
    Source: EsaChannelEdit, EsaChannelVersionEdit.
    """
    yield from _check_constraints(draft, around)
    yield from _check_demand(draft, around)
    yield from _check_money(draft, around)
    yield from check_begin(draft)
    yield from _check_zone(draft, around)
    yield from _check_gaps(draft, around)


def _check_constraints(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    before = {(violation.code, violation.path) for violation in find_violations(_values(draft.live))}
    for violation in find_violations(_values(draft.planned)):
        is_old = (violation.code, violation.path) in before and violation.path not in draft.touched
        if violation.code != _DEMAND and (not is_old or _is_refused(violation, draft, around)):
            yield _violated(violation, draft, is_old=is_old)


def _is_refused(violation: Violation, draft: Draft, around: Surroundings) -> bool:
    is_documented = RULES[violation.code].certainty is Certainty.DOCUMENTED
    return is_documented and _is_sent(violation.path, draft, around)


def _violated(violation: Violation, draft: Draft, *, is_old: bool) -> Blocker:
    evidence = {"path": violation.path, "value": draft.planned.values.get(violation.path)}
    fix = f"mend it in EnergyCAP or in the same change: {violation.fix}" if is_old else violation.fix
    return Blocker(violation.code, _say(violation.message, is_old=is_old), evidence, fix)


def _check_demand(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    planned = draft.planned
    if planned.values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return
    type_ = around.observation_types.get(_id(planned, OBSERVATION_TYPE_ID))
    is_demand = planned.values.get(IS_PRIMARY_DEMAND) is True or (type_.is_demand if type_ else None)
    is_old = draft.touched.isdisjoint((OBSERVATION_RULE_ID, OBSERVATION_TYPE_ID, IS_PRIMARY_DEMAND))
    evidence = {
        "observation_rule": "Odometer",
        "observation_type": planned.values.get(OBSERVATION_TYPE_CODE),
        "noun": type_.noun_code if type_ else None,
        "is_primary_demand": planned.values.get(IS_PRIMARY_DEMAND),
    }
    if is_demand and (not is_old or _is_sent(OBSERVATION_RULE_ID, draft, around)):
        message = "a demand channel cannot have the Odometer rule"
        yield Blocker(_DEMAND, _say(message, is_old=is_old), evidence, RULES[_DEMAND].fix)
    elif is_demand is None and not is_old:
        message = "cannot be known whether this is a demand channel, which the Odometer rule is not for"
        unblock = f"write  observationRule: Trip, or {_find_way_out(OBSERVATION_TYPE_CODE, around)}"
        yield Blocker(_DEMAND, message, evidence, unblock, is_unknown=True)


def _check_money(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    if draft.planned.values.get(UNIT_ID) is None and draft.blocks:
        return  # which unit it would be is not known, and that is said
    unit = around.units.get(_id(draft.planned, UNIT_ID))
    is_money = unit.is_money if unit else None
    is_old = UNIT_ID not in draft.touched
    code = draft.planned.values.get(UNIT_CODE)
    evidence = {"unit": code, "unit_type": (unit.type_code or unit.type_name) if unit else None}
    if is_money and (not is_old or _is_sent(UNIT_ID, draft, around)):
        message = f"the unit must not be of a Money type, found {show_value(code)}"
        yield Blocker("ESA407", _say(message, is_old=is_old), evidence, RULES["ESA407"].fix)
    elif is_money is None and not is_old:
        message = f"cannot be known whether the unit is of a Money type, found {show_value(code)}"
        unblock = _find_way_out(UNIT_CODE, around)
        yield Blocker("ESA407", message, evidence, unblock, is_unknown=True)


def _find_way_out(path: str, around: Surroundings) -> str:
    """What to do where the service does not say what is asked of a unit, or of an observation type."""
    if path in around.unread:
        unread = "units" if path == UNIT_CODE else "observation types"
        return f"give the key's user permission to read the {unread}, or make this edit in EnergyCAP itself"
    if path == UNIT_CODE:
        return "write the code of a unit whose type EnergyCAP gives, or make this edit in EnergyCAP itself"
    return "an observation type whose noun EnergyCAP gives, or make this edit in EnergyCAP itself"


def _check_zone(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    """Whether a date would be sent back of which nobody knows what it means: as local time it may move the version."""
    begin = draft.live.current.begin_date
    if begin is None or not has_zone(begin) or not _is_sent(BEGIN_DATE, draft, around):
        return
    evidence = {"begin_date": begin, "version_dates": around.version_dates.value if around.version_dates else None}
    if around.version_dates is VersionDates.UTC:
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


def _check_gaps(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    """Whether a value would be sent back that every channel has and EnergyCAP did not give: nobody knows it then."""
    sent = (field for field in FIELDS if not field.nullable and _is_sent(field.path, draft, around))
    gaps = [field.key for field in sent if draft.planned.values.get(field.path) is None]
    # A code that could not be resolved is said already, and an edit to null is for the service to refuse.
    if gaps and not draft.blocks and not any(FIELD_AT[path].key in gaps for path in draft.touched):
        keys = " and ".join(gaps)
        message = f"cannot be edited: EnergyCAP does not give its {keys}, and an edit sends the whole channel back"
        unblock = f"correct the channel in EnergyCAP, or write its {keys} in the file, so that it is sent"
        yield Blocker("ESA417", message, {"missing": gaps}, unblock, is_unknown=True)


def _is_sent(path: str, draft: Draft, around: Surroundings) -> bool:
    """Whether the value at `path` goes along with what is edited.

    Of a channel with several versions the channel and its current version are edited by requests of their own.
    """
    levels = {FIELD_AT[touched].is_versioned for touched in draft.touched}
    if len(draft.live.versions) == 1 or FIELD_AT[path].is_versioned in levels:
        return True
    return FIELD_AT[path].is_versioned and around.channel_edit is ChannelEdit.ECHO_LATEST


def _say(message: str, *, is_old: bool) -> str:
    return f"{message} (already so in EnergyCAP)" if is_old else message


def _values(live: Live) -> Spec:
    return {field.path: live.values.get(field.path) for field in FIELDS}


def _id(live: Live, path: str) -> int:
    id_ = live.values.get(path)
    return id_ if isinstance(id_, int) else 0
