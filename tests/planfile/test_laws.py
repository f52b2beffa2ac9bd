"""What holds for every plan that is saved and read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanFileError
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file, seal
from tests.cases import note_case
from tests.planfile.strategies import plans, values

if TYPE_CHECKING:
    from reconciler.model.plan import Plan


untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@untimed
@given(plans)
def test_a_saved_plan_reads_back_as_the_same_plan_and_saves_as_the_same_bytes(plan: Plan) -> None:
    text = render_plan_file(plan)
    note_case(reached=any(change.edits for change in plan.changes))
    assert read_plan(text) == plan
    assert render_plan_file(read_plan(text)) == text


@untimed
@given(plans)
def test_a_saved_plan_is_ascii_and_no_line_of_it_is_a_command(plan: Plan) -> None:
    text = render_plan_file(plan)
    note_case(reached=any(change.edits for change in plan.changes))
    assert text.isascii()
    assert [line for line in text.split("\n") if not line.isprintable() or line.startswith("::") or "##[" in line] == []


@untimed
@given(plans, st.data())
def test_a_plan_cut_short_is_refused(plan: Plan, data: st.DataObject) -> None:
    text = render_plan_file(plan)
    kept = data.draw(st.integers(0, len(text) - 2))
    _expect_refusal(text[:kept])


@untimed
@given(plans, st.data())
def test_a_plan_with_any_value_swapped_and_sealed_again_is_read_or_refused(plan: Plan, data: st.DataObject) -> None:
    document = json.loads(render_plan_file(plan))
    _swap_somewhere(document, data)
    document["digest"] = seal(document)
    _read_or_refuse(json.dumps(document))


@untimed
@given(
    st.text() | st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)
)
def test_anything_else_is_refused(text: str) -> None:
    _expect_refusal(text)


def _swap_somewhere(document: dict[str, object], data: st.DataObject) -> None:
    """Go down from `document` at random, and put another value, or nothing, where that ends."""
    place: dict[str, object] | list[object] = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]  # type: ignore[index,call-overload]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            place = inner
            continue
        if data.draw(st.booleans()):
            del place[key]  # type: ignore[arg-type]
        else:
            place[key] = data.draw(values | st.just([]) | st.just({}) | st.just([{}]))  # type: ignore[index,call-overload]
        return


def _read_or_refuse(text: str) -> None:
    try:
        read_plan(text)
    except PlanFileError as error:
        assert error.message and error.fix  # noqa: PT018, PT017


def _expect_refusal(text: str) -> None:
    try:
        read_plan(text)
    except PlanFileError as error:
        assert error.fix  # noqa: PT017
    else:
        raise AssertionError(text)
