"""From bytes to text, and from the text of unquoted scalars to JSON's types."""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.values import canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.values import Value


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
        return ScalarError("ESA116", f"is too large or too small for a number, found {text}")
    scale = len(fraction) - exponent
    if scale > MAX_SCALE:
        return ScalarError("ESA116", f"can have at most {MAX_SCALE} decimals, found {scale} in {text}")
    if len(whole.lstrip("0")) + exponent + max(scale, 0) > MAX_PRECISION:
        return ScalarError("ESA116", f"can have at most {MAX_PRECISION} digits, found more in {text}")
    return _find_rounding(text)


def _find_rounding(text: str) -> ScalarError | None:
    # Imported here because hardly any file has such a long number.
    from decimal import Decimal  # noqa: PLC0415

    held = repr(canonical_number(float(text)))
    if Decimal(held) == Decimal(text):
        return None
    if abs(Decimal(text)) > _LARGEST:
        fix = f"numbers go up to {_LARGEST}, ids up to {_LARGEST_ID}; put an import id or a code in quotes"
        return ScalarError("ESA116", f"is out of range, found {text}", fix)
    return ScalarError(
        "ESA116",
        f"would lose digits: a double turns {text} into {held}",
        f"write  {held}, or put it in quotes if it is an id or a code",
    )


MAX_BYTES = 5 * 1024 * 1024


def decode(data: bytes) -> str:
    """`data` as text without its byte order mark. Raises UnicodeDecodeError if it is not UTF-8."""
    return data.removeprefix(codecs.BOM_UTF8).decode()


# More findings of a kind would only take memory: a file of 5 MiB may consist of tabs.
MAX_FOUND = 500

_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class EncodingError(Struct, frozen=True):
    """Something that YAML does not allow in the bytes of a file; without an `offset`, the whole file is meant."""

    code: str
    message: str
    offset: int | None = None


def decode_source(data: bytes) -> tuple[str, tuple[EncodingError, ...]]:
    """`data` as text, and everything in it that YAML does not allow; if it is not UTF-8, the rest has � in it."""
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
