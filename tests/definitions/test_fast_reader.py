"""The fast reader."""

from __future__ import annotations

import tracemalloc

import pytest

from reconciler.definitions.fast_reader import ParsedValues, try_fast_parse
from reconciler.definitions.scalars import PlainScalars
from reconciler.definitions.yaml_reader import parse_yaml

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
    channelInfo: null
feeds:
  logger:
    expect: north-use
"""


def test_values_and_the_lines_of_names_are_read() -> None:
    assert try_fast_parse(PLAIN, PlainScalars()) == ParsedValues(
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
                "sör": {"channelInfo": None},
            },
            "feeds": {"logger": {"expect": "north-use"}},
        },
        {"channels": {"north-use": 8, "sör": 20}, "feeds": {"logger": 23}},
    )


def test_libyaml_reads_the_same() -> None:
    plainly, closely = try_fast_parse(PLAIN, PlainScalars()), parse_yaml("a.yaml", PLAIN.encode())

    assert plainly is not None
    assert (plainly.tree, []) == (closely.tree, closely.findings)


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
        "a: |\n  b: c\n",
        "a:\n- b\n",
        "a: [b]\n",
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
    assert try_fast_parse(text, PlainScalars()) is None


def test_nineteen_levels_are_read() -> None:
    text = "".join(f"{' ' * depth}a:\n" for depth in range(18)) + " " * 18 + "a: 1\n"

    plainly = try_fast_parse(text, PlainScalars())

    assert plainly is not None
    assert plainly.tree == parse_yaml("a.yaml", text.encode()).tree


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
    read = try_fast_parse(line, PlainScalars())

    assert (None if read is None else read.tree) == tree


@pytest.mark.parametrize("lines", ["\n" * 5_000_000, "#\n" * 2_500_000])
def test_a_file_without_values_takes_little_memory(lines: str) -> None:
    tracemalloc.start()
    try:
        assert try_fast_parse(f"{lines}a: 1\n", PlainScalars()) is None
        assert tracemalloc.get_traced_memory()[1] < 20 * len(lines)
    finally:
        tracemalloc.stop()
