"""What stands and falls together, and the order of apply."""

from __future__ import annotations

from reconciler.model.plan import Blocker
from reconciler.planning.context import Dependency
from reconciler.planning.dependencies import predecessors, propagate_blockers, topological_order, with_dependencies

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
