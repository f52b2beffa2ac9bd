"""How fast files of readings are routed and sent: `python -m benchmarks.readings --route 100000 1000000 --send 100000`.

The floor is `csv.reader` over the same file, in a process of its own. The sandbox that takes the readings is another
process on the same machine, and so works on the same processors.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
from contextlib import contextmanager
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

HEADING = "## Readings"
_FLOOR = "the floor: csv.reader"
_HEADS = ("", "rows", "wall", "CPU", "rows a second", "peak memory", "wall / the floor's", "CPU / the floor's")
_CHANNELS = 1_000
# How many times the floor's time routing may take. Source: design of the project, goals of speed.
_GOAL = 3
_ABOUT = """\
Made by `python -m benchmarks.readings`: medians of {rounds} rounds in which each process ran once, after one that does
not count; {machine}.
Seconds vary from run to run; the ratios are taken within each round, and those of CPU hold where the machine is busy.
Rows come channel by channel, for 1,000 channels of a made-up world, of which some are named by import id and the
others by meter, type, unit and interval. The sandbox that takes the readings works on the same processors. Goal: a
million rows routed in at most 3 times what `csv.reader` takes, in memory that does not grow with the file.
"""
_RECONCILER = ("-m", "reconciler")
_PROJECT = """\
definitions: channels
defaultEnvironment: served
environments:
  served: {{url: "{url}"}}
"""


class Cell(Struct, frozen=True):
    """So many rows, and what each candidate took for them, round by round."""

    rows: int
    costs: dict[str, list[Cost]]


def _generate(folder: Path, python: str) -> Path:
    folder.mkdir()
    (folder / ".git").mkdir()
    made = ("sandbox", "generate", "--channels", str(_CHANNELS), "--seed", "1", "--out", "world.json")
    subprocess.run((python, *_RECONCILER, *made), cwd=folder, check=True, capture_output=True)
    return folder


def _name_channels(project: Path) -> list[tuple[object, ...]]:
    """How readings may name each simple channel of the world: by import id, or by its meter where that is enough."""
    channels = json.loads((project / "world.json").read_text(encoding="utf-8"))["channels"]
    simple = [channel for channel in channels if not channel["isCalculated"]]
    seen: dict[tuple[object, ...], int] = {}
    for channel in channels:
        seen[_point(channel)] = seen.get(_point(channel), 0) + 1
    return [
        ("", *_point(channel))
        if number % 2 and seen[_point(channel)] == 1
        else (channel["channelImportId"], "", "", "", "")
        for number, channel in enumerate(simple)
        if channel["channelImportId"]
    ]


def _point(channel: dict[str, Any]) -> tuple[object, ...]:
    interval = channel["interval"]
    return (
        channel["dataPoint"]["dataPointImportId"],
        channel["observationType"]["observationTypeCode"],
        channel["channelVersions"][-1]["unit"]["unitCode"],
        interval * 60 if interval else "",
    )


def _write_rows(path: Path, names: Sequence[tuple[object, ...]], rows: int) -> None:
    header = ("channelImportId", "meterImportId", "observationTypeCode", "unitCode", "channelIntervalInSeconds")
    each = -(-rows // len(names))
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((*header, "time", "value", "estimated", "note"))
        for number in range(rows):
            time = start + timedelta(minutes=15 * (number % each))
            writer.writerow((*names[number // each], time.isoformat(), number % 10_007 / 8, "false", ""))


def _route(project: Path, rows: int, rounds: int, python: str) -> Cell:
    path = project / f"{rows}.csv"
    _write_rows(path, _name_channels(project), rows)
    command = (python, *_RECONCILER, "readings", "route", path.name, "--snapshot", "world.json", "--format", "json")
    jobs = [
        Job("readings route", command, project, f'"group": {_CHANNELS // 2}'),
        _floor(path, rows, python),
    ]
    return Cell(rows, take_turns(jobs, rounds))


def _send(project: Path, rows: int, rounds: int, python: str) -> Cell:
    path = project / f"{rows}.csv"
    _write_rows(path, _name_channels(project), rows)
    own = (python, *_RECONCILER, "readings", "import", path.name)
    proof, key = f"Import: {rows:,} imported, 0 failed", {"ECI_API_KEY": "sandbox"}
    with _serving(project, python) as url:
        (project / "reconciler.yaml").write_text(_PROJECT.format(url=url), encoding="utf-8")
        jobs = [
            Job("readings import", own, project, proof, key),
            Job("readings import --endpoint esa", (*own, "--endpoint", "esa"), project, proof, key),
            _floor(path, rows, python),
        ]
        return Cell(rows, take_turns(jobs, rounds))


def _floor(path: Path, rows: int, python: str) -> Job:
    command = (python, str(ROOT / "benchmarks" / "floor_readings.py"), str(path))
    return Job(_FLOOR, command, path.parent, f"{rows + 1:,} rows")


@contextmanager
def _serving(project: Path, python: str) -> Iterator[str]:
    serve = ("sandbox", "serve", "--world", "world.json", "--db", "sandbox.sqlite3")
    with running((python, *_RECONCILER, *serve), project) as url:
        yield url


def _render(cells: Sequence[Cell]) -> str:
    return render_table(_HEADS, [_render_row(cell, name) for cell in cells for name in cell.costs])


def _render_row(cell: Cell, name: str) -> tuple[str, ...]:
    cost, floor = median_cost(cell.costs[name]), cell.costs[_FLOOR]
    figures = (f"{cost.wall:.2f} s", f"{cost.cpu:.2f} s", f"{cell.rows / cost.wall:,.0f}", f"{cost.memory:.0f} MiB")
    if name == _FLOOR:
        return (name, f"{cell.rows:,}", *figures, "", "")
    wall, cpu = median_ratio(cell.costs[name], floor), median_ratio(cell.costs[name], floor, attrgetter("cpu"))
    goal = f" (goal {_GOAL})" if name == "readings route" and cell.rows >= 1_000_000 else ""
    return (name, f"{cell.rows:,}", *figures, f"{wall:.2f}{goal}", f"{cpu:.2f}")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--route", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--send", type=int, nargs="*", default=[100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    with a_folder() as folder:
        python = install_own(folder / "tools")
        project = _generate(folder / "project", python)
        cells = [_route(project, rows, options.rounds, python) for rows in options.route]
        cells += [_send(project, rows, options.rounds, python) for rows in options.send]
    text = f"{_ABOUT.format(rounds=options.rounds, machine=machine)}\n{_render(cells)}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)


if __name__ == "__main__":
    _main()
