"""Keys and other secrets are masked in everything that the program prints, however they are written."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path


# Of a shorter key, other letter case or pairs of digits would be found in what has nothing to do with it.
_DISTINCT = 8
# Shorter ones are not hidden as hexadecimal digits: an id of a channel could consist of the same.
_LONG_ENOUGH_FOR_DIGITS = 4
# Shorter texts are not looked for across the ends of lines: two words below each other could make one.
_WRAPPED = 16

# Hexadecimal with something between the bytes. A pattern is a text where most runs never compile it.
_PAIRS = "[0-9a-fA-F]{2}(?:[ :-][0-9a-fA-F]{2})+"
# Markdown leaves brackets and points out of the code that a word becomes.
_CODE = "(?:`|</?code>)?"
# The end of a line within base64, quoted-printable or a wrapped text, also as JSON and programs write it.
_BREAK = r"(?:=?(?:\r?\n|(?:\\{1,8}r)?\\{1,8}n)[ \t]*)?"


class Needle:
    """One spelling of a key; `pattern` is made only when a part of it was found, if need be in decoded text."""

    def __init__(self, text: str, *, is_guarded: bool) -> None:
        self.text = text
        self._is_guarded = is_guarded
        # Of pairs of digits no run is long enough to be worth anything.
        runs = [text.replace(" ", "")] if re.fullmatch(_PAIRS, text) else re.findall("[A-Za-z0-9]+", text)
        self.probe = max(runs, key=len, default="")
        self._pattern: re.Pattern[str] | None = None

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the spelling, whatever each format puts for what is neither a letter nor a digit."""
        if self._pattern is None:
            between = _CODE + _BREAK if len(self.text) >= _WRAPPED else _CODE
            self._pattern = re.compile(self._guard(between.join(map(_spell, self.text))))
        return self._pattern

    def _guard(self, pattern: str) -> str:
        """Keeps a short key that could be hexadecimal digits from being found in a digest."""
        if self._is_guarded and re.fullmatch("[0-9a-fA-F]+", self.text):
            return rf"(?<![0-9a-f]{{8}}){pattern}(?![0-9a-f]{{8}})"
        return pattern


def make_needles(keys: Iterable[str]) -> tuple[Needle, ...]:
    """A needle for each spelling of `keys`, the longest first: of a key in another one no end must be left."""
    is_guarded: dict[str, bool] = {}
    for key in keys:
        for text in _list_spellings(key):
            is_guarded[text] = is_guarded.get(text, True) and len(key) < _DISTINCT
    texts = sorted(is_guarded, key=lambda text: (-len(text), text))
    return tuple(Needle(text, is_guarded=is_guarded[text]) for text in texts)


def find_needles(needles: Iterable[Needle], text: str) -> list[Needle]:
    """Those of `needles` that are worth looking for in `text`: a run of their letters and digits is there."""
    joined = text
    # Not by splitting: the words of a large answer would take twenty times its size.
    for blank in ("\r", "=\n", "\n", "\t", " "):
        joined = joined.replace(blank, "")
    decoded = _decode(joined)
    return [needle for needle in needles if needle.probe in joined or needle.probe in decoded]


def _spell(character: str) -> str:
    """A pattern for one character of a key in every format that is written here, or that a service may answer in."""
    plain, number = re.escape(character), ord(character)
    if number > 0xFFFF:
        return plain
    digits = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:x}")
    is_sign = not (character.isascii() and character.isalnum())
    ways = [
        rf"\\{{0,8}}{plain}" if is_sign else plain,  # Markdown, JSON, and JSON in JSON
        rf"&(?:amp;)*+\#(?:0*{number}|[xX]0*{digits});",  # HTML and XML
        rf"\\{{1,8}}u\{{?0*{digits}\}}?",
        rf"\\{{1,8}}[xU]0*{digits}",
        rf"%(?:25)*0*{digits}",
        f"={digits}",  # quoted-printable
        *(rf"&(?:amp;)*{name}" for name in (_list_names().get(character, ()) if is_sign else ())),
        *_DOUBLED.get(character, ()),
    ]
    return f"(?:{'|'.join(ways)})"


@cache
def _list_names() -> Mapping[str, tuple[str, ...]]:
    """The names that HTML has for each character, with the semicolon at their end."""
    from html.entities import html5  # noqa: PLC0415 - most runs have no key in an output

    names: dict[str, tuple[str, ...]] = {}
    for name, character in html5.items():
        if name.endswith(";"):
            names[character] = (*names.get(character, ()), name)
    return names


# CSV, and text in YAML or SQL.
_DOUBLED: Mapping[str, tuple[str, ...]] = {'"': ('""',), "'": ("''",)}

# A character by its number, as URLs, mails, JSON, HTML and programs write it. Of backslashes only the last one counts.
_ESCAPE = (
    r"[%=](?:25)*([0-9a-fA-F]{2})|&(?:amp;)*+#(?:0*([0-9]{1,6})|[xX]0*([0-9a-fA-F]{1,6}));"
    r"|\\(?:u\{?0*([0-9a-fA-F]{1,4})\}?|[xU]0*([0-9a-fA-F]{1,4})|[rn])"
)


def _decode(text: str) -> str:
    """`text` without escaped ends of lines, and with the letters and digits that stand there by their numbers."""
    return re.sub(_ESCAPE, _decode_one, text) if any(sign in text for sign in "%=&\\") else text


def _decode_one(match: re.Match[str]) -> str:
    by_ten, by_sixteen = match[2], match[1] or match[3] or match[4] or match[5]
    if not (by_ten or by_sixteen):
        return ""
    number = int(by_ten) if by_ten else int(by_sixteen, 16)
    character = chr(number) if number < 0x80 else ""
    return character if character.isalnum() else match[0]


def _list_spellings(key: str) -> Iterator[str]:
    """`key` as it is and encoded as a whole; what happens to single characters of each, `_spell` says."""
    data = key.encode("utf-8", "surrogateescape")
    once = set(_list_base64(data))
    yield key
    yield from once
    # UTF-16 is what PowerShell and .NET encode.
    yield from _list_base64(key.encode("utf-16-le", "surrogatepass"))
    yield from (twice for text in once for twice in _list_base64(text.encode()))
    yield from _list_base32(data)
    if len(key) >= _LONG_ENOUGH_FOR_DIGITS:
        yield from (data.hex(), data.hex().upper())
    if len(key) >= _DISTINCT:
        pairs = [data.hex(between) for between in " :-"]
        lowered = map(str.lower, _list_base32(data))
        yield from (key.lower(), key.upper(), *pairs, *map(str.upper, pairs), *lowered)


def _list_base64(data: bytes) -> Iterator[str]:
    from base64 import b64encode, urlsafe_b64encode  # noqa: PLC0415 - most runs have no key

    for encode in (b64encode, urlsafe_b64encode):
        yield from _encode_within(data, encode, (3, 6))


def _list_base32(data: bytes) -> Iterator[str]:
    from base64 import b32encode  # noqa: PLC0415 - most runs have no key

    return _encode_within(data, b32encode, (5, 5))


def _encode_within(data: bytes, encode: Callable[[bytes], bytes], sizes: tuple[int, int]) -> Iterator[str]:
    """`data` as it is encoded with anything before and after it; `sizes`: bytes of a group, bits of a sign.

    A byte spreads over two signs: those that its neighbours have a part in are left out.
    """
    group, bits = sizes
    for offset in range(group):
        start, end = -(-offset * 8 // bits), (offset + len(data)) * 8 // bits
        yield encode(b"\0" * offset + data)[start:end].decode()


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
_DOTTED = r"(?a)(?<![\w+/=-])[\w+/=-]++(?:\.[\w+/=-]++){2,}+"
# Names have neither capital letters nor digits in the middle of a word.
_MIXED = "[a-z][A-Z]|[0-9][A-Za-z]"


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
    return re.sub(_DOTTED, lambda match: "[looks like a key]" if _is_likely(match[0]) else match[0], KEYS.hide(text))


def blot_likely(line: str) -> str:
    """`line` with asterisks for what has the shape of a key."""
    return re.sub(_DOTTED, lambda match: "*" * len(match[0]) if _is_likely(match[0]) else match[0], line)


def _is_likely(text: str) -> bool:
    """Whether `text` has the shape of a key: three parts of base64. Source: developer site, "Authentication"."""
    # Of an address host and path are told apart, for a path may hold a capital letter.
    pieces = text.split("/") if text.startswith("//") else [text]
    mixed = [piece for piece in pieces if re.search(_MIXED, piece) and piece not in (piece.lower(), piece.upper())]
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
