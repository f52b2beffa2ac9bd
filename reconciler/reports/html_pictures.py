"""The pictures of the page: versions and readings over time, and which formulas use which channels."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.masking import KEYS
from reconciler.model.fields import BEGIN_DATE, VERSION, Impact
from reconciler.model.plan import VersionSpan
from reconciler.model.values import begin_key
from reconciler.reports.change_words import is_any_calculated
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import format_time
from reconciler.reports.terminal import display_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.plan import Change, ChannelLabel, FormulaLink, History, VersionChange


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
    is_new: bool = False


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
    if history is None:
        return None
    spans = _plan_spans(history, change.created_versions)
    if len(spans) < 2 or not _needs_timeline(change):
        return None
    moved = next((str(edit.after) for edit in change.edits if edit.path == BEGIN_DATE and edit.after), None)
    axis = _make_axis(spans, history.first_reading, history.last_reading, created, moved)
    return Timeline(
        versions=tuple(_list_versions(spans, axis, history.versions[-1].id if history.versions else 0)),
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
    aim = "." if change.versions else "; edits go to the current one."
    versions = "One version." if number == 1 else f"{number} versions{aim}"
    if change.created_versions:
        now = "One version" if number == 1 else f"{number} versions"
        versions = f"{now} now, {len(change.created_versions)} to be created."
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


def _plan_spans(history: History, created: Sequence[VersionChange]) -> tuple[VersionSpan, ...]:
    """The versions with those that are to be created, which have no id yet; each ends where the next one begins."""
    if not created:
        return history.versions
    new = (VersionSpan(0, one.begin or None, None) for one in created)
    spans = sorted((*history.versions, *new), key=lambda span: begin_key(span.begin_date))
    ends = [begin_key(span.begin_date) for span in spans[1:]]
    return (*(replace(span, end_date=end) for span, end in zip(spans[:-1], ends, strict=True)), spans[-1])


def _needs_timeline(change: Change) -> bool:
    return (
        not change.is_sendable
        or bool(change.versions)
        or any(edit.path.startswith(VERSION) or edit.impact is Impact.HISTORY for edit in change.edits)
    )


def _make_axis(spans: Sequence[VersionSpan], *others: str | None) -> _Axis:
    # Without the end of the current version: services write "never" as a date in the far future.
    begins = [span.begin_date for span in spans]
    ends = [span.end_date for span in spans[:-1]]
    dates = (*begins, *ends, *others)
    days = [day for date_ in dates if (day := _find_day(date_)) is not None]
    first, last = min(days, default=0.0), max(days, default=0.0)
    # At least a day, so that an axis on which all dates are the same does not divide by zero.
    margin = max((last - first) * _MARGIN, 1.0)
    return _Axis(first - margin, last + margin)


def _list_versions(spans: Sequence[VersionSpan], axis: _Axis, current_id: int) -> Iterable[TimelineBar]:
    for number, version in enumerate(spans, 1):
        begin, end = _find_day(version.begin_date), _find_day(version.end_date)
        # A date that cannot be read counts as an open end: the label shows it as it came.
        left = 0.0 if begin is None else axis.place(begin)
        right = 100.0 if end is None else axis.place(end)
        yield TimelineBar(
            left,
            round(max(right - left, 0.0), 2),
            str(number),
            _format_version_span(version),
            is_current=version.id == current_id,
            is_new=version.id == 0,
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
    # The margin may reach beyond the years that Python's dates have.
    first, last = (date.fromordinal(min(max(int(day), 1), _LAST_DAY)).year for day in (axis.start, axis.end))
    step = -(-(last - first) // _MAX_TICKS) or 1
    for year in range(first + 1, last + 1, step):
        yield TimelineMark(axis.place(date(year, 1, 1).toordinal()), str(year))


def _find_day(time: str | None) -> float | None:
    """`time` in days; None if it is not a date, which the service may send."""
    try:
        # Local times without their zone: the axis only compares dates of one data point.
        moment = datetime.fromisoformat((time or "")[:19])
    except ValueError:
        return None
    return moment.toordinal() + (moment.hour * 60 + moment.minute) / 1440


# The id of the used channel, and of the channel whose formula uses it.
Link: TypeAlias = tuple[int, int]
# A slot is a box, given by its id, or the lane of an arrow through a column, given by its link and the column.
Slot: TypeAlias = int | tuple[Link, int]

BOX_WIDTH, BOX_HEIGHT = 208, 46
_LANE_HEIGHT = 8
_COLUMN_GAP, _ROW_GAP, _EDGE = 88, 16, 6


class FormulaLayout(Struct, frozen=True):
    """The upper left corner of each box, the curve of each arrow as an SVG path, and the size of the whole."""

    corners: Mapping[int, tuple[int, int]]
    curves: Mapping[Link, str]
    width: int
    height: int


def arrange_boxes(links: Sequence[Link]) -> FormulaLayout:
    """A layout for `links`, each of which is given once; no arrow passes behind a box, unless there is a cycle."""
    levels = _find_levels(links)
    paths = {link: _find_path(link, levels) for link in sorted(links)}
    columns = _order_columns(levels, paths.values())
    height = max(map(_column_height, columns))
    corners: dict[Slot, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        top = _EDGE + (height - _column_height(column)) // 2
        for slot in column:
            corners[slot] = (_EDGE + place * (BOX_WIDTH + _COLUMN_GAP), top)
            top += _slot_height(slot) + _ROW_GAP
    return FormulaLayout(
        {slot: corner for slot, corner in corners.items() if isinstance(slot, int)},
        _draw_curves(paths, corners),
        2 * _EDGE + len(columns) * (BOX_WIDTH + _COLUMN_GAP) - _COLUMN_GAP,
        height + 2 * _EDGE,
    )


def _find_levels(links: Iterable[Link]) -> Mapping[int, int]:
    """The column of each box: to the right of everything it uses, unless there is a cycle."""
    uses: dict[int, set[int]] = {}
    for used, user in links:
        uses.setdefault(used, set())
        uses.setdefault(user, set()).add(used)
    levels = dict.fromkeys(uses, 0)
    # Without a cycle no path is longer than the number of boxes, so the columns stop moving; the limit ends a cycle.
    for _ in uses:
        levels = {id_: max((levels[used] + 1 for used in uses[id_]), default=0) for id_ in uses}
    columns = {level: column for column, level in enumerate(sorted(set(levels.values())))}
    return {id_: columns[level] for id_, level in levels.items()}


def _find_path(link: Link, levels: Mapping[int, int]) -> tuple[Slot, ...]:
    """The slots that the arrow of `link` goes through: its ends, and a lane in each column between them."""
    used, user = link
    lanes = ((link, level) for level in range(levels[used] + 1, levels[user]))
    return (used, *lanes, user)


def _order_columns(levels: Mapping[int, int], paths: Iterable[Sequence[Slot]]) -> Sequence[Sequence[Slot]]:
    """The slots of each column from top to bottom, near the mean of their sources, so that few arrows cross."""
    columns: list[list[Slot]] = [[] for _ in range(max(levels.values()) + 1)]
    for id_ in sorted(levels):
        columns[levels[id_]].append(id_)
    sources: dict[Slot, list[Slot]] = defaultdict(list)
    for path in paths:
        for one, other in pairwise(path):
            sources[other].append(one)
        for slot in path:
            if not isinstance(slot, int):
                columns[slot[1]].append(slot)
    rows: dict[Slot, float] = {}
    for column in columns:
        column.sort(key=lambda slot: _mean([rows[source] for source in sources[slot] if source in rows]))
        rows.update({slot: row / len(column) for row, slot in enumerate(column)})
    return columns


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _draw_curves(paths: Mapping[Link, Sequence[Slot]], corners: Mapping[Slot, tuple[int, int]]) -> Mapping[Link, str]:
    """The curves; arrows that end at one box are spread over its side, ordered by where they come from."""
    arrivals: dict[int, list[tuple[int, Link]]] = defaultdict(list)
    for link, path in paths.items():
        arrivals[link[1]].append((corners[path[-2]][1], link))
    curves = {}
    # Ordered by where they come from, arrows that end at the same box do not cross just before it.
    for user, coming in arrivals.items():
        left, top = corners[user]
        for place, (_, link) in enumerate(sorted(coming), 1):
            end = (left, top + BOX_HEIGHT * place // (len(coming) + 1))
            curves[link] = _draw_curve([(corners[slot], _slot_height(slot)) for slot in paths[link][:-1]], end)
    return curves


def _draw_curve(passed: Sequence[tuple[tuple[int, int], int]], end: tuple[int, int]) -> str:
    """A curve from the right of the first of `passed`, straight through the others, to `end`."""
    (left, top), height = passed[0]
    x, y = left + BOX_WIDTH, top + height // 2
    drawn = [f"M{x} {y}"]
    for (left, top), height in passed[1:]:
        y_lane = top + height // 2
        drawn.append(f"{_bend(x, y, left, y_lane)}H{left + BOX_WIDTH}")
        x, y = left + BOX_WIDTH, y_lane
    return "".join([*drawn, _bend(x, y, *end)])


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    # Both control points are level with their ends, so an arrow leaves and reaches a box horizontally.
    pull = max(abs(to_x - x) // 2, _COLUMN_GAP // 2)
    return f"C{x + pull} {y} {to_x - pull} {to_y} {to_x} {to_y}"


def _column_height(column: Sequence[Slot]) -> int:
    return sum(_slot_height(slot) + _ROW_GAP for slot in column) - _ROW_GAP


def _slot_height(slot: Slot) -> int:
    return BOX_HEIGHT if isinstance(slot, int) else _LANE_HEIGHT


# A picture with more boxes is unreadable; the table has the same links.
MAX_BOXES = 40
# The columns of a label that fit into a box.
_MAX_LABEL = 25


class Box(Struct, frozen=True):
    """A channel in the picture: its upper left corner, and its name as far as it fits."""

    channel: ChannelLabel
    label: str
    left: int
    top: int


class Arrow(Struct, frozen=True):
    """A link in the picture, as an SVG path from the used channel to its user."""

    link: FormulaLink
    path: str


class FormulaRow(Struct, frozen=True):
    """A channel in the table: the links to what its formula uses, and to those whose formulas use it."""

    channel: ChannelLabel
    uses: tuple[FormulaLink, ...]
    users: tuple[FormulaLink, ...]


class FormulaPicture(Struct, frozen=True):
    """Channels that are connected by formulas. It has no boxes if there are too many to draw."""

    links: tuple[FormulaLink, ...]
    rows: tuple[FormulaRow, ...]
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    width: int = 0
    height: int = 0


def draw_formulas(links: Sequence[FormulaLink]) -> tuple[FormulaPicture, ...]:
    """A picture for each group of connected channels, the one with the smallest id first."""
    return tuple(_draw(group) for group in _split_groups(links))


def channel_title(channel: ChannelLabel) -> str:
    """The channel's name in the files, else its name in EnergyCAP, else its id."""
    return channel.name or channel.info or f"channel {channel.id}"


def _draw(links: tuple[FormulaLink, ...]) -> FormulaPicture:
    channels = {channel.id: channel for link in links for channel in (link.used, link.user)}
    rows = _list_rows(channels, links)
    if len(channels) > MAX_BOXES:
        return FormulaPicture(links, rows)
    layout = arrange_boxes([(link.used.id, link.user.id) for link in links])
    return FormulaPicture(
        links,
        rows,
        tuple(
            Box(channels[id_], _fit(channel_title(channels[id_])), *corner) for id_, corner in layout.corners.items()
        ),
        tuple(Arrow(link, layout.curves[link.used.id, link.user.id]) for link in links),
        layout.width,
        layout.height,
    )


def _list_rows(channels: Mapping[int, ChannelLabel], links: Sequence[FormulaLink]) -> tuple[FormulaRow, ...]:
    """A row for each channel, those whose formulas use others first."""
    uses: dict[int, list[FormulaLink]] = {id_: [] for id_ in channels}
    users: dict[int, list[FormulaLink]] = {id_: [] for id_ in channels}
    for link in links:
        uses[link.user.id].append(link)
        users[link.used.id].append(link)
    ids = sorted(channels, key=lambda id_: (not uses[id_], id_))
    return tuple(FormulaRow(channels[id_], tuple(uses[id_]), tuple(users[id_])) for id_ in ids)


def _split_groups(links: Sequence[FormulaLink]) -> list[tuple[FormulaLink, ...]]:
    """The links of each group of connected channels, in the order given."""
    leaders: dict[int, int] = {}
    for link in links:
        one, other = sorted((_find_root(leaders, link.used.id), _find_root(leaders, link.user.id)))
        leaders[other] = one
    groups: dict[int, list[FormulaLink]] = defaultdict(list)
    for link in links:
        groups[_find_root(leaders, link.used.id)].append(link)
    return [tuple(groups[id_]) for id_ in sorted(groups)]


def _find_root(leaders: dict[int, int], id_: int) -> int:
    """The smallest id of the group of `id_`; the path to it is shortened on the way (union-find)."""
    while leaders.setdefault(id_, id_) != id_:
        leaders[id_] = leaders[leaders[id_]]
        id_ = leaders[id_]
    return id_


def _fit(name: str) -> str:
    """`name` as far as it fits into a box; the table and the title of the box have all of it."""
    text = escape_text(KEYS.hide(name))
    if display_width(text) <= _MAX_LABEL:
        return text
    widths = accumulate(map(display_width, text))
    return f"{text[: sum(width < _MAX_LABEL for width in widths)]}…"
