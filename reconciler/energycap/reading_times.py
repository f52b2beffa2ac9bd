"""When stored readings were taken, in local time of their data point, and in which order.

The times of a list differ in few parts, so each of these is judged once: a date with its zone, and a time of day.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import attrgetter, itemgetter, le
from typing import TYPE_CHECKING, Any

from reconciler.energycap.responses import UnexpectedType
from reconciler.energycap.time_zones import read_date
from reconciler.model.project import VersionDates
from reconciler.model.values import canonical_moment, has_zone, is_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from reconciler.energycap.reading_pages import StoredRow

# Where a time such as 2026-07-01T12:15:00-04:00 has its date, its time of day and its zone.
_DATE, _CLOCK, _ZONE = slice(10), slice(10, 19), slice(19, None)
_PLAIN_CLOCK = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_PLAIN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_OFFSET = re.compile(r"[Z+-]")
# Clocks are put back by an hour, and on one island by half of it.
_REPEATED = timedelta(hours=1)
# A year of days, in two offsets, for a few zones.
_MOST_DAYS = 4096


class UnclearTime(Exception):
    """A time has a zone, and nothing says whether it is local time; the message is the time."""


def order_rows(rows: Sequence[StoredRow], meaning: VersionDates | None, zone: ZoneInfo | None) -> list[StoredRow]:
    """The rows of one channel in the order of time, from here on with their local times.

    `meaning` says what a time with a zone means, `zone` is that of the data point. Instants decide where they are
    known, because clocks repeat an hour each year. Raises UnclearTime, and UnexpectedType for what is not a time.
    """
    times = [row.time for row in rows]
    days = _list_days(times)
    if not all(map(_PLAIN_CLOCK.fullmatch, {time[_CLOCK] for time in times})) or not all(map(_is_plain, days)):
        times, days = [_read_moment(time) for time in times], set()
    shifts = {day: _find_shift(day, meaning, zone) for day in days}
    local = _read_local_times(times, shifts, meaning, zone)
    zones = {time[_ZONE] for time in times}
    is_by_instant = meaning is not VersionDates.WALL_TIME and all(map(_OFFSET.search, zones))
    for row, time in zip(rows, local, strict=True):
        row.time = time
    if not is_by_instant:
        return list(rows) if _is_in_order(local) or _repeats_an_hour(local) else sorted(rows, key=attrgetter("time"))
    # At one offset, texts compare as the instants do.
    keys: list[Any] = times if len(zones) == 1 else list(map(datetime.fromisoformat, times))
    if _is_in_order(keys):
        return list(rows)
    return [row for _, row in sorted(zip(keys, rows, strict=True), key=itemgetter(0))]


def has_offset(row: StoredRow) -> bool:
    """Whether the time of `row` may have a zone."""
    return bool(row.time[_ZONE]) or row.time.endswith("Z")


def _list_days(times: Sequence[str]) -> set[str]:
    """The dates, each with its zone."""
    zones = {time[_ZONE] for time in times}
    if len(zones) == 1:
        (zone,) = zones
        return {date + zone for date in {time[_DATE] for time in times}}
    return {time[_DATE] + time[_ZONE] for time in times}


def _is_in_order(keys: Sequence[Any]) -> bool:
    return all(map(le, keys, islice(keys, 1, None)))


def _repeats_an_hour(local: Sequence[str]) -> bool:
    """Whether local times are in order but for hours that clocks repeat: each time of one was there before."""
    seen: set[str] = set()
    latest = ""
    for time in local:
        if time >= latest:
            latest = time
        elif time not in seen or datetime.fromisoformat(latest) - datetime.fromisoformat(time) > _REPEATED:
            return False
        seen.add(time)
    return True


def _read_moment(time: str) -> str:
    """`time` in its canonical form, with its zone."""
    try:
        moment = canonical_moment(time)
        # Raises for a date that does not exist.
        datetime.fromisoformat(moment)
    except ValueError:
        moment = ""
    if not moment or not is_time(time):
        raise UnexpectedType("the time of a reading", "one date and time", time)
    return moment


@lru_cache(maxsize=_MOST_DAYS)
def _is_plain(day: str) -> bool:
    """Whether `day`, a date with or without a zone, needs no change to be canonical."""
    try:
        datetime.fromisoformat(f"{day[_DATE]}T00:00:00{day[10:]}")
    except ValueError:
        return False
    return _PLAIN_DAY.fullmatch(day) is not None


@lru_cache(maxsize=_MOST_DAYS)
def _find_shift(day: str, meaning: VersionDates | None, zone: ZoneInfo | None) -> timedelta | None:
    """What makes the times of a day, given as date and zone, local times; None if each has to be read on its own."""
    offset = day[10:]
    if not offset or meaning is VersionDates.WALL_TIME:
        return timedelta()
    if zone is None or (meaning is None and offset == "Z"):
        return None
    try:
        begin = datetime.fromisoformat(f"{day[_DATE]}T00:00:00{offset}")
        # No clock was changed twice within an hour.
        moments = [begin + timedelta(hours=hour) for hour in range(25)]
        shifts = {_wall(moment.astimezone(zone)) - _wall(moment) for moment in moments}
    except (ValueError, OverflowError):
        return None
    shift = shifts.pop()
    return None if shifts or (meaning is None and shift) else shift


def _wall(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _read_local_times(
    times: Sequence[str], shifts: Mapping[str, timedelta | None], meaning: VersionDates | None, zone: ZoneInfo | None
) -> list[str]:
    if shifts and not any(shift is None or shift for shift in shifts.values()):
        return [time[:19] for time in times]
    found = []
    for time in times:
        shift = shifts.get(time[_DATE] + time[_ZONE])
        if shift is not None:
            found.append((datetime.fromisoformat(time[:19]) + shift).isoformat() if shift else time[:19])
            continue
        local = read_date(time, meaning, zone)
        if has_zone(local):
            raise UnclearTime(local)
        found.append(local)
    return found
