"""The one place that every output passes: it hides the API keys in use, however they are written.

Streams and files for output are opened here and nowhere else, so that no output can be forgotten.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, cast

from reconciler.spellings import find_needles, make_needles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.spellings import Needle

# What stands in the place of a key. It never goes back to EnergyCAP: see `holds_mask`.
MASK = "[the key]"

# Shorter ones are refused as keys, for to hide two characters would garble every output.
SHORTEST = 3
# The sandbox's own key, which everyone knows, and its name.
_DEMO = "sandbox"
# Long enough not to be a word of another meaning, so that a variable that may be a key is hidden unasked.
_SURE = 16

# Stands for the mask while the others are looked for. Unicode keeps it free, so no text holds it.
_MARK = "\ufdd0"


# Words of base64 joined by dots: names of channels and hosts, too.
_DOTTED = re.compile(r"(?<![\w+/=-])[\w+/=-]++(?:\.[\w+/=-]++){2,}+", re.ASCII)
# Names have neither capital letters nor digits in the middle of a word.
_MIXED = re.compile("[a-z][A-Z]|[0-9][A-Za-z]")


class Masker:
    """Hides keys in text, as they are and in every encoding that `spellings` knows."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys: frozenset[str] = frozenset()
        self._needles: tuple[Needle, ...] = ()
        self.learn(keys)

    def learn(self, keys: Iterable[str]) -> None:
        """Hide `keys`, too. The key of the sandbox is public, and what is too short is not a key."""
        stripped = (key.strip() for key in keys)
        new = {key for key in stripped if len(key) >= SHORTEST and key != _DEMO} - self._keys
        if new:
            self._keys |= new
            self._needles = make_needles(self._keys)

    def forget(self) -> None:
        """Hide nothing any more."""
        self._keys, self._needles = frozenset(), ()

    def hide(self, text: str) -> str:
        """`text` with `[the key]` for each key in it. Hiding twice changes nothing more."""
        found = self._find(text)
        if not found:
            return text
        marked = text.replace(MASK, _MARK)
        for needle in found:
            marked = needle.pattern.sub(_MARK, marked)
        return marked.replace(_MARK, MASK)

    def blot(self, text: str) -> str:
        """`text` with as many asterisks as a key is long, so that all else stays in its column."""
        for needle in self._find(text):
            text = needle.pattern.sub(lambda match: "*" * len(match.group()), text)
        return text

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for text that is not decoded yet, in any encoding that leaves ASCII as it is."""
        return self.hide(data.decode("latin-1")).encode("latin-1") if self._needles else data

    def finds(self, text: str) -> bool:
        """Whether there is a key in `text`."""
        return any(needle.pattern.search(text) for needle in self._find(text))

    def _find(self, text: str) -> list[Needle]:
        """The spellings that are worth looking for in `text`."""
        return find_needles(self._needles, text) if self._needles else []


# The keys of this process.
KEYS = Masker()


def hide_likely(text: str) -> str:
    """`text` from a file without keys, and without what has the shape of one."""
    return _DOTTED.sub(lambda match: "[looks like a key]" if _is_likely(match[0]) else match[0], KEYS.hide(text))


def blot_likely(line: str) -> str:
    """`line` with asterisks for what has the shape of a key."""
    return _DOTTED.sub(lambda match: "*" * len(match[0]) if _is_likely(match[0]) else match[0], line)


def _is_likely(text: str) -> bool:
    """Whether `text` has the shape of a key: three parts of base64. Source: developer site, "Authentication"."""
    # Of an address host and path are told apart, for a path may hold a capital letter.
    pieces = text.split("/") if text.startswith("//") else [text]
    mixed = [piece for piece in pieces if _MIXED.search(piece) and piece not in (piece.lower(), piece.upper())]
    return any(_has_three_parts(piece.split(".")) for piece in mixed)


def _has_three_parts(parts: list[str]) -> bool:
    """Whether three parts in a row are long enough for one of a key."""
    return any(min(map(len, three)) >= 4 for three in zip(parts, parts[1:], parts[2:], strict=False))


def holds_mask(value: object) -> bool:
    """Whether `value` is a text in which a key was hidden, so that it is not what it was."""
    return isinstance(value, str) and MASK in value


def find_keys(environment: Mapping[str, str], named: Iterable[str] | None = ()) -> tuple[str, ...]:
    """What is a key among the variables: those for keys, those `named`, and what has the length of one.

    Where the names are not known (None), because the project file cannot be read, all that begin with `ECI_` are.
    """
    own = {name: value for name, value in environment.items() if name.startswith("ECI_")}
    is_key = set(own) if named is None else {*named}
    return tuple(
        value
        for name, value in environment.items()
        if name in is_key or name.startswith("ECI_API_KEY") or (name in own and _looks_like_key(value))
    )


@contextmanager
def hiding_keys(environment: Mapping[str, str]) -> Iterator[None]:
    """Hide the keys of `environment` on stdout and stderr for the length of the block."""
    streams = sys.stdout, sys.stderr
    KEYS.forget()
    hide_streams(environment)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def hide_streams(environment: Mapping[str, str]) -> None:
    """Hide the keys of `environment` on stdout and stderr from now on."""
    KEYS.learn(find_keys(environment))
    sys.stdout, sys.stderr = _hide_stream(sys.stdout), _hide_stream(sys.stderr)


def open_masked(file: Path | int, mode: str, *, newline: str | None = None, buffering: int = -1) -> TextIO:
    """A file for text in UTF-8, by its path or its descriptor, in which keys are hidden. Raises OSError."""
    stream = open(file, mode, buffering, encoding="utf-8", newline=newline)  # noqa: PTH123, SIM115 - also a descriptor
    return _hide_stream(cast(TextIO, stream))


class _Masked:
    """A stream of text that hides keys in each piece that is written; else as the stream itself.

    It gives nothing away by which a piece could go past it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(KEYS.hide(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        self.write("".join(lines))

    def __enter__(self) -> _Masked:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()

    def __getattr__(self, name: str) -> Any:
        if name in ("buffer", "detach"):
            raise AttributeError(name)
        return getattr(self._stream, name)


def _hide_stream(stream: TextIO) -> TextIO:
    known: object = stream
    return stream if isinstance(known, _Masked) else cast(TextIO, _Masked(stream))


def _looks_like_key(value: str) -> bool:
    return len(value) >= _SURE and "://" not in value
