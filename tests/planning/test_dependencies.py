"""Cycles, blocked dependents and the order of apply."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import Blocker
from reconciler.planning.context import Dependency
from reconciler.planning.dependencies import (
    find_cycles,
    predecessors,
    propagate_blockers,
    topological_order,
    with_dependencies,
)
from tests.cases import note_case

FAILS = Blocker("ESA401", "cannot become calculated: it has readings", {}, "leave it simple")
UNKNOWN = Blocker("ESA407", "cannot be known", {}, "ask", is_unknown=True)


def tell(blocks: dict[str, tuple[Blocker, ...]]) -> dict[str, list[str]]:
    return {name: [f"{block.rule} {block.message}" for block in own] for name, own in sorted(blocks.items())}


def test_a_block_is_handed_on_to_everything_that_needs_the_blocked() -> None:
    needs = {
        "a": (),
        "b": (Dependency("ESA403", "a"),),
        "c": (Dependency("ESA408", "b"),),
        "d": (Dependency("ESA410", "e"),),
        "e": (),
    }
    own = {"a": [FAILS, FAILS], "b": [], "c": [], "d": [], "e": []}

    blocks = propagate_blockers(own, needs)

    assert tell(blocks) == {
        "a": 2 * ["ESA401 cannot become calculated: it has readings"],
        "b": ["ESA403 needs the change of a, which is blocked by ESA401"],
        "c": ["ESA408 needs the change of b, which is blocked by ESA403"],
        "d": [],
        "e": [],
    }
    assert blocks["c"] == (
        Blocker(
            rule="ESA408",
            message="needs the change of b, which is blocked by ESA403",
            evidence={"needs": "b", "blocked_by": ["ESA403"]},
            unblock="unblock b",
        ),
    )


def test_what_is_blocked_itself_is_not_told_of_others() -> None:
    needs = {"a": (Dependency("ESA409", "b", must_precede=False),), "b": (Dependency("ESA409", "a"),)}

    assert tell(propagate_blockers({"a": [FAILS], "b": []}, needs)) == {
        "a": ["ESA401 cannot become calculated: it has readings"],
        "b": ["ESA409 needs the change of a, which is blocked by ESA401"],
    }


def test_what_needs_the_unknown_is_unknown_and_what_needs_the_blocked_is_blocked() -> None:
    needs = {"a": (), "b": (), "c": (Dependency("ESA403", "a"), Dependency("ESA403", "b"))}

    settled = propagate_blockers({"a": [UNKNOWN], "b": [FAILS], "c": []}, needs)

    assert [(block.evidence["needs"], block.is_unknown) for block in settled["c"]] == [("a", True), ("b", False)]


def test_circles_are_named_and_block_their_members_and_what_needs_them() -> None:
    needs = {
        "a": (Dependency("ESA403", "b"),),
        "b": (Dependency("ESA408", "c"),),
        "c": (Dependency("ESA410", "a"), Dependency("ESA403", "d")),
        "d": (),
        "e": (Dependency("ESA403", "a"),),
    }

    settled = propagate_blockers({name: [] for name in needs}, needs)

    circle = "cannot be put in order, because none can come first: a waits for b, b waits for c, c waits for a"
    assert tell(settled) == {
        "a": [f"ESA403 {circle}"],
        "b": [f"ESA408 {circle}"],
        "c": [f"ESA410 {circle}"],
        "d": [],
        "e": ["ESA403 needs the change of a, which is blocked by ESA403"],
    }
    assert [settled[name][0].unblock for name in "ab"] == [
        "break the circle by two plans: first leave one of these edits out of the files, and put it back later",
        "break the circle by two plans: first give one of these channels an import id that none has, or null",
    ]


def test_a_long_circle_is_cut_in_the_message_only() -> None:
    names = [f"n{number:02}" for number in range(12)]
    needs = {name: (Dependency("ESA408", names[number - 1]),) for number, name in enumerate(names)}

    (block,) = propagate_blockers({name: [] for name in names}, needs)["n00"]

    assert block.message.endswith("n05 waits for n04, and so on, 4 more")
    assert sorted(block.evidence["cycle"]) == names  # type: ignore[call-overload]


def test_what_each_of_a_circle_of_thousands_tells_is_bounded() -> None:
    names = [f"n{number:05}" for number in range(20_000)]
    needs = {name: (Dependency("ESA408", names[number - 1]),) for number, name in enumerate(names)}

    settled = propagate_blockers({name: [] for name in names}, needs)

    expected = {"cycle": [names[0], *reversed(names[-99:])]}
    assert settled.keys() == set(names)
    assert all(block.evidence == expected for (block,) in settled.values())


def test_two_that_only_stand_together_are_no_circle() -> None:
    needs = {"a": (Dependency("ESA409", "b", must_precede=False),), "b": (Dependency("ESA409", "a"),)}

    assert tell(propagate_blockers({"a": [], "b": []}, needs)) == {"a": [], "b": []}
    assert topological_order(["a", "b"], needs) == ("a", "b")


def test_the_order_goes_by_needs_and_else_by_name() -> None:
    needs = {
        "a": (Dependency("ESA403", "z"), Dependency("ESA403", "gone")),
        "b": (),
        "m": (Dependency("ESA408", "a"),),
        "z": (),
    }

    assert topological_order(["m", "z", "b", "a"], needs) == ("b", "z", "a", "m")


def test_the_closure_holds_what_is_needed_before_or_beside() -> None:
    needs = {"a": (Dependency("ESA403", "b"),), "b": (Dependency("ESA409", "c", must_precede=False),), "c": (), "d": ()}

    assert with_dependencies(["a", "no-op"], needs) == {"a", "b", "c", "no-op"}


def test_what_comes_first_is_listed_once_by_name() -> None:
    needs = (
        Dependency("ESA410", "b"),
        Dependency("ESA403", "b"),
        Dependency("ESA403", "a"),
        Dependency("ESA409", "c", must_precede=False),
    )

    assert predecessors(needs) == ("a", "b")


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
