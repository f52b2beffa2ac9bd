"""What the service does not let us read stops nothing else: it is said, and what needs it is blocked as unknown."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from reconciler import sandbox
from tests.cli.desk import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_type, make_unit, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.desk import Desk

SIMPLE = make_channel(1)
METERED = make_channel(2, versions=[make_version(20, rule="Odometer", unit="MWH")])
SUM = make_channel(3, isCalculated=True, versions=[make_version(30, formula="channel(1)")])
WORLD = make_world(SIMPLE, METERED, SUM)
VALIDATE = "POST /api/v202405/formula/validate"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Iterator[None]:  # noqa: ARG001 - the desk takes the key away
    """The sandbox's key, and repeated requests that do not wait."""
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@contextmanager
def serving(desk: Desk, **settings: str) -> Iterator[sandbox.Service]:
    """The sandbox with WORLD under `settings`, as the environment of the desk."""
    options = sandbox.Options(sandbox.parse_settings([f"{name}={value}" for name, value in settings.items()]))
    with sandbox.running(desk.root / "served.sqlite3", WORLD, options) as service:
        point_at(desk, service.url)
        yield service


def point_at(desk: Desk, url: str) -> None:
    desk.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))


def read_plan(desk: Desk) -> tuple[int, dict[str, tuple[str, list[str]]], list[tuple[str, str]]]:
    """The exit code of `plan`, verdict and rules of each change by name, and codes and messages of the findings."""
    answer = desk.run("plan", "--format", "json")
    plan = json.loads(answer.out)
    changes = {
        change["name"]: (change["verdict"], [block["rule"] for block in change["blocked_by"]])
        for change in plan["resource_changes"]
    }
    return answer.code, changes, [(finding["code"], finding["message"]) for finding in plan["findings"]]


def define(desk: Desk, **others: Any) -> None:
    """A new name and a new unit for two channels, and what the `others` want."""
    renamed: dict[str, Any] = {"channelId": 1, "channelInfo": "Renamed"}
    metered: dict[str, Any] = {"channelId": 2, "esaChannelVersion": {"unitCode": "KWH", "multiplier": 1000}}
    desk.define({"renamed": renamed, "metered": metered, **others})


@pytest.mark.parametrize("value", ["forbidden", "absent"])
def test_without_the_list_of_units_only_an_edit_of_a_unit_is_blocked(desk: Desk, value: str) -> None:
    define(desk)

    with serving(desk, unit_list=value) as service:
        code, changes, findings = read_plan(desk)
        applied = desk.run("apply", "--auto-approve")
        names = {channel["channelId"]: channel["channelInfo"] for channel in service.export()["channels"]}

    assert code == 3
    assert changes == {"renamed": ("allowed", []), "metered": ("unknown", ["ESA407"])}
    assert [code for code, _ in findings] == ["ESA705"]
    assert findings[0][1].startswith(
        "EnergyCAP's list of units could not be read in full: GET /api/v202305/unit answered"
    )
    assert (applied.code, names[1]) == (3, "Renamed")


def test_a_code_that_no_channel_uses_is_unknown_without_the_list(desk: Desk) -> None:
    define(desk, sum={"channelId": 3, "observationTypeCode": "ELECDEM"})

    with serving(desk, observation_type_list="forbidden"):
        code, changes, findings = read_plan(desk)

    assert code == 3
    assert changes == {
        "renamed": ("allowed", []),
        "metered": ("allowed", []),
        "sum": ("unknown", ["ESA415"]),
    }
    assert [code for code, _ in findings] == ["ESA705"]


def test_an_id_goes_where_its_code_cannot(desk: Desk) -> None:
    define(desk, sum={"channelId": 3, "observationTypeId": 2})

    with serving(desk, observation_type_list="forbidden"):
        _, changes, findings = read_plan(desk)

    assert changes["sum"] == ("allowed", [])
    assert [code for code, _ in findings] == ["ESA705", "ESA416"]


def test_a_list_that_is_refused_during_an_apply_leaves_only_what_needs_it_undone(desk: Desk) -> None:
    define(desk)
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
        point_at(desk, url)
        answer = desk.run("apply", "--auto-approve", "--parallelism", "1")

    assert answer.code == 5
    assert "cannot be known whether the unit is of a Money type" in " ".join(answer.out.split())
    assert answer.out.splitlines()[-1] == "Apply: 1 done, 1 stale, 0 failed, 0 not tried."


@pytest.mark.parametrize("value", ["forbidden", "absent", "empty", "true"])
def test_a_formula_that_nobody_judges_is_sent_with_a_warning(desk: Desk, value: str) -> None:
    define(desk, sum={"channelId": 3, "esaChannelVersion": {"formula": "channel(renamed) * 2"}})

    with serving(desk, formula_validation=value) as service:
        code, changes, findings = read_plan(desk)
        applied = desk.run("apply", "--auto-approve")
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
def test_whatever_a_side_call_answers_the_plan_is_made(desk: Desk, reply: Reply) -> None:
    define(desk, sum={"channelId": 3, "esaChannelVersion": {"formula": "channel(renamed) * 2"}})

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: reply, TYPES: reply, VALIDATE: reply}) as url:
        point_at(desk, url)
        code, changes, findings = read_plan(desk)

    assert code == 3
    assert changes == {
        "renamed": ("allowed", []),
        "sum": ("allowed", []),
        "metered": ("unknown", ["ESA407"]),
    }
    assert [code for code, _ in findings] == ["ESA705", "ESA705", "ESA707"]


def test_one_entry_without_a_code_does_not_hide_the_others(desk: Desk) -> None:
    define(desk)
    units = [{**make_unit("USD"), "unitCode": None}, make_unit("KWH"), make_unit("MWH")]
    types = Reply(body=[make_type("ELECUSE")])

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: Reply(body=units), TYPES: types}) as url:
        point_at(desk, url)
        code, changes, findings = read_plan(desk)

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


def test_import_and_snapshot_say_which_list_could_not_be_read(desk: Desk) -> None:
    with serving(desk, unit_list="forbidden"):
        copied = desk.run("snapshot", "--out", "copy.json")
        imported = desk.run("import")

    for answer in (copied, imported):
        assert answer.code == 0
        assert "ESA705  note: EnergyCAP's list of units could not be read in full: GET /api/v202305/unit" in answer.err
    world = json.loads((desk.root / "copy.json").read_text(encoding="utf-8"))
    assert ("units" in world, list(world["unread"])) == (False, ["units"])
    planned = desk.run("plan", "--snapshot", "copy.json")
    assert planned.code == 0
    assert "ESA705  note: EnergyCAP's list of units could not be read in full: GET /api/v202305/unit" in planned.out


def test_a_wrong_key_is_one_clear_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    define(desk)
    monkeypatch.setenv("ECI_API_KEY", "wrong")

    with serving(desk):
        answer = desk.run("plan")

    assert answer.code == 1
    assert answer.err.count("the service refused access") == 1


@pytest.mark.parametrize("body", [[], [{}], {"value": []}], ids=["empty", "odd entries", "wrapped"])
def test_a_list_that_cannot_be_all_makes_no_error_of_a_code(desk: Desk, body: Any) -> None:
    define(desk, metered={"channelId": 2, "esaChannelVersion": {"unitCode": "KW"}})

    with answering({LIST: reply_list(SIMPLE, METERED, SUM), UNITS: Reply(body=body), TYPES: Reply(body=[])}) as url:
        point_at(desk, url)
        code, changes, findings = read_plan(desk)

    assert (code, changes) == (3, {"renamed": ("allowed", []), "metered": ("unknown", ["ESA415"])})
    assert [code for code, _ in findings] == ["ESA705", "ESA705"]


def test_the_edit_made_in_energycap_itself_is_a_way_out(desk: Desk) -> None:
    define(desk)
    by_hand = {**METERED, "channelVersions": [make_version(20, rule="Odometer", unit="KWH", multiplier=1000)]}

    with answering({LIST: reply_list(SIMPLE, by_hand, SUM), UNITS: Reply(403), TYPES: Reply(403)}) as url:
        point_at(desk, url)
        code, changes, _ = read_plan(desk)

    assert (code, changes) == (0, {"renamed": ("allowed", []), "metered": ("allowed", [])})
