"""What the service does not let us read: it is said, what needs it is blocked, and nothing else stops."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from reconciler import sandbox
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_type, make_unit, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.workspace import Workspace


SIMPLE = make_channel(1)
METERED = make_channel(2, versions=[make_version(20, rule="Odometer", unit="MWH")])
SUM = make_channel(3, isCalculated=True, versions=[make_version(30, formula="channel(1)")])
WORLD = make_world(SIMPLE, METERED, SUM)
VALIDATE = "POST /api/v202405/formula/validate"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> Iterator[None]:  # noqa: ARG001 - the workspace takes the key away
    """The sandbox's key, and repeated requests that do not wait."""
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@contextmanager
def serving(workspace: Workspace, **settings: str) -> Iterator[sandbox.Service]:
    """The sandbox with WORLD under `settings`, as the environment of the workspace."""
    options = sandbox.Options(sandbox.parse_settings([f"{name}={value}" for name, value in settings.items()]))
    with sandbox.running(workspace.root / "served.sqlite3", WORLD, options) as service:
        point_at(workspace, service.url)
        yield service


def point_at(workspace: Workspace, url: str) -> None:
    workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))


def read_plan(workspace: Workspace) -> tuple[int, dict[str, tuple[str, list[str]]], list[tuple[str, str]]]:
    """The exit code of `plan`, verdict and rules of each change by name, and codes and messages of the findings."""
    answer = workspace.run("plan", "--format", "json")
    plan = json.loads(answer.out)
    changes = {
        change["name"]: (change["verdict"], [block["rule"] for block in change["blocked_by"]])
        for change in plan["resource_changes"]
    }
    return answer.code, changes, [(finding["code"], finding["message"]) for finding in plan["findings"]]


def define(workspace: Workspace, **others: Any) -> None:
    """A new name and a new unit for two channels, and what the `others` want."""
    renamed: dict[str, Any] = {"channelId": 1, "channelInfo": "Renamed"}
    metered: dict[str, Any] = {"channelId": 2, "esaChannelVersion": {"unitCode": "KWH", "multiplier": 1000}}
    workspace.define({"renamed": renamed, "metered": metered, **others})


@pytest.mark.parametrize("value", ["forbidden", "absent"])
def test_without_the_list_of_units_only_an_edit_of_a_unit_is_blocked(workspace: Workspace, value: str) -> None:
    define(workspace)

    with serving(workspace, unit_list=value) as service:
        code, changes, findings = read_plan(workspace)
        applied = workspace.run("apply", "--auto-approve")
        names = {channel["channelId"]: channel["channelInfo"] for channel in service.export()["channels"]}

    assert code == 3
    assert changes == {"renamed": ("allowed", []), "metered": ("unknown", ["ESA407"])}
    assert [code for code, _ in findings] == ["ESA705"]
    assert findings[0][1].startswith(
        "EnergyCAP's list of units could not be read in full: GET /api/v202305/unit answered"
    )
    assert (applied.code, names[1]) == (3, "Renamed")


def test_a_code_that_no_channel_uses_is_unknown_without_the_list(workspace: Workspace) -> None:
    define(workspace, sum={"channelId": 3, "observationTypeCode": "ELECDEM"})

    with serving(workspace, observation_type_list="forbidden"):
        code, changes, findings = read_plan(workspace)

    assert code == 3
    assert changes == {
        "renamed": ("allowed", []),
        "metered": ("allowed", []),
        "sum": ("unknown", ["ESA415"]),
    }
    assert [code for code, _ in findings] == ["ESA705"]


def test_an_id_goes_where_its_code_cannot(workspace: Workspace) -> None:
    define(workspace, sum={"channelId": 3, "observationTypeId": 2})

    with serving(workspace, observation_type_list="forbidden"):
        _, changes, findings = read_plan(workspace)

    assert changes["sum"] == ("allowed", [])
    assert [code for code, _ in findings] == ["ESA705", "ESA416"]


def test_a_list_that_is_refused_during_an_apply_leaves_only_what_needs_it_undone(workspace: Workspace) -> None:
    define(workspace)
    units = Reply(body=[make_unit("KWH"), make_unit("MWH")])
    given = iter([units])
    written = {**SIMPLE, "channelInfo": "Renamed"}
    reads = iter([Reply(body=SIMPLE)])
    replies: dict[str, Reply | Callable[[], Reply]] = {
        LIST: reply_list(SIMPLE, METERED, SUM),
        UNITS: lambda: next(given, Reply(403)),
        TYPES: Reply(body=[make_type("ELECUSE")]),
        f"{LIST}/1": lambda: next(reads, Reply(body=written)),
        f"PUT {LIST}/1": Reply(body=written),
        f"{LIST}/2": Reply(body=METERED),
    }

    with answering(replies) as url:
        point_at(workspace, url)
        answer = workspace.run("apply", "--auto-approve", "--parallelism", "1")

    assert answer.code == 5
    assert "unknown whether the unit is of a Money type" in " ".join(answer.out.split())
    assert answer.out.splitlines()[-1] == "Apply: 1 done, 1 stale, 0 failed, 0 not tried."


@pytest.mark.parametrize("value", ["forbidden", "absent", "empty", "true"])
def test_a_formula_that_nobody_judges_is_sent_with_a_warning(workspace: Workspace, value: str) -> None:
    define(workspace, sum={"channelId": 3, "esaChannelVersion": {"formula": "channel(renamed) * 2"}})

    with serving(workspace, formula_validation=value) as service:
        code, changes, findings = read_plan(workspace)
        applied = workspace.run("apply", "--auto-approve")
        channels = {channel["channelId"]: channel for channel in service.export()["channels"]}

    assert (code, changes["sum"]) == (0, ("allowed", []))
    assert [code for code, _ in findings] == ["ESA707"]
    assert (applied.code, channels[3]["channelVersions"][0]["formula"]) == (0, "channel(1) * 2")
    assert "channels/all.yaml" in applied.out


@pytest.mark.parametrize(
    "reply",
    [Reply(500, b"no"), Reply(body=b"<html><title>Sign in</title></html>"), Reply(body={"valid": 1}), Reply(302)],
    ids=["500", "HTML", "odd", "redirect"],
)
def test_the_plan_is_made_whatever_an_optional_request_answers(workspace: Workspace, reply: Reply) -> None:
    define(workspace, sum={"channelId": 3, "esaChannelVersion": {"formula": "channel(renamed) * 2"}})

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: reply, TYPES: reply, VALIDATE: reply}) as url:
        point_at(workspace, url)
        code, changes, findings = read_plan(workspace)

    assert code == 3
    assert changes == {
        "renamed": ("allowed", []),
        "sum": ("allowed", []),
        "metered": ("unknown", ["ESA407"]),
    }
    assert [code for code, _ in findings] == ["ESA705", "ESA705", "ESA707"]


def test_one_entry_without_a_code_does_not_hide_the_others(workspace: Workspace) -> None:
    define(workspace)
    units = [{**make_unit("USD"), "unitCode": None}, make_unit("KWH"), make_unit("MWH")]
    types = Reply(body=[make_type("ELECUSE")])

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: Reply(body=units), TYPES: types}) as url:
        point_at(workspace, url)
        code, changes, findings = read_plan(workspace)

    assert (code, changes) == (0, {"renamed": ("allowed", []), "metered": ("allowed", [])})
    assert findings == [
        (
            "ESA705",
            (
                "EnergyCAP's list of units could not be read in full: "
                "1 of its 3 entries cannot be read: unitCode should be text, found nothing"
            ),
        )
    ]


def test_import_and_snapshot_say_which_list_could_not_be_read(workspace: Workspace) -> None:
    with serving(workspace, unit_list="forbidden"):
        copied = workspace.run("snapshot", "--out", "copy.json")
        imported = workspace.run("import")

    for answer in (copied, imported):
        assert answer.code == 0
        assert "ESA705  note: EnergyCAP's list of units could not be read in full: GET /api/v202305/unit" in answer.err
    world = json.loads((workspace.root / "copy.json").read_text(encoding="utf-8"))
    assert ("units" in world, list(world["unread"])) == (False, ["units"])
    planned = workspace.run("plan", "--snapshot", "copy.json")
    assert planned.code == 0
    assert "ESA705  note: EnergyCAP's list of units could not be read in full: GET /api/v202305/unit" in planned.out


def test_a_wrong_key_is_one_clear_message(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    define(workspace)
    monkeypatch.setenv("ECI_API_KEY", "wrong")

    with serving(workspace):
        answer = workspace.run("plan")

    assert answer.code == 1
    assert answer.err.count("the service refused access") == 1


@pytest.mark.parametrize("body", [[], [{}], {"value": []}], ids=["empty", "odd entries", "wrapped"])
def test_a_list_that_cannot_be_all_makes_no_error_of_a_code(workspace: Workspace, body: Any) -> None:
    define(workspace, metered={"channelId": 2, "esaChannelVersion": {"unitCode": "KW"}})

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: Reply(body=body), TYPES: Reply(body=[])}) as url:
        point_at(workspace, url)
        code, changes, findings = read_plan(workspace)

    assert (code, changes) == (3, {"renamed": ("allowed", []), "metered": ("unknown", ["ESA415"])})
    assert [code for code, _ in findings] == ["ESA705", "ESA705"]


def test_the_edit_made_in_energycap_itself_is_a_way_out(workspace: Workspace) -> None:
    define(workspace)
    by_hand = {**METERED, "channelVersions": [make_version(20, rule="Odometer", unit="KWH", multiplier=1000)]}

    with answering({LIST: reply_list(SIMPLE, by_hand, SUM), UNITS: Reply(403), TYPES: Reply(403)}) as url:
        point_at(workspace, url)
        code, changes, _ = read_plan(workspace)

    assert (code, changes) == (0, {"renamed": ("allowed", []), "metered": ("allowed", [])})


Json = dict[str, Any]

SOUND = make_channel(1, data_point=2)
PLAIN: Json = {
    UNITS: Reply(body=[make_unit("KWH"), make_unit("MWH")]),
    TYPES: Reply(body=[make_type("ELECUSE"), make_type("ELECDEM")]),
    "POST /api/v202405/formula/validate": Reply(body={"valid": True}),
}
NO_VERSIONS = make_channel(7) | {"channelVersions": []}
ODD: dict[str, tuple[Json, str]] = {
    "no versions": (NO_VERSIONS, "channelVersions should be one version or more, found an empty list"),
    "versions are text": (
        make_channel(7) | {"channelVersions": "none"},
        "channelVersions should be a list of objects, found text",
    ),
    "no data point": (make_channel(7) | {"dataPoint": None}, "dataPointId should be an id, found nothing"),
    "the data point is a number": (make_channel(7) | {"dataPoint": 1}, "dataPoint should be an object, found 1"),
    "a multiplier that is text": (
        make_channel(7, versions=[make_version(70, multiplier="1.5")]),
        "multiplier should be a number, found text",
    ),
    "a flag that is text": (
        make_channel(7, isPrimaryValue="true"),
        "isPrimaryValue should be true or false, found text",
    ),
    "a version id that is a fraction": (
        make_channel(7, versions=[make_version(70) | {"channelVersionId": 70.5}]),
        "channelVersionId should be an id, found 70.5",
    ),
    "an interval that is a list": (make_channel(7, interval=[15]), "interval should be a whole number, found a list"),
    "an id that is a float": (make_channel(7) | {"channelId": 7.0}, "channelId should be an id, found 7.0"),
    "an id that is text": (make_channel(7) | {"channelId": "7"}, "channelId should be an id, found text"),
    "an import id that is a number": (make_channel(7, channelImportId=7), "channelImportId should be text, found 7"),
}


@pytest.fixture(autouse=True)
def sandbox_key(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:  # noqa: ARG001 - the workspace takes the key away
    monkeypatch.setenv("ECI_API_KEY", "sandbox")


class Live:
    """A service with some channels, whose PUTs take the name and the import id."""

    def __init__(self, *channels: Json) -> None:
        self.channels = {int(channel["channelId"]): channel for channel in channels}

    def replies(self) -> dict[str, Reply | Callable[[], Reply]]:
        replies: dict[str, Reply | Callable[[], Reply]] = {**PLAIN, LIST: lambda: reply_list(*self.channels.values())}
        for id_ in self.channels:
            replies[f"{LIST}/{id_}"] = lambda id_=id_: Reply(body=self.channels[id_])  # type: ignore[misc]
            replies[f"PUT {LIST}/{id_}"] = lambda id_=id_: self._rename(id_)  # type: ignore[misc]
        return replies

    def _rename(self, id_: int) -> Reply:
        self.channels[id_] = {**self.channels[id_], "channelInfo": "Renamed"}
        return Reply(body=self.channels[id_])


@pytest.fixture
def serve(workspace: Workspace) -> Iterator[Callable[..., Live]]:
    with ExitStack() as stack:

        def start(*channels: Json) -> Live:
            live = Live(*channels)
            point_at(workspace, stack.enter_context(answering(live.replies())))
            return live

        yield start


@pytest.mark.parametrize("name", ODD)
def test_an_odd_channel_that_is_not_managed_is_left_out_and_said(
    workspace: Workspace, serve: Callable[..., Live], name: str
) -> None:
    odd, flaw = ODD[name]
    workspace.define({"sound": {"channelId": 1, "channelInfo": "Renamed"}})
    serve(SOUND, odd)

    code, changes, findings = read_plan(workspace)
    applied = workspace.run("apply", "--auto-approve")

    assert (code, changes) == (0, {"sound": ("allowed", [])})
    ((rule, message),) = findings
    assert rule == "ESA706"
    assert message.startswith("1 channel could not be read and is left out: 7 (")
    assert flaw in message
    assert (applied.code, applied.out.splitlines()[-1]) == (0, "Apply: 1 done, 0 stale, 0 failed, 0 not tried.")


@pytest.mark.parametrize("name", ODD)
def test_an_odd_channel_that_is_managed_is_blocked_as_unknown(
    workspace: Workspace, serve: Callable[..., Live], name: str
) -> None:
    odd, _ = ODD[name]
    workspace.define(
        {"sound": {"channelId": 1, "channelInfo": "Renamed"}, "odd": {"channelId": 7, "channelInfo": "Renamed"}}
    )
    live = serve(SOUND, odd)

    code, changes, findings = read_plan(workspace)
    assert workspace.run("plan", "--out", "plan.json").code == 3
    applied = workspace.run("apply", "plan.json")

    assert (code, changes) == (3, {"sound": ("allowed", []), "odd": ("unknown", ["ESA417"])})
    assert [rule for rule, _ in findings] == ["ESA706"]
    assert applied.code == 3
    assert (live.channels[1]["channelInfo"], live.channels[7]["channelInfo"]) == ("Renamed", "Channel 7")


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_a_channel_that_cannot_be_compared_is_reported_in_every_format(
    workspace: Workspace, serve: Callable[..., Live], format_: str
) -> None:
    workspace.define({"odd": {"channelId": 7, "channelInfo": "Renamed"}})
    serve(SOUND, NO_VERSIONS)

    answer = workspace.run("plan", "--format", format_)

    assert answer.code == 3
    assert "ESA417" in answer.out
    assert "channelVersions should be one version or more, found an empty list" in " ".join(answer.out.split())


@pytest.mark.parametrize(
    ("odd", "edit", "rules"),
    [
        (make_channel(7, channelImportId=7), {"channelImportId": "NEW"}, ["ESA418"]),
        (NO_VERSIONS, {"channelImportId": "NEW"}, []),
        (NO_VERSIONS, {"channelImportId": "IMP-7"}, ["ESA408"]),
        (make_channel(7, isPrimaryValue="true"), {"isPrimaryValue": True}, ["ESA418"]),
        (make_channel(7, isPrimaryDemand="no", data_point=2), {"isPrimaryValue": True}, []),
        (NO_VERSIONS, {"isPrimaryValue": True}, []),
        (make_channel(7, isPrimaryDemand=0), {"isPrimaryDemand": True}, ["ESA418"]),
        (make_channel(7) | {"dataPoint": 5}, {"isPrimaryValue": True}, ["ESA418"]),
        (make_channel(7) | {"dataPoint": None}, {"isPrimaryValue": True}, []),
        (NO_VERSIONS, {"isCalculated": True, "esaChannelVersion": {"formula": "channel(4)"}}, ["ESA418"]),
        (make_channel(7, hasReadings="no"), {"isCalculated": True, "esaChannelVersion": {"formula": "channel(4)"}}, []),
        (
            make_channel(7, isCalculated="no"),
            {"isCalculated": True, "esaChannelVersion": {"formula": "channel(7)"}},
            ["ESA418"],
        ),
    ],
    ids=[
        "import id unread",
        "import id read, another",
        "import id read, the same",
        "primary value unread",
        "primary demand unread, elsewhere",
        "primary value read",
        "primary demand unread",
        "data point unread",
        "on no data point",
        "formula unread",
        "formula read",
        "input unread",
    ],
)
def test_what_an_edit_depends_on_is_unknown_only_where_it_could_not_be_read(
    workspace: Workspace, serve: Callable[..., Live], odd: Json, edit: Json, rules: list[str]
) -> None:
    workspace.define({"edited": {"channelId": 3, **edit}})
    serve(make_channel(3), make_channel(4), odd)

    _, changes, _ = read_plan(workspace)

    assert [rule for rule in changes["edited"][1] if rule in {"ESA408", "ESA409", "ESA418"}] == rules


def test_a_feed_is_not_led_on_where_a_channel_of_its_data_point_could_not_be_read(
    workspace: Workspace, serve: Callable[..., Live]
) -> None:
    feed = {"logger": {"meterImportId": "DPI-1", "observationTypeCode": "ELECUSE", "expect": "edited"}}
    workspace.define({"edited": {"channelId": 3, "intervalMinutes": 30}}, feeds=feed)
    serve(make_channel(3), make_channel(7, type="ELECDEM", observationType=3))

    _, changes, _ = read_plan(workspace)

    assert changes == {"edited": ("unknown", ["ESA418"])}


def test_a_channel_that_may_be_the_odd_one_is_blocked_and_not_lost(
    workspace: Workspace, serve: Callable[..., Live]
) -> None:
    by_import_id = {"channelImportId": "GONE", "channelInfo": "Renamed"}
    by_meter = {"select": {"dataPointImportId": "DPI-1", "observationTypeCode": "ELECUSE", "unitCode": "KWH"}}
    workspace.define({"maybe": by_import_id, "one": {**by_meter, "channelInfo": "Renamed"}})
    serve(SOUND, make_channel(3), NO_VERSIONS | {"channelImportId": 7})

    code, changes, _ = read_plan(workspace)

    assert (code, changes) == (3, {"maybe": ("unknown", ["ESA417"]), "one": ("unknown", ["ESA417"])})


@pytest.mark.parametrize("interval", [7, "15", 0, -5])
def test_an_odd_interval_is_kept_and_blocks_only_edits_that_send_it(
    workspace: Workspace, serve: Callable[..., Live], interval: object
) -> None:
    workspace.define(
        {
            "renamed": {"channelId": 3, "channelInfo": "Renamed"},
            "set": {"channelId": 4, "intervalMinutes": 15},
            "sound": {"channelId": 1, "channelInfo": "Renamed"},
            "same": {"channelId": 5, "channelInfo": "Channel 5"},
        }
    )
    serve(SOUND, *(make_channel(id_, interval=interval) for id_ in (3, 4, 5)))

    code, changes, findings = read_plan(workspace)

    assert (code, findings) == (3, [])
    assert changes == {
        "renamed": ("blocked", ["ESA201"]),
        "set": ("allowed", []),
        "sound": ("allowed", []),
        "same": ("allowed", []),
    }


def test_import_leaves_the_odd_channel_out_and_says_so(workspace: Workspace, serve: Callable[..., Live]) -> None:
    serve(SOUND, NO_VERSIONS)

    answer = workspace.run("import")

    assert answer.code == 0
    assert "ESA706  note: 1 channel could not be read and is left out: 7 (channelVersions should be" in answer.err
    written = "".join(path.read_text(encoding="utf-8") for path in (workspace.root / "channels").rglob("*.yaml"))
    assert ("IMP-1" in written, "IMP-7" in written) == (True, False)
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_a_snapshot_keeps_the_odd_row_and_says_so(workspace: Workspace, serve: Callable[..., Live]) -> None:
    serve(SOUND, NO_VERSIONS)
    workspace.define({"sound": {"channelId": 1, "channelInfo": "Renamed"}})

    answer = workspace.run("snapshot", "--out", "copy.json")
    planned = workspace.run("plan", "--snapshot", "copy.json")

    assert answer.code == 0
    assert "ESA706  note: 1 channel could not be read and is left out: 7 (channelVersions should be" in answer.err
    world = json.loads((workspace.root / "copy.json").read_text(encoding="utf-8"))
    assert world["channels"] == [SOUND, NO_VERSIONS]
    assert planned.code == 0
    assert "ESA706" in planned.out


def test_readings_are_routed_past_an_odd_channel(workspace: Workspace, serve: Callable[..., Live]) -> None:
    serve(SOUND, NO_VERSIONS)
    workspace.write("readings.csv", "channelImportId,time,value\nIMP-1,2026-11-01T00:15:00,1\n")

    answer = workspace.run("readings", "route", "readings.csv")

    assert answer.code == 0


def test_a_row_without_any_id_still_stops_everything(workspace: Workspace, serve: Callable[..., Live]) -> None:
    live = serve(SOUND)
    workspace.define({"sound": {"channelId": 1, "channelInfo": "Renamed"}})
    live.channels[9] = {"channelInfo": "Nobody"}

    answer = workspace.run("plan")

    assert answer.code == 1
    assert "a channel comes without its channelId" in answer.err


def test_a_neighbour_that_turns_odd_before_the_write_leaves_the_change_undone(workspace: Workspace) -> None:
    live = Live(SOUND, make_channel(3), make_channel(4))
    odd = {**live.channels[4], "isPrimaryValue": "true"}
    lists = iter([reply_list(*live.channels.values())])
    replies = live.replies() | {
        LIST: lambda: next(lists, reply_list(SOUND, live.channels[3], odd)),
        f"{LIST}/4": Reply(body=odd),
    }
    workspace.define(
        {"sound": {"channelId": 1, "channelInfo": "Renamed"}, "first": {"channelId": 3, "isPrimaryValue": True}}
    )

    with answering(replies) as url:
        point_at(workspace, url)
        answer = workspace.run("apply", "--auto-approve")

    said = " ".join(answer.out.split())
    assert answer.code == 5
    assert "ESA418 unknown whether another channel is the primary value" in said
    assert answer.out.splitlines()[-1] == "Apply: 1 done, 1 stale, 0 failed, 0 not tried."


@pytest.mark.parametrize(("odd", "_flaw"), ODD.values(), ids=ODD)
def test_a_channel_that_is_odd_in_the_list_alone_is_read_by_its_id(workspace: Workspace, odd: Json, _flaw: str) -> None:
    live = Live(SOUND, make_channel(7))
    replies = live.replies() | {LIST: reply_list(SOUND, odd)}
    workspace.define({"seventh": {"channelId": 7, "channelInfo": "Renamed"}})

    with answering(replies) as url:
        point_at(workspace, url)
        answer = workspace.run("plan", "--detailed-exitcode")

    assert answer.code == 2
    assert "ESA706" not in answer.out
    assert answer.out.splitlines()[-1] == "Plan: 1 to update, 0 blocked, 0 unchanged, 1 unmanaged."


GAPS: dict[str, tuple[Json, Json, Json]] = {
    "no summarization method": (
        make_channel(7) | {"summarizationMethod": None},
        {"channelInfo": "Renamed"},
        {"summarizationMethodId": 1},
    ),
    "no unit": (
        make_channel(7, versions=[make_version(70) | {"unit": None}]),
        {"channelInfo": "Renamed"},
        {"esaChannelVersion": {"unitCode": "KWH"}},
    ),
    "a flag that is null": (
        make_channel(7, isPrimaryDemand=None),
        {"channelInfo": "Renamed"},
        {"isPrimaryDemand": False},
    ),
}


@pytest.mark.parametrize("name", GAPS)
def test_what_no_answer_gives_is_unknown_before_it_is_sent_back(
    workspace: Workspace, serve: Callable[..., Live], name: str
) -> None:
    odd, edit, way_out = GAPS[name]
    workspace.define({"sound": {"channelId": 1, "channelInfo": "Renamed"}, "odd": {"channelId": 7, **edit}})
    serve(SOUND, odd)

    assert read_plan(workspace)[:2] == (3, {"sound": ("allowed", []), "odd": ("unknown", ["ESA417"])})

    workspace.define({"sound": {"channelId": 1, "channelInfo": "Renamed"}, "odd": {"channelId": 7, **edit, **way_out}})
    assert read_plan(workspace)[:2] == (0, {"sound": ("allowed", []), "odd": ("allowed", [])})


def test_a_gap_in_a_version_stops_no_edit_that_leaves_the_version_out(
    workspace: Workspace, serve: Callable[..., Live]
) -> None:
    versions = [make_version(70, endDate="2025-01-01T00:00:00"), make_version(71, beginDate="2025-01-01T00:00:00")]
    versions[1]["unit"] = None
    workspace.define({"odd": {"channelId": 7, "channelInfo": "Renamed"}})
    serve(SOUND, make_channel(7, versions=versions))

    assert read_plan(workspace)[:2] == (0, {"odd": ("allowed", [])})


@pytest.mark.parametrize("status", [401, 403, 500])
@pytest.mark.parametrize("gap", ["interval", "channelVersions"])
def test_a_snapshot_keeps_a_row_that_cannot_be_completed_and_says_so(
    workspace: Workspace, serve: Callable[..., Live], status: int, gap: str
) -> None:
    row = {sandbox_key: value for sandbox_key, value in make_channel(7).items() if sandbox_key != gap}
    workspace.define(
        {"sound": {"channelId": 1, "channelInfo": "Renamed"}, "odd": {"channelId": 7, "channelInfo": "Renamed"}}
    )
    live = serve(SOUND, row)
    replies = {**live.replies(), f"{LIST}/7": Reply(status)}

    with stamina.set_testing(True, attempts=1), answering(replies) as url:
        point_at(workspace, url)
        planned = read_plan(workspace)
        copied = workspace.run("snapshot", "--out", "copy.json")
        offline = workspace.run("plan", "--snapshot", "copy.json", "--format", "json")

    assert planned[:2] == (3, {"sound": ("allowed", []), "odd": ("unknown", ["ESA417"])})
    assert (copied.code, offline.code) == (0, 3)
    assert "ESA706  note: 1 channel could not be read and is left out: 7 (the service" in copied.err
    changes = {change["name"]: change["verdict"] for change in json.loads(offline.out)["resource_changes"]}
    assert changes == {"sound": "allowed", "odd": "unknown"}
    world = json.loads((workspace.root / "copy.json").read_text(encoding="utf-8"))
    assert world["channels"] == [SOUND, row if gap == "interval" else {"channelId": 7}]
    assert list(world["unread"]["channels"]) == ["7"]
