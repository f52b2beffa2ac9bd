"""Which tests run which lines, and how long each test takes: found out by one run of them, with coverage."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from coverage import CoverageData
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.mutation.mutants import Mutant

# Nearest to the layers that are tried. Tests of the whole take longer than all these: a score is a lower bound.
TESTS = ("apply", "model", "planfile", "planning", "reports", "rules")
SECONDS = "seconds.json"


class Covering(Struct, frozen=True):
    """The tests that run each line of each file, by the path of the file; and the seconds that each test takes."""

    tests: Mapping[str, Mapping[int, frozenset[str]]]
    seconds: Mapping[str, float]

    def find_tests(self, mutant: Mutant, source: str) -> list[str]:
        """The tests that run the statement of `mutant`, those of its own module first, then the quick ones.

        Where none does, the statement runs when the module is imported: then all that run anything of the file.
        """
        lines = self.tests.get(mutant.file, {})
        first, last = find_statement(source, mutant.line)
        found = frozenset[str]().union(*(tests for line, tests in lines.items() if first <= line <= last))
        found = found or frozenset[str]().union(*lines.values())
        name = mutant.file.rpartition("/")[2].removesuffix(".py")
        return sorted(found, key=lambda test: (name not in test, self.seconds.get(test, 0), test))

    def sum_seconds(self, tests: Iterable[str]) -> float:
        """How long these tests took when they were recorded."""
        return sum(self.seconds.get(test, 0) for test in tests)


def record(copy: Path, folder: Path, workers: int) -> None:
    """Run the tests of `copy` with coverage, and keep what came of it in `folder`."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.mutation.recorder"]
    command += ["--numprocesses", str(workers), "--cov", "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
    variables = {"COVERAGE_FILE": str(folder / "coverage"), "RECORDED_SECONDS": str(folder / "unfinished.json")}
    subprocess.run(
        [*command, *(f"tests/{name}" for name in TESTS)],
        cwd=copy,
        env=os.environ | variables | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )
    (folder / "unfinished.json").rename(folder / SECONDS)


def read_record(folder: Path) -> Covering:
    """What `record` kept in `folder`."""
    data = CoverageData(str(folder / "coverage"))
    data.read()
    tests = {}
    for path in data.measured_files():
        lines = data.contexts_by_lineno(path)
        # A context is the name of a test and its phase; what no test began, as an import, has none.
        tests[path[path.rindex("/reconciler/") + 1 :]] = {
            line: frozenset(context.rpartition("|")[0] for context in contexts if context)
            for line, contexts in lines.items()
        }
    return Covering(tests, json.loads((folder / SECONDS).read_text(encoding="utf-8")))


def find_statement(source: str, line: int) -> tuple[int, int]:
    """The first and the last line of the innermost statement that `line` is in; of one with a body, of its head."""
    spans = [_find_span(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    return max(span for span in spans if span[0] <= line <= span[1])


def _find_span(node: ast.stmt) -> tuple[int, int]:
    body = getattr(node, "body", None)
    last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
    return node.lineno, max(node.lineno, last)
