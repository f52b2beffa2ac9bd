"""Reference data and formula checks: requests that the service may reject, so that their data is unknown.

Lists of units and observation types are completed by what channels show. The snapshot file, against which plans are
made offline, holds both, so it is read and written here.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from reconciler.energycap.endpoints import LIST_OBSERVATION_TYPES, LIST_UNITS, READ_DATA_POINT, VALIDATE_FORMULA
from reconciler.energycap.malformed_channels import identify_row, live_from_row, make_unread
from reconciler.energycap.mapping import is_whole, read_data_point
from reconciler.energycap.paging import check_unpaged
from reconciler.energycap.responses import (
    Document,
    UnexpectedType,
    bad_response,
    decode,
    escape_unprintable,
    read_flag,
    read_id,
    read_object,
    read_objects,
    read_text,
)
from reconciler.energycap.time_zones import find_time_zone, find_zone_code, read_dates, read_point
from reconciler.errors import BadResponse, FileError, Rejected, ServiceError
from reconciler.model.channels import ObservationType, ReferenceData, Snapshot, SummarizationMethod, Unit
from reconciler.model.fields import OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_ID, UNIT_CODE, UNIT_ID
from reconciler.model.formulas import FormulaVerdict
from reconciler.strict_json import KeyTwice, OutOfBounds, is_too_deep, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.endpoints import Request
    from reconciler.energycap.session import Session
    from reconciler.model.channels import DataPoint, Live
    from reconciler.model.project import VersionDates
    from reconciler.model.values import Spec


# As a data point's own page calls it. Source: GET /api/v202406/datapoint/{dataPointId}.
_IMPORT_ID = "importId"
_SUMMARIZATION_METHOD_ID = "summarizationMethodId"
_SUMMARIZATION_METHOD = "summarizationMethod"

_Entry = TypeVar("_Entry")


class Listed(Struct, Generic[_Entry], frozen=True):
    """The entries of a list by id; `unread` says why it could not be read in full, "" if it could."""

    entries: Mapping[int, _Entry]
    unread: str = ""


def units_from_response(document: object) -> Listed[Unit]:
    """The units of GET /api/v202305/unit; entries that cannot be read are left out, and counted in `unread`."""
    return _read_entries(document, _read_unit)


def types_from_response(document: object) -> Listed[ObservationType]:
    """The observation types of GET /api/v3/observationtype; as `units_from_response`."""
    return _read_entries(document, _read_type)


def make_reference(
    units: Listed[Unit], observation_types: Listed[ObservationType], channels: Sequence[Live]
) -> ReferenceData:
    """All reference data, each ordered by id: what the service lists, and what only `channels` show.

    No endpoint lists summarization methods.
    """
    specs = [live.values for live in channels]
    version_specs = [version.values for live in channels for version in live.versions]
    seen_units = {key: Unit(key, code) for key, code in _collect(version_specs, UNIT_ID, UNIT_CODE)}
    seen_types = {
        key: ObservationType(key, code) for key, code in _collect(specs, OBSERVATION_TYPE_ID, OBSERVATION_TYPE_CODE)
    }
    methods = {
        key: SummarizationMethod(key, name)
        for key, name in _collect(specs, _SUMMARIZATION_METHOD_ID, _SUMMARIZATION_METHOD)
    }
    return ReferenceData(
        _order(seen_units | dict(units.entries)),
        _order(seen_types | dict(observation_types.entries)),
        _order(methods),
        _unread_reason(units, seen_units),
        _unread_reason(observation_types, seen_types),
    )


def _unread_reason(listed: Listed[_Entry], seen: Mapping[int, _Entry]) -> str:
    """Why the list could not be read in full. It cannot be empty if channels use some of its entries."""
    is_hidden = seen and not listed.entries and not listed.unread
    return "it is empty, but channels use some of them" if is_hidden else listed.unread


def _read_entries(document: object, read: Callable[[Document], tuple[int, _Entry]]) -> Listed[_Entry]:
    entries: dict[int, _Entry] = {}
    flaws, first = 0, ""
    if not isinstance(document, list):
        return Listed({}, str(UnexpectedType("the answer", "a list", document)))
    for member in document:
        try:
            entry_id, entry = read(read_object({"it": member}, "it"))
        except UnexpectedType as error:
            flaws, first = flaws + 1, first or str(error)
        else:
            entries[entry_id] = entry
    return Listed(entries, f"{flaws} of its {len(document)} entries cannot be read: {first}" if flaws else "")


def _read_unit(document: Document) -> tuple[int, Unit]:
    unit_id, code = read_id(document, "unitId"), _read_code(document, "unitCode")
    try:
        unit_type = read_object(document, "unitType")
        names = read_text(unit_type, "unitTypeCode"), read_text(unit_type, "unitTypeInfo")
    except UnexpectedType:  # whether it is a Money unit is unknown then
        return unit_id, Unit(unit_id, code)
    return unit_id, Unit(unit_id, code, *names)


def _read_type(document: Document) -> tuple[int, ObservationType]:
    type_id = read_id(document, "observationTypeId")
    code = _read_code(document, "observationTypeCode")
    return type_id, ObservationType(type_id, code, read_text(document, "nounCode"))


def _read_code(document: Document, name: str) -> str:
    code = read_text(document, name)
    if code is None:
        raise UnexpectedType(name, "text", None)
    return code


def _collect(specs: Iterable[Spec], id_path: str, name_path: str) -> list[tuple[int, str]]:
    seen = {(spec.get(id_path), spec.get(name_path)) for spec in specs}
    # In order, so that one id with two names always gets the same one.
    return sorted((key, name) for key, name in seen if isinstance(key, int) and isinstance(name, str))


def _order(entries: dict[int, _Entry]) -> tuple[_Entry, ...]:
    return tuple(entries[entry_id] for entry_id in sorted(entries))


# Statuses by which a service may say that a formula is not valid, besides the documented response.
_ABOUT_FORMULA = frozenset({400, 422})
# As many as are read in parallel, so a service that does not offer this costs the time of one request.
_TRIED = 4


def start_reference(session: Session, executor: Executor) -> Callable[[Sequence[Live]], ReferenceData]:
    """Request the lists of units and observation types, and return a function that waits for them and never raises.

    If the key is wrong, the list of channels, which is read at the same time, raises the error.
    """
    units = executor.submit(_read_list, session, LIST_UNITS.request(), units_from_response)
    types = executor.submit(_read_list, session, LIST_OBSERVATION_TYPES.request(), types_from_response)
    return lambda channels: make_reference(units.result(), types.result(), channels)


class RawList(Struct, frozen=True):
    """A list as the service sends it; `unread` says why there is none."""

    document: object = None
    unread: str = ""


def read_raw(session: Session, request: Request) -> RawList:
    """The list in the response to `request`, as it comes."""
    try:
        response = session.request(request)
        document = decode(request, response)
        check_unpaged(response.headers, document)
    except ServiceError as error:
        return RawList(unread=_reason(error))
    return RawList(document)


def _read_list(session: Session, request: Request, read: Callable[[object], Listed[_Entry]]) -> Listed[_Entry]:
    raw = read_raw(session, request)
    return Listed({}, raw.unread) if raw.unread else read(raw.document)


def read_zone_codes(session: Session, executor: Executor, data_point_ids: Sequence[int]) -> dict[int, str]:
    """The code of the time zone of each data point, read in parallel; "" if it could not be read.

    If none of the first few could be read, the others are not tried. Source: GET /api/v202406/datapoint/{id}.
    """
    first, rest = data_point_ids[:_TRIED], data_point_ids[_TRIED:]
    points = [*executor.map(partial(read_point, session), first)]
    if any(map(find_zone_code, points)):
        points += executor.map(partial(read_point, session), rest)
    codes = [*map(find_zone_code, points)]
    return dict(zip(data_point_ids, codes + [""] * (len(data_point_ids) - len(codes)), strict=True))


def read_data_points(
    session: Session, executor: Executor, data_point_ids: Collection[int]
) -> dict[int, DataPoint | None]:
    """The data points with these ids, read in parallel; None for one that does not exist.

    One that could not be read is left out. Source: GET /api/v202406/datapoint/{id}.
    """
    ids = sorted(data_point_ids)
    found = dict(zip(ids, executor.map(lambda one: _read_data_point(session, one), ids), strict=True))
    return {id_: point for id_, (is_read, point) in found.items() if is_read}


def _read_data_point(session: Session, data_point_id: int) -> tuple[bool, DataPoint | None]:
    """Whether the service says what the data point is, and the data point; None if there is none."""
    try:
        (response,) = read_objects([session.read(READ_DATA_POINT.request(data_point_id))], "the answer")
        point = read_data_point(response, _IMPORT_ID)
    except Rejected as error:
        return error.status == 404, None
    except (ServiceError, UnexpectedType):
        return False, None
    return (True, point) if point.id == data_point_id else (False, None)


def _check_formula(session: Session, data_point_id: int, formula: str) -> FormulaVerdict:
    """What the service says about `formula` on the data point, or why it could not be asked.

    Changes nothing. Source: POST /api/v202405/formula/validate.
    """
    request = VALIDATE_FORMULA.request(body={"dataPointId": data_point_id, "formula": formula})
    try:
        return FormulaVerdict(_read_reasons(session.read(request)))
    except ServiceError as error:
        is_verdict = isinstance(error, Rejected) and error.status in _ABOUT_FORMULA and not error.is_page
        return FormulaVerdict((_reason(error),)) if is_verdict else FormulaVerdict(unasked=_reason(error))


def check_formulas(
    session: Session, executor: Executor, formulas: Sequence[tuple[int, str]]
) -> tuple[FormulaVerdict, ...]:
    """The verdict on each formula, given with its data point, in parallel.

    If none of the first few could be checked, the others are not tried, because each may wait long for a response.
    """
    first, rest = formulas[:_TRIED], formulas[_TRIED:]
    verdicts = tuple(executor.map(lambda one: _check_formula(session, *one), first))
    if rest and all(verdict.unasked for verdict in verdicts):
        return (*verdicts, *(FormulaVerdict(unasked=verdicts[0].unasked) for _ in rest))
    return (*verdicts, *executor.map(lambda one: _check_formula(session, *one), rest))


def _read_reasons(document: object) -> tuple[str, ...]:
    try:
        if not isinstance(document, dict):
            raise UnexpectedType("the answer", "an object", document)  # noqa: TRY301 - one place says what is wrong
        is_valid, reasons = read_flag(document, "valid"), document.get("errorMessages")
        texts = tuple(escape_unprintable(str(reason)) for reason in reasons) if isinstance(reasons, list) else ()
        if is_valid is None and not texts:
            raise UnexpectedType("valid", "true or false", None)  # noqa: TRY301
    except UnexpectedType as error:
        raise bad_response(f"whether the formula is valid: {error}") from None
    return () if is_valid else texts or ("the service gives no reason",)


def _reason(error: ServiceError) -> str:
    return error.answer or error.message


_Listed = TypeVar("_Listed")

SNAPSHOT_FORMAT = 1

_FIX = "make it again:  reconciler snapshot --out FILE"


def render_snapshot_file(world: Mapping[str, object], *, environment: str, taken: str) -> str:
    """`world` as the text of a file, with the environment and the time at which it was `taken`."""
    head = {"formatVersion": SNAPSHOT_FORMAT, "environment": environment, "taken": taken}
    return json.dumps({**head, **world}, ensure_ascii=False, indent=1) + "\n"


def read_snapshot_file(text: str) -> Document:
    """The world in the text of a file. Raises FileError if there is none."""
    if is_too_deep(text):
        raise FileError("the file is not a snapshot: its JSON is nested too deeply", _FIX)
    try:
        world = parse_json(text)
    except (KeyTwice, OutOfBounds) as flaw:
        raise FileError(f"the snapshot cannot be used: {flaw}", _FIX) from None
    except ValueError as error:
        raise FileError("the file is not a snapshot, or was cut short: it is not JSON", _FIX) from error
    if not isinstance(world, dict) or world.get("formatVersion") != SNAPSHOT_FORMAT:
        raise FileError(f"the file is not a snapshot of format {SNAPSHOT_FORMAT}", _FIX)
    return world


def snapshot_from_file(world: Document, version_dates: VersionDates | None = None) -> tuple[Snapshot, str]:
    """The snapshot in `world`, and when it was taken, "" if that is not in it.

    `version_dates` says what the date of a version means if it comes with a zone. Raises FileError if the world is
    incomplete.
    """
    try:
        taken = read_text(world, "taken") or ""
        points = _index_points(world)
        unread = read_object(read_object(world, "unread"), "channels")
        channels = tuple(
            read_dates(_read_channel(row, unread), version_dates, lambda id_: find_time_zone(points.get(id_, {})))
            for row in read_objects(world.get("channels"), "channels")
        )
        units = _read_listed(world, "units", units_from_response)
        types = _read_listed(world, "observationTypes", types_from_response)
    except (UnexpectedType, BadResponse) as error:
        raise FileError(f"the snapshot cannot be used: {error}", _FIX) from error
    ordered = tuple(sorted(channels, key=lambda channel: channel.id))
    if len({channel.id for channel in ordered}) < len(ordered):
        raise FileError("the snapshot cannot be used: a channel is in it twice", _FIX)
    return Snapshot(ordered, make_reference(units, types, ordered)), taken


def data_points_from_file(world: Document) -> dict[int, DataPoint]:
    """The data points in `world`, by their ids; those that are not as documented are left out."""
    points = {}
    for document in read_objects(world.get("dataPoints") or [], "dataPoints"):
        with suppress(UnexpectedType):
            point = read_data_point(document, _IMPORT_ID)
            points[point.id] = point
    return points


def zone_codes_from_file(world: Document) -> dict[int, str]:
    """The codes of the time zones of the data points in `world`, by their ids."""
    return {one: find_zone_code(point) for one, point in _index_points(world).items() if isinstance(one, int)}


def _index_points(world: Document) -> dict[object, Document]:
    return {point.get("dataPointId"): point for point in read_objects(world.get("dataPoints") or [], "dataPoints")}


def _read_channel(row: Document, unread: Document) -> Live:
    channel_id, document = identify_row(row)
    if reason := read_text(unread, str(channel_id)):
        return make_unread(channel_id, live_from_row(row) if is_whole(document) else None, reason)
    return live_from_row(row)


def _read_listed(world: Document, name: str, read: Callable[[object], Listed[_Listed]]) -> Listed[_Listed]:
    unread = read_text(read_object(world, "unread"), name)
    return Listed({}, unread) if unread else read(world.get(name) or [])
