"""One set of files for two services: what each has, and what happens in one alone."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.workspace import Workspace

PROJECT = """\
definitions: channels
defaultEnvironment: implement
environments:
  implement: {{url: "{implement}"}}
  production: {{url: "{production}"}}
"""
# The same channels: other ids, and in production one without an import id and one more.
IMPLEMENT = make_world(make_channel(1), make_channel(2), make_channel(3))
PRODUCTION = make_world(
    make_channel(77, channelImportId=None, channelInfo="Channel 1"),
    make_channel(78, channelImportId="IMP-2", channelInfo="Channel 2"),
    make_channel(79, channelImportId="IMP-3", channelInfo="Channel 3"),
)
USE: dict[str, Any] = {
    "select": {"channelImportId": "IMP-1"},
    "selectIn": {"production": {"channelId": 77}},
    "channelInfo": "Use",
}
TRIAL: dict[str, Any] = {"select": {"channelImportId": "IMP-3"}, "only": ["implement"], "channelInfo": "Trial"}
CHANNELS = {"use": USE, "net": {"channelId": 2, "selectIn": {"production": {"channelId": 78}}}, "trial": TRIAL}
FEEDS = {"trial-logger": {"channelImportId": "IMP-3", "expect": "trial"}}


@contextmanager
def serving(workspace: Workspace) -> Iterator[dict[str, sandbox.Service]]:
    """Both services, as the environments of the project."""
    with (
        sandbox.running(workspace.root / "implement.sqlite3", IMPLEMENT) as implement,
        sandbox.running(workspace.root / "production.sqlite3", PRODUCTION) as production,
    ):
        services = {"implement": implement, "production": production}
        urls = {name: service.url for name, service in services.items()}
        workspace.write("reconciler.yaml", PROJECT.format(**urls))
        yield services


@pytest.fixture
def both(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, sandbox.Service]]:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    workspace.define(CHANNELS, feeds=FEEDS)
    with serving(workspace) as services:
        yield services


def names(service: sandbox.Service) -> dict[int, str]:
    return {channel["channelId"]: channel["channelInfo"] for channel in service.export()["channels"]}


def read_plan(workspace: Workspace, *arguments: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(workspace.run("plan", "--format", "json", *arguments).out)
    return plan


def list_changes(plan: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {change["name"]: (change["channel_id"], *change["change"]["actions"]) for change in plan["resource_changes"]}


@pytest.mark.usefixtures("both")
def test_each_environment_has_its_own_ids_and_channels(workspace: Workspace) -> None:
    implement, production = read_plan(workspace), read_plan(workspace, "-e", "production")

    assert list_changes(implement) == {"use": (1, "update"), "trial": (3, "update"), "net": (2, "no-op")}
    assert list_changes(production) == {"use": (77, "update"), "net": (78, "no-op")}
    assert [feed["name"] for feed in implement["feeds"]] == ["trial-logger"]
    assert production["feeds"] == []
    assert "left_out" not in implement
    assert production["left_out"] == {"channels": ["trial"], "feeds": ["trial-logger"]}
    assert (production["managed"], production["summary"]["unmanaged"]) == (2, 1)
    assert implement["definitions"]["digest"] == production["definitions"]["digest"]


@pytest.mark.usefixtures("both")
def test_a_report_names_what_is_left_out(workspace: Workspace) -> None:
    answer = workspace.run("plan", "-e", "production")

    assert answer.out.splitlines()[-3:] == [
        "Left out by the key only, which lists other environments: 1 channel (trial), and",
        "with it 1 feed (trial-logger).",
        "Plan: 1 to update, 0 blocked, 1 unchanged, 1 unmanaged.",
    ]


def test_the_same_files_are_applied_to_one_environment_after_the_other(
    workspace: Workspace, both: dict[str, sandbox.Service]
) -> None:
    first = workspace.run("apply", "--auto-approve")
    between = names(both["production"])
    second = workspace.run("apply", "--auto-approve", "-e", "production")

    assert (first.code, second.code) == (0, 0)
    assert names(both["implement"]) == {1: "Use", 2: "Channel 2", 3: "Trial"}
    assert between == {77: "Channel 1", 78: "Channel 2", 79: "Channel 3"}
    assert names(both["production"]) == {77: "Use", 78: "Channel 2", 79: "Channel 3"}
    assert workspace.run("plan", "--detailed-exitcode").code == 0
    assert workspace.run("plan", "--detailed-exitcode", "-e", "production").code == 0


def test_a_plan_of_one_environment_is_refused_in_the_other(
    workspace: Workspace, both: dict[str, sandbox.Service]
) -> None:
    workspace.run("plan", "--out", "plan.json")

    answer = workspace.run("apply", "plan.json", "-e", "production")

    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        "reconciler: the plan is for implement, not for production",
    )
    assert names(both["production"])[77] == "Channel 1"


def test_a_saved_plan_is_stale_once_its_channel_is_left_out(
    workspace: Workspace, both: dict[str, sandbox.Service]
) -> None:
    workspace.run("plan", "--out", "plan.json", "--only", "use", "-e", "production")
    workspace.define({**CHANNELS, "use": {"channelImportId": "IMP-1", "only": ["implement"]}}, feeds=FEEDS)

    answer = workspace.run("apply", "plan.json")

    assert answer.code == 5
    assert "  - gone  use  no longer needed" in answer.out.splitlines()
    assert names(both["production"])[77] == "Channel 1"


@pytest.mark.usefixtures("both")
def test_a_pattern_for_a_channel_that_is_left_out_says_where_it_is(workspace: Workspace) -> None:
    answer = workspace.run("plan", "-e", "production", "--only", "tri*")

    assert answer.code == 1
    assert 'ESA307  no channel matches the pattern, found "tri*"' in answer.out
    assert "fix: trial is left out of production; write  --environment implement" in answer.out


@pytest.mark.usefixtures("both")
def test_an_error_in_one_environment_stops_the_plan_of_another(workspace: Workspace) -> None:
    workspace.define({**CHANNELS, "net": {"channelId": 2, "selectIn": {"production": {"channelId": 77}}}}, feeds=FEEDS)

    answer = workspace.run("plan")

    assert answer.code == 1
    assert "in environment: production" in answer.out


@pytest.mark.usefixtures("both")
def test_an_import_takes_what_selectin_finds_as_managed_and_leaves_out_what_only_leaves_out(
    workspace: Workspace,
) -> None:
    answer = workspace.run("import", "-e", "production")

    assert answer.code == 0
    assert (
        answer.out.splitlines()[-1] == "Import: 0 channels added, 0 files new, 0 changed, 2 managed before, 1 left out."
    )
    assert "leaves it out here, by  only: [implement]" in answer.out


@pytest.mark.usefixtures("both")
def test_an_import_updates_the_channel_that_the_environment_selects(workspace: Workspace) -> None:
    answer = workspace.run("import", "--update", "-e", "production")

    assert answer.code == 0
    text = (workspace.root / "channels/all.yaml").read_text(encoding="utf-8")
    assert "channelInfo: Channel 1" in text
    assert "channelInfo: Trial" in text


@pytest.mark.usefixtures("both")
def test_a_finding_about_selectin_points_into_it_and_its_fix_is_for_it(workspace: Workspace) -> None:
    lost = {"select": {"channelImportId": "IMP-1"}, "selectIn": {"production": {"channelId": 99}}}
    workspace.define({"use": lost, "trial": TRIAL})

    answer = workspace.run("plan", "-e", "production")

    assert "channels/all.yaml:7:20  ESA301  no live channel matches, found none with channelId 99" in answer.out
    assert workspace.run("plan").code == 0


@pytest.mark.usefixtures("both")
def test_the_environment_counts_for_a_snapshot_too(workspace: Workspace) -> None:
    workspace.run("snapshot", "-e", "production", "--out", "production.json")

    plan = read_plan(workspace, "-e", "production", "--snapshot", "production.json")

    assert list_changes(plan) == {"use": (77, "update"), "net": (78, "no-op")}


def test_an_embedded_sandbox_with_a_name_has_data_of_its_own(workspace: Workspace) -> None:
    urls = {"implement": "sandbox", "production": "sandbox:production"}
    workspace.write("reconciler.yaml", PROJECT.format(**urls))
    workspace.define(CHANNELS)
    workspace.load(IMPLEMENT)
    database = workspace.root / ".reconciler" / "sandbox-production.sqlite3"
    sandbox.reset(database, PRODUCTION)

    assert [workspace.run("apply", "--auto-approve", "-e", name).code for name in urls] == [0, 0]
    assert workspace.live(1)["channelInfo"] == "Use"
    with sandbox.running(database) as service:
        assert names(service) == {77: "Use", 78: "Channel 2", 79: "Channel 3"}
    refused = workspace.run("plan", "--out", ".reconciler/sandbox-production.sqlite3")
    assert refused.code == 64
    assert "would overwrite .reconciler/sandbox-production.sqlite3, the sandbox of the project" in refused.err
