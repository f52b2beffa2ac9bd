"""Carries writes out: a body becomes a stored channel or version, or a refusal.

Not documented, and so decided here: versions keep their order, so an edit cannot move one past its neighbour; only the
first version may begin "from the beginning"; a create begins there unless it says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from msgspec.structs import replace

from reconciler.sandbox.bodies import ApiError, Violation, bad_request
from reconciler.sandbox.channel_table import add_channel, find_users, save_channel
from reconciler.sandbox.channel_table import delete_channel as remove_channel
from reconciler.sandbox.checks import ChannelWrite, check_write, find_demoted
from reconciler.sandbox.choices import PutVersionSemantics, ReadLag, VersionBeginInside
from reconciler.sandbox.edits import (
    parse_channel_create,
    parse_channel_edit,
    parse_version_create,
    parse_version_edit,
)
from reconciler.sandbox.lag import keep_for_lagging_reads
from reconciler.sandbox.records import Channel, Version, begins_before, replace_at
from reconciler.sandbox.reference_table import read_data_point

if TYPE_CHECKING:
    from reconciler.sandbox.records import VersionSettings
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


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
    """The channel that POST /api/v202406/esachannel made. Raises `ApiError`."""
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
    """The channel after POST …/version, and the id of the version made. Raises `ApiError`."""
    if channel.settings.is_calculated:
        raise ApiError(400, "A calculated channel has one version only.")
    written = parse_version_create(body, settings, is_calculated=False)
    _check_new_beginning(channel, written, settings)
    after = [version for version in channel.versions if begins_before(written.begin_date, version.settings.begin_date)]
    before = channel.versions[: len(channel.versions) - len(after)]
    saved = _save(store, settings, _version_write(channel, (*before, Version(0, written), *after), written))
    return saved, saved.versions[len(before)].version_id


def delete_channel(store: Store, channel: Channel) -> None:
    """Deletes a channel and its readings, as the legacy API does. Raises `ApiError` while formulas use it."""
    users = find_users(store, channel.channel_id)
    if users:
        ids = ", ".join(str(user.channel_id) for user in users)
        raise ApiError(400, f"The channel is used in the formulas of {ids}.")
    remove_channel(store, channel.channel_id)


def delete_version(store: Store, settings: Settings, channel: Channel, version_id: int) -> None:
    """Deletes a version, as the legacy API does. Raises `ApiError` for the only one."""
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
        return add_channel(store, write.after)
    return _replace(store, settings, write.before, write.after)


def _replace(store: Store, settings: Settings, before: Channel, after: Channel) -> Channel:
    if settings.read_lag is ReadLag.READS:
        keep_for_lagging_reads(store, before)
    return save_channel(store, after)


def _version_write(channel: Channel, versions: tuple[Version, ...], written: VersionSettings) -> ChannelWrite:
    return ChannelWrite(before=channel, after=replace(channel, versions=versions), written=written, version_path="")


def _choose_version(settings: Settings, count: int) -> int | None:
    """The place of the version that a PUT of the channel writes; None where it writes none."""
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
