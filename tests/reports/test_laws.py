"""What holds for the reports of any plan."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import Action, Verdict
from reconciler.planfile.writing import render_plan_file
from reconciler.reports.change_words import Risk, find_risk
from reconciler.reports.escaping import escape_text
from reconciler.reports.plan_html import render_plan_html
from reconciler.reports.plan_markdown import render_plan_markdown
from reconciler.reports.plan_summary import count_changes
from reconciler.reports.plan_text import render_plan
from reconciler.reports.terminal import no_style
from tests.cases import note_case
from tests.planfile.strategies import plans, texts
from tests.reports.html_outline import Outline
from tests.reports.html_plans import EVERYTHING
from tests.reports.markdown_page import read_page
from tests.reports.plans import PLANS

if TYPE_CHECKING:
    from reconciler.model.plan import Change, Plan


untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
budgets = st.integers(4096, 20_000)
# Each change has a name of its own that no other text holds, with something odd and perhaps long behind it.
_few = st.integers(1, 40)
_name_ends = st.one_of(st.just(""), texts, st.sampled_from([1, 60, 400]).map("x".__mul__))


@st.composite
def named_plans(
    draw: st.DrawFn, numbers: st.SearchStrategy[int] = _few, ends: st.SearchStrategy[str] = _name_ends
) -> Plan:
    """Plans of up to a few dozen changes, each with an edit and a name of its own."""
    plan = draw(plans.filter(lambda plan: any(change.edits for change in plan.changes)))
    models = [change for change in plan.changes if change.edits]
    number = draw(numbers)
    behind = draw(st.lists(ends, min_size=1, max_size=3))
    changes = (
        replace(models[i % len(models)], name=f"nb{i:03}nb{behind[i % len(behind)]}", action=Action.UPDATE)
        for i in range(number)
    )
    return replace(plan, changes=tuple(changes))


# More than a small budget can name.
def _mix(plan: Plan) -> Plan:
    """`plan` with changes of every kind: as they were drawn, harmless, and such that rewrite history, in turn."""
    return replace(plan, changes=tuple(_become(change, number % 3) for number, change in enumerate(plan.changes)))


def _become(change: Change, kind: int) -> Change:
    if kind == 0:
        return change
    impact = Impact.COSMETIC if kind == 1 else Impact.HISTORY
    edits = tuple(replace(edit, impact=impact) for edit in change.edits)
    return replace(change, edits=edits, blocked_by=(), verdict=Verdict.ALLOWED)


crowded_plans = named_plans(st.integers(60, 120), st.sampled_from([60, 200, 400]).map("x".__mul__)).map(_mix)


@untimed
@given(named_plans() | crowded_plans, budgets)
def test_the_markdown_of_any_plan_fits_any_budget(plan: Plan, budget: int) -> None:
    rendered = render_plan_markdown(plan, budget)
    note_case(reached="Shortened to fit: " in rendered)
    assert len(rendered.encode()) <= budget


@untimed
@given(crowded_plans, st.integers(4096, 6000))
def test_every_risky_change_is_named_or_counted_and_none_lost_before_a_harmless_one(plan: Plan, budget: int) -> None:
    text = render_plan_markdown(plan, budget)
    risky = [change for change in plan.changes if find_risk(change) in (Risk.BLOCKED, Risk.HISTORY)]
    harmless_ones = [change for change in plan.changes if find_risk(change) in (Risk.FORWARD, Risk.COSMETIC)]
    unnamed = [change for change in risky if not _is_named(change, text)]
    note_case(reached=unnamed and harmless_ones)
    assume(unnamed)
    assert not any(_is_named(change, text) for change in harmless_ones)
    assert "more, not listed here\n" in text or "There is no room to list them here.\n" in text
    assert "Shortened to fit: " in text


@untimed
@given(named_plans(), budgets)
def test_the_markdown_of_any_plan_holds_no_mark_of_others(plan: Plan, budget: int) -> None:
    page = read_page(render_plan_markdown(plan, budget))
    assert not page.tags & {"a", "img", "script", "em", "h1", "blockquote", "ol", "hr", "input"}
    assert "@" not in page.prose
    assert page.attributes <= {"class=language-mermaid"}


@untimed
@given(named_plans())
def test_all_reports_agree_in_their_counts(plan: Plan) -> None:
    note_case(reached=len(plan.changes) > 1)
    last_lines = {render(plan).splitlines()[-1] for render in (_render_text, render_plan_markdown)}
    assert last_lines == {count_changes(plan)}


@untimed
@given(named_plans())
def test_the_text_of_any_plan_prints_and_names_every_change(plan: Plan) -> None:
    text = _render_text(plan)
    assert [line for line in text.split("\n") if not line.isprintable()] == []
    assert [change.name for change in plan.changes if escape_text(change.name) not in text] == []


def _render_text(plan: Plan) -> str:
    return render_plan(plan, no_style)


def _is_named(change: Change, text: str) -> bool:
    return change.name[:7] in text


ALL_PLANS = PLANS | {"everything": EVERYTHING}
# More than any of these plans needs: nothing is folded.
_ROOM = 10_000_000


class Counts(Struct, frozen=True):
    """What a report says of a plan in numbers. Edits that rewrite stored values are those of changes to be sent."""

    create: int
    update: int
    blocked: int
    unchanged: int
    unmanaged: int
    rewriting_edits: int


def _make_coherent(plan: Plan) -> Plan:
    """`plan` as planning would make it: each channel once, and edits where there is a change, and only there."""
    return replace(plan, changes=tuple(_make_coherent_change(*pair) for pair in enumerate(plan.changes)))


def _make_coherent_change(number: int, change: Change) -> Change:
    change = replace(change, channel_id=number, name=f"nb{number}{change.name}")
    if change.edits:
        return replace(change, action=Action.UPDATE)
    return replace(change, action=Action.NO_OP, verdict=Verdict.ALLOWED, blocked_by=(), after=change.before)


@pytest.mark.parametrize("name", ALL_PLANS)
def test_all_reports_of_a_plan_say_the_same_numbers(name: str) -> None:
    _expect_agreement(ALL_PLANS[name])


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(plans.map(_make_coherent))
def test_all_reports_of_any_plan_say_the_same_numbers(plan: Plan) -> None:
    note_case(reached=any(change.edits for change in plan.changes))
    _expect_agreement(plan)


def _expect_agreement(plan: Plan) -> None:
    document = json.loads(render_plan_file(plan))
    text = render_plan(plan, no_style, show_unchanged=True)
    markdown, page = read_page(render_plan_markdown(plan, _ROOM)), Outline(render_plan_html(plan))
    counts = _count_each(document)
    assert _read_summary(document) == replace(counts, rewriting_edits=0)
    assert [_read_sentences(said) for said in (text, markdown.text, page.text)] == [counts] * 3
    grave = (counts.blocked, _count_rewriting(document))
    assert _read_headings(markdown.text, r"\b{}: (\d+) change") == grave
    assert _read_headings("\n".join(heading.text for heading in page.find("h2")), r"{} (\d+)$") == grave


def _count_each(document: dict[str, Any]) -> Counts:
    """The numbers as they follow from the changes of a plan file, one by one."""
    changes = document["resource_changes"]
    actions = [change["change"]["actions"][0] for change in changes if change["verdict"] == "allowed"]
    edits = [edit for change in changes if change["verdict"] == "allowed" for edit in change["edits"]]
    return Counts(
        create=actions.count("create"),
        update=actions.count("update"),
        blocked=len(changes) - len(actions),
        unchanged=actions.count("no-op"),
        unmanaged=document["summary"]["unmanaged"],
        rewriting_edits=sum(edit["impact"] == "history" for edit in edits),
    )


def _count_rewriting(document: dict[str, Any]) -> int:
    """How many changes to be sent may rewrite stored values."""
    changes = [change for change in document["resource_changes"] if change["verdict"] == "allowed"]
    return sum(any(edit["impact"] == "history" for edit in change["edits"]) for change in changes)


def _read_summary(document: dict[str, Any]) -> Counts:
    summary = document["summary"]
    return Counts(summary["create"], summary["update"], summary["blocked"], summary["no_op"], summary["unmanaged"], 0)


def _read_sentences(text: str) -> Counts:
    """The numbers in the first sentence and in the line of counts, each of which says some of them too."""
    text = " ".join(text.split())
    text = text.replace("Plan: none, as", "Plan: 0 to update, 0 blocked, 0 unchanged, 0 unmanaged. None, as")
    pattern = r"Plan: (?:(\d+) to create, )?(\d+) to update, (\d+) blocked, (\d+) unchanged, (\d+) unmanaged\."
    (line,) = re.findall(pattern, text)
    create, update, blocked, unchanged, unmanaged = (int(number or 0) for number in line)
    assert _find_number(r"(\d+) new channels? would be created", text) == create
    assert _find_number(r"(\d+) channels? would change in", text) == update
    assert _find_number(r"; (\d+) (?:more )?changes? (?:is|are) blocked", text) == blocked
    return Counts(
        create, update, blocked, unchanged, unmanaged, _find_number(r"; (\d+) edits? may rewrite stored", text)
    )


def _read_headings(text: str, pattern: str) -> tuple[int, int]:
    """How many changes the sections of what is blocked and of what rewrites stored values are said to hold."""
    headings = ("Blocked", "May rewrite stored values")
    blocked, rewriting = (_find_number(f"(?m){pattern.format(heading)}", text) for heading in headings)
    return blocked, rewriting


def _find_number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0
