"""Counts, lists, values and times as text."""

from __future__ import annotations

import pytest

from reconciler.reports.formatting import count, format_time, format_value, join_words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        ("", '""'),
        ("null", '"null"'),
        ('say "so"', '"say \\"so\\""'),
        ("a\nb", '"a\\nb"'),
        (True, "true"),
        (False, "false"),
        (10, "10"),
        (10.0, "10"),
        (0.995, "0.995"),
        (1e22, "10000000000000000000000"),
        (1e-7, "1e-07"),
    ],
)
def test_null_empty_text_and_numbers_look_different(value: str | float | bool | None, shown: str) -> None:
    assert format_value(value) == shown


def test_numbers_come_with_their_nouns() -> None:
    assert [count(0, "file"), count(1, "file"), count(2, "file"), count(2, "match", "matches")] == [
        "0 files",
        "1 file",
        "2 files",
        "2 matches",
    ]


@pytest.mark.parametrize(
    ("words", "text"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_lists_read_as_in_a_sentence(words: tuple[str, ...], text: str) -> None:
    assert join_words(words) == text


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2024-03-01T00:00:00", "2024-03-01"),
        ("2024-03-01", "2024-03-01"),
        ("2024-03-01T06:15:00", "2024-03-01 06:15"),
        ("2024-03-01T06:15:30", "2024-03-01 06:15:30"),
        ("soon", "soon"),
    ],
)
def test_times_leave_out_what_says_nothing(time: str, shown: str) -> None:
    assert format_time(time) == shown
