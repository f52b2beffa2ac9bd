"""Signals while a plan is carried out: the first finishes what is in flight, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.signals import STOP_SIGNALS, end_on_signals
from tests.cli.workspace import PROJECT
from tests.stub import LIST, STUCK, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.workspace import Workspace

ONE, TWO = make_channel(1), make_channel(2, data_point=2)
WANTED = {"one": {"channelId": 1, "channelInfo": "Renamed"}, "two": {"channelId": 2, "channelInfo": "Renamed too"}}
STOPPED = (
    "stopped: a write in flight may still have been applied; to check and continue:  "
    "reconciler apply --environment sandbox --resume"
)


class SlowService:
    """Two channels, and a PUT of the first that is done at once and answered only when it may be."""

    def __init__(self) -> None:
        self.is_writing = Event()
        self.may_answer = Event()
        self._channels: dict[int, dict[str, Any]] = {1: dict(ONE), 2: dict(TWO)}

    @property
    def replies(self) -> dict[str, Reply | Callable[[], Reply]]:
        return {
            LIST: lambda: reply_list(*self._channels.values()),
            UNITS: Reply(body=[]),
            TYPES: Reply(body=[]),
            f"{LIST}/1": lambda: Reply(body=self._channels[1]),
            f"{LIST}/2": lambda: Reply(body=self._channels[2]),
            f"PUT {LIST}/1": self._write,
        }

    def _write(self) -> Reply:
        self._channels[1]["channelInfo"] = "Renamed"
        self.is_writing.set()
        self.may_answer.wait(STUCK)
        return Reply(body=self._channels[1])


@contextmanager
def applying(workspace: Workspace, service: SlowService, err: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """An apply in a process of its own, while its first PUT waits for an answer."""
    workspace.define(WANTED)
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "--parallelism", "1"]
    variables = {**os.environ, "ECI_API_KEY": "key"}
    with answering(service.replies) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        try:
            with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=err, text=True) as process:
                assert service.is_writing.wait(STUCK)
                yield process
        finally:
            service.may_answer.set()


def say(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal, and wait until the process says that it has it."""
    process.send_signal(number)
    assert process.stderr is not None
    assert any(line.startswith("interrupted: finishing requests in flight") for line in process.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_finishes_requests_in_flight_and_reports_the_rest(
    workspace: Workspace, number: signal.Signals
) -> None:
    service = SlowService()
    with applying(workspace, service) as process:
        say(process, number)
        service.may_answer.set()
        out, _ = process.communicate(timeout=STUCK)

    assert (process.returncode, out.splitlines()[-1]) == (130, "Apply: 1 done, 0 stale, 0 failed, 1 not tried.")


def test_the_journal_of_an_apply_at_work_is_not_shown_as_if_it_had_ended(workspace: Workspace) -> None:
    service = SlowService()
    with applying(workspace, service) as process:
        (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
        shown = workspace.run("show", str(journal))
        service.may_answer.set()
        process.communicate(timeout=STUCK)

    assert (shown.code, shown.err) == (
        1,
        f"reconciler: an apply is using the journal {journal}\n  fix: wait until it finishes\n",
    )


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_waits_for_no_answer_and_the_journal_knows_what_was_in_flight(
    workspace: Workspace, second: signal.Signals
) -> None:
    with applying(workspace, SlowService()) as process:
        say(process, signal.SIGINT)
        process.send_signal(second)
        _, err = process.communicate(timeout=STUCK)

    counts = "Apply: 0 done, 0 stale, 1 failed, 1 not tried."
    assert (process.returncode, err) == (130, f"{counts}\n{STOPPED}\n")
    (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
    shown = workspace.run("show", str(journal)).out.splitlines()
    assert counts in shown
    assert any("may have been written, and has not been read since" in line for line in shown)


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("plan", signal.SIGINT),
        ("snapshot --out copy.json", signal.SIGHUP),
        ("import --update", signal.SIGTERM),
        ("apply --auto-approve", signal.SIGINT),
    ],
)
def test_who_interrupts_what_only_reads_waits_for_no_answer(
    workspace: Workspace, command: str, number: signal.Signals
) -> None:
    is_asked, may_answer = Event(), Event()

    def hold() -> Reply:
        is_asked.set()
        may_answer.wait(STUCK)
        return reply_list(ONE)

    workspace.define(WANTED)
    variables = {**os.environ, "ECI_API_KEY": "key"}
    with answering({LIST: hold, UNITS: hold, TYPES: Reply(body=[])}) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        try:
            with subprocess.Popen(
                [sys.executable, "-m", "reconciler", *command.split()],
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                assert is_asked.wait(STUCK)
                process.send_signal(number)
                out, err = process.communicate(timeout=STUCK)
        finally:
            may_answer.set()

    assert (process.returncode, out, err.splitlines()[-1]) == (130, "", "reconciler: interrupted")


def test_a_signal_that_the_starter_wants_ignored_ends_nothing() -> None:
    """As nohup starts it."""
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        end_on_signals()
        after = [signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert after == [signal.SIG_IGN, signal.default_int_handler]
