"""Responses as live channels and stored readings, and live channels as bodies of writes, by the table of fields."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.energycap.responses import (
    Document,
    UnexpectedType,
    bad_response,
    escape_unprintable,
    read_flag,
    read_id,
    read_object,
    read_objects,
    read_text,
)
from reconciler.model.canonical import clear_exclusive
from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_FIELDS,
    FIELDS,
    INTERVAL_MINUTES,
    INTERVALS,
    IS_CALCULATED,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    OBSERVATION_RULES,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
    VERSION,
    VERSION_FIELDS,
    Kind,
)
from reconciler.model.project import ChannelEdit
from reconciler.model.values import (
    BEGINNING,
    canonical_moment,
    canonical_number,
    canonical_time,
    has_zone,
    is_number,
    is_time,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.energycap.responses import Document
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec, Value


# The path of a value, its name in the response, the types that are canonical already, and its kind.
_Getter: TypeAlias = tuple[str, str, frozenset[type], Kind]
# An object in the response (None: the response itself), and the values to read from it.
FieldGroup: TypeAlias = tuple[str | None, tuple[_Getter, ...]]

_ALREADY_CANONICAL: dict[Kind, frozenset[type]] = {
    Kind.TEXT: frozenset({str, type(None)}),
    Kind.FORMULA: frozenset({str, type(None)}),
    Kind.BOOLEAN: frozenset({bool, type(None)}),
    Kind.WHOLE: frozenset({int, type(None)}),
    Kind.DECIMAL: frozenset({int, type(None)}),
    Kind.LOCAL_TIME: frozenset({type(None)}),
}
RULE_NAMES: dict[Value, str] = {number: name for name, number in OBSERVATION_RULES.items()}
_RULE_NUMBERS = {name.casefold(): number for name, number in OBSERVATION_RULES.items()}
_MINUTES: dict[Value, int] = {minutes * 60: minutes for minutes in INTERVALS}


def _group_getters(fields: Sequence[Field]) -> tuple[FieldGroup, ...]:
    places = [(field.path, field.response, field.kind) for field in fields]
    places += [(field.alias, field.alias_response, Kind.TEXT) for field in fields if field.alias]
    groups: dict[str | None, list[_Getter]] = {}
    for path, response, kind in places:
        around = response[0] if len(response) > 1 else None
        # An interval of the wrong type is kept: it matters only if the channel is edited.
        as_they_come = _ALREADY_CANONICAL[kind] | (frozenset({str}) if path == INTERVAL_MINUTES else frozenset())
        groups.setdefault(around, []).append((path, response[-1], as_they_come, kind))
    return tuple((around, tuple(getters)) for around, getters in groups.items())


OF_CHANNEL = _group_getters(CHANNEL_FIELDS)
OF_VERSION = _group_getters(VERSION_FIELDS)


def read_channel_id(document: object) -> tuple[int, Document]:
    """The id of the channel in `document`, and the document. Raises BadResponse if there is none."""
    channel_id = document.get("channelId") if isinstance(document, dict) else None
    if not isinstance(document, dict) or type(channel_id) is not int:
        raise bad_response("a channel comes without its channelId")
    return channel_id, document


def is_whole(document: Document) -> bool:
    """Whether a row of a list has enough to make a channel; the content of rows is not documented."""
    return document.get("channelVersions") is not None and document.get("dataPoint") is not None


def live_from_response(document: object) -> Live:
    """The live channel in an EsaChannelResponse, with canonical values; unknown properties are ignored.

    Raises BadResponse, naming the channel and the property, if a value is not of its documented type, and if an id
    or every version is missing.
    """
    channel_id, channel = read_channel_id(document)
    try:
        return _make_live(channel_id, channel)
    except UnexpectedType as odd:
        raise bad_response(f"channel {channel_id}: {odd}") from None


def _make_live(channel_id: int, document: Document) -> Live:
    values = read_values(document, OF_CHANNEL)
    values[INTERVAL_MINUTES] = find_minutes(values)
    versions = _read_versions(document, is_calculated=values[IS_CALCULATED] is True)
    return Live(
        id=channel_id,
        values={**values, **versions[-1].values},
        versions=versions,
        data_point=read_data_point(read_object(document, "dataPoint")),
        has_readings=read_flag(document, "hasReadings"),
        first_reading=_read_time(document, "firstReadingDate"),
        last_reading=_read_time(document, "lastReadingDate"),
        is_convertible=read_flag(document, "isCalculatedConvertible"),
    )


def read_values(document: Document, groups: tuple[FieldGroup, ...]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for around, getters in groups:
        inner = document if around is None else read_object(document, around)
        for path, name, as_they_come, kind in getters:
            value = inner.get(name)
            if type(value) not in as_they_come:
                value = _make_canonical(value, kind, name if around is None else f"{around}.{name}")
            values[path] = value
    return values


def _make_canonical(value: object, kind: Kind, place: str) -> Value:
    # A value of another type would be sent back as it came, and how the service would read it is unknown.
    if kind is Kind.LOCAL_TIME and isinstance(value, str) and is_time(value):
        return canonical_moment(value)
    if isinstance(value, float) and math.isfinite(value) and (kind is Kind.DECIMAL or kind is Kind.WHOLE):
        number = canonical_number(value)
        if kind is Kind.DECIMAL or isinstance(number, int):
            return number
    raise UnexpectedType(place, kind.value if kind in {Kind.TEXT, Kind.BOOLEAN} else f"a {kind.value}", value)


def find_minutes(values: Mapping[str, Value]) -> Value:
    # Whether responses have minutes or seconds is not documented, but no number is an interval in both.
    # A calculated channel has no interval of its own: the service derives the one that it shows.
    interval = values[INTERVAL_MINUTES]
    return None if values[IS_CALCULATED] is True else _MINUTES.get(interval, interval)


def _read_time(document: Document, name: str) -> str | None:
    text = read_text(document, name)
    return None if text is None else canonical_time(text)


def _read_moment(document: Document, name: str) -> str | None:
    text = read_text(document, name)
    return None if text is None else canonical_moment(text)


def _read_versions(document: Document, *, is_calculated: bool) -> tuple[Version, ...]:
    found = document.get("channelVersions")
    versions = [
        read_version(version, is_calculated=is_calculated) for version in read_objects(found, "channelVersions")
    ]
    if not versions:
        raise UnexpectedType("channelVersions", "one version or more", found)
    return tuple(sorted(versions, key=version_order))


# Unlike a beginning, an end that is null is the latest.
def version_order(version: Version) -> tuple[str, str, int]:
    return (str(version.values[BEGIN_DATE] or ""), version.end_date or "~", version.id)


def leave_out_registers(document: Document) -> Document:
    """`document`, a version, without register settings if its rule is Trip, which has none, whatever it shows."""
    if document.get("rolloverValue") is None and document.get("rollbackAllowance") is None:
        return document
    rule = document.get("observationRule")
    names = ("observationRuleId", "observationRuleCode", "observationRuleInfo")
    given = next((rule[name] for name in names if rule.get(name) is not None), None) if isinstance(rule, dict) else None
    is_trip = given == TRIP or (isinstance(given, str) and _RULE_NUMBERS.get(given.casefold()) == TRIP)
    return {**document, "rolloverValue": None, "rollbackAllowance": None} if is_trip else document


def read_version(document: Document, *, is_calculated: bool) -> Version:
    values = read_values(leave_out_registers(document), OF_VERSION)
    begin_date = values[BEGIN_DATE]
    if begin_date == BEGINNING:
        values[BEGIN_DATE] = None
    normalize_rule(values, document)
    return Version(
        id=read_id(document, "channelVersionId"),
        begin_date=begin_date if isinstance(begin_date, str) else None,
        end_date=_read_moment(document, "endDate"),
        values=clear_exclusive(values, is_calculated=is_calculated),
    )


def normalize_rule(values: dict[str, Value], document: Document) -> None:
    """Give the rule both its documented id and its name, whichever of id, code and info the response has."""
    number = values[OBSERVATION_RULE_ID]
    if number in RULE_NAMES:
        values[OBSERVATION_RULE] = RULE_NAMES[number]
        return
    given = values[OBSERVATION_RULE] or read_text(read_object(document, "observationRule"), "observationRuleInfo")
    known = _RULE_NUMBERS.get(str(given).casefold())
    if number is None and known is not None:
        values[OBSERVATION_RULE_ID], given = known, RULE_NAMES[known]
    values[OBSERVATION_RULE] = given


def read_data_point(document: Document, import_id: str = "dataPointImportId") -> DataPoint:
    """A data point, in a channel or on its own page, which calls its `import_id` importId. Raises UnexpectedType."""
    commodity, place = read_object(document, "commodity"), read_object(document, "parentPlace")
    return DataPoint(
        id=read_id(document, "dataPointId"),
        code=read_text(document, "dataPointCode"),
        name=read_text(document, "dataPointInfo"),
        import_id=read_text(document, import_id),
        commodity=read_text(commodity, "commodityInfo") or read_text(commodity, "commodityCode"),
        place_code=read_text(place, "placeCode"),
        place_name=read_text(place, "placeInfo"),
    )


_CHANNEL_PATHS = frozenset(field.path for field in CHANNEL_FIELDS)
_VERSION_PATHS = frozenset(field.path for field in VERSION_FIELDS)
# A PUT must have these, and the page does not say what null would mean.
_NEVER_NULL = tuple(field.path for field in FIELDS if not field.nullable)


def channel_body(fresh: Live, wanted: Spec, channel_edit: ChannelEdit) -> dict[str, object]:
    """An EsaChannelEdit with the values of `fresh`, changed by `wanted`, which has the paths of EsaChannelEdit.

    If the channel has several versions, `channel_edit` says whether the body includes one, and a version value in
    `wanted` raises ValueError, because edit_version sends those. Raises BadResponse if `fresh` lacks a value that every
    channel has, such as its unit: a PUT replaces the whole channel. Source: PUT /api/v202406/esachannel/{esaChannelId}.
    """
    is_versioned = len(fresh.versions) > 1
    _check_paths(wanted, _CHANNEL_PATHS if is_versioned else _CHANNEL_PATHS | _VERSION_PATHS)
    values = {path: fresh.values.get(path) for path in _CHANNEL_PATHS} | _pick(wanted, _CHANNEL_PATHS)
    _check_complete(fresh, values, wanted)
    # "Must be null when IsCalculated is set to True."
    if values[IS_CALCULATED] is True and INTERVAL_MINUTES not in wanted:
        values[INTERVAL_MINUTES] = None
    body = _by_key(CHANNEL_FIELDS, values)
    if not is_versioned or channel_edit is ChannelEdit.ECHO_LATEST:
        body[VERSION] = _make_version(fresh, wanted, fresh.current, is_calculated=values[IS_CALCULATED] is True)
    return body


def version_body(fresh: Live, wanted: Spec, version_id: int = 0) -> dict[str, object]:
    """An EsaChannelVersionEdit with the values of a version of `fresh`, changed by `wanted`; 0 is the current one.

    `wanted` has the paths of EsaChannelEdit; a value of the channel itself raises ValueError. Raises BadResponse as
    `channel_body`, and if `fresh` has no such version.
    Source: PUT …/esachannel/{esaChannelId}/version/{versionId}.
    """
    _check_paths(wanted, _VERSION_PATHS)
    edited = version_id or fresh.current.id
    version = next((one for one in fresh.versions if one.id == edited), None)
    if version is None:
        raise bad_response(f"channel {fresh.id} has no version {version_id} any more")
    return _make_version(fresh, wanted, version, is_calculated=fresh.is_calculated)


def new_version_body(fresh: Live, wanted: Spec) -> dict[str, object]:
    """An EsaChannelVersionCreateWithBeginDate of all that is `wanted`, by the paths of EsaChannelEdit.

    ValueError and BadResponse as for `version_body`. Source: POST …/esachannel/{esaChannelId}/version.
    """
    _check_paths(wanted, _VERSION_PATHS)
    _check_complete(fresh, wanted, {})
    return _by_key(VERSION_FIELDS, clear_exclusive(wanted, is_calculated=fresh.is_calculated))


def new_channel_body(data_point_id: int, wanted: Spec) -> dict[str, object]:
    """An EsaChannelCreate on this data point with all that is `wanted`, by the paths of EsaChannelEdit.

    Its first version has no beginDate: it begins at the beginning. Raises ValueError if a value that a channel cannot
    be without is missing, or a path is none of EsaChannelEdit. Source: POST /api/v202406/esachannel.
    """
    _check_paths(wanted, _CHANNEL_PATHS | _VERSION_PATHS)
    if missing := [path for path in _NEVER_NULL if wanted.get(path) is None]:
        raise ValueError(f"a new channel needs {', '.join(missing)}: this is a bug, and nothing was sent")
    values = clear_exclusive(wanted, is_calculated=wanted[IS_CALCULATED] is True)
    version = _by_key([field for field in VERSION_FIELDS if field.path != BEGIN_DATE], values)
    return {"dataPointId": data_point_id, **_by_key(CHANNEL_FIELDS, values), VERSION: version}


def _make_version(fresh: Live, wanted: Spec, version: Version, *, is_calculated: bool) -> dict[str, object]:
    if version.begin_date and has_zone(version.begin_date):
        raise bad_response(
            f"channel {fresh.id}: its version begins at {version.begin_date}, and nothing says what that is"
        )
    # The date as it was read: the service may store "from the beginning" as a date, and read null as something else.
    values = {**version.values, BEGIN_DATE: version.begin_date, **_pick(wanted, _VERSION_PATHS)}
    # After the merge: a new rule, or a conversion, also clears values that `wanted` does not have.
    cleared = clear_exclusive(values, is_calculated=is_calculated)
    _check_complete(fresh, cleared, wanted)
    # If the files contradict the rule, the service must refuse it; a silent correction would hide it.
    return _by_key(VERSION_FIELDS, cleared | _pick(wanted, (ROLLBACK_ALLOWANCE, ROLLOVER_VALUE)))


def _check_complete(fresh: Live, values: Spec, wanted: Spec) -> None:
    gaps = (path for path in _NEVER_NULL if path in values and values[path] is None)
    # A null from the files is left to the service to refuse.
    if unknown := next((path for path in gaps if path not in wanted), None):
        raise bad_response(f"channel {fresh.id}: {unknown} is missing, and a channel is only sent back whole")


def _by_key(fields: Sequence[Field], values: Spec) -> dict[str, object]:
    return {field.key: values.get(field.path) for field in fields}


def _pick(wanted: Spec, paths: Iterable[str]) -> dict[str, Value]:
    return {path: wanted[path] for path in paths if path in wanted}


def _check_paths(wanted: Spec, paths: frozenset[str]) -> None:
    if others := sorted(wanted.keys() - paths):
        raise ValueError(f"this request cannot say {', '.join(others)}: this is a bug, and nothing was sent")


class FailedReading(Struct, frozen=True):
    """A reading that was not imported, as the service names it; `error` is "" if only its group has one."""

    time: str | None
    value: float | None
    error: str


class FailedGroup(Struct, frozen=True):
    """Readings of one group that were not imported; `identifiers` are those of the group, by the names of the API."""

    identifiers: Mapping[str, object]
    error: str
    readings: tuple[FailedReading, ...]


class ImportResponse(Struct, frozen=True):
    """The result of one request: how many readings were imported and how many failed, and those by group."""

    imported: int
    failed: int
    groups: tuple[FailedGroup, ...]


class StoredReading(Struct, frozen=True):
    """A reading of a channel: its time as the service writes it, and the value as it was sent.

    If the service does not show that, `value` is the computed one, and `is_raw` is False. `estimated` is None if the
    service does not say.
    """

    time: str
    value: float | None
    is_raw: bool = True
    estimated: bool | None = None


def is_import_response(document: object) -> bool:
    """Whether `document` says how many readings were imported, as the response of POST /api/v3/reading does."""
    return isinstance(document, dict) and "importedReadingsCount" in document


def parse_import_response(document: object) -> ImportResponse:
    """The response of POST /api/v3/reading. Raises BadResponse if it is something else, or its counts disagree."""
    try:
        (response,) = read_objects([document], "the answer")
        groups = read_objects(response.get("failedReadings") or [], "failedReadings")
        receipt = ImportResponse(
            read_id(response, "importedReadingsCount"),
            read_id(response, "failedReadingsCount"),
            tuple(map(_read_group, groups)),
        )
    except UnexpectedType as error:
        raise bad_response(f"what became of the readings: {error}") from None
    named = sum(len(group.readings) for group in receipt.groups)
    if receipt.failed != named:
        raise bad_response(f"{receipt.failed:,} readings failed, but {named:,} are named")
    return receipt


def parse_stored_readings(document: object) -> tuple[StoredReading, ...]:
    """The readings in the response of GET /api/v3/channel/{id}/reading. Raises BadResponse if it is something else."""
    try:
        (response,) = read_objects([document], "the answer")
        return tuple(map(_read_stored, read_objects(response.get("readings") or [], "readings")))
    except UnexpectedType as error:
        raise bad_response(f"the readings of a channel: {error}") from None


def _read_group(document: Document) -> FailedGroup:
    readings = read_objects(document.get("readings") or [], "failedReadings.readings")
    identifiers = {name: value for name, value in document.items() if name not in ("error", "readings")}
    return FailedGroup(identifiers, _read_error(document), tuple(map(_read_failed, readings)))


def _read_failed(document: Document) -> FailedReading:
    return FailedReading(read_text(document, "time"), _read_number(document, "value"), _read_error(document))


def _read_stored(document: Document) -> StoredReading:
    time = read_text(document, "time")
    if time is None:
        raise UnexpectedType("readings.time", "a date and time", None)
    # rawValue is before the multiplier or the difference, so it can be compared with what was sent.
    raw, estimated = _read_number(document, "rawValue"), document.get("estimated")
    value = _read_number(document, "value") if raw is None else raw
    return StoredReading(time, value, raw is not None, estimated if isinstance(estimated, bool) else None)


def _read_error(document: Document) -> str:
    return escape_unprintable(read_text(document, "error") or "")


def _read_number(document: Document, name: str) -> float | None:
    found = document.get(name)
    if found is None or is_number(found):
        return found
    raise UnexpectedType(name, "a number", found)
