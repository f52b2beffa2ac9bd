"""A workspace for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Workspace:
    """A project in an empty folder that is also the working directory; no variable of the user's counts."""
    monkeypatch.chdir(tmp_path)
    for variable in ("ECI_API_KEY", "NO_COLOR", "FORCE_COLOR", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / ".git").mkdir()
    return Workspace(tmp_path, capsys)
