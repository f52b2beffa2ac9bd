"""What holds for every test: no network beyond this machine."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from msgspec.structs import fields

from reconciler.sandbox import Settings, parse_settings
from reconciler.sandbox.settings import PROCESS_ANSWERS
from tests.cases import counted_cases

if TYPE_CHECKING:
    from collections.abc import Generator

# How long anything takes depends on what else the machine does: no test asserts it, and no law either.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What `make soak` asks for, where a test does not set a number of its own.
settings.register_profile("soak", max_examples=int(os.environ.get("SOAK_EXAMPLES", "20000")))
if "HYPOTHESIS_PROFILE" in os.environ:
    settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])

# Tests started in the background ignore Ctrl-C, those under nohup the end of their terminal, and so would each command
# that they start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

_LOCAL = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def the_real_network_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anything but this machine fails the test that tries it."""
    connect = socket.socket.connect

    def connect_here_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOCAL:
            pytest.fail(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here_only)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Laws count the samples that reach their case."""
    with counted_cases():
        return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sandbox-set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="What each sandbox of the run answers where a test does not say otherwise. Repeatable.",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "counts_on(*settings, reason): left out where --sandbox-set changes one of these settings of the sandbox, "
        "for the test is about requests and answers as they are by default.",
    )
    chosen = config.getoption("--sandbox-set")
    if chosen:
        answers = parse_settings(chosen)
        # Those of the process, so that a sandbox that a command starts has them too.
        PROCESS_ANSWERS.update({one.name: getattr(answers, one.name) for one in fields(Settings)})


def pytest_collection_finish() -> None:
    """What was collected stays to the end: it is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # What only a law reaches, by chance, does not count as covered; and measuring makes it take twice as long. Only who
    # asks which test runs which line hears of laws, too.
    if config.getoption("cov_source", None) and not config.getoption("cov_context"):
        for item in items:
            if is_hypothesis_test(getattr(item, "obj", None)):
                item.add_marker("no_cover")
    # The longest of all begins first, or workers that are done would wait for the one that has it.
    items.sort(key=lambda item: "/test_user_repository.py" not in item.nodeid)
    changed = {assignment.partition("=")[0] for assignment in config.getoption("--sandbox-set")}
    for item in items:
        for mark in item.iter_markers("counts_on"):
            if unknown := set(mark.args) - {one.name for one in fields(Settings)}:
                raise pytest.UsageError(f"{item.nodeid} counts on unknown settings: {', '.join(sorted(unknown))}")
            if found := changed.intersection(mark.args):
                item.add_marker(
                    pytest.mark.skip(reason=f"counts on {', '.join(sorted(found))}: {mark.kwargs['reason']}")
                )
