"""The formulas around what changes."""

from __future__ import annotations

import re

from reconciler.model.plan import ChannelLabel, FormulaLink
from reconciler.reports.mermaid import draw_links, list_formula_uses
from tests.reports.plans import HOSTILE, PLANS

LINKS = PLANS["mixed"].formula_links


def test_a_picture_shows_whose_values_go_where_and_what_comes_and_goes() -> None:
    picture, drawn = draw_links(LINKS, {1042: "changes", 1043: "blocked"})
    assert drawn == len(LINKS)
    assert picture == (
        "```mermaid\n"
        "flowchart LR\n"
        'n0["nb-elec-use (changes)"]\n'
        'n1["nb-elec-losses (blocked)"]\n'
        "n0 == new ==> n1\n"
        'n2["nb-elec-net"]\n'
        "n1 -. dropped .-> n2\n"
        "n0 --> n2\n"
        'n3["1077 Campus total"]\n'
        "n1 --> n3\n"
        "```\n"
    )


def test_the_list_says_the_same() -> None:
    assert list_formula_uses(LINKS) == (
        "- `nb-elec-losses` would use `nb-elec-use`\n",
        "- `nb-elec-net` uses `nb-elec-use`, and would no longer use `nb-elec-losses`\n",
        '- `1077 "Campus total"` uses `nb-elec-losses`\n',
    )


def test_a_picture_stays_under_two_thousand_characters_and_draws_what_changes_first() -> None:
    used = ChannelLabel(0, "used", "Used")
    many = [FormulaLink(ChannelLabel(i, f"user-{i:020}", "User"), used, before=True, after=True) for i in range(1, 99)]
    new = FormulaLink(ChannelLabel(99, "newcomer", "New"), used, before=False, after=True)
    picture, drawn = draw_links([*many, new], {50: "changes"})
    assert len(picture) < 2000
    assert 20 < drawn < 99
    assert [label for label in ("newcomer", "user-00000000000000000050 (changes)") if label in picture] == [
        "newcomer",
        "user-00000000000000000050 (changes)",
    ]


def test_hostile_names_draw_nothing_but_themselves() -> None:
    link = FormulaLink(ChannelLabel(1, HOSTILE, ""), ChannelLabel(2, None, HOSTILE), before=True, after=True)
    lines = draw_links([link], {})[0].splitlines()
    assert [
        line for line in lines if not re.fullmatch(r'```(mermaid)?|flowchart LR|n\d\["[\w .#;-]*"\]|n0 --> n1', line)
    ] == []
