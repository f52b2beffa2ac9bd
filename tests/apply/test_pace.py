from __future__ import annotations

import pytest
from msgspec import Struct

from reconciler.apply.scheduler import ConcurrencyLimiter


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
