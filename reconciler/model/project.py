"""The project file as records: where the definitions are, which services there are, what stops an apply."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

SANDBOX = "sandbox"


def is_sandbox(url: str) -> bool:
    """Whether `url` means an embedded sandbox: the project's, or another one by its name, as in sandbox:production."""
    return url.partition(":")[0] == SANDBOX


class PrimaryMove(Enum):
    """The order in which a primary flag moves between two channels of a data point (ESA409)."""

    TAKE_FIRST = "takeFirst"  # the service is expected to demote the old one
    GIVE_UP_FIRST = "giveUpFirst"


class ChannelEdit(Enum):
    """What a channel-level PUT sends for a channel with several versions."""

    OMIT_VERSION = "omitVersion"  # esaChannelVersion is left out of the body
    ECHO_LATEST = "echoLatest"  # the latest version is sent as it was read


class VersionDates(Enum):
    """What a version's date means if the service gives it with a zone (ESA413)."""

    WALL_TIME = "wallTime"  # local time of the data point, with a zone that means nothing
    UTC = "utc"  # an instant


class VersionInsert(Enum):
    """What becomes of a listed version that would begin before the latest live one (ESA422)."""

    BLOCK = "block"  # whether the service accepts it is not known
    ALLOW = "allow"


class HistoryRewrites(Enum):
    """Whether `apply` may rewrite stored values."""

    ALLOW = "allow"
    ASK = "ask"
    FORBID = "forbid"


class OnBlocked(Enum):
    """What `apply` does with a plan that has blocked changes."""

    SKIP = "skip"
    STOP = "stop"


class OnNotFound(Enum):
    """What becomes of a plan if a channel of the files is not in EnergyCAP at all."""

    STOP = "stop"
    SKIP = "skip"


class Environment(Struct, frozen=True, rename="camel"):
    """One service to plan against. `url` is `sandbox`, or `sandbox:NAME`, for an embedded one; `api_key_env` names a
    variable.

    `version_dates` is None until the project file says what dates with a zone mean.
    """

    name: str
    url: str
    api_key_env: str = "ECI_API_KEY"
    primary_move: PrimaryMove = PrimaryMove.TAKE_FIRST
    channel_edit: ChannelEdit = ChannelEdit.OMIT_VERSION
    version_dates: VersionDates | None = None
    version_insert: VersionInsert = VersionInsert.BLOCK

    @property
    def is_sandbox(self) -> bool:
        return is_sandbox(self.url)

    @property
    def sandbox_name(self) -> str:
        """The name of the embedded sandbox; "" for the project's own."""
        return self.url.partition(":")[2]


class MaxChanges(Struct, frozen=True):
    """How many channels one apply may change: a number, or a share of the managed channels in percent."""

    number: float
    is_percent: bool = False


# A new channel cannot be deleted by this tool, so a mistake in a template should not make hundreds of them.
MAX_CREATES = 25


class Guards(Struct, frozen=True):
    """What stops `apply`, never `plan`."""

    max_changes: MaxChanges | None = None
    history_rewrites: HistoryRewrites = HistoryRewrites.ASK
    blocked: OnBlocked = OnBlocked.SKIP
    not_found: OnNotFound = OnNotFound.STOP
    max_creates: int = MAX_CREATES


class Project(Struct, frozen=True):
    """The project file: `definitions` are folders relative to the project's root."""

    definitions: tuple[str, ...]
    environments: tuple[Environment, ...]
    default_environment: str | None
    guards: Guards
