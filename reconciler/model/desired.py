"""What the files say: desired channels, each with its place and no id of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.places import Place
from reconciler.model.record import record

if TYPE_CHECKING:
    from reconciler.model.routes import Feed, Pointers
    from reconciler.model.values import Spec


@record
class Desired:
    """One channel as the files want it.

    `spec` holds the managed values by their path in the file (`esaChannelVersion.unitCode`, `intervalMinutes`),
    `defaults` merged in. `select` says how to find the live channel; None where the file gives no pointer at all.
    `data_point` is the code or import id that the live channel's data point must have; it is checked, never edited.
    `line` is the line of the channel's name in `file`.
    """

    name: str
    file: str
    line: int
    select: Pointers | None
    spec: Spec
    data_point: str | None = None

    def place(self, path: str = "", piece: str = "") -> Place:
        """The place of `path` in this channel, or of the channel's name; to be pinpointed by `definitions`.

        With `piece` that part of the value is meant.
        """
        keys = ("channels", self.name, *path.split(".")) if path else ("channels", self.name)
        return Place(file=self.file, line=self.line, keys=keys, piece=piece)


@record
class Definitions:
    """Everything the files say: channels and feeds, ordered by name.

    `files` are relative to the project's root. `digest` is `sha256:…` over what was read, whatever the order of files.
    """

    channels: tuple[Desired, ...]
    feeds: tuple[Feed, ...]
    files: tuple[str, ...]
    digest: str
