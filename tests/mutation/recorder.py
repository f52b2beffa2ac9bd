"""A plugin of pytest that notes how long each test takes, in the file that RECORDED_SECONDS names."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_seconds: defaultdict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Called for each phase of a test, and where several processes test, in the one that leads them."""
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Called when all tests are through."""
    if not hasattr(session.config, "workerinput"):
        Path(os.environ["RECORDED_SECONDS"]).write_text(json.dumps(_seconds), encoding="utf-8")
