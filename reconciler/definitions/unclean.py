"""What keeps the bytes of a file from being read as YAML: another encoding, control characters, tabs."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.scalars import CONTROL
from reconciler.definitions.source import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is found after that many of a kind is not worth the memory: a file of 5 MiB may hold nothing but tabs.
MAX_FOUND = 500

_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class EncodingError(Struct, frozen=True):
    """What keeps a file from being read as YAML, at an offset of its text; None where the whole file is meant."""

    code: str
    message: str
    offset: int | None = None


def decode_source(data: bytes) -> tuple[str, tuple[EncodingError, ...]]:
    """`data` as text, with all that keeps it from being read as YAML; where it is not UTF-8, with � for the rest."""
    for mark, name in _WIDE_MARKS:
        if data.startswith(mark):
            return "", (EncodingError("ESA104", f"the file is not UTF-8, found {name}"),)
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        return _read_undecodable(error)
    return text, (*islice(_find_controls(text), MAX_FOUND), *islice(_find_tabs(text), MAX_FOUND))


def _read_undecodable(error: UnicodeDecodeError) -> tuple[str, tuple[EncodingError, ...]]:
    data = error.object
    before = data[: error.start].decode()
    text = before + data[error.start :].decode(errors="replace")
    return text, (
        EncodingError("ESA104", f"the file is not UTF-8, found the byte 0x{data[error.start]:02X}", len(before)),
    )


def _find_controls(text: str) -> Iterator[EncodingError]:
    for match in re.finditer(CONTROL, text):
        yield EncodingError(
            "ESA105", f"control characters are not allowed, found U+{ord(match.group()):04X}", match.start()
        )


def _find_tabs(text: str) -> Iterator[EncodingError]:
    """The first tab of each line."""
    offset = text.find("\t")
    while offset >= 0:
        yield EncodingError("ESA106", "tabs are not allowed", offset)
        line_end = text.find("\n", offset)
        offset = text.find("\t", line_end) if line_end >= 0 else -1
