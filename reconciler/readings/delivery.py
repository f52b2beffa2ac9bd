"""Sends one batch of readings, and finds out what was stored even if the response is lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.energycap.transport import NotSent
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.identifiers import V3_NAMES
from reconciler.model.values import canonical_time
from reconciler.readings.reading_rows import ESTIMATED, NOTE, TIME, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.energycap.client import Sender
    from reconciler.energycap.mapping import FailedGroup, FailedReading, ImportResponse, StoredReading
    from reconciler.model.channels import Live
    from reconciler.model.identifiers import IdentifierNames, Identifiers
    from reconciler.readings.reading_rows import Reading, ReadingGroup, ReadingRow
    from reconciler.readings.routing import Router


# A request of a thousand readings has about 100 kB. The service names no limit.
BATCH_SIZE = 1000


class OutgoingReading(Struct, frozen=True, eq=False):
    """One reading to send, its channel, and the row and group of the file that it comes from."""

    reading: Reading
    identifiers: Identifiers
    channel: Live
    row: ReadingRow
    group: ReadingGroup


def make_batches(
    groups: Iterable[ReadingGroup],
    router: Router,
    leave_out: Callable[[ReadingGroup, ReadingRow, str], None],
    size: int = BATCH_SIZE,
    zones: Mapping[int, tzinfo] | None = None,
) -> Iterator[list[OutgoingReading]]:
    """The readings of `groups` that can be sent, in their order, up to `size` at a time.

    `leave_out` gets all others with the reason. A time with an offset is converted to the zone of its data point, if
    `zones` has it: then it means the same whether the service reads the offset or only the local time.
    """
    batch: list[OutgoingReading] = []
    for group in groups:
        for outgoing in _route_group(group, router, leave_out):
            batch.append(
                outgoing if zones is None else _convert_zone(outgoing, zones.get(outgoing.channel.data_point.id))
            )
            if len(batch) == size:
                yield batch
                batch = []
    if batch:
        yield batch


def group_by_identifiers(readings: Iterable[OutgoingReading]) -> list[list[OutgoingReading]]:
    """`readings` by their identifiers, in the order in which these first occur."""
    groups: dict[Identifiers, list[OutgoingReading]] = {}
    for outgoing in readings:
        groups.setdefault(outgoing.identifiers, []).append(outgoing)
    return list(groups.values())


def make_body(
    groups: Sequence[Sequence[OutgoingReading]], identifier_names: IdentifierNames
) -> list[dict[str, object]]:
    """The body of the call that has `identifier_names`, with the identifiers of the file.

    Source: POST /api/v3/reading; the page of POST /api/v202407/esaReading, whose readings are assumed to be the same.
    """
    return [
        {
            **dict(identifier_names.items(group[0].identifiers)),
            "readings": [_to_json(outgoing.reading) for outgoing in group],
        }
        for group in groups
    ]


def _to_json(reading: Reading) -> dict[str, object]:
    return {TIME: reading.time, VALUE: reading.value, ESTIMATED: reading.estimated, NOTE: reading.note}


def _convert_zone(outgoing: OutgoingReading, zone: tzinfo | None) -> OutgoingReading:
    at = datetime.fromisoformat(outgoing.reading.time)
    if zone is None or at.tzinfo is None:
        return outgoing
    return replace(outgoing, reading=outgoing.reading.at(at.astimezone(zone).isoformat()))


def _route_group(
    group: ReadingGroup, router: Router, leave_out: Callable[[ReadingGroup, ReadingRow, str], None]
) -> Iterator[OutgoingReading]:
    destination = None if group.key is None or group.errors else router.find(group.key)
    errors = group.errors if destination is None else destination.errors
    for row in group.rows:
        wrong = (*errors, *row.errors)
        if wrong or row.reading is None or destination is None or destination.channel is None:
            leave_out(group, row, "; ".join(f"{error.code} {error.message}" for error in wrong))
        else:
            yield OutgoingReading(row.reading, destination.identifiers, destination.channel, row, group)


# Local times are in an unknown zone, so a day more is read on both sides.
_ZONE_MARGIN = timedelta(days=1)


class MismatchedResponse(Exception):
    """The service's response is about other readings than those that were sent."""


def find_failed(
    receipt: ImportResponse, readings: Sequence[OutgoingReading], identifier_names: IdentifierNames
) -> list[tuple[OutgoingReading, str]]:
    """Those of `readings` that were not imported according to `receipt`, each with the service's own reason.

    Raises MismatchedResponse if it is not about exactly these readings.
    """
    if receipt.imported + receipt.failed != len(readings):
        raise MismatchedResponse
    waiting: dict[tuple[object, ...], list[OutgoingReading]] = {
        _identify(dict(identifier_names.items(group[0].identifiers)), identifier_names): list(group)
        for group in group_by_identifiers(readings)
    }
    return [
        (
            _match_failed(waiting.get(_identify(group.identifiers, identifier_names), []), reading),
            _reason(group, reading),
        )
        for group in receipt.groups
        for reading in group.readings
    ]


def find_missing(readings: Iterable[OutgoingReading], sender: Sender) -> list[OutgoingReading]:
    """Those of `readings` whose time and value their channels do not have. Raises ServiceError."""
    by_channel: dict[int, list[OutgoingReading]] = defaultdict(list)
    for outgoing in readings:
        by_channel[outgoing.channel.id].append(outgoing)
    return [outgoing for channel_id, own in by_channel.items() for outgoing in _find_missing(channel_id, own, sender)]


def _identify(identifiers: Mapping[str, object], identifier_names: IdentifierNames) -> tuple[object, ...]:
    return tuple(identifiers.get(name) or None for name in identifier_names.names)


def _reason(group: FailedGroup, reading: FailedReading) -> str:
    return reading.error or group.error or "the service gives no reason"


def _match_failed(waiting: list[OutgoingReading], failed: FailedReading) -> OutgoingReading:
    """The reading that `failed` is about, which is removed from `waiting`."""
    time = canonical_time(failed.time or "")
    alike = [outgoing for outgoing in waiting if canonical_time(outgoing.reading.time) == time]
    exact = [outgoing for outgoing in alike if failed.value is None or outgoing.reading.value == failed.value]
    if not (exact or alike):
        raise MismatchedResponse
    found = (exact or alike)[0]
    waiting.remove(found)
    return found


def read_stored(sender: Sender, channel_id: int, first: datetime, last: datetime) -> Iterable[StoredReading]:
    """The stored readings of a channel from the local time `first` to `last`, in any time zone. Raises ServiceError."""
    return sender.read_readings(channel_id, (first - _ZONE_MARGIN).isoformat(), (last + _ZONE_MARGIN).isoformat())


def _find_missing(channel_id: int, readings: Sequence[OutgoingReading], sender: Sender) -> list[OutgoingReading]:
    times = [_local_time(outgoing.reading.time) for outgoing in readings]
    values = _index_values(read_stored(sender, channel_id, min(times), max(times)))
    return list(_without_stored(readings, values))[::-1]


def _without_stored(
    readings: Sequence[OutgoingReading], values: Mapping[datetime, set[float | None]]
) -> Iterator[OutgoingReading]:
    """Those of `readings` that are not among `values`, the last first.

    If several have one time, the service keeps the last: if that one is there, it has overwritten the others.
    """
    there = set()
    for outgoing in reversed(readings):
        moment = datetime.fromisoformat(outgoing.reading.time)
        if moment in there or outgoing.reading.value in values.get(moment, ()):
            there.add(moment)
        else:
            yield outgoing


def _index_values(stored: Iterable[StoredReading]) -> dict[datetime, set[float | None]]:
    """The values by their time: as an instant, if the service gives an offset, and as local time."""
    values: dict[datetime, set[float | None]] = defaultdict(set)
    for reading in stored:
        try:
            moment = datetime.fromisoformat(reading.time)
        except ValueError:
            continue
        values[moment].add(reading.value)
        values[moment.replace(tzinfo=None)].add(reading.value)
    return values


def _local_time(time: str) -> datetime:
    return datetime.fromisoformat(time).replace(tzinfo=None)


# If several responses in a row are lost, the service is at fault, and more attempts would not help.
_MAX_ATTEMPTS = 3
_UNKNOWN_OUTCOME = (Unreachable, Unavailable, BadResponse)


class BatchResult(Struct, frozen=True):
    """The readings of a batch that were not imported.

    `rejected` are with the service's reasons, `unknown` may be stored or not, and `not_delivered` certainly are not.
    `error` is why nothing more should be sent.
    """

    rejected: Sequence[tuple[OutgoingReading, str]] = ()
    unknown: Sequence[OutgoingReading] = ()
    not_delivered: Sequence[OutgoingReading] = ()
    error: ServiceError | None = None

    def pick_imported(self, batch: Iterable[OutgoingReading]) -> list[OutgoingReading]:
        """The readings of `batch` that were imported."""
        # By identity, because two readings of a file may be equal.
        others = {id(outgoing) for outgoing, _ in self.rejected}
        others.update(map(id, (*self.unknown, *self.not_delivered)))
        return [outgoing for outgoing in batch if id(outgoing) not in others]


class Delivery(Struct, frozen=True):
    """How readings are sent: by `sender`, with the call of `identifier_names`. `pause` waits before reading back."""

    sender: Sender
    identifier_names: IdentifierNames
    pause: Callable[[], None]

    def send_batch(self, readings: Sequence[OutgoingReading]) -> BatchResult:
        """Send `readings` in one request, or in one for each group if the service rejects them together."""
        try:
            return self._send_v3(readings) if self.identifier_names is V3_NAMES else self._send_esa(readings)
        except Rejected as error:
            # One bad group may be the reason for rejecting them all.
            groups = group_by_identifiers(readings)
            if len(groups) == 1:
                return BatchResult(rejected=[(outgoing, error.message) for outgoing in readings])
        return _combine([self.send_batch(group) for group in groups])

    def _send_v3(self, readings: Sequence[OutgoingReading]) -> BatchResult:
        """After a lost response, read the channels and send again only the readings that they lack.

        Whether this call overwrites, as that for ESA readings does, is not documented. A repeat might fail.
        Raises Rejected if the service rejected the request.
        """
        waiting, lost = readings, None
        for _ in range(_MAX_ATTEMPTS):
            try:
                return self._exchange(waiting)
            except Rejected as error:
                if waiting is readings:
                    raise
                return BatchResult(rejected=[(outgoing, error.message) for outgoing in waiting])
            except _UNKNOWN_OUTCOME as error:
                lost = error
            self.pause()
            try:
                waiting = find_missing(waiting, self.sender)
            except ServiceError:
                return BatchResult(unknown=waiting, error=lost)
            if not waiting:
                return BatchResult()
        return BatchResult(not_delivered=waiting, error=lost)

    def _send_esa(self, readings: Sequence[OutgoingReading]) -> BatchResult:
        """Repeating this call is safe, so the sender does it. Raises Rejected.

        Source: POST /api/v202407/esaReading, "existing readings at the same time on the channel are overwritten".
        """
        try:
            return self._exchange(readings)
        except _UNKNOWN_OUTCOME as error:
            return BatchResult(unknown=readings, error=error)

    def _exchange(self, readings: Sequence[OutgoingReading]) -> BatchResult:
        """The result of one request. Raises Rejected, and the errors after which its outcome is unknown."""
        body = make_body(group_by_identifiers(readings), self.identifier_names)
        try:
            is_v3 = self.identifier_names is V3_NAMES
            receipt = self.sender.send_readings(body) if is_v3 else self.sender.send_esa_readings(body)
            return BatchResult(
                rejected=() if receipt is None else find_failed(receipt, readings, self.identifier_names)
            )
        except (NotSent, Unauthorized) as error:
            return BatchResult(not_delivered=readings, error=error)
        except MismatchedResponse:
            raise Unreachable("the service's response does not match the readings that were sent") from None


def _combine(batch_results: Sequence[BatchResult]) -> BatchResult:
    return BatchResult(
        rejected=[pair for one in batch_results for pair in one.rejected],
        unknown=[outgoing for one in batch_results for outgoing in one.unknown],
        not_delivered=[outgoing for one in batch_results for outgoing in one.not_delivered],
        error=next((one.error for one in batch_results if one.error is not None), None),
    )
