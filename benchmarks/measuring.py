"""Whole processes, measured in turn: wall time, CPU, peak memory, and how one compares with the others."""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent

_wall = attrgetter("wall")
_URL = re.compile(r"http://\S+")


class Job(Struct, frozen=True):
    """A command to be measured; `proof` is a text that its output must hold, or it did something else.

    `rounds` is how often it runs at most, for what takes minutes.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    proof: str
    variables: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 99


class Cost(Struct, frozen=True):
    """What one run took: seconds on the clock and on all processors, MiB of its largest process, and what it said."""

    wall: float
    cpu: float
    memory: float
    output: str


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[str]:
    """The address in the first line that a service prints, for as long as the block runs it."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as service:
        try:
            (url,) = _URL.findall(next(iter(service.stdout or ()), ""))
            yield url
        finally:
            service.terminate()


def take_turns(jobs: Sequence[Job], rounds: int) -> dict[str, list[Cost]]:
    """The costs of each job by its name, round by round; the first round does not count.

    They run one after the other within a round: what shares the machine slows all of them alike, so that ratios
    within a round hold where seconds do not.
    """
    costs: dict[str, list[Cost]] = {job.name: [] for job in jobs}
    for number in range(rounds + 1):
        for job in jobs:
            if number <= job.rounds:
                print(f"{job.name}, round {number} of {rounds}", file=sys.stderr)
                cost = run(job)
                costs[job.name] += [cost] if number else []
    return costs


def run(job: Job) -> Cost:
    """Run `job` once, and leave the benchmark with its output where that lacks the proof."""
    with tempfile.TemporaryDirectory() as name:
        figures = Path(name) / "figures"
        command = (sys.executable, "-I", "-S", str(ROOT / "benchmarks" / "launch.py"), str(figures), *job.command)
        done = subprocess.run(
            command,
            cwd=job.folder,
            env=os.environ | job.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        wall, cpu, kibibytes = map(float, figures.read_text(encoding="utf-8").split())
    output = done.stdout.decode(errors="replace")
    if job.proof not in output:
        raise SystemExit(f"{job.name} exited with {done.returncode}, without {job.proof!r}:\n{output[-3000:]}")
    return Cost(wall, cpu, kibibytes / 1024, output)


def median_cost(costs: Sequence[Cost]) -> Cost:
    """The median of each figure, and what was said last."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[-1].output,
    )


def median_ratio(ours: Sequence[Cost], theirs: Sequence[Cost], figure: Callable[[Cost], float] = _wall) -> float:
    """How much of the others' wall time, or of `figure`, ours is: the median over the rounds that both took part in."""
    return statistics.median(figure(our) / figure(their) for our, their in zip(ours, theirs, strict=False))


def render_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, figures to the right."""
    lines = (heads, ["---"] + ["--:"] * (len(heads) - 1), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def describe_machine() -> str:
    """What the figures were measured on, with what else ran there when this was asked."""
    load = os.getloadavg()[0]
    return (
        f"CPython {platform.python_version()}, {os.cpu_count()} processors shared with other work "
        f"(load average {load:.1f} at the start)"
    )


@contextmanager
def a_folder() -> Iterator[Path]:
    """A folder for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        yield Path(name)


def install(folder: Path, package: str) -> Path | None:
    """The commands of `package` in a new virtual environment at `folder`; None, and a line, where it cannot be had."""
    venv.create(folder, with_pip=True)
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{package} is left out: it could not be installed here ({done.stderr.strip().splitlines()[-1]})")
        return None
    return folder / "bin"


def install_own(folder: Path) -> str:
    """A Python that has this project as users install it; that of the developers, and a line, where there is no such.

    Developers have rich and pygments, which httpx then imports: it takes a third longer to start.
    """
    commands = install(folder, str(ROOT))
    return str(commands / "python") if commands else sys.executable


def find_tool(name: str) -> str | None:
    """The path of a program; None, and a line, where it is not installed."""
    path = shutil.which(name)
    if path is None:
        print(f"{name} is left out: there is no such program here")
    return path


def replace_section(file: Path, heading: str, text: str) -> None:
    """Put `text` under `heading` (a line starting with `## `) into a Markdown file, in place of what was there."""
    before, _, rest = (file.read_text(encoding="utf-8") if file.exists() else "# Speed\n").partition(f"{heading}\n")
    _, next_heading, after = rest.partition("\n## ")
    section = f"{heading}\n\n{text.strip()}\n"
    file.write_text(f"{before.rstrip()}\n\n{section}{next_heading}{after}", encoding="utf-8")
