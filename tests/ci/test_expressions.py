"""The evaluator of GitHub's expressions: what it knows it evaluates as GitHub does, and what it does not it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ci.expressions import Scope, UnknownExpressionError

CONTEXTS = {"github": {"event_name": "push", "event": {"number": 7}}, "steps": {"plan": {"outputs": {"code": "2"}}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event_name", "push"),
        ("github.event.number", 7),
        ("github.event.pull_request.head.sha", None),
        ("steps.none.outputs.code == ''", True),
        ("github.event_name == 'PUSH'", True),
        ("github.event_name != 'push' || !(github.event.number == '7')", False),
        ("github.event_name == 'push' && github.event.number", 7),
        ("steps.none || 'a ''quoted'' word'", "a 'quoted' word"),
        ("true == 'true'", False),
        ("always() && !cancelled()", True),
        ("success() == failure()", False),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert Scope(CONTEXTS).evaluate(text) == value


@pytest.mark.parametrize("text", ["secrets.KEY", "hashFiles('x')", "github.event_name ==", "a b", "1 < 2", "'open"])
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(UnknownExpressionError):
        Scope(CONTEXTS).evaluate(text)


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        (None, True, False),
        ("github.event_name == 'push'", True, False),
        ("${{ !cancelled() }}", True, True),
        ("failure()", False, True),
        ("always() && github.event_name == 'pull_request'", False, False),
    ],
)
def test_a_condition_that_asks_for_no_status_needs_success(
    condition: str | None, *, after_success: bool, after_failure: bool
) -> None:
    assert Scope(CONTEXTS).holds(condition) is after_success
    assert Scope(CONTEXTS, is_well=False).holds(condition) is after_failure


def test_text_is_filled() -> None:
    assert Scope(CONTEXTS).fill("a ${{ github.event.number }}/${{ github.none }}${{ true }} b") == "a 7/true b"
