"""Where the register of a meter falls, which is probably where the meter was swapped."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FORMULA,
    IS_CALCULATED,
    OBSERVATION_RULE_ID,
    ODOMETER,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    VERSION,
    Impact,
)
from reconciler.model.plan import MIN_IDENTICAL
from reconciler.model.registers import RegisterFall
from reconciler.model.values import begin_key, canonical_time, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, Plan
    from reconciler.model.registers import ChannelReading
    from reconciler.model.values import Spec

# A register that starts again from zero stands near its end before, and near zero afterwards.
_NEAR_END = 0.1
# Many readings of each channel may have to be read, so the number of channels is limited.
MAX_SEARCHES = 20
_SEARCHED = timedelta(days=400)


class Register(Struct, frozen=True):
    """The settings of a version that say how to understand the readings of a register.

    It starts again from zero at `rollover`, and may fall by `allowance`, a share of its value, without being another.
    """

    rollover: float
    allowance: float

    def has_rolled_over(self, before: float, after: float) -> bool:
        """Whether a register that stood at `before` has probably passed its end, and stands at `after`."""
        passed = after + self.rollover - before
        return after >= 0 and before <= self.rollover and passed <= _NEAR_END * self.rollover

    def has_fallen(self, before: float, after: float) -> bool:
        """Whether `after` is less than `before` by more than the allowance."""
        return before - after > self.allowance * abs(before)


def make_register(values: Spec) -> Register | None:
    """The register that versioned `values` describe; None under the Trip rule, which has none."""
    if values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return None
    rollover, allowance = (
        value if is_number(value := values.get(path)) else FIELD_AT[path].odometer_default or 0
        for path in (ROLLOVER_VALUE, ROLLBACK_ALLOWANCE)
    )
    return Register(rollover, allowance)


class _Point(NamedTuple):
    """The lowest and the highest of the readings at one time, which are usually one."""

    time: str
    low: float
    high: float


def find_falls(
    readings: Iterable[ChannelReading], register: Register, *, newest_first: bool = False
) -> Iterator[RegisterFall]:
    """The places where `register` falls, of `readings` in the order of time, or against it if `newest_first`.

    A fall is a raw value that is less than the one before by more than the allowance, and is not a rollover. One odd
    reading, after which the register goes on as before, is not a fall. Readings without a raw value are left out.
    """
    points: Iterable[_Point | None] = chain((None,), _list_points(readings), (None,))
    window: deque[_Point | None] = deque(maxlen=4)
    for point in points:
        window.append(point)
        if len(window) == window.maxlen:
            earlier, last, first, later = reversed(window) if newest_first else window
            if last and first and _is_fall(register, (earlier or last, last), (first, later or first)):
                yield RegisterFall(last.time, last.low, first.time, first.high)


def _list_points(readings: Iterable[ChannelReading]) -> Iterator[_Point]:
    raws = ((one.time, float(one.raw)) for one in readings if one.raw is not None)
    for time, pairs in groupby(raws, key=lambda pair: pair[0]):
        values = [raw for _, raw in pairs]
        yield _Point(time, min(values), max(values))


def _is_fall(register: Register, before: tuple[_Point, _Point], after: tuple[_Point, _Point]) -> bool:
    # Two readings on each side are compared, so that a single odd one proves nothing.
    highest, lowest = max(point.high for point in after), min(point.low for point in before)
    last, first = before[1].low, after[0].high
    return register.has_fallen(lowest, highest) and not register.has_rolled_over(last, first)


def is_split_offered(change: Change) -> bool:
    """Whether reports offer to let the edits of the current version apply from a date on: if they may rewrite values.

    Not for a calculated channel, which cannot be versioned, nor beside edits of other versions or a conversion.
    """
    own = [edit for edit in change.edits if edit.path.startswith(VERSION) and edit.implied_by is None]
    unsplit = (BEGIN_DATE, FORMULA, IS_CALCULATED)
    return (
        any(edit.impact is Impact.HISTORY for edit in own)
        and not change.versions
        and not any(edit.path in unsplit for edit in change.edits)
        and change.history is not None
        and bool(change.history.versions)
        and change.live.get(IS_CALCULATED) is not True
    )


class FallSearch(Struct, frozen=True):
    """Readings to look through for the last fall of a register: of `live` from `begin` to `end`, in local time."""

    live: Live
    register: Register
    begin: datetime
    end: datetime

    def find_last(self, newest_first: Iterable[ChannelReading]) -> RegisterFall | None:
        """The last fall after the begin of the current version; None if there is none."""
        current = begin_key(self.live.current.begin_date)
        falls = find_falls(newest_first, self.register, newest_first=True)
        return next((fall for fall in falls if fall.last_time > current), None)


def list_searches(plan: Plan, channels: Iterable[Live]) -> tuple[FallSearch, ...]:
    """A search for each change of `plan` that may need the date of a meter swap, in the order of the plan."""
    offered = [change for change in plan.changes if is_split_offered(change)]
    # Reports show changes with the same edits as one, without an offer.
    counts = Counter(change.edits for change in offered)
    wanted = [change.channel_id for change in offered if counts[change.edits] < MIN_IDENTICAL]
    # Most plans need none, and there may be many channels.
    lives = {live.id: live for live in channels} if wanted else {}
    return tuple(search for id_ in wanted if id_ in lives and (search := _make_search(lives[id_])))


def _make_search(live: Live) -> FallSearch | None:
    register = make_register(live.values)
    if register is None or live.has_readings is False or not live.last_reading:
        return None
    begin = begin_key(live.current.begin_date)
    try:
        end = datetime.fromisoformat(canonical_time(live.last_reading))
        start = max(end - _SEARCHED, datetime.fromisoformat(begin)) if begin else end - _SEARCHED
    except (ValueError, OverflowError, TypeError):
        # A begin with a zone does not compare with local time.
        return None
    return FallSearch(live, register, start, end)
