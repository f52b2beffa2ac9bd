"""Formulas as tokens."""

from __future__ import annotations

import pytest

from reconciler.model.formulas import find_references, find_written, is_same_formula, rename_references, tokenize


def test_references_come_in_order_and_once() -> None:
    assert find_references("channel(b-2) + Channel( 17 ) - channel(b-2)") == ("b-2", "17")


def test_a_reference_is_found_as_it_is_written() -> None:
    assert find_written("channel(ab) - Channel( b ) - channel(b)", "b") == "Channel( b )"
    assert find_written("channel(ab)", "b") == ""


def test_renaming_keeps_everything_but_the_reference() -> None:
    assert rename_references("channel( a )  *  0.03", {"a": "1042"}.__getitem__) == "channel(1042)  *  0.03"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("channel(1)*0.03", " channel( 1 ) * 0.03 ", True),
        ("IF(channel(1)>=0,channel(1),0)", "IF( channel(1) >= 0, channel(1), 0 )", True),
        ("channel(1) * 0.03", "channel(1) * 0.030", False),
        ("channel(1) > = 0", "channel(1) >= 0", False),
        ("a b", "ab", False),
        ("'a  b'", "'a b'", False),
        ("channel(1)", "channel(2)", False),
    ],
)
def test_only_spacing_between_tokens_is_no_difference(one: str, other: str, same: bool) -> None:
    assert is_same_formula(one, other) is same


def test_tokens_are_numbers_words_signs_texts_and_references() -> None:
    assert tokenize('IF(channel(nb-x) <> 1.5e3, "a b", -.2) $') == (
        *("IF", "(", "channel(nb-x)", "<>", "1.5e3", ",", '"a b"', ",", "-", ".2", ")", "$"),
    )
