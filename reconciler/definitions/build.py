"""The values of a channel file as desired channels and feeds, `defaults` merged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.model.channels import Desired
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_FIELDS,
    FIELDS,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    VERSION,
    VERSION_FIELDS,
)
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.values import canonical_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.definitions.values import Lines
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec, Value


def _paths(fields: Iterable[Field]) -> dict[str, str]:
    """The path of each property and of its alias, by the key in a file."""
    paths = [path for field in fields for path in (field.path, field.alias) if path]
    return {path.rpartition(".")[2]: path for path in paths}


# What is no value of its own has no path.
_CHANNEL_PATHS = _paths(CHANNEL_FIELDS) | dict.fromkeys(("select", "channelId", VERSION), "")
_VERSION_PATHS = _paths(VERSION_FIELDS)
# The other way to say the same: where a channel says unitId, the unitCode of the defaults counts no longer.
_ALIASES = {
    one: other
    for field in FIELDS
    if field.alias
    for one, other in ((field.path, field.alias), (field.alias, field.path))
}


class FileContent(Struct, frozen=True):
    """The channels and feeds of one file, in its order; `recovered` are the names in a file that is not YAML."""

    channels: tuple[Desired, ...] = ()
    feeds: tuple[Feed, ...] = ()
    recovered: tuple[Desired, ...] = ()


EMPTY = FileContent()


def make_content(file: str, tree: Mapping[str, Any], lines: Lines) -> FileContent:
    """The channels and feeds that `tree`, which fits the schema, holds; `lines` says where their names stand."""
    defaults = flatten(tree.get("defaults", {}))
    data_point = tree.get("dataPoint")
    channel_lines, feed_lines = lines.get("channels", {}), lines.get("feeds", {})
    channels = [
        Desired(name, file, channel_lines[name], _find_identifiers(channel), _merge(defaults, channel), data_point)
        for name, channel in tree.get("channels", {}).items()
    ]
    feeds = [_make_feed(file, feed_lines[name], name, feed) for name, feed in tree.get("feeds", {}).items()]
    return FileContent(tuple(channels), tuple(feeds))


def flatten(channel: Mapping[str, Any]) -> dict[str, Value]:
    """The managed values of `channel` by their paths in the file; a date as local wall time, to the second."""
    spec = {_CHANNEL_PATHS[key]: value for key, value in channel.items()}
    spec.pop("", None)
    for key, value in channel.get(VERSION, {}).items():
        spec[_VERSION_PATHS[key]] = value
    if spec.get(BEGIN_DATE):
        spec[BEGIN_DATE] = canonical_time(spec[BEGIN_DATE])
    return spec


def _merge(defaults: Spec, channel: Mapping[str, Any]) -> Spec:
    own = flatten(channel)
    if not defaults:
        return own
    return {path: value for path, value in defaults.items() if _default_applies(path, own)} | own


def _default_applies(path: str, own: Spec) -> bool:
    """Whether a default counts for a channel: not where it says the same in the other way.

    Nor does an interval reach a calculated channel, which has none (ESA203): it is meant for the simple ones beside it.
    """
    return _ALIASES.get(path) not in own and not (path == INTERVAL_MINUTES and own.get(IS_CALCULATED) is True)


def _find_identifiers(channel: Mapping[str, Any]) -> Identifiers | None:
    select = channel.get("select")
    if select is not None:
        return _read_identifiers(select)
    if "channelId" in channel:
        return Identifiers(channel_id=channel["channelId"])
    import_id = channel.get("channelImportId")
    return Identifiers(channel_import_id=import_id) if import_id else None


def _read_identifiers(keys: Mapping[str, Any]) -> Identifiers:
    minutes = keys.get("intervalMinutes")
    return Identifiers(
        channel_id=keys.get("channelId"),
        channel_import_id=keys.get("channelImportId"),
        meter_import_id=keys.get("meterImportId", keys.get("dataPointImportId")),
        observation_type_code=keys.get("observationTypeCode"),
        unit_code=keys.get("unitCode"),
        interval_seconds=keys.get("channelIntervalInSeconds") if minutes is None else minutes * 60,
    )


def _make_feed(file: str, line: int, name: str, feed: Mapping[str, Any]) -> Feed:
    place = Location(file, line=line, path=("feeds", name))
    return Feed(name, place, _read_identifiers(feed), feed["expect"])
