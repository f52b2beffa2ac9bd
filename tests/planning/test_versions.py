"""The versions that a file lists beside the live ones: edited, created, left alone, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DesiredVersion
from reconciler.model.fields import Impact
from reconciler.model.plan import Action, Edit, Verdict, VersionAction
from reconciler.model.project import Environment, VersionInsert
from tests.planning.tenant import BASIS, V, add_older_version, make_calculated, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Live
    from reconciler.model.plan import Change, Plan
    from reconciler.model.values import Value

SWAP = "2026-11-02T08:00:00"
READ: dict[str, Any] = {
    "has_readings": True,
    "first_reading": "2021-07-01T00:15:00-04:00",
    "last_reading": "2026-11-20T00:00:00-05:00",
}


def list_versions(live: Live, *versions: tuple[str, dict[str, Value]]) -> Desired:
    """The channel `north` with these versions: the begin of each, and what the file manages of it."""
    listed = tuple(
        DesiredVersion(begin, index, {f"{V}{key}": value for key, value in spec.items()})
        for index, (begin, spec) in enumerate(versions)
    )
    return make_desired("north", live.id, listed[-1].spec, versions=listed)


def plan_versions(live: Live, *versions: tuple[str, dict[str, Value]], insert: bool = False) -> Plan:
    environment = Environment("sandbox", "sandbox", version_insert=VersionInsert("allow" if insert else "block"))
    return plan_of([list_versions(live, *versions)], [live], replace(BASIS, environment=environment))


def change_of(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def test_a_version_that_begins_after_the_live_ones_is_created_with_what_it_inherits() -> None:
    live = make_live(1, {f"{V}multiplier": 10}, **READ)

    change = change_of(plan_versions(live, ("", {"multiplier": 10}), (SWAP, {"multiplier": 1})))

    assert (change.action, change.verdict) == (Action.UPDATE, Verdict.ALLOWED)
    assert change.edits == (
        Edit(f"channelVersions[{SWAP}].beginDate", None, SWAP, Impact.HISTORY),
        Edit(f"channelVersions[{SWAP}].multiplier", 10, 1, Impact.HISTORY),
    )
    (created,) = change.versions
    assert (created.action, created.begin, created.version_id, created.end) == (VersionAction.CREATE, SWAP, None, None)
    assert created.inherited == {f"{V}unitCode": "KWH", f"{V}observationRule": "Trip"}
    assert created.target_values == {
        f"{V}beginDate": SWAP,
        f"{V}unitId": 1,
        f"{V}observationRuleId": 2,
        f"{V}multiplier": 1,
        f"{V}offset": None,
        f"{V}rolloverValue": None,
        f"{V}rollbackAllowance": None,
        f"{V}minimumReading": None,
        f"{V}maximumReading": None,
        f"{V}isValuePositive": None,
        f"{V}formula": None,
    }
    assert (created.first_reading, created.last_reading) == (SWAP, "2026-11-20T00:00:00")
    # Nothing is sent to the version before it.
    assert change.target_values == {}


def test_a_version_after_the_last_reading_is_felt_by_future_readings_only() -> None:
    live = make_live(1, **READ)

    change = change_of(plan_versions(live, ("", {"multiplier": 1}), ("2026-12-01T00:00:00", {"multiplier": 2})))

    assert [edit.impact for edit in change.edits] == [Impact.FORWARD, Impact.FORWARD]
    assert (change.versions[0].first_reading, change.versions[0].last_reading) == (None, None)


def test_an_older_version_is_edited_by_its_own_id_in_its_own_time() -> None:
    live = add_older_version(make_live(1, **READ), "2024-01-01T00:00:00")

    change = change_of(
        plan_versions(live, ("", {"multiplier": 5}), ("2024-01-01T00:00:00", {"multiplier": 1, "offset": 3}))
    )

    assert change.edits == (
        Edit(f"{V}offset", None, 3, Impact.HISTORY),
        Edit("channelVersions[null].multiplier", 1, 5, Impact.HISTORY),
    )
    assert change.target_values == {f"{V}multiplier": 1, f"{V}offset": 3}
    (edited,) = change.versions
    assert (edited.action, edited.version_id, edited.end) == (VersionAction.UPDATE, 9, "2024-01-01T00:00:00")
    assert edited.target_values == {f"{V}multiplier": 5}
    assert (edited.first_reading, edited.last_reading) == ("2021-07-01T00:15:00", "2024-01-01T00:00:00")


def test_versions_as_they_are_need_no_edit() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    plan = plan_versions(live, ("", {"multiplier": 1}), ("2024-01-01T00:00:00", {"unitCode": "KWH"}))

    assert change_of(plan).action is Action.NO_OP
    assert change_of(plan).after == {f"{V}unitCode": "KWH", "channelVersions[null].multiplier": 1}
    assert plan.findings == ()


def test_a_live_version_that_is_not_listed_is_left_alone_and_named() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    plan = plan_versions(live, ("2024-01-01T00:00:00", {"multiplier": 2}))

    assert [edit.path for edit in change_of(plan).edits] == [f"{V}multiplier"]
    assert [(found.code, found.message) for found in plan.findings] == [
        ("ESA522", "1 live version is not listed, so not managed: from the beginning")
    ]


@pytest.mark.parametrize("begin", ["2023-01-01T00:00:00", "2020-01-01T00:00:00"])
def test_a_version_before_the_latest_is_created_only_where_the_service_takes_it(begin: str) -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")
    versions: tuple[Any, ...] = (("", {}), (begin, {"multiplier": 2}), ("2024-01-01T00:00:00", {}))

    blocked, allowed = (change_of(plan_versions(live, *versions, insert=insert)) for insert in (False, True))

    assert [block.rule for block in blocked.blocked_by] == ["ESA422"]
    assert allowed.verdict is Verdict.ALLOWED
    assert [(one.action, one.begin, one.end) for one in allowed.versions] == [
        (VersionAction.CREATE, begin, "2024-01-01T00:00:00")
    ]


def test_a_calculated_channel_has_one_version() -> None:
    live = make_calculated(1, "channel(2)")
    desired = list_versions(live, ("", {"formula": "channel(2)"}), (SWAP, {"formula": "channel(2) * 2"}))

    change = change_of(plan_of([desired], [live, make_live(2)]))

    assert "ESA421" in [block.rule for block in change.blocked_by]


def test_a_calculated_channel_gets_no_version_beside_its_own() -> None:
    live = make_calculated(1, "channel(2)")

    change = change_of(plan_of([list_versions(live, (SWAP, {"unitCode": "KW"}))], [live, make_live(2)]))

    assert [block.message for block in change.blocked_by if block.rule == "ESA421"] == [
        "a calculated channel has one version, but with those that the file lists there are 2"
    ]


def test_each_version_must_have_settings_that_the_service_takes() -> None:
    live = make_live(1, **READ)

    change = change_of(plan_versions(live, ("", {}), (SWAP, {"observationRule": "Trip", "rolloverValue": 1000})))

    assert [(block.rule, block.message) for block in change.blocked_by] == [
        ("ESA214", f"the version from {SWAP}: rolloverValue must be null under the Trip rule, found 1000")
    ]


def test_a_live_begin_in_an_unknown_zone_may_be_the_one_that_is_listed() -> None:
    live = add_older_version(make_live(1), "2024-01-01T05:00:00Z")

    change = change_of(plan_versions(live, ("", {}), ("2024-01-01T00:00:00", {"multiplier": 2})))

    assert "ESA413" in [block.rule for block in change.blocked_by]
    assert change.verdict is not Verdict.ALLOWED


def test_a_change_of_rule_clears_what_the_new_version_cannot_have() -> None:
    live = make_live(1, {f"{V}observationRuleId": 1, f"{V}rolloverValue": 99999, f"{V}rollbackAllowance": 0.1})

    change = change_of(plan_versions(live, ("", {}), (SWAP, {"observationRule": "Trip"})))

    assert [(edit.path, edit.before, edit.after, edit.implied_by) for edit in change.edits[1:]] == [
        (f"channelVersions[{SWAP}].observationRule", "Odometer", "Trip", None),
        (f"channelVersions[{SWAP}].rolloverValue", 99999, None, f"channelVersions[{SWAP}].observationRule"),
        (f"channelVersions[{SWAP}].rollbackAllowance", 0.1, None, f"channelVersions[{SWAP}].observationRule"),
    ]


def test_versions_in_a_row_inherit_one_from_the_other() -> None:
    live = make_live(1)

    change = change_of(
        plan_versions(live, ("", {}), (SWAP, {"multiplier": 2}), ("2027-01-01T00:00:00", {"unitCode": "KW"}))
    )

    first, second = change.versions
    assert (first.end, second.end) == ("2027-01-01T00:00:00", None)
    assert second.target_values[f"{V}multiplier"] == 2
    assert second.target_values[f"{V}unitId"] == 2
