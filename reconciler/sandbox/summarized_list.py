"""The list of summarized ESA readings: GET /api/v202410/esaReading/summarized.

Documented: the summarization method is applied to the computed readings of each interval; the result is stamped with
the end of the interval, snapped to the clock: 12:24 falls into 12:25; calculated channels work on summarized readings;
the filters esaChannelID, esaDataPointID, timestamp and estimated. Not documented, and so decided here: days end at
midnight of the data point, weeks on Monday, months with the calendar; an interval without values has no row, nor has
one for which a formula has no value; a calculated channel has the longest interval of its inputs, over which those of
the others are summarized. The names in a row, and how its time reads, are settings.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.sandbox.arithmetic import round_value, to_number
from reconciler.sandbox.endpoints import check_offered, read_page
from reconciler.sandbox.esa_reading_list import offer_filter_time, show_time
from reconciler.sandbox.formulas import FormulaError, find_references, parse_formula
from reconciler.sandbox.properties import ReferenceKind
from reconciler.sandbox.reading_settings import SummarizedRows, ValuePrecision
from reconciler.sandbox.reading_table import Span, compute_readings, zone_of
from reconciler.sandbox.responses import (
    BOOLEAN_OPERATORS,
    TIME_OPERATORS,
    AppState,
    FieldType,
    FilterField,
    get_page_headers,
    list_chosen,
    read_parameters,
    shift_time,
)
from reconciler.sandbox.tables import count_reads, read_channel, read_channels, read_former_versions, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import tzinfo

    from starlette.requests import Request

    from reconciler.sandbox.responses import Chosen
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Channel

_FIELDS = {
    "esaChannelID": FilterField("channel_id", FieldType.INTEGER, ("one of", "not one of")),
    "esaDataPointID": FilterField("data_point_id", FieldType.INTEGER, ("equals", "one of")),
    "esaChannelInfo": FilterField("channel_info", FieldType.TEXT, ("equals", "one of", "like")),
    "timestamp": FilterField("filter_time(channel_id, time)", FieldType.TIME, TIME_OPERATORS, coarse="time"),
    "estimated": FilterField("estimated", FieldType.BOOLEAN, BOOLEAN_OPERATORS),
}
_DAY, _WEEK = 1440, 10080
_TABLE = "summarized"
_CREATE = f"""
CREATE TEMP TABLE {_TABLE} (id INTEGER PRIMARY KEY, channel_id INTEGER, data_point_id INTEGER, channel_info TEXT,
  time TEXT, value REAL, estimated INTEGER)
"""
_INSERT = f"""
INSERT INTO {_TABLE} (channel_id, data_point_id, channel_info, time, value, estimated) VALUES (?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - a constant


class Summary(Struct, frozen=True):
    """The value of an interval, and the instant of its end as ISO text in UTC."""

    instant: str
    value: float
    estimated: bool


class SummarizedListEndpoint:
    """The list of summarized ESA readings: what a filter may match is computed once, for all its pages."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._made_for: object = None

    def routes(self) -> list[Route]:
        """The path, in lower case."""
        return [Route("/api/v202410/esareading/summarized", self.list_summaries, methods=["GET"])]

    async def list_summaries(self, request: Request) -> Response:
        """GET: one page of summarized readings of any channels."""
        settings, store = self.state.settings, self.state.store
        check_offered(settings.summarized_list)
        text = read_parameters(request).get("filter")
        chosen = list_chosen(text, _FIELDS)
        offer_filter_time(self.state)
        self._make_table(text, chosen)
        page = read_page(self.state, request, _FIELDS, _TABLE, "id")
        marks = ", ".join("?" * len(page.ids))
        query = f"SELECT id, channel_id, time, value, estimated FROM {_TABLE} WHERE id IN ({marks})"  # noqa: S608 - marks
        found = {row[0]: row[1:] for row in store.connection.execute(query, page.ids)}
        rows = [self._make_row(*found[row_id]) for row_id in page.ids]
        count_reads(store, {found[row_id][0] for row_id in page.ids})
        return JSONResponse(rows, headers=get_page_headers(page, settings))

    def _make_table(self, text: str | None, chosen: Sequence[Chosen]) -> None:
        """Computes what the filter may match, unless that was done and nothing was written since."""
        store = self.state.store
        state = store.connection.execute("PRAGMA data_version").fetchone()[0], store.connection.total_changes
        if self._made_for == (text, *state):
            return
        store.connection.execute(f"DROP TABLE IF EXISTS temp.{_TABLE}")
        store.connection.execute(_CREATE)
        span = _find_span(chosen)
        for channel in _find_channels(store, chosen):
            about = (channel.channel_id, channel.data_point_id, channel.settings.channel_info)
            rows = summarize_channel(store, self.state.settings, channel, span)
            values = [(*about, one.instant, one.value, one.estimated) for one in rows]
            store.connection.executemany(_INSERT, values)
        state = store.connection.execute("PRAGMA data_version").fetchone()[0], store.connection.total_changes
        self._made_for = (text, *state)

    def _make_row(self, channel_id: int, instant: str, value: float, estimated: int) -> dict[str, Any]:
        channel = read_channel(self.state.store, channel_id)
        zone = zone_of(self.state.store, channel) if channel else UTC
        time = show_time(datetime.fromisoformat(instant).astimezone(zone), self.state.settings)
        match self.state.settings.summarized_rows:
            case SummarizedRows.FLAT:
                names = {"esaChannelId": channel_id, "timestamp": time, "summarizedValue": value}
            case SummarizedRows.DATED:
                names = {"esaChannelID": channel_id, "readingDate": time, "value": value}
        return {**names, "estimated": bool(estimated)}


def _find_channels(store: Store, chosen: Sequence[Chosen]) -> list[Channel]:
    """The channels that a filter may match."""
    asked = [one.values for one in chosen if one.name == "esaChannelID" and one.operator == "one of"]
    ids = asked[0] if asked else [row[0] for row in store.connection.execute("SELECT channel_id FROM channels")]
    return list(read_channels(store, (int(id_) for id_ in ids)).values())


def _find_span(chosen: Sequence[Chosen]) -> Span:
    """A span that holds what a filter may match, by days: times may be those of any zone."""
    for one in chosen:
        if one.name == "timestamp" and one.operator == "between":
            # A month has 31 days, and its first reading counts for its end.
            begin, end = (shift_time(str(value), days) for value, days in zip(one.values, _MARGINS, strict=True))
            return Span(f"{begin}+00:00", f"{end}+00:00")
    return Span()


_MARGINS = (-timedelta(days=33), timedelta(days=33))


def summarize_channel(store: Store, settings: Settings, channel: Channel, span: Span) -> list[Summary]:
    """The summarized readings of a channel around `span`, in the order of time."""
    if channel.settings.is_calculated:
        return list(_calculate(store, settings, channel, span))
    return _summarize_simple(store, settings, channel, span, channel.settings.interval_minutes or 1)


def _summarize_simple(store: Store, settings: Settings, channel: Channel, span: Span, minutes: int) -> list[Summary]:
    readings = compute_readings(store, settings, channel, span)
    values = (
        (datetime.fromisoformat(one.time), one.value, bool(one.stored.estimated))
        for one in readings
        if one.value is not None
    )
    return _group(store, settings, channel, values, minutes)


def _group(
    store: Store,
    settings: Settings,
    channel: Channel,
    values: Iterable[tuple[datetime, float, bool]],
    minutes: int,
) -> list[Summary]:
    zone = zone_of(store, channel)
    groups: dict[str, list[tuple[float, bool]]] = {}
    for time, value, estimated in values:
        groups.setdefault(find_end(time, minutes, zone), []).append((value, estimated))
    record = read_record(store, ReferenceKind.SUMMARIZATION_METHODS, channel.settings.summarization_method_id) or {}
    method = str(record.get("summarizationMethodInfo")).lower()
    return [
        Summary(instant, _combine([value for value, _ in group], method, settings), any(one for _, one in group))
        for instant, group in sorted(groups.items())
    ]


def find_end(time: datetime, minutes: int, zone: tzinfo) -> str:
    """The instant at which the interval ends that a reading at `time`, in its zone, falls into."""
    wall = time.replace(tzinfo=None)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    if minutes < _DAY:
        length = timedelta(minutes=minutes)
        ahead = -(wall - midnight) % length
        return (time.astimezone(UTC) + ahead).isoformat()
    if wall > midnight:
        midnight += timedelta(days=1)
    if minutes == _WEEK:
        midnight += timedelta(days=(7 - midnight.weekday()) % 7)
    elif minutes > _WEEK and midnight.day != 1:
        midnight = datetime(midnight.year + midnight.month // 12, midnight.month % 12 + 1, 1)  # noqa: DTZ001 - wall time
    return midnight.replace(tzinfo=zone).astimezone(UTC).isoformat()


def _combine(values: Sequence[float], method: str, settings: Settings) -> float:
    if method in ("max", "min"):
        return max(values) if method == "max" else min(values)
    total = to_number(values[0], settings)
    for value in values[1:]:
        total += to_number(value, settings)  # type: ignore[operator]
    if method == "average":
        total /= len(values)
    return round_value(total, settings) or 0.0


def _calculate(store: Store, settings: Settings, channel: Channel, span: Span) -> Iterator[Summary]:
    # The formula that stored values were made with: an edit may not have recomputed them.
    versions = (*read_former_versions(store, channel.channel_id), channel.versions)[0]
    formula = versions[-1].settings.formula or ""
    try:
        compute = parse_formula(formula)
    except FormulaError:
        return
    inputs = read_channels(store, find_references(formula))
    minutes = max((one.settings.interval_minutes or 1 for one in inputs.values()), default=1)
    rows = {
        id_: {one.instant: one for one in _list_input(store, settings, one, span, minutes)}
        for id_, one in inputs.items()
    }
    number = float if settings.value_precision is ValuePrecision.DOUBLE else Decimal
    instants = set.intersection(*(set(found) for found in rows.values())) if rows else set()
    for instant in sorted(instants):
        values = {id_: to_number(found[instant].value, settings) for id_, found in rows.items()}
        try:
            value = round_value(compute(values, number), settings)
        except (ArithmeticError, TypeError):
            continue
        if value is not None:
            yield Summary(instant, value, any(found[instant].estimated for found in rows.values()))


def _list_input(store: Store, settings: Settings, channel: Channel, span: Span, minutes: int) -> list[Summary]:
    own = summarize_channel(store, settings, channel, span)
    if not channel.settings.is_calculated and (channel.settings.interval_minutes or 1) < minutes:
        zone = zone_of(store, channel)
        values = ((datetime.fromisoformat(one.instant).astimezone(zone), one.value, one.estimated) for one in own)
        return _group(store, settings, channel, values, minutes)
    return own
