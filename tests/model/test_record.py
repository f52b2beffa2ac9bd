"""A record and the dataclass that it stands for: nobody can tell them apart by what they do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.places import Place
from reconciler.model.record import record
from tests.cases import mostly, note_case


@record
class Point:
    """A point."""

    x: int
    y: int = 0
    name: str = ""

    @property
    def sum(self) -> int:
        return self.x + self.y


@record
class Single:
    """One field."""

    x: object


@dataclasses.dataclass(frozen=True, slots=True)
class Twin:
    """The same as a dataclass."""

    x: int
    y: int = 0
    name: str = ""


VALUES = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["", "a"]))


@given(mostly(VALUES.map(lambda values: (values, values)), st.tuples(VALUES, VALUES)))
def test_records_are_equal_when_their_dataclasses_are(pair: tuple[tuple[Any, ...], tuple[Any, ...]]) -> None:
    one, other = pair
    note_case(reached=one == other)
    assert (Point(*one) == Point(*other)) == (Twin(*one) == Twin(*other))
    assert Point(*one) != Point(*other) or hash(Point(*one)) == hash(Point(*other))


@given(VALUES)
def test_a_record_shows_itself_as_its_dataclass_does(values: tuple[Any, ...]) -> None:
    assert repr(Point(*values)) == repr(Twin(*values)).replace("Twin", "Point")


def test_records_of_two_kinds_are_never_equal() -> None:
    others: list[object] = [Twin(1), Single(1), 1, None]

    assert [Point(1) == other for other in others] == [False] * 4


def test_a_record_is_made_by_position_and_by_name_with_defaults() -> None:
    assert [(point.x, point.y, point.name, point.sum) for point in (Point(1), Point(1, name="a"), Point(y=2, x=1))] == [
        (1, 0, "", 1),
        (1, 0, "a", 1),
        (1, 2, "", 3),
    ]


@pytest.mark.parametrize("values", [(), (1, 2, "", 4)], ids=["too few", "too many"])
def test_a_record_of_the_wrong_size_is_refused_by_its_name(values: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"^Point\.__init__\(\) "):
        Point(*values)


def test_a_record_cannot_be_changed() -> None:
    point: Any = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot change x of Point"):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot change y of Point"):
        del point.y
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot change colour of Point"):
        point.colour = "red"


def test_the_module_dataclasses_takes_a_record_for_one() -> None:
    point = Point(1, 2)

    assert dataclasses.is_dataclass(point)
    assert dataclasses.replace(point, y=3) == Point(1, 3)
    assert dataclasses.asdict(point) == {"x": 1, "y": 2, "name": ""}
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y", "name"]


def test_a_record_matches_by_position() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_a_record_survives_copies_and_pickles() -> None:
    place = Place("a.yaml", 1, keys=("channels",))

    assert {copy.copy(place), copy.deepcopy(place), pickle.loads(pickle.dumps(place))} == {place}  # noqa: S301


def test_a_record_holds_nothing_but_its_fields() -> None:
    assert not hasattr(Point(1), "__dict__")
    assert (Point.__doc__, Point.__module__, Point.__qualname__) == ("A point.", __name__, "Point")
