"""Unquoted scalars as JSON's types."""

from __future__ import annotations

import pytest

from reconciler.definitions.scalars import PlainScalars, find_scalar_error, parse_scalar

BEYOND = "no number goes beyond 999999999999999, no id beyond 2147483647; an import id or a code belongs in quotes"
VALUES = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("0", 0),
    ("-0", 0),
    ("-0.0", 0),
    ("15", 15),
    ("-1.50", -1.5),
    ("1.0", 1),
    ("1e3", 1000),
    ("1E-3", 0.001),
    ("999999999999999", 999999999999999),
]
TEXTS = [
    "yes",
    "no",
    "on",
    "off",
    "True",
    "012",
    "1:30",
    "2024-07-01",
    "+1",
    ".5",
    "1.",
    "1_000",
    "0x1F",
    ".inf",
    "NaN",
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_what_json_knows_is_read_as_json_reads_it(text: str, value: object) -> None:
    read = parse_scalar(text)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", TEXTS)
def test_all_else_is_text(text: str) -> None:
    assert parse_scalar(text) == text


@pytest.mark.parametrize("text", [*(text for text, _ in VALUES), *TEXTS, "0.123456789012345", "1e12", "x" * 99, "e"])
def test_what_survives_as_written_is_no_trouble(text: str) -> None:
    assert find_scalar_error(text) is None


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("", "has no value", ""),
        ("~", "is ~, which could be meant as null or as text", "write null to clear the value"),
        ("0.1234567890123456", "can have at most 15 decimals, found 16 in 0.1234567890123456", ""),
        ("1.0000000000000000", "can have at most 15 decimals, found 16 in 1.0000000000000000", ""),
        ("1e-16", "can have at most 15 decimals, found 16 in 1e-16", ""),
        ("1e30", "can have at most 30 digits, found more in 1e30", ""),
        ("1e999", "is too large or too small for a number, found 1e999", ""),
        ("1" * 61, "has too many digits for a number, found 61 characters", ""),
        ("123456789012345678", "is out of range, found 123456789012345678", BEYOND),
        ("-99999999999999999999", "is out of range, found -99999999999999999999", BEYOND),
        (
            "123456789012.1234567",
            "would lose digits: a double turns 123456789012.1234567 into 123456789012.12346",
            "write  123456789012.12346, or put it in quotes if it is an id or a code",
        ),
        (
            "0.30000000000000001e1",
            "can have at most 15 decimals, found 16 in 0.30000000000000001e1",
            "",
        ),
    ],
)
def test_what_does_not_survive_is_said(text: str, message: str, fix: str) -> None:
    trouble = find_scalar_error(text)

    assert trouble is not None
    assert (trouble.message, trouble.fix) == (message, fix)


def test_the_table_of_scalars_keeps_what_it_read() -> None:
    scalars = PlainScalars()

    assert [scalars["15"], scalars["KWH"], dict(scalars)] == [15, "KWH", {"15": 15, "KWH": "KWH"}]


def test_the_table_of_scalars_refuses_what_is_in_trouble() -> None:
    with pytest.raises(ValueError, match="~"):
        PlainScalars()["~"]
