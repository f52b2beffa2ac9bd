"""What can be wrong with a formula: its text, its operators, the channels that it uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning import formula_checks
from reconciler.planning.constraints import Violation
from reconciler.planning.formula_checks import check_operators, check_references, find_formula_violations
from tests.cases import mostly, note_case
from tests.planning.offline_files import FORMULA, make_channel, make_formula, summarize

if TYPE_CHECKING:
    from reconciler.model.channels import Desired

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
def test_valid_formulas_break_no_rule(formula: str) -> None:
    assert find_formula_violations({FORMULA: formula}, NAMES) == ()


@pytest.mark.parametrize(
    ("formula", "code", "found"),
    [
        ("", "ESA206", 'formula must not be blank, found ""'),
        ("channel(a", "ESA207", 'formula must have balanced parentheses, found 1 "(" without ")" in "channel(a"'),
        (
            "channel(a))",
            "ESA207",
            'formula must have balanced parentheses, found a ")" without "(" in "channel(a))"',
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
            "channel(north(use)) * 2",
            "ESA208",
            "formula must name one channel in each channel(...), found channel(north(...",
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


def test_each_reference_that_names_no_channel_is_reported() -> None:
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


def test_a_formula_of_constants_gets_the_general_fix() -> None:
    (violation,) = find_formula_violations({FORMULA: "2 * 3"}, NAMES)

    assert violation.fix == "write channel(...) around the name of each channel"


@pytest.mark.parametrize("spec", [{}, {FORMULA: None}, {FORMULA: " ", "isCalculated": True}])
def test_an_absent_or_blank_formula_is_not_checked_here(spec: dict[str, str | bool | None]) -> None:
    assert find_formula_violations(spec, NAMES) == ()


def test_a_typo_is_reported_beside_other_problems() -> None:
    violations = find_formula_violations({FORMULA: "nb-elec-use * 3%"}, NAMES)

    assert [violation.code for violation in violations] == ["ESA209", "ESA216"]


@given(st.text("channel()'\" 12a\n", max_size=30))
def test_any_text_is_checked_without_an_exception(formula: str) -> None:
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
def test_the_fast_path_accepts_only_valid_formulas(formula: str) -> None:
    taken = find_formula_violations({FORMULA: formula}, NAMES)
    note_case(reached=formula and not taken)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formula_checks, "_PLAIN", re.compile("(?!)"))
        checked = find_formula_violations({FORMULA: formula}, NAMES)

    assert taken == checked


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
def test_syntax_that_some_grammar_may_allow_is_not_a_typo(formula: str) -> None:
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
        ("=channel(a) * 2", '"=" at the beginning', "remove the = at the beginning"),
        ("channel(a) * 3%", '"3 %"', "write the percentage as a number, as in 0.03 for 3 %"),
        ("channel(a) ** 2", '"**"', "write a single * or /"),
        ("channel(a) // 2", '"//"', "write a single * or /"),
        ("channel(a) x 2", '"x"', "write  *  instead of  x"),
        ("(channel(a)) X (2)", '"X"', "write  *  instead of  X"),
        ("channel(a) \u00d7 2", '"\u00d7"', "write  *  instead of  \u00d7"),
        ("channel(a) \u00b7 2", '"\u00b7"', "write  *  instead of  \u00b7"),
        ("channel(a) \u00f7 2", '"\u00f7"', "write  /  instead of  \u00f7"),
        ("channel(a) \u2212 2", '"\u2212"', "write  -  instead of  \u2212"),
        ("channel(a) * \u22122", '"\u2212"', "write  -  instead of  \u2212"),
        ("channel(a) * 0,97", '"0,97"', "write a decimal point, and no separator for thousands"),
        ("channel(a) * 1.5,25", '"1.5,25"', "write a decimal point, and no separator for thousands"),
        ("channel(a) * 1,5.25", '"1,5.25"', "write a decimal point, and no separator for thousands"),
        ("MAX(channel(a), 1) * 0,97", '"0,97"', "write a decimal point, and no separator for thousands"),
        ("(channel(a) * 1,000)", '"1,000"', "write a decimal point, and no separator for thousands"),
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


def test_one_typo_of_each_kind_is_reported() -> None:
    found = [(slip.code, slip.fix) for slip in check_operators("channel(a) * 3% + 4% \u00d7 0,5 + 1,5 * 2 +")]

    assert found == [
        ("ESA210", "add the missing value, or remove the operator"),
        ("ESA216", "write the percentage as a number, as in 0.03 for 3 %"),
        ("ESA216", "write  *  instead of  \u00d7"),
        ("ESA216", "write a decimal point, and no separator for thousands"),
    ]


@given(st.lists(st.sampled_from(["channel(a)", "IF", "+", "*", "/", "(1,5)", "x", "%", "=", ",", "2", "."])))
def test_any_formula_is_checked_without_an_exception(parts: list[str]) -> None:
    slips = list(check_operators(" ".join(parts)))
    note_case(reached=slips)
    assert {slip.path for slip in slips} <= {FORMULA}


USE = make_channel("nb-elec-use", {"isCalculated": False}, line=3, select=Identifiers(channel_id=1042))


def find_reference_codes(*channels: Desired) -> list[str]:
    return [finding.code for finding in check_references(channels)]


def test_a_reference_to_a_simple_channel_is_valid() -> None:
    assert find_reference_codes(USE, make_formula("nb-elec-losses", "channel(nb-elec-use) * 0.03")) == []


def test_an_unknown_name_gets_the_most_similar_one() -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", "2 * Channel( nb-elec-uze )")))

    assert finding == Finding(
        code="ESA320",
        severity=Severity.ERROR,
        message="formula names an unknown channel, found channel(nb-elec-uze)",
        location=Location(
            "channels/north.yaml",
            7,
            path=("channels", "nb-elec-losses", "esaChannelVersion", "formula"),
            fragment="Channel( nb-elec-uze )",
        ),
        fix="did you mean  channel(nb-elec-use)",
    )


def test_an_import_id_in_a_formula_gets_the_name_of_its_channel() -> None:
    use = make_channel("nb-electricity", {"channelImportId": "NB-USE"})
    net = make_formula("nb-net-use", "channel(NB-USE) * 0.97")

    assert [finding.fix for finding in check_references((use, net))] == ["did you mean  channel(nb-electricity)"]


def test_an_unknown_name_without_a_similar_one_gets_the_general_fix() -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", "channel(steam)")))

    assert finding.fix == "write the name of a channel in these files, or the id of one that is not managed here"


@pytest.mark.parametrize(
    "reference", ["\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}", "9" * 5000], ids=["other digits", "too long"]
)
def test_a_number_that_cannot_be_an_id_is_an_unknown_name(reference: str) -> None:
    twelve = make_channel("nb-elec-use", select=Identifiers(channel_id=12))

    assert find_reference_codes(twelve, make_formula("nb-elec-losses", f"channel({reference})")) == ["ESA320"]


def test_an_id_that_no_file_selects_is_not_checked() -> None:
    assert (
        find_reference_codes(USE, make_formula("nb-elec-losses", "channel(1077) + channel(99999999999999999999)")) == []
    )


@pytest.mark.parametrize("reference", ["1042", "001042"])
def test_the_id_of_a_managed_channel_is_noted(reference: str) -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", f"channel({reference}) * 0.03")))

    assert (finding.code, finding.severity) == ("ESA321", Severity.NOTE)
    assert finding.detail == ("the same channel: nb-elec-use (channels/north.yaml:3)",)
    assert finding.fix == "write  channel(nb-elec-use)"


@pytest.mark.parametrize(
    "used",
    [
        make_channel("total", {"isCalculated": True}, select=Identifiers(channel_id=1042)),
        make_channel("use", data_point="SB-01", select=Identifiers(channel_id=1042)),
    ],
    ids=["calculated", "on another data point"],
)
def test_no_note_on_the_id_of_a_channel_that_the_formula_may_not_name(used: Desired) -> None:
    assert find_reference_codes(used, make_formula("campus", "channel(1042) * 2", data_point="NB-01")) == []


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        ({"isCalculated": True}, ["ESA322"]),
        ({FORMULA: "channel(1042)"}, ["ESA322"]),
        ({FORMULA: "channel(1042)", "isCalculated": False}, []),
        ({FORMULA: None}, []),
        ({FORMULA: ""}, []),
        ({}, []),
    ],
    ids=["calculated", "has a formula", "said to be simple", "null formula", "blank formula", "nothing managed"],
)
def test_a_calculated_channel_may_not_be_used(spec: dict[str, str | bool | None], codes: list[str]) -> None:
    assert find_reference_codes(make_channel("other", spec), make_formula("user", "channel(other)")) == codes


def test_a_used_calculated_channel_is_reported_with_its_location() -> None:
    other = make_formula("other", "channel(1077)", file="channels/south.yaml", line=12)

    (finding,) = check_references((other, make_formula("user", "channel(other) * 2")))

    assert finding.message == "formula uses a calculated channel, found channel(other)"
    assert finding.detail == ("calculated: other (channels/south.yaml:12)",)


@pytest.mark.parametrize("reference", ["self", "7"])
def test_a_formula_may_not_use_its_own_channel(reference: str) -> None:
    channel = make_formula("self", f"channel({reference}) + 1", select=Identifiers(channel_id=7))

    assert find_reference_codes(channel) == ["ESA323"]


def test_a_cycle_is_reported_once_with_all_its_channels() -> None:
    channels = (
        make_formula("c", "channel(a)", line=30),
        make_formula("a", "channel(b)", line=10),
        make_formula("b", "channel(c)", line=20),
        make_formula("d", "channel(a)", line=40),
    )

    cycle, calculated = check_references(channels)

    assert summarize([cycle]) == [
        ("ESA324", "channels a esaChannelVersion formula", "formulas use each other in a cycle, found a → b → c → a")
    ]
    assert cycle.detail == ("in the cycle: b (channels/north.yaml:20)", "in the cycle: c (channels/north.yaml:30)")
    assert summarize([calculated]) == [
        ("ESA322", "channels d esaChannelVersion formula", "formula uses a calculated channel, found channel(a)")
    ]


@pytest.mark.parametrize(
    ("length", "end"), [(8, "c7 → c0"), (9, "... 2 more → c0"), (20, "... 13 more → c0")], ids=["8", "9", "20"]
)
def test_a_long_cycle_is_shortened(length: int, end: str) -> None:
    channels = [make_formula(f"c{number}", f"channel(c{(number + 1) % length})") for number in range(length)]

    (finding,) = check_references(channels)

    assert finding.message.endswith(f"found c0 → c1 → c2 → c3 → c4 → c5 → c6 → {end}")
    assert len(finding.detail) == 7


@pytest.mark.parametrize(
    ("here", "there", "codes"),
    [("NB-01", "SB-01", ["ESA325"]), ("NB-01", "NB-01", []), (None, "SB-01", []), ("NB-01", None, [])],
    ids=["another", "the same", "its own not known", "the other's not known"],
)
def test_channels_of_another_data_point_may_not_be_used(here: str | None, there: str | None, codes: list[str]) -> None:
    user = make_formula("user", "channel(other)", data_point=here)

    assert find_reference_codes(make_channel("other", data_point=there), user) == codes


def test_both_data_points_are_reported() -> None:
    other = make_channel("other", file="channels/south.yaml", data_point="SB-01")

    (finding,) = check_references((other, make_formula("user", "channel(other)", data_point="NB-01")))

    assert finding.detail == (
        "this channel: data point NB-01",
        "other (channels/south.yaml:7): data point SB-01",
    )
