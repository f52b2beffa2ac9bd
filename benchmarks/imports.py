"""How fast a tenant is imported, beside ruamel writing the same files: `python -m benchmarks.imports --channels 10000`.

The import reads the service, or a copy of it, makes the files, plans with them, and writes them; ruamel is given the
values of the finished files and writes them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from msgspec import Struct

from benchmarks.measuring import (
    ROOT,
    Job,
    a_folder,
    describe_machine,
    install_own,
    median_cost,
    median_ratio,
    render_table,
    replace_section,
    running,
    take_turns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measuring import Cost

HEADING = "## Import"
_OURS, _COPY, _FLOOR = "reconciler import", "the same from a snapshot", "ruamel writes these files"
_HEADS = ("", "channels", "files", "wall", "CPU", "peak memory", "wall / ruamel's", "CPU")
# How much of ruamel's time ours may take. Source: design of the project, goals of speed.
_GOAL = 3
_PROJECT = """\
definitions: channels
defaultEnvironment: served
environments:
  served: {{url: "{url}"}}
"""
_ABOUT = """\
`python -m benchmarks.imports`, {machine}.
Medians of {rounds} rounds, the candidates in turn, a first round dropped. Ratios are medians of those within a round:
they hold where seconds do not. An import reads all channels (from a sandbox on the same processors, or from a
snapshot), settles names and files, writes them, and before that plans with them to prove that the plan is empty.
ruamel is given the values of the finished files, and writes them.
"""


class Cell(Struct, frozen=True):
    """One size, and what each candidate took for it, round by round."""

    channels: int
    files: int
    costs: dict[str, list[Cost]]


def _measure(channels: int, rounds: int, python: str) -> Cell:
    with a_folder() as folder:
        (folder / ".git").mkdir()
        generate = ("sandbox", "generate", "--channels", str(channels), "--seed", "1", "--out", "world.json")
        subprocess.run((python, "-m", "reconciler", *generate), cwd=folder, check=True, capture_output=True)
        with _serving(folder, python) as url:
            (folder / "reconciler.yaml").write_text(_PROJECT.format(url=url), encoding="utf-8")
            ours = [_make_job(_OURS, folder, python, channels), _make_job(_COPY, folder, python, channels)]
            files = _keep_values(folder, ours[0])
            floor = (python, str(ROOT / "benchmarks" / "floor_import.py"), "values.json", "floor")
            jobs = [*ours, Job(_FLOOR, floor, folder, f"{files} files written")]
            return Cell(channels, files, take_turns(jobs, rounds))


def _make_job(name: str, folder: Path, python: str, channels: int) -> Job:
    copy = " --snapshot world.json" if name == _COPY else ""
    # What an earlier round wrote would leave nothing to import.
    script = f"rm -rf channels schemas && exec {python} -m reconciler import{copy}"
    return Job(name, ("sh", "-c", script), folder, f"Import: {channels} channel", {"ECI_API_KEY": "sandbox"})


def _keep_values(folder: Path, job: Job) -> int:
    """Write what the files of an import hold to values.json, for ruamel; their number."""
    take_turns([job], rounds=0)
    paths = sorted((folder / "channels").rglob("*.yaml"))
    values = {path.relative_to(folder).as_posix(): yaml.safe_load(path.read_bytes()) for path in paths}
    (folder / "values.json").write_text(json.dumps(values), encoding="utf-8")
    return len(values)


@contextmanager
def _serving(folder: Path, python: str) -> Iterator[str]:
    serve = (python, "-m", "reconciler", "sandbox", "serve", "--world", "world.json", "--db", "sandbox.sqlite3")
    with running(serve, folder) as url:
        yield url


def _row(cell: Cell, name: str) -> list[str]:
    cost = median_cost(cell.costs[name])
    floor = cell.costs[_FLOOR]
    wall, cpu = median_ratio(cell.costs[name], floor), median_ratio(cell.costs[name], floor, attrgetter("cpu"))
    return [
        name,
        f"{cell.channels:,}",
        f"{cell.files:,}",
        f"{cost.wall:.2f} s",
        f"{cost.cpu:.2f} s",
        f"{cost.memory:.0f} MiB",
        *(("", "") if name == _FLOOR else (f"{wall:.2f} (goal {_GOAL})", f"{cpu:.2f}")),
    ]


def _render(cells: Sequence[Cell]) -> str:
    return render_table(_HEADS, [_row(cell, name) for cell in cells for name in cell.costs])


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    with a_folder() as folder:
        python = install_own(folder / "own")
        cells = [_measure(channels, options.rounds, python) for channels in options.channels]
    text = f"{_ABOUT.format(machine=machine, rounds=options.rounds)}\n{_render(cells)}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)


if __name__ == "__main__":
    _main()
