"""Golden files of the reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.golden import compare_golden

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def check_golden() -> Callable[[str, str], None]:
    """Compares a text with the golden file of a name."""
    return lambda name, text: compare_golden(_FOLDER / name, text)
