"""What the service has: live channels, each with its id, its evidence, and no place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import FORMULA, IS_CALCULATED, IS_PRIMARY_VALUE
from reconciler.model.reference import ReferenceData
from reconciler.model.values import Spec

# Stands for the data point among the paths of what could not be read.
DATA_POINT = "dataPoint"


class DataPoint(Struct, frozen=True):
    """The data point that a channel hangs on, with the place above it."""

    id: int
    code: str | None = None
    name: str | None = None
    import_id: str | None = None
    commodity: str | None = None
    place_code: str | None = None
    place_name: str | None = None


class Version(Struct, frozen=True):
    """The settings of a channel over a time: after `begin_date`, up to and including `end_date`.

    `values` holds every versioned field by its path (`esaChannelVersion.multiplier`) and by its alias.
    """

    id: int
    begin_date: str | None
    end_date: str | None
    values: Spec


class Live(Struct, frozen=True):
    """One channel as the service has it.

    `values` holds every field by its path and by its alias, canonical, the versioned ones from the current version.
    `versions` are all versions, oldest first; the last is the current one. What the service left out is None.
    `flaw` says why the service's answer for this channel cannot be read, "" where it can. The channel then gets no
    edit, and `unread` are the paths, DATA_POINT among them, of what could not be read: these values are None.
    """

    id: int
    values: Spec
    versions: tuple[Version, ...]
    data_point: DataPoint
    has_readings: bool | None = None
    first_reading: str | None = None
    last_reading: str | None = None
    is_convertible: bool | None = None
    flaw: str = ""
    unread: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The channel's name in EnergyCAP (`channelInfo`)."""
        return str(self.values.get("channelInfo") or "")

    @property
    def current(self) -> Version:
        return self.versions[-1]

    @property
    def is_calculated(self) -> bool:
        return self.values.get(IS_CALCULATED) is True

    @property
    def is_primary_value(self) -> bool:
        return self.values.get(IS_PRIMARY_VALUE) is True

    @property
    def formulas(self) -> tuple[str, ...]:
        """The formulas of all versions that have one, oldest first."""
        texts = [version.values.get(FORMULA) for version in self.versions]
        return tuple([text for text in texts if isinstance(text, str) and text])


# A channel read by its own id a moment ago. Only such a one can be edited: an edit sends the whole channel back, and a
# row of a list may leave values out, which would erase them.
if TYPE_CHECKING:

    class Fetched(Live, frozen=True):
        """Live, to all but the type checker."""


class Snapshot(Struct, frozen=True):
    """Everything read from the service for one plan: all channels, ordered by id, and the reference data."""

    channels: tuple[Live, ...]
    reference: ReferenceData
