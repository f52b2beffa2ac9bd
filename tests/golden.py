"""Golden files: whole outputs, kept beside the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def compare_golden(path: Path, text: str) -> None:
    """Compare `text` with the golden file; with GOLDEN=write in the environment, write the file instead."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        pytest.skip(f"wrote {path.name}; read it before it is committed")
    assert text == path.read_text(encoding="utf-8")
