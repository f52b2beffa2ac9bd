"""How a channel must read after a write, and the final read-back of all that was written."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.recheck import find_remaining, read_if_there
from reconciler.errors import BadResponse, ServiceError
from reconciler.model.canonical import is_same
from reconciler.model.channels import Live
from reconciler.model.fields import CHANNEL_FIELDS, OBSERVATION_RULE_ID, VERSION_FIELDS
from reconciler.model.outcomes import OutcomeStatus
from reconciler.planning.messages import show_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.client import Reader
    from reconciler.model.fields import Field
    from reconciler.model.outcomes import Outcome
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec


_VERSIONS = "the versions"


class _Other(Struct, frozen=True):
    """What reads otherwise: its path, what was expected and what was found, and the version where that is an older one.

    All as a sentence has it.
    """

    path: str
    expected: str
    found: str
    place: str = ""


def expected_after(before: Live, wanted: Spec) -> Live:
    """`before` as it must read once `wanted`, by the paths of EsaChannelEdit, is written and nothing else."""
    versioned = {field.path: wanted[field.path] for field in VERSION_FIELDS if field.path in wanted}
    current = replace(before.current, values={**before.current.values, **versioned})
    return replace(before, values={**before.values, **wanted}, versions=(*before.versions[:-1], current))


def describe_gone(channel_id: int) -> str:
    """What is known of a channel that EnergyCAP has no more: it answers 404 to what a user may not see, too."""
    return f"EnergyCAP has no channel {channel_id} now: it was deleted, or the key's user may no longer see it"


def find_mismatches(expected: Live, found: Live) -> tuple[str, ...]:
    """In what `found` reads otherwise than `expected`: values, and versions other than the current; one sentence each.

    What the service fills in or rounds is no difference. Not compared is what follows from other values: codes from
    their ids, the end of a version from the begin of the next.
    """
    return tuple(
        f"its versions are {other.found}, expected {other.expected}"
        if other.path == _VERSIONS
        else f"{other.place}{other.path} is {other.found}, expected {other.expected}"
        for other in _find_others(expected, found)
    )


def find_changes(written: Live, found: Live) -> tuple[str, ...]:
    """The same as what became of it since the channel was `written`: `channelInfo from "Main" to "Other"`."""
    return tuple(
        f"{other.place}{other.path} from {other.expected} to {other.found}" for other in _find_others(written, found)
    )


def _find_others(expected: Live, found: Live) -> Iterator[_Other]:
    yield from _find_other_values(CHANNEL_FIELDS, expected.values, found.values)
    ids, found_ids = ([version.id for version in live.versions] for live in (expected, found))
    if ids != found_ids:
        yield _Other(_VERSIONS, str(ids), str(found_ids))
        return
    yield from _find_other_values(VERSION_FIELDS, expected.current.values, found.current.values)
    for older, found_older in zip(expected.versions[:-1], found.versions[:-1], strict=True):
        others = _find_other_values(VERSION_FIELDS, older.values, found_older.values)
        yield from (replace(other, place=f"in version {older.id}, ") for other in others)


def _find_other_values(fields: Iterable[Field], expected: Spec, found: Spec) -> Iterator[_Other]:
    rule_id = expected.get(OBSERVATION_RULE_ID)
    for field in fields:
        value, found_value = expected.get(field.path), found.get(field.path)
        if not is_same(field.path, value, found_value, rule_id):
            yield _Other(field.path, *show_values(value, found_value))


# Before each further read, in seconds: about eight in all.
PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
# After so many waits in a row without effect, a service is taken for one whose reads do not lag.
SHORTEN_AFTER = 3

_Found = TypeVar("_Found")


class Patience:
    """How often, and at which intervals, a read that does not show a write yet is repeated; for any number of threads.

    A service that loses writes by the thousand would make a run wait for each of them. So after a few waits
    without effect the next ones are short, until one of them has an effect. A wait is never short if the write was
    certainly done. `sleep` stands in for time in tests.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES, sleep: Callable[[float], None] = time.sleep) -> None:
        self._pauses = tuple(pauses)
        self._sleep = sleep
        # Of two threads one may count for both: that costs one more wait, and no lock.
        self._without_effect = 0

    def read_on(
        self,
        found: _Found,
        read: Callable[[_Found], _Found],
        is_late: Callable[[_Found], bool],
        *,
        is_certain: bool,
    ) -> _Found:
        """What was `found`, or what `read` makes of it once that is not late any more, or time is up.

        `is_certain` says that what is looked for was done, as far as the service says. Raises what `read` raises.
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


# Up to here single reads cost less than the list of all channels, whose pages hold up to 1,000.
MAX_SINGLE_READS = 10

_PLAN_AGAIN = "look at the channel in EnergyCAP, then plan again: reconciler plan"
_CHANGED = "somebody else, or EnergyCAP itself, changed it after"
_CHECK = "once EnergyCAP answers, check that nothing is left to do: reconciler plan"

# What was read at the end, by the id of the channel; those that are gone are left out.
Found: TypeAlias = Mapping[int, Live | ServiceError]


def read_back(ids: Sequence[int], reader: Reader, executor: Executor) -> Found:
    """The channels with these ids as they are now, or why they cannot be read; those that are gone are left out.

    Few channels are read one by one, side by side, many by one complete list.
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
    """The `outcome` of a `change` that was seen `written`, by how its channel is `found` at the end; None: it is gone.

    The write itself was confirmed. So what reads otherwise by now was edited by somebody else: a value that the files
    manage has to be looked at, anything else is only worth a remark.
    """
    if found is None:
        return _differ(outcome, describe_gone(written.id))
    if isinstance(found, ServiceError):
        remark = f"EnergyCAP confirmed the write, but the channel could not be read again at the end: {found.message}"
        return replace(outcome, remark=remark, fix=_CHECK, unread=True)
    if remaining := find_remaining(change.target_values, found):
        differences = (
            "{} is {}, expected {}".format(path, *show_values(found.values.get(path), value))
            for path, value in remaining.items()
        )
        return _differ(outcome, f"now {'; '.join(differences)}: {_CHANGED} this write")
    if changes := find_changes(written, found):
        return replace(outcome, remark=f"{_CHANGED} this write: {'; '.join(changes)}")
    return outcome


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return read_if_there(reader, channel_id)
    except ServiceError as error:
        return error


def _differ(outcome: Outcome, reason: str) -> Outcome:
    message = f"was verified after the write, but {reason}"
    return replace(outcome, status=OutcomeStatus.MISMATCH, message=message, fix=_PLAN_AGAIN)
