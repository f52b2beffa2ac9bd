"""One sound channel file, read whole at full speed; a file that is not sound is for `close_page`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.definitions.build import EMPTY, FileContent, make_content
from reconciler.definitions.cuts import find_truncating_comments
from reconciler.definitions.plain import try_fast_parse
from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.slips import check_consistency
from reconciler.definitions.source import decode

if TYPE_CHECKING:
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.model.findings import Finding


class ParsedFile(Struct, frozen=True):
    """What one file says, and what is wrong with it; `digest` is of its content, however its lines end.

    `is_sound` says whether it could be read whole. Where it could not, `content` is what remains: what it says that is
    sound in itself, for checks that look over all files. `more` findings were left out.
    """

    file: str
    digest: bytes
    content: FileContent = EMPTY
    findings: tuple[Finding, ...] = ()
    more: int = 0
    is_sound: bool = True


def parse_fast(file: str, data: bytes, scalars: PlainScalars) -> ParsedFile | None:
    """The page of `file` with the content `data`, from the plain reader; None where the close reader is needed."""
    try:
        text = decode(data)
    except UnicodeDecodeError:
        return None
    values = try_fast_parse(text, scalars)
    if (
        values is None
        or not validator_for(Format.CHANNELS)(values.tree)
        or check_consistency(values.tree)
        or find_truncating_comments(text)
    ):
        return None
    # What fits the schema of channel files is a mapping.
    tree: Any = values.tree
    return ParsedFile(file, content_digest(data), make_content(file, tree, values.lines))


def content_digest(data: bytes) -> bytes:
    """The digest of a file's content, however its lines end."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n") if b"\r" in data else data).digest()
