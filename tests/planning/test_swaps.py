"""The first reading after a swap of the meter."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.fields import ODOMETER, TRIP
from reconciler.planning.diff import find_swap
from tests.planning.tenant import V, add_older_version, make_live

BEGIN = "2025-06-01T09:50:00"


def swapped(last: str | None, rule: int = ODOMETER, **others: Any) -> Any:
    live = make_live(1, {f"{V}observationRuleId": rule}, has_readings=True, last_reading=last, **others)
    return add_older_version(live, BEGIN)


@pytest.mark.parametrize("last", ["2025-06-01T09:45:00", "2025-06-01T09:45:00-04:00", BEGIN])
def test_it_counts_from_the_register_of_the_old_meter(last: str) -> None:
    said = find_swap(swapped(last))

    time = last.removesuffix("-04:00")
    assert said == f'the first reading of channel 1 "Use" after {BEGIN} counts from the one before it, at {time}'


@pytest.mark.parametrize(
    "live",
    [
        swapped("2025-06-01T10:00:00"),
        swapped(None),
        swapped("2025-06-01T09:45:00", TRIP),
        make_live(1, {f"{V}observationRuleId": ODOMETER}, has_readings=True, last_reading="2025-06-01T09:45:00"),
        make_live(
            1,
            {f"{V}observationRuleId": ODOMETER, f"{V}beginDate": BEGIN},
            has_readings=True,
            last_reading="2025-06-01T09:45:00",
        ),
    ],
    ids=["it came already", "no readings", "Trip", "one version", "one version that begins late"],
)
def test_else_there_is_nothing_to_say(live: Any) -> None:
    assert find_swap(live) is None
