"""Which channels may get two readings for one time, told from spans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.spans import Spans
from tests.cases import note_case

START = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone


def at(*minutes: int) -> list[datetime]:
    return [START + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    "added",
    [
        [at(0, 15), at(30, 45), at(60)],
        [at(30, 45), at(0, 15)],
        [at(45, 30), at(15, 0)],
        [at(30, 0, 15), at(45)],
        [at(15), at(30), at(0), at(45)],
    ],
    ids=["oldest first", "latest part first", "latest first", "out of order within a part", "before and after"],
)
def test_what_lies_beside_a_span_is_not_there_twice(added: list[list[datetime]]) -> None:
    spans = Spans(is_naive=True)
    for times in added:
        spans.add(1, times)

    assert spans.doubtful == set()


@pytest.mark.parametrize(
    "added",
    [[at(0, 0)], [at(0, 15), at(15)], [at(0, 30), at(15)], [at(0, 60), at(15, 30)], [at(0, 15, 0)]],
    ids=["twice at once", "its end again", "within", "a part within", "back again"],
)
def test_what_lies_within_a_span_may_be_there_twice(added: list[list[datetime]]) -> None:
    spans = Spans(is_naive=True)
    for times in added:
        spans.add(1, times)
    spans.add(2, at(0))

    assert spans.doubtful == {1}


def test_times_with_offsets_are_compared_as_instants() -> None:
    spans = Spans(is_naive=False)
    spans.add(1, [START.replace(tzinfo=UTC)])
    spans.add(1, [(START + timedelta(hours=1)).replace(tzinfo=timezone(timedelta(hours=1)))])

    assert spans.doubtful == {1}


def test_moment_by_moment_nothing_is_there_twice() -> None:
    spans = Spans(is_naive=True)
    spans.add_mixed([1, 2, None], at(0, 0, 0))
    spans.add_mixed([1, 2, 1], at(15, 15, 30))
    spans.add_mixed([3, 3], at(5, 20))

    assert spans.doubtful == set()


_ADDED = st.lists(
    st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 40)), min_size=1, max_size=8), max_size=6
)


@given(_ADDED, st.booleans())
def test_no_channel_with_two_readings_at_one_time_is_missed(added: list[list[tuple[int, int]]], is_one: bool) -> None:
    spans = Spans(is_naive=True)
    for part in added:
        if is_one:
            spans.add(1, at(*(minute for _, minute in part)))
        else:
            spans.add_mixed([channel for channel, _ in part], at(*(minute for _, minute in part)))

    flat = [(1 if is_one else channel, minute) for part in added for channel, minute in part]
    doubled = {channel for channel, minute in flat if flat.count((channel, minute)) > 1}
    note_case(reached=doubled)
    assert doubled <= spans.doubtful
