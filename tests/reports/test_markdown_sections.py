"""The sections of the Markdown report."""

from __future__ import annotations

import re

from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import ChannelLabel, Edit, FormulaLink
from reconciler.reports.markdown_sections import (
    draw_links,
    list_formula_uses,
    make_formulas_section,
    render_change,
    render_identical,
    render_identical_line,
    render_line,
)
from reconciler.reports.plan_groups import IdenticalChanges, find_dependents
from tests.reports.plans import HOSTILE, PLANS, RENAME, RESCALE, SOUTH, UNCLEAR, make_change, make_plan

NONE = find_dependents(make_plan())


def test_a_harmless_change_is_a_title_and_a_table() -> None:
    assert render_change(make_change("nb-elec-use", RENAME), NONE) == (
        '**`nb-elec-use`** (1042 `"nb-elec-use in EnergyCAP"`) in '
        "`North Campus · NB-ELEC-01 North electricity (ELECTRIC)`, `channels/north.yaml:7`\n"
        "\n"
        "| setting | now | planned | impact |\n"
        "| --- | --- | --- | --- |\n"
        '| `channelInfo` | `"NB use"` | `"North Building use"` | cosmetic |\n'
        "\n"
    )


def test_a_risky_change_says_what_it_does_what_it_feeds_and_what_comes_before() -> None:
    change = make_change("nb-elec-use", RESCALE, depends_on=["nb-elec-net"])
    assert render_change(change, find_dependents(PLANS["mixed"])).endswith(
        "| `esaChannelVersion.multiplier` | `1` | `0.001` (×0.001) | history |\n"
        "\n"
        "- `esaChannelVersion.multiplier`: may rewrite stored values (from 2024-01-01 to 2026-10-31 23:45)\n"
        "- to keep past values, write this in place of esaChannelVersion, and fill in the local time from which "
        'the new values apply: `channelVersions: [{beginDate: "2024-01-01T00:00:00", multiplier: 1}, '
        '{beginDate: "YYYY-MM-DDThh:mm:ss", multiplier: 0.001}]`\n'
        '- used by (now or after apply): `nb-elec-losses`, `nb-elec-net`, `1077 "Campus total"`\n'
        "- only after `nb-elec-net`\n"
        "\n"
    )


def test_a_blocked_change_says_why_with_evidence_and_way_out() -> None:
    text = render_change(make_change("a", RENAME, blocked_by=[UNCLEAR]), NONE)
    assert text.startswith("**? unknown** **`a`** (1042 ")
    assert text.splitlines()[6:] == [
        '- `ESA407` unknown whether the unit is of a Money type, found `"USD"`',
        "  - evidence: unit: USD",
        "  - evidence: unit type: not known",
        "  - fix: look up the unit in EnergyCAP",
        "",
    ]


def test_identical_changes_show_their_edits_once_and_name_the_exceptions_first() -> None:
    alike = (make_change("a", RESCALE), make_change("b", RESCALE, data_point=SOUTH))
    assert render_identical(IdenticalChanges(alike, (make_change("c", RESCALE), make_change("d", RESCALE)))) == (
        "**2 channels with identical edits**; 2 differ, shown separately: `c`, `d`\n"
        "\n"
        "| setting | now | planned | impact |\n"
        "| --- | --- | --- | --- |\n"
        "| `esaChannelVersion.multiplier` | `1` | `0.001` (×0.001) | history |\n"
        "\n"
        "- `esaChannelVersion.multiplier`: may rewrite stored values; "
        "to keep past values, list a new version under channelVersions\n"
        "\n"
        "<details><summary>The 2 channels</summary>\n"
        "\n"
        "- `North Campus`: `a`\n"
        "- `South Campus`: `b`\n"
        "\n"
        "</details>\n"
        "\n"
    )


def test_identical_changes_can_be_shown_on_one_line() -> None:
    alike = (make_change("a", RESCALE), make_change("b", RESCALE))
    assert (
        render_identical_line(IdenticalChanges(alike, ()))
        == "- 2 channels with identical edits: `esaChannelVersion.multiplier` `1` → `0.001` (×0.001)\n"
    )


def test_long_edits_are_only_counted_on_a_line() -> None:
    long = Edit("channelDescription", "", "x" * 500, Impact.COSMETIC)
    assert (
        render_identical_line(IdenticalChanges((make_change("a", long),), ()))
        == "- 1 channel with identical edits: 1 edit\n"
    )
    assert render_line(make_change("a", long)) == "- `a`: 1 edit\n"


def test_a_change_on_one_line_says_what_blocks_it_and_then_its_edits() -> None:
    assert render_line(make_change("b", RENAME, RESCALE, blocked_by=[UNCLEAR])) == (
        '- `b`: `ESA407` unknown whether the unit is of a Money type, found `"USD"`; '
        '`channelInfo` `"NB use"` → `"North Building use"`; '
        "`esaChannelVersion.multiplier` `1` → `0.001` (×0.001)\n"
    )


LINKS = PLANS["mixed"].formula_links


def test_a_picture_shows_which_formulas_use_which_channels_and_what_changes() -> None:
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


def test_the_picture_says_of_a_new_channel_that_it_is_new_even_if_it_is_blocked() -> None:
    plan = PLANS["creation"]
    wind, net = (change for change in plan.changes if change.name in ("nb-wind", "nb-wind-net"))
    blocked = replace(plan, changes=(wind, replace(net, blocked_by=(UNCLEAR,))))

    lines = "".join(make_formulas_section(blocked).render()).splitlines()

    assert lines[2:4] == ['n0["nb-wind (new)"]', 'n1["nb-wind-net (new, blocked)"]']


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
