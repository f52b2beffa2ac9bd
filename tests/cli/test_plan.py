"""`plan` through the command line: formulas that the service judges, requests, formats, and what blocks a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from threading import Event, Semaphore
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from tests.cli.workspace import PROJECT
from tests.stub import LIST, STUCK, TYPES, UNITS, Reply, answering
from tests.worlds import make_channel, make_data_point, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.workspace import Workspace


SUM = make_channel(2, {"formula": "channel(1) * 2"}, isCalculated=True)


@pytest.mark.counts_on("formula_validation", reason="needs what is refused")
def test_a_formula_that_the_service_refuses_is_blocked_with_its_words(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1), SUM))
    workspace.define({"sum": {"channelId": 2, "esaChannelVersion": {"formula": "channel(1) * * 2"}}})
    answer = workspace.run("plan", "--format", "json")
    (change,) = json.loads(answer.out)["resource_changes"]
    (block,) = change["blocked_by"]
    assert (answer.code, block["rule"]) == (3, "ESA412")
    assert block["message"].startswith("cannot use this formula: EnergyCAP rejects it, ")
    assert block["evidence"]["formula"] == "channel(1) * * 2"


@pytest.mark.counts_on("page_cap", "paging_headers", "list_shape", "version_dates", reason="requests are counted")
def test_a_plan_costs_a_list_the_reference_data_and_one_channel_whatever_their_number(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    with sandbox.running(workspace.root / "served.sqlite3", sandbox.generate(2100, 1)) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        workspace.define({"one": {"channelId": 100001, "channelInfo": "Renamed"}})
        assert workspace.run("plan", "--verbose").err.splitlines()[-1] == "requests: 6"


def test_several_formats_come_from_one_run(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    outputs = ("markdown=plan.md", "html=plan.html", "json=plan.json", "gitlab-terraform")
    answer = workspace.run("plan", *(word for output in outputs for word in ("--format", output)))
    assert (answer.code, answer.out) == (0, '{"create": 0, "update": 1, "delete": 0}\n')
    assert (workspace.root / "plan.md").read_text(encoding="utf-8").startswith("<!-- reconciler:sandbox -->\n")
    assert (workspace.root / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((workspace.root / "plan.json").read_text(encoding="utf-8"))["summary"]["update"] == 1


def test_a_saved_plan_is_shown_in_every_format_as_plan_did(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    workspace.load(make_world(make_channel(1), make_channel(2, readings=True)))
    workspace.define(
        {"one": {"channelId": 1, "channelInfo": "Renamed"}, "two": {"channelId": 2, "intervalMinutes": 30}}
    )
    workspace.run("plan", "--out", "plan.json")
    for name in ("text", "markdown", "html", "json", "gitlab-terraform"):
        assert workspace.run("show", "plan.json", "--format", name).out == workspace.run("plan", "--format", name).out


def test_a_slow_service_is_said_to_be_waited_for(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    options = sandbox.Options(faults=sandbox.parse_faults(["GET /api/v202406/esachannel latency=1300"]))
    with sandbox.running(workspace.root / "served.sqlite3", make_world(make_channel(1)), options) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        workspace.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}})
        assert workspace.run("plan").err == "reading all channels of sandbox ...\n"


def test_broken_definitions_are_reported_in_the_formats_for_machines(workspace: Workspace) -> None:
    workspace.define({"one": {"channelId": 1, "chanelInfo": "Renamed"}})
    answer = workspace.run("plan", "--format", "json")
    plan = json.loads(answer.out)
    assert (answer.code, plan["errored"], plan["resource_changes"]) == (1, True, [])
    assert [finding["code"] for finding in plan["findings"]] == ["ESA121"]
    assert "unknown key chanelInfo" in answer.err


def test_of_broken_definitions_no_page_counts_what_was_not_compared(workspace: Workspace) -> None:
    workspace.define({"one": {"channelId": 1, "chanelInfo": "Renamed"}})
    lines = workspace.run("plan", "--format", "markdown").out.splitlines()
    assert lines[-1] == "Plan: none, as there are errors and nothing was compared."


def test_the_markdown_fits_the_budget_that_is_given(workspace: Workspace) -> None:
    workspace.load(sandbox.generate(400, 1))
    workspace.define(
        {f"c{index}": {"channelId": 100001 + index, "channelInfo": f"Name {index}"} for index in range(400)}
    )
    small = workspace.run("plan", "--format", "markdown", "--markdown-budget", "5000").out
    large = workspace.run("plan", "--format", "markdown", "--markdown-budget", "1048576").out
    assert len(small.encode()) <= 5000
    assert len(large.encode()) > 60_000
    assert "Shortened to fit" in small
    assert "Shortened to fit" not in large


PROJECT_AT_URL = """\
definitions: channels
defaultEnvironment: sandbox
environments:
  sandbox: {url: sandbox}
  silent: {url: "http://127.0.0.1:1", apiKeyEnv: ECI_KEY}
"""


def run(folder: Path, *arguments: str, key: str = "") -> tuple[int, str, str]:
    """The exit code and output of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ECI_KEY": key},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve hundred channels in files, of which twelve are not as in the sandbox."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "reconciler.yaml").write_text(PROJECT_AT_URL, encoding="utf-8")
    made = ("--channels", "1200", "--out", "world.json", "--definitions", "channels", "--changed", "1")
    for arguments in (("generate", *made), ("reset", "--world", "world.json")):
        assert run(folder, "sandbox", *arguments)[0] == 0
    return folder


@pytest.fixture
def broken(project: Path) -> Iterator[Path]:
    """The same with a file that does not list channels."""
    (project / "channels" / "broken.yaml").write_text("- a\n", encoding="utf-8")
    yield project
    (project / "channels" / "broken.yaml").unlink()


def test_many_files_are_planned_whole(project: Path) -> None:
    code, out, _ = run(project, "plan")
    assert (code, out.splitlines()[-1]) == (0, "Plan: 12 to update, 0 blocked, 1188 unchanged, 0 unmanaged.")


@pytest.mark.parametrize(
    ("environment", "key"), [("sandbox", ""), ("silent", "k" * 40), ("silent", "")], ids=["sound", "silent", "keyless"]
)
def test_what_is_wrong_with_the_files_comes_before_what_is_wrong_with_the_service(
    broken: Path, environment: str, key: str
) -> None:
    code, out, err = run(broken, "plan", "--environment", environment, key=key)
    assert code == 1
    assert out.startswith("channels/broken.yaml:1:1  ESA123  ")
    assert err.endswith(
        "reconciler: the definitions have errors; nothing was planned\n  fix: fix the errors listed above\n"
    )


def test_errors_in_the_files_do_not_wait_for_an_answer(broken: Path) -> None:
    asked, may_answer, waited = Event(), Event(), Semaphore(0)

    def hold() -> Reply:
        asked.set()
        may_answer.wait(STUCK)
        waited.release()
        return Reply(503)

    with answering(dict.fromkeys((LIST, UNITS, TYPES), hold)) as url:
        project = (broken / "reconciler.yaml").read_text(encoding="utf-8")
        (broken / "reconciler.yaml").write_text(
            f"{project}  holding: {{url: '{url}', apiKeyEnv: ECI_KEY}}\n", encoding="utf-8"
        )
        code, out, _ = run(broken, "plan", "--environment", "holding", key="k" * 40)
        assert asked.is_set()
        assert not waited.acquire(blocking=False)
        may_answer.set()
    (broken / "reconciler.yaml").write_text(project, encoding="utf-8")

    assert (code, out.partition("  ")[0]) == (1, "channels/broken.yaml:1:1")


def test_a_service_that_does_not_answer_is_reported_if_the_files_are_valid(project: Path) -> None:
    code, out, err = run(project, "plan", "--environment", "silent", key="k" * 40)
    assert (code, out) == (1, "")
    assert "127.0.0.1:1" in err


INPUT = make_channel(1, readings=True)
IDLE = make_channel(2)
SUMMARIZED = make_channel(3, isCalculated=True, versions=[make_version(30, formula="channel(1)")])
IDLE_SUM = make_channel(4, isCalculated=True, versions=[make_version(40, formula="channel(2)")])
SIMPLE = {"isCalculated": False, "intervalMinutes": 15, "esaChannelVersion": {"formula": None}}


def test_a_calculated_channel_becomes_simple_only_while_it_has_no_summarized_readings(workspace: Workspace) -> None:
    workspace.load(make_world(INPUT, IDLE, SUMMARIZED, IDLE_SUM))
    workspace.define({"sum": {"channelId": 3, **SIMPLE}, "idle-sum": {"channelId": 4, **SIMPLE}})

    answer = workspace.run("plan", "--format", "json")

    changes = {change["name"]: change for change in json.loads(answer.out)["resource_changes"]}
    assert answer.code == 3
    assert (changes["idle-sum"]["verdict"], changes["idle-sum"]["blocked_by"]) == ("allowed", [])
    (block,) = changes["sum"]["blocked_by"]
    assert (block["rule"], block["message"]) == ("ESA404", "cannot become simple: it has readings")
    assert block["unblock"] == "leave the channel calculated and create a simple one in EnergyCAP"


def test_an_edit_of_a_calculated_channel_says_what_it_does_to_its_summarized_values(workspace: Workspace) -> None:
    workspace.load(make_world(INPUT, IDLE, SUMMARIZED, IDLE_SUM))
    edit = {"esaChannelVersion": {"multiplier": 2}}
    workspace.define({"sum": {"channelId": 3, **edit}, "idle-sum": {"channelId": 4, **edit}})

    answer = workspace.run("plan")

    said = " ".join(answer.out.split())
    assert answer.code == 0
    assert said.count("may rewrite stored values (from 2024-01-01") == 1
    assert "keep past values" not in said


READINGS = "channelId,time,value\n1,2024-12-01T00:15,100\n1,2025-04-01T00:15,100\n"
LATER = [
    make_version(10, endDate="2025-01-01T00:00:00"),
    make_version(11, beginDate="2025-01-01T00:00:00"),
]


def plan_another_begin(workspace: Workspace, channel: dict[str, object], begin: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the change of a plan that moves the begin of a channel with READINGS."""
    workspace.load(make_world(channel))
    workspace.write("readings.csv", READINGS)
    assert workspace.run("readings", "import", "readings.csv").code == 0
    workspace.define({"one": {"channelId": 1, "esaChannelVersion": {"multiplier": 2, "beginDate": begin}}})
    plan = workspace.run("plan", "--format", "json", "--out", "plan.json")
    (change,) = json.loads(plan.out)["resource_changes"]
    return plan.code, change


def test_a_begin_that_moves_past_readings_is_blocked_and_not_written(workspace: Workspace) -> None:
    code, change = plan_another_begin(workspace, make_channel(1), "2025-03-01")
    before = workspace.live(1)["channelVersions"]

    assert (code, [block["rule"] for block in change["blocked_by"]]) == (3, ["ESA420"])
    assert workspace.run("apply", "plan.json").code == 3
    assert workspace.live(1)["channelVersions"] == before


@pytest.mark.parametrize("begin", ["2025-05-01", "2024-06-01"], ids=["later", "earlier"])
def test_readings_pass_between_two_versions_if_the_begin_of_the_second_moves(workspace: Workspace, begin: str) -> None:
    code, change = plan_another_begin(workspace, make_channel(1, versions=LATER), begin)

    assert (code, change["blocked_by"]) == (0, [])
    impacts = {edit["path"]: edit["impact"] for edit in change["edits"]}
    assert impacts["esaChannelVersion.beginDate"] == "history"
    assert workspace.run("apply", "plan.json").code == 0
    assert [version["beginDate"] for version in workspace.live(1)["channelVersions"]] == [None, f"{begin}T00:00:00"]


def test_a_begin_without_readings_is_moved_and_says_what_that_means_for_older_ones(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "esaChannelVersion": {"beginDate": "2025-03-01"}}})

    plan = workspace.run("plan", "--out", "plan.json")

    assert "readings up to 2025-03-01 would belong to no version" in plan.out
    assert workspace.run("apply", "plan.json").code == 0
    (version,) = workspace.live(1)["channelVersions"]
    assert version["beginDate"].startswith("2025-03-01T00:00:00")


def test_readings_that_came_after_the_review_stop_the_begin(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "esaChannelVersion": {"beginDate": "2025-03-01"}}})
    workspace.run("plan", "--out", "plan.json")
    workspace.write("readings.csv", READINGS)
    workspace.run("readings", "import", "readings.csv")

    assert workspace.run("apply", "plan.json").code == 5
    (version,) = workspace.live(1)["channelVersions"]
    assert version["beginDate"] is None


NEW = {
    "create": True,
    "channelImportId": "NEW-USE",
    "channelInfo": "New use",
    "observationTypeCode": "ELECUSE",
    "summarizationMethod": "Sum",
    "intervalMinutes": 15,
    "isPrimaryValue": True,
    "esaChannelVersion": {"unitCode": "KWH", "observationRule": "Trip", "multiplier": 40},
}


def plan_new(workspace: Workspace, *arguments: str, **file: Any) -> tuple[int, list[str], Any]:
    """Exit code, the rules of findings and blocks, and the one change of a plan that creates a channel."""
    workspace.define({"new": NEW}, **file)
    answer = workspace.run("plan", "--format", "json", *arguments)
    plan = json.loads(answer.out)
    change = next(iter(plan["resource_changes"]), None)
    blocks = [block["rule"] for block in change["blocked_by"]] if change else []
    return answer.code, [*(finding["code"] for finding in plan["findings"]), *blocks], change


def test_a_channel_is_created_on_the_data_point_that_its_file_names(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))

    code, rules, change = plan_new(workspace, dataPoint="DP-1")

    assert (code, rules, change["change"]["actions"], change["channel_id"]) == (0, [], ["create"], None)
    assert change["data_point"]["id"] == 1


def test_a_data_point_without_a_channel_is_read_by_its_id(workspace: Workspace) -> None:
    workspace.load({**make_world(make_channel(1)), "dataPoints": [make_data_point(1), make_data_point(2)]})

    code, rules, change = plan_new(workspace, dataPointId=2)

    assert (code, rules, change["change"]["actions"]) == (0, [], ["create"])
    assert (change["data_point"]["code"], change["data_point"]["import_id"]) == ("DP-2", "DPI-2")


def test_a_data_point_that_the_service_does_not_have_is_an_error(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))

    assert plan_new(workspace, dataPointId=77) == (1, ["ESA344"], None)


def test_offline_a_data_point_is_known_only_if_the_snapshot_has_it(workspace: Workspace) -> None:
    workspace.load({**make_world(make_channel(1)), "dataPoints": [make_data_point(1), make_data_point(2)]})
    workspace.run("snapshot", "--out", "copy.json")

    code, rules, change = plan_new(workspace, "--snapshot", "copy.json", dataPointId=2)

    assert (code, rules, change["verdict"]) == (3, ["ESA423"], "unknown")


def test_a_formula_that_uses_a_new_channel_is_not_asked_about_before_it_exists(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1, isPrimaryValue=True), SUM))
    edit = {"channelId": 2, "esaChannelVersion": {"formula": "channel(new) * 2"}}
    workspace.define({"new": {**NEW, "isPrimaryValue": False}, "sum": edit}, dataPoint="DP-1")

    answer = workspace.run("plan", "--format", "json")

    changes = json.loads(answer.out)["resource_changes"]
    assert answer.code == 0
    assert [(change["name"], change["verdict"], change["depends_on"]) for change in changes] == [
        ("new", "allowed", []),
        ("sum", "allowed", ["esa_channel.new"]),
    ]
