"""One sound channel file, read whole at full speed; a file that is not sound is for `close_page`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definitions.build import NOTHING, Built, build
from reconciler.definitions.cuts import find_cuts
from reconciler.definitions.plain import read_plainly
from reconciler.definitions.schema import Format, accept_for
from reconciler.definitions.slips import find_slips
from reconciler.definitions.source import decode

if TYPE_CHECKING:
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.model.findings import Finding


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


def read_sound(file: str, data: bytes, scalars: PlainScalars) -> Page | None:
    """The page of `file` with the content `data`, from the plain reader; None where the close reader is needed."""
    try:
        text = decode(data)
    except UnicodeDecodeError:
        return None
    values = read_plainly(text, scalars)
    if values is None or not accept_for(Format.CHANNELS)(values.tree) or find_slips(values.tree) or find_cuts(text):
        return None
    # What fits the schema of channel files is a mapping.
    tree: Any = values.tree
    return Page(file, find_digest(data), build(file, tree, values.lines))


def find_digest(data: bytes) -> bytes:
    """The digest of a file's content, however its lines end."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n") if b"\r" in data else data).digest()
