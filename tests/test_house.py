"""Laws of the layout: one name has one meaning, small modules have several importers, packages list and test files."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "reconciler"
# Below this a module is worth its file only if several others of its package need it.
SMALL = 120


@cache
def parse_all() -> dict[Path, ast.Module]:
    """All modules of the package: parsed by who runs these tests, not by each worker that collects them."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def find_imports(path: Path) -> set[str]:
    """The modules that are imported, wherever in the file."""
    nodes = list(ast.walk(parse_all()[path]))
    names = {
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return names | modules | {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}


# Their tests mirror their modules. Laws may span modules.
MIRRORED = ("apply", "energycap", "planning", "reports")


def name_module(path: Path) -> str:
    return ".".join(("reconciler", *path.relative_to(PACKAGE).with_suffix("").parts))


def test_a_class_name_has_one_meaning() -> None:
    # The sandbox shares no code with the rest, so it may use the words of the API as well.
    places: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for path, tree in parse_all().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places["sandbox" in path.parts, node.name.lstrip("_")].add(name_module(path))

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_small_module_serves_more_than_one_module_of_its_package() -> None:
    lonely = []
    for path in parse_all():
        importers = [other for other in parse_all() if other != path and name_module(path) in find_imports(other)]
        is_alone = [other.parent for other in importers] == [path.parent]
        is_small = len(path.read_text(encoding="utf-8").splitlines()) < SMALL
        if path.parent != PACKAGE and path.name != "__init__.py" and is_small and is_alone:
            lonely.append(name_module(path))

    assert lonely == []


def test_a_package_lists_its_files() -> None:
    silent = {
        name_module(path.parent): missing
        for path, tree in parse_all().items()
        if path.name == "__init__.py" and path.parent != PACKAGE
        if (
            missing := [
                other.stem
                for other in sorted(path.parent.glob("*.py"))
                if other != path and other.stem not in (ast.get_docstring(tree) or "")
            ]
        )
    }

    assert silent == {}


def test_a_file_name_occurs_once() -> None:
    commands = {path.stem for path in (PACKAGE / "cli").glob("*.py")}
    counted = Counter(path.stem for path in parse_all() if "sandbox" not in path.parts)

    assert [name for name, count in counted.items() if count > 1 and name not in commands | {"__init__"}] == []


@pytest.mark.parametrize("package", MIRRORED)
def test_each_module_has_a_test_file_of_its_name(package: str) -> None:
    modules = {path.relative_to(PACKAGE) for path in parse_all() if path.name != "__init__.py"}
    own = sorted(path for path in modules if path.parts[0] == package)
    tests = PACKAGE.parent / "tests"

    assert [str(path) for path in own if not (tests / path.with_name(f"test_{path.name}")).is_file()] == []
