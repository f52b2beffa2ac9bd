"""`snapshot`, and plans against one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    import pytest

    from tests.cli.workspace import Workspace

RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}}


def test_a_plan_against_a_copy_is_the_plan_against_the_service(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1), make_channel(2)))
    workspace.define(RENAMED)
    live = workspace.run("plan")
    assert workspace.run("snapshot", "--out", "copy.json").code == 0
    copied = workspace.run("plan", "--snapshot", "copy.json")
    assert copied.code == live.code == 0
    assert copied.out.splitlines()[-1] == live.out.splitlines()[-1]


def test_a_plan_against_a_copy_needs_no_key_and_no_service(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define(RENAMED)
    workspace.run("snapshot", "--out", "copy.json")
    workspace.write(
        "reconciler.yaml", "definitions: channels\nenvironments:\n  sandbox:\n    url: https://far.example\n"
    )
    monkeypatch.delenv("ECI_API_KEY", raising=False)
    assert workspace.run("plan", "-e", "sandbox", "--snapshot", "copy.json", "--detailed-exitcode").code == 2


def test_a_plan_against_a_copy_is_never_applied(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    workspace.load(make_world(make_channel(1)))
    workspace.define(RENAMED)
    workspace.run("snapshot", "--out", "copy.json")
    workspace.run("plan", "--snapshot", "copy.json", "--out", "plan.json")
    answer = workspace.run("apply", "plan.json")
    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: the plan was made against the snapshot of 2026-11-22T00:00:00Z, not the live service\n"
            "  fix: plan again without --snapshot\n"
        ),
    )
    assert workspace.writes == []


def test_a_copy_of_another_environment_is_refused(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define(RENAMED)
    workspace.run("snapshot", "--out", "copy.json")
    workspace.write("reconciler.yaml", "definitions: channels\nenvironments:\n  far:\n    url: https://far.example\n")
    answer = workspace.run("plan", "-e", "far", "--snapshot", "copy.json")
    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        "reconciler: copy.json is a snapshot of sandbox, not of far",
    )
