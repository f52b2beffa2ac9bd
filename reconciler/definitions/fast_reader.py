"""Unquoted scalars as values, and the fast reader for files of plain lines: one regular expression, no YAML parser."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from reconciler.model.values import canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.values import Value

    Lines: TypeAlias = dict[str, dict[str, int]]


# Characters that YAML text must not have; an escape in double quotes could still produce them.
CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"

MAX_SCALE = 15
MAX_PRECISION = 30

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
# Words that are null in YAML 1.2: read as text they would clear nothing, read as null they would.
_NULLS = frozenset({"~", "Null", "NULL"})
# A double has room for any number of up to 15 digits.
_EXACT_DIGITS = 15
_LONGEST = 60
_LARGEST_EXPONENT = 330
# The largest number of any field, which is a reading's, and the largest id.
_LARGEST, _LARGEST_ID = 999_999_999_999_999, 2**31 - 1
_RANGE_FIX = f"numbers go up to {_LARGEST}, ids up to {_LARGEST_ID}; put an import id or a code in quotes"


class ScalarError(Struct, frozen=True):
    """Why a scalar cannot be read: the code of a rule, and a message that follows the name of the key."""

    code: str
    message: str
    fix: str = ""


def has_control(text: str) -> bool:
    """Whether `text` has a character of CONTROL."""
    # None of them is printable, and nearly all text is: most calls need no search.
    return not text.isprintable() and re.search(CONTROL, text) is not None


class PlainScalars(dict[str, "Value"]):
    """The value of each unquoted scalar read so far, by its text. Raises ValueError for one that cannot be read."""

    def __missing__(self, text: str) -> Value:
        # Most scalars start with a letter, and then are text without further checks.
        is_text = text[:1].isalpha() and text not in _WORDS and text not in _NULLS
        if not is_text and find_scalar_error(text):
            raise ValueError(text)
        value = self[text] = text if is_text else parse_scalar(text)
        return value


def parse_scalar(text: str) -> Value:
    """The value of an unquoted scalar that can be read: 1.0 is 1, as in JSON; `no`, `012` and dates are text."""
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    return int(text) if match[2] is None and match[3] is None else canonical_number(float(text))


def find_scalar_error(text: str) -> ScalarError | None:
    """Why the unquoted scalar `text` cannot be read, or None.

    Source for scale and precision: EsaChannelVersionEdit, "Max scale of 15, max precision of 30".
    """
    if not text:
        return ScalarError("ESA114", "has no value")
    if text in _NULLS:
        return ScalarError("ESA114", f"is {text}, which could mean null or text", "write null to clear the value")
    if len(text) <= _EXACT_DIGITS and "e" not in text and "E" not in text:
        return None
    match = _NUMBER.fullmatch(text)
    return _find_lost_digits(text, match) if match else None


def _find_lost_digits(text: str, match: re.Match[str]) -> ScalarError | None:
    if len(text) > _LONGEST:
        return ScalarError("ESA116", f"has too many digits for a number, found {len(text)} characters")
    whole, fraction, exponent = match[1], match[2] or "", int(match[3] or "0")
    if abs(exponent) > _LARGEST_EXPONENT:
        fix = _RANGE_FIX if exponent > 0 else f"write a number with at most {MAX_SCALE} decimal places"
        return ScalarError("ESA116", f"is too large or too small for a number, found {text}", fix)
    scale = len(fraction) - exponent
    if scale > MAX_SCALE:
        return ScalarError("ESA116", f"can have at most {MAX_SCALE} decimal places, found {scale} in {text}")
    if len(whole.lstrip("0")) + exponent + max(scale, 0) > MAX_PRECISION:
        return ScalarError("ESA116", f"can have at most {MAX_PRECISION} digits, found more in {text}")
    return _find_rounding(text)


def _find_rounding(text: str) -> ScalarError | None:
    # Imported here because hardly any file has such a long number.
    from decimal import Decimal  # noqa: PLC0415

    rounded = repr(canonical_number(float(text)))
    if Decimal(rounded) == Decimal(text):
        return None
    if abs(Decimal(text)) > _LARGEST:
        return ScalarError("ESA116", f"is out of range, found {text}", _RANGE_FIX)
    return ScalarError(
        "ESA116",
        f"would lose digits: EnergyCAP would keep {text} as {rounded}",
        f"write  {rounded}, or put it in quotes if it is an id or a code",
    )


def decode(data: bytes) -> str:
    """`data` as text without its byte order mark. Raises UnicodeDecodeError if it is not UTF-8."""
    return data.removeprefix(codecs.BOM_UTF8).decode()


# The mappings whose keys are names: findings without a more precise place show the line of the name.
NAMING = ("channels", "feeds", "templates")
MAX_DEPTH = 20


class ParsedValues(Struct, frozen=True):
    """The values of a file, and the line of each name under the keys of NAMING, counted from 1."""

    tree: object
    lines: Lines


# All lines are split at once, which takes too much memory for larger files.
_MAX_LINES = 100_000
# Each of these patterns takes time in proportion to the text, whatever it contains.
_START = re.compile(r"(?: *(?:#.*)?\n)*+--- *\n")
_COMMENT = r"(?: +#.*)? *"
# Does not begin with an indicator, nor contain ": " or " #", which would end it.
_TEXT = r"-?[\w(.](?:[^:#]*[^:# ])?"
# Key with its indent, then text, or text in double quotes, or anything else; or a line without a key.
_LINE = re.compile(rf"(?:( *\w[\w.-]{{0,99}}):(?: +(?:({_TEXT})|\"([^\"\\]+)\"|([^ #].*)))?{_COMMENT}|(.*))\Z")
# Text in double quotes that is not empty already matches above.
_QUOTED = re.compile(rf"(?:\"\"|'([^']*)'){_COMMENT}")
_TIME = re.compile(rf"(\d[\dT:.+-]*\d){_COMMENT}", re.ASCII)
_WORD = r"[\w.](?:[\w.-]*\w)?"
_PAIR = rf"([A-Za-z]\w{{0,99}}): +({_WORD}|\"[^\"\\{{}}]*\"|'[^'{{}}]*')"
_PAIRS = re.compile(_PAIR)
_FLOW = re.compile(rf"\{{ *{_PAIR}(?:, +{_PAIR})* *\}}{_COMMENT}")
# An entry of a list that is a mapping: what is after the dash is a line of its own, indented two further.
_ENTRY = re.compile(r"( *)- (\w.*)")
# A key with text on the lines below it, which are indented further: as they are (|) or joined (>).
_BLOCK = re.compile(r"(?m)^( *)\w[\w.-]{0,99}: ([|>]-?) *\n((?:\1 +\S.*\n| *\n)+)")
_LIST = re.compile(rf"\[ *({_WORD}(?:, +{_WORD})*) *\]{_COMMENT}")


class _NeedsFullReader(Exception):
    """The file is empty, or has a line whose meaning depends on others."""


# What a line says: the indent of its key, the key ("" for a line that says nothing), the value, text that stands for a
# value and is still to be read, and the key again if a mapping or list may begin below it. Before the first key of an
# entry of a list is a dash: then it is the indent of the dash, inverted.
_Line: TypeAlias = tuple[int, str, "Value", str, str]
# Half of all lines are the same in many channels. The others need not be kept.
_MAX_KNOWN = 10_000


class _KeyIndents(dict[str, tuple[int, str]]):
    """The indent of each key, and the key itself: as one object, however many channels have it."""

    def __missing__(self, indented: str) -> tuple[int, str]:
        key = indented.lstrip(" ")
        self[indented] = found = (len(indented) - len(key), key)
        return found


class PlainLines(dict[str, _Line]):
    """What each line read so far says, by its text. Raises ValueError or _NeedsFullReader if it is not plain."""

    def __init__(self) -> None:
        self.scalars = PlainScalars()
        self._indents = _KeyIndents()

    def __missing__(self, text: str) -> _Line:
        if not text.isprintable():
            raise _NeedsFullReader
        # The pattern fits any line.
        indented, value, quoted, other, rest = _LINE.match(text).groups("")  # type: ignore[union-attr]
        line: _Line
        if indented:
            spaces, key = self._indents[indented]
            read = self.scalars[value] if value else quoted or None
            line = (spaces, key, read, other, "" if value or quoted or other else key)
        elif entry := _ENTRY.fullmatch(rest):
            dash, first = entry.groups()
            line = (~len(dash), *self[f"{dash}  {first}"][1:])
        else:
            _check_ignorable(rest)
            line = (0, "", None, "", "")
        if len(self) < _MAX_KNOWN:
            self[text] = line
        return line


def try_fast_parse(text: str, known: PlainLines) -> ParsedValues | None:
    """The values in `text`; None if it has more than plain lines, or anything wrong."""
    if text.count("\n") > _MAX_LINES:
        return None
    start = _START.match(text)
    above, end = (start[0].count("\n"), start.end()) if start else (0, 0)
    if not text[:end].replace("\n", "").isprintable():
        return None
    text = text[end:]
    try:
        blocks = {above + line: value for line, value in _find_blocks(text)} if ": |" in text or ": >" in text else {}
        return _FastReader(known, blocks).read(_BLOCK.sub(_leave_lines, text) if blocks else text, above)
    except (_NeedsFullReader, ValueError):
        return None


def _find_blocks(text: str) -> Iterator[tuple[int, str]]:
    """The line of each key with a block text, counted from 1, and the text."""
    line, at = 1, 0
    for match in _BLOCK.finditer(text):
        line, at = line + text.count("\n", at, match.start()), match.start()
        yield line, _read_block(match[2], match[3])


def _leave_lines(block: re.Match[str]) -> str:
    """The key of a block text, and an empty line for each of its lines, so that those below keep their numbers."""
    return block[0].removesuffix(block[3]) + "\n" * block[3].count("\n")


def _read_block(style: str, body: str) -> str:
    """The block text in the lines of `body`: all are indented like the first one, but for those without text."""
    lines = body.removesuffix("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip(" "))
    texts = [line[indent:] for line in lines]
    if not texts[0] or not all(
        line.isprintable() and (text == line.lstrip(" ") if text else not line.strip(" "))
        for line, text in zip(lines, texts, strict=True)
    ):
        raise _NeedsFullReader
    while not texts[-1]:
        texts.pop()
    end = "" if style[1:] else "\n"
    if style[0] == "|":
        return "\n".join(texts) + end
    # A line ends as a space does, but for those before lines without text.
    paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", "\n".join(texts))
    return re.sub(r"\n(\n+)", r"\1", paragraphs) + end


class _FastReader:
    """Builds the values of one file from its lines; `_levels` are the open mappings and lists with their indents.

    `blocks` are the block texts, by the line of their key.
    """

    __slots__ = ("_blocks", "_known", "_levels", "_lines", "_names", "_tree")

    def __init__(self, known: PlainLines, blocks: Mapping[int, str]) -> None:
        self._known = known
        self._blocks = blocks
        self._tree: dict[str, object] = {}
        self._levels: list[tuple[int, Any]] = [(0, self._tree)]
        self._lines: Lines = {}
        self._names: dict[str, int] = {}

    def read(self, text: str, above: int) -> ParsedValues:
        """The values in the lines of `text`, which have `above` lines before them in the file."""
        known, levels = self._known, self._levels
        indent, mapping = levels[-1]
        opening = ""
        for number, line in enumerate(text.split("\n"), above + 1):
            spaces, key, value, other, opens = known[line]
            if not key:
                continue
            if opening or spaces != indent:
                indent, mapping = self._move(opening, spaces)
            if key in mapping:
                raise _NeedsFullReader
            if len(levels) == 2:
                self._names[key] = number
            mapping[key] = self._read_other(other, number) if other else value
            opening = opens
        if opening or not self._tree:
            raise _NeedsFullReader
        return ParsedValues(self._tree, self._lines)

    def _move(self, opening: str, indent: int) -> tuple[int, dict[str, object]]:
        """The mapping with this indent: the one under the key `opening`, an entry of a list, or one that goes on."""
        if indent < 0:
            return self._begin_entry(opening, ~indent)
        return self._open(opening, indent) if opening else self._close(indent)

    def _begin_entry(self, key: str, dash: int) -> tuple[int, dict[str, object]]:
        """A new mapping in the list whose dashes have this indent; the list is new if it has a `key`."""
        levels = self._levels
        if key:
            outer, mapping = levels[-1]
            # Not at the top level, whose keys may hold names. The list and its entry are two levels.
            if dash <= outer or not 1 < len(levels) < MAX_DEPTH - 2:
                raise _NeedsFullReader
            mapping[key] = []
            levels.append((dash, mapping[key]))
        while dash < levels[-1][0]:
            levels.pop()
        indent, entries = levels[-1]
        if indent != dash or not isinstance(entries, list):
            raise _NeedsFullReader
        entries.append({})
        levels.append((dash + 2, entries[-1]))
        return levels[-1]

    def _open(self, key: str, indent: int) -> tuple[int, dict[str, object]]:
        """The new mapping under `key`, which begins with a line that is indented further."""
        levels = self._levels
        outer, mapping = levels[-1]
        # One level is left for a mapping on one line.
        if indent <= outer or len(levels) == MAX_DEPTH - 1:
            raise _NeedsFullReader
        inner: dict[str, object] = {}
        if len(levels) == 1:
            self._names = self._lines.setdefault(key, {}) if key in NAMING else {}
        mapping[key] = inner
        levels.append((indent, inner))
        return levels[-1]

    def _close(self, indent: int) -> tuple[int, dict[str, object]]:
        """The mapping with this indent, which continues after those inside it."""
        levels = self._levels
        while indent < levels[-1][0]:
            levels.pop()
        if levels[-1][0] != indent or isinstance(levels[-1][1], list):
            raise _NeedsFullReader
        return levels[-1]

    def _read_other(self, text: str, line: int) -> object:
        """The value `text`: in quotes, a time, a list or mapping on one line, or the block text below this line."""
        if line in self._blocks:
            return self._blocks[line]
        scalars = self._known.scalars
        if match := _QUOTED.fullmatch(text):
            return match[1] or ""
        if match := _TIME.fullmatch(text):
            return scalars[match[1]]
        if match := _LIST.fullmatch(text):
            return [scalars[word.strip(" ")] for word in match[1].split(",")]
        # Not at the top level: the keys in it may be names, whose lines would be missing.
        if len(self._levels) > 1 and _FLOW.fullmatch(text):
            pairs = _PAIRS.findall(text.partition("}")[0])
            mapping = {key: value[1:-1] if value[0] in "\"'" else scalars[value] for key, value in pairs}
            if len(mapping) == len(pairs):
                return mapping
        raise _NeedsFullReader


def _check_ignorable(line: str) -> None:
    if line.lstrip(" ")[:1] not in ("", "#"):
        raise _NeedsFullReader
