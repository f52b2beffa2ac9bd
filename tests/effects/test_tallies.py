from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.effects.tallies import StoredAndComputed, TallyBook, find_day
from reconciler.model.effects import EffectKind, EffectPoint
from tests.effects.builders import at


def book_of(days: int, kind: EffectKind = EffectKind.TOTAL) -> TallyBook:
    """A book of a value of 1 each quarter of an hour, planned as 2."""
    book = TallyBook(kind, "~")
    times = [at(index) for index in range(1, days * 96 + 1)]
    ones, twos = [Decimal(1)] * len(times), [Decimal(2)] * len(times)
    book.add(times, StoredAndComputed(ones, ones, twos))
    return book


@pytest.mark.parametrize(
    ("time", "day"),
    [
        ("2026-11-01T00:15:00", "2026-11-01"),
        ("2026-11-02T00:00:00", "2026-11-01"),
        ("2026-11-02T00:00:01", "2026-11-02"),
        ("2026-01-01T00:00:00", "2025-12-31"),
    ],
)
def test_a_value_at_midnight_is_of_the_day_that_ends(time: str, day: str) -> None:
    assert find_day(time) == day


def test_a_short_window_is_shown_by_day_and_a_long_one_by_month() -> None:
    short, long = book_of(2), book_of(63)

    assert short.list_points(short.days) == (EffectPoint("2026-11-01", 96, 192), EffectPoint("2026-11-02", 96, 192))
    assert [(point.start, point.before) for point in long.list_points(long.days)] == [
        ("2026-11", 30 * 96),
        ("2026-12", 31 * 96),
        ("2027-01", 2 * 96),
    ]


def test_days_add_up_to_the_whole() -> None:
    book = book_of(3, EffectKind.MEAN)

    assert (book.total.count, book.total.matched, book.total.before.show(book.kind)) == (288, 288, 1)
    assert book.sum_up(book.days.values()) == book.total


def test_a_copy_goes_its_own_way() -> None:
    book = book_of(1)
    copy = book.copy()
    copy.add([at(97)], StoredAndComputed([Decimal(5)], [None], [Decimal(7)]))

    assert (book.total.count, copy.total.count, len(copy.mismatches), book.mismatches) == (96, 97, 1, ())


def test_what_has_no_value_and_gets_none_is_not_counted() -> None:
    book = TallyBook(EffectKind.TOTAL, "~")
    book.add([at(1), at(2)], StoredAndComputed([None, Decimal(1)], [None, Decimal(1)], [None, None]))

    assert (book.total.count, book.total.matched, book.total.after.value) == (1, 1, None)
