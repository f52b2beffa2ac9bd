"""The values that git can govern, and when two of them are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

Value: TypeAlias = str | int | float | bool | None

# Path → value. A path that is not in it is not managed; None clears; "" is the empty string.
Spec: TypeAlias = Mapping[str, Value]

# The date that stands for "from the beginning" where the service stores a floor instead of null
# (legacy bounds of the vendor's SDK: 1899-12-30 to 2099-12-31).
BEGINNING = "1899-12-30T00:00:00"

_LOCAL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


def canonical_number(number: float) -> int | float:
    """`number` as the shortest equal one: 10.0 is 10, -0.0 is 0, 0.995 stays."""
    return int(number) if float(number).is_integer() else number


def count_characters(text: str) -> int:
    """The length of `text` as the service counts it, in UTF-16 code units: 2 for an emoji.

    Source: String.Length of .NET, which the service is expected to judge lengths by.
    """
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def tell_count(text: str) -> str:
    """The length of `text` in words, and how it is counted where that is not what a reader would count."""
    count = count_characters(text)
    return str(count) if count == len(text) else f"{count} (EnergyCAP counts an emoji or a rare letter as 2)"


# Most files say one date over and over.
@lru_cache(maxsize=1024)
def canonical_time(text: str) -> str:
    """`text` as local wall time, YYYY-MM-DDThh:mm:ss; an offset is dropped, as the service ignores it.

    Text that is no date is returned unchanged, so that it still shows in a comparison.
    Source: EsaChannelVersionEdit.beginDate, "any time zone information … will be ignored".
    """
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        return text
    day, minute, second, fraction = match.groups()
    fraction = (fraction or "").rstrip("0").rstrip(".")
    return f"{day}T{minute or '00:00'}{second or ':00'}{fraction}"
