"""A plan as text, whole outputs, and what holds for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.plan import Blocker
from reconciler.reports.formatting import format_value
from reconciler.reports.plan_summary import count_changes
from reconciler.reports.plan_text import render_plan
from reconciler.reports.terminal import Style, display_width, no_style
from tests.reports.plans import HOSTILE, PLANS, RENAME, make_change, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.plan import Plan

every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_in_its_golden_file(name: str, check_golden: Callable[[str, str], None]) -> None:
    check_golden(f"plan-{name}.txt", render_plan(PLANS[name], no_style))


def test_unchanged_channels_are_listed_on_request(check_golden: Callable[[str, str], None]) -> None:
    check_golden("plan-mixed-unchanged.txt", render_plan(PLANS["mixed"], no_style, show_unchanged=True))


def test_colours_say_what_words_say_too(check_golden: Callable[[str, str], None]) -> None:
    check_golden("plan-mixed-painted.txt", render_plan(PLANS["mixed"], _tag))


@every_plan
def test_the_last_line_counts_the_changes(plan: Plan) -> None:
    assert render_plan(plan, no_style).splitlines()[-1] == count_changes(plan)


@every_plan
def test_every_change_is_named_whole(plan: Plan) -> None:
    text = render_plan(plan, no_style)
    names = [format_value(change.name)[1:-1] for change in plan.changes if change.edits]
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("name", sorted(PLANS.keys() - {"hostile"}))
def test_no_line_is_wider_than_a_terminal(name: str) -> None:
    lines = render_plan(PLANS[name], no_style).splitlines()
    assert [line for line in lines if display_width(line) > 80] == []


def test_hostile_text_can_do_nothing_to_a_terminal_or_a_log() -> None:
    lines = render_plan(PLANS["hostile"], no_style).split("\n")
    assert [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line] == []


def test_a_name_wider_than_a_line_is_not_cut() -> None:
    name = "n" * 200
    text = render_plan(make_plan(make_change(name, RENAME)), no_style)
    assert f"  ~ update\n      {name}\n" in text


def test_a_wide_hostile_value_stays_on_one_line() -> None:
    text = render_plan(PLANS["hostile"], no_style)
    assert format_value(HOSTILE) in text


def test_a_block_without_evidence_or_way_out_is_its_sentence() -> None:
    bare = Blocker("ESA410", "this formula is refused", evidence={}, unblock="")
    assert render_plan(make_plan(make_change("a", RENAME, blocked_by=[bare])), no_style).splitlines()[4:7] == [
        '  ! blocked  a  1042 "a in EnergyCAP"  channels/north.yaml:7',
        '      channelInfo  "NB use" → "North Building use"  [cosmetic]',
        "      ESA410  this formula is refused",
    ]


def _tag(text: str, style: Style) -> str:
    return f"<{style.value}>{text}</>"
