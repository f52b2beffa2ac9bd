"""The bodies EsaChannelEdit, EsaChannelCreate and EsaChannelVersionEdit, read by the table of properties.

Source: the page of PUT /api/v202406/esachannel/{esaChannelId}. Not from there: what the pages leave open is a
setting; the properties that the page requires for an edit but not for a create (channelDescription, channelImportId,
isCalculated, the primary flags) default to null and false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.bodies import Presence, bad_request, read_body
from reconciler.sandbox.properties import (
    CHANNEL_PROPERTIES,
    VERSION_PROPERTIES,
    ChannelSettings,
    Sent,
    VersionSettings,
)
from reconciler.sandbox.settings import MissingDefinedKey, MissingVersion, NullBoolean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.bodies import Body, Violation
    from reconciler.sandbox.properties import Property
    from reconciler.sandbox.settings import Settings


class ChannelEdit(Struct, frozen=True):
    """A body that breaks no rule of its own; `version` is None if the stored versions stay."""

    settings: ChannelSettings
    version: VersionSettings | None


def parse_channel_edit(value: Any, current: ChannelSettings, settings: Settings) -> ChannelEdit:
    """The EsaChannelEdit in a body for the channel that now has `current`. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    edit = _parse_channel(body, settings, current)
    if edit.version is None and settings.missing_version is MissingVersion.REJECT:
        body.add_violation("esaChannelVersion", "is required")
    if violations:
        raise bad_request(*violations)
    return edit


def parse_channel_create(value: Any, settings: Settings) -> tuple[int, ChannelEdit]:
    """The data point and the settings in an EsaChannelCreate. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    data_point_id = body.integer("dataPointId", Presence.REQUIRED) or 0
    edit = _parse_channel(body, settings, None)
    if edit.version is None:
        body.add_violation("esaChannelVersion", "is required")
    if violations:
        raise bad_request(*violations)
    return data_point_id, edit


def parse_version_edit(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionEdit in a body. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    version = _parse_version(read_body(value, "", violations), settings, is_calculated=is_calculated)
    if violations:
        raise bad_request(*violations)
    return version


def parse_version_create(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionCreateWithBeginDate in a body. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    version = _parse_version(body, settings, is_calculated=is_calculated)
    # Decided here: only the first version of a channel may have no beginning, and this one is added to others.
    if body.is_null("beginDate"):
        body.add_violation("beginDate", "is required")
    if violations:
        raise bad_request(*violations)
    return version


def _parse_channel(body: Body, settings: Settings, current: ChannelSettings | None) -> ChannelEdit:
    values = _read_properties(CHANNEL_PROPERTIES, Sent(body, settings, {}), current)
    channel = ChannelSettings(**values)
    # The page of the edit shows no "Required" at esaChannelVersion.
    child = body.child("esaChannelVersion")
    version = None if child is None else _parse_version(child, settings, is_calculated=channel.is_calculated)
    return ChannelEdit(channel, version)


def _parse_version(body: Body, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    sent = Sent(body, settings, {"isCalculated": is_calculated})
    return VersionSettings(**_read_properties(VERSION_PROPERTIES, sent, None))


def _read_properties(
    properties: tuple[Property, ...], sent: Sent, current: ChannelSettings | None
) -> Mapping[str, Any]:
    """The values to store, by attribute. With `current`, the body is an edit, in which "defined" keys must exist."""
    values = dict(sent.values)
    stored = {}
    for one in properties:
        is_defined = one.traits.is_defined and current is not None
        value = _read_defined(one, sent, current) if is_defined else one.read(sent.body)
        if one.traits.rule is not None:
            value = one.traits.rule(Sent(sent.body, sent.settings, values), one.name, value)
        stored[one.attribute] = values[one.name] = one.fill(value)
    return stored


def _read_defined(one: Property, sent: Sent, current: ChannelSettings | None) -> Any:
    """The value of a "Required (defined)" property: the key must exist, and null is a value."""
    if not sent.body.has(one.name):
        match sent.settings.missing_defined_key:
            case MissingDefinedKey.REJECT:
                sent.body.add_violation(one.name, "must be in the body")
                return None
            case MissingDefinedKey.KEEP:
                return getattr(current, one.attribute)
            case MissingDefinedKey.SET_NULL:
                pass
    if one.is_nullable or not sent.body.is_null(one.name):
        return one.read(sent.body)
    if sent.settings.null_boolean is NullBoolean.REJECT:
        sent.body.add_violation(one.name, "must be true or false, not null")
    return None
