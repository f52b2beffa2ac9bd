"""Channels of the files that get in each other's way: one import id, one primary, one live channel for two."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.fields import CHANNEL_IMPORT_ID, IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE
from reconciler.model.identifiers import Identifiers
from reconciler.planning.citing import cite, place_identity, shorten, show_value
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding

# A channel id, a channel import id, or all that is given where neither of them is.
Identity: TypeAlias = int | str | Identifiers


def check_collisions(channels: Sequence[Desired]) -> Iterator[Finding]:
    """What only one of `channels` can have, found at several; each finding names the first that has it."""
    yield from _check_import_ids(channels)
    yield from _check_primaries(channels, IS_PRIMARY_VALUE, "ESA222")
    yield from _check_primaries(channels, IS_PRIMARY_DEMAND, "ESA223")
    yield from _check_pointers(channels)


def find_identity(pointers: Identifiers) -> Identity | None:
    """What of `pointers` decides where they lead: alike for two, one channel; None where they identify nothing.

    Source: POST /api/v3/reading, "Channel Identification": channelId, else channelImportId, else what is inferred.
    """
    if pointers.channel_id is not None:
        return pointers.channel_id
    if pointers.channel_import_id:
        return pointers.channel_import_id
    return pointers if pointers.meter_import_id else None


def show_pointers(pointers: Identifiers) -> str:
    """The pointers that are given, in words."""
    given = (
        ("channelId", pointers.channel_id),
        ("channelImportId", pointers.channel_import_id),
        ("data point or meter", pointers.meter_import_id),
        ("observationTypeCode", pointers.observation_type_code),
        ("unitCode", pointers.unit_code),
        ("interval in seconds", pointers.interval_seconds),
    )
    return ", ".join(f"{name} {shorten(str(value))}" for name, value in given if value is not None)


def _check_import_ids(channels: Sequence[Desired]) -> Iterator[Finding]:
    for group in _share(channels, _import_id):
        if _is_wanted(group):
            yield from (_same_import_id(other, group[0]) for other in group[1:])


def _check_primaries(channels: Sequence[Desired], path: str, code: str) -> Iterator[Finding]:
    primaries = [channel for channel in channels if channel.spec.get(path) is True]
    for first, *others in _share(primaries, lambda channel: channel.data_point):
        yield from (_second_primary(other, first, path, code) for other in others)


def _check_pointers(channels: Sequence[Desired]) -> Iterator[Finding]:
    for group in _share(channels, _identity):
        # ESA221 has said it of channels that want the very import id by which they are found.
        if not _is_wanted(group) or {_import_id(channel) for channel in group} != {_identity(group[0])}:
            yield from (_same_live_channel(other, group[0]) for other in group[1:])


def _share(channels: Sequence[Desired], key: Callable[[Desired], Hashable]) -> list[list[Desired]]:
    """The groups of `channels` that have one `key`, if only of one channel; None is no key."""
    groups: dict[Hashable, list[Desired]] = {}
    for channel in channels:
        groups.setdefault(key(channel), []).append(channel)
    return [group for shared, group in groups.items() if shared is not None]


def _identity(channel: Desired) -> Identity | None:
    return None if channel.select is None else find_identity(channel.select)


def _import_id(channel: Desired) -> str | None:
    """The import id that `channel` will have: the one it wants, else the one by which it is found."""
    wanted = channel.spec.get(CHANNEL_IMPORT_ID) if CHANNEL_IMPORT_ID in channel.spec else _identity(channel)
    return wanted if isinstance(wanted, str) and wanted.strip() else None


def _is_wanted(group: Sequence[Desired]) -> bool:
    return any(CHANNEL_IMPORT_ID in channel.spec for channel in group)


def _same_import_id(other: Desired, first: Desired) -> Finding:
    path = CHANNEL_IMPORT_ID if CHANNEL_IMPORT_ID in other.spec else "select.channelImportId"
    message = f"channelImportId is already used by {cite(first)}, found {show_value(_import_id(other))}"
    return make_finding("ESA221", message, other.locate(path))


def _second_primary(other: Desired, first: Desired, path: str, code: str) -> Finding:
    message = f"{path} is already true for {cite(first)}, found another on data point {shorten(str(other.data_point))}"
    return make_finding(code, message, other.locate(path), fix=f"write  {path}: false  for one of the two")


def _same_live_channel(other: Desired, first: Desired) -> Finding:
    found = "" if other.select is None else show_pointers(other.select)
    message = f"channel points to the live channel of {cite(first)}, found {found}"
    return make_finding("ESA332", message, place_identity(other))
