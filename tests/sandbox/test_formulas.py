from __future__ import annotations

import pytest

from reconciler.sandbox.formulas import FormulaError, check_syntax, find_references, resolve_references


def find_complaint(formula: str) -> str:
    """What the sandbox says about a formula; "" if it is valid."""
    try:
        check_syntax(formula)
    except FormulaError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "formula",
    [
        "1",
        ".5 + 1. - 2.25",
        "channel(1042)",
        "Channel ( 1042 )",
        "-channel(1) * +2 / --3",
        "(channel(1) + channel(2)) * 0.5",
        "if(channel(1) > 0, channel(1), 0)",
        "IF(AND(channel(1) >= 0, channel(2) <> 0, 1 = 1), channel(1), OR(1, 0))",
        "channel(1)\n  - channel(2)",
        "(" * 100 + "1" + ")" * 100,
    ],
)
def test_the_published_part_of_the_language_is_valid(formula: str) -> None:
    assert find_complaint(formula) == ""


@pytest.mark.parametrize(
    ("formula", "complaint"),
    [
        ("", "expected a number, channel(ID) or a parenthesis at column 1, found 'the end'"),
        ("1 +", "expected a number, channel(ID) or a parenthesis at column 4, found 'the end'"),
        ("1 2", "expected the end of the formula at column 3, found '2'"),
        ("1 < 2 < 3", "expected the end of the formula at column 7, found '<'"),
        ("channel(1", "expected a closing parenthesis at column 10, found 'the end'"),
        ("channel 1", "expected a parenthesis after channel at column 9, found '1'"),
        ("channel(north)", "expected the id of a channel at column 9, found 'north'"),
        ("channel(1.5)", "expected the id of a channel at column 9, found '1.5'"),
        ("channel(99999999999)", "expected the id of a channel at column 9, found '99999999999'"),
        ("(1", "expected a closing parenthesis at column 3, found 'the end'"),
        ("IF 1", "expected a parenthesis after IF at column 4, found '1'"),
        ("IF(1, 2)", "IF at column 1 takes 3 parts, found 2"),
        ("1 + AND(1)", "AND at column 5 takes 2 or more parts, found 1"),
        ("OR(1, 2", "expected a closing parenthesis at column 8, found 'the end'"),
        ("IF(1, 2, 3, 4)", "IF at column 1 takes 3 parts, found 4"),
        ("SUM(1, 2)", "'sum' at column 1 is not a function; there are channel, IF, AND, OR"),
        ("2 % 3", "'%' at column 3 has no meaning in a formula"),
        ("'x'", '"\'" at column 1 has no meaning in a formula'),
        ("(" * 101 + "1" + ")" * 101, "more than 100 levels of parentheses at column 102"),
        ("(" * 100_000, "more than 100 levels of parentheses at column 102"),
    ],
)
def test_everything_else_is_refused_with_its_place(formula: str, complaint: str) -> None:
    with pytest.raises(FormulaError) as failure:
        check_syntax(formula)

    assert str(failure.value) == complaint


def test_references_are_found_in_order_and_once() -> None:
    assert find_references("channel(2) + CHANNEL( 1 ) - channel(2) + subchannel(3) + channel(north)") == (2, 1)
    assert find_references(None) == ()


def test_references_are_replaced_with_names() -> None:
    assert resolve_references("channel( 2 ) * 3", {2: "Main (new)"}.__getitem__) == "channel(Main (new)) * 3"
