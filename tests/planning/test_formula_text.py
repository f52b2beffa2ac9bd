"""What can be wrong with the text of a formula."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.planning import formula_checks
from reconciler.planning.constraints import Violation
from reconciler.planning.formula_checks import find_formula_violations
from tests.cases import mostly, note_case
from tests.planning.offline_files import FORMULA

NAMES = {"nb-elec-use", "nb.gas"}


@pytest.mark.parametrize(
    "formula",
    [
        "channel(nb-elec-use) * 0.03",
        "channel(1042) + CHANNEL ( 1043 )",
        "IF(channel(1042) < 0, 0, (channel(1042)))",
        'IF(channel(1042) = ")", "channel(", 1)',
        "-channel(1042) * -2 + (-channel(1043)) - +1",
        "IF(channel(1042) <> 0,97, -channel(1043))",
    ],
)
def test_sound_formulas_break_no_rule(formula: str) -> None:
    assert find_formula_violations({FORMULA: formula}, NAMES) == ()


@pytest.mark.parametrize(
    ("formula", "code", "found"),
    [
        ("", "ESA206", 'formula must not be blank, found ""'),
        ("channel(a", "ESA207", 'formula must have balanced parentheses, found 1 "(" never closed in "channel(a"'),
        (
            "channel(a))",
            "ESA207",
            'formula must have balanced parentheses, found a ")" that closes nothing in "channel(a))"',
        ),
        (")channel(a)(", "ESA207", None),
        ("channel()", "ESA208", "formula must name one channel in each channel(...), found channel()"),
        ("channel( north use ) * 2", "ESA208", None),
        (
            "channel((north-use)) * 2",
            "ESA208",
            "formula must name one channel in each channel(...), found channel((...",
        ),
        (
            "channel(a) +",
            "ESA210",
            'formula must have a value on both sides of each operator, found "+" at the end in "channel(a) +"',
        ),
        ("* channel(a)", "ESA210", None),
        ("(nb.gas + 1) * 2", "ESA209", 'formula uses no channel, found "(nb.gas + 1) * 2"'),
    ],
)
def test_each_formula_breaks_its_rule(formula: str, code: str, found: str | None) -> None:
    (violation,) = find_formula_violations({FORMULA: formula}, NAMES)

    assert (violation.code, violation.message) == (code, found or violation.message)


def test_each_reference_that_names_no_channel_is_told() -> None:
    violations = find_formula_violations({FORMULA: "channel() + channel(a) + channel(b c)"}, NAMES)

    assert [violation.message.partition("found ")[2] for violation in violations] == ["channel()", "channel(b c)"]


def test_a_name_without_channel_around_it_is_recognized() -> None:
    assert find_formula_violations({FORMULA: "nb-elec-use * 0.03"}, NAMES) == (
        Violation(
            code="ESA209",
            path=FORMULA,
            message='formula uses no channel, found "nb-elec-use * 0.03"',
            fix="write  channel(nb-elec-use)  for nb-elec-use",
        ),
    )


def test_a_formula_of_constants_gets_the_general_way_out() -> None:
    (violation,) = find_formula_violations({FORMULA: "2 * 3"}, NAMES)

    assert violation.fix == "write channel(...) around the name of each channel"


@pytest.mark.parametrize("spec", [{}, {FORMULA: None}, {FORMULA: " ", "isCalculated": True}])
def test_what_is_no_text_or_told_elsewhere_is_not_judged(spec: dict[str, str | bool | None]) -> None:
    assert find_formula_violations(spec, NAMES) == ()


def test_a_slip_is_told_beside_what_else_is_wrong() -> None:
    violations = find_formula_violations({FORMULA: "nb-elec-use * 3%"}, NAMES)

    assert [violation.code for violation in violations] == ["ESA209", "ESA216"]


@given(st.text("channel()'\" 12a\n", max_size=30))
def test_any_text_is_judged_without_an_exception(formula: str) -> None:
    violations = list(find_formula_violations({FORMULA: formula}, NAMES))
    note_case(reached=violations)
    assert {violation.path for violation in violations} <= {FORMULA}


PIECES = (
    *("channel(a)", "Channel ( 42 )", "channel(a b)", "channel()", "channel((a))", "(", ")", "+", "-", "*", "/", "**"),
    *("=", "%", "2", "0.5", "1,5", ".5", "1.", "1e3", "012", "x", "IF", ",", " ", "  ", "a", "1042", "^"),
    *("\N{MULTIPLICATION SIGN}", "channel(a\N{NO-BREAK SPACE}b)", "\N{NO-BREAK SPACE}", "\N{ARABIC-INDIC DIGIT TWO}"),
)


SOUND = st.builds(
    "".join,
    st.lists(
        st.sampled_from(("channel(a) + ", "Channel ( 42 )*", "2 - ", "0.5/", "channel(nb-elec-use)  -  ")), max_size=4
    ).map(lambda parts: [*parts, "channel(a)"]),
)


@given(mostly(SOUND, st.lists(st.sampled_from(PIECES), max_size=7).map("".join)))
@example("-channel(a) * 0.5 + channel(42)/2")
@example("channel(a) - channel(a\N{NO-BREAK SPACE}b)")
def test_nothing_is_wrong_with_what_is_taken_without_a_look(formula: str) -> None:
    taken = find_formula_violations({FORMULA: formula}, NAMES)
    note_case(reached=formula and not taken)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formula_checks, "_PLAIN", re.compile("(?!)"))
        looked_at = find_formula_violations({FORMULA: formula}, NAMES)

    assert taken == looked_at
