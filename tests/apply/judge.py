"""Whether what happened to a service is right, by its own log and store, and by what was asked for in the files."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.outcomes import OutcomeStatus
from tests.apply.inside import Added, Edited, Read, Removed, Sent
from tests.apply.truth import is_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Change
    from reconciler.sandbox import World
    from tests.apply.inside import Moment
    from tests.apply.truth import Truth, Values

_VERSION = "esaChannelVersion."
_RULES = {"Odometer": 1, "Trip": 2}
_REGISTER = ("rolloverValue", "rollbackAllowance")


def check_result(result: ApplyResult, sent: Sequence[Sent]) -> None:
    """Each outcome of one run says what the service's own journal says of its channel, and no POST was repeated."""
    for outcome in result.outcomes:
        done = sum(one.is_done for one in sent if one.channel_id == outcome.channel_id)
        assert is_true(outcome, done), (outcome, done)
    posts = Counter((one.channel_id, one.begin) for one in sent if one.begin and one.status != 429)
    assert [post for post, times in posts.items() if times > 1] == []


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


def _said_to_be_done(outcome: Outcome) -> tuple[int, ...]:
    if "may have been done" in outcome.message:
        return outcome.requests - 1, outcome.requests
    return (len(re.findall(r" was written(?:;|, the last read shows;) ", outcome.message)),)


def check_posts(moments: Sequence[Moment]) -> None:
    """No version is created twice, in any number of runs, unless somebody else deleted one in between."""
    created: set[tuple[int, str]] = set()
    for moment in moments:
        if isinstance(moment, Removed):
            created = {one for one in created if one[0] != moment.channel_id}
        elif isinstance(moment, Sent) and moment.begin is not None:
            key = moment.channel_id, moment.begin
            assert key not in created, moment
            created |= {key} if moment.is_done else set()


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
    """What to judge: all moments, what the plan wants of each channel by its id, and the settings of the service."""

    moments: Sequence[Moment]
    wanted: Mapping[int, Wanted]
    assignments: tuple[str, ...]


def check_survivors(case: Case, before: Mapping[int, Truth], after: Mapping[int, Truth]) -> None:
    """Every value is what it was or what the plan wants; another person's is kept that a fresh read could see.

    No version is lost, and none is there that nobody created.
    """
    assert before.keys() == after.keys()
    for channel_id, new in after.items():
        wanted, old = case.wanted.get(channel_id, Wanted()), before[channel_id]
        own = {path: value for path, value in new.values.items() if "." not in path}
        check_values(case, (channel_id, 0), new, own, (old.values, wanted.values))
        check_versions(case, channel_id, old, new)


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
        starts: tuple[Values, ...]
        if version_id in old.versions and not _is_touched(case.moments, channel_id, version_id):
            assert version == old.versions[version_id]
        if version_id in old.versions:
            starts = (_name_paths(old.versions[version_id]), _name_paths(wanted.versions.get(version_id, {})))
        elif version_id in added:
            # That it is as they made it is checked by the moments of its edits alone.
            starts = (_name_paths(version),)
        else:
            assert version["beginDate"] in wanted.created, (channel_id, version)
            starts = (_name_paths(wanted.created[version["beginDate"]]),)
        check_values(case, (channel_id, version_id), now, _name_paths(version), starts)


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
        wanted, now = case.wanted[outcome.channel_id], after[outcome.channel_id]
        by_begin = {version["beginDate"]: version for version in now.versions.values()}
        parts = [
            (wanted.values, now.values),
            *((_name_paths(one), _name_paths(now.versions[id_])) for id_, one in wanted.versions.items()),
            *((_name_paths(one), _name_paths(by_begin[begin])) for begin, one in wanted.created.items()),
        ]
        for part, found in parts:
            check_same(case.assignments, part, found, replace(now, values={**now.values, **found}))


def list_touched(moments: Iterable[Moment]) -> frozenset[int]:
    """The channels that others have changed in any way."""
    return frozenset(one.channel_id for one in moments if isinstance(one, Edited | Added | Removed))


def check_undone(
    assignments: tuple[str, ...], done: Iterable[int], before: Mapping[int, Truth], after: Mapping[int, Truth]
) -> None:
    """A channel that was undone is as it was, but for new versions, which have the settings of the one before them."""
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
    # A file that says null under Odometer wants the default of the vendor's page, also where null would be kept.
    filling = tuple(one for one in assignments if one != "odometer_nulls=echo")
    assert [path for path, one in wanted.items() if not is_kept(path, one, found[path], truth, filling)] == []
