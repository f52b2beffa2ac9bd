"""The faults that are made in a source text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.covering import Covering, find_statement
from tests.mutation.equivalent import EQUIVALENT, make_key
from tests.mutation.mutants import Mutant, apply_mutant, find_mutants

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("x = a < b", ["((a) <= (b))"]),
        ("x = a and not b", ["((a) or (not b))", "((not b))", "((a))", "(bool(b))"]),
        ("x = a + 1", ["((a) - (1))", "(2)"]),
        ("x = 'ä' if a else True", ["(True if a else 'ä')", "False"]),
        ("def f():\n    return a", ["return None"]),
        ("for a in b:\n    continue", ["break"]),
        ("f(a)", ["None"]),
        ("match a:\n    case never:\n        assert_never(never)", []),
        ("def f(a: int | None = None) -> int | None:\n    '''Text.'''", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1", []),
    ],
)
def test_each_place_is_written_differently(source: str, mutants: list[str]) -> None:
    assert sorted(mutant.after for mutant in find_mutants("a.py", source)) == sorted(mutants)


def test_a_mutant_changes_its_own_place_alone_behind_any_letters() -> None:
    source = "a = 'ä', 1\nb = 'ö', 2\n"

    first, second = find_mutants("a.py", source)

    assert first == Mutant("a.py", 1, 9, 10, "1", "(2)")
    assert [apply_mutant(source, each) for each in (first, second)] == [
        "a = 'ä', (2)\nb = 'ö', 2\n",
        "a = 'ä', 1\nb = 'ö', (3)\n",
    ]


@pytest.mark.parametrize(("line", "span"), [(2, (1, 2)), (3, (3, 3)), (5, (4, 6)), (7, (7, 7)), (8, (8, 8))])
def test_a_place_belongs_to_its_statement_or_the_head_of_its_block(line: int, span: tuple[int, int]) -> None:
    source = "def f(\n    a):\n    x = a\n    return (\n        x\n    )\nif f(1):\n    y = 2\n"

    assert find_statement(source, line) == span


def test_tests_of_the_same_name_come_first_and_then_the_quick_ones() -> None:
    lines = {1: frozenset[str](), 2: frozenset({"test_b.py::t", "test_c.py::t", "test_a.py::t"})}
    covering = Covering({"reconciler/a.py": lines}, {"test_a.py::t": 9, "test_b.py::t": 2, "test_c.py::t": 1})
    inside, above = (Mutant("reconciler/a.py", line, 0, 1, "", "") for line in (2, 1))

    assert covering.find_tests(inside, "import b\nx = 1\n") == ["test_a.py::t", "test_c.py::t", "test_b.py::t"]
    assert covering.find_tests(above, "import b\nx = 1\n") == ["test_a.py::t", "test_c.py::t", "test_b.py::t"]


def test_a_mutant_said_to_be_equivalent_can_be_made() -> None:
    sources = {key[0]: (ROOT / key[0]).read_text(encoding="utf-8") for key in EQUIVALENT}
    made = {make_key(mutant, source) for file, source in sources.items() for mutant in find_mutants(file, source)}

    assert EQUIVALENT.keys() - made == set()


def test_a_mutant_is_known_by_the_line_that_it_changes() -> None:
    source = "if a:\n    b = 0\nc = 0\n"

    keys = [make_key(mutant, source) for mutant in find_mutants("a.py", source)]

    assert keys == [("a.py", "b = 0", "0", "(1)"), ("a.py", "c = 0", "0", "(1)")]
