from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.model.registers import format_register, read_interval

if TYPE_CHECKING:
    from reconciler.model.values import Value


@pytest.mark.parametrize(
    ("minutes", "interval"),
    [
        (15, timedelta(minutes=15)),
        (None, timedelta()),
        (-1, timedelta()),
        (2**31 - 1, timedelta(days=366)),
    ],
)
def test_an_interval_is_between_nothing_and_a_year(minutes: Value, interval: timedelta) -> None:
    assert read_interval(minutes) == interval


def test_a_register_is_written_as_people_write_it() -> None:
    assert [format_register(value) for value in (48213.0, 0.5, 0.0)] == ["48,213", "0.5", "0"]
