"""Which of the readings that were sent were not taken: by the service's receipt, or by a look at what channels have."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.model.values import canonical_time
from reconciler.readings.batches import group_loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.energycap.receipts import FailedGroup, FailedReading, KeptReading, Receipt
    from reconciler.energycap.sender import Sender
    from reconciler.model.identifiers import IdentifierNames
    from reconciler.readings.batches import Load

# Wide enough for any zone that the times may be meant in.
_MARGIN = timedelta(days=1)


class Unclear(Exception):
    """A receipt that speaks of other readings than were sent."""


def find_failed(receipt: Receipt, loads: Sequence[Load], dialect: IdentifierNames) -> list[tuple[Load, str]]:
    """Those of `loads` that `receipt` says were not taken, each with the service's own reason.

    Raises Unclear where it does not speak of exactly these readings.
    """
    if receipt.imported + receipt.failed != len(loads):
        raise Unclear
    waiting: dict[tuple[object, ...], list[Load]] = {
        _identify(dict(dialect.say(group[0].pointers)), dialect): list(group) for group in group_loads(loads)
    }
    return [
        (_take(waiting.get(_identify(group.identifiers, dialect), []), reading), _reason(group, reading))
        for group in receipt.groups
        for reading in group.readings
    ]


def find_missing(loads: Iterable[Load], sender: Sender) -> list[Load]:
    """Those of `loads` that their channels do not have, by time and value. Raises ServiceError."""
    by_channel: dict[int, list[Load]] = defaultdict(list)
    for load in loads:
        by_channel[load.channel.id].append(load)
    return [load for channel_id, own in by_channel.items() for load in _find_missing(channel_id, own, sender)]


def _identify(identifiers: Mapping[str, object], dialect: IdentifierNames) -> tuple[object, ...]:
    return tuple(identifiers.get(name) or None for name in dialect.names)


def _reason(group: FailedGroup, reading: FailedReading) -> str:
    return reading.error or group.error or "the service gives no reason"


def _take(waiting: list[Load], failed: FailedReading) -> Load:
    """The one of `waiting` that `failed` is, taken out of it."""
    time = canonical_time(failed.time or "")
    alike = [load for load in waiting if canonical_time(load.reading.time) == time]
    exact = [load for load in alike if failed.value is None or load.reading.value == failed.value]
    if not (exact or alike):
        raise Unclear
    found = (exact or alike)[0]
    waiting.remove(found)
    return found


def _find_missing(channel_id: int, loads: Sequence[Load], sender: Sender) -> list[Load]:
    times = [_wall(load.reading.time) for load in loads]
    begin, end = min(times) - _MARGIN, max(times) + _MARGIN
    values = _index_kept(sender.read_readings(channel_id, begin.isoformat(), end.isoformat()))
    return list(_leave_out_kept(loads, values))[::-1]


def _leave_out_kept(loads: Sequence[Load], values: Mapping[datetime, set[float | None]]) -> Iterator[Load]:
    """Those of `loads` that are not among `values`, the last first.

    Of several at one time the last counts: once it is there, those before it were overwritten.
    """
    there = set()
    for load in reversed(loads):
        moment = datetime.fromisoformat(load.reading.time)
        if moment in there or load.reading.value in values.get(moment, ()):
            there.add(moment)
        else:
            yield load


def _index_kept(kept: Iterable[KeptReading]) -> dict[datetime, set[float | None]]:
    """The values by their time: as an instant, where the service gives one, and as local time."""
    values: dict[datetime, set[float | None]] = defaultdict(set)
    for reading in kept:
        try:
            moment = datetime.fromisoformat(reading.time)
        except ValueError:
            continue
        values[moment].add(reading.value)
        values[moment.replace(tzinfo=None)].add(reading.value)
    return values


def _wall(time: str) -> datetime:
    return datetime.fromisoformat(time).replace(tzinfo=None)
