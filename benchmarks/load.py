"""An apply under load: `python -m benchmarks.load --changes 5000`. Nothing lost, overwritten or unaccounted.

The service has a latency, answers a share of all requests with 503 (half of them after it did what was asked), drops as
many, is too busy for others, and somebody else edits a channel every second. What is left of a plan is planned again
and applied, until nothing is; then every outcome is held against the service's own journal, every value against what
was wanted or written by others, and the window between each fresh read and its PUT is measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING

from benchmarks.applies import ENVIRONMENT, KEY, a_world, plan_names, serving
from benchmarks.load_verdict import Evidence, Foreign, Run, read_puts
from benchmarks.load_watch import Signature, Watch
from benchmarks.measuring import ROOT, describe_machine, render_table, replace_section
from reconciler.apply.journal import open_journal
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor
from reconciler.sandbox.store import open_store, read_request_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.energycap.client import Editor
    from reconciler.sandbox import LoggedRequest

HEADING = "## The last load run"
_FAULTS = (
    "503-before p=0.01 seed=1",
    "503-after p=0.01 seed=2",
    "drop-before p=0.01 seed=3",
    "drop-after p=0.01 seed=4",
    "429 p=0.01 seed=5",
)
_MOST_RUNS = 10
# Where a plan takes longer than the pause between two edits by somebody else, none would ever be empty.
_RUNS_WITH_EDITS = 5
_EXPLANATION = """\
Failed is what the service did not carry out: a 503 or a broken connection before the write. Reading showed that it was
not there, and the next apply did it. Differs is what somebody else edited after its write and before the last
read-back, where the files manage it. Each outcome, value and edit is held against the service's own journal of writes.
"""
_PATHS = ("channelDescription", "channelInfo")


@contextmanager
def _meddling(editor: Editor, ids: Sequence[int], seconds: float, is_over: Event) -> Iterator[list[Foreign]]:
    """Somebody else who edits any channel every so many seconds, until `is_over` or the block ends."""
    edits: list[Foreign] = []
    random = Random(7)  # noqa: S311 - repeatable, not secret

    def meddle() -> None:
        while not is_over.wait(seconds):
            channel_id, path = random.choice(ids), random.choice(_PATHS)
            value, begin = f"By somebody else ({len(edits) + 1})", time.monotonic()
            editor.edit_channel(editor.read_channel(channel_id), {path: value}, ENVIRONMENT.channel_edit)
            edits.append(Foreign(channel_id, path, value, begin, time.monotonic()))

    thread = Thread(target=meddle)
    thread.start()
    try:
        yield edits
    finally:
        is_over.set()
        thread.join()


def _apply_until_done(
    editor: Editor, other: Editor, database: Path, parallelism: int, is_quiet: Event
) -> tuple[list[Run], float]:
    """The applies that it took until nothing was left, and the seconds that they took.

    After a few of them `is_quiet` is set: nobody else edits any more.
    """
    runs: list[Run] = []
    seconds = 0.0
    while len(runs) < _MOST_RUNS:
        planned = _last_request(database)
        plan = plan_names(other)
        if not plan.sendable:
            return runs, seconds
        begun, begin = _last_request(database), time.monotonic()
        with TemporaryDirectory(dir=ROOT) as folder, open_journal(Path(folder), plan) as journal:
            account = apply_plan(plan, editor, ENVIRONMENT, ApplyOptions(parallelism, journal=journal))
        seconds += time.monotonic() - begin
        seen = {change.channel_id: change.live for change in plan.sendable}
        runs.append(Run(planned, begun, _last_request(database), account, seen))
        if len(runs) == _RUNS_WITH_EDITS:
            is_quiet.set()
        print(f"run {len(runs)}: {_count_endings(runs[-1:])} in {seconds:.0f} s so far", file=sys.stderr)
    raise SystemExit(f"not done after {_MOST_RUNS} runs")


def _count_endings(runs: Sequence[Run]) -> str:
    endings = Counter(outcome.status.value for run in runs for outcome in run.account.outcomes)
    return ", ".join(f"{count:,} {name}" for name, count in endings.most_common())


def _read_requests(database: Path) -> tuple[LoggedRequest, ...]:
    with open_store(database) as store:
        return read_request_log(store)


def _last_request(database: Path) -> int:
    with open_store(database) as store:
        return max((request.id for request in read_request_log(store)), default=0)


def _milliseconds(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return "-"
    cuts = quantiles(seconds, n=1000)
    return f"{median(seconds) * 1000:.1f} / {cuts[989] * 1000:.1f} / {max(seconds) * 1000:.1f} ms"


def _run(options: argparse.Namespace) -> tuple[str, bool]:
    watch, latency, answers = Watch(), options.latency, options.answers
    slow = f"latency={latency}"
    with (
        a_world(options.changes) as folder,
        serving(folder, *_FAULTS, *([slow] if latency else []), answers=answers) as url,
        serving(folder, answers=answers, is_fresh=False) as quiet_url,
        open_editor(url, KEY, watch) as editor,
        open_editor(quiet_url, KEY, Signature()) as other,
    ):
        ids = [live.id for live in other.list_channels()]
        is_quiet = Event()
        with _meddling(other, ids, options.pause, is_quiet) as edits:
            database = folder / "sandbox.sqlite3"
            runs, seconds = _apply_until_done(editor, other, database, options.parallelism, is_quiet)
        puts = read_puts(_read_requests(folder / "sandbox.sqlite3"))
        live = {one.id: one.values for one in other.list_channels()}
        requests = editor.requests.total()
    evidence = Evidence(runs, puts, edits, live, watch)
    lost, unaccounted = list(evidence.find_lost()), list(evidence.find_unaccounted())
    inside = [edit for edit, is_in_window in evidence.find_overwritten() if is_in_window]
    overwritten = [edit for edit, is_in_window in evidence.find_overwritten() if not is_in_window]
    rows = [
        ["changes, side by side, latency", f"{options.changes:,}, {options.parallelism}, {latency} ms"],
        *([["settings", " ".join(answers)]] if answers else []),
        ["faults", "; ".join(_FAULTS)],
        ["applies until nothing was left", f"{len(runs)} in {seconds:.0f} s, {requests:,} requests"],
        ["endings over all of them", _count_endings(runs)],
        ["edits by somebody else", f"{len(edits)}, of which {len(inside)} fell into a window and were overwritten"],
        ["**changes lost**", str(len(lost))],
        ["**edits overwritten outside the window**", str(len(overwritten))],
        ["**outcomes unaccounted for**", str(len(unaccounted))],
        ["window, at the client: read answered until PUT sent", _milliseconds(watch.gaps)],
        ["window, at most: read sent until PUT answered", _milliseconds(watch.spans)],
    ]
    for line in (*lost, *overwritten, *unaccounted):
        print(line, file=sys.stderr)
    is_sound = not (lost or overwritten or unaccounted)
    return render_table(("", "median / 99 % / longest, where three figures stand"), rows), is_sound


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=5_000)
    parser.add_argument("--parallelism", type=int, default=8)
    parser.add_argument("--latency", type=int, default=50, help="ms a request")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between edits by somebody else")
    parser.add_argument("--set", action="append", default=[], dest="answers", help="NAME=VALUE, as of the sandbox")
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    table, is_sound = _run(options)
    text = f"`python -m benchmarks.load`, {machine}.\n{_EXPLANATION}\n{table}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(_main())
