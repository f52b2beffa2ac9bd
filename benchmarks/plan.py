"""How fast a plan is made, beside others: `python -m benchmarks.plan --channels 100 1000 10000 --rounds 5`.

The sandbox serves the live channels from a process of its own, on the same machine and so from the same processors.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

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
from benchmarks.plan_peers import install_octodns, prepare_octodns, prepare_terraform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measuring import Cost

HEADING = "## Plans"
_OURS = "reconciler plan"
_FLOOR = "the floor: files and pages as bytes"
_PLAIN = "the four libraries, plainly"
_HEADS = ("", "channels", "latency", "wall", "CPU", "peak memory", "requests", "ours / its wall", "CPU")
# How much of another's time ours may take. Source: design of the project, goals of speed.
_GOALS = {
    (10_000, 0, "octodns-sync"): 0.2,
    (10_000, 0, "terraform plan"): 0.02,
    (10_000, 50, _PLAIN): 0.15,
}
# Beyond this the others take minutes and gigabytes, and what is asked is whether ours stays linear.
_LARGEST_OF_OTHERS = 10_000
_RECONCILER = ("-m", "reconciler")
_CHANGED_PERCENT = 1
_PROJECT = """\
definitions: channels
defaultEnvironment: served
environments:
  served: {{url: "{url}"}}
"""


class Tools(Struct, frozen=True):
    """What is measured: a Python with this project and its libraries, and the commands of octoDNS where there are."""

    python: str
    octodns: Path | None


class Cell(Struct, frozen=True):
    """One size and one latency (ms a request), and what each candidate took for it, round by round."""

    channels: int
    latency: int
    costs: dict[str, list[Cost]]


def _measure(channels: int, latencies: Sequence[int], rounds: int, tools: Tools) -> Iterator[Cell]:
    changed = round(channels * _CHANGED_PERCENT / 100)
    with a_folder() as folder:
        project = _generate(folder / "project", channels, tools)
        # What the other tools read is on this machine, so that latency is nothing to them: once is enough.
        peers = _prepare_peers(folder, project, (channels, changed), tools)
        for latency in latencies:
            with _serving(project, latency, tools) as url:
                own = _prepare_own(project, url, changed, tools)
                jobs = own if channels <= _LARGEST_OF_OTHERS else own[:2]
                yield Cell(channels, latency, take_turns([*jobs, *peers], rounds))
            peers = []


def _generate(folder: Path, channels: int, tools: Tools) -> Path:
    folder.mkdir()
    (folder / ".git").mkdir()
    made = ("sandbox", "generate", "--channels", str(channels), "--seed", "1", "--out", "world.json")
    files = ("--definitions", "channels", "--changed", str(_CHANGED_PERCENT))
    subprocess.run((tools.python, *_RECONCILER, *made, *files), cwd=folder, check=True, capture_output=True)
    return folder


def _prepare_peers(folder: Path, project: Path, numbers: tuple[int, int], tools: Tools) -> list[Job]:
    channels, changed = numbers
    if channels > _LARGEST_OF_OTHERS:
        return []
    found = (
        prepare_octodns(folder / "octodns", tools.octodns, channels, changed),
        prepare_terraform(folder / "terraform", project, changed),
    )
    return [job for job in found if job is not None]


@contextmanager
def _serving(project: Path, latency: int, tools: Tools) -> Iterator[str]:
    fault = ("--fault", f"GET latency={latency}") if latency else ()
    serve = ("sandbox", "serve", "--world", "world.json", "--db", "sandbox.sqlite3")
    with running((tools.python, *_RECONCILER, *serve, *fault), project) as url:
        yield url


def _prepare_own(project: Path, url: str, changed: int, tools: Tools) -> list[Job]:
    (project / "reconciler.yaml").write_text(_PROJECT.format(url=url), encoding="utf-8")
    proof = f"Plan: {changed} to update"
    files, schema = str(project / "channels"), str(ROOT / "schemas" / "channels.schema.json")
    plain = (tools.python, str(ROOT / "benchmarks" / "plain_plan.py"), url, files, schema)
    floor = (tools.python, str(ROOT / "benchmarks" / "floor_plan.py"), url, files)
    return [
        Job(_OURS, (tools.python, *_RECONCILER, "plan", "--verbose"), project, proof, {"ECI_API_KEY": "sandbox"}),
        Job(_FLOOR, floor, project, "bytes received"),
        Job(_PLAIN, plain, project, proof),
    ]


def _render(cells: Sequence[Cell]) -> str:
    return render_table(_HEADS, [_row(cell, name) for cell in cells for name in cell.costs])


def _row(cell: Cell, name: str) -> list[str]:
    cost = median_cost(cell.costs[name])
    requests = re.search(r"requests: (\d+)", cost.output)
    return [
        name,
        f"{cell.channels:,}",
        f"{cell.latency} ms" if name in (_OURS, _FLOOR, _PLAIN) else "-",
        f"{cost.wall:.2f} s",
        f"{cost.cpu:.2f} s",
        f"{cost.memory:.0f} MiB",
        requests[1] if requests else "-",
        *_compare(cell, name),
    ]


def _compare(cell: Cell, name: str) -> tuple[str, str]:
    if name == _OURS:
        return "", ""
    ours, theirs = cell.costs[_OURS], cell.costs[name]
    goal = _GOALS.get((cell.channels, cell.latency, name))
    wall, cpu = median_ratio(ours, theirs), median_ratio(ours, theirs, attrgetter("cpu"))
    return f"{wall:.3f}" + (f" (goal {goal})" if goal else ""), f"{cpu:.3f}"


def _explain(rounds: int, machine: str) -> str:
    return f"""\
`python -m benchmarks.plan`, {machine}.
{_CHANGED_PERCENT} % of the channels differ. Medians of {rounds} rounds (terraform: one), the candidates in turn, a
first round dropped. Ratios are medians of those within a round: they hold where seconds do not. The sandbox answers
from a process of its own, on the same processors. Peak memory is that of the largest process of a candidate, CPU that
of all its processes. octodns-sync compares A records of two values, terraform plan `terraform_data` of 21.
"""


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 50], help="ms a request")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    with a_folder() as folder:
        tools = Tools(install_own(folder / "own"), install_octodns(folder / "octodns"))
        cells = [
            cell for channels in options.channels for cell in _measure(channels, options.latency, options.rounds, tools)
        ]
    text = f"{_explain(options.rounds, machine)}\n{_render(cells)}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)


if __name__ == "__main__":
    _main()
