"""Whether what happened to a service is right, by its own log and store, and by what was asked for in the files."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.outcomes import OutcomeStatus
from tests.apply.inside import Added, Edited, Founded, Read, Removed, Sent
from tests.apply.truth import NAMES, is_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Change
    from reconciler.sandbox import World
    from tests.apply.inside import Moment
    from tests.apply.truth import Truth, Values

_VERSION = "esaChannelVersion."
_FORMULA = f"{_VERSION}formula"
_RULES = {"Odometer": 1, "Trip": 2}
_REGISTER = ("rolloverValue", "rollbackAllowance")


def check_result(result: ApplyResult, moments: Sequence[Moment], import_ids: Mapping[str, str]) -> None:
    """Each outcome of one run says what the service's own journal says of its channel, and no POST was repeated.

    `import_ids` are those of new channels by the names of their changes.
    """
    sent = [one for one in moments if isinstance(one, Sent)]
    made = [one.channel_id for one in moments if isinstance(one, Added | Founded)]
    for outcome in result.outcomes:
        done = len(list_done(sent, outcome.channel_id, import_ids.get(outcome.name)))
        # Where an answer was lost and somebody else has made just the same meanwhile, it may be taken for ours.
        is_taken = 0 < _count_claimed(outcome) - done <= made.count(outcome.channel_id)
        assert is_taken or is_true(outcome, done), (outcome, done)
    posts = Counter(one.created for one in sent if one.created and one.status != 429)
    assert [post for post, times in posts.items() if times > 1] == []


def list_done(sent: Iterable[Sent], channel_id: int | None, import_id: str | None) -> list[Sent]:
    """The writes to a channel that were done, with the one that created it, if it is new."""
    created = {one.channel_id for one in sent if import_id is not None and one.import_id == import_id and one.is_done}
    return [one for one in sent if one.is_done and one.channel_id in {channel_id, *created}]


def is_true(outcome: Outcome, done: int) -> bool:
    match outcome.status:
        case OutcomeStatus.DONE:
            return done == outcome.requests and outcome.was_already_applied == (done == 0)
        case OutcomeStatus.STALE | OutcomeStatus.NOT_TRIED:
            return done == outcome.requests == 0
        case OutcomeStatus.MISMATCH:
            # Of a lost answer and a foreign edit together nobody can tell whether the write was done.
            return outcome.requests - 1 <= done <= outcome.requests
        case OutcomeStatus.FAILED:
            return done in _said_to_be_done(outcome)


def _count_claimed(outcome: Outcome) -> int:
    """How many writes the outcome says were certainly done."""
    if outcome.status is OutcomeStatus.DONE:
        return outcome.requests
    return _said_to_be_done(outcome)[0] if outcome.status is OutcomeStatus.FAILED else 0


def _said_to_be_done(outcome: Outcome) -> tuple[int, ...]:
    if "may have been done" in outcome.message:
        return outcome.requests - 1, outcome.requests
    return (len(re.findall(r" was (?:written|created)(?:;|, as the last read shows;) ", outcome.message)),)


def check_posts(moments: Sequence[Moment]) -> None:
    """Nothing is created twice, in any number of runs, unless somebody else deleted a version in between."""
    created: set[tuple[int | str, str | None]] = set()
    for moment in moments:
        if isinstance(moment, Removed):
            created = {one for one in created if one[0] != moment.channel_id}
        elif isinstance(moment, Sent) and moment.created:
            assert moment.created not in created, moment
            created |= {moment.created} if moment.is_done else set()


class Wanted(Struct, frozen=True):
    """What the plan is to make of one channel: its own values, those of versions by id, and new versions by begin."""

    values: Values = field(default_factory=dict)
    versions: dict[int, Values] = field(default_factory=dict)
    created: dict[str | None, Values] = field(default_factory=dict)


def find_wanted(change: Change, desired: Desired, truth: Truth, world: World) -> Wanted:
    """What `change` is to make of a channel; of the versions that a file lists as the file says, not as the plan does.

    A version is meant by its begin, a new one has all settings of the one before it but for those that the file gives.
    """
    values = {path: value for path, value in change.target_values.items() if "." not in path}
    if not desired.versions:
        versioned = {path.removeprefix(_VERSION): one for path, one in change.target_values.items() if "." in path}
        return Wanted(values, {change.version_id: versioned} if versioned else {})
    live = {version["beginDate"] or "": (id_, version) for id_, version in truth.versions.items()}
    planned = {begin: version for begin, (_, version) in live.items()}
    wanted = Wanted(values)
    for listed in desired.versions:
        earlier = [begin for begin in planned if begin < listed.begin]
        base = planned.get(listed.begin) or planned[max(earlier) if earlier else min(planned)]
        new = _settle({**base, **_translate(listed.spec, world), "beginDate": listed.begin or None})
        planned[listed.begin] = new
        if listed.begin in live:
            wanted.versions[live[listed.begin][0]] = new
        else:
            wanted.created[listed.begin] = new
    return wanted


def find_new(desired: Desired, world: World) -> Wanted:
    """A channel that is to be created, as the file says: what it does not say is null or false.

    Source: EsaChannelCreate; the body has no beginDate, so the first version begins at the beginning.
    """
    spec = {path: value for path, value in desired.spec.items() if "." not in path}
    (kind,) = (one for one in world["observationTypes"] if one["observationTypeCode"] == spec["observationTypeCode"])
    methods = {one["summarizationMethodInfo"]: one for one in world["summarizationMethods"]}
    values = {
        "channelDescription": None,
        "isCalculated": False,
        "isPrimaryValue": False,
        "isPrimaryDemand": False,
        **{path: one for path, one in spec.items() if path not in {"observationTypeCode", "summarizationMethod"}},
        "observationTypeId": kind["observationTypeId"],
        "summarizationMethodId": methods[spec["summarizationMethod"]]["summarizationMethodId"],
    }
    versioned = {path: value for path, value in desired.spec.items() if "." in path}
    listed = [(one.begin, one.spec) for one in desired.versions] or [("", versioned)]
    wanted = Wanted(values)
    version: Values = {**dict.fromkeys(NAMES), "isValuePositive": False}
    for begin, settings in listed:
        version = _settle({**version, **_translate(settings, world), "beginDate": begin or None})
        wanted.created[begin or None] = version
    return wanted


def _translate(spec: Mapping[str, Any], world: World) -> Values:
    """The settings of a file by the names and ids of the service."""
    values = {path.removeprefix(_VERSION): value for path, value in spec.items()}
    if "unitCode" in values:
        code = values.pop("unitCode")
        (values["unitId"],) = (unit["unitId"] for unit in world["units"] if unit["unitCode"] == code)
    if "observationRule" in values:
        values["observationRuleId"] = _RULES[values.pop("observationRule")]
    return values


def _settle(version: Values) -> Values:
    """Source: EsaChannelVersionEdit; the register settings are for Odometer alone, the offset is for Trip alone."""
    if version["observationRuleId"] == _RULES["Trip"]:
        return {**version, **dict.fromkeys(_REGISTER)}
    return {**version, "offset": None}


class Case(Struct, frozen=True):
    """What to judge: all moments, what the plan wants of each channel by its id, and the settings of the service.

    `new` is what the plan wants of channels to be created, by import id; `names` are their import ids by what stands
    for them in formulas: their names in the files, and the ids that the plan has for them.
    """

    moments: Sequence[Moment]
    wanted: Mapping[int, Wanted]
    assignments: tuple[str, ...]
    new: Mapping[str, Wanted] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def check_survivors(case: Case, before: Mapping[int, Truth], after: Mapping[int, Truth]) -> None:
    """Every value is what it was or what the plan wants; another person's is kept that a fresh read could see.

    No version is lost, and none is there that nobody created.
    """
    assert before.keys() <= after.keys()
    check_new(case, {id_: truth for id_, truth in after.items() if id_ not in before})
    for channel_id, old in before.items():
        wanted, new = case.wanted.get(channel_id, Wanted()), after[channel_id]
        own = {path: value for path, value in new.values.items() if "." not in path}
        check_values(case, (channel_id, 0), new, own, (old.values, wanted.values))
        check_versions(case, channel_id, old, new)


def check_new(case: Case, found: Mapping[int, Truth]) -> None:
    """Each new channel was created by the plan or by somebody else; and is as the file wants it where it is ours."""
    founded = {one.channel_id for one in case.moments if isinstance(one, Founded)}
    own = {
        one.channel_id: one.import_id for one in case.moments if isinstance(one, Sent) and one.import_id and one.is_done
    }
    assert found.keys() == founded | own.keys()
    for channel_id, import_id in own.items():
        truth, wanted = found[channel_id], case.new[str(import_id)]
        values = {path: one for path, one in truth.values.items() if "." not in path}
        check_values(case, (channel_id, 0), truth, values, (wanted.values,))
        check_new_versions(case, channel_id, wanted, truth)


def check_new_versions(case: Case, channel_id: int, wanted: Wanted, truth: Truth) -> None:
    """The versions of a channel that the plan created: its own, in any number so far, and those of others."""
    added = {one.version_id for one in case.moments if isinstance(one, Added) and one.channel_id == channel_id}
    begins = [version["beginDate"] for version in truth.versions.values()]
    assert len(begins) == len(set(begins))
    for version_id, version in truth.versions.items():
        now = replace(truth, values={**truth.values, **_name_paths(version)})
        is_ours = version_id not in added
        start = wanted.created[version["beginDate"]] if is_ours else version
        judged = replace(case, assignments=_fill_nulls(case.assignments)) if is_ours else case
        check_values(judged, (channel_id, version_id), now, _name_paths(version), fill_in(_name_paths(start), case))


def fill_in(values: Values, case: Case) -> tuple[Values, ...]:
    """`values` with the id of each new channel in a formula, in place of what the case names it by.

    There are several where others have created a channel with the same import id.
    """
    filled = [values]
    for name, import_id in case.names.items() if values.get(_FORMULA) else ():
        filled = [
            {**one, _FORMULA: one[_FORMULA].replace(f"channel({name})", f"channel({id_})")}
            for one in filled
            for id_ in _list_ids(case.moments, import_id) or [0]
        ]
    return tuple(filled)


def _list_ids(moments: Iterable[Moment], import_id: str) -> list[int]:
    """The channels that were created with an import id, by whomever; it may be another one by now."""
    return [
        one.channel_id
        for one in moments
        if isinstance(one, Sent | Founded) and one.import_id == import_id and one.channel_id
    ]


def check_versions(case: Case, channel_id: int, old: Truth, new: Truth) -> None:
    """The versions of one channel: those that were there, those that the plan creates, and those of others."""
    wanted = case.wanted.get(channel_id, Wanted())
    foreign = [one for one in case.moments if isinstance(one, Added | Removed) and one.channel_id == channel_id]
    added = {one.version_id for one in foreign if isinstance(one, Added)}
    removed = {one.version_id for one in foreign if isinstance(one, Removed)}
    assert old.versions.keys() - new.versions.keys() <= removed
    begins = [version["beginDate"] for version in new.versions.values()]
    assert len(begins) == len(set(begins))
    if any(falls_into_window(case.moments, case.moments.index(one), (channel_id, 0)) for one in foreign):
        # A whole channel was sent, with what was the current version when it was read.
        return
    for version_id, version in new.versions.items():
        now = replace(new, values={**new.values, **_name_paths(version)})
        assignments = case.assignments
        starts: tuple[Values, ...]
        if version_id in old.versions and not _is_touched(case.moments, channel_id, version_id):
            assert version == old.versions[version_id]
        if version_id in old.versions:
            edited = fill_in(_name_paths(wanted.versions.get(version_id, {})), case)
            starts = (_name_paths(old.versions[version_id]), *edited)
        elif version_id in added:
            # That it is as they made it is checked by the moments of its edits alone.
            starts = (_name_paths(version),)
        else:
            assert version["beginDate"] in wanted.created, (channel_id, version)
            starts = (_name_paths(wanted.created[version["beginDate"]]),)
            assignments = _fill_nulls(assignments)
        judged = replace(case, assignments=assignments)
        check_values(judged, (channel_id, version_id), now, _name_paths(version), starts)


def _is_touched(moments: Iterable[Moment], channel_id: int, version_id: int) -> bool:
    """Whether anybody has written a version, or all of its channel."""
    return any(
        (isinstance(one, Edited) and one.channel_id == channel_id and one.version_id in {0, version_id})
        or (isinstance(one, Sent) and one.is_done and _replaces(one, (channel_id, version_id)))
        for one in moments
    )


def _name_paths(version: Values) -> Values:
    return {f"{_VERSION}{name}": value for name, value in version.items()}


def check_values(
    case: Case, place: tuple[int, int], truth: Truth, found: Values, starts: Iterable[Mapping[str, object]]
) -> None:
    """Each value that was `found` in a channel or version is one of `starts`, or that of somebody else."""
    for path, value in found.items():
        allowed = find_allowed(case.moments, (*place, path), [one[path] for one in starts if path in one])
        assert any(is_kept(path, one, value, truth, case.assignments) for one in allowed), (place, path, allowed, value)


def find_allowed(moments: Sequence[Moment], place: tuple[int, int, str], start: Sequence[object]) -> list[object]:
    """What a value may be in the end; only edits between a change's fresh read and its PUT may be lost."""
    allowed = list(start)
    for index, moment in enumerate(moments):
        if isinstance(moment, Edited) and (moment.channel_id, moment.version_id, moment.path) == place:
            is_lost = falls_into_window(moments, index, place[:2])
            allowed = [*allowed, moment.value] if is_lost else [moment.value]
    return allowed


def falls_into_window(moments: Sequence[Moment], index: int, place: tuple[int, int]) -> bool:
    """Whether the next write that replaces the `place` was made from what its own thread had read before the edit."""
    readers = set()
    for moment in moments[index + 1 :]:
        if isinstance(moment, Read) and moment.channel_id == place[0]:
            readers.add(moment.thread)
        if isinstance(moment, Sent) and moment.is_done and _replaces(moment, place):
            return moment.thread not in readers
    return False


def _replaces(sent: Sent, place: tuple[int, int]) -> bool:
    """Whether a write sends all that is at `place`; that of a channel may come with any one version."""
    channel_id, version_id = place
    if sent.channel_id != channel_id or sent.begin is not None:
        return False
    _, is_version, written = sent.path.partition("/version/")
    return not is_version or int(written) == version_id


def check_done(case: Case, result: ApplyResult, after: Mapping[int, Truth]) -> None:
    """What is said to be done is there to the last value, where nobody else wrote."""
    touched = list_touched(case.moments)
    for outcome in result.outcomes:
        if outcome.status is not OutcomeStatus.DONE or outcome.channel_id in touched:
            continue
        now = after[outcome.channel_id]
        wanted = case.wanted.get(outcome.channel_id) or case.new[str(now.values["channelImportId"])]
        by_begin = {version["beginDate"]: version for version in now.versions.values()}
        parts = [
            (wanted.values, now.values),
            *((_name_paths(one), _name_paths(now.versions[id_])) for id_, one in wanted.versions.items()),
            *((_name_paths(one), _name_paths(by_begin[begin])) for begin, one in wanted.created.items()),
        ]
        for part, found in parts:
            truth = replace(now, values={**now.values, **found})
            filled = fill_in(part, case)
            meant = next((one for one in filled if one.get(_FORMULA) == found.get(_FORMULA)), filled[0])
            check_same(case.assignments, meant, found, truth)


def list_touched(moments: Iterable[Moment]) -> frozenset[int]:
    """The channels that others have changed in any way."""
    return frozenset(one.channel_id for one in moments if isinstance(one, Edited | Added | Removed | Founded))


def check_undone(
    assignments: tuple[str, ...], done: Iterable[int], before: Mapping[int, Truth], after: Mapping[int, Truth]
) -> None:
    """An undone channel is unchanged, but for new versions, which have the settings of the one before them."""
    for channel_id in done:
        old, new = before[channel_id], after[channel_id]
        own = {path: value for path, value in old.values.items() if "." not in path}
        check_same(assignments, own, new.values, new)
        former = next(iter(old.versions.values()))
        for version_id, version in new.versions.items():
            former = old.versions.get(version_id, {**former, "beginDate": version["beginDate"]})
            now = replace(new, values={**new.values, **_name_paths(version)})
            check_same(assignments, _name_paths(former), _name_paths(version), now)
        assert old.versions.keys() <= new.versions.keys()


def check_same(assignments: tuple[str, ...], wanted: Values, found: Mapping[str, object], truth: Truth) -> None:
    """Each of `wanted` is there, as a service with these settings keeps it; `truth` has the rule."""
    filling = _fill_nulls(assignments)
    assert [path for path, one in wanted.items() if not is_kept(path, one, found[path], truth, filling)] == []


def _fill_nulls(assignments: tuple[str, ...]) -> tuple[str, ...]:
    """`assignments` for what a file wants: null under Odometer is the default of the page, even if null is kept."""
    return tuple(one for one in assignments if one != "odometer_nulls=echo")
