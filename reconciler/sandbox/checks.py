"""The rules that need more than the body: what the channel is now, what refers to it, what stands beside it.

Source: the page of PUT /api/v202406/esachannel/{esaChannelId} (conversions, Money units, demand channels), the help
centre (unique import ids), the formula pages. What they leave open is a setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox.bodies import ApiError, Violation, bad_request
from reconciler.sandbox.channel_table import find_by_import_id, find_users, read_data_point_channels
from reconciler.sandbox.choices import ClearLastPrimary, DuplicateImportId, EditWithReadings, SecondPrimary
from reconciler.sandbox.formula_checks import check_formula
from reconciler.sandbox.records import ODOMETER
from reconciler.sandbox.reference_table import ReferenceKind, is_demand, is_money, read_record
from reconciler.sandbox.summaries import read_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.records import Channel, VersionSettings
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


class ChannelWrite(Struct, frozen=True):
    """A channel before and after a request, and the version the request writes, if any.

    `version_path` leads from the body to the properties of that version.
    """

    before: Channel | None
    after: Channel
    written: VersionSettings | None
    version_path: str = "esaChannelVersion."


def check_write(store: Store, settings: Settings, write: ChannelWrite) -> None:
    """Raises `ApiError` with all rules that `write` breaks."""
    violations = (
        *_check_ids(store, write),
        *_check_demand(store, write),
        *_check_conversion(store, settings, write),
        *_check_formula(store, write),
        *_check_primaries(store, settings, write),
        *_check_readings(store, settings, write),
    )
    duplicate = tuple(_check_import_id(store, settings, write))
    if violations or (duplicate and settings.duplicate_import_id is DuplicateImportId.BAD_REQUEST):
        raise bad_request(*violations, *duplicate)
    if duplicate:
        raise ApiError(409, "The request conflicts with another channel.", duplicate)


def find_demoted(store: Store, settings: Settings, write: ChannelWrite) -> tuple[Channel, ...]:
    """The other channels of the data point that lose a primary flag because the channel of `write` takes it."""
    if settings.second_primary is SecondPrimary.REJECT:
        return ()
    return tuple(other for other in _find_others(store, write.after) if _loses_primary(write, other))


def _check_ids(store: Store, write: ChannelWrite) -> Iterator[Violation]:
    settings = write.after.settings
    if read_record(store, ReferenceKind.OBSERVATION_TYPES, settings.observation_type_id) is None:
        yield Violation("observationTypeId", f"no observation type has the id {settings.observation_type_id}")
    if read_record(store, ReferenceKind.SUMMARIZATION_METHODS, settings.summarization_method_id) is None:
        message = f"no summarization method has the id {settings.summarization_method_id}"
        yield Violation("summarizationMethodId", message)
    if write.written is not None:
        yield from _check_unit(store, write.written.unit_id, f"{write.version_path}unitId")


def _check_unit(store: Store, unit_id: int, path: str) -> Iterator[Violation]:
    unit = read_record(store, ReferenceKind.UNITS, unit_id)
    if unit is None:
        yield Violation(path, f"no unit has the id {unit_id}")
    elif is_money(unit):
        yield Violation(path, f"must not be of the Money type, found {unit.get('unitCode')}")


def _check_demand(store: Store, write: ChannelWrite) -> Iterator[Violation]:
    if not _is_demand(store, write.after):
        return
    written = [] if write.written is None else [write.written]
    if write.before is None or not _is_demand(store, write.before):
        written = [version.settings for version in write.after.versions]
    if any(version.observation_rule_id == ODOMETER for version in written):
        yield Violation(f"{write.version_path}observationRuleId", "must not be 1 (Odometer) for a demand channel")


def _is_demand(store: Store, channel: Channel) -> bool:
    # The page speaks of "demand channels" without saying which those are: one that is primary demand surely is, and
    # one whose observation type has the noun Demand most plausibly.
    observation_type = read_record(store, ReferenceKind.OBSERVATION_TYPES, channel.settings.observation_type_id)
    return channel.settings.is_primary_demand or is_demand(observation_type or {})


def _check_conversion(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
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
        converted = (
            write.before is not None and write.before.settings.is_calculated != write.after.settings.is_calculated
        )
        if converted:
            yield Violation("esaChannelVersion", "is required when isCalculated changes")
    elif write.written.formula is not None:
        for message in check_formula(store, write.after, write.written.formula):
            yield Violation(path, message)


def _check_import_id(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    import_id = write.after.settings.import_id
    unchanged = write.before is not None and write.before.settings.import_id == import_id
    if not import_id or unchanged or settings.duplicate_import_id is DuplicateImportId.ALLOW:
        return
    for other in find_by_import_id(store, import_id):
        yield Violation("channelImportId", f"{import_id!r} is already the import id of channel {other.channel_id}")


def _check_primaries(store: Store, settings: Settings, write: ChannelWrite) -> Iterator[Violation]:
    others = _find_others(store, write.after)
    after = write.after.settings
    if settings.second_primary is SecondPrimary.REJECT:
        if _becomes_primary_value(write) and any(other.settings.is_primary_value for other in others):
            yield Violation("isPrimaryValue", "another channel of the data point is the primary value channel")
        if _becomes_primary_demand(write) and any(other.settings.is_primary_demand for other in others):
            yield Violation("isPrimaryDemand", "another channel of the data point is the primary demand channel")
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
    if _rules_by_version(before).items() - _rules_by_version(after).items():
        yield Violation(f"{write.version_path}observationRuleId", message)


def _rules_by_version(channel: Channel) -> dict[int, int]:
    return {version.version_id: version.settings.observation_rule_id for version in channel.versions}


def _find_others(store: Store, channel: Channel) -> tuple[Channel, ...]:
    beside = read_data_point_channels(store, channel.data_point_id)
    return tuple(other for other in beside if other.channel_id != channel.channel_id)


def _loses_primary(write: ChannelWrite, other: Channel) -> bool:
    value = _becomes_primary_value(write) and other.settings.is_primary_value
    demand = _becomes_primary_demand(write) and other.settings.is_primary_demand
    return value or demand


def _becomes_primary_value(write: ChannelWrite) -> bool:
    had = write.before is not None and write.before.settings.is_primary_value
    return write.after.settings.is_primary_value and not had


def _becomes_primary_demand(write: ChannelWrite) -> bool:
    had = write.before is not None and write.before.settings.is_primary_demand
    return write.after.settings.is_primary_demand and not had
