"""The catalogue as a whole: what holds for each rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.rules import RULES, make_finding
from reconciler.rules.channel_rules import DOMAIN_RULES, REFERENCE_RULES
from reconciler.rules.file_rules import FILE_RULES
from reconciler.rules.impact_rules import IMPACT_RULES
from reconciler.rules.plan_rules import PRECONDITION_RULES, SERVICE_RULES
from reconciler.rules.reading_rules import FEED_RULES, SWAP_RULES, TIME_RULES
from reconciler.rules.rule import Rule, RuleGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = (
    *FILE_RULES,
    *DOMAIN_RULES,
    *REFERENCE_RULES,
    *PRECONDITION_RULES,
    *IMPACT_RULES,
    *FEED_RULES,
    *SWAP_RULES,
    *TIME_RULES,
    *SERVICE_RULES,
)


def test_every_code_stands_for_one_rule() -> None:
    assert sorted(rule.code for rule in ALL) == sorted(RULES)


@pytest.mark.parametrize(
    "rules", [FILE_RULES, DOMAIN_RULES, REFERENCE_RULES, PRECONDITION_RULES, IMPACT_RULES, FEED_RULES, TIME_RULES]
)
def test_rules_stand_in_the_order_of_their_codes_within_one_group(rules: tuple[Rule, ...]) -> None:
    codes = [rule.code for rule in rules]

    assert codes == sorted(codes)
    assert len({rule.group for rule in rules}) == 1


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_every_rule_is_told_in_full(rule: Rule) -> None:
    assert re.fullmatch(r"ESA[1-7]\d\d", rule.code)
    # A title and a reason are sentences; a way out follows "fix:", a source "source:".
    assert re.fullmatch(r"[A-Za-z].*\.", rule.title)
    assert re.fullmatch(r"[A-Za-z-].*\.", rule.why)
    assert re.fullmatch(r"[a-z-].*[^.]", rule.fix)
    assert rule.source


def test_the_first_digit_of_a_code_gives_the_group() -> None:
    assert RULES["ESA214"].group is RuleGroup.DOMAIN
    assert RULES["ESA701"].group is RuleGroup.SERVICE


def test_a_finding_takes_severity_and_way_out_from_its_rule() -> None:
    place = Location("channels/north.yaml", 12)

    assert make_finding("ESA219", "it is 0", place) == Finding(
        code="ESA219", severity=Severity.WARNING, message="it is 0", location=place, fix=RULES["ESA219"].fix
    )


def test_a_particular_way_out_comes_before_the_general_one() -> None:
    assert make_finding("ESA217", "a space", fix="write  X").fix == "write  X"


TESTS = Path(__file__).parents[1]
CODE = re.compile(r"ESA\d{3}")


def read_text(node: ast.expr) -> str:
    """A text written in a test, with braces where something is filled in; braces alone for a name; "" for the rest."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(read_text, parts))
        case ast.FormattedValue() | ast.Name():
            return "{}"
        case _:
            return ""


def list_parts(node: ast.AST) -> list[ast.expr]:
    """What stands side by side in `node`: the parts of a tuple, the arguments of a call, all that an assertion has."""
    match node:
        case ast.Assert():
            return [part for part in ast.walk(node.test) if isinstance(part, ast.Constant | ast.JoinedStr)]
        case ast.Call():
            return [*node.args, *(keyword.value for keyword in node.keywords)]
        case ast.Tuple() | ast.List():
            return node.elts
        case _:
            return []


def list_told(tree: ast.Module) -> Iterator[str]:
    """The codes that a test file holds together with a message, in one text or side by side."""
    for node in ast.walk(tree):
        texts = [read_text(part) for part in list_parts(node)]
        if any("{}" in rest or len(rest.split()) >= 4 for rest in (CODE.sub("", text) for text in texts)):
            yield from (code for text in texts for code in CODE.findall(text))


def test_every_rule_is_shown_with_its_message_by_an_example_or_a_test() -> None:
    """An example is a file beside its whole output; a test compares the code together with the message."""
    examples = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("examples/invalid/*.txt"))
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TESTS.glob("*/**/test_*.py")))
    told = {code for tree in trees for code in list_told(tree)}

    assert [code for code in RULES if f"  {code}  " not in examples and code not in told] == []
