"""kill -9 at every step of the journal: the run that goes on reaches what an undisturbed one reaches."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.journal import find_unfinished, open_journal
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.run import ApplyOptions
from reconciler.planfile.writing import render_plan_file
from tests.apply.bench import Interceptor, status_by_name, want
from tests.apply.test_new_channels import CREATE, CREATED, swapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from reconciler.model.channels import Desired
    from tests.apply.bench import Bench, Start

DESIRED = (
    want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2),
    want("losses", 1043, isCalculated=True, esaChannelVersion__formula="channel(1042) * 0.03"),
    want("net", 1044, esaChannelVersion__formula="channel(1042) * 0.97"),
)
# What an undisturbed run asks of the service, one change at a time: read, (intent) write (result), ..., read back.
GAS, NET, LOSSES = "1046", "1044", "1043"
REQUESTS = [
    f"GET {GAS}",
    "PUT 10461",
    f"GET {GAS}",
    f"GET {GAS}",
    f"PUT {GAS}",
    "GET esachannel",
    f"GET {NET}",
    f"PUT {NET}",
    "GET esachannel",
    f"GET {LOSSES}",
    f"PUT {LOSSES}",
    "GET",
    "GET",
    "GET",
]
KILLS = [
    *((number, "before") for number in range(len(REQUESTS))),
    *((number, "after") for number, request in enumerate(REQUESTS) if request.startswith("PUT")),
]
WRITES = [f"PUT /api/v202406/esachannel/{path}" for path in ("1046/version/10461", GAS, NET, LOSSES)]


def note(requests: list[str]) -> Interceptor:
    def intercept(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        requests.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        return pass_on()

    return Interceptor(intercept)


def test_an_undisturbed_run_sends_the_requests_that_these_tests_expect(start: Start) -> None:
    requests: list[str] = []
    bench = start(network=note(requests))

    bench.apply(bench.plan(*DESIRED), ApplyOptions(parallelism=1))

    assert requests[:11] == REQUESTS[:11]
    assert sorted(requests[11:]) == sorted(f"GET {channel_id}" for channel_id in (GAS, NET, LOSSES))
    assert bench.writes() == WRITES


def run_and_kill(
    bench: Bench, tmp_path: Path, number: int, moment: str, desired: tuple[Desired, ...] = DESIRED
) -> None:
    """Apply the plan in a process that is killed on the way; its plan and journal are left in `tmp_path`."""
    plan_file = tmp_path / "plan.json"
    plan_file.write_text(render_plan_file(bench.plan(*desired)), encoding="utf-8")
    arguments = [bench.service.url, str(plan_file), str(tmp_path / "journal"), str(number), moment]
    killed = subprocess.run([sys.executable, "-m", "tests.apply.killed_apply", *arguments], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("number", "moment"), KILLS, ids=[f"{moment} {number} {REQUESTS[number]}" for number, moment in KILLS]
)
def test_a_killed_run_is_continued_and_writes_nothing_twice(
    demo: Bench, tmp_path: Path, number: int, moment: str
) -> None:
    run_and_kill(demo, tmp_path, number, moment)
    path = find_unfinished(tmp_path / "journal", "sandbox")
    assert path is not None
    plan = read_journal(path).plan

    with open_journal(tmp_path / "journal", plan) as journal:
        result = demo.apply(plan, ApplyOptions(journal=journal))

    assert status_by_name(result) == {"gas": "done", "net": "done", "losses": "done"}
    assert sorted(demo.writes()) == sorted(WRITES)
    assert demo.plan(*DESIRED).summary.update == 0
    assert find_unfinished(tmp_path / "journal", "sandbox") is None


CREATIONS = [CREATE, f"{CREATE}/{CREATED}/version"]


def test_an_undisturbed_creation_sends_the_requests_that_the_next_test_expects(start: Start) -> None:
    requests: list[str] = []
    bench = start(network=note(requests))

    bench.apply(bench.plan(swapped()), ApplyOptions(parallelism=1))

    assert [number for number, request in enumerate(requests) if request.startswith("POST")] == [5, 9]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [5, 9], ids=["channel", "version"])
def test_a_run_killed_at_a_creation_is_continued_and_creates_nothing_twice(
    demo: Bench, tmp_path: Path, number: int, moment: str
) -> None:
    run_and_kill(demo, tmp_path, number, moment, (swapped(),))
    path = find_unfinished(tmp_path / "journal", "sandbox")
    assert path is not None
    plan = read_journal(path).plan

    with open_journal(tmp_path / "journal", plan) as journal:
        result = demo.apply(plan, ApplyOptions(journal=journal))

    assert status_by_name(result) == {"level": "done"}
    assert demo.writes() == CREATIONS
    assert (demo.plan(swapped()).summary.create, demo.plan(swapped()).summary.update) == (0, 0)
