"""Shared by all tests of readings: repeated requests do not wait, and examples have no time limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def repeats_come_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=10, cap=True):
        yield
