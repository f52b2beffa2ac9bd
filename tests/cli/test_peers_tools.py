"""What others wrote for the plans of Terraform, run unmodified on plans of this tool."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.workspace import Workspace

JQ = shutil.which("jq") or ""

pytestmark = pytest.mark.skipif(not JQ, reason="there is no jq on this machine (Debian package jq)")

# Source: GitLab, "Terraform integration in merge requests", Manually configure Terraform report artifacts: the alias
# convert_report. https://docs.gitlab.com/user/infrastructure/iac/mr_integration/
GITLAB = (
    """([.resource_changes[]?.change.actions?]|flatten)|{"create":(map(select(.=="create"))|length),"""
    """"update":(map(select(.=="update"))|length),"delete":(map(select(.=="delete"))|length)}"""
)

# Policies in the terms of Terraform's own page, "JSON Output Format", Change Representation: the actions of a change
# are ["no-op"], ["create"], ["read"], ["update"], ["delete", "create"], ["create", "delete"] or ["delete"].
# https://developer.hashicorp.com/terraform/internals/json-format
NOTHING_IS_DESTROYED = """[.resource_changes[] | select(.change.actions | index("delete"))] | length == 0"""
ONLY_UPDATES = """[.resource_changes[].change.actions[]] - ["no-op", "read", "update"] | length == 0"""
WHAT_IS_UPDATED = """.resource_changes[] | select(.change.actions | contains(["update"])) | .address"""
WHAT_STAYS = """.resource_changes[] | select(.mode == "managed" and .change.actions == ["no-op"]) | .address"""
COUNT_BY_TYPE = """.resource_changes | group_by(.type) | map({(.[0].type): length}) | add"""
TOUCHED_VALUES = """
  .resource_changes[] | select(.change.actions != ["no-op"]) | .address as $address
  | .change as {$before, $after}
  | $after | paths(scalars or . == null) as $path
  | select(($before | getpath($path)) != ($after | getpath($path)))
  | "\\($address) \\($path | join("."))"
"""


@pytest.fixture
def plan(workspace: Workspace) -> Path:
    """A plan of two updates and a channel that stays, as `--format json` writes it, in a file."""
    workspace.load(make_world(*(make_channel(number) for number in (1, 2, 3))))
    workspace.define(
        {
            "named": {"channelId": 1, "channelInfo": "Renamed"},
            "scaled": {"channelId": 2, "channelDescription": "New", "esaChannelVersion": {"multiplier": 0.001}},
            "same": {"channelId": 3, "channelInfo": "Channel 3"},
        }
    )
    return workspace.write("plan.json", workspace.run("plan", "--format", "json").out)


def ask(query: str, file: Path) -> list[Any]:
    """What jq answers to `query`, value by value."""
    done = subprocess.run((JQ, "--compact-output", query, str(file)), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def judge(policy: str, file: Path) -> int:
    """How jq exits: 0 where `policy` holds, 1 where it does not."""
    return subprocess.run((JQ, "--exit-status", policy, str(file)), capture_output=True, check=False).returncode


def test_gitlabs_own_line_counts_as_gitlab_terraform_does(workspace: Workspace, plan: Path) -> None:
    """The line is that of GitLab's page "Terraform integration in merge requests"."""
    counts = json.loads(workspace.run("plan", "--format", "gitlab-terraform").out)
    assert ask(GITLAB, plan) == [counts] == [{"create": 0, "update": 2, "delete": 0}]


def test_gitlabs_own_line_counts_nothing_in_an_empty_plan(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"same": {"channelId": 1, "channelInfo": "Channel 1"}})
    empty = workspace.write("plan.json", workspace.run("plan", "--format", "json").out)
    counts = json.loads(workspace.run("plan", "--format", "gitlab-terraform").out)
    assert ask(GITLAB, empty) == [counts] == [{"create": 0, "update": 0, "delete": 0}]


@pytest.mark.parametrize("policy", [NOTHING_IS_DESTROYED, ONLY_UPDATES], ids=["no-delete", "only-updates"])
def test_a_policy_that_stops_a_pipeline_lets_updates_pass(workspace: Workspace, plan: Path, policy: str) -> None:
    destroying = workspace.write(
        "destroying.json", plan.read_text(encoding="utf-8").replace('["update"]', '["delete"]')
    )
    assert [judge(policy, plan), judge(policy, destroying)] == [0, 1]


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        pytest.param(WHAT_IS_UPDATED, ["esa_channel.named", "esa_channel.scaled"], id="updated"),
        pytest.param(WHAT_STAYS, ["esa_channel.same"], id="stays"),
        pytest.param(COUNT_BY_TYPE, [{"esa_channel": 3}], id="by-type"),
        pytest.param(
            TOUCHED_VALUES,
            [
                "esa_channel.named channelInfo",
                "esa_channel.scaled channelDescription",
                "esa_channel.scaled esaChannelVersion.multiplier",
            ],
            id="touched-values",
        ),
    ],
)
def test_a_query_for_terraforms_plans_finds_the_same_here(plan: Path, query: str, answers: list[Any]) -> None:
    assert ask(query, plan) == answers


def test_to_others_a_blocked_change_is_an_update_for_they_know_no_verdict(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1, readings=True), make_channel(2)))
    formula = {"intervalMinutes": None, "isCalculated": True, "esaChannelVersion": {"formula": "channel(2) * 2"}}
    workspace.define({"sum": {"channelId": 1, **formula}})
    blocked = workspace.write("plan.json", workspace.run("plan", "--format", "json").out)
    assert ask(GITLAB, blocked) == [{"create": 0, "update": 1, "delete": 0}]
    assert json.loads(workspace.run("plan", "--format", "gitlab-terraform").out) == {
        "create": 0,
        "update": 0,
        "delete": 0,
    }
