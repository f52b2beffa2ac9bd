"""Reads that lag behind writes: they show a channel as it was before, for as many reads as the lag lasts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.json import decode, encode

from reconciler.sandbox.records import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.store import Store

# How many reads of a channel do not show a write to it.
_LAGGING_READS = 2

_SELECT_LAGGING = """
SELECT channel_id, channel FROM lagging WHERE id IN (
  SELECT min(id) FROM lagging WHERE channel_id IN (SELECT value FROM json_each(?)) GROUP BY channel_id)
"""


def keep_for_lagging_reads(store: Store, channel: Channel) -> None:
    """Lets the next reads of a channel show it as it is now, before a write."""
    text = encode(channel).decode()
    store.connection.execute(
        "INSERT INTO lagging (channel_id, channel, reads_left) VALUES (?, ?, ?)",
        (channel.channel_id, text, _LAGGING_READS),
    )


def read_lagging(store: Store, channel_ids: Iterable[int]) -> dict[int, Channel]:
    """What this read shows of those channels that lag behind; it counts as a read of each."""
    wanted = json.dumps(list(channel_ids))
    with store.writing():
        rows = store.connection.execute(_SELECT_LAGGING, (wanted,)).fetchall()
        store.connection.execute(
            "UPDATE lagging SET reads_left = reads_left - 1 WHERE channel_id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        store.connection.execute("DELETE FROM lagging WHERE reads_left <= 0")
    return {row[0]: decode(row[1], type=Channel) for row in rows}
