"""Single values, as text and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.readings.cells import (
    read_flag,
    show_json,
    take_flag,
    take_note,
    take_number,
)
from reconciler.readings.flaws import Flaw


def say(value: object) -> object:
    """A value as it is, a flaw as its message."""
    return value.message if isinstance(value, Flaw) else value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7.0),
        (-0.5, -0.5),
        (float("inf"), 'value must be a number that a double can hold, found "inf"'),
        (2**53, 2.0**53),
        (2**53 + 1, 'value has more digits than a double can hold, found "9007199254740993"'),
        (-(2**53) - 2, -(2.0**53) - 2),
        (10**400, f'value must be a number that a double can hold, found "1{"0" * 55} ..."'),
        ("7", 'value must be a number, found "7"'),
        (True, "value must be a number, found true"),
        (None, "value must be a number, found nothing"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_numbers_of_json(value: object, expected: object) -> None:
    assert say(take_number(value)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        (" FALSE ", False),
        ("1", True),
        ("0", False),
        ("", False),
        ("Yes", True),
        ("n", False),
        ("E", 'estimated must be true or false, found "E"'),
    ],
)
def test_flags_of_a_csv_file(text: str, expected: object) -> None:
    assert say(read_flag(text)) == expected


def test_flags_and_notes_of_json() -> None:
    flags: list[object] = [True, None, 1]
    notes: list[object] = ["", None, []]

    assert list(map(say, map(take_flag, flags))) == [True, False, "estimated must be true or false, found a number"]
    assert list(map(say, map(take_note, notes))) == ["", None, "note must be text or null, found a list"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "nothing"), (False, "false"), ("a", '"a"'), (1.5, "a number"), ([], "a list"), ({}, "an object")],
)
def test_values_of_json_in_words(value: Any, shown: str) -> None:
    assert show_json(value) == shown


def test_a_number_in_quotation_marks_is_refused_with_the_way_out() -> None:
    flaw = take_number("7")

    assert isinstance(flaw, Flaw)
    assert (flaw.message, flaw.fix) == (
        'value must be a number, found "7"',
        "write it without quotation marks, as in  12.5",
    )
