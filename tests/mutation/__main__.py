"""A sample of mutants, each in a copy of the project, and whether a test that runs its line fails: `make mutate`."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tests.mutation.covering import SECONDS, read_record, record
from tests.mutation.equivalent import EQUIVALENT, make_key
from tests.mutation.forking import OUTPUT, Runner
from tests.mutation.mutants import apply_mutant, find_mutants

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from tests.mutation.covering import Covering
    from tests.mutation.mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("planning", "rules", "model", "apply")
FEW = 40
COPIED = ("reconciler", "tests", "schemas", "channels", "docs", "pyproject.toml", "reconciler.yaml", "requirements")


def main() -> int:
    """Run the sample that the command line asks for; 1 if the score is below 97 %."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--seconds", type=int, default=20, help="more than ten times its own that a run of tests may take"
    )
    parser.add_argument("--record", type=Path, help="a folder to keep in which test runs which line, for the next time")
    parser.add_argument("files", nargs="*", help="from which the sample is drawn, instead of all")
    options = parser.parse_args()
    mutants = draw_sample(options.seed, options.sample, options.files)
    endings: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for mutant, ending in try_all(mutants, Path(folder), options):
            endings[ending] += 1
            print(f"{ending:10}  {mutant}", flush=True)  # noqa: T201
    score = endings["killed"] / max(1, endings["killed"] + endings["LIVES"])
    print(f"seed {options.seed}: {dict(endings)}, {score:.1%} of those that a test could notice")  # noqa: T201
    return int(score < 0.97)


def draw_sample(seed: int, size: int, names: list[str]) -> list[Mutant]:
    """Mutants of the pure layers and of apply, or of the files named: the same ones for the same seed and source."""
    files = sorted(path for layer in LAYERS for path in (ROOT / "reconciler" / layer).rglob("*.py"))
    every = [
        mutant
        for path in ([ROOT / name for name in names] or files)
        for mutant in find_mutants(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    return random.Random(seed).sample(every, min(size, len(every)))  # noqa: S311


def try_all(mutants: list[Mutant], folder: Path, options: Namespace) -> Iterator[tuple[Mutant, str]]:
    """How each mutant ends, several at a time, each worker in a copy of its own."""
    copies = [copy_project(folder / str(number)) for number in range(options.workers)]
    covering = find_covering(folder, options)
    runners: SimpleQueue[Runner] = SimpleQueue()
    for copy in copies:
        runners.put(Runner(copy))

    def attempt(mutant: Mutant) -> tuple[Mutant, str]:
        if make_key(mutant, (ROOT / mutant.file).read_text(encoding="utf-8")) in EQUIVALENT:
            return mutant, "equivalent"
        runner = runners.get()
        try:
            return mutant, try_mutant(mutant, runner, covering, options.seconds)
        finally:
            runners.put(runner)

    with ThreadPoolExecutor(options.workers) as executor:
        for done in as_completed([executor.submit(attempt, mutant) for mutant in mutants]):
            yield done.result()
    while not runners.empty():
        with closing(runners.get()) as runner:
            check_failed(runner, options.seconds + 10 * covering.sum_seconds(runner.failed))


def find_covering(folder: Path, options: Namespace) -> Covering:
    """Which tests run which line: found out now, or kept from an earlier run on the same source."""
    kept: Path = options.record or folder / "record"
    if not (kept / SECONDS).exists():
        kept.mkdir(parents=True, exist_ok=True)
        record(folder / "0", kept.resolve(), options.workers)
    return read_record(kept)


def copy_project(folder: Path) -> Path:
    """A copy of what the tests need."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def try_mutant(mutant: Mutant, runner: Runner, covering: Covering, seconds: int) -> str:
    """Whether one of the tests that run the place of `mutant` fails; if none does, whether the type check does."""
    path = runner.folder / mutant.file
    source = path.read_text(encoding="utf-8")
    tests = covering.find_tests(mutant, source)
    path.write_text(apply_mutant(source, mutant), encoding="utf-8")
    try:
        # Most mutants fail in the first few, and to collect all takes longer than to run these.
        if not all(
            runner.pass_tests(some, seconds + 10 * covering.sum_seconds(some)) for some in (tests[:FEW], tests[FEW:])
        ):
            return "killed"
        if pass_types(runner.folder, mutant.file):
            return "LIVES"
    finally:
        path.write_text(source, encoding="utf-8")
    if not pass_types(runner.folder, mutant.file):
        raise RuntimeError(f"mypy rejects {mutant.file} without a fault")
    return "rejected"


def check_failed(runner: Runner, seconds: float) -> None:
    """Raise RuntimeError if a test that failed with a fault fails without one too: then it noticed nothing."""
    if not runner.pass_tests(sorted(runner.failed), seconds):
        raise RuntimeError(f"a test fails without a fault: {(runner.folder / OUTPUT).read_text('utf-8')[-2000:]}")


def pass_types(copy: Path, file: str) -> bool:
    """Whether mypy, which runs before a change lands, takes `file` as it is in the copy.

    Raises RuntimeError if it comes to no answer.
    """
    done = subprocess.run([sys.executable, "-m", "mypy", file], cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stdout + done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
