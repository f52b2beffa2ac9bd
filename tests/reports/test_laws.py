"""What holds for every report of every plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import Action, Verdict
from reconciler.reports.harmless import escape_text
from reconciler.reports.paint import no_style
from reconciler.reports.plan_markdown import render_plan_markdown
from reconciler.reports.plan_text import render_plan
from reconciler.reports.risk import Risk, find_risk
from reconciler.reports.sentences import count_changes
from tests.cases import note_case
from tests.planfile.strategies import plans, texts
from tests.reports.markdown_page import read_page

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
    note_case(reached="Folded to fit: " in rendered)
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
    assert "more, not named here\n" in text or "No room here for their names.\n" in text
    assert "Folded to fit: " in text


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
