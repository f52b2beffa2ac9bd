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
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING

from benchmarks.applies import ENVIRONMENT, KEY, a_world, name_wanted, plan_names, serving
from benchmarks.load_watch import Recorder, Watch
from benchmarks.measuring import ROOT, describe_machine, render_table, replace_section
from reconciler.apply.conduct import Conduct
from reconciler.apply.journal import open_journal
from reconciler.apply.run import apply_plan
from reconciler.energycap.client import open_editor
from reconciler.model.outcomes import Ending
from reconciler.sandbox.journal import read_requests
from reconciler.sandbox.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from reconciler.energycap.client import Editor
    from reconciler.model.outcomes import Account
    from reconciler.sandbox import Request

HEADING = "## The last load run"
_FAULTS = (
    "503-before p=0.01 seed=1",
    "503-after p=0.01 seed=2",
    "drop-before p=0.01 seed=3",
    "drop-after p=0.01 seed=4",
    "429 p=0.01 seed=5",
)
_MOST_RUNS = 10
_PATHS = ("channelDescription", "channelInfo")


@dataclass(frozen=True, slots=True)
class Foreign:
    """Somebody else's edit, and when it was begun and over."""

    channel_id: int
    path: str
    value: str
    begin: float
    end: float


@dataclass
class Tally:
    """What was counted over all runs."""

    runs: int = 0
    seconds: float = 0.0
    endings: Counter[str] = field(default_factory=Counter)
    unaccounted: list[str] = field(default_factory=list)
    requests: int = 0


@contextmanager
def _meddling(editor: Editor, ids: Sequence[int], seconds: float) -> Iterator[list[Foreign]]:
    """Somebody else who edits any channel every so many seconds, for the length of the block."""
    edits: list[Foreign] = []
    is_over = Event()
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
    editor: Editor, other: Editor, database: Path, parallelism: int, theirs: AbstractSet[str]
) -> Tally:
    tally = Tally()
    while tally.runs < _MOST_RUNS:
        plan = plan_names(other)
        if not plan.sendable:
            return tally
        tally.runs += 1
        seen = _last_request(database)
        begin = time.monotonic()
        with TemporaryDirectory(dir=ROOT) as folder, open_journal(Path(folder), plan) as journal:
            account = apply_plan(plan, editor, ENVIRONMENT, Conduct(parallelism, journal=journal))
        tally.seconds += time.monotonic() - begin
        tally.endings.update(outcome.ending.value for outcome in account.outcomes)
        tally.unaccounted += _find_unaccounted(account, _read_requests(database, seen), theirs)
        print(f"run {tally.runs}: {dict(tally.endings)} in {tally.seconds:.0f} s", file=sys.stderr)
    raise SystemExit(f"not done after {_MOST_RUNS} runs")


def _find_unaccounted(account: Account, requests: Sequence[Request], theirs: AbstractSet[str]) -> list[str]:
    """The outcomes that say something else than the service's own journal."""
    done = Counter(
        int(request.path.split("/")[4])
        for request in requests
        if 200 <= request.status < 300 and request.body not in theirs
    )
    return [
        f"{outcome.name}: {outcome.ending.value}, {outcome.requests} sent, {done[outcome.channel_id]} done"
        for outcome in account.outcomes
        if not _is_true(outcome.ending, outcome.requests, done[outcome.channel_id], outcome.message)
    ]


def _is_true(ending: Ending, sent: int, done: int, message: str) -> bool:
    if ending is Ending.DONE:
        return done == sent
    if ending is Ending.FAILED and "may have been done" in message:
        return sent - 1 <= done <= sent
    # Written, and read otherwise a moment later: somebody else was there.
    return done in {sent - 1, sent} if ending is Ending.DIFFERS else done == 0


def _read_requests(database: Path, after: int) -> tuple[Request, ...]:
    with open_store(database) as store:
        return read_requests(store, after)


def _last_request(database: Path) -> int:
    return max((request.id for request in _read_requests(database, 0)), default=0)


def _judge(watch: Watch, edits: Sequence[Foreign], other: Editor) -> tuple[list[str], list[str], int]:
    """What was lost, what was overwritten outside the window, and how many edits fell into a window."""
    live = {one.id: one.values for one in other.list_channels()}
    last = {(edit.channel_id, edit.path): edit for edit in edits}
    overwritten, inside = [], 0
    for (channel_id, path), edit in last.items():
        if live[channel_id][path] == edit.value:
            continue
        if watch.is_in_window(channel_id, edit.begin, edit.end):
            inside += 1
        elif path != "channelInfo":
            overwritten.append(f"{channel_id} {path}: {live[channel_id][path]}, expected {edit.value}")
    lost = [str(channel_id) for channel_id, values in live.items() if values["channelInfo"] != name_wanted(channel_id)]
    return lost, overwritten, inside


def _milliseconds(seconds: Sequence[float]) -> str:
    if len(seconds) < 2:
        return "-"
    cuts = quantiles(seconds, n=1000)
    return f"{median(seconds) * 1000:.1f} / {cuts[989] * 1000:.1f} / {max(seconds) * 1000:.1f} ms"


def _run(changes: int, parallelism: int, latency: int, pause: float) -> tuple[str, bool]:
    watch, recorder = Watch(), Recorder()
    slow = f"latency={latency}"
    with (
        a_world(changes) as folder,
        serving(folder, *_FAULTS, *([slow] if latency else [])) as url,
        serving(folder, is_fresh=False) as quiet_url,
        open_editor(url, KEY, watch) as editor,
        open_editor(quiet_url, KEY, recorder) as other,
    ):
        ids = [live.id for live in other.list_channels()]
        with _meddling(other, ids, pause) as edits:
            tally = _apply_until_done(editor, other, folder / "sandbox.sqlite3", parallelism, recorder.bodies)
        requests = editor.requests.total()
        # What somebody else renamed last is theirs until the files are applied once more.
        renamed = plan_names(other)
        apply_plan(renamed, other, ENVIRONMENT)
        lost, overwritten, inside = _judge(watch, edits, other)
    rows = [
        ["changes, side by side, latency", f"{changes:,}, {parallelism}, {latency} ms"],
        ["faults", "; ".join(_FAULTS)],
        ["applies until nothing was left", f"{tally.runs} in {tally.seconds:.0f} s, {requests:,} requests"],
        ["endings over all of them", ", ".join(f"{count:,} {name}" for name, count in tally.endings.most_common())],
        ["edits by somebody else", f"{len(edits)}, of which {inside} fell into a window and were overwritten"],
        ["**changes lost**", str(len(lost))],
        ["**edits overwritten outside the window**", str(len(overwritten))],
        ["**outcomes unaccounted for**", str(len(tally.unaccounted))],
        ["window, at the client: read answered until PUT sent", _milliseconds(watch.gaps)],
        ["window, at most: read sent until PUT answered", _milliseconds(watch.spans)],
    ]
    for line in (*lost, *overwritten, *tally.unaccounted):
        print(line, file=sys.stderr)
    return render_table(("", "median / 99 % / longest, where three figures stand"), rows), not (
        lost or overwritten or tally.unaccounted
    )


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=5_000)
    parser.add_argument("--parallelism", type=int, default=8)
    parser.add_argument("--latency", type=int, default=50, help="ms a request")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between edits by somebody else")
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    table, is_sound = _run(options.changes, options.parallelism, options.latency, options.pause)
    text = f"`python -m benchmarks.load`, {machine}.\n\n{table}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(_main())
