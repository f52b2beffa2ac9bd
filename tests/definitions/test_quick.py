"""The quick reader."""

from __future__ import annotations

import pytest

from reconciler.definitions.quick import read_quickly
from reconciler.definitions.scalars import PlainScalars
from reconciler.definitions.values import Values


def test_values_and_the_lines_of_names_are_read() -> None:
    text = """\
---
channels:
  north-use:
    channelInfo: 'yes'
    select: {channelId: 1042}

  "south-use": {isCalculated: true}
feeds:
  logger: {expect: north-use}
definitions: [a, [b], {c: 1.50}]
"""

    assert read_quickly(text, PlainScalars()) == Values(
        {
            "channels": {
                "north-use": {"channelInfo": "yes", "select": {"channelId": 1042}},
                "south-use": {"isCalculated": True},
            },
            "feeds": {"logger": {"expect": "north-use"}},
            "definitions": ["a", ["b"], {"c": 1.5}],
        },
        {"channels": {"north-use": 3, "south-use": 7}, "feeds": {"logger": 9}},
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\n---\nb: 1\n",
        "%YAML 1.1\n---\na: 1\n",
        "a: &a 1\n",
        "&a a: 1\n",
        "&a a",
        "a: &a {}\n",
        "a: *a\n",
        "a: ! b\n",
        "a: 1\na: 2\n",
        "<<: 1\n",
        '"": 1\n',
        "? [a]\n: 1\n",
        "a:\n",
        "a: ~\n",
        "a: 1e999\n",
        'a: "\\e"\n',
        '"\\e": a\n',
        "a:\t1\n",
        "a: @b\n",
        "a: \x85\n",
        "[" * 21 + "]" * 21,
    ],
)
def test_what_needs_judgement_is_left_to_the_close_reader(text: str) -> None:
    assert read_quickly(text, PlainScalars()) is None


def test_twenty_levels_are_read() -> None:
    quick = read_quickly("[" * 20 + "]" * 20, PlainScalars())

    assert quick is not None
