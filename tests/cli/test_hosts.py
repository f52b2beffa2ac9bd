"""Where a key goes: said by `validate` offline, and held by each command before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.client import open_editor, open_reader
from reconciler.errors import ProjectError
from reconciler.model.hosts import ALLOWED_HOSTS
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ELSEWHERE = """\
definitions: channels
defaultEnvironment: sandbox
environments:
  sandbox: {url: sandbox}
  far:
    url: https://app.energycap.com.evil.example/eci
"""
KEY = "aGVsbG8.d29ybGQ.c2VjcmV0"


@pytest.fixture(autouse=True)
def a_project(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED_HOSTS, raising=False)
    monkeypatch.setenv("ECI_API_KEY", KEY)
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    desk.write("reconciler.yaml", ELSEWHERE)


def test_validate_says_offline_which_host_may_not_be_sent_a_key(desk: Desk) -> None:
    answer = desk.run("validate")

    assert (answer.code, answer.out, answer.err) == (
        1,
        (
            "reconciler.yaml:6:10  ESA147  url names a host that may not be sent an API key, found "
            "app.energycap.com.evil.example\n"
            "  6 |     url: https://app.energycap.com.evil.example/eci\n"
            "    |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  fix: correct the url; if the host is right, set  "
            "RECONCILER_ALLOWED_HOSTS=app.energycap.com.evil.example\n"
            "\n"
            "1 error in 1 file.\n"
        ),
        "",
    )


def test_validate_still_says_what_is_wrong_with_the_channels(desk: Desk) -> None:
    desk.define({"one": {"channelId": "x"}})

    assert desk.run("validate", "--format", "concise").out.count("ESA") == 2


def test_a_host_that_the_variable_names_is_not_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "app.energycap.com.evil.example")

    assert desk.run("validate").out == "1 file, 1 channel: no findings.\n"


@pytest.mark.parametrize("command", [["validate"], ["plan", "-e", "far"]], ids=["validate", "plan"])
def test_a_variable_that_cannot_be_read_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "https://gateway.example.org")

    answer = desk.run(*command)

    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        "reconciler: RECONCILER_ALLOWED_HOSTS cannot be used: 'https://gateway.example.org' is not a host",
    )


@pytest.mark.parametrize(
    "command",
    [
        ["plan"],
        ["apply", "--auto-approve"],
        ["import", "--dry-run"],
        ["snapshot", "--out", "copy.json"],
    ],
    ids=lambda command: command[0],
)
def test_no_command_sends_the_key_to_such_a_host(desk: Desk, command: list[str]) -> None:
    answer = desk.run(*command, "-e", "far")

    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: the API key is not sent to app.energycap.com.evil.example: only hosts of energycap.com and "
            "this machine may get it\n"
            "  fix: correct the url in reconciler.yaml; if this host is right, set  "
            "RECONCILER_ALLOWED_HOSTS=app.energycap.com.evil.example\n"
        ),
    )


def test_the_other_environments_of_such_a_project_work(desk: Desk) -> None:
    assert desk.run("plan", "--detailed-exitcode").code == 2


def test_a_plan_against_a_copy_needs_no_host(desk: Desk) -> None:
    desk.run("snapshot", "--out", "copy.json")
    copy = desk.root / "copy.json"
    copy.write_text(copy.read_text().replace('"environment": "sandbox"', '"environment": "far"'))

    assert desk.run("plan", "-e", "far", "--snapshot", "copy.json", "--detailed-exitcode").code == 2


@pytest.mark.parametrize("open_client", [open_reader, open_editor])
def test_no_client_comes_about_for_such_a_host(open_client: type) -> None:
    with pytest.raises(ProjectError), open_client("https://evilenergycap.com", KEY):
        pass
