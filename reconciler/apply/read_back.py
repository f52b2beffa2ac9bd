"""What a channel must show after a write, and the final read-back of all written channels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.new_channels import read_if_there
from reconciler.apply.remaining import WriteTarget, as_created, at_version, find_writes, is_followed
from reconciler.errors import BadResponse, ServiceError
from reconciler.model.canonical import is_same
from reconciler.model.channels import Live
from reconciler.model.fields import (
    CHANNEL_FIELDS,
    FIELDS,
    OBSERVATION_RULE_ID,
    PRIMARY_FLAGS,
    VERSION_FIELDS,
)
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.values import begin_key, name_begin
from reconciler.planning.messages import show_value, show_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.client import Reader
    from reconciler.model.channels import Version
    from reconciler.model.fields import Field
    from reconciler.model.outcomes import Outcome
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec

    # Values by their path, by the place that a sentence names before the path.
    _Tree: TypeAlias = Mapping[str, Spec]


_VERSIONS = "the versions"
_END = "endDate"


class _Difference(Struct, frozen=True):
    """A difference as text: its path, what was expected and found, and the version if it is not the current one."""

    path: str
    expected: str
    found: str
    place: str = ""


def describe_gone(channel_id: int) -> str:
    """What is known of a channel that EnergyCAP answers with 404, as it does for channels that a user may not see."""
    return f"EnergyCAP has no channel {channel_id} now: it was deleted, or the key's user may no longer see it"


def find_mismatches(expected: Live, found: Live) -> tuple[str, ...]:
    """The differences of `found` from `expected`, in values and in older versions, each as a sentence.

    What the service fills in or rounds does not count. Codes are not compared, as they follow from their ids. The end
    of a version is compared where it was the begin of the next one.
    """
    return tuple(
        f"its versions are {difference.found}, expected {difference.expected}"
        if difference.path == _VERSIONS
        else f"{difference.place}{difference.path} is {difference.found}, expected {difference.expected}"
        for difference in _find_differences(expected, found)
    )


def find_changes(written: Live, found: Live) -> tuple[str, ...]:
    """The same differences as changes since the channel was `written`: `channelInfo from "Main" to "Other"`."""
    return tuple(
        f"{difference.place}{difference.path} from {difference.expected} to {difference.found}"
        for difference in _find_differences(written, found)
    )


def _find_differences(expected: Live, found: Live) -> Iterator[_Difference]:
    """The differences in order of fields: of the channel and its current version, then of the older versions."""
    ids, found_ids = ([version.id for version in live.versions] for live in (expected, found))
    # A version that was created has no id before it is found.
    if len(ids) == len(found_ids) and all(one in {0, other} for one, other in zip(ids, found_ids, strict=True)):
        yield from _compare(_make_tree(expected, expected), _make_tree(found, expected))
        return
    # The values of the current version belong to different versions then.
    yield from _compare(*({"": _pick(CHANNEL_FIELDS, live.values)} for live in (expected, found)))
    yield _Difference(_VERSIONS, str(ids), str(found_ids))


def _make_tree(live: Live, expected: Live) -> _Tree:
    """The values of `live` by the place in a sentence and the path; places are named as in `expected`."""
    current = {**live.values, **live.current.values}
    older = zip(pairwise(expected.versions), live.versions[:-1], strict=True)
    return {"": _pick(FIELDS, current)} | {
        f"in version {one.id}, ": {**_pick(VERSION_FIELDS, version.values), _END: _end_of(version, one, following)}
        for (one, following), version in older
    }


def _end_of(version: Version, expected: Version, following: Version) -> str | None:
    """The end of `version`; the expected one where it says nothing, or another end leaves no gap before the next."""
    is_compared = version.end_date and is_followed(expected, following)
    differs = is_compared and begin_key(version.end_date) != begin_key(expected.end_date)
    return version.end_date if differs else expected.end_date


def _pick(fields: Iterable[Field], values: Spec) -> Spec:
    return {field.path: values.get(field.path) for field in fields}


def _compare(expected: _Tree, found: _Tree) -> Iterator[_Difference]:
    if expected == found:
        return
    # Imported here, because it takes as long as many a plan, and after nearly all writes there is no difference.
    from deepdiff import DeepDiff  # noqa: PLC0415

    kinds = DeepDiff(expected, found, view="tree").values()
    unlike = {tuple(level.path(output_format="list")): level for levels in kinds for level in levels}
    order = [(place, path) for place, values in expected.items() for path in values]
    for place, path in sorted(unlike, key=order.index):
        one, other = unlike[place, path].t1, unlike[place, path].t2
        if path == _END or not is_same(path, one, other, expected[place].get(OBSERVATION_RULE_ID)):
            yield _Difference(path, *show_values(one, other), place)


# Seconds to wait before each further read, about eight in all.
PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
# After so many waits in a row without effect, reads of this service are assumed not to lag.
SHORTEN_AFTER = 3

_Found = TypeVar("_Found")


class Patience:
    """How often, and at which intervals, a read that does not show a write yet is repeated; for any number of threads.

    If a service lost thousands of writes, a run would wait for each of them. So after a few waits without effect the
    next ones are short, until one has an effect. A wait is never short if the write was confirmed. Tests replace
    `sleep`.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pauses = tuple(pauses)
        self._sleep = sleep
        # Two threads may count as one here. That costs one more wait, and saves a lock.
        self._without_effect = 0

    def read_on(
        self,
        found: _Found,
        read: Callable[[_Found], _Found],
        is_late: Callable[[_Found], bool],
        *,
        is_certain: bool,
    ) -> _Found:
        """What was `found`, or what `read` returns as soon as that is not late any more, or at the last attempt.

        `is_certain` says that the service confirmed the write. Raises what `read` raises.
        """
        if not is_late(found):
            return found
        is_short = self._without_effect >= SHORTEN_AFTER and not is_certain
        for pause in self._pauses[:1] if is_short else self._pauses:
            self._sleep(pause)
            found = read(found)
            if not is_late(found):
                self._without_effect = 0
                return found
        self._without_effect += 1
        return found


# Up to this number, single reads cost less than the list of all channels, whose pages hold up to 1,000.
MAX_SINGLE_READS = 10

_PLAN_AGAIN = "look at the channel in EnergyCAP, then plan again: reconciler plan"
_CHANGED = "somebody else, or EnergyCAP itself, changed it after"
_CHECK = "once EnergyCAP answers, check that nothing is left to do: reconciler plan"

# The channels as read at the end, by id, without those that are gone.
Found: TypeAlias = Mapping[int, Live | ServiceError]


def read_back(ids: Sequence[int], reader: Reader, executor: Executor) -> Found:
    """The channels with these ids as they are now, or why they cannot be read; those that are gone are left out.

    A few channels are read by id, side by side; more of them by one complete list.
    """
    if len(ids) <= MAX_SINGLE_READS:
        reads = executor.map(lambda channel_id: _read_alone(channel_id, reader), ids)
        return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}
    try:
        return {
            live.id: BadResponse(f"channel {live.id}: {live.flaw}") if live.flaw else live
            for live in reader.list_channels(only=frozenset(ids))
        }
    except ServiceError as error:
        return dict.fromkeys(ids, error)


def verify(change: Change, outcome: Outcome, written: Live, found: Live | ServiceError | None) -> Outcome:
    """The `outcome` of a `change` that was `written`, by how its channel was `found` at the end; None if it is gone.

    The write itself was confirmed, so any difference now is somebody else's edit. If the files manage the value, the
    outcome differs; any other difference is only a remark.
    """
    if found is None:
        return _differ(outcome, describe_gone(written.id))
    if isinstance(found, ServiceError):
        remark = f"EnergyCAP confirmed the write, but the channel could not be read again at the end: {found.message}"
        return replace(outcome, remark=remark, fix=_CHECK, unread=True)
    if differences := tuple(_find_undone(change, found)):
        return _differ(outcome, f"now {'; '.join(differences)}: {_CHANGED} this write")
    if changes := find_changes(written, found):
        return replace(outcome, remark=f"{_CHANGED} this write: {'; '.join(changes)}")
    return outcome


def check_beside(outcome: Outcome, before: Sequence[Live], now: Sequence[Live] | ServiceError) -> Outcome:
    """The `outcome` of a creation, by how the other channels of its data point read `now`.

    `before` is how they read right before. A primary flag that moved is what a creation may do by itself, so the
    outcome differs then; any other difference is only a remark, as somebody else's edit is the likely reason.
    """
    if isinstance(now, ServiceError):
        remark = f"the other channels of its data point could not be read again at the end: {now.message}"
        return replace(outcome, remark=remark, fix=_CHECK, unread=True)
    found = {live.id: live for live in now}
    changes = [
        (live.id, change) for live in before if live.id in found for change in find_changes(live, found[live.id])
    ]
    if not changes:
        return outcome
    text = "; ".join(f"channel {channel_id}: {change}" for channel_id, change in changes)
    if any(change.startswith(PRIMARY_FLAGS) for _, change in changes):
        return _differ(outcome, f"other channels of its data point have changed since: {text}")
    return replace(outcome, remark=f"other channels of its data point have changed since: {text}")


def check_holders(outcome: Outcome, holders: Mapping[str, int], now: Sequence[Live] | ServiceError) -> Outcome:
    """The `outcome` of a creation by an earlier run, by which channels have their primary flag `now` as before it."""
    if isinstance(now, ServiceError):
        return check_beside(outcome, (), now)
    found = {live.id: live for live in now}
    lost = [
        f"channel {channel_id}: {flag} from true to {show_value(found[channel_id].values.get(flag))}"
        for flag, channel_id in holders.items()
        if channel_id in found and found[channel_id].values.get(flag) is not True
    ]
    if not lost:
        return outcome
    return _differ(outcome, f"other channels of its data point have changed since: {'; '.join(lost)}")


def _find_undone(change: Change, found: Live) -> Iterator[str]:
    """How `found` differs from what `change` wants, each as a sentence."""
    change = as_created(change, found)
    for write in find_writes(change, found):
        if write.part is WriteTarget.NEW_VERSION:
            yield f"it has no version from {name_begin(write.begin)}"
            continue
        version = at_version(found, write.version_id) or found
        place = (
            "" if write.version_id in {0, change.version_id, found.current.id} else f"in version {write.version_id}, "
        )
        for path, value in write.wanted.items():
            yield "{}{} is {}, expected {}".format(place, path, *show_values(version.values.get(path), value))


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return read_if_there(reader, channel_id)
    except ServiceError as error:
        return error


def _differ(outcome: Outcome, reason: str) -> Outcome:
    message = f"was verified after the write, but {reason}"
    return replace(outcome, status=OutcomeStatus.MISMATCH, message=message, fix=_PLAN_AGAIN)
