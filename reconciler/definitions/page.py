"""One sound channel file, read whole at full speed; a file that is not sound is for `close_page`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from reconciler.definitions.build import NOTHING, Built, build
from reconciler.definitions.cuts import find_cuts
from reconciler.definitions.flawless import read_flawless
from reconciler.definitions.schema import Format, accept_for
from reconciler.definitions.slips import find_slips
from reconciler.definitions.source import decode

if TYPE_CHECKING:
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.definitions.values import Lines
    from reconciler.model.findings import Finding

    # The digest of a sound file, its values, and the lines of its names: nothing but what marshal can carry.
    Sound: TypeAlias = tuple[bytes, Any, Lines]


class Page(Struct, frozen=True):
    """What one file says, and what is wrong with it; `digest` is of its content, however its lines end.

    `is_sound` says whether it could be read whole. Where it could not, `built` is what remains: what it says that is
    sound in itself, for checks that look over all files. `more` findings were left out.
    """

    file: str
    digest: bytes
    built: Built = NOTHING
    findings: tuple[Finding, ...] = ()
    more: int = 0
    is_sound: bool = True


def read_sound(data: bytes, scalars: PlainScalars) -> Sound | None:
    """What `data`, the content of a channel file, holds; None where a close look is due."""
    try:
        text = decode(data)
    except UnicodeDecodeError:
        return None
    values = read_flawless(text, scalars)
    if values is None or not accept_for(Format.CHANNELS)(values.tree) or find_slips(values.tree):
        return None
    return None if find_cuts(text) else (find_digest(data), values.tree, values.lines)


def make_page(file: str, sound: Sound) -> Page:
    """The page of `file` that holds `sound`."""
    digest, tree, lines = sound
    return Page(file, digest, build(file, tree, lines))


def find_digest(data: bytes) -> bytes:
    """The digest of a file's content, however its lines end."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n") if b"\r" in data else data).digest()
