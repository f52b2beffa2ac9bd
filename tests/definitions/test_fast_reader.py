"""Unquoted scalars, and the fast reader."""

from __future__ import annotations

import tracemalloc

import pytest

from reconciler.definitions.fast_reader import (
    ParsedValues,
    PlainLines,
    PlainScalars,
    decode,
    find_scalar_error,
    parse_scalar,
    try_fast_parse,
)
from reconciler.definitions.yaml_reader import parse_yaml

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
        ("0.1234567890123456", "can have at most 15 decimal places, found 16 in 0.1234567890123456", ""),
        ("1.0000000000000000", "can have at most 15 decimal places, found 16 in 1.0000000000000000", ""),
        ("1e-16", "can have at most 15 decimal places, found 16 in 1e-16", ""),
        ("1e30", "can have at most 30 digits, found more in 1e30", ""),
        ("1e999", "is too large or too small for a number, found 1e999", BEYOND),
        (
            "1e-999",
            "is too large or too small for a number, found 1e-999",
            "write a number with at most 15 decimal places",
        ),
        ("1" * 61, "has too many digits for a number, found 61 characters", ""),
        ("123456789012345678", "is out of range, found 123456789012345678", BEYOND),
        ("-99999999999999999999", "is out of range, found -99999999999999999999", BEYOND),
        (
            "123456789012.1234567",
            "would lose digits: EnergyCAP would keep 123456789012.1234567 as 123456789012.12346",
            "write  123456789012.12346, or put it in quotes if it is an id or a code",
        ),
        (
            "0.30000000000000001e1",
            "can have at most 15 decimal places, found 16 in 0.30000000000000001e1",
            "",
        ),
    ],
)
def test_scalars_that_would_lose_their_meaning_have_an_error(text: str, message: str, fix: str) -> None:
    error = find_scalar_error(text)

    assert error is not None
    assert (error.message, error.fix) == (message, fix)


def test_plain_scalars_are_kept() -> None:
    scalars = PlainScalars()

    assert [scalars["15"], scalars["KWH"], dict(scalars)] == [15, "KWH", {"15": 15, "KWH": "KWH"}]


def test_plain_scalars_with_an_error_raise() -> None:
    with pytest.raises(ValueError, match="~"):
        PlainScalars()["~"]


PLAIN = """\
# A comment: with a colon.

---
dataPoint: NB-ELEC-01  # a meter
defaults:
    intervalMinutes: 15
channels:
  north-use:
    select: {channelImportId: NB-ELEC-01-USE, unitCode: "KWH, or so"}  # found so
    channelInfo: North Building's use, 1st floor (east)
    channelDescription: "a: 'b' # c"
    channelImportId: '1042'
    # A comment in between.
    isPrimaryValue: true
    esaChannelVersion:

      beginDate: 2024-07-01T06:30:00
      offset: -0.5
      formula: (channel(a) + 2) * 0.50
  sör:
    channelDescription: >-
        joined
        by spaces:

        and a line of its own
    channelInfo: null
    channelVersions:
      - beginDate: null  # from the beginning
        because: |
          two lines,
          # as they are

        multiplier: 10

      - beginDate: 2025-01-01
        swap: {final: 1, initial: 0}
feeds:
  logger:
    expect: north-use
"""


def test_values_and_the_lines_of_names_are_read() -> None:
    assert try_fast_parse(PLAIN, PlainLines()) == ParsedValues(
        {
            "dataPoint": "NB-ELEC-01",
            "defaults": {"intervalMinutes": 15},
            "channels": {
                "north-use": {
                    "select": {"channelImportId": "NB-ELEC-01-USE", "unitCode": "KWH, or so"},
                    "channelInfo": "North Building's use, 1st floor (east)",
                    "channelDescription": "a: 'b' # c",
                    "channelImportId": "1042",
                    "isPrimaryValue": True,
                    "esaChannelVersion": {
                        "beginDate": "2024-07-01T06:30:00",
                        "offset": -0.5,
                        "formula": "(channel(a) + 2) * 0.50",
                    },
                },
                "sör": {
                    "channelDescription": "joined by spaces:\nand a line of its own",
                    "channelInfo": None,
                    "channelVersions": [
                        {"beginDate": None, "because": "two lines,\n# as they are\n", "multiplier": 10},
                        {"beginDate": "2025-01-01", "swap": {"final": 1, "initial": 0}},
                    ],
                },
            },
            "feeds": {"logger": {"expect": "north-use"}},
        },
        {"channels": {"north-use": 8, "sör": 20}, "feeds": {"logger": 38}},
    )


def test_libyaml_reads_the_same() -> None:
    fast, full = try_fast_parse(PLAIN, PlainLines()), parse_yaml("a.yaml", PLAIN.encode())

    assert fast is not None
    assert (fast.tree, []) == (full.tree, full.findings)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n# a\n",
        "a",
        "a:\n",
        "a:\nb: 1\n",
        "a: 1\n  b: 2\n",
        "a: 1\n  b\n",
        "  a: 1\nb: 2\n",
        "a:\n    b: 1\n  c: 2\n",
        "a: 1\na: 2\n",
        "a:\n  b: {c: 1, c: 2}\n",
        "a: 'b\n  c'\n",
        "a: 'b''c'\n",
        'a: "\\e"\n',
        "a: |\n\n  b\n",
        "a: |\n    b\n  c\n",
        "a: |\n  b\n    c\n",
        "a: |\n  b",
        "a: |\nb: c\n",
        "a: |+\n  b\n",
        "a: |2\n   b\n",
        "a: | # b\n  c\n",
        "a: |\n  b\u2028\n",
        "a: |\n  b\n     \n  c\n",
        "a: >\n  b\n\tc\n",
        "a:\n  b:\n    - c\n",
        "a:\n  b:\n    -  c: 1\n",
        "a:\n  b:\n    - - c: 1\n",
        "a:\n  b:\n    - # c\n",
        "a:\n  b:\n  - c: 1\n",
        "a:\n  b:\n    - c: 1\n   - d: 1\n",
        "a:\n  b:\n    - c: 1\n    d: 1\n",
        "a:\n  b: 1\n  - c: 1\n",
        "a:\n  b:\n    c: 1\n    - d: 1\n",
        "channels:\n  - a: 1\n",
        "a:\n- b\n",
        "a: [[b]]\n",
        "a: [b,c]\n",
        "a: [b: c]\n",
        "a: ['b']\n",
        "a: []\n",
        "a: {}\n",
        "channels: {a: 1}\n",
        "a:\n  b: {c: 'd''e'}\n",
        "a: &a b\n",
        "a: b: c\n",
        "a: b:\n",
        "a:b\n",
        "a: ~\n",
        "a: 1e999\n",
        "a: b\r\n",
        "a:\tb\n",
        "a: b\x85c: d\n",
        "a: b\x01\n",
        "a:\n  b: {" + "k" * 1025 + ": 1}\n",
        "\n" * 100_001 + "a: 1\n",
        "---\n---\na: 1\n",
        "a: 1\n---\nb: 1\n",
        "a: 1\n...\n",
        "%YAML 1.1\n---\na: 1\n",
        "".join(f"{' ' * depth}a:\n" for depth in range(20)) + " " * 20 + "a: 1\n",
    ],
)
def test_invalid_and_context_dependent_lines_are_left_to_libyaml(text: str) -> None:
    assert try_fast_parse(text, PlainLines()) is None


def test_nineteen_levels_are_read() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(18)) + " " * 18 + "a: 1\n"

    fast = try_fast_parse(text, PlainLines())

    assert fast is not None
    assert fast.tree == parse_yaml("a.yaml", text.encode()).tree


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("a: b" + " " * 400_000 + ":", None),
        ("a: " + "b #" * 200_000, {"a": "b"}),
        ("a: " + "{a: 1, " * 100_000, None),
    ],
    ids=["blanks", "comments", "braces"],
)
def test_a_hostile_line_takes_no_time(line: str, tree: object) -> None:
    # With quadratic time, this would not end.
    read = try_fast_parse(line, PlainLines())

    assert (None if read is None else read.tree) == tree


@pytest.mark.parametrize("lines", ["\n" * 5_000_000, "#\n" * 2_500_000])
def test_a_file_without_values_takes_little_memory(lines: str) -> None:
    tracemalloc.start()
    try:
        assert try_fast_parse(f"{lines}a: 1\n", PlainLines()) is None
        assert tracemalloc.get_traced_memory()[1] < 20 * len(lines)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_a_byte_order_mark_is_not_part_of_the_text(data: bytes) -> None:
    assert decode(data) == "ä: 1\r\n"


def test_bytes_that_are_not_utf_8_raise() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff")
