from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.model.registers import format_register, read_interval, shift

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


@pytest.mark.parametrize(("year", "by"), [(1, timedelta(days=-1)), (9999, timedelta(days=400))])
def test_a_time_is_not_moved_out_of_the_calendar(year: int, by: timedelta) -> None:
    assert shift(datetime(year, 1, 1), by).year == year  # noqa: DTZ001 - local times have no zone


def test_a_register_is_written_as_people_write_it() -> None:
    assert [format_register(value) for value in (48213.0, 0.5, 0.0)] == ["48,213", "0.5", "0"]
