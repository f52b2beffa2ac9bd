"""A browser for all tests of a run, where the machine has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.reports.plan_html import render_plan_html
from tests.browser.chromium import Tab, find_chromium, start_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.model.plan import Plan
    from tests.browser.chromium import Chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium to try the page in a browser")
    with start_chromium(path, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def open_plan(browser: Chromium, tmp_path: Path) -> Callable[..., Tab]:
    """Opens the page of a plan in a tab of its own."""

    def open_(plan: Plan, *, width: int = 1100, dark: bool = False, scripts: bool = True) -> Tab:
        path = tmp_path / "plan.html"
        path.write_text(render_plan_html(plan), encoding="utf-8")
        tab = Tab(browser, width=width, dark=dark)
        tab.open(path, scripts=scripts)
        return tab

    return open_
