"""JSON in which no two readers can see different things: every key once, and only numbers that a double holds."""

from __future__ import annotations

import json
from collections import Counter
from math import isfinite
from sys import float_info
from typing import NoReturn

_LARGEST = int(float_info.max)


class KeyTwice(ValueError):
    """An object has a key twice: other readers may take the first where this one takes the last."""


class OutOfBounds(ValueError):
    """A number that is none, is infinite, or is larger than any double."""


def parse_json(text: str | bytes) -> object:
    """The document in `text`. Raises json.JSONDecodeError if it is not JSON, KeyTwice and OutOfBounds."""
    return json.loads(
        text,
        parse_float=_parse_number,
        parse_int=_parse_whole,
        parse_constant=_refuse_number,
        object_pairs_hook=_refuse_twice,
    )


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise KeyTwice(f"one object has the key {twice!a} twice")
    return document


def _parse_number(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_number(text)


def _parse_whole(text: str) -> int:
    # Python itself gives up at some thousand digits.
    number = int(text) if len(text) < 400 else _refuse_number(text)
    return number if abs(number) <= _LARGEST else _refuse_number(text)


def _refuse_number(_text: str) -> NoReturn:
    raise OutOfBounds("it holds NaN, Infinity or a number too large to store")
