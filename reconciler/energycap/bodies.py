"""The bodies of edits: the whole of what was read, and in it what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.energycap.answers import unusable
from reconciler.model.canonical import clear_exclusive
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_FIELDS,
    FIELDS,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    VERSION,
    VERSION_FIELDS,
)
from reconciler.model.project import ChannelEdit
from reconciler.model.values import has_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec, Value

_CHANNEL_PATHS = frozenset(field.path for field in CHANNEL_FIELDS)
_VERSION_PATHS = frozenset(field.path for field in VERSION_FIELDS)
# Their keys are required, and no page says what null would mean for them.
_NEVER_NULL = tuple(field.path for field in FIELDS if not field.nullable)


def channel_body(fresh: Live, wanted: Spec, channel_edit: ChannelEdit) -> dict[str, object]:
    """An EsaChannelEdit that leaves `fresh` as it is but for `wanted`, by the paths of EsaChannelEdit.

    Of a channel with several versions it speaks as `channel_edit` says; a wanted value of a version is then a
    ValueError, for edit_version sends those. BadAnswer where the service never gave a value that every channel has,
    such as its unit: a channel is only sent back whole. Source: PUT /api/v202406/esachannel/{esaChannelId}.
    """
    is_versioned = len(fresh.versions) > 1
    _refuse_others(wanted, _CHANNEL_PATHS if is_versioned else _CHANNEL_PATHS | _VERSION_PATHS)
    values = {path: fresh.values.get(path) for path in _CHANNEL_PATHS} | _pick(wanted, _CHANNEL_PATHS)
    _refuse_gaps(fresh, values, wanted)
    # "Must be null when IsCalculated is set to True."
    if values[IS_CALCULATED] is True and INTERVAL_MINUTES not in wanted:
        values[INTERVAL_MINUTES] = None
    body = _by_key(CHANNEL_FIELDS, values)
    if not is_versioned or channel_edit is ChannelEdit.ECHO_LATEST:
        body[VERSION] = _make_version(fresh, wanted, is_calculated=values[IS_CALCULATED] is True)
    return body


def version_body(fresh: Live, wanted: Spec) -> dict[str, object]:
    """An EsaChannelVersionEdit that leaves the current version of `fresh` as it is but for `wanted`.

    `wanted` is by the paths of EsaChannelEdit; a value of the channel itself in it is a ValueError. BadAnswer as for
    `channel_body`.
    Source: PUT …/esachannel/{esaChannelId}/version/{versionId}.
    """
    _refuse_others(wanted, _VERSION_PATHS)
    return _make_version(fresh, wanted, is_calculated=fresh.is_calculated)


def _make_version(fresh: Live, wanted: Spec, *, is_calculated: bool) -> dict[str, object]:
    version = fresh.current
    if version.begin_date and has_zone(version.begin_date):
        raise unusable(f"channel {fresh.id}: its version begins at {version.begin_date}, and nothing says what that is")
    # The date as it was read: for the service, the beginning of time may be a date and null something else.
    values = {**version.values, BEGIN_DATE: version.begin_date, **_pick(wanted, _VERSION_PATHS)}
    # After the merge: a change of the rule, or of the channel's kind, decides about values that it does not mention.
    cleared = clear_exclusive(values, is_calculated=is_calculated)
    _refuse_gaps(fresh, cleared, wanted)
    # A contradiction that is asked for is for the service to refuse, not to be dropped without a word.
    return _by_key(VERSION_FIELDS, cleared | _pick(wanted, (ROLLBACK_ALLOWANCE, ROLLOVER_VALUE)))


def _refuse_gaps(fresh: Live, values: Spec, wanted: Spec) -> None:
    gaps = (path for path in _NEVER_NULL if path in values and values[path] is None)
    # A null that is asked for is for the service to refuse.
    if unknown := next((path for path in gaps if path not in wanted), None):
        raise unusable(f"channel {fresh.id}: {unknown} is missing, and a channel is only sent back whole")


def _by_key(fields: Sequence[Field], values: Spec) -> dict[str, object]:
    return {field.key: values.get(field.path) for field in fields}


def _pick(wanted: Spec, paths: Iterable[str]) -> dict[str, Value]:
    return {path: wanted[path] for path in paths if path in wanted}


def _refuse_others(wanted: Spec, paths: frozenset[str]) -> None:
    if others := sorted(wanted.keys() - paths):
        raise ValueError(f"this request cannot say {', '.join(others)}: this is a bug, and nothing was sent")
