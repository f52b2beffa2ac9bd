"""Channels that may not be there: read by id or, if new, by import id; and the ids that new ones get."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, cast

from reconciler.energycap.responses import bad_response
from reconciler.errors import BadResponse, Rejected
from reconciler.model.canonical import is_same
from reconciler.model.channels import is_new_id
from reconciler.model.fields import CHANNEL_IMPORT_ID, FORMULA
from reconciler.planning.creation import blank_channel, fill_in_ids
from reconciler.planning.identification import find_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.energycap.client import Reader
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Value


def read_if_there(reader: Reader, channel_id: int) -> Fetched | None:
    """The channel with this id; None if the service answers 404. Raises any other ServiceError."""
    try:
        return reader.read_channel(channel_id)
    except Rejected as error:
        if error.status == 404:
            return None
        raise


class SeveralChannels(BadResponse):
    """Several channels of a data point have the import id of a new one, so it is unknown which of them it is."""


class UnreadChannel(BadResponse):
    """A channel with the import id of a new one is listed, but the service does not have it by its id, or not yet."""


def blank_of(change: Change) -> Live:
    """The channel that `change` creates, as it is before: without any value, and with a version from the beginning."""
    return blank_channel(change.channel_id, change.data_point)


def import_id_of(change: Change) -> Value:
    """The import id by which the channel that `change` creates is found again."""
    return change.target_values.get(CHANNEL_IMPORT_ID)


WHICH_IS_MEANT = "decide in EnergyCAP which of the two is meant, and delete the other; then plan again: reconciler plan"


def describe_exchange(created: int, found: int) -> str:
    """What is known of a channel that was `created` if another one is `found` by its import id now."""
    return f"channel {created}, which this plan created, no longer has its import id: channel {found} has it now"


def find_holders(channels: Iterable[Live], import_id: Value) -> tuple[Live, ...]:
    """Those of `channels` that have this import id.

    Raises BadResponse if the import id of another could not be read, because that one may have it too.
    """
    listed = tuple(channels)
    if unread := next((live for live in listed if CHANNEL_IMPORT_ID in live.unread), None):
        raise bad_response(f"channel {unread.id} may be the new one: {unread.flaw}")
    return tuple(
        live for live in listed if is_same(CHANNEL_IMPORT_ID, import_id, live.values.get(CHANNEL_IMPORT_ID), None)
    )


def read_new_channel(reader: Reader, blank: Live, import_id: Value) -> Fetched:
    """The channel with this import id on the data point of `blank`, or `blank` itself if there is none.

    Raises SeveralChannels if there are more, UnreadChannel if it is only listed, and ServiceError.
    """
    return choose_new_channel(reader, blank, import_id, reader.list_channels(blank.data_point.id))


def choose_new_channel(reader: Reader, blank: Live, import_id: Value, channels: Sequence[Live]) -> Fetched:
    """As `read_new_channel`, if `channels` are all of the data point as just listed."""
    holders = find_holders(channels, import_id)
    if len(holders) > 1:
        names, word = " and ".join(str(live.id) for live in holders), "both" if len(holders) == 2 else "all"
        raise SeveralChannels(
            f"channels {names} {word} have the import id of the new channel",
            "somebody else created one at the same time: delete in EnergyCAP what is not wanted, then plan again",
        )
    if not holders:
        # A channel that is not there yet has no value that a write could erase.
        return cast("Fetched", blank)
    found = read_if_there(reader, holders[0].id)
    if found is None:
        # Deleted since, or read from a copy that lags behind the list: taken for absent, it could be created twice.
        raise UnreadChannel(
            f"channel {holders[0].id} is listed with the import id of the new channel, but cannot be read by its id",
            "apply again once EnergyCAP shows the channel, or plan again if it was deleted: reconciler plan",
        )
    return found


class CreatedChannels:
    """The ids of new channels by the ids that stand for them in the plan, for any number of threads.

    `created` are those that earlier runs have created.
    """

    def __init__(self, created: Mapping[int, int] | None = None) -> None:
        self._ids = dict(created or {})
        self._own = set(self._ids.values())
        self._lock = Lock()

    def note(self, stand_in: int, channel_id: int, *, is_own: bool) -> None:
        """Add that `channel_id` is the new channel; `is_own` says that this plan created it."""
        with self._lock:
            self._ids[stand_in] = channel_id
            if is_own:
                self._own.add(channel_id)

    def find(self, stand_in: int) -> int | None:
        """The id of the new channel; None if it is not there yet."""
        with self._lock:
            return self._ids.get(stand_in)

    def is_own(self, channel_id: int) -> bool:
        """Whether this plan created the channel."""
        with self._lock:
            return channel_id in self._own

    def fill_in(self, change: Change) -> Change:
        """`change` with the ids of new channels in its formulas, as far as they are known."""
        with self._lock:
            ids = dict(self._ids)
        return fill_in_ids(change, ids)


def find_unknown_ids(change: Change) -> tuple[int, ...]:
    """The ids in formulas of `change` that stand for new channels still."""
    specs = (change.target_values, *(one.target_values for one in change.versions))
    formulas = (formula for spec in specs if isinstance(formula := spec.get(FORMULA), str))
    return tuple(id_ for id_ in find_inputs(formulas) if is_new_id(id_))
