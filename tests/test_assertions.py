"""Every test asserts something, and not only if a condition happens to hold."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TESTS = Path(__file__).resolve().parent
# Words of pytest that fail a test themselves, and that of laws whose samples do not get to what they are about.
_FAILING = frozenset({"fail", "raises", "warns", "note_case"})


def find_functions(trees: Iterable[ast.Module]) -> Iterator[ast.FunctionDef]:
    return (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def asserts(node: ast.AST, asserting: frozenset[str]) -> bool:
    """Whether running `node` reaches an assertion, its own or that of a function named in `asserting`.

    One below an `if` counts only if there is one below its `else` too, one in a loop only if that runs at least once.
    """
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.Lambda() | ast.While():
            return False  # what stands within a test may never be called
        case ast.Assert(test=ast.Call(func=ast.Name(id="all"), args=[ast.GeneratorExp() as each])):
            return is_full(each.generators[0].iter)
        case ast.Assert() | ast.Raise():
            return True
        case ast.Call() if _name(node) in asserting:
            return True
    return may_enter(node, asserting) and any(asserts(child, asserting) for child in ast.iter_child_nodes(node))


def may_enter(node: ast.AST, asserting: frozenset[str]) -> bool:
    """Whether what stands in `node` certainly runs, or something else that asserts runs in its place."""
    match node:
        case ast.For(iter=iterated):
            return is_full(iterated)
        case ast.If(orelse=orelse):
            return any(asserts(each, asserting) for each in orelse)
        case _:
            return True


def is_full(iterated: ast.expr) -> bool:
    """Whether there is certainly something in what a loop goes through: written down there, or a constant."""
    match iterated:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return bool(parts)
        case ast.Name(id=name):
            return name.isupper()
        case ast.Call(func=ast.Name(id="range")):
            return True
        case ast.Call(func=ast.Name(), args=[*parts]):
            return bool(parts) and all(map(is_full, parts))
        case ast.Call(func=ast.Attribute(value=of)):
            return is_full(of)
        case _:
            return False


def _name(node: ast.AST) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case ast.Assert() | ast.Raise():
            return "fail"
        case _:
            return ""


def find_asserting(functions: Iterable[ast.FunctionDef]) -> frozenset[str]:
    """The names of functions that may fail a test, directly or through one another: under a condition too."""
    called = {
        each.name: {_name(node) for node in ast.walk(each) if isinstance(node, ast.Call | ast.Assert | ast.Raise)}
        for each in functions
        if not each.name.startswith("test_")
    }
    found = _FAILING
    while more := frozenset(name for name, names in called.items() if names & found) - found:
        found |= more
    return found


def find_silent(sources: dict[str, str]) -> list[str]:
    """The tests in these files that may pass without any assertion."""
    trees = {file: ast.parse(source) for file, source in sources.items()}
    asserting = find_asserting(list(find_functions(trees.values())))
    return [
        f"{file}:{test.lineno} {test.name}"
        for file, tree in trees.items()
        for test in find_functions([tree])
        if test.name.startswith("test_") and not any(asserts(part, asserting) for part in test.body)
    ]


def test_every_test_asserts_something() -> None:
    sources = {str(path.relative_to(TESTS)): path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")}

    assert find_silent(sources) == []


def test_a_test_without_a_certain_assertion_is_found() -> None:
    source = """
def check(value): assert value
def note(value): print(value)
def test_plain(): assert 1
def test_with_a_helper(): check(1)
def test_of_an_error():
    with pytest.raises(ValueError): int("x")
def test_in_both_branches():
    if x: assert 1
    else: check(2)
def test_without(): note(1)
def test_under_a_condition():
    if x: assert 1
def test_in_a_function_within():
    def inner(): assert 1
def test_in_a_loop():
    for each in (1, 2): assert each
    for each in CASES.items(): assert each
def test_in_a_loop_over_what_may_be_empty():
    for each in found: assert each
def test_of_all_of_what_may_be_empty(): assert all(each for each in found)
"""

    assert find_silent({"a.py": source}) == [
        "a.py:11 test_without",
        "a.py:12 test_under_a_condition",
        "a.py:14 test_in_a_function_within",
        "a.py:19 test_in_a_loop_over_what_may_be_empty",
        "a.py:21 test_of_all_of_what_may_be_empty",
    ]
