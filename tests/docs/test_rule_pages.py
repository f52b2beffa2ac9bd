"""The page of all rules: what is on it, and what is code in its texts."""

from __future__ import annotations

import pytest

from reconciler.rules import RULES
from tests.docs.rule_pages import mark_code, render_rules


def test_every_rule_has_a_row_and_a_section() -> None:
    lines = render_rules().splitlines()

    assert [line.removeprefix("### ") for line in lines if line.startswith("### ESA") and ":" not in line] == sorted(
        RULES
    )
    assert [line[3:9] for line in lines if line.startswith("| [ESA")] == sorted(RULES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing special", "nothing special"),
        ("write isCalculated: true", "write `isCalculated: true`"),
        ("write formula: null, or 7", "write `formula: null`, or 7"),
        ("as in  url: sandbox  or so", "as in `url: sandbox` or so"),
        ("as in  maxChanges: 30%, or", "as in `maxChanges: 30%`, or"),
        ("as in  init --ci,  or so, and  plan", "as in `init --ci`, or so, and `plan`"),
        ("raise guards.maxChanges", "raise `guards.maxChanges`"),
        ("channel(<channelId>)", "`channel(<channelId>)`"),
        ("a file (*.yaml) of <b> | [x]", r"a file (\*.yaml) of \<b\> \| \[x\]"),
        ("a pattern of --only", "a pattern of `--only`"),
        ("what EnergyCAP says", "what EnergyCAP says"),
    ],
)
def test_pieces_of_files_are_code_and_all_else_is_only_text(text: str, shown: str) -> None:
    assert mark_code(text) == shown
