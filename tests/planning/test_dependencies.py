"""Cycles, blocked dependents and the order of apply."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import Blocker
from reconciler.planning.dependencies import (
    Dependency,
    find_cycles,
    predecessors,
    propagate_blockers,
    topological_order,
    with_dependencies,
)
from tests.cases import note_case

FAILS = Blocker("ESA401", "cannot become calculated: it has readings", {}, "leave it simple")
UNKNOWN = Blocker("ESA407", "unknown unit type", {}, "ask", is_unknown=True)


def list_messages(blocks: dict[str, tuple[Blocker, ...]]) -> dict[str, list[str]]:
    return {name: [f"{block.rule} {block.message}" for block in own] for name, own in sorted(blocks.items())}


def test_a_blocker_is_passed_on_to_every_dependent_change() -> None:
    needs = {
        "a": (),
        "b": (Dependency("ESA403", "a"),),
        "c": (Dependency("ESA408", "b"),),
        "d": (Dependency("ESA410", "e"),),
        "e": (),
    }
    own = {"a": [FAILS, FAILS], "b": [], "c": [], "d": [], "e": []}

    blocks = propagate_blockers(own, needs)

    assert list_messages(blocks) == {
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


def test_a_change_with_a_blocker_of_its_own_gets_none_from_its_dependencies() -> None:
    needs = {"a": (Dependency("ESA409", "b", must_precede=False),), "b": (Dependency("ESA409", "a"),)}

    assert list_messages(propagate_blockers({"a": [FAILS], "b": []}, needs)) == {
        "a": ["ESA401 cannot become calculated: it has readings"],
        "b": ["ESA409 needs the change of a, which is blocked by ESA401"],
    }


def test_dependents_of_unknown_changes_are_unknown_and_dependents_of_blocked_changes_are_blocked() -> None:
    needs = {"a": (), "b": (), "c": (Dependency("ESA403", "a"), Dependency("ESA403", "b"))}

    settled = propagate_blockers({"a": [UNKNOWN], "b": [FAILS], "c": []}, needs)

    assert [(block.evidence["needs"], block.is_unknown) for block in settled["c"]] == [("a", True), ("b", False)]


def test_a_cycle_blocks_its_members_and_their_dependents() -> None:
    needs = {
        "a": (Dependency("ESA403", "b"),),
        "b": (Dependency("ESA408", "c"),),
        "c": (Dependency("ESA410", "a"), Dependency("ESA403", "d")),
        "d": (),
        "e": (Dependency("ESA403", "a"),),
    }

    settled = propagate_blockers({name: [] for name in needs}, needs)

    cycle = "cannot be put in order, because none can be first: a waits for b, b waits for c, c waits for a"
    assert list_messages(settled) == {
        "a": [f"ESA403 {cycle}"],
        "b": [f"ESA408 {cycle}"],
        "c": [f"ESA410 {cycle}"],
        "d": [],
        "e": ["ESA403 needs the change of a, which is blocked by ESA403"],
    }
    assert [settled[name][0].unblock for name in "ab"] == [
        "break the cycle with two plans: first leave one of these edits out of the files, and put it back later",
        "break the cycle with two plans: first give one of these channels an import id that no channel has, or null",
    ]


@pytest.mark.parametrize(
    ("count", "last"), [(8, "n02 waits for n01, n01 waits for n00"), (12, "n05 waits for n04, and so on, 4 more")]
)
def test_a_long_cycle_is_shortened_in_the_message_only(count: int, last: str) -> None:
    names = [f"n{number:02}" for number in range(count)]
    needs = {name: (Dependency("ESA408", names[number - 1]),) for number, name in enumerate(names)}

    (block,) = propagate_blockers({name: [] for name in names}, needs)["n00"]

    assert block.message.endswith(last)
    assert sorted(block.evidence["cycle"]) == names  # type: ignore[call-overload]


def test_the_evidence_of_a_cycle_of_thousands_is_bounded() -> None:
    names = [f"n{number:05}" for number in range(20_000)]
    needs = {name: (Dependency("ESA408", names[number - 1]),) for number, name in enumerate(names)}

    settled = propagate_blockers({name: [] for name in names}, needs)

    expected = {"cycle": [names[0], *reversed(names[-99:])]}
    assert settled.keys() == set(names)
    assert all(block.evidence == expected for (block,) in settled.values())


def test_changes_that_must_only_apply_together_are_not_a_cycle() -> None:
    needs = {"a": (Dependency("ESA409", "b", must_precede=False),), "b": (Dependency("ESA409", "a"),)}

    assert list_messages(propagate_blockers({"a": [], "b": []}, needs)) == {"a": [], "b": []}
    assert topological_order(["a", "b"], needs) == ("a", "b")


def test_the_order_goes_by_dependencies_and_then_by_name() -> None:
    needs = {
        "a": (Dependency("ESA403", "z"), Dependency("ESA403", "gone")),
        "b": (),
        "m": (Dependency("ESA408", "a"),),
        "z": (),
    }

    assert topological_order(["m", "z", "b", "a"], needs) == ("b", "z", "a", "m")


def test_the_closure_includes_what_is_needed_before_or_beside_a_change() -> None:
    needs = {"a": (Dependency("ESA403", "b"),), "b": (Dependency("ESA409", "c", must_precede=False),), "c": (), "d": ()}

    assert with_dependencies(["a", "no-op"], needs) == {"a", "b", "c", "no-op"}


def test_predecessors_are_listed_once_by_name() -> None:
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
        pytest.param(
            {"a": {"b", "e"}, "b": {"a", "c", "d"}, "c": set(), "d": set(), "e": {"a"}},
            (("a", "b"),),
            id="two that share a name, and ways out of one",
        ),
        pytest.param(
            {"a": {"b"}, "b": {"a", "c"}, "c": {"d"}, "d": {"c"}},
            (("a", "b"), ("c", "d")),
            id="two, and one that leads to the other",
        ),
        pytest.param({"d": {"c"}, "c": {"d"}, "b": {"a"}, "a": {"b"}}, (("a", "b"), ("c", "d")), id="two apart"),
    ],
)
def test_cycles_start_at_their_smallest_name(uses: dict[str, set[str]], cycles: tuple[tuple[str, ...], ...]) -> None:
    assert find_cycles(uses) == cycles


def test_a_long_chain_is_searched_without_recursion() -> None:
    count = 5000
    chain = {f"{number:04}": {f"{(number + 1) % count:04}"} for number in range(count)}

    (cycle,) = find_cycles(chain)

    assert len(cycle) == count


def test_a_hundred_thousand_back_edges_are_searched_in_linear_time() -> None:
    names = [f"{number:06}" for number in range(100_000)]
    uses = {name: {following, names[0]} - {name} for name, following in pairwise(names)}

    assert find_cycles(uses) == (tuple(names[:2]),)


def test_ways_that_part_and_meet_again_are_searched_once_each() -> None:
    uses = {f"{step}": {f"{step}a", f"{step}b"} for step in range(100)}
    uses |= {f"{step}{side}": {f"{step + 1}"} for step in range(100) for side in "ab"}

    assert find_cycles(uses) == ()


@given(GRAPHS)
def test_cycles_are_real_and_share_no_name(uses: dict[str, set[str]]) -> None:
    cycles = find_cycles(uses)
    note_case(reached=cycles)

    for cycle in cycles:
        assert all(used in uses[name] for name, used in zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    named = [name for cycle in cycles for name in cycle]
    assert len(named) == len(set(named))


@given(GRAPHS)
def test_no_cycle_is_missed(uses: dict[str, set[str]]) -> None:
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
