"""Runs of tests in forks of a process that has the libraries: most of a short run is their import.

`python -m tests.mutation.forking` in a copy of the project reads a line of JSON for each run, {"tests": [...],
"seconds": N}, and answers with a line: the exit status of pytest, or "time" or "signal" where it never came to one.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

LIBRARIES = ("pytest", "hypothesis.strategies", "hypothesis.stateful", "httpx", "yaml", "jsonschema", "msgspec")
# Of addresses, in bytes: a fault may make a loop that fills all there is.
MOST_MEMORY = 8 * 1024**3
OUTPUT = "output.txt"
FAILED = "failed.txt"
_NO_CONFTEST = "ImportError while loading conftest"


class Failures:
    """A plugin of pytest that keeps the name of the test, or of the file, that failed."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each phase of a test."""
        if report.failed:
            _keep(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Called for each file: a fault may break what a test module does when it is imported."""
        if report.failed:
            _keep(report.nodeid)


def _keep(name: str) -> None:
    with Path(FAILED).open("a", encoding="utf-8") as file:
        file.write(f"{name}\n")


class Runner:
    """Runs tests in the copy of the project at `folder`, one run at a time; close it when done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # All tests that failed so far. Without a fault they have to pass, in a fork as elsewhere.
        self.failed: set[str] = set()
        variables = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder), "HYPOTHESIS_PROFILE": "default"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=folder,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pass_tests(self, tests: Sequence[str], seconds: float) -> bool:
        """Whether these tests pass in time and in so much memory; one that hangs or swells has noticed the fault.

        Raises RuntimeError where pytest could not run them.
        """
        if not tests:
            return True
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"tests": tests, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        ending = self._process.stdout.readline().strip()
        failed = (self.folder / FAILED).read_text("utf-8").splitlines()
        output = (self.folder / OUTPUT).read_text("utf-8")
        # If a module or a conftest cannot be imported, pytest says 4, as it does not find the tests either.
        is_broken = bool(failed) or output.startswith(_NO_CONFTEST)
        if ending not in {"0", "1", "2", "time", "signal"} and not is_broken:
            raise RuntimeError(f"pytest ended with {ending!r}: {output[-2000:]}")
        self.failed |= set(failed)
        return ending == "0"

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    """Run what standard input asks for, until it ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        print(run_in_fork(asked["tests"], asked["seconds"]), flush=True)  # noqa: T201


def run_in_fork(tests: Sequence[str], seconds: float) -> str:
    """How a run of these tests ends. After so many seconds it is killed, and all that it started with it."""
    child = os.fork()
    if child == 0:
        _run(tests)
    over: list[bool] = []

    def end() -> None:
        over.append(True)
        _kill_group(child)

    timer = Timer(seconds, end)
    timer.start()
    _, status = os.waitpid(child, 0)
    timer.cancel()
    _kill_group(child)
    if over:
        return "time"
    return "signal" if os.WIFSIGNALED(status) else str(os.waitstatus_to_exitcode(status))


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _run(tests: Sequence[str]) -> NoReturn:
    import resource  # noqa: PLC0415 - which Windows does not have, where the suite runs without these tests

    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    status: int = 3
    try:
        # The libraries were imported before pytest could rewrite what they assert, and their plugins say so.
        options = ["-q", "-x", "-p", "no:cacheprovider", "-n", "0", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
        Path("tests.txt").write_text("\n".join(tests), encoding="utf-8")
        Path(FAILED).write_text("", encoding="utf-8")
        status = int(importlib.import_module("pytest").main([*options, "@tests.txt"], [Failures()]))
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
