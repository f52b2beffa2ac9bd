"""Circles among formulas."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.planning.dependencies import find_cycles
from tests.cases import note_case

NAMES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NAMES, st.sets(NAMES, max_size=3))


@pytest.mark.parametrize(
    ("uses", "cycles"),
    [
        pytest.param({}, (), id="nothing"),
        pytest.param({"a": {"b"}, "b": {"c"}}, (), id="a chain"),
        pytest.param({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, (), id="two ways to one"),
        pytest.param({"a": {"a"}}, (("a",),), id="itself"),
        pytest.param({"b": {"a"}, "a": {"b"}}, (("a", "b"),), id="two"),
        pytest.param({"x": {"c"}, "c": {"a"}, "a": {"b"}, "b": {"c"}}, (("a", "b", "c"),), id="three, and a way in"),
        pytest.param({"a": {"d"}, "d": {"b", "a"}, "b": {"d"}}, (("a", "d"),), id="two that share a name"),
        pytest.param({"d": {"c"}, "c": {"d"}, "b": {"a"}, "a": {"b"}}, (("a", "b"), ("c", "d")), id="two apart"),
    ],
)
def test_circles_are_named_from_their_smallest_name_on(
    uses: dict[str, set[str]], cycles: tuple[tuple[str, ...], ...]
) -> None:
    assert find_cycles(uses) == cycles


def test_a_long_chain_is_no_trouble() -> None:
    count = 5000
    chain = {f"{number:04}": {f"{(number + 1) % count:04}"} for number in range(count)}

    (cycle,) = find_cycles(chain)

    assert len(cycle) == count


def test_a_hundred_thousand_ways_back_are_no_trouble() -> None:
    names = [f"{number:06}" for number in range(100_000)]
    uses = {name: {following, names[0]} - {name} for name, following in pairwise(names)}

    assert find_cycles(uses) == (tuple(names[:2]),)


@given(GRAPHS)
def test_circles_are_real_and_apart(uses: dict[str, set[str]]) -> None:
    cycles = find_cycles(uses)
    note_case(reached=cycles)

    for cycle in cycles:
        assert all(used in uses[name] for name, used in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    named = [name for cycle in cycles for name in cycle]
    assert len(named) == len(set(named))


@given(GRAPHS)
def test_no_circle_is_left_where_none_is_found(uses: dict[str, set[str]]) -> None:
    left = {name: used & uses.keys() for name, used in uses.items()}
    while ends := [name for name, used in left.items() if not used & left.keys()]:
        for name in ends:
            del left[name]

    note_case(reached=left)
    assert bool(find_cycles(uses)) == bool(left)


@given(GRAPHS)
def test_the_order_of_names_changes_nothing(uses: dict[str, set[str]]) -> None:
    cycles = find_cycles(uses)
    note_case(reached=cycles)
    assert find_cycles(dict(sorted(uses.items(), reverse=True))) == cycles
