"""Canonical values."""

from __future__ import annotations

import pytest

from reconciler.model.values import canonical_number, canonical_time


@pytest.mark.parametrize(
    ("number", "canonical"),
    [(10.0, "10"), (-0.0, "0"), (0.995, "0.995"), (999999999999999.0, "999999999999999"), (7, "7"), (1e-15, "1e-15")],
)
def test_a_number_is_shown_as_the_shortest_equal_one(number: float, canonical: str) -> None:
    assert str(canonical_number(number)) == canonical


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("2026-03-30", "2026-03-30T00:00:00"),
        ("2026-03-30T08:15", "2026-03-30T08:15:00"),
        ("2026-03-30 08:15:30", "2026-03-30T08:15:30"),
        ("2026-03-30T08:15:30Z", "2026-03-30T08:15:30"),
        ("2026-03-30T08:15:30.000-05:00", "2026-03-30T08:15:30"),
        ("2026-03-30T08:15:30.250", "2026-03-30T08:15:30.25"),
    ],
)
def test_a_time_is_local_wall_time_and_its_offset_is_dropped(written: str, canonical: str) -> None:
    assert canonical_time(written) == canonical


def test_text_that_is_no_date_stays_as_it_is() -> None:
    assert canonical_time("next spring") == "next spring"
