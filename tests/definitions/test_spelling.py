"""Values as YAML text, and what readers of all kinds make of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from reconciler.definitions.close import parse_yaml
from reconciler.definitions.plain import try_fast_parse
from reconciler.definitions.scalars import MAX_SCALE, PlainScalars, has_control
from reconciler.definitions.spelling import to_yaml_scalar
from tests.cases import note_case
from tests.texts import HOSTILE

TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text()).filter(lambda text: not has_control(text))
NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.integers(-(10**9), 10**9).map(lambda number: number / 10**6),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (15, "15"),
        (0.001, "0.001"),
        (1e-7, "0.0000001"),
        (-2.5, "-2.5"),
        ("KWH", "KWH"),
        ("North Building use (new)", "North Building use (new)"),
        ("channel(a) * 0.03", "channel(a) * 0.03"),
        ("Straße Süd", "Straße Süd"),
        ("総電力 ⚡", "総電力 ⚡"),
        ("15 min", "15 min"),
        ("B00001-ELEC", "B00001-ELEC"),
        ("", '""'),
        ("no", '"no"'),
        ("On", '"On"'),
        ("012", '"012"'),
        ("1:30", '"1:30"'),
        ("2024-06-03T10:30:00", '"2024-06-03T10:30:00"'),
        ("1e3", '"1e3"'),
        (".inf", '".inf"'),
        ("0x1F", '"0x1F"'),
        ("-channel(a)", '"-channel(a)"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("see {{ x }}", '"see {{ x }}"'),
        (" a", '" a"'),
        ('say "a"', 'say "a"'),
        ('"a"', '"\\"a\\""'),
        ("a\\b", "a\\b"),
        ("a\\b\n", '"a\\\\b\\n"'),
        ("a\tb\r", '"a\\tb\\r"'),
        ("a\u00a0b", '"a\\xA0b"'),
        ("\u202eabc", '"\\u202Eabc"'),
        ("x\U000e0001", '"x\\U000E0001"'),
    ],
)
def test_a_value_is_spelled_so_that_nobody_mistakes_it(value: Any, expected: str) -> None:
    assert to_yaml_scalar(value) == expected


@given(st.one_of(TEXTS, NUMBERS, st.booleans(), st.none()))
def test_every_reader_takes_a_spelled_value_for_the_same(value: Any) -> None:
    text = f"key: {to_yaml_scalar(value)}\n"
    closely = parse_yaml("x", text.encode())

    assert (closely.tree, closely.findings) == ({"key": value}, [])
    assert yaml.safe_load(text) == {"key": value}
    assert YAML(typ="safe").load(text) == {"key": value}


@given(TEXTS)
def test_the_plain_reader_takes_a_spelled_text_for_the_same_or_leaves_it(value: str) -> None:
    text = f"key: {to_yaml_scalar(value)}\n"
    plainly = try_fast_parse(text, PlainScalars())

    note_case(reached=plainly is not None)
    assert plainly is None or plainly.tree == {"key": value}


@given(st.integers(1, 10**MAX_SCALE - 1))
def test_the_smallest_decimals_are_written_out(number: int) -> None:
    assert to_yaml_scalar(number / 10**MAX_SCALE) == f"{number / 10**MAX_SCALE:.15f}".rstrip("0").rstrip(".")
