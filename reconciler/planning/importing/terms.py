"""The words of an import: on what terms channels get into files, and what stays out of them."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from reconciler.model.values import Value

if TYPE_CHECKING:
    from reconciler.model.values import Spec

# Whether a file can hold a value at a path: characters, digits, lengths and ranges, as its strict reader has them.
# Beside the paths of fields there are `dataPoint` and those of `select`, as in `select.channelImportId`.
CanHold: TypeAlias = Callable[[str, Value], bool]


class Fields(Enum):
    """How much of a channel gets into its file."""

    MINIMAL = "minimal"  # what decides which values a channel gets, and how it is known
    ALL = "all"  # every value that is not what the service takes by itself


class Layout(Enum):
    """Where the file of a data point goes."""

    PLACE = "place"  # into a folder for its place
    FLAT = "flat"


class Terms(Struct, frozen=True):
    """On what terms channels are written. `folder` is where new files go, relative to the project's root.

    `taken` are the paths that new files must not have, in lower case: whatever exists there is left alone.
    """

    can_hold: CanHold
    fields: Fields = Fields.MINIMAL
    layout: Layout = Layout.PLACE
    folder: str = "channels"
    taken: frozenset[str] = frozenset()


class Head(Struct, frozen=True):
    """What a channel file says of all its channels: their data point, and the defaults merged under each."""

    data_point: str | None = None
    defaults: Spec = field(default_factory=dict)


class LeftOut(Struct, frozen=True):
    """A value that stays out of the files, and so unmanaged: why. `path` is "" where the whole channel does."""

    name: str
    path: str
    reason: str


class Kept(Struct, frozen=True):
    """A value that a file keeps although EnergyCAP has `live`, as somebody wrote it on purpose: why."""

    name: str
    path: str
    value: Value
    live: Value
    reason: str


class ByHand(Struct, frozen=True):
    """Values that a file is not given, as it would lose a comment: each as `key: value`, for a person to write."""

    file: str
    name: str
    values: tuple[str, ...]
