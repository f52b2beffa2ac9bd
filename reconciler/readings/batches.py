"""Readings on their way: what is sent in one request, and how it is written there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.readings.cells import ESTIMATED, NOTE, TIME, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import IdentifierNames, Identifiers
    from reconciler.readings.cells import Reading
    from reconciler.readings.routing import Router
    from reconciler.readings.rows import Parcel, Row

# A request of a thousand readings has about 100 kB. The service names no limit.
BATCH = 1000


class Load(Struct, frozen=True, eq=False):
    """One reading that is to be sent: what it is, where it lands, and the row and parcel of the file that it is of."""

    reading: Reading
    pointers: Identifiers
    channel: Live
    row: Row
    parcel: Parcel


def load_batches(
    parcels: Iterable[Parcel],
    router: Router,
    leave_out: Callable[[Parcel, Row, str], None],
    size: int = BATCH,
    zones: Mapping[int, tzinfo] | None = None,
) -> Iterator[list[Load]]:
    """The readings of `parcels` that can be sent, in their order, up to `size` at a time.

    `leave_out` is told of all others, and why. A time with an offset is written with that of its data point, where
    `zones` has it: then it means the same, whether the service goes by the offset or by the local time before it.
    """
    batch: list[Load] = []
    for parcel in parcels:
        for load in _load(parcel, router, leave_out):
            batch.append(load if zones is None else _move(load, zones.get(load.channel.data_point.id)))
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch


def group_loads(loads: Iterable[Load]) -> list[list[Load]]:
    """`loads` by their identifiers, in the order in which these first come."""
    groups: dict[Identifiers, list[Load]] = {}
    for load in loads:
        groups.setdefault(load.pointers, []).append(load)
    return list(groups.values())


def make_body(groups: Sequence[Sequence[Load]], dialect: IdentifierNames) -> list[dict[str, object]]:
    """`groups` as the call of `dialect` takes them, with the identifiers that the file gives.

    Source: POST /api/v3/reading; the page of POST /api/v202407/esaReading, whose readings are taken to be the same.
    """
    return [
        {**dict(dialect.say(group[0].pointers)), "readings": [_write(load.reading) for load in group]}
        for group in groups
    ]


def _write(reading: Reading) -> dict[str, object]:
    return {TIME: reading.time, VALUE: reading.value, ESTIMATED: reading.estimated, NOTE: reading.note}


def _move(load: Load, zone: tzinfo | None) -> Load:
    at = datetime.fromisoformat(load.reading.time)
    if zone is None or at.tzinfo is None:
        return load
    return replace(load, reading=load.reading.at(at.astimezone(zone).isoformat()))


def _load(parcel: Parcel, router: Router, leave_out: Callable[[Parcel, Row, str], None]) -> Iterator[Load]:
    landing = None if parcel.key is None or parcel.flaws else router.find(parcel.key)
    flaws = parcel.flaws if landing is None else landing.flaws
    for row in parcel.rows:
        wrong = (*flaws, *row.flaws)
        if wrong or row.reading is None or landing is None or landing.channel is None:
            leave_out(parcel, row, "; ".join(f"{flaw.code} {flaw.message}" for flaw in wrong))
        else:
            yield Load(row.reading, landing.pointers, landing.channel, row, parcel)
