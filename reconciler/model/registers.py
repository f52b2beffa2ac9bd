"""The registers of meters: stored readings and who has them, the facts of a meter swap, and a fall of the register."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from reconciler.model.values import Value, canonical_number, is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from reconciler.errors import ServiceError
    from reconciler.model.channels import Live

    # The id of a channel, and some of its readings in the order of time, or why there are no more.
    Readings: TypeAlias = tuple[int, Sequence["ChannelReading"] | ServiceError]
    SummarizedReadings: TypeAlias = tuple[int, Sequence["SummarizedReading"] | ServiceError]

# No meter is read more seldom. A service may say anything, and spans of many intervals must still be dates.
_LONGEST_INTERVAL = timedelta(days=366)


class ChannelReading(Struct, frozen=True, gc=False):
    """A stored reading of a channel.

    `time` is wall time of its data point. `raw` is the value as it was sent, `processed` the one that the service
    computed from it, both to the last digit; each is None where the service does not give it. `estimated` is None if it
    does not say.
    """

    time: str
    raw: Decimal | None
    processed: Decimal | None = None
    estimated: bool | None = None


class SummarizedReading(Struct, frozen=True, gc=False):
    """The value that is stored for an interval of a channel, to the last digit, by its method of summarization.

    `time` is the end of the interval, in wall time of its data point. `estimated` is None if the service does not say.
    """

    time: str
    value: Decimal
    estimated: bool | None = None


class ReadingSpan(Struct, frozen=True):
    """The readings of one channel from `begin` to `end`, both included and in local time of its data point."""

    live: Live
    begin: datetime
    end: datetime


class StoredReadings(Protocol):
    """What has stored readings of many channels: the service, or a snapshot that they were copied into.

    Both functions give the readings of each of `spans`, of which no two are of one channel. Readings of one channel
    come in the order of time, a few at a time, and between those of other channels. An error is the last that comes for
    its channel: it could not be read, or not understood for certain. What concerns all channels is raised at the first
    step, as a ServiceError. No more is held in memory than what is read ahead, however long the spans are.
    """

    def stream_readings(self, spans: Sequence[ReadingSpan]) -> Iterator[Readings]:
        """The readings, raw and processed. The last one before the begin of a span comes first, if there is one."""

    def stream_summarized(self, spans: Sequence[ReadingSpan]) -> Iterator[SummarizedReadings]:
        """The summarized readings, those of the spans alone."""


def read_interval(minutes: Value) -> timedelta:
    """The time between two readings, by the interval of their channel; 0 where it has none, a year at most."""
    longest = _LONGEST_INTERVAL / timedelta(minutes=1)
    return timedelta(minutes=min(max(minutes, 0), longest)) if is_number(minutes) else timedelta()


def shift(at: datetime, by: timedelta) -> datetime:
    """The local time `at`, later by a span, or the first or last one of the calendar where that goes beyond it."""
    try:
        return at + by
    except OverflowError:
        return datetime.min if by < timedelta() else datetime.max  # noqa: DTZ901 - local times have no zone


class SwapFacts(Struct, frozen=True):
    """What was read at a meter swap: the last value of the old register and the first of the new one.

    Facts are compared with readings, and never sent. None where the file does not give it.
    """

    final: float | None = None
    initial: float | None = None


def format_register(value: float) -> str:
    """The value of a register as people write it: 48,213 or 0.5."""
    return f"{canonical_number(value):,}"


class RegisterFall(Struct, frozen=True):
    """Two readings in a row, in local time, of which the second is so much lower that the register may be another."""

    last_time: str
    last_value: float
    first_time: str
    first_value: float
