"""Every way in which a key may be written, and the patterns that find each."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# Of a shorter key, other letter case or pairs of digits would be found in what has nothing to do with it.
_DISTINCT = 8
# Shorter ones are not hidden as hexadecimal digits: an id of a channel could consist of the same.
_LONG_ENOUGH_FOR_DIGITS = 4
# Shorter texts are not looked for across the ends of lines: two words below each other could make one.
_WRAPPED = 16

# Hexadecimal with something between the bytes.
_PAIRS = re.compile("[0-9a-fA-F]{2}(?:[ :-][0-9a-fA-F]{2})+")
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
        runs = [text.replace(" ", "")] if _PAIRS.fullmatch(text) else re.findall("[A-Za-z0-9]+", text)
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
_ESCAPE = re.compile(
    r"[%=](?:25)*([0-9a-fA-F]{2})|&(?:amp;)*+#(?:0*([0-9]{1,6})|[xX]0*([0-9a-fA-F]{1,6}));"
    r"|\\(?:u\{?0*([0-9a-fA-F]{1,4})\}?|[xU]0*([0-9a-fA-F]{1,4})|[rn])"
)


def _decode(text: str) -> str:
    """`text` without escaped ends of lines, and with the letters and digits that stand there by their numbers."""
    return _ESCAPE.sub(_decode_one, text) if any(sign in text for sign in "%=&\\") else text


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
