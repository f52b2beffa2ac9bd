"""How many samples of a law reach the case that it is about: one that hardly ever gets there holds nothing."""

from __future__ import annotations

from contextlib import contextmanager
from math import sqrt
from typing import TYPE_CHECKING, TypeVar

from hypothesis import event
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

Thing = TypeVar("Thing")
Other = TypeVar("Other")

_samples: list[bool] = []


def mostly(usual: st.SearchStrategy[Thing], *others: st.SearchStrategy[Other]) -> st.SearchStrategy[Thing | Other]:
    """Three times in four `usual`; `|` would weigh all alike, with each part of what is itself made with `|`."""
    return st.sampled_from((usual, usual, usual, st.one_of(*others))).flatmap(lambda chosen: chosen)


def note_case(*, reached: object) -> None:
    """Count one sample of the law that is running; Hypothesis shows the share in its statistics.

    A law counts before it assumes, so that what it throws away counts as not reached.
    """
    event(f"reaches its case: {'yes' if reached else 'no'}")
    _samples.append(bool(reached))


@contextmanager
def counted_cases() -> Iterator[None]:
    """Fails a law of which fewer than half of the samples reached their case, by more than chance explains."""
    _samples.clear()
    yield
    count, reached = len(_samples), sum(_samples)
    # Five standard deviations below a half, for samples resemble one another more than dice do.
    assert reached >= count / 2 - 2.5 * sqrt(count), f"only {reached} of {count} samples reached the case of this law"
