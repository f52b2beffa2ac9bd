"""The versions and readings of a channel over time, as bars on an axis."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import BEGIN_DATE, VERSION, Impact
from reconciler.reports.change_sentences import is_any_calculated
from reconciler.reports.formatting import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.plan import Change, History, VersionSpan


_MAX_TICKS = 6
# Room before the first date and after the last one, as a share of the time between them, to show open ends.
_MARGIN = 0.06
_LAST_DAY = date.max.toordinal()


class TimelineBar(Struct, frozen=True):
    """A version, or the readings; `left` and `width` are percentages of the axis."""

    left: float
    width: float
    label: str
    span: str
    is_current: bool = False


class TimelineMark(Struct, frozen=True):
    """A time on the axis."""

    left: float
    label: str


class Timeline(Struct, frozen=True):
    """A bar for each version, oldest first, one for the readings, the years, and some times.

    `planned` is when the plan was made, `new_begin` where the current version would begin, if that is edited.
    """

    versions: tuple[TimelineBar, ...]
    readings: TimelineBar | None
    years: tuple[TimelineMark, ...]
    planned: TimelineMark | None
    new_begin: TimelineMark | None


class _Axis(Struct, frozen=True):
    start: float
    end: float

    def place(self, day: float) -> float:
        share = (day - self.start) / (self.end - self.start)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def make_timeline(change: Change, created: str) -> Timeline | None:
    """The timeline of a channel with several versions; None if a sentence is enough.

    It is enough for a channel with one version, and for edits that can be sent and change no version or stored value.
    `created` is when the plan was made.
    """
    history = change.history
    if history is None or len(history.versions) < 2 or not _needs_timeline(change):
        return None
    moved = next((str(edit.after) for edit in change.edits if edit.path == BEGIN_DATE and edit.after), None)
    axis = _make_axis(history, created, moved)
    return Timeline(
        versions=tuple(_list_versions(history, axis)),
        readings=_place_readings(history, axis),
        years=tuple(_list_years(axis)),
        planned=_place_mark(created[:10], axis),
        new_begin=_place_mark(moved, axis),
    )


def describe_history(change: Change) -> str:
    """The versions and readings of a channel in a sentence or two; "" if they are unknown."""
    history = change.history
    if history is None:
        return ""
    number = len(history.versions)
    versions = "One version." if number == 1 else f"{number} versions; edits go to the current one."
    return f"{versions} {_describe_readings(history, is_calculated=is_any_calculated((change,)))}"


def _describe_readings(history: History, *, is_calculated: bool) -> str:
    if history.has_readings is None:
        return "Whether it has readings is not known."
    if not history.has_readings:
        return "No readings yet."
    if history.first_reading and history.last_reading:
        kind = "Summarized readings" if is_calculated else "Readings"
        return f"{kind} from {format_time(history.first_reading)} to {format_time(history.last_reading)}."
    return "It has readings."


def _needs_timeline(change: Change) -> bool:
    return not change.is_sendable or any(
        edit.path.startswith(VERSION) or edit.impact is Impact.HISTORY for edit in change.edits
    )


def _make_axis(history: History, *others: str | None) -> _Axis:
    # Without the end of the current version: services write "never" as a date in the far future.
    begins = [version.begin_date for version in history.versions]
    ends = [version.end_date for version in history.versions[:-1]]
    dates = (*begins, *ends, history.first_reading, history.last_reading, *others)
    days = [day for date_ in dates if (day := _find_day(date_)) is not None]
    first, last = min(days, default=0.0), max(days, default=0.0)
    margin = max((last - first) * _MARGIN, 1.0)
    return _Axis(first - margin, last + margin)


def _list_versions(history: History, axis: _Axis) -> Iterable[TimelineBar]:
    for number, version in enumerate(history.versions, 1):
        begin, end = _find_day(version.begin_date), _find_day(version.end_date)
        left = 0.0 if begin is None else axis.place(begin)
        right = 100.0 if end is None else axis.place(end)
        yield TimelineBar(
            left,
            round(max(right - left, 0.0), 2),
            str(number),
            _format_version_span(version),
            is_current=number == len(history.versions),
        )


def _format_version_span(version: VersionSpan) -> str:
    begin, end = (format_time(time or "") for time in (version.begin_date, version.end_date))
    if begin:
        return f"{begin} to {end}" if end else f"{begin} on"
    return f"up to {end}" if end else "always"


def _place_readings(history: History, axis: _Axis) -> TimelineBar | None:
    if history.first_reading is None or history.last_reading is None:
        return None
    first, last = _place_mark(history.first_reading, axis), _place_mark(history.last_reading, axis)
    if first is None or last is None:
        return None
    span = f"{first.label} to {last.label}"
    return TimelineBar(first.left, round(max(last.left - first.left, 0.0), 2), "readings", span)


def _place_mark(time: str | None, axis: _Axis) -> TimelineMark | None:
    day = _find_day(time)
    return None if day is None else TimelineMark(axis.place(day), format_time(time or ""))


def _list_years(axis: _Axis) -> Iterable[TimelineMark]:
    first, last = (date.fromordinal(min(max(int(day), 1), _LAST_DAY)).year for day in (axis.start, axis.end))
    step = -(-(last - first) // _MAX_TICKS) or 1
    for year in range(first + 1, last + 1, step):
        yield TimelineMark(axis.place(date(year, 1, 1).toordinal()), str(year))


def _find_day(time: str | None) -> float | None:
    """`time` in days; None if it is not a date, which the service may send."""
    try:
        moment = datetime.fromisoformat((time or "")[:19])
    except ValueError:
        return None
    return moment.toordinal() + (moment.hour * 60 + moment.minute) / 1440
