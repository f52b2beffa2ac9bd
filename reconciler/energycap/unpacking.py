"""Unpacks answers piece by piece, because a few bytes may unpack to more than any machine holds."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What unpacked bytes come in, at most: a packed piece of 64 KiB may hold 64 MiB.
_PIECE = 2**16
# The formats of zlib by their names in HTTP (RFC 9110, 8.4.1). No other is asked for.
_FORMATS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Packed(Exception):
    """A body cannot be unpacked; the text says why, in words that follow a colon."""


def unpack(body: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """What `body` holds, in pieces; `encoding` is the header Content-Encoding. Raises Packed.

    Once at most it may be packed: layers within each other multiply.
    """
    names = [name for name in (part.strip().casefold() for part in encoding.split(",")) if name not in ("", "identity")]
    if not names:
        return iter(body)
    if len(names) > 1:
        raise Packed(f"it is packed {len(names)} times")
    if names[0] not in _FORMATS:
        raise Packed(f"it is packed as {names[0]}, which was not asked for")
    return _inflate(body, _FORMATS[names[0]])


def _inflate(body: Iterable[bytes], format_: int) -> Iterator[bytes]:
    inflater = None
    try:
        for packed in body:
            rest = packed
            while rest:
                if inflater is None or inflater.eof:
                    # A body of gzip may have several members (RFC 1952, 2.2).
                    inflater = zlib.decompressobj(format_)
                yield inflater.decompress(rest, _PIECE)
                rest = inflater.unconsumed_tail or inflater.unused_data
        while inflater and (piece := inflater.decompress(b"", _PIECE)):
            yield piece
    except zlib.error as error:
        raise Packed(str(error)) from None
    # An answer without a body may say how it would have been packed.
    if inflater and not inflater.eof:
        raise Packed("it was cut short")
