"""Streams that are closed, full, or left by their reader: neither the writes nor the exit code change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_interrupts import SlowService, applying
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.desk import Desk

CHANNELS = range(1, 111)
ACCOUNT = "Apply: 110 done, 0 stale, 0 failed, 0 not tried."


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A saved plan of so many changes that an apply of it says twice on stderr how far it is."""
    desk.load(make_world(*(make_channel(number, data_point=number) for number in CHANNELS)))
    desk.define({f"c{number}": {"channelId": number, "channelInfo": f"New {number}"} for number in CHANNELS})
    assert desk.run("plan", "--quiet", "--out", "plan.json").code == 0
    return desk


@contextmanager
def broken(how: str) -> Iterator[int]:
    """The descriptor of a stream that cannot be written to."""
    if how == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, descriptor = os.pipe()
        os.close(reading)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def run(*arguments: str, out: int = subprocess.PIPE, err: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True, check=False)


def write_readings(desk: Desk, count: int) -> None:
    rows = (f"1,2026-01-{1 + index // 24:02}T{index % 24:02}:00,{index}\n" for index in range(count))
    desk.write("readings.csv", "channelId,time,value\n" + "".join(rows))


def test_a_reader_of_stderr_that_leaves_in_the_middle_does_not_end_an_apply(busy: Desk) -> None:
    command = [sys.executable, "-m", "reconciler", "apply", "plan.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "applied 50/110 changes\n"
        process.stderr.close()
        assert process.stdout is not None
        out = process.stdout.read()

    assert (process.returncode, out.splitlines()[-1]) == (0, ACCOUNT)
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_an_apply_ends_as_its_work_deserves_whatever_becomes_of_stderr(busy: Desk, how: str) -> None:
    with broken(how) as err:
        answer = run("apply", "plan.json", err=err)

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, ACCOUNT)
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_a_message_that_cannot_be_said_changes_no_exit_code(desk: Desk, how: str) -> None:
    with broken(how) as err:
        answer = run("plan", "--environment", "nope", err=err)

    assert (desk.root.is_dir(), answer.returncode, answer.stdout) == (True, 64, "")


@pytest.mark.parametrize("name", ["json", "text"])
def test_a_reader_of_stdout_that_leaves_does_not_end_an_apply(busy: Desk, name: str) -> None:
    with broken("left") as out:
        answer = run("apply", "plan.json", "--format", name, out=out)

    assert (answer.returncode, answer.stderr) == (0, "applied 50/110 changes\napplied 100/110 changes\n")
    assert len(busy.writes) == 110


def test_events_for_which_there_is_no_room_end_in_an_account_on_stderr(busy: Desk) -> None:
    with broken("full") as out:
        answer = run("apply", "plan.json", "--format", "json", out=out)

    assert (answer.returncode, answer.stderr.splitlines()[0], answer.stderr.splitlines()[-2]) == (
        0,
        "events can no longer be written; the journal has all of them: cannot write to stdout: No space left on device",
        ACCOUNT,
    )
    assert len(busy.writes) == 110


@pytest.mark.parametrize("name", ["json", "markdown"])
def test_a_file_for_which_there_is_no_room_costs_no_account(busy: Desk, name: str) -> None:
    answer = run("apply", "plan.json", "--format", f"{name}=/dev/full")

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, ACCOUNT)
    assert "cannot write /dev/full: No space left on device" in answer.stderr
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_an_import_of_readings_ends_as_its_work_deserves_whatever_becomes_of_stderr(desk: Desk, how: str) -> None:
    desk.load(make_world(make_channel(1)))
    write_readings(desk, 40)
    with broken(how) as err:
        answer = run("readings", "import", "readings.csv", "--batch", "2", "--format", "json", err=err)

    account = json.loads(answer.stdout)
    assert (answer.returncode, account["imported"], account["not_sent"]) == (0, 40, 0)


def test_readings_that_were_not_taken_are_written_down_though_nobody_reads_stderr(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    write_readings(desk, 4)
    with (desk.root / "readings.csv").open("a") as file:
        file.write("1,2026-01-09T00:00,much\n")
    with broken("left") as err:
        answer = run("readings", "import", "readings.csv", "--skip-bad", "--batch", "1", err=err)

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (
        6,
        "Import: 4 imported, 0 failed, 0 unknown, 0 not sent, 1 left out.",
    )
    assert "much" in (desk.root / "readings.failed.csv").read_text()


def test_the_account_of_an_import_goes_to_stderr_if_stdout_is_full(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    write_readings(desk, 2)
    with broken("full") as out:
        answer = run("readings", "import", "readings.csv", out=out)

    assert answer.returncode == 0
    assert answer.stderr.splitlines()[-2] == "cannot write to stdout: No space left on device"


def test_a_signal_counts_though_nobody_can_be_told(desk: Desk) -> None:
    service = SlowService()
    with broken("left") as err, applying(desk, service, err=err) as process:
        # The second ends the process at once: if the remark of the first failed, this would not be its exit code.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            # One at a time: signals in a row may count as one, and one on the way out ends Python itself.
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)

    assert process.returncode == 130


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["explain", "ESA401"], ["plan"], ["validate"]])
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_stream_that_was_closed_from_the_start_is_no_bug(busy: Desk, closed: int, arguments: list[str]) -> None:
    command = f'exec "$@" {closed}{"<" if closed == 0 else ">"}&-'
    answer = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "reconciler", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, "Traceback" in answer.stderr) == (0, False)
    assert busy.root.is_dir()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["apply"], 64, "cannot ask for approval: there is no terminal"),
        (["show", "-"], 1, "nothing came on stdin"),
    ],
)
def test_who_closes_stdin_is_told_what_is_missing(desk: Desk, arguments: list[str], code: int, message: str) -> None:
    answer = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "reconciler", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stderr.splitlines()[0]) == (code, f"reconciler: {message}")
    assert desk.root.is_dir()


def test_a_file_never_takes_the_number_of_a_closed_stream(busy: Desk) -> None:
    """Else what is said on stderr would go into a journal."""
    subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "reconciler", "apply", "plan.json"],
        check=True,
    )

    (journal,) = Path(busy.root, ".reconciler", "journal").iterdir()
    assert [line[:1] for line in journal.read_text().splitlines()].count("{") == len(journal.read_text().splitlines())
