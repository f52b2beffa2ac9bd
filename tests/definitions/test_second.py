"""A second process that reads beside the first."""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.page import find_digest
from reconciler.definitions.second import Second, find_answers, send, share
from tests.definitions.places import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.definitions.page import Sound
    from reconciler.definitions.second import Sounds

GOOD = "channels:\n  {}:\n    channelId: {}\n    channelDescription: {}\n"

# Loads the project in the working directory in a process that has no threads, as the command line does.
LOAD = """\
import pathlib, reconciler.definitions.load as load
from reconciler.definitions.second import start_second
loaded = load.load_definitions(pathlib.Path(), ["channels"])
print([(channel.name, channel.line) for channel in loaded.definitions.channels] == [(f"c{n}", 2) for n in range(10)])
print([(finding.location.file, finding.code) for finding in loaded.findings])
print(start_second(pathlib.Path(), []) is not None)
"""


def run(code: str, folder: Path, *, processors: int) -> list[str]:
    """The lines that `code` prints in `folder`, where the system has so many `processors` for it."""

    def keep() -> None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:processors])

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, preexec_fn=keep
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="a second process is started on Linux only")
@pytest.mark.parametrize("processors", [1, 2])
def test_one_process_or_two_read_the_same(processors: int, tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0)) < processors:
        pytest.skip("needs two processors")
    files = {f"f{n}": GOOD.format(f"c{n}", n + 1, "x" * 200 + "\n" + "# note\n" * 15_000) for n in range(10)}
    write(tmp_path, **files, broken="- a\n", worse=b"\xff")

    assert run(LOAD, tmp_path, processors=processors) == [
        "True",
        "[('channels/broken.yaml', 'ESA123'), ('channels/worse.yaml', 'ESA104')]",
        str(processors == 2),
    ]


def test_files_are_dealt_out_evenly_in_the_shares_that_are_asked_for() -> None:
    assert share("abcdefg", 40) == (("a", "d", "f"), ("b", "c", "e", "g"))


@contextmanager
def answering(write: Callable[[int], object]) -> Iterator[Second]:
    """A second process of two files, in whose place `write` fills the pipe meanwhile."""

    def answer() -> None:
        write(sending)
        os.close(sending)

    receiving, sending = os.pipe()
    thread = Thread(target=answer, daemon=True)
    thread.start()
    gone = subprocess.Popen(["true"])
    yield Second(gone.pid, receiving, 2)
    thread.join(60)
    gone.returncode = 0


def test_what_the_second_process_reads_can_be_sent(tmp_path: Path) -> None:
    good = GOOD.format("use", 1, "null")
    write(tmp_path, good=good)

    with answering(
        lambda pipe: send(find_answers(tmp_path, ["channels/good.yaml", "channels/gone.yaml"]), pipe)
    ) as second:
        assert list(second.collect()) == [
            (
                find_digest(good.encode()),
                {"channels": {"use": {"channelId": 1, "channelDescription": None}}},
                {"channels": {"use": 2}},
            ),
            None,
        ]


@pytest.mark.parametrize("verdict", [True, False])
def test_behind_what_all_files_hold_comes_what_the_judge_says_of_them(verdict: bool, tmp_path: Path) -> None:
    write(tmp_path, good=GOOD.format("use", 1, "null"))
    seen: list[Sounds] = []

    def judge(sounds: Sounds) -> bool:
        seen.append(sounds)
        return verdict

    *sounds, last = find_answers(tmp_path, ["channels/good.yaml", "channels/gone.yaml"], judge)

    assert (seen, last) == ([sounds], verdict)


# Loads the project in the working directory beside other work, and says whether anything was checked by this process.
LOAD_BESIDE = """\
import pathlib, reconciler.definitions.load as load
checked = []
check = load.check_definitions
load.check_definitions = lambda definitions: checked.append(1) or check(definitions)
loaded = load.begin_loading(pathlib.Path(), ["channels"], is_alone=False).finish()
print(len(loaded.definitions.channels), [(finding.location.file, finding.code) for finding in loaded.findings])
print(bool(checked))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a second process is started on Linux only")
@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize(("last", "found"), [("c10", []), ("c1", [("channels/f9.yaml", "ESA131")])])
def test_what_the_second_process_finds_clean_is_not_checked_again(
    processors: int, last: str, found: list[tuple[str, str]], tmp_path: Path
) -> None:
    if len(os.sched_getaffinity(0)) < processors:
        pytest.skip("needs two processors")
    names = [*(f"c{n}" for n in range(1, 10)), last]
    files = {f"f{n}": GOOD.format(name, name[1:], "x\n" + "# note\n" * 15_000) for n, name in enumerate(names)}
    write(tmp_path, **files)

    assert run(LOAD_BESIDE, tmp_path, processors=processors) == [
        f"{len(set(names))} {found}",
        str(bool(found) or processors == 1),
    ]


def test_a_process_that_was_waited_for_already_is_no_bug() -> None:
    receiving, sending = os.pipe()
    send([None], sending)
    os.close(sending)
    gone = subprocess.Popen(["true"])
    gone.wait()

    assert list(Second(gone.pid, receiving, 1).collect()) == [None]


def test_answers_larger_than_a_pipe_arrive_whole() -> None:
    sounds: list[Sound | None] = [(letter * 10**6, None, {}) for letter in (b"a", b"b")]

    with answering(lambda pipe: send(sounds, pipe)) as second:
        assert list(second.collect()) == sounds


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"\0", b"\0\0\0\x09" + marshal.dumps(None)])
def test_an_answer_cut_short_leaves_all_files_to_the_first_process(answer: bytes) -> None:
    with answering(lambda pipe: os.write(pipe, answer)) as second:
        assert list(second.collect()) == [None, None]


def test_what_arrived_before_the_second_process_died_is_used() -> None:
    sound: Sound = (b"digest", {"channels": {}}, {})

    def answer_and_die(pipe: int) -> None:
        send([sound], pipe)
        os.write(pipe, b"\0\0")

    with answering(answer_and_die) as second:
        assert list(second.collect()) == [sound, None]
