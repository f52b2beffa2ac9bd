"""`apply` through the command line: consent, guards, and every exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from reconciler.energycap.client import open_editor
from reconciler.model.project import ChannelEdit
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.workspace import Workspace

ONE, TWO = make_channel(1), make_channel(2, data_point=2)
READ = make_channel(3, readings=True)
RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}, "two": {"channelId": 2, "channelInfo": "Renamed too"}}


@pytest.fixture
def planned(workspace: Workspace) -> Workspace:
    """A workspace with a saved plan, plan.json, that renames two channels."""
    workspace.load(make_world(ONE, TWO, READ))
    workspace.define(RENAMED)
    assert workspace.run("plan", "--out", "plan.json", "--detailed-exitcode").code == 2
    return workspace


@pytest.fixture
def served(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A way to serve a world under settings of the sandbox, as the environment `local`."""
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    serve = Serve(workspace)
    yield serve
    serve.close()


class Serve:
    """The sandbox as a service of its own, beside the workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._running: Any = None

    def __call__(self, world: dict[str, Any], *faults: str, **settings: str) -> sandbox.Service:
        assignments = [f"{name}={value}" for name, value in settings.items()]
        options = sandbox.Options(sandbox.parse_settings(assignments), sandbox.parse_faults(faults))
        self._running = sandbox.running(self._workspace.root / "served.sqlite3", world, options)
        service: sandbox.Service = self._running.__enter__()
        self._workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        return service

    def close(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)


def edit(url: str, channel_id: int, **values: Any) -> None:
    """Somebody else's edit."""
    with open_editor(url, "sandbox") as editor:
        editor.edit_channel(editor.read_channel(channel_id), values, ChannelEdit.OMIT_VERSION)


def test_a_saved_plan_is_carried_out_without_a_question(planned: Workspace) -> None:
    answer = planned.run("apply", "plan.json")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 2 done, 0 stale, 0 failed, 0 not tried.")
    assert planned.live(1)["channelInfo"] == "Renamed"


def test_one_put_for_each_change_and_none_the_second_time(planned: Workspace) -> None:
    planned.run("apply", "plan.json")
    planned.run("apply", "plan.json")
    planned.run("apply", "--auto-approve")
    assert sorted(planned.writes) == [("PUT", "/api/v202406/esachannel/1"), ("PUT", "/api/v202406/esachannel/2")]


def test_a_plan_twice_is_the_same_bytes(planned: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    assert planned.run("plan") == planned.run("plan")
    assert planned.run("plan", "--format", "json") == planned.run("plan", "--format", "json")
    saved = planned.run("plan", "--format", "json").out
    assert planned.run("plan", "--out", "again.json").code == 0
    assert (planned.root / "again.json").read_text(encoding="utf-8") == saved


def test_a_shown_plan_is_what_plan_printed(planned: Workspace) -> None:
    assert planned.run("show", "plan.json").out == planned.run("plan").out


def test_after_an_apply_nothing_is_left_to_do(planned: Workspace) -> None:
    assert planned.run("apply", "--auto-approve").code == 0
    assert planned.run("plan", "--detailed-exitcode").code == 0


def test_events_come_as_lines_of_json(planned: Workspace) -> None:
    answer = planned.run("apply", "plan.json", "--format", "json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert lines[0]["type"] == "version"
    assert lines[-1]["type"] == "change_summary"
    assert (lines[-1]["done"], lines[-1]["stale"], lines[-1]["failed"], lines[-1]["not_tried"]) == (2, 0, 0, 0)


def test_the_result_is_written_as_markdown_for_the_summary_of_a_ci_run(planned: Workspace) -> None:
    answer = planned.run("apply", "plan.json", "--format", "markdown=summary.md")
    summary = (planned.root / "summary.md").read_text(encoding="utf-8")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 2 done, 0 stale, 0 failed, 0 not tried.")
    assert summary.splitlines()[0] == "## EnergyCAP apply to `sandbox`"
    assert summary.splitlines()[-1] == answer.out.splitlines()[-1]


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_the_summary_of_a_stale_plan_says_why(planned: Workspace) -> None:
    with sandbox.running(planned.database) as service:
        edit(service.url, 1, channelInfo="Somebody else's name")
    answer = planned.run("apply", "plan.json", "--format", "markdown")
    assert answer.code == 5
    assert "### ? stale: 1 change" in answer.out.splitlines()
    assert answer.out.splitlines()[-1] == "Apply: 0 done, 1 stale, 0 failed, 1 not tried."


@pytest.mark.parametrize("name", ["markdown", "json"])
def test_that_there_was_nothing_to_do_is_said_too(workspace: Workspace, name: str) -> None:
    workspace.load(make_world(ONE))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}})
    answer = workspace.run("apply", "--auto-approve", "--format", name)
    assert answer.code == 0
    assert "Apply: 0 done, 0 stale, 0 failed, 0 not tried." in answer.out.splitlines()[-1]


@pytest.mark.counts_on("list_shape", reason="all that is said is compared")
def test_a_summary_that_cannot_be_written_is_reported_with_the_result(planned: Workspace) -> None:
    answer = planned.run("apply", "plan.json", "--format", "markdown=/dev/full")
    assert answer.code == 0
    assert answer.err.splitlines()[0] == "cannot write /dev/full: No space left on device"
    assert answer.out.splitlines()[-1] == "Apply: 2 done, 0 stale, 0 failed, 0 not tried."


def test_a_deprecated_request_is_reported_beside_the_result(workspace: Workspace, served: Serve) -> None:
    served(make_world(ONE), "PUT deprecated")
    workspace.define({"one": RENAMED["one"]})
    answer = workspace.run("apply", "--auto-approve")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 1 done, 0 stale, 0 failed, 0 not tried.")
    assert answer.err.splitlines()[0] == (
        "ESA701  warning: EnergyCAP has deprecated a call of this tool: PUT /api/v202406/esachannel/{id}: "
        "a later version, by the fault asked for"
    )


def test_what_is_blocked_is_not_sent_and_said_with_3(workspace: Workspace) -> None:
    workspace.load(make_world(ONE, TWO, READ))
    workspace.define({**RENAMED, "read": {"channelId": 3, "esaChannelVersion": {"unitCode": "USD"}}})
    answer = workspace.run("apply", "--auto-approve")
    # The history guard is not touched by a change that is not sent.
    assert answer.code == 3
    assert sorted(path for _, path in workspace.writes) == ["/api/v202406/esachannel/1", "/api/v202406/esachannel/2"]


@pytest.mark.parametrize(
    ("guards", "values", "arguments", "message"),
    [
        pytest.param(
            "maxChanges: 1",
            RENAMED,
            ["plan.json"],
            "ESA511  the plan changes 2 of 2 managed channels, guards.maxChanges is 1",
            id="too many",
        ),
        pytest.param(
            "maxChanges: 50%",
            RENAMED,
            ["--auto-approve"],
            "ESA511  the plan changes 2 of 2 managed channels (100%), guards.maxChanges is 50%",
            id="too large a share",
        ),
        pytest.param(
            "historyRewrites: ask",
            {"read": {"channelId": 3, "esaChannelVersion": {"multiplier": 2}}},
            ["--auto-approve"],
            "ESA512  the plan may rewrite stored values of 1 channel, guards.historyRewrites is ask",
            id="history without a review",
        ),
        pytest.param(
            "historyRewrites: forbid",
            {"read": {"channelId": 3, "esaChannelVersion": {"multiplier": 2}}},
            ["plan.json"],
            "ESA512  the plan may rewrite stored values of 1 channel, guards.historyRewrites is forbid",
            id="history forbidden",
        ),
        pytest.param(
            "blocked: stop",
            {**RENAMED, "read": {"channelId": 3, "esaChannelVersion": {"unitCode": "USD"}}},
            ["plan.json"],
            "ESA513  the plan holds 1 blocked change, guards.blocked is stop",
            id="blocked changes",
        ),
    ],
)
def test_a_guard_stops_an_apply_before_it_writes(
    workspace: Workspace, guards: str, values: dict[str, Any], arguments: list[str], message: str
) -> None:
    workspace.load(make_world(ONE, TWO, READ))
    workspace.define(values)
    workspace.write("reconciler.yaml", f"{PROJECT}guards:\n  {guards}\n")
    workspace.run("plan", "--out", "plan.json")
    answer = workspace.run("apply", *arguments)
    assert answer.code == 4
    assert message in answer.out.splitlines()
    assert workspace.writes == []


@pytest.mark.counts_on("observation_type_list", "unit_list", reason="all that is said is compared")
def test_a_plan_says_which_guard_will_stop_its_apply(workspace: Workspace) -> None:
    workspace.load(make_world(ONE, TWO))
    workspace.define(RENAMED)
    workspace.write("reconciler.yaml", f"{PROJECT}guards:\n  maxChanges: 1\n")
    answer = workspace.run("plan")
    assert answer.code == 0
    assert answer.out.splitlines()[:3] == [
        "2 channels would change in sandbox. 1 warning.",
        "",
        "ESA511  warning: apply will stop: the plan changes 2 of 2 managed channels, guards.maxChanges is 1",
    ]


def test_a_percentage_counts_all_managed_channels_regardless_of_the_filter(workspace: Workspace) -> None:
    workspace.load(make_world(ONE, TWO))
    workspace.define(RENAMED)
    workspace.write("reconciler.yaml", f"{PROJECT}guards:\n  maxChanges: 50%\n")
    assert workspace.run("apply", "--auto-approve", "--only", "one").code == 0


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_stale_plan_says_why_in_json_too(planned: Workspace) -> None:
    with sandbox.running(planned.database) as service:
        edit(service.url, 1, channelInfo="Somebody else's name")
    answer = planned.run("apply", "plan.json", "--format", "json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert answer.code == 5
    assert [(line["name"], line["ending"]) for line in lines if line["type"] == "apply_errored"] == [
        ("one", "stale"),
        ("two", "not tried"),
    ]
    assert (lines[-1]["done"], lines[-1]["stale"], lines[-1]["not_tried"]) == (0, 1, 1)


def test_history_that_was_reviewed_is_rewritten(workspace: Workspace) -> None:
    workspace.load(make_world(READ))
    workspace.define({"read": {"channelId": 3, "esaChannelVersion": {"multiplier": 2}}})
    workspace.run("plan", "--out", "plan.json")
    assert workspace.run("apply", "plan.json").code == 0
    assert workspace.live(3)["channelVersions"][0]["multiplier"] == 2


@pytest.mark.counts_on("read_lag", "list_shape", reason="somebody edits in between")
def test_a_foreign_edit_since_the_plan_is_stale_and_not_overwritten(planned: Workspace) -> None:
    with sandbox.running(planned.database) as service:
        edit(service.url, 1, channelInfo="Somebody else's name")
    answer = planned.run("apply", "plan.json")
    assert (answer.code, answer.err) == (5, "the plan is stale; nothing was written\n")
    assert answer.out.splitlines() == [
        "The plan is stale; since review: 1 change changed.",
        "",
        "  ~ changed  one",
        '      channelInfo is "Somebody else\'s name" now, was "Channel 1"',
        "",
        "fix: plan again, have it reviewed, and apply that plan",
    ]
    assert planned.live(1)["channelInfo"] == "Somebody else's name"


def test_what_drifts_elsewhere_does_not_make_a_plan_stale(planned: Workspace) -> None:
    with sandbox.running(planned.database) as service:
        edit(service.url, 1, channelDescription="Described by somebody else")
        edit(service.url, 3, channelInfo="Renamed by somebody else")
    assert planned.run("apply", "plan.json").code == 0
    assert planned.live(1)["channelDescription"] == "Described by somebody else"


def test_what_the_files_do_not_ask_for_any_more_makes_a_plan_stale(planned: Workspace) -> None:
    planned.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}, "two": RENAMED["two"]})
    answer = planned.run("apply", "plan.json")
    assert (answer.code, answer.out.splitlines()[2]) == (5, "  - gone  one  no longer needed")
    assert planned.writes == []


def test_a_run_without_anything_to_do_leaves_no_journal(planned: Workspace) -> None:
    planned.run("apply", "plan.json")
    (journal,) = (planned.root / ".reconciler" / "journal").iterdir()

    planned.run("plan", "--out", "nothing.json")

    assert planned.run("apply", "nothing.json").code == 0

    assert list(journal.parent.iterdir()) == [journal]


@pytest.mark.counts_on("empty_text", reason="null is told apart from empty")
def test_a_journal_shows_what_was_done_and_how_to_put_it_back(planned: Workspace) -> None:
    before = [planned.live(channel_id) for channel_id in (1, 2)]
    planned.run("apply", "plan.json")
    (journal,) = (planned.root / ".reconciler" / "journal").iterdir()
    answer = planned.run("show", str(journal), "--inverse", "undo.json")
    assert answer.code == 0
    assert "Apply: 2 done, 0 stale, 0 failed, 0 not tried." in answer.out.splitlines()
    assert planned.run("apply", "--undo", str(journal), "--auto-approve").code == 0
    assert [planned.live(channel_id) for channel_id in (1, 2)] == before


def test_an_apply_that_was_killed_is_gone_on_with(planned: Workspace) -> None:
    planned.run("apply", "plan.json")
    (journal,) = (planned.root / ".reconciler" / "journal").iterdir()
    kill(journal)
    answer = planned.run("apply", "--resume", "--auto-approve")
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 2 done, 0 stale, 0 failed, 0 not tried.")
    assert len(planned.writes) == 2


def kill(journal: Path) -> None:
    """Cut the last line of a journal short, as a run that was killed leaves it."""
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]) + lines[-1][:20], encoding="utf-8")


def test_an_apply_that_a_later_one_has_overtaken_is_named_and_gone_on_with_on_demand(planned: Workspace) -> None:
    planned.run("apply", "plan.json")
    (first,) = (planned.root / ".reconciler" / "journal").iterdir()
    kill(first)
    planned.define({**RENAMED, "one": {"channelId": 1, "channelInfo": "Later"}})
    assert planned.run("apply", "--auto-approve").code == 0

    refused = planned.run("apply", "--resume")
    resumed = planned.run("apply", "--resume", str(first), "--auto-approve")

    assert (refused.code, refused.err) == (
        64,
        (
            f"reconciler: the last apply to sandbox finished, but an earlier one did not: {first}\n"
            f"  fix: if you still want it, continue it: reconciler apply --resume {first}\n"
        ),
    )
    assert (resumed.code, resumed.out.splitlines()[-1]) == (5, "Apply: 1 done, 1 stale, 0 failed, 0 not tried.")


def test_a_plan_is_no_journal_to_go_on_with(planned: Workspace) -> None:
    answer = planned.run("apply", "--resume", "plan.json")

    assert (answer.code, answer.err) == (
        64,
        ("reconciler: --resume continues a journal, not a plan\n  fix: leave the plan out, or give the journal\n"),
    )


@pytest.mark.counts_on("list_shape", reason="all that is said is compared")
def test_a_file_that_cannot_be_written_is_said_before_anything_is_sent(planned: Workspace) -> None:
    answer = planned.run("apply", "plan.json", "--format", "markdown=nowhere/account.md")

    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: cannot write nowhere/account.md: No such file or directory\n"
            "  fix: the path, or a part of it, does not exist: check its spelling, and the folder you are in\n"
        ),
    )
    assert planned.writes == []


def test_a_device_or_a_pipe_needs_no_folder_that_may_be_written(
    planned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is for all but the superuser.
    monkeypatch.setattr("os.access", lambda place, _rights: place != Path("/dev"))

    assert planned.run("apply", "plan.json", "--format", "markdown=/dev/null").code == 0


def test_there_is_nothing_to_resume_where_nothing_was_interrupted(planned: Workspace) -> None:
    planned.run("apply", "plan.json")
    answer = planned.run("apply", "--resume")
    assert (answer.code, answer.err) == (
        64,
        "reconciler: no apply to sandbox was interrupted\n  fix: reconciler apply\n",
    )


def test_a_refused_edit_is_partly_done(workspace: Workspace, served: Serve) -> None:
    served(make_world(ONE, READ), edit_with_readings="reject")
    workspace.define({"one": RENAMED["one"], "read": {"channelId": 3, "intervalMinutes": 30}})
    answer = workspace.run("apply", "--auto-approve")
    assert (answer.code, answer.out.splitlines()[-1]) == (6, "Apply: 1 done, 0 stale, 1 failed, 0 not tried.")


def test_a_service_that_does_something_else_is_found_out(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = {
        LIST: reply_list(ONE),
        UNITS: Reply(body=[]),
        TYPES: Reply(body=[]),
        f"{LIST}/1": Reply(body=ONE),
        f"PUT {LIST}/1": Reply(body={**ONE, "channelInfo": "Renamed", "isPrimaryValue": True}),
    }
    monkeypatch.setenv("ECI_API_KEY", "key")
    workspace.define({"one": RENAMED["one"]})
    with answering(replies) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        answer = workspace.run("apply", "--auto-approve")
    assert (answer.code, answer.out.splitlines()[-1]) == (
        7,
        "Apply: 0 done, 0 stale, 0 failed, 0 not tried, 1 differs.",
    )


def test_without_the_right_key_nothing_is_done(
    workspace: Workspace, served: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(make_world(ONE))
    monkeypatch.setenv("ECI_API_KEY", "a-wrong-key")
    workspace.define({"one": RENAMED["one"]})
    answer = workspace.run("apply", "--auto-approve")
    assert (answer.code, answer.out) == (1, "")
    assert "401" in answer.err
    assert "a-wrong-key" not in answer.err


@pytest.mark.parametrize(
    ("project", "arguments", "exit_code", "message"),
    [
        (PROJECT, ["plan.json", "--only", "one"], 64, "--only cannot be combined with a saved plan"),
        (PROJECT, ["plan.json", "-e", "other"], 64, "the plan is for sandbox, not for other"),
        (
            PROJECT.replace("url: sandbox", "url: https://elsewhere.example"),
            ["plan.json"],
            1,
            "the plan was made against sandbox, but reconciler.yaml now gives https://elsewhere.example for sandbox",
        ),
    ],
)
def test_a_plan_for_something_else_is_refused(
    planned: Workspace, project: str, arguments: list[str], exit_code: int, message: str
) -> None:
    planned.write("reconciler.yaml", project)
    answer = planned.run("apply", *arguments)
    assert (answer.code, answer.out) == (exit_code, "")
    assert answer.err.splitlines()[0] == f"reconciler: {message}"


def test_a_plan_with_errors_is_never_applied(workspace: Workspace) -> None:
    workspace.load(make_world(ONE))
    workspace.define({"one": RENAMED["one"], "nobody": {"channelId": 99, "channelInfo": "X"}})
    assert workspace.run("plan", "--out", "plan.json").code == 1
    answer = workspace.run("apply", "plan.json")
    assert (answer.code, answer.err) == (
        1,
        "reconciler: the plan has errors; nothing was written\n  fix: fix them and plan again\n",
    )
    assert workspace.writes == []
