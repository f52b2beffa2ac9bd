"""The decision table of the README, row for row, through the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace

UNUSED = make_channel(1, isPrimaryValue=True)
READ = make_channel(2, readings=True)
FED = make_channel(3)
TOTAL = make_channel(4, {"formula": "channel(3) + channel(1)"}, isCalculated=True)
WORLD = make_world(UNUSED, READ, FED, TOTAL)

CALCULATED = {"isCalculated": True, "intervalMinutes": None, "esaChannelVersion": {"formula": "channel(1) * 0.03"}}


def named(channel_id: int, **values: Any) -> dict[str, Any]:
    return {"channelId": channel_id, **values}


@pytest.mark.parametrize(
    ("channels", "exit_code", "line"),
    [
        pytest.param(
            {"unused": named(1, channelInfo="Channel 1")},
            0,
            "Plan: 0 to update, 0 blocked, 1 unchanged, 3 unmanaged.",
            id="in files, found, does not differ: nothing",
        ),
        pytest.param(
            {"unused": named(1, channelInfo="Renamed")},
            0,
            "Plan: 1 to update, 0 blocked, 0 unchanged, 3 unmanaged.",
            id="in files, found, differs, precondition holds: update",
        ),
        pytest.param(
            {"read": named(2, **CALCULATED)},
            3,
            "Plan: 0 to update, 1 blocked, 0 unchanged, 3 unmanaged.",
            id="in files, found, differs, precondition fails: blocked",
        ),
        pytest.param(
            {
                "fed": named(3, **CALCULATED),
                "total": named(4, esaChannelVersion={"formula": "channel(1) * 2"}),
            },
            0,
            "Plan: 2 to update, 0 blocked, 0 unchanged, 2 unmanaged.",
            id="in files, found, differs, made true by another change: update, after that change",
        ),
        pytest.param(
            {"nobody": named(99, channelInfo="X")},
            1,
            "Plan: 0 to update, 0 blocked, 0 unchanged, 4 unmanaged.",
            id="in files, not found: error",
        ),
        pytest.param(
            {"any": {"select": {"dataPointImportId": "DPI-1", "unitCode": "KWH"}, "channelInfo": "X"}},
            1,
            "Plan: 0 to update, 0 blocked, 0 unchanged, 4 unmanaged.",
            id="in files, several: error",
        ),
    ],
)
def test_a_row_of_the_decision_table(workspace: Workspace, channels: dict[str, Any], exit_code: int, line: str) -> None:
    workspace.load(WORLD)
    workspace.define(channels)
    answer = workspace.run("plan")
    assert (answer.code, answer.out.splitlines()[-1]) == (exit_code, line)


def test_what_cannot_be_known_blocks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sixth row: in files, found, differs, cannot be known."""
    silent = make_channel(5) | {"hasReadings": None, "isCalculatedConvertible": None}
    replies = {LIST: reply_list(UNUSED, silent), UNITS: Reply(body=[]), TYPES: Reply(body=[])}
    monkeypatch.setenv("ECI_API_KEY", "key")
    workspace.define({"silent": named(5, **CALCULATED)})
    with answering(replies) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        answer = workspace.run("plan")
    assert answer.code == 3
    assert "? unknown  silent" in answer.out
    assert answer.out.splitlines()[-1] == "Plan: 0 to update, 1 blocked, 0 unchanged, 1 unmanaged."


def test_what_is_in_no_file_is_never_touched(workspace: Workspace) -> None:
    workspace.load(WORLD)
    workspace.define({"unused": named(1, channelDescription="Described")})
    others = [workspace.live(channel_id) for channel_id in (2, 3, 4)]
    assert workspace.run("apply", "--auto-approve").code == 0
    assert [workspace.live(channel_id) for channel_id in (2, 3, 4)] == others


def test_a_change_waits_for_the_one_that_makes_it_legal(workspace: Workspace) -> None:
    workspace.load(WORLD)
    workspace.define(
        {"a-fed": named(3, **CALCULATED), "total": named(4, esaChannelVersion={"formula": "channel(1) * 2"})}
    )
    assert workspace.run("apply", "--auto-approve").code == 0
    assert [path for _, path in workspace.writes] == ["/api/v202406/esachannel/4", "/api/v202406/esachannel/3"]
