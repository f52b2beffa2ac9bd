"""The main jobs, from import to apply and readings, under every answer to what the vendor leaves open.

What should be stored in the end is written here by hand, and looked up in the sandbox's own world: nothing that
reconciler reads or compares is taken for true.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.sandbox import Service
    from tests.cli.workspace import Workspace

Json = dict[str, Any]

FIRST = make_version(10, rule="Odometer", multiplier=10, maximumReading=9000)
LATEST = make_version(
    11, rule="Odometer", beginDate="2025-07-01T08:00:00", minimumReading=0, maximumReading=900, rolloverValue=99999
)
WORLD = make_world(
    make_channel(1, versions=[FIRST, LATEST], channelInfo="Use", isPrimaryValue=True, readings=True),
    make_channel(2, {"offset": 0.5, "minimumReading": 0}, channelInfo="Losses", channelImportId=None, interval=30),
    make_channel(
        3, {"formula": "channel(1) - channel(2)", "minimumReading": -500}, channelInfo="Net", isCalculated=True
    ),
    make_channel(4, {"offset": -2, "maximumReading": 900}, channelInfo="Spare", interval=60),
    make_channel(5, {"minimumReading": 0, "maximumReading": 100}, channelInfo="Old", data_point=2, isPrimaryValue=True),
    make_channel(6, {"offset": 1}, channelInfo="New", data_point=2, interval=5),
    make_channel(
        7, {"minimumReading": -1}, channelInfo="Roof", channelDescription="", data_point=3, isPrimaryValue=True
    ),
    make_channel(8, {"rule": "Odometer", "maximumReading": 5}, channelInfo="Yard", data_point=3, interval=5),
)
WANTED: Json = {
    "use": {"channelId": 1, "channelDescription": "Main board", "esaChannelVersion": {"multiplier": 0.01}},
    "losses": {"channelId": 2, "channelImportId": "LOSSES"},
    "net": {"channelId": 3, "esaChannelVersion": {"formula": "channel(use) * 0.97"}},
    "spare": {
        "channelId": 4,
        "isCalculated": True,
        "intervalMinutes": None,
        "esaChannelVersion": {"formula": "channel(use) * 2"},
    },
    "old": {"channelId": 5, "isPrimaryValue": False},
    "new": {"channelId": 6, "isPrimaryValue": True, "esaChannelVersion": {"maximumReading": 50}},
    "roof": {"channelId": 7, "channelInfo": "Roof meter", "channelImportId": None},
    "yard": {"channelId": 8, "esaChannelVersion": {"observationRule": "Trip", "offset": 3}},
}
# By channel: what differs in the end, and what differs in its latest version.
EDITS: dict[int, tuple[Json, Json]] = {
    1: ({"channelDescription": "Main board"}, {"multiplier": 0.01}),
    2: ({"channelImportId": "LOSSES"}, {}),
    3: ({}, {"formula": "channel(1) * 0.97"}),
    4: ({"isCalculated": True}, {"formula": "channel(1) * 2"}),
    5: ({"isPrimaryValue": False}, {}),
    6: ({"isPrimaryValue": True}, {"maximumReading": 50}),
    7: ({"channelInfo": "Roof meter", "channelImportId": None}, {}),
    8: ({}, {"observationRule": "Trip", "offset": 3, "rolloverValue": None, "rollbackAllowance": None}),
}
VERSION_VALUES = (
    *("beginDate", "formula", "isValuePositive", "maximumReading", "minimumReading", "multiplier", "offset"),
    *("rollbackAllowance", "rolloverValue"),
)
CHANNEL_VALUES = (
    *("channelInfo", "channelDescription", "channelImportId", "isCalculated", "isPrimaryValue", "isPrimaryDemand"),
)
# What else a service is like that answers so, and what reconciler.yaml has to say of it.
COMPANIONS = {
    "second_primary=reject": ("clear_last_primary=allow",),
}
PROJECT_SAYS = {
    "second_primary=reject": "primaryMove: giveUpFirst",
    "missing_version=reject": "channelEdit: echoLatest",
    "version_dates=z_wall_time": "versionDates: wallTime",
    "version_dates=offset": "versionDates: wallTime",
    "version_dates=utc": "versionDates: utc",
}
READINGS = "channelImportId,observationTypeCode,time,value\nLOSSES,ELECUSE,2026-11-20T12:00:00,5\n"

# All defaults together are one service, and each other value makes another.
DEFAULTS = "page_order=stable"
EVERY = [DEFAULTS, *(f"{row.name}={value}" for row in sandbox.describe_settings() for value in row.values[1:])]


@contextmanager
def serving(workspace: Workspace, *assignments: str) -> Iterator[Service]:
    """The world over HTTP as the workspace's service, which answers as set."""
    settings = sandbox.parse_settings([*assignments, *(two for one in assignments for two in COMPANIONS.get(one, ()))])
    with sandbox.running(workspace.root / "served.sqlite3", WORLD, sandbox.Options(settings)) as service:
        lines = ["definitions: channels", "defaultEnvironment: tenant", "environments:", "  tenant:"]
        lines += [f"    {line}" for line in (f"url: {service.url}", "apiKeyEnv: ECI_API_KEY")]
        lines += [f"    {PROJECT_SAYS[one]}" for one in assignments if one in PROJECT_SAYS]
        workspace.write("reconciler.yaml", "\n".join(lines) + "\n")
        yield service


def stored(service: Service) -> dict[int, Json]:
    """The settings of every channel as they are stored, by id."""
    return {channel["channelId"]: _settings_of(channel) for channel in service.export()["channels"]}


def _settings_of(channel: Mapping[str, Any]) -> Json:
    versions = [
        {name: version[name] for name in VERSION_VALUES}
        | {"observationRule": version["observationRule"]["observationRuleCode"], "unit": version["unit"]["unitCode"]}
        for version in channel["channelVersions"]
    ]
    return {name: channel[name] for name in CHANNEL_VALUES} | {
        "intervalMinutes": None if channel["isCalculated"] else channel["interval"],
        "observationType": channel["observationType"]["observationTypeCode"],
        "summarizationMethod": channel["summarizationMethod"]["summarizationMethodInfo"],
        "versions": versions,
    }


def edited(before: dict[int, Json]) -> dict[int, Json]:
    """The stored settings after all edits, and nothing else."""
    after = {}
    for channel_id, settings in before.items():
        channel, version = EDITS[channel_id]
        versions = [*settings["versions"][:-1], settings["versions"][-1] | version]
        interval = None if channel.get("isCalculated") else settings["intervalMinutes"]
        after[channel_id] = settings | channel | {"versions": versions, "intervalMinutes": interval}
    return after


def as_kept(settings: dict[int, Json], assignment: str) -> dict[int, Json]:
    """Settings in the one form of those that such a service cannot tell apart: null and an empty text, null and 0."""
    return {channel_id: _as_kept(one, assignment) for channel_id, one in settings.items()}


def _as_kept(settings: Json, assignment: str) -> Json:
    if assignment.startswith("empty_text="):
        return settings | {name: settings[name] or None for name in ("channelDescription", "channelImportId")}
    if assignment == "null_offset=zero":
        return settings | {"versions": [one | {"offset": one["offset"] or None} for one in settings["versions"]]}
    return settings


def expected_words(assignment: str) -> set[str]:
    """What is said of the service while it is read."""
    return {"the list of channels leaves out values"} if assignment.startswith("list_shape=") else set()


def expected_notes(assignment: str) -> list[str]:
    """What an import notes: a list of what channels refer to that could not be read."""
    return ["ESA705"] if assignment.startswith(("unit_list=", "observation_type_list=")) else []


@pytest.fixture(autouse=True)
def key(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    del workspace  # which takes the user's key away
    monkeypatch.setenv("ECI_API_KEY", "sandbox")


@pytest.mark.parametrize("assignment", EVERY)
def test_the_plan_is_empty_after_an_import(workspace: Workspace, assignment: str) -> None:
    with serving(workspace, assignment) as service:
        imported = workspace.run("import")
        plan = workspace.run("plan", "--detailed-exitcode", "--format", "json")

        assert (imported.code, re.findall(r"ESA[0-9]+", imported.err)) == (
            0,
            expected_notes(assignment),
        )
        actions = [change["change"]["actions"] for change in json.loads(plan.out)["resource_changes"]]
        assert (plan.code, actions) == (0, [["no-op"]] * len(WANTED)), plan
        assert service.requests() == ()


@pytest.mark.parametrize("assignment", EVERY)
def test_a_plan_is_carried_out_and_the_next_one_is_empty(workspace: Workspace, assignment: str) -> None:
    workspace.define(WANTED)
    with serving(workspace, assignment) as service:
        before = stored(service)
        planned = workspace.run("plan", "--out", "plan.json")
        applied = workspace.run("apply", "plan.json")
        rest = workspace.run("plan", "--detailed-exitcode")

        assert (planned.code, applied.code, rest.code) == (0, 0, 0), (planned, applied, rest)
        assert {line.partition(":")[0] for line in applied.err.splitlines()} == expected_words(assignment)
        assert applied.out.splitlines()[-1] == "Apply: 8 done, 0 stale, 0 failed, 0 not tried."
        assert as_kept(stored(service), assignment) == as_kept(edited(before), assignment)


@pytest.mark.parametrize("assignment", EVERY)
def test_a_snapshot_replaces_the_service(workspace: Workspace, assignment: str) -> None:
    workspace.define(WANTED)
    with serving(workspace, assignment):
        live = workspace.run("plan", "--format", "json")
        taken = workspace.run("snapshot", "--out", "live.json")
        offline = workspace.run("plan", "--snapshot", "live.json", "--format", "json")

    assert (live.code, taken.code, offline.code) == (0, 0, 0)
    changes = [json.loads(one.out)["resource_changes"] for one in (live, offline)]
    assert changes[0] == changes[1]


@pytest.mark.parametrize("assignment", EVERY)
def test_readings_land(workspace: Workspace, assignment: str) -> None:
    workspace.write("readings.csv", READINGS.replace("LOSSES", "IMP-4"))
    with serving(workspace, assignment) as service:
        answer = workspace.run("readings", "import", "readings.csv", "--endpoint", "esa")

        assert answer.code == 0, answer
        assert [one["channelId"] for one in service.export()["channels"] if one["hasReadings"]] == [1, 4]


CREATED: Json = {
    "attic": {
        "create": True,
        "channelImportId": "ATTIC",
        "channelInfo": "Attic",
        "observationTypeCode": "ELECUSE",
        "intervalMinutes": 15,
        "summarizationMethod": "Sum",
        "channelVersions": [
            {"beginDate": None, "unitCode": "KWH", "observationRule": "Odometer", "multiplier": 2},
            {"beginDate": "2027-01-01T08:00:00", "multiplier": 3},
        ],
    },
    "rest": {
        "create": True,
        "channelImportId": "REST",
        "channelInfo": "Rest",
        "observationTypeCode": "ELECUSE",
        "isCalculated": True,
        "intervalMinutes": None,
        "summarizationMethod": "Sum",
        "esaChannelVersion": {
            "unitCode": "KWH",
            "observationRule": "Trip",
            "multiplier": 1,
            "formula": "channel(1) - channel(attic)",
        },
    },
}
# There nobody can know whether the unit is of the Money type, or whether an Odometer channel is a demand channel.
UNKNOWN = ("unit_list=", "observation_type_list=")


@pytest.mark.parametrize("assignment", EVERY)
def test_new_channels_are_created_once_under_every_answer(workspace: Workspace, assignment: str) -> None:
    workspace.define(CREATED, dataPointId=1)
    with serving(workspace, assignment) as service:
        before = service.export()
        applied = workspace.run("apply", "--auto-approve")
        again = workspace.run("plan", "--detailed-exitcode")
        after = service.export()

    if assignment.startswith(UNKNOWN):
        assert (applied.code, after) == (3, before)
        return
    new = [(one["channelId"], one["channelImportId"], len(one["channelVersions"])) for one in after["channels"][8:]]
    assert (applied.code, again.code) == (0, 0)
    assert {**after, "channels": after["channels"][:8]} == before
    assert new == [(9, "ATTIC", 2), (10, "REST", 1)]
    formula = after["channels"][9]["channelVersions"][0]["formula"]
    assert "".join(formula.split()) == "channel(1)-channel(9)"
