"""Channels: desired ones from the files, live ones and their reference data from the service."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.fields import FORMULA, IS_CALCULATED, IS_PRIMARY_VALUE, VERSION, VERSIONS, find_version
from reconciler.model.findings import Location, TemplateValue
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.registers import SwapFacts
from reconciler.model.values import Spec

# The keys of a channel in a file that find its live channel: in every environment, and in one.
SELECT, SELECT_IN = "select", "selectIn"
# Identifiers by the name of the environment that they are for.
IdentifiersIn: TypeAlias = Mapping[str, Identifiers]


class Unit(Struct, frozen=True):
    """A unit; `type_code` and `type_name` are those of its unit type, None if the service does not give them."""

    id: int
    code: str
    type_code: str | None = None
    type_name: str | None = None

    @property
    def is_money(self) -> bool | None:
        """Whether the unit is of a Money type; None if the service does not give the type.

        Source: EsaChannelVersionEdit.unitId, "It cannot be a Money unit type"; ids and codes of unit types are not
        published, so the type's code or name decides.
        """
        known = [text for text in (self.type_code, self.type_name) if text]
        return any(text.casefold() == "money" for text in known) if known else None


class ObservationType(Struct, frozen=True):
    """What a channel observes; the noun says whether it is use, demand or cost."""

    id: int
    code: str
    noun_code: str | None = None

    @property
    def is_demand(self) -> bool | None:
        """Whether channels of this type are demand channels; None if the service gives no noun."""
        return self.noun_code.casefold() == "demand" if self.noun_code else None


class SummarizationMethod(Struct, frozen=True):
    """How readings are summarized over an interval. No endpoint lists the methods; they come from live channels."""

    id: int
    name: str


class ReferenceData(Struct, frozen=True):
    """All reference data of an environment, each ordered by id.

    `units_unread` and `observation_types_unread` say why the service's list could not be read completely; the tuples
    then hold what was read, and what the channels show. Both are empty if everything was read.
    """

    units: tuple[Unit, ...] = ()
    observation_types: tuple[ObservationType, ...] = ()
    summarization_methods: tuple[SummarizationMethod, ...] = ()
    units_unread: str = ""
    observation_types_unread: str = ""


# The ids of EnergyCAP have 32 bits, and a number of JSON is exact up to 53.
_FIRST_NEW_ID = 2**33
_NEW_ID_BITS = 52


def new_channel_id(name: str) -> int:
    """The id that stands for the channel called `name` in a plan, until EnergyCAP has created it; always the same."""
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, and most runs create nothing

    number = int.from_bytes(sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    return _FIRST_NEW_ID + (number >> (64 - _NEW_ID_BITS))


def is_new_id(channel_id: int) -> bool:
    """Whether this is not an id of EnergyCAP, but stands for a channel that a plan creates."""
    return channel_id >= _FIRST_NEW_ID


# The data point, among the paths of values that could not be read.
DATA_POINT = "dataPoint"


class DataPoint(Struct, frozen=True):
    """The data point that a channel belongs to, with the place above it."""

    id: int
    code: str | None = None
    name: str | None = None
    import_id: str | None = None
    commodity: str | None = None
    place_code: str | None = None
    place_name: str | None = None


class Version(Struct, frozen=True):
    """The settings of a channel over a span of time: after `begin_date`, up to and including `end_date`.

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
    `flaw` says why the service's answer for this channel cannot be read; "" if it can. A channel with a flaw gets no
    edit, and `unread` holds the paths (and DATA_POINT) of the values that could not be read; these values are None.
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

    def with_versions(self, versions: tuple[Version, ...]) -> Live:
        """The channel with these versions, and the values of the last of them as the current ones."""
        return replace(self, values={**self.values, **versions[-1].values}, versions=versions)

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


# A channel that was just read by its id. Only such a channel can be edited: an edit sends the whole channel back, and a
# row of a list may leave out values, which would then be erased.
if TYPE_CHECKING:

    class Fetched(Live, frozen=True):
        """A `Live` that the type checker tells from others."""


class Snapshot(Struct, frozen=True):
    """Everything read from the service for one plan: all channels, ordered by id, and the reference data.

    `data_points` are those without a channel that the files name by id; None for one that the service does not have.
    """

    channels: tuple[Live, ...]
    reference: ReferenceData
    data_points: Mapping[int, DataPoint | None] = MappingProxyType({})


class DesiredVersion(Struct, frozen=True):
    """A version as the files want it, from `begin` on: local time, "" for the beginning.

    `spec` holds its managed values as if it were the current version, without its begin; `index` is its place in the
    list, `because` the reason that the file gives for it, `swap` what was read when its meter was installed.
    """

    begin: str
    index: int
    spec: Spec
    because: str = ""
    swap: SwapFacts | None = None


class Desired(Struct, frozen=True):
    """One channel as the files want it.

    `spec` holds the managed values by their path in the file (`esaChannelVersion.unitCode`, `intervalMinutes`),
    `defaults` merged in. Where the file lists `versions`, oldest first, those of the last one are in it. `select` says
    how to find the live channel; None if the file gives no identifier at all. `data_point` is the code or import id
    that the live channel's data point must have; it is checked, never edited. `line` is the line of the channel's name
    in `file`. `creates` says that the channel is to be created if there is none, `data_point_id` where if no channel is
    there yet.

    `select_in` takes the place of `select` in one environment, by its name. `only` names the environments that have the
    channel; empty if all do. `selected_in` is the environment whose `select_in` has become `select`; "" for none.
    `sources` says, by the keys in the channel, which values are from a template.
    """

    name: str
    file: str
    line: int
    select: Identifiers | None
    spec: Spec
    data_point: str | None = None
    versions: tuple[DesiredVersion, ...] = ()
    creates: bool = False
    data_point_id: int | None = None
    select_in: IdentifiersIn = field(default_factory=dict)
    only: tuple[str, ...] = ()
    selected_in: str = ""
    sources: Mapping[tuple[str, ...], TemplateValue] = field(default_factory=dict)

    def is_in(self, environment: str) -> bool:
        """Whether the channel is managed in `environment`."""
        return not self.only or environment in self.only

    def locate(self, path: str = "", piece: str = "") -> Location:
        """The location of `path` in this channel, or of the channel's name; `definitions` adds line and column.

        With `piece` that part of the value is meant.
        """
        keys = ("channels", self.name, *self._list_keys(path)) if path else ("channels", self.name)
        return Location(file=self.file, line=self.line, path=keys, fragment=piece, source=self.find_source(path))

    def find_source(self, path: str) -> TemplateValue | None:
        """Where a template has the value at `path`; None if the channel or its file has it, or if there is none."""
        return self.sources.get(self._list_keys(path)) if self.sources else None

    def _list_keys(self, path: str) -> tuple[str, ...]:
        head, _, key = path.rpartition(".")
        if self.selected_in and SELECT in (path, head):
            return (SELECT_IN, self.selected_in, *((key,) if head else ()))
        begin = find_version(path)
        if not self.versions or (begin is None and head != VERSION):
            return tuple(path.split("."))
        index = next((one.index for one in self.versions if one.begin == begin), self.versions[-1].index)
        return VERSIONS, str(index), key


class Definitions(Struct, frozen=True):
    """Everything the files say: channels and feeds, ordered by name.

    `files` are relative to the project's root. `digest` is `sha256:…` over what was read, whatever the order of files.
    Those of one environment also hold what `only` leaves out of it: channels, and feeds that expect one of them.
    """

    channels: tuple[Desired, ...]
    feeds: tuple[Feed, ...]
    files: tuple[str, ...]
    digest: str
    left_out: tuple[Desired, ...] = ()
    left_out_feeds: tuple[Feed, ...] = ()
