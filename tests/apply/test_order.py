from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply.scheduler import ChangeQueue
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
def test_no_lane_is_idle_that_could_have_been_at_work(sizes: list[int], lanes: int) -> None:
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
