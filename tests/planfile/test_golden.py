"""Whole plan files, as others read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from tests.golden import compare_golden
from tests.reports.plans import PLANS

_FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_saved_as_in_its_golden_file(name: str) -> None:
    compare_golden(_FOLDER / f"plan-{name}.json", render_plan_file(PLANS[name]))


@pytest.mark.parametrize("name", PLANS)
def test_a_golden_file_reads_as_its_plan(name: str) -> None:
    text = (_FOLDER / f"plan-{name}.json").read_text(encoding="utf-8")
    assert render_plan_file(read_plan(text)) == text
