"""Canonical values."""

from __future__ import annotations

import pytest

from reconciler.model.values import (
    BEGINNING,
    Value,
    canonical_moment,
    canonical_number,
    canonical_time,
    has_zone,
    is_equal,
    is_number,
    is_time,
    tell_count,
)


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


def test_text_that_is_not_a_date_is_unchanged() -> None:
    assert canonical_time("next spring") == "next spring"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-30", "2026-03-30T00:00:00"),
        ("2026-03-30 08:15z", "2026-03-30T08:15:00Z"),
        ("2026-03-30T08:15:30.250-0500", "2026-03-30T08:15:30.25-05:00"),
        ("2026-03-30T08:15:30+05:30", "2026-03-30T08:15:30+05:30"),
        ("next spring", "next spring"),
        ("2026-13-30T08:15Z", "2026-13-30T08:15:00Z"),
        ("1899-12-30", BEGINNING),
        ("1899-12-30T05:00:00Z", BEGINNING),
        ("1899-12-30T16:00:00Z", BEGINNING),
        ("1899-12-30T16:00:01Z", "1899-12-30T16:00:01Z"),
        ("1899-12-29T08:00:00Z", BEGINNING),
        ("1899-12-29T07:59:59Z", "1899-12-29T07:59:59Z"),
        ("1899-12-30T00:00:00-06:00", BEGINNING),
        ("1899-12-30T05:00:00", "1899-12-30T05:00:00"),
    ],
)
def test_a_moment_keeps_its_zone_unless_it_is_the_beginning_of_time(written: str, moment: str) -> None:
    assert canonical_moment(written) == moment


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-03-30", "time"),
        ("2026-03-30T08:15:30", "time"),
        ("2026-03-30T08:15:30Z", "time with a zone"),
        ("2026-03-30T08:15+02:00", "time with a zone"),
        ("30.03.2026", "text"),
        ("2026-03-30 or so", "text"),
        ("", "text"),
    ],
)
def test_a_time_is_distinguished_from_other_text_and_from_one_with_a_zone(text: str, kind: str) -> None:
    assert (is_time(text), has_zone(text)) == (kind != "text", kind == "time with a zone")


@pytest.mark.parametrize(
    ("value", "expected"), [(1, True), (0.5, True), (True, False), (False, False), ("1", False), (None, False)]
)
def test_true_and_false_are_not_numbers(value: Value, *, expected: bool) -> None:
    assert is_number(value) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, True),
        (1, 2, False),
        (True, True, True),
        (True, False, False),
        (True, 1, False),
        (0, False, False),
        ("a", "a", True),
        ("1", 1, False),
        (None, None, True),
        (None, False, False),
    ],
)
def test_two_values_of_a_file_are_equal_but_true_is_not_1(one: Value, other: Value, *, expected: bool) -> None:
    assert is_equal(one, other) is expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "0"),
        ("kWh", "3"),
        ("Z\xe4hler", "6"),
        ("\uffff", "1"),
        ("\U00010000", "2 (EnergyCAP counts an emoji or a rare letter as 2)"),
        ("a\N{OFFICE BUILDING}\xe4", "4 (EnergyCAP counts an emoji or a rare letter as 2)"),
    ],
)
def test_a_length_is_told_as_energycap_counts_it(text: str, told: str) -> None:
    assert tell_count(text) == told
