"""The readings that a channel has, by their times, however the service writes these."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.energycap.receipts import KeptReading


class Kept(Struct, eq=False):
    """A stored reading; `is_raw` says that its value is the one that was sent, before any multiplier.

    `estimated` is None if the service does not say whether it is.
    """

    value: float | None
    is_raw: bool
    estimated: bool | None = None
    is_taken: bool = False


class KeptIndex(Struct):
    """Stored readings by their instants, by their local times, and by local times that come without a real offset."""

    instants: dict[datetime, list[Kept]] = field(default_factory=lambda: defaultdict(list))
    walls: dict[datetime, list[Kept]] = field(default_factory=lambda: defaultdict(list))
    bare: dict[datetime, list[Kept]] = field(default_factory=lambda: defaultdict(list))

    def find(self, at: datetime, zone: tzinfo | None) -> Kept | None:
        """The stored reading at a time, each once; None if there is none.

        A local time stands for one in `zone`, where that is known. The service may write local time without an offset,
        or with Z behind it, which then means nothing.
        """
        if at.tzinfo is None:
            instant = None if zone is None else at.replace(tzinfo=zone).astimezone(UTC)
            candidates = self.instants.get(instant, []) if instant is not None else []
            return _take(candidates) or _take(self.walls.get(at, []) if zone is None else self.bare.get(at, []))
        wall = at.astimezone(zone).replace(tzinfo=None) if zone is not None else None
        return _take(self.instants.get(at, [])) or (None if wall is None else _take(self.bare.get(wall, [])))


def index_kept(readings: Iterable[KeptReading]) -> KeptIndex:
    """The index of `readings`; those whose time cannot be read are left out."""
    index = KeptIndex()
    for reading in readings:
        try:
            at = datetime.fromisoformat(reading.time)
        except ValueError:
            continue
        kept, wall = Kept(reading.value, reading.is_raw, reading.estimated), at.replace(tzinfo=None)
        index.walls[wall].append(kept)
        if not at.utcoffset():
            index.bare[wall].append(kept)
        if at.tzinfo is not None:
            index.instants[at.astimezone(UTC)].append(kept)
    return index


def _take(candidates: list[Kept]) -> Kept | None:
    kept = next((one for one in candidates if not one.is_taken), None)
    if kept is not None:
        kept.is_taken = True
    return kept
