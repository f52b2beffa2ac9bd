"""Slips of the pen in a formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.constraints import Violation
from reconciler.planning.formula_checks import check_operators
from tests.cases import note_case
from tests.planning.offline_files import FORMULA


@pytest.mark.parametrize(
    "formula",
    [
        "channel(a) * -1",
        "-channel(a) - -1",
        "channel(a) + +1",
        "IF(channel(a) > 0,97, MAX(1,2), (-1))",
        "IF(AND(channel(a) <= 1, channel(b) <> 2), 0.5, .5)",
        "MOD(channel(a) + (1,5), 2)",
        'IF(channel(a) = "x % * ", 1, 2)',
        "channel(a) + x 2",
        "(x 2)",
        "2 x",
        "1,channel(a)",
        "channel(a),1",
    ],
)
def test_what_some_grammar_may_allow_is_no_slip(formula: str) -> None:
    assert check_operators(formula) == ()


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("channel(a) *", '"*" at the end'),
        ("channel(a) <", '"<" at the end'),
        ("/ channel(a)", '"/" at the beginning'),
        ("channel(a) + * 2", '"+ *"'),
        ("channel(a) - /2", '"- /"'),
        ("channel(a) / * 2", '"/ *"'),
        ("channel(a) = * 2", '"= *"'),
        ("(* channel(a))", '"( *"'),
        ("(channel(a) +) * 2", '"+ )"'),
        ("MAX(channel(a) -, 1)", '"- ,"'),
    ],
)
def test_an_operator_without_a_value_is_an_error(formula: str, found: str) -> None:
    assert check_operators(formula) == (
        Violation(
            "ESA210",
            FORMULA,
            f'formula must have a value on both sides of each operator, found {found} in "{formula}"',
            "add the missing value, or remove the operator",
        ),
    )


@pytest.mark.parametrize(
    ("formula", "found", "fix"),
    [
        ("=channel(a) * 2", '"=" at the beginning', "take out the = at the beginning"),
        ("channel(a) * 3%", '"3 %"', "write the share as a number, as in 0.03 for 3 %"),
        ("channel(a) ** 2", '"**"', "write * or /, once"),
        ("channel(a) // 2", '"//"', "write * or /, once"),
        ("channel(a) x 2", '"x"', "write  *  instead of  x"),
        ("(channel(a)) X (2)", '"X"', "write  *  instead of  X"),
        ("channel(a) \u00d7 2", '"\u00d7"', "write  *  instead of  \u00d7"),
        ("channel(a) \u00b7 2", '"\u00b7"', "write  *  instead of  \u00b7"),
        ("channel(a) \u00f7 2", '"\u00f7"', "write  /  instead of  \u00f7"),
        ("channel(a) \u2212 2", '"\u2212"', "write  -  instead of  \u2212"),
        ("channel(a) * \u22122", '"\u2212"', "write  -  instead of  \u2212"),
        ("channel(a) * 0,97", '"0,97"', "write a point before decimals, and nothing between thousands"),
        ("channel(a) * 1.5,25", '"1.5,25"', "write a point before decimals, and nothing between thousands"),
        ("(channel(a) * 1,000)", '"1,000"', "write a point before decimals, and nothing between thousands"),
    ],
)
def test_a_sign_that_is_not_published_is_a_warning(formula: str, found: str, fix: str) -> None:
    assert check_operators(formula) == (
        Violation(
            "ESA216",
            FORMULA,
            f'formula should be written with + - * / and decimal points, found {found} in "{formula}"',
            fix,
        ),
    )


def test_one_slip_of_each_kind_is_told() -> None:
    found = [(slip.code, slip.fix) for slip in check_operators("channel(a) * 3% + 4% \u00d7 0,5 + 1,5 * 2 +")]

    assert found == [
        ("ESA210", "add the missing value, or remove the operator"),
        ("ESA216", "write the share as a number, as in 0.03 for 3 %"),
        ("ESA216", "write  *  instead of  \u00d7"),
        ("ESA216", "write a point before decimals, and nothing between thousands"),
    ]


@given(st.lists(st.sampled_from(["channel(a)", "IF", "+", "*", "/", "(1,5)", "x", "%", "=", ",", "2", "."])))
def test_any_formula_is_judged_without_an_exception(parts: list[str]) -> None:
    slips = list(check_operators(" ".join(parts)))
    note_case(reached=slips)
    assert {slip.path for slip in slips} <= {FORMULA}
