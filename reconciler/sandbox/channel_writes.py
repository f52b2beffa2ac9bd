"""Writes to channels and versions: checked against the store, then saved.

Source of the rules: the page of PUT /api/v202406/esachannel/{esaChannelId} (conversions, Money units, demand
channels), the help center (unique import ids) and the formula pages. What they leave open is a setting.

Not documented, and so decided here: versions keep their order, so an edit cannot move one past its neighbor; only the
first version may begin "from the beginning". The body of a create has no beginDate, so a new channel begins there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox.bodies import (
    ApiError,
    Violation,
    bad_request,
    parse_channel_create,
    parse_channel_edit,
    parse_version_create,
    parse_version_edit,
)
from reconciler.sandbox.formulas import FormulaError, check_syntax, find_references
from reconciler.sandbox.properties import CHANNEL_PROPERTIES, ODOMETER, VERSION_PROPERTIES, ReferenceKind
from reconciler.sandbox.rendering import read_evidence
from reconciler.sandbox.settings import (
    ClearLastPrimary,
    DuplicateImportId,
    EditWithReadings,
    PutVersionSemantics,
    ReadLag,
    SecondPrimary,
    VersionBeginInside,
)
from reconciler.sandbox.tables import (
    Channel,
    Version,
    add_channel,
    begins_before,
    find_by_import_id,
    find_users,
    is_demand,
    is_money,
    keep_for_lagging_reads,
    keep_former_versions,
    read_channels,
    read_data_point,
    read_data_point_channels,
    read_record,
    replace_at,
    save_channel,
)
from reconciler.sandbox.tables import delete_channel as remove_channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.properties import Property, VersionSettings
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


# The two flags by attribute: the name of the property, and a word for it.
_PRIMARIES = {"is_primary_value": ("isPrimaryValue", "value"), "is_primary_demand": ("isPrimaryDemand", "demand")}


def check_formula(store: Store, channel: Channel, formula: str) -> tuple[str, ...]:
    """What is wrong with the formula of a channel; empty if it is valid.

    On a calculated meter other channels are allowed, as the two validate endpoints say.
    """
    data_point = read_data_point(store, channel.data_point_id)
    if data_point is not None and data_point.record.get("isCalculatedDataPoint"):
        return check_meter_formula(store, channel.data_point_id, formula)
    references = find_references(formula)
    own = (f"channel({channel.channel_id}) is the channel itself",) if channel.channel_id in references else ()
    return own or check_channel_formula(store, channel.data_point_id, formula)


def check_channel_formula(store: Store, data_point_id: int, formula: str) -> tuple[str, ...]:
    """What is wrong with a formula on a data point, where it may use simple channels of that data point only.

    Source: POST /api/v202405/formula/validate.
    """
    return _syntax_errors(formula) or tuple(
        message
        for reference, channel in _read_references(store, formula)
        for message in _check_simple(reference, channel, data_point_id)
    )


def check_meter_formula(store: Store, data_point_id: int, formula: str) -> tuple[str, ...]:
    """What is wrong with the formula of a calculated meter, which may use primary value channels of other data points.

    Source: POST /api/v202405/formula/validateCalculatedMeter.
    """
    return _syntax_errors(formula) or tuple(
        message
        for reference, channel in _read_references(store, formula)
        for message in _check_primary(reference, channel, data_point_id)
    )


def _syntax_errors(formula: str) -> tuple[str, ...]:
    try:
        check_syntax(formula)
    except FormulaError as failure:
        return (str(failure),)
    return ()


def _read_references(store: Store, formula: str) -> list[tuple[int, Channel | None]]:
    references = find_references(formula)
    channels = read_channels(store, references)
    return [(reference, channels.get(reference)) for reference in references]


def _check_simple(reference: int, channel: Channel | None, data_point_id: int) -> tuple[str, ...]:
    if channel is None:
        return (f"channel({reference}) does not exist",)
    if channel.data_point_id != data_point_id:
        return (f"channel({reference}) belongs to another data point",)
    if channel.settings.is_calculated:
        return (f"channel({reference}) is a calculated channel",)
    return ()


def _check_primary(reference: int, channel: Channel | None, data_point_id: int) -> tuple[str, ...]:
    if channel is None:
        return (f"channel({reference}) does not exist",)
    if channel.data_point_id == data_point_id:
        return (f"channel({reference}) belongs to the same data point",)
    if not channel.settings.is_primary_value:
        return (f"channel({reference}) is not the primary value channel of its data point",)
    return ()


class ChannelWrite(Struct, frozen=True):
    """A channel before and after a request, and the version that the request writes, if any.

    `version_path` is the path of that version's properties in the body.
    """

    before: Channel | None
    after: Channel
    written: VersionSettings | None
    version_path: str = "esaChannelVersion."


def check_write(store: Store, settings: Settings, write: ChannelWrite) -> None:
    """Raises `ApiError` with every rule that `write` breaks."""
    violations = (
        *_check_ids(store, write),
        *_check_demand(store, write),
        *_check_conversion(store, settings, write),
        *_check_formula(store, write),
        *_check_primaries(store, settings, write),
        *_check_readings(store, settings, write),
    )
    # The page of PUT lists the status 200 alone, so whether this is a 400 or a 409 is a setting.
    duplicate = tuple(_check_import_id(store, settings, write))
    if violations or (duplicate and settings.duplicate_import_id is DuplicateImportId.BAD_REQUEST):
        raise bad_request(*violations, *duplicate)
    if duplicate:
        raise ApiError(409, "The request conflicts with another channel.", duplicate)


def find_demoted(store: Store, settings: Settings, write: ChannelWrite) -> tuple[Channel, ...]:
    """The other channels of the data point that lose a primary flag because `write` sets it."""
    if settings.second_primary is SecondPrimary.REJECT:
        return ()
    gained = _list_gained(write)
    others = _find_others(store, write.after)
    return tuple(other for other in others if any(getattr(other.settings, flag) for flag in gained))


def _check_ids(store: Store, write: ChannelWrite) -> Iterator[Violation]:
    for one in CHANNEL_PROPERTIES:
        yield from _check_id(store, one, getattr(write.after.settings, one.attribute), one.name)
    for one in VERSION_PROPERTIES if write.written is not None else ():
        yield from _check_id(store, one, getattr(write.written, one.attribute), f"{write.version_path}{one.name}")


def _check_id(store: Store, referring: Property, record_id: int | None, path: str) -> Iterator[Violation]:
    reference = referring.traits.reference
    if reference is None or record_id is None:
        return
    record = read_record(store, reference.kind, record_id)
    if record is None:
        yield Violation(path, f"no {reference.word} has the id {record_id}")
    # The page of PUT, at unitId: not of the unit type Money.
    elif reference.kind is ReferenceKind.UNITS and is_money(record):
        yield Violation(path, f"must not be of the Money type, found {record.get('unitCode')}")


def _check_demand(store: Store, write: ChannelWrite) -> Iterator[Violation]:
    if not _is_demand(store, write.after):
        return
    # A channel that becomes a demand channel brings its other versions along.
    written = [] if write.written is None else [write.written]
    if write.before is None or not _is_demand(store, write.before):
        written = [version.settings for version in write.after.versions]
    if any(version.observation_rule_id == ODOMETER for version in written):
        yield Violation(f"{write.version_path}observationRuleId", "must not be 1 (Odometer) for a demand channel")


def _is_demand(store: Store, channel: Channel) -> bool:
    # The page says "demand channels" without defining them. A primary demand channel surely is one, and a channel whose
    # observation type has the noun Demand probably is.
    observation_type = read_record(store, ReferenceKind.OBSERVATION_TYPES, channel.settings.observation_type_id)
    return channel.settings.is_primary_demand or is_demand(observation_type or {})


def _check_conversion(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    # The page of PUT, at isCalculated: a channel with readings cannot be converted, nor can a simple one with
    # several versions or one that is used in formulas.
    before = write.before
    if before is None or before.settings.is_calculated == write.after.settings.is_calculated:
        return
    if read_evidence(store, settings, before).has_readings:
        yield Violation("isCalculated", "must not change: the channel has readings")
    if before.settings.is_calculated:
        return
    if len(before.versions) > 1:
        yield Violation("isCalculated", f"must not change: the channel has {len(before.versions)} versions")
    users = find_users(store, before.channel_id)
    if users:
        ids = ", ".join(str(user.channel_id) for user in users)
        yield Violation("isCalculated", f"must not change: the channel is used in the formulas of {ids}")


def _check_formula(store: Store, write: ChannelWrite) -> Iterator[Violation]:
    path = f"{write.version_path}formula"
    if write.written is None:
        # The stored version has a formula that a simple channel may not have, or lacks the one it now needs.
        converted = (
            write.before is not None and write.before.settings.is_calculated != write.after.settings.is_calculated
        )
        if converted:
            yield Violation("esaChannelVersion", "is required when isCalculated changes")
    elif write.written.formula is not None:
        for message in check_formula(store, write.after, write.written.formula):
            yield Violation(path, message)


def _check_import_id(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    # The help center: the import id is unique in the database. Two channels without one do not collide.
    import_id = write.after.settings.channel_import_id
    unchanged = write.before is not None and write.before.settings.channel_import_id == import_id
    if not import_id or unchanged or settings.duplicate_import_id is DuplicateImportId.ALLOW:
        return
    for other in find_by_import_id(store, import_id):
        yield Violation("channelImportId", f"{import_id!r} is already the import id of channel {other.channel_id}")


def _check_primaries(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    others = _find_others(store, write.after)
    after = write.after.settings
    if settings.second_primary is SecondPrimary.REJECT:
        for flag in _list_gained(write):
            if any(getattr(other.settings, flag) for other in others):
                name, word = _PRIMARIES[flag]
                yield Violation(name, f"another channel of the data point is the primary {word} channel")
    # The help center: each meter needs one primary value channel; a primary demand channel is optional.
    gives_up = write.before is not None and write.before.settings.is_primary_value and not after.is_primary_value
    is_last = gives_up and not any(other.settings.is_primary_value for other in others)
    if is_last and settings.clear_last_primary is ClearLastPrimary.REJECT:
        yield Violation("isPrimaryValue", "must stay true: the data point has no other primary value channel")


def _check_readings(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    before, after = write.before, write.after
    if before is None or settings.edit_with_readings is EditWithReadings.ALLOW:
        return
    if not read_evidence(store, settings, before).has_readings:
        return
    message = "must not change: the channel has readings"
    if before.settings.observation_type_id != after.settings.observation_type_id:
        yield Violation("observationTypeId", message)
    if before.settings.interval_minutes != after.settings.interval_minutes:
        yield Violation("intervalMinutes", message)
    # Only rules of versions that existed before: a version that is added changes none.
    if _rules_by_version(before).items() - _rules_by_version(after).items():
        yield Violation(f"{write.version_path}observationRuleId", message)


def _rules_by_version(channel: Channel) -> dict[int, int]:
    return {version.version_id: version.settings.observation_rule_id for version in channel.versions}


def _find_others(store: Store, channel: Channel) -> tuple[Channel, ...]:
    beside = read_data_point_channels(store, channel.data_point_id)
    return tuple(other for other in beside if other.channel_id != channel.channel_id)


def _list_gained(write: ChannelWrite) -> list[str]:
    """The primary flags that `write` sets, by attribute."""
    before, after = write.before, write.after.settings
    return [flag for flag in _PRIMARIES if getattr(after, flag) and not (before and getattr(before.settings, flag))]


def edit_channel(store: Store, settings: Settings, channel: Channel, body: Any) -> Channel:
    """The channel after PUT /api/v202406/esachannel/{esaChannelId}. Raises `ApiError`."""
    edit = parse_channel_edit(body, channel.settings, settings)
    versions, written = channel.versions, None
    if edit.version is not None and (index := _choose_version(settings, len(versions))) is not None:
        written = edit.version
        versions = _with_version(versions, index, written, "esaChannelVersion.")
    write = ChannelWrite(
        before=channel, after=replace(channel, settings=edit.settings, versions=versions), written=written
    )
    return _save(store, settings, write)


def create_channel(store: Store, settings: Settings, body: Any) -> Channel:
    """The channel made by POST /api/v202406/esachannel. Raises `ApiError`."""
    data_point_id, edit = parse_channel_create(body, settings)
    if read_data_point(store, data_point_id) is None:
        raise bad_request(Violation("dataPointId", f"no data point has the id {data_point_id}"))
    versions = () if edit.version is None else (Version(0, edit.version),)
    write = ChannelWrite(before=None, after=Channel(0, data_point_id, edit.settings, versions), written=edit.version)
    return _save(store, settings, write)


def edit_version(store: Store, settings: Settings, channel: Channel, version_id: int, body: Any) -> Channel:
    """The channel after PUT …/version/{versionId} of one of its versions. Raises `ApiError`."""
    written = parse_version_edit(body, settings, is_calculated=channel.settings.is_calculated)
    index = [version.version_id for version in channel.versions].index(version_id)
    versions = _with_version(channel.versions, index, written, "")
    return _save(store, settings, _version_write(channel, versions, written))


def create_version(store: Store, settings: Settings, channel: Channel, body: Any) -> tuple[Channel, int]:
    """The channel after POST …/version, and the id of the new version. Raises `ApiError`."""
    # The help center: calculated channels cannot have several versions.
    if channel.settings.is_calculated:
        raise ApiError(400, "A calculated channel has one version only.")
    written = parse_version_create(body, settings, is_calculated=False)
    _check_new_beginning(channel, written, settings)
    # An id of 0 is replaced by the store with the next free one.
    after = [version for version in channel.versions if begins_before(written.begin_date, version.settings.begin_date)]
    before = channel.versions[: len(channel.versions) - len(after)]
    saved = _save(store, settings, _version_write(channel, (*before, Version(0, written), *after), written))
    return saved, saved.versions[len(before)].version_id


def delete_channel(store: Store, channel: Channel) -> None:
    """Deletes a channel and its readings, as the legacy API does. Raises `ApiError` if formulas use it."""
    users = find_users(store, channel.channel_id)
    if users:
        ids = ", ".join(str(user.channel_id) for user in users)
        raise ApiError(400, f"The channel is used in the formulas of {ids}.")
    remove_channel(store, channel.channel_id)


def delete_version(store: Store, settings: Settings, channel: Channel, version_id: int) -> None:
    """Deletes a version, as the legacy API does. Raises `ApiError` if it is the only one."""
    if len(channel.versions) == 1:
        raise ApiError(400, "The only version of a channel cannot be deleted.")
    kept = tuple(version for version in channel.versions if version.version_id != version_id)
    _replace(store, settings, channel, replace(channel, versions=kept))


def _save(store: Store, settings: Settings, write: ChannelWrite) -> Channel:
    check_write(store, settings, write)
    for other in find_demoted(store, settings, write):
        demoted = replace(
            other.settings,
            is_primary_value=other.settings.is_primary_value and not write.after.settings.is_primary_value,
            is_primary_demand=other.settings.is_primary_demand and not write.after.settings.is_primary_demand,
        )
        _replace(store, settings, other, replace(other, settings=demoted))
    if write.before is None:
        created = add_channel(store, write.after)
        if settings.read_lag is ReadLag.READS:
            keep_for_lagging_reads(store, created.channel_id, None)
        return created
    return _replace(store, settings, write.before, write.after)


def _replace(store: Store, settings: Settings, before: Channel, after: Channel) -> Channel:
    if settings.read_lag is ReadLag.READS:
        keep_for_lagging_reads(store, before.channel_id, before)
    if before.versions != after.versions and read_evidence(store, settings, before).has_readings:
        keep_former_versions(store, before, settings.recompute)
    return save_channel(store, after)


def _version_write(channel: Channel, versions: tuple[Version, ...], written: VersionSettings) -> ChannelWrite:
    return ChannelWrite(before=channel, after=replace(channel, versions=versions), written=written, version_path="")


def _choose_version(settings: Settings, count: int) -> int | None:
    """The index of the version that a PUT of the channel writes; None if it writes none."""
    if count == 1:
        return 0
    match settings.put_version_semantics:
        case PutVersionSemantics.LATEST:
            return count - 1
        case PutVersionSemantics.FIRST:
            return 0
        case PutVersionSemantics.IGNORE:
            return None
        case PutVersionSemantics.REJECT:
            raise bad_request(Violation("esaChannelVersion", f"must be left out: the channel has {count} versions"))
        case never:
            assert_never(never)


def _with_version(
    versions: tuple[Version, ...], index: int, written: VersionSettings, path: str
) -> tuple[Version, ...]:
    if index > 0 and not begins_before(versions[index - 1].settings.begin_date, written.begin_date):
        raise bad_request(Violation(f"{path}beginDate", "must be after the beginning of the version before"))
    following = versions[index + 1 : index + 2]
    if following and not begins_before(written.begin_date, following[0].settings.begin_date):
        raise bad_request(Violation(f"{path}beginDate", "must be before the beginning of the version after"))
    return replace_at(versions, index, replace(versions[index], settings=written))


def _check_new_beginning(channel: Channel, written: VersionSettings, settings: Settings) -> None:
    beginnings = [version.settings.begin_date for version in channel.versions]
    if written.begin_date in beginnings:
        raise bad_request(Violation("beginDate", "is already the beginning of another version"))
    is_inside = begins_before(written.begin_date, beginnings[-1])
    if is_inside and settings.version_begin_inside is VersionBeginInside.REJECT:
        raise bad_request(Violation("beginDate", f"must be after {beginnings[-1]}, where the latest version begins"))
