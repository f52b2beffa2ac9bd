"""Golden files: whole outputs, kept beside the tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def check_golden() -> Callable[[str, str], None]:
    """Compares a text with the golden file of a name; with GOLDEN=write in the environment, writes the file instead."""

    def check(name: str, text: str) -> None:
        path = _FOLDER / name
        if os.environ.get("GOLDEN") == "write":
            path.write_text(text, encoding="utf-8", newline="\n")
            pytest.skip(f"wrote {path.name}; read it before it is committed")
        assert text == path.read_text(encoding="utf-8")

    return check
