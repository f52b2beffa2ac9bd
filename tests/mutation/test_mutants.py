"""The faults that are made in a source text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.equivalent import EQUIVALENT
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


def test_a_mutant_said_to_be_equivalent_can_be_made() -> None:
    made = {
        (file, mutant.before, mutant.after)
        for file in {file for file, _, _ in EQUIVALENT}
        for mutant in find_mutants(file, (ROOT / file).read_text(encoding="utf-8"))
    }

    assert EQUIVALENT.keys() - made == set()
