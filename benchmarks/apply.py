"""How fast a plan is carried out, beside the floor: `python -m benchmarks.apply --changes 1000 --rounds 3`.

Each change takes a fresh read and a PUT, whose own answer is compared; at the end one complete list is the read-back of
all. The floor is what the latency of these two requests takes alone; `plainly` sends the same two from as many threads,
and does nothing else: no journal, no comparison, no read-back. A bare service takes its latency and no more, so that
what is left is the client; the sandbox works besides, as a service does.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import local
from typing import TYPE_CHECKING

import httpx
from msgspec import Struct

from benchmarks.applies import ENVIRONMENT, KEY, a_world, name_wanted, plan_names, serving, serving_bare
from benchmarks.measuring import ROOT, describe_machine, render_table, replace_section
from reconciler.apply.journal import open_journal
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor, open_reader
from reconciler.energycap.mapping import channel_body, live_from_response
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from reconciler.model.plan import Plan

HEADING = "## Apply"
_GOAL = 1.06
_HEADS = (
    "service", "changes", "latency", "side by side", "floor", "plainly", "apply", "CPU", "apply / floor",
    "apply / plainly",
)  # fmt: skip
_HEADERS = {"ECI-ApiKey": KEY, "Content-Type": "application/json", "Accept-Encoding": "gzip"}


class Cost(Struct, frozen=True):
    """Seconds on the clock, and of CPU in this process."""

    wall: float
    cpu: float


class Setting(Struct, frozen=True):
    """What answers, in how many ms, and how many changes are carried out side by side."""

    service: str
    latency: int
    parallelism: int


class Cell(Struct, frozen=True):
    """So many changes in one setting, with the least that each candidate took."""

    setting: Setting
    changes: int
    ours: Cost
    plain: Cost

    @property
    def floor(self) -> float:
        return 2 * self.setting.latency / 1000 * self.changes / self.setting.parallelism


def _serve_sandbox(folder: Path, latency: int) -> AbstractContextManager[str]:
    return serving(folder, *([f"latency={latency}"] if latency else []))


_SERVICES = {"bare": serving_bare, "sandbox": _serve_sandbox}


def _measure(folder: Path, plan: Plan, setting: Setting, rounds: int) -> Cell:
    candidates: dict[str, Callable[[str, Plan, int], None]] = {"ours": _apply, "plain": _apply_plainly}
    costs: dict[str, list[Cost]] = {name: [] for name in candidates}
    for number in range(rounds):
        for name, candidate in candidates.items():
            print(f"{setting}, {name}, round {number + 1}", file=sys.stderr)
            with _SERVICES[setting.service](folder, setting.latency) as url:
                costs[name].append(_clock(candidate, url, plan, setting.parallelism))
    ours, plain = (min(costs[name], key=lambda cost: cost.wall) for name in candidates)
    return Cell(setting, len(plan.sendable), ours, plain)


def _clock(candidate: Callable[[str, Plan, int], None], url: str, plan: Plan, parallelism: int) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    candidate(url, plan, parallelism)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def _apply(url: str, plan: Plan, parallelism: int) -> None:
    # On a disk, as it is in a project: that every intent reaches it before its PUT is part of what is measured.
    with (
        TemporaryDirectory(dir=ROOT) as folder,
        open_editor(url, KEY) as editor,
        open_journal(Path(folder), plan) as journal,
    ):
        account = apply_plan(plan, editor, ENVIRONMENT, ApplyOptions(parallelism, journal=journal))
    if len(account.with_status(OutcomeStatus.DONE)) != len(plan.sendable):
        raise SystemExit(f"not all was done: {[outcome for outcome in account.outcomes if outcome.message][:3]}")


def _apply_plainly(url: str, plan: Plan, parallelism: int) -> None:
    own = local()

    def change(channel_id: int) -> None:
        if not hasattr(own, "client"):
            own.client = httpx.Client(base_url=url, headers=_HEADERS, trust_env=False)
        path = f"/api/v202406/esachannel/{channel_id}"
        live = live_from_response(own.client.get(path).raise_for_status().json())
        body = channel_body(live, {"channelInfo": name_wanted(channel_id)}, ENVIRONMENT.channel_edit)
        own.client.put(path, content=json.dumps(body)).raise_for_status()

    with ThreadPoolExecutor(parallelism) as pool:
        list(pool.map(change, [change.channel_id for change in plan.sendable]))


def _render(cells: Sequence[Cell]) -> str:
    return render_table(_HEADS, [_row(cell) for cell in cells])


def _row(cell: Cell) -> list[str]:
    setting = cell.setting
    goal = f" (goal {_GOAL})" if setting == Setting("bare", 50, 8) else ""
    return [
        setting.service,
        f"{cell.changes:,}",
        f"{setting.latency} ms",
        str(setting.parallelism),
        f"{cell.floor:.2f} s",
        f"{cell.plain.wall:.2f} s",
        f"{cell.ours.wall:.2f} s",
        f"{cell.ours.cpu:.2f} s",
        f"{cell.ours.wall / cell.floor:.3f}{goal}" if cell.floor else "-",
        f"{cell.ours.wall / cell.plain.wall:.3f}",
    ]


def _explain(rounds: int, machine: str) -> str:
    return f"""\
`python -m benchmarks.apply`, {machine}.
The least of {rounds} rounds, the candidates in turn: others use the machine, and what they add is no part of either.
The floor is 2 * latency * changes / side by side: a fresh read and a PUT of each. `plainly` sends these two requests
and nothing else. `apply` also writes its journal to the disk, compares every answer, and reads all back at the end in
one complete list. Both services answer from a process of their own, on the same processors. `bare` takes its latency
and no more, and is what the goal was set with; the sandbox judges, keeps and renders besides, in a database in memory.
"""


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--latency", type=int, nargs="+", default=[0, 50], help="ms a request")
    parser.add_argument("--parallelism", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    with a_world(options.changes) as folder:
        with serving(folder) as url, open_reader(url, KEY) as reader:
            plan = plan_names(reader)
        cells = [
            _measure(folder, plan, Setting(service, latency, parallelism), options.rounds)
            for service in _SERVICES
            for latency in options.latency
            for parallelism in options.parallelism
        ]
    text = f"{_explain(options.rounds, machine)}\n{_render(cells)}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)


if __name__ == "__main__":
    _main()
