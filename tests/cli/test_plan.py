"""`plan` through the command line: formulas that the service judges, requests, formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler import sandbox
from tests.cli.desk import PROJECT
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

SUM = make_channel(2, {"formula": "channel(1) * 2"}, isCalculated=True)


@pytest.mark.counts_on("formula_validation", reason="needs what is refused")
def test_a_formula_that_the_service_refuses_is_blocked_with_its_words(desk: Desk) -> None:
    desk.load(make_world(make_channel(1), SUM))
    desk.define({"sum": {"channelId": 2, "esaChannelVersion": {"formula": "channel(1) * * 2"}}})
    answer = desk.run("plan", "--format", "json")
    (change,) = json.loads(answer.out)["resource_changes"]
    (block,) = change["blocked_by"]
    assert (answer.code, block["rule"]) == (3, "ESA412")
    assert block["message"].startswith("cannot use this formula: the service refuses it, ")
    assert block["evidence"]["formula"] == "channel(1) * * 2"


@pytest.mark.counts_on("page_cap", "paging_headers", "list_shape", "version_dates", reason="requests are counted")
def test_a_plan_costs_a_list_the_reference_data_and_one_channel_whatever_their_number(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    with sandbox.running(desk.root / "served.sqlite3", sandbox.generate(2100, 1)) as service:
        desk.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        desk.define({"one": {"channelId": 100001, "channelInfo": "Renamed"}})
        assert desk.run("plan", "--verbose").err.splitlines()[-1] == "requests: 6"


def test_several_formats_come_from_one_run(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    outputs = ("markdown=plan.md", "html=plan.html", "json=plan.json", "gitlab-terraform")
    answer = desk.run("plan", *(word for output in outputs for word in ("--format", output)))
    assert (answer.code, answer.out) == (0, '{"create": 0, "update": 1, "delete": 0}\n')
    assert (desk.root / "plan.md").read_text(encoding="utf-8").startswith("<!-- reconciler:sandbox -->\n")
    assert (desk.root / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((desk.root / "plan.json").read_text(encoding="utf-8"))["summary"]["update"] == 1


def test_a_saved_plan_is_shown_in_every_format_as_plan_did(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    desk.load(make_world(make_channel(1), make_channel(2, readings=True)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}, "two": {"channelId": 2, "intervalMinutes": 30}})
    desk.run("plan", "--out", "plan.json")
    for name in ("text", "markdown", "html", "json", "gitlab-terraform"):
        assert desk.run("show", "plan.json", "--format", name).out == desk.run("plan", "--format", name).out


def test_a_slow_service_is_said_to_be_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    options = sandbox.Options(faults=sandbox.parse_faults(["GET /api/v202406/esachannel latency=1300"]))
    with sandbox.running(desk.root / "served.sqlite3", make_world(make_channel(1)), options) as service:
        desk.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        desk.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}})
        assert desk.run("plan").err == "reading all channels of sandbox ...\n"


def test_a_machine_is_told_of_broken_definitions_in_its_own_format(desk: Desk) -> None:
    desk.define({"one": {"channelId": 1, "chanelInfo": "Renamed"}})
    answer = desk.run("plan", "--format", "json")
    plan = json.loads(answer.out)
    assert (answer.code, plan["errored"], plan["resource_changes"]) == (1, True, [])
    assert [finding["code"] for finding in plan["findings"]] == ["ESA121"]
    assert "unknown key chanelInfo" in answer.err


def test_of_broken_definitions_no_page_counts_what_was_not_compared(desk: Desk) -> None:
    desk.define({"one": {"channelId": 1, "chanelInfo": "Renamed"}})
    lines = desk.run("plan", "--format", "markdown").out.splitlines()
    assert lines[-1] == "Plan: none, as there are errors and nothing was compared."


def test_the_markdown_fits_the_budget_that_is_given(desk: Desk) -> None:
    desk.load(sandbox.generate(400, 1))
    desk.define({f"c{index}": {"channelId": 100001 + index, "channelInfo": f"Name {index}"} for index in range(400)})
    small = desk.run("plan", "--format", "markdown", "--markdown-budget", "5000").out
    large = desk.run("plan", "--format", "markdown", "--markdown-budget", "1048576").out
    assert len(small.encode()) <= 5000
    assert len(large.encode()) > 60_000
    assert "Folded to fit" in small
    assert "Folded to fit" not in large
