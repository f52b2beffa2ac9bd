from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.order import Queue
from tests.apply.records import make_step

if TYPE_CHECKING:
    from reconciler.model.plan import Change


def take_all(queue: Queue) -> list[str]:
    names = []
    while change := queue.take():
        names.append(change.name)
    return names


def test_changes_of_different_data_points_are_free_at_once_in_the_order_of_the_plan() -> None:
    queue = Queue([make_step("c", 1), make_step("a", 2), make_step("b", 3)])

    assert take_all(queue) == ["c", "a", "b"]


def test_the_changes_of_one_data_point_come_one_after_the_other() -> None:
    queue = Queue([make_step("a", 1), make_step("b", 1), make_step("c", 2)])

    assert take_all(queue) == ["a", "c"]
    queue.finish("a")
    assert take_all(queue) == ["b"]


def test_a_change_waits_for_all_that_it_depends_on() -> None:
    queue = Queue([make_step("a", 1), make_step("b", 2), make_step("c", 3, ("a", "b"))])

    assert take_all(queue) == ["a", "b"]
    queue.finish("b")
    assert take_all(queue) == []
    queue.finish("a")
    assert take_all(queue) == ["c"]


def test_what_a_change_depends_on_outside_of_the_queue_does_not_hold_it_up() -> None:
    assert take_all(Queue([make_step("a", 1, ("unchanged",))])) == ["a"]


def test_a_queue_is_true_until_its_last_change_is_finished() -> None:
    queue = Queue([make_step("a", 1)])

    assert queue
    take_all(queue)
    assert queue
    queue.finish("a")
    assert not queue


def test_a_queue_of_nothing_is_false() -> None:
    empty: list[Change] = []

    assert not Queue(empty)
