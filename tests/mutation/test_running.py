"""How a fault ends: killed by a test, rejected by the type check, or alive."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mutation.__main__ import check_failed, try_mutant
from tests.mutation.covering import Covering
from tests.mutation.forking import Runner
from tests.mutation.mutants import find_mutants

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs are forked")

HERE = Path(__file__).resolve().parent
FILE = "reconciler/sizes.py"
SOURCE = """def is_large(number: int) -> bool:
    return number > 3


def count_down(number: int) -> int:
    while number > 0:
        number -= 1
    return 0


def name_size() -> str:
    return "large"
"""
TESTS = """import reconciler.sizes as sizes


def test_what_is_large():
    assert sizes.is_large(4)
    assert not sizes.is_large(2)


def test_the_name_of_a_size():
    sizes.name_size()


def test_counting_ends():
    assert sizes.count_down(2) == 0


def test_what_fails_without_a_fault():
    assert not "a fault"
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    (tmp_path / "reconciler").mkdir()
    (tmp_path / "reconciler/__init__.py").touch()
    (tmp_path / FILE).write_text(SOURCE)
    shutil.copytree(HERE, tmp_path / "tests/mutation", ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    (tmp_path / "tests/__init__.py").touch()
    (tmp_path / "tests/test_sizes.py").write_text(TESTS)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    with closing(Runner(tmp_path)) as made:
        yield made


def test_a_fault_is_killed_rejected_or_lives(runner: Runner) -> None:
    tests = frozenset(f"tests/test_sizes.py::{name}" for name in ("test_what_is_large", "test_the_name_of_a_size"))
    covering = Covering({FILE: dict.fromkeys((2, 12), tests)}, {})

    ends = {
        (mutant.before, mutant.after): try_mutant(mutant, runner, covering, 60)
        for mutant in find_mutants(FILE, SOURCE)
        if mutant.line in {2, 12}
    }

    assert ends == {
        ("number > 3", "((number) >= (3))"): "LIVES",
        ("3", "(4)"): "killed",
        ("return number > 3", "return None"): "killed",
        ('return "large"', "return None"): "rejected",
    }
    assert runner.failed == {"tests/test_sizes.py::test_what_is_large"}
    assert (runner.folder / FILE).read_text() == SOURCE
    check_failed(runner, 60)


def test_a_fault_that_a_test_file_meets_when_it_is_imported_is_noticed(runner: Runner) -> None:
    (runner.folder / "tests/test_sizes.py").write_text("import reconciler.sizes\n\nreconciler.sizes.gone()\n")

    assert not runner.pass_tests(["tests/test_sizes.py::test_counting_ends"], 60)
    assert runner.failed == {"tests/test_sizes.py"}


def test_a_fault_that_a_conftest_meets_is_noticed(runner: Runner) -> None:
    (runner.folder / "tests/conftest.py").write_text("import reconciler.sizes\n\nreconciler.sizes.gone()\n")

    assert not runner.pass_tests(["tests/test_sizes.py::test_counting_ends"], 60)


def test_a_fault_that_never_ends_is_noticed(runner: Runner) -> None:
    (runner.folder / FILE).write_text(SOURCE.replace("number -= 1", "number += 1"))

    assert not runner.pass_tests(["tests/test_sizes.py::test_counting_ends"], 5)


def test_a_test_that_fails_anyway_notices_no_fault(runner: Runner) -> None:
    assert not runner.pass_tests(["tests/test_sizes.py::test_what_fails_without_a_fault"], 60)

    with pytest.raises(RuntimeError, match=r"(?s)a test fails without a fault: .*test_what_fails_without_a_fault"):
        check_failed(runner, 60)


def test_tests_that_cannot_be_run_are_no_verdict(runner: Runner) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)pytest ended with '4': .*no_such_test"):
        runner.pass_tests(["tests/test_sizes.py::no_such_test"], 60)
