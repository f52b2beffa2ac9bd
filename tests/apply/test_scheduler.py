from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from reconciler.apply.scheduler import ChangeQueue, ConcurrencyLimiter
from tests.apply.records import make_step

if TYPE_CHECKING:
    from reconciler.model.plan import Change


def take_all(queue: ChangeQueue) -> list[str]:
    names = []
    while change := queue.take():
        names.append(change.name)
    return names


def test_changes_of_different_data_points_are_free_at_once_in_the_order_of_the_plan() -> None:
    queue = ChangeQueue([make_step("c", 1), make_step("a", 2), make_step("b", 3)])

    assert take_all(queue) == ["c", "a", "b"]


def test_the_changes_of_one_data_point_come_one_after_the_other() -> None:
    queue = ChangeQueue([make_step("a", 1), make_step("b", 1), make_step("c", 2)])

    assert take_all(queue) == ["a", "c"]
    queue.finish("a")
    assert take_all(queue) == ["b"]


def test_a_change_waits_for_all_that_it_depends_on() -> None:
    queue = ChangeQueue([make_step("a", 1), make_step("b", 2), make_step("c", 3, ("a", "b"))])

    assert take_all(queue) == ["a", "b"]
    queue.finish("b")
    assert take_all(queue) == []
    queue.finish("a")
    assert take_all(queue) == ["c"]


def test_what_a_change_depends_on_outside_of_the_queue_does_not_hold_it_up() -> None:
    assert take_all(ChangeQueue([make_step("a", 1, ("unchanged",))])) == ["a"]


def test_a_queue_is_true_until_its_last_change_is_finished() -> None:
    queue = ChangeQueue([make_step("a", 1)])

    assert queue
    take_all(queue)
    assert queue
    queue.finish("a")
    assert not queue


def test_a_queue_of_nothing_is_false() -> None:
    empty: list[Change] = []

    assert not ChangeQueue(empty)


def test_the_longest_row_comes_first_where_it_would_be_alone_at_the_end() -> None:
    changes = [make_step("a", 1), make_step("b", 2), make_step("c", 2)]

    assert take_all(ChangeQueue(changes, 1)) == ["a", "b"]
    assert take_all(ChangeQueue(changes, 2)) == ["b", "a"]


def test_the_order_of_the_plan_is_kept_until_then() -> None:
    changes = [make_step(f"c{number}", number) for number in range(6)] + [make_step("x", 6), make_step("y", 6)]

    assert take_all(ChangeQueue(changes, 2)) == ["c0", "c1", "c2", "c3", "x", "c4", "c5"]


def test_one_lane_keeps_the_order_of_the_plan_to_the_end() -> None:
    queue = ChangeQueue([make_step("a", 1), make_step("b", 2), make_step("c", 1), make_step("d", 1)])

    names = []
    while change := queue.take():
        names.append(change.name)
        queue.finish(change.name)

    assert names == ["a", "b", "c", "d"]


@given(st.lists(st.integers(1, 6), max_size=30), st.integers(2, 8))
def test_no_worker_is_idle_that_could_be_busy(sizes: list[int], lanes: int) -> None:
    changes = [make_step(f"{point}.{number}", point) for point, size in enumerate(sizes) for number in range(size)]

    assert count_rounds(ChangeQueue(changes, lanes), lanes) == max(-(-len(changes) // lanes), *sizes, 0)


def count_rounds(queue: ChangeQueue, lanes: int) -> int:
    """How many rounds of `lanes` changes at once it takes until `queue` is at its end."""
    rounds = 0
    while queue:
        taken = [change for _ in range(lanes) if (change := queue.take())]
        for change in taken:
            queue.finish(change.name)
        rounds += 1
    return rounds


class Service(Struct):
    """A clock and a count of refusals that stand still until a test moves them."""

    # That of a machine which has been up for a day: nobody's clock begins with the run.
    seconds: float = 86_400.0
    refusals: int = 0

    def make_pace(self, most: int) -> ConcurrencyLimiter:
        return ConcurrencyLimiter(most, lambda: self.refusals, lambda: self.seconds)

    def carry_out(self, pace: ConcurrencyLimiter, name: str = "a", seconds: float = 0.1, refusals: int = 0) -> None:
        pace.started(name)
        self.end(pace, name, seconds, refusals)

    def end(self, pace: ConcurrencyLimiter, name: str, seconds: float = 0.1, refusals: int = 0) -> None:
        self.seconds += seconds
        self.refusals += refusals
        pace.finished(name)


def test_a_run_begins_with_all_that_is_allowed() -> None:
    assert Service().make_pace(8).limit == 8


def test_a_service_that_is_too_busy_gets_half_as_much() -> None:
    service = Service()
    pace = service.make_pace(8)

    service.carry_out(pace, refusals=1)
    assert pace.limit == 4
    service.carry_out(pace, refusals=3)
    assert pace.limit == 2


def test_what_a_service_refused_before_the_run_does_not_count() -> None:
    service = Service(refusals=5)
    pace = service.make_pace(8)

    service.carry_out(pace)

    assert pace.limit == 8


def test_all_that_was_in_flight_when_it_strained_counts_once() -> None:
    service = Service()
    pace = service.make_pace(8)
    for name in "abcd":
        pace.started(name)

    for name in "abcd":
        service.end(pace, name, refusals=1)

    assert pace.limit == 4
    service.carry_out(pace, "e", refusals=1)
    assert pace.limit == 2


def test_a_change_is_always_allowed() -> None:
    service = Service()
    pace = service.make_pace(2)

    for _ in range(5):
        service.carry_out(pace, refusals=1)

    assert pace.limit == 1


def test_after_each_round_that_goes_well_there_is_one_more_up_to_all() -> None:
    service = Service()
    pace = service.make_pace(4)
    service.carry_out(pace, refusals=1)
    service.carry_out(pace, refusals=1)

    limits = []
    for _ in range(9):
        service.carry_out(pace)
        limits.append(pace.limit)

    assert limits == [2, 2, 2, 3, 3, 3, 4, 4, 4]


@pytest.mark.parametrize(
    ("usual", "seconds", "limit"),
    [(1, 4, 8), (1, 4.1, 4), (0.0625, 2, 8), (0.0625, 2.1, 4)],
    ids=["four times the usual", "longer than four times", "two seconds", "longer than two seconds"],
)
def test_a_change_that_takes_far_longer_than_usual_is_a_strain(usual: float, seconds: float, limit: int) -> None:
    service = Service()
    pace = service.make_pace(8)
    service.carry_out(pace, seconds=usual)

    service.carry_out(pace, seconds=seconds)

    assert pace.limit == limit


def test_a_service_that_stays_slow_is_usual_after_a_while() -> None:
    service = Service()
    pace = service.make_pace(8)
    service.carry_out(pace, seconds=0.1)

    for _ in range(60):
        service.carry_out(pace, seconds=3)

    assert pace.limit == 8


def test_changes_begin_half_as_far_apart_as_if_they_were_spread_evenly() -> None:
    service = Service()
    pace = service.make_pace(8)
    service.carry_out(pace, seconds=0.08)

    pace.started("a")
    assert pace.pause == pytest.approx(0.005)
    service.seconds += 0.003
    assert pace.pause == pytest.approx(0.002)
    service.seconds += 0.002
    assert pace.pause == pytest.approx(0, abs=1e-9)


def test_nobody_waits_before_it_is_known_what_a_change_takes() -> None:
    pace = Service().make_pace(8)

    pace.started("a")

    assert pace.pause == 0


def test_nobody_waits_long_because_a_service_is_slow() -> None:
    service = Service()
    pace = service.make_pace(2)
    service.carry_out(pace, seconds=30)

    pace.started("a")

    assert pace.pause == pytest.approx(0.01)


def test_one_after_the_other_begins_without_a_pause() -> None:
    service = Service()
    pace = service.make_pace(1)
    service.carry_out(pace, seconds=0.1)

    service.carry_out(pace, seconds=0.002)

    assert pace.pause == 0
