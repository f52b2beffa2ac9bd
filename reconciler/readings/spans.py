"""Sees which channels may get two readings for one time, from spans that follow one another and not from every time."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import islice, repeat
from operator import gt, le, lt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EARLIEST = {True: datetime(1, 1, 1), False: datetime(1, 1, 1, tzinfo=UTC)}  # noqa: DTZ001 - local times have no zone


class Spans:
    """The span of time that each channel has readings in, of those without an offset, or of those with one.

    Files come channel by channel or moment by moment, the oldest first or the latest: what is added of a channel
    mostly lies after its span, or before it, and then nothing is there twice. Where it does not, the channel is
    `doubtful`. Channels are told by their ids; None stands for readings that find no channel.
    """

    def __init__(self, *, is_naive: bool) -> None:
        self._earliest = _EARLIEST[is_naive]
        self._lows: dict[int | None, datetime] = {}
        self._highs: dict[int | None, datetime] = {}
        self.doubtful: set[int | None] = set()

    def add(self, channel: int | None, times: Sequence[datetime]) -> None:
        """Take note of readings of one channel; there must be some."""
        if channel in self.doubtful:
            return
        low, high = times[0], times[-1]
        is_doubtful = False
        if not all(map(lt, times, islice(times, 1, None))):
            low, high, is_doubtful = min(times), max(times), len(set(times)) < len(times)
        if channel not in self._highs:
            self._lows[channel], self._highs[channel] = low, high
        elif low > self._highs[channel]:
            self._highs[channel] = high
        elif high < self._lows[channel]:
            self._lows[channel] = low
        else:
            is_doubtful = True
        if is_doubtful:
            self.doubtful.add(channel)

    def add_mixed(self, channels: Sequence[int | None], times: Sequence[datetime]) -> None:
        """Take note of readings, each beside its channel."""
        if self.doubtful.issuperset(channels) or self._add_rising(channels, times):
            return
        own: dict[int | None, list[datetime]] = defaultdict(list)
        for channel, time in zip(channels, times, strict=True):
            own[channel].append(time)
        for channel, listed in own.items():
            self.add(channel, listed)

    def _add_rising(self, channels: Sequence[int | None], times: Sequence[datetime]) -> bool:
        """Take note of readings that come in the order of time, all after what their channels have; whether they do.

        One by one they would cost as much as all the rest that is looked at.
        """
        firsts = dict(zip(reversed(channels), reversed(times), strict=True))
        if not all(map(le, times, islice(times, 1, None))):
            return False
        if len(firsts) < len(times) > len(set(zip(channels, times, strict=True))):
            return False
        if not all(map(gt, firsts.values(), map(self._highs.get, firsts, repeat(self._earliest)))):
            return False
        self._highs.update(zip(channels, times, strict=True))
        for channel in firsts.keys() - self._lows.keys():
            self._lows[channel] = firsts[channel]
        return True
