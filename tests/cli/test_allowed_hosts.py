"""Where a key goes: said by `validate` offline, and held by each command before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.client import open_editor, open_reader
from reconciler.errors import ProjectError
from reconciler.model.hosts import ALLOWED_HOSTS
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace

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
def a_project(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED_HOSTS, raising=False)
    monkeypatch.setenv("ECI_API_KEY", KEY)
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    workspace.write("reconciler.yaml", ELSEWHERE)


def test_validate_says_offline_which_host_may_not_be_sent_a_key(workspace: Workspace) -> None:
    answer = workspace.run("validate")

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


def test_validate_still_says_what_is_wrong_with_the_channels(workspace: Workspace) -> None:
    workspace.define({"one": {"channelId": "x"}})

    assert workspace.run("validate", "--format", "concise").out.count("ESA") == 2


def test_a_host_that_the_variable_names_is_not_said(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "app.energycap.com.evil.example")

    assert workspace.run("validate").out == "1 file, 1 channel: no findings.\n"


@pytest.mark.parametrize("command", [["validate"], ["plan", "-e", "far"]], ids=["validate", "plan"])
def test_a_variable_that_cannot_be_read_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "https://gateway.example.org")

    answer = workspace.run(*command)

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
def test_no_command_sends_the_key_to_such_a_host(workspace: Workspace, command: list[str]) -> None:
    answer = workspace.run(*command, "-e", "far")

    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: the API key is not sent to app.energycap.com.evil.example: only hosts of energycap.com and "
            "this machine may get it\n"
            "  fix: correct the url in reconciler.yaml; if this host is right, set  "
            "RECONCILER_ALLOWED_HOSTS=app.energycap.com.evil.example\n"
        ),
    )


def test_the_other_environments_of_such_a_project_work(workspace: Workspace) -> None:
    assert workspace.run("plan", "--detailed-exitcode").code == 2


def test_a_plan_against_a_copy_needs_no_host(workspace: Workspace) -> None:
    workspace.run("snapshot", "--out", "copy.json")
    copy = workspace.root / "copy.json"
    copy.write_text(copy.read_text().replace('"environment": "sandbox"', '"environment": "far"'))

    assert workspace.run("plan", "-e", "far", "--snapshot", "copy.json", "--detailed-exitcode").code == 2


@pytest.mark.parametrize("open_client", [open_reader, open_editor])
def test_no_client_comes_about_for_such_a_host(open_client: type) -> None:
    with pytest.raises(ProjectError), open_client("https://evilenergycap.com", KEY):
        pass
