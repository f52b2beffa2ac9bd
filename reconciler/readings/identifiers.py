"""The identifiers of a group of readings, as they stand in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.identifiers import ESA_NAMES, V3_NAMES, Identifiers
from reconciler.model.values import count_characters, tell_count
from reconciler.readings.cells import show_json
from reconciler.readings.flaws import Flaw, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

# Texts and whole numbers in the order of the fields of `Identifiers`, the interval in its own unit, and at the end the
# seconds in that unit; "" and None are "not given".
Key: TypeAlias = tuple[object, ...]

_LARGEST = 2**31 - 1
# By the place in a key. Source: POST /api/v3/reading, "Must be between 0 and 255 characters" and "… 16 characters".
_LONGEST = {1: 255, 2: 255, 3: 16, 4: 16}

# Each name of both calls: which field of a key it stands for, and the seconds in a unit of it.
PROPERTIES: Mapping[str, tuple[int, int]] = {
    name: (place, dialect.interval_seconds if name == dialect.interval else 1)
    for dialect in (V3_NAMES, ESA_NAMES)
    for place, name in enumerate(dialect.names)
}
NAMES = V3_NAMES.names


def read_key(key: Key) -> tuple[Identifiers, tuple[Flaw, ...]]:
    """The pointers that `key` gives, and what is wrong with it, which is left out of the pointers."""
    flaws: list[Flaw] = []
    channel_id = _read_whole(NAMES[0], key[0], flaws)
    import_id, meter, type_code, unit = (_read_text(place, key[place], flaws) for place in range(1, 5))
    interval, unit_seconds = _read_whole(NAMES[5], key[5], flaws), key[6]
    seconds = interval * unit_seconds if interval is not None and isinstance(unit_seconds, int) else None
    return Identifiers(channel_id, import_id, meter, type_code, unit, seconds), tuple(flaws)


def _read_whole(name: str, value: object, flaws: list[Flaw]) -> int | None:
    if value is None or value == "":
        return None
    number = _parse_whole(value)
    if number is not None and 0 < number <= _LARGEST:
        return number
    found = quote(value) if isinstance(value, str) else str(number) if number is not None else show_json(value)
    flaws.append(Flaw("ESA613", f"{name} must be a whole number from 1 to {_LARGEST}, found {found}"))
    return None


def _parse_whole(value: object) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        # A longer one is beyond all bounds, and slow to read.
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
    return value if isinstance(value, int) else None


def _read_text(place: int, value: object, flaws: list[Flaw]) -> str | None:
    name, longest = NAMES[place], _LONGEST[place]
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        flaws.append(Flaw("ESA613", f"{name} must be text, found {show_json(value)}"))
        return None
    if count_characters(value) > longest:
        message = f"{name} must have at most {longest} characters, found {tell_count(value)}: {quote(value)}"
        flaws.append(Flaw("ESA613", message))
        return None
    return value
