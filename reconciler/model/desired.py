"""What the files say: desired channels, each with its place and no id of its own."""

from __future__ import annotations

from msgspec import Struct

from reconciler.model.places import Location
from reconciler.model.routes import Feed, Identifiers
from reconciler.model.values import Spec


class Desired(Struct, frozen=True):
    """One channel as the files want it.

    `spec` holds the managed values by their path in the file (`esaChannelVersion.unitCode`, `intervalMinutes`),
    `defaults` merged in. `select` says how to find the live channel; None where the file gives no pointer at all.
    `data_point` is the code or import id that the live channel's data point must have; it is checked, never edited.
    `line` is the line of the channel's name in `file`.
    """

    name: str
    file: str
    line: int
    select: Identifiers | None
    spec: Spec
    data_point: str | None = None

    def locate(self, path: str = "", piece: str = "") -> Location:
        """The place of `path` in this channel, or of the channel's name; to be pinpointed by `definitions`.

        With `piece` that part of the value is meant.
        """
        keys = ("channels", self.name, *path.split(".")) if path else ("channels", self.name)
        return Location(file=self.file, line=self.line, path=keys, fragment=piece)


class Definitions(Struct, frozen=True):
    """Everything the files say: channels and feeds, ordered by name.

    `files` are relative to the project's root. `digest` is `sha256:…` over what was read, whatever the order of files.
    """

    channels: tuple[Desired, ...]
    feeds: tuple[Feed, ...]
    files: tuple[str, ...]
    digest: str
