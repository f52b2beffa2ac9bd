"""Changes as Markdown."""

from __future__ import annotations

from reconciler.model.fields import Impact
from reconciler.model.plan import Edit
from reconciler.reports.grouping import IdenticalChanges
from reconciler.reports.markdown_entries import (
    list_names,
    render_change,
    render_identical,
    render_identical_briefly,
    render_rows,
)
from reconciler.reports.relations import find_dependents
from tests.reports.plans import PLANS, RENAME, RESCALE, SOUTH, UNCLEAR, make_change, make_plan

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
        "- `esaChannelVersion.multiplier`: may rewrite stored values (from 2024-01-01 to 2026-10-31 23:45); "
        "to leave the past alone, make a new version from a date in EnergyCAP\n"
        '- its values reach, now or as planned: `nb-elec-losses`, `nb-elec-net`, `1077 "Campus total"`\n'
        "- only after `nb-elec-net`\n"
        "\n"
    )


def test_a_blocked_change_says_why_with_evidence_and_way_out() -> None:
    text = render_change(make_change("a", RENAME, blocked_by=[UNCLEAR]), NONE)
    assert text.startswith("**? unknown** **`a`** (1042 ")
    assert text.splitlines()[6:] == [
        '- `ESA407` cannot be known whether the unit is of a Money type, found `"USD"`',
        "  - evidence: unit: USD",
        "  - evidence: unit type: not known",
        "  - fix: look up the unit in EnergyCAP",
        "",
    ]


def test_changes_alike_show_their_edits_once_and_those_that_differ_first() -> None:
    alike = (make_change("a", RESCALE), make_change("b", RESCALE, data_point=SOUTH))
    assert render_identical(IdenticalChanges(alike, (make_change("c", RESCALE), make_change("d", RESCALE)))) == (
        "**2 channels alike**; 2 differ, shown apart: `c`, `d`\n"
        "\n"
        "| setting | now | planned | impact |\n"
        "| --- | --- | --- | --- |\n"
        "| `esaChannelVersion.multiplier` | `1` | `0.001` (×0.001) | history |\n"
        "\n"
        "- `esaChannelVersion.multiplier`: may rewrite stored values; "
        "to leave the past alone, make a new version from a date in EnergyCAP\n"
        "\n"
        "<details><summary>The 2 channels</summary>\n"
        "\n"
        "- `North Campus`: `a`\n"
        "- `South Campus`: `b`\n"
        "\n"
        "</details>\n"
        "\n"
    )


def test_changes_alike_can_be_told_in_a_line() -> None:
    alike = (make_change("a", RESCALE), make_change("b", RESCALE))
    assert (
        render_identical_briefly(IdenticalChanges(alike, ()))
        == "- 2 channels alike: `esaChannelVersion.multiplier` `1` → `0.001` (×0.001)\n"
    )


def test_a_line_has_no_room_for_long_edits() -> None:
    long = Edit("channelDescription", "", "x" * 500, Impact.COSMETIC)
    assert render_identical_briefly(IdenticalChanges((make_change("a", long),), ())) == "- 1 channel alike\n"


def test_many_changes_are_rows_of_a_table() -> None:
    changes = [make_change("a", RENAME), make_change("b", RENAME, RESCALE, blocked_by=[UNCLEAR], data_point=SOUTH)]
    assert "".join(render_rows(changes)) == (
        "| channel | data point | change |\n"
        "| --- | --- | --- |\n"
        "| `a` | `North Campus · NB-ELEC-01 North electricity (ELECTRIC)` "
        '| `channelInfo` `"NB use"` → `"North Building use"` |\n'
        "| `b` | `South Campus · SB-GAS-01 South gas (NATURALGAS)` "
        '| `ESA407` cannot be known whether the unit is of a Money type, found `"USD"`'
        '<br>`channelInfo` `"NB use"` → `"North Building use"`'
        "<br>`esaChannelVersion.multiplier` `1` → `0.001` (×0.001) |\n"
        "\n"
    )


def test_names_are_listed_by_place_a_piece_for_each() -> None:
    changes = [make_change("c", RENAME, data_point=SOUTH), make_change("a", RENAME), make_change("b", RENAME)]
    assert list(list_names(changes)) == ["- `North Campus`: `a`", ", `b`", "\n- `South Campus`: `c`"]
