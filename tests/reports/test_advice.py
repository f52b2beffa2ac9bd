"""What is to be copied out of a sentence."""

from __future__ import annotations

import pytest

from reconciler.reports.advice import split_code


@pytest.mark.parametrize(
    ("sentence", "parts", "code"),
    [
        ("look it up", ["look it up"], []),
        ("write  offset: null", ["write ", "offset: null"], ["offset: null"]),
        ("write  A: 1  under select", ["write ", "A: 1", " ", "under select"], ["A: 1"]),
        ("write  A: 1, or write  B: 2", ["write ", "A: 1", ", or write ", "B: 2"], ["A: 1", "B: 2"]),
        ("write  A: {B: 1, C: 2},  or wait", ["write ", "A: {B: 1, C: 2}", ", ", "or wait"], ["A: {B: 1, C: 2}"]),
        ("write  A: [1, 2]", ["write ", "A: [1, 2]"], ["A: [1, 2]"]),
        ('write  A: "b, c", or not', ["write ", 'A: "b, c"', ", or not"], ['A: "b, c"']),
        ("as in  max(1, 2), for one", ["as in ", "max(1, 2)", ", for one"], ["max(1, 2)"]),
        ("write  A: 1,", ["write ", "A: 1", ","], ["A: 1"]),
        ("write  A: {1", ["write ", "A: {1"], ["A: {1"]),
    ],
)
def test_code_ends_where_the_sentence_goes_on(sentence: str, parts: list[str], code: list[str]) -> None:
    found = list(split_code(sentence))
    assert [part.text for part in found] == parts
    assert [part.text for part in found if part.is_code] == code
