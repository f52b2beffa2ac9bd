"""`snapshot`, and plans against one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    import pytest

    from tests.cli.desk import Desk

RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}}


def test_a_plan_against_a_copy_is_the_plan_against_the_service(desk: Desk) -> None:
    desk.load(make_world(make_channel(1), make_channel(2)))
    desk.define(RENAMED)
    live = desk.run("plan")
    assert desk.run("snapshot", "--out", "copy.json").code == 0
    copied = desk.run("plan", "--snapshot", "copy.json")
    assert copied.code == live.code == 0
    assert copied.out.splitlines()[-1] == live.out.splitlines()[-1]


def test_a_plan_against_a_copy_needs_no_key_and_no_service(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define(RENAMED)
    desk.run("snapshot", "--out", "copy.json")
    desk.write("reconciler.yaml", "definitions: channels\nenvironments:\n  sandbox:\n    url: https://far.example\n")
    monkeypatch.delenv("ECI_API_KEY", raising=False)
    assert desk.run("plan", "-e", "sandbox", "--snapshot", "copy.json", "--detailed-exitcode").code == 2


def test_a_plan_against_a_copy_is_never_applied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    desk.load(make_world(make_channel(1)))
    desk.define(RENAMED)
    desk.run("snapshot", "--out", "copy.json")
    desk.run("plan", "--snapshot", "copy.json", "--out", "plan.json")
    answer = desk.run("apply", "plan.json")
    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: the plan was made against a copy taken 2026-11-22T00:00:00Z, not live\n"
            "  fix: plan again without --snapshot\n"
        ),
    )
    assert desk.writes == []


def test_a_copy_of_another_environment_is_refused(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define(RENAMED)
    desk.run("snapshot", "--out", "copy.json")
    desk.write("reconciler.yaml", "definitions: channels\nenvironments:\n  far:\n    url: https://far.example\n")
    answer = desk.run("plan", "-e", "far", "--snapshot", "copy.json")
    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        "reconciler: copy.json is a copy of sandbox, not of far",
    )
