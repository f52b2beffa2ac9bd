"""Bytes decoded to text, and text to values."""

from __future__ import annotations

import pytest

from reconciler.definitions.scalars import (
    MAX_FOUND,
    EncodingError,
    PlainScalars,
    decode,
    decode_source,
    find_scalar_error,
    parse_scalar,
)

BEYOND = "numbers go up to 999999999999999, ids up to 2147483647; put an import id or a code in quotes"
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
def test_json_scalars_are_read_like_json(text: str, value: object) -> None:
    read = parse_scalar(text)

    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", TEXTS)
def test_all_other_scalars_are_text(text: str) -> None:
    assert parse_scalar(text) == text


@pytest.mark.parametrize("text", [*(text for text, _ in VALUES), *TEXTS, "0.123456789012345", "1e12", "x" * 99, "e"])
def test_scalars_that_keep_their_meaning_have_no_error(text: str) -> None:
    assert find_scalar_error(text) is None


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("", "has no value", ""),
        ("~", "is ~, which could mean null or text", "write null to clear the value"),
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
def test_scalars_that_would_lose_their_meaning_have_an_error(text: str, message: str, fix: str) -> None:
    trouble = find_scalar_error(text)

    assert trouble is not None
    assert (trouble.message, trouble.fix) == (message, fix)


def test_plain_scalars_are_kept() -> None:
    scalars = PlainScalars()

    assert [scalars["15"], scalars["KWH"], dict(scalars)] == [15, "KWH", {"15": 15, "KWH": "KWH"}]


def test_plain_scalars_with_an_error_raise() -> None:
    with pytest.raises(ValueError, match="~"):
        PlainScalars()["~"]


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_a_byte_order_mark_is_not_part_of_the_text(data: bytes) -> None:
    assert decode(data) == "ä: 1\r\n"


def test_bytes_that_are_not_utf_8_raise() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff")


@pytest.mark.parametrize(
    ("text", "clean"), [("a: ä", True), ("a:\t1", False), ("a: \x85", False), ("a: \u2028ä", False)]
)
def test_clean_text_has_no_tabs_and_no_control_characters(text: str, clean: bool) -> None:
    assert (decode_source(text.encode())[1] == ()) == clean


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(data: bytes) -> None:
    assert decode_source(data) == ("ä: 1\r\n", ())


def test_the_first_byte_that_is_not_utf_8_is_named_and_the_rest_is_replaced() -> None:
    assert decode_source(b"a: n\xf6rd\n") == (
        "a: n�rd\n",
        (EncodingError("ESA104", "the file is not UTF-8, found the byte 0xF6", 4),),
    )


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_other_encodings_are_named_by_their_mark(encoding: str, name: str) -> None:
    assert decode_source("a: 1".encode(encoding))[1] == (
        EncodingError("ESA104", f"the file is not UTF-8, found {name}"),
    )


def test_every_control_character_and_the_first_tab_of_a_line_are_found() -> None:
    assert decode_source(b"a\0\x1b\tb\t\n\tc\t")[1] == (
        EncodingError("ESA105", "control characters are not allowed, found U+0000", 1),
        EncodingError("ESA105", "control characters are not allowed, found U+001B", 2),
        EncodingError("ESA106", "tabs are not allowed", 3),
        EncodingError("ESA106", "tabs are not allowed", 7),
    )


def test_the_number_of_encoding_errors_is_limited() -> None:
    assert len(decode_source(b"\0" * 10_000)[1]) == MAX_FOUND
