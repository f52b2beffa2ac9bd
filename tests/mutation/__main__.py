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
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tests.mutation.covering import SECONDS, read_record, record
from tests.mutation.equivalent import EQUIVALENT, make_key
from tests.mutation.mutants import apply_mutant, find_mutants

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from tests.mutation.covering import Covering
    from tests.mutation.mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("planning", "rules", "model", "apply")
# Of addresses, in KiB: a fault may make a loop that fills all there is.
MOST_MEMORY = 8 * 1024 * 1024
COPIED = ("reconciler", "tests", "schemas", "channels", "docs", "pyproject.toml", "reconciler.yaml", "requirements")


def main() -> int:
    """Run the sample that the command line asks for; 1 if the score is below 97 %."""
    parser = ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=int, default=600, help="after which a run of tests counts as failed")
    parser.add_argument("--record", type=Path, help="a folder to keep in which test runs which line, for the next time")
    options = parser.parse_args()
    mutants = draw_sample(options.seed, options.sample)
    endings: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for mutant, ending in try_all(mutants, Path(folder), options):
            endings[ending] += 1
            print(f"{ending:10}  {mutant}", flush=True)  # noqa: T201
    score = endings["killed"] / max(1, len(mutants) - endings["equivalent"])
    print(f"seed {options.seed}: {dict(endings)}, {score:.1%} of those that are not equivalent")  # noqa: T201
    return int(score < 0.97)


def draw_sample(seed: int, size: int) -> list[Mutant]:
    """Mutants of the pure layers and of apply: the same ones for the same seed and source."""
    files = sorted(path for layer in LAYERS for path in (ROOT / "reconciler" / layer).rglob("*.py"))
    every = [
        mutant
        for path in files
        for mutant in find_mutants(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    return random.Random(seed).sample(every, min(size, len(every)))  # noqa: S311


def try_all(mutants: list[Mutant], folder: Path, options: Namespace) -> Iterator[tuple[Mutant, str]]:
    """How each mutant ends, several at a time, each worker in a copy of its own."""
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(options.workers):
        copies.put(copy_project(folder / str(number)))
    covering = find_covering(folder, options)

    def attempt(mutant: Mutant) -> tuple[Mutant, str]:
        if make_key(mutant, (ROOT / mutant.file).read_text(encoding="utf-8")) in EQUIVALENT:
            return mutant, "equivalent"
        copy = copies.get()
        try:
            return mutant, try_mutant(mutant, copy, covering, options.seconds)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(options.workers) as executor:
        for done in as_completed([executor.submit(attempt, mutant) for mutant in mutants]):
            yield done.result()


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


def try_mutant(mutant: Mutant, copy: Path, covering: Covering, seconds: int) -> str:
    """Whether one of the tests that run the place of `mutant` fails."""
    path = copy / mutant.file
    source = path.read_text(encoding="utf-8")
    tests = covering.find_tests(mutant, source)
    path.write_text(apply_mutant(source, mutant), encoding="utf-8")
    try:
        return "LIVES" if pass_tests(tests, copy, seconds) else "killed"
    finally:
        path.write_text(source, encoding="utf-8")


def pass_tests(tests: list[str], copy: Path, seconds: int) -> bool:
    """Whether these tests pass in time and in so much memory; one that hangs or swells has noticed the fault."""
    (copy / "tests.txt").write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", "@tests.txt"]
    variables = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy), "HYPOTHESIS_PROFILE": "default"}
    limited = ["sh", "-c", f'ulimit -v {MOST_MEMORY} && exec "$@"', "sh", *command]
    try:
        done = subprocess.run(limited, cwd=copy, env=variables, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return False
    # By a signal (less than 0): it ran out of memory, or the fault sent it one.
    if done.returncode > 2:
        raise RuntimeError(done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
