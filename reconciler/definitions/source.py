"""The bytes of a file as text."""

from __future__ import annotations

import codecs

from reconciler.definitions.scalars import has_control

MAX_BYTES = 5 * 1024 * 1024


def decode(data: bytes) -> str:
    """`data` as text without its byte order mark. Raises UnicodeDecodeError where it is not UTF-8."""
    return data.removeprefix(codecs.BOM_UTF8).decode()


def is_clean(text: str) -> bool:
    """Whether `text` holds neither tabs nor control characters, but for those that the YAML parser itself refuses."""
    return "\t" not in text and (text.isascii() or not has_control(text))
