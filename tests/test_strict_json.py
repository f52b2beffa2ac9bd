"""How deep JSON is nested, against what reading it gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.strict_json import MAX_JSON_DEPTH, is_too_deep
from tests.cases import note_case

TEXTS = st.text(st.sampled_from('ab"\\[]{}\né'))
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=30
)


def nest(value: Any, depth: int, *, in_lists: bool = True) -> Any:
    """`value`, that many levels down."""
    for _ in range(depth):
        value = [value, "]}"] if in_lists else {"]}\\": value, '"': []}
    return value


def find_depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(find_depth, inner), default=0)


@given(VALUES, st.integers(MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH + 1), st.booleans(), st.booleans())
def test_what_is_nested_deeper_than_the_limit_is_found(value: Any, depth: int, in_lists: bool, is_ascii: bool) -> None:
    document = nest(value, depth - find_depth(value), in_lists=in_lists)
    text = json.dumps(document, ensure_ascii=is_ascii)

    too_deep = find_depth(document) > MAX_JSON_DEPTH
    note_case(reached=abs(find_depth(document) - MAX_JSON_DEPTH) <= 1)
    assert is_too_deep(text) is is_too_deep(text.encode()) is too_deep


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * MAX_JSON_DEPTH, False),
        ("[" * (MAX_JSON_DEPTH + 1), True),
        ('{"a":' * 100_000, True),
        ('"' + "[" * 1000, False),
        ("[]" * 100_000, False),
        ('"\ud800"', False),
        ("", False),
    ],
    ids=["just", "cut", "objects", "text", "wide", "surrogate", "empty"],
)
def test_what_is_no_json_is_judged_too(text: str, expected: bool) -> None:
    assert is_too_deep(text) is expected
