"""JSON value by value, from a text of any length."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.flaws import BrokenFile
from reconciler.readings.json_text import decode, describe, read_elements
from tests.cases import note_case

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Drips(io.StringIO):
    """A text that is read a few characters at a time, however many are asked for."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 7, 7) if size != 0 else 0)


@given(st.lists(_VALUES, max_size=4), st.sampled_from((None, 1)))
def test_the_elements_of_an_array_are_those_that_json_reads(values: list[Any], indent: int | None) -> None:
    text = f" {json.dumps(values, indent=indent)}\n"
    note_case(reached=values)

    for stream in (io.StringIO(text), Drips(text)):
        elements = list(read_elements(stream))
        assert [value for _, _, value in elements] == values
        assert [json.loads(own) for _, own, _ in elements] == values


def test_each_element_has_the_line_it_begins_in() -> None:
    text = '\n[\n  {"a": 1},\n\n  {\n "b": 2}\n, 3]'

    assert [line for line, _, _ in read_elements(io.StringIO(text))] == [3, 5, 7]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file is not a complete JSON array, found its end instead of ["),
        ('{"a": 1}', 1, 'the file is not a complete JSON array, found "{" instead of ['),
        ("[", 1, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1\n", 2, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1,\n", 2, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1 2]", 1, 'the file is not a complete JSON array, found "2" instead of ]'),
        ("[1]\n]", 2, "the file is no JSON array alone, found more after its end"),
        ("[]x", 1, "the file is no JSON array alone, found more after its end"),
        ("[1,]", 1, "the file is not complete JSON: expecting value"),
        ('[\n{"a": 1,\n"b" 2}]', 3, "the file is not complete JSON: expecting ':' delimiter"),
        ('[{"a": "x', 1, "the file is not complete JSON: unterminated string starting at"),
        ("[Nan]", 1, "the file is not complete JSON: expecting value"),
        (
            "[{" + "".join(f'"n{n}": 1, ' for n in range(50_000)) + '"n49999": 1}]',
            1,
            'the file is not complete JSON: the name "n49999" stands twice in one object',
        ),
        ('[{"a": 1, "b": 2, "a": 3}]', 1, 'the file is not complete JSON: the name "a" stands twice in one object'),
        ("[" + "[" * 100_000, 1, "the file is not complete JSON: it is nested too deeply"),
        ("[" * 500 + "]" * 500, 1, "the file is not complete JSON: it is nested too deeply"),
        ('[1,\n{"a":' + "[" * 500 + "]" * 500 + "}]", 2, "the file is not complete JSON: it is nested too deeply"),
        ("[{'a': 1}]", 1, "the file is not complete JSON: expecting property name enclosed in double quotes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_broken_json_is_said_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        list(read_elements(io.StringIO(text)))

    assert (caught.value.line, caught.value.flaw.message) == (line, message)


def test_an_element_that_would_fill_the_memory_is_refused() -> None:
    class Endless(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            given = super().read(1) or "x" * (size or 0)
            return "[" + '"' if given == "[" else given

    with pytest.raises(BrokenFile, match="a group is longer than 16,777,216 characters"):
        list(read_elements(Endless("[")))


def test_a_long_file_is_read_in_pieces_of_a_quarter_of_a_million_characters() -> None:
    class Watched(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            asked.append(size)
            return super().read(size)

    asked: list[int | None] = []
    elements = read_elements(Watched("[" + "1234567,\n" * 100_000 + "1]"))

    assert (next(elements), asked) == ((1, "1234567", 1234567), [262_144])
    assert sum(1 for _ in elements) == 100_000
    assert asked == [262_144] * 5


def test_numbers_beyond_all_bounds_are_left_to_who_looks_at_them() -> None:
    assert decode("1e999") == float("inf")
    assert decode("9" * 5000) == float("inf")
    assert decode("9" * 30) == int("9" * 30)


@pytest.mark.parametrize(
    ("text", "message"), [("1 2", "there is more after the value"), ("tru", "expecting value"), ("", "expecting value")]
)
def test_one_value_alone_is_decoded(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        decode(text)

    assert describe(caught.value) == message
