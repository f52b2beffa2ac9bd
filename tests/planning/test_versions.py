"""The versions that a file lists beside the live ones: edited, created, left alone, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Definitions, DesiredVersion, Snapshot, Version
from reconciler.model.fields import Impact
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.plan import Action, Edit, Verdict, VersionAction
from reconciler.model.project import Environment, VersionInsert
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from reconciler.planning.plan import make_plan
from tests.planning.tenant import (
    BASIS,
    REFERENCE,
    V,
    add_older_version,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
)

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


def begin_at(live: Live, *begins: str) -> Live:
    """`live` with a version for each of these begins, which have its settings."""
    versions = tuple(
        Version(10 + number, begin or None, None, {**live.current.values, f"{V}beginDate": begin or None})
        for number, begin in enumerate(begins)
    )
    return live.with_versions(versions)


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
    assert change.blocked_by[0].evidence == {
        "begin_date": SWAP,
        "path": f"{V}rolloverValue",
        "value": 1000,
    }


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


def test_a_calculated_channel_may_list_its_one_version() -> None:
    live = make_calculated(1, "channel(2)")

    change = change_of(plan_of([list_versions(live, ("", {"unitCode": "KW"}))], [live, make_live(2)]))

    assert ([edit.path for edit in change.edits], change.blocked_by) == ([f"{V}unitCode"], ())


def dated(begin: str, **others: Any) -> Live:
    """A channel whose only version begins at a date."""
    return make_live(1, {f"{V}beginDate": begin, f"{V}rolloverValue": 500, f"{V}observationRuleId": 1}, **others)


def test_a_version_before_all_live_ones_takes_over_from_the_first() -> None:
    live = dated("2024-01-01T00:00:00", **READ)

    change = change_of(plan_versions(live, ("", {"multiplier": 2}), ("2024-01-01T00:00:00", {}), insert=True))

    (created,) = change.versions
    assert change.edits == (
        Edit("channelVersions[null].beginDate", None, None, Impact.HISTORY),
        Edit("channelVersions[null].multiplier", 1, 2, Impact.HISTORY),
    )
    assert created.before == {f"{V}multiplier": 1, f"{V}beginDate": None}
    assert created.after == {f"{V}multiplier": 2, f"{V}beginDate": None}
    assert created.inherited == {f"{V}unitCode": "KWH", f"{V}observationRule": "Odometer", f"{V}rolloverValue": 500}
    assert (created.begin, created.end) == ("", "2024-01-01T00:00:00")
    assert (created.first_reading, created.last_reading) == ("2021-07-01T00:15:00", "2024-01-01T00:00:00")
    assert created.live == {path: value for path, value in live.current.values.items() if path in created.live} | {
        f"{V}beginDate": None
    }
    assert created.target_values == {**created.live, f"{V}multiplier": 2}


@pytest.mark.parametrize(
    ("live", "begin", "message", "evidence"),
    [
        (
            dated("2024-01-01T00:00:00"),
            "",
            (
                "a version cannot be created before the latest one, found beginDate null; the live ones begin at "
                "2024-01-01T00:00:00"
            ),
            {"begin_date": None, "live_begin_dates": ["2024-01-01T00:00:00"]},
        ),
        (
            add_older_version(make_live(1), "2024-01-01T00:00:00"),
            "2020-01-01T00:00:00",
            (
                "a version cannot be created before the latest one, found beginDate 2020-01-01T00:00:00; the live ones "
                "begin at the beginning and 2024-01-01T00:00:00"
            ),
            {"begin_date": "2020-01-01T00:00:00", "live_begin_dates": [None, "2024-01-01T00:00:00"]},
        ),
    ],
    ids=["before the only one", "between two"],
)
def test_a_version_that_may_be_a_slip_of_the_date_is_refused_with_the_live_dates(
    live: Live, begin: str, message: str, evidence: dict[str, object]
) -> None:
    change = change_of(plan_versions(live, (begin, {"multiplier": 2})))

    (block,) = change.blocked_by
    assert (block.rule, block.message, block.evidence, block.is_unknown) == ("ESA422", message, evidence, False)


def test_dates_in_a_zone_are_no_obstacle_if_every_listed_version_is_live() -> None:
    live = add_older_version(make_live(1), "2024-01-01T05:00:00Z")

    unclear = change_of(plan_versions(live, ("", {}), ("2024-01-01T00:00:00", {"multiplier": 2})))
    clear = change_of(plan_versions(live, ("", {"multiplier": 2})))

    zoned = [block for block in unclear.blocked_by if block.rule == "ESA413"]
    assert (zoned[0].evidence, zoned[0].is_unknown) == ({"begin_date": "2024-01-01T05:00:00Z"}, True)
    assert clear.blocked_by == ()


def test_a_code_of_a_listed_version_that_nobody_knows_is_an_error_at_its_place() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    plan = plan_versions(live, ("", {"unitCode": "NOPE"}), ("2024-01-01T00:00:00", {"multiplier": 2}))

    assert plan.changes == ()
    (finding,) = plan.findings
    assert (finding.code, finding.location and finding.location.path) == (
        "ESA310",
        ("channels", "north", "channelVersions", "0", "unitCode"),
    )


def test_a_code_that_cannot_be_looked_up_blocks_its_version_and_a_new_id_is_only_a_warning() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    plan = plan_versions(live, ("", {"unitId": 99}), ("2024-01-01T00:00:00", {}))

    assert [finding.code for finding in plan.findings] == ["ESA312"]
    assert plan.changes == ()


def test_without_readings_in_its_time_an_edited_version_has_no_dates() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    change = change_of(plan_versions(live, ("", {"multiplier": 5})))

    (edited,) = change.versions
    assert (edited.first_reading, edited.last_reading) == (None, None)
    assert [edit.impact for edit in change.edits] == [Impact.FORWARD]


def test_a_new_version_without_a_setting_of_its_own_changes_no_value() -> None:
    change = change_of(plan_versions(make_live(1, **READ), ("", {}), ("2025-01-01T00:00:00", {})))

    assert change.edits == (
        Edit("channelVersions[2025-01-01T00:00:00].beginDate", None, "2025-01-01T00:00:00", Impact.FORWARD),
    )


def test_what_is_created_and_what_is_not_listed_is_noted_at_its_place() -> None:
    live = add_older_version(make_live(1), "2024-01-01T00:00:00")

    plan = plan_versions(live, ("", {"multiplier": 5}), (SWAP, {"multiplier": 2}))

    assert [(found.code, found.message, found.location and found.location.path[2:]) for found in plan.findings] == [
        ("ESA522", "1 live version is not listed, so not managed: from 2024-01-01T00:00:00", ("channelVersions",)),
        (
            "ESA523",
            f"once created, the version from {SWAP} cannot be deleted again",
            ("channelVersions", "1", "beginDate"),
        ),
        (
            "ESA534",
            (
                f"no live version begins at {SWAP}, but one that the list leaves out begins at 2024-01-01T00:00:00; "
                "it would stay, and another version would be created"
            ),
            ("channelVersions", "1", "beginDate"),
        ),
    ]


def test_a_calculated_channel_with_several_listed_versions_gives_their_begins() -> None:
    live = make_calculated(1, "channel(2)")
    desired = list_versions(live, ("", {"formula": "channel(2)"}), (SWAP, {"formula": "channel(2)"}))

    change = change_of(plan_of([desired], [live, make_live(2)]))

    evidence = [block.evidence for block in change.blocked_by if block.rule == "ESA421"]
    assert evidence == [{"begin_dates": [None, SWAP]}]


@pytest.mark.parametrize(
    ("first", "last", "span", "impact"),
    [
        ("2021-01-01T00:00:00", "2026-12-31T00:00:00", (SWAP, "2026-12-31T00:00:00"), Impact.HISTORY),
        ("2026-11-02T08:15:00", "2026-12-31T00:00:00", ("2026-11-02T08:15:00", "2026-12-31T00:00:00"), Impact.HISTORY),
        ("2021-01-01T00:00:00", "2027-06-01T00:00:00", (SWAP, "2027-01-01T00:00:00"), Impact.HISTORY),
        ("2027-01-01T00:00:00", None, ("2027-01-01T00:00:00", "2027-01-01T00:00:00"), Impact.HISTORY),
        (None, "2026-12-31T00:00:00", (SWAP, "2026-12-31T00:00:00"), Impact.HISTORY),
        (None, None, (SWAP, "2027-01-01T00:00:00"), Impact.HISTORY),
        ("2021-01-01T00:00:00", SWAP, (None, None), Impact.FORWARD),
        ("2027-01-01T00:15:00", "2027-06-01T00:00:00", (None, None), Impact.FORWARD),
    ],
    ids=["inside", "begin inside", "beyond", "at the end", "no first", "no times", "up to the begin", "after the end"],
)
def test_the_readings_in_the_time_of_a_version_are_after_its_begin_and_up_to_its_end(
    first: str | None, last: str | None, span: tuple[str | None, str | None], impact: Impact
) -> None:
    live = make_live(1, has_readings=True, first_reading=first, last_reading=last)

    change = change_of(
        plan_versions(live, ("", {}), (SWAP, {"multiplier": 2}), ("2027-01-01T00:00:00", {"multiplier": 3}))
    )

    assert (change.versions[0].first_reading, change.versions[0].last_reading) == span
    assert [edit.impact for edit in change.edits[:2]] == [impact, impact]


def test_a_channel_without_readings_has_none_in_any_version() -> None:
    live = make_live(1, has_readings=False, first_reading=None, last_reading="2026-12-31T00:00:00")

    change = change_of(plan_versions(live, ("", {}), (SWAP, {"multiplier": 2})))

    assert [edit.impact for edit in change.edits] == [Impact.FORWARD, Impact.FORWARD]


def test_a_new_unit_reroutes_the_feeds_that_name_their_channel_by_it() -> None:
    live = make_live(1)
    by_unit = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH")
    feed = Feed("logger", Location("channels/north.yaml", 30, path=("feeds", "logger")), by_unit, "north")
    other = make_live(2, {f"{V}unitId": 3})
    desired = list_versions(live, ("", {}), (SWAP, {"unitCode": "GAL"}))
    definitions = Definitions((desired,), (feed,), ("channels/north.yaml",), "sha256:0")

    plan = make_plan(definitions, Snapshot((live, other), REFERENCE), BASIS)

    (route,) = plan.feeds
    assert (route.before, route.after) == (1, None)
    assert [block.rule for block in change_of(plan).blocked_by] or change_of(plan).feeds == ("logger",)


IN_PLACE = (
    "write its settings under esaChannelVersion in place of channelVersions, with the new beginDate; if not, list the "
    "live one too"
)


@pytest.mark.parametrize(
    ("lives", "listed", "effect", "way"),
    [
        (["", "2024-01-01T00:00:00"], ["", "2024-01-02T00:00:00"], "another version would be created", IN_PLACE),
        (["", "2024-01-01T00:00:00"], ["", "2023-12-31T00:00:00"], "the new one is refused (ESA422)", IN_PLACE),
        (["", "2024-01-01T00:00:00"], ["", "2034-01-01T00:00:00"], "another version would be created", IN_PLACE),
        (["2024-01-01T00:00:00"], [""], "the new one is refused (ESA422)", IN_PLACE),
        (
            ["", "2024-01-01T00:00:00", "2025-01-01T00:00:00"],
            ["", "2024-01-31T00:00:00", "2025-01-01T00:00:00", "2026-01-01T00:00:00"],
            "the new one is refused (ESA422)",
            "correct the date in EnergyCAP first; if not, list the live one too",
        ),
    ],
    ids=["a day later", "a day earlier", "ten years later", "the beginning", "an older one among others"],
)
def test_another_begin_in_the_list_is_another_version_and_that_is_said(
    lives: list[str], listed: list[str], effect: str, way: str
) -> None:
    plan = plan_versions(begin_at(make_live(1), *lives), *[(begin, {}) for begin in listed])

    (found,) = [finding for finding in plan.findings if finding.code == "ESA534"]
    new = next(begin for begin in listed if begin not in lives)
    assert found.message == (
        f"no live version begins at {new or 'the beginning'}, but one that the list leaves out begins at "
        f"2024-01-01T00:00:00; it would stay, and {effect}"
    )
    assert found.fix == f'if the live one is meant, write  beginDate: "2024-01-01T00:00:00"; to move it, {way}'
    assert found.location
    assert found.location.path[3:] == (str(listed.index(new)), "beginDate")


@pytest.mark.parametrize(
    ("lives", "listed"),
    [
        ([""], ["2024-01-01T00:00:00"]),
        (["", "2024-01-01T00:00:00"], ["", "2024-01-01T00:00:00", "2024-01-02T00:00:00"]),
        (["", "2023-01-01T00:00:00", "2024-01-01T00:00:00"], ["", "2026-01-01T00:00:00"]),
        (["", "2024-01-01T05:00:00Z"], ["", "2024-01-01T00:00:00"]),
    ],
    ids=["after the beginning", "beside a listed one", "far from both", "in a zone of unknown meaning"],
)
def test_a_new_version_that_can_mean_no_live_one_is_no_reason_to_warn(lives: list[str], listed: list[str]) -> None:
    plan = plan_versions(begin_at(make_live(1), *lives), *[(begin, {}) for begin in listed])

    assert "ESA534" not in [finding.code for finding in plan.findings]


@pytest.mark.parametrize(
    ("listed", "place"),
    [
        (["", "2026-12-01T00:00:00"], ("channelVersions", "1", "beginDate")),
        (["", "2026-12-01T00:00:00", "2027-12-01T00:00:00"], ("channelVersions", "1", "beginDate")),
        ([""], ("channelVersions",)),
    ],
    ids=["the last", "not the last", "not listed"],
)
def test_the_first_reading_after_a_swap_is_warned_of_at_the_version_that_it_is_the_first_of(
    listed: list[str], place: tuple[str, ...]
) -> None:
    swapped = make_live(1, {f"{V}observationRuleId": 1}, **READ)

    plan = plan_versions(begin_at(swapped, "", "2026-12-01T00:00:00"), *[(begin, {}) for begin in listed])

    (found,) = [finding for finding in plan.findings if finding.code == "ESA634"]
    assert f"{found.code} {found.message}" == (
        'ESA634 the first reading of channel 1 "Use" after 2026-12-01T00:00:00 counts from the one before it, at '
        "2026-11-20T00:00:00"
    )
    assert found.location
    assert found.location.path[2:] == place


@pytest.mark.parametrize(
    ("lives", "listed", "begin"),
    [
        (["", "1900-01-01T00:00:00", SWAP], [("", {"multiplier": 3}), (SWAP, {})], None),
        (["", "2025-01-01T00:00:00", "2025-01-01T00:00:00.0"], [("2025-01-01T00:00:00", {"multiplier": 3})], SWAP),
    ],
    ids=["older ones", "the current one"],
)
def test_which_of_two_versions_with_one_begin_is_listed_is_unknown(
    lives: list[str], listed: list[tuple[str, dict[str, Value]]], begin: str | None
) -> None:
    change = change_of(plan_versions(begin_at(make_live(1), *lives), *listed))

    (block,) = change.blocked_by
    expected = None if begin is None else "2025-01-01T00:00:00"
    ids = [10, 11] if begin is None else [11, 12]
    assert (block.rule, block.message, block.evidence, block.is_unknown) == (
        "ESA427",
        f"2 live versions begin at {expected or 'the beginning'}, and the list may mean either",
        {"begin_date": expected, "version_ids": ids},
        True,
    )
    assert change.verdict is Verdict.UNKNOWN


def test_two_versions_with_one_begin_that_need_no_edit_are_no_obstacle() -> None:
    live = begin_at(make_live(1), "", "1900-01-01T00:00:00", SWAP)

    change = change_of(plan_versions(live, ("", {"multiplier": 1}), (SWAP, {"multiplier": 2})))

    assert (change.blocked_by, [edit.path for edit in change.edits]) == ((), [f"{V}multiplier"])


@pytest.mark.parametrize(
    "spelling", ["2026-11-02T08:00:00.000", "2026-11-02T08:00", "2026-11-02 08:00:00", "2026-11-02t08:00:00.0"]
)
def test_a_live_begin_in_another_spelling_is_the_listed_one(spelling: str) -> None:
    live = begin_at(make_live(1), "", spelling, "2027-01-01T00:00:00")

    plan = plan_versions(live, ("", {}), (SWAP, {"multiplier": 3}), ("2027-01-01T00:00:00", {}))

    assert [(one.action, one.version_id) for one in change_of(plan).versions] == [(VersionAction.UPDATE, 11)]
    assert plan.findings == ()


def test_five_hundred_versions_are_planned_each_in_its_place() -> None:
    begins = ["", *(f"{2000 + number // 12}-{number % 12 + 1:02}-01T00:00:00" for number in range(499))]
    live = begin_at(make_live(1, **READ), *begins[:250])

    listed: list[tuple[str, dict[str, Value]]] = [
        (begin, {"multiplier": index + 2}) for index, begin in enumerate(begins)
    ]
    change = change_of(plan_versions(live, *listed))

    assert len(change.versions) == 499
    assert [one.action for one in change.versions].count(VersionAction.CREATE) == 250
    assert [one.end for one in change.versions[-2:]] == [begins[-1], None]
    assert change.edits[0] == Edit(f"{V}multiplier", 1, 251, Impact.HISTORY)


@pytest.mark.parametrize("rule", ["Odometer", None], ids=["written", "inherited"])
def test_a_new_version_must_fit_the_channel_as_it_will_be(rule: str | None) -> None:
    live = make_live(1, {} if rule else {f"{V}observationRuleId": 1})
    settings: dict[str, Value] = {"observationRule": rule} if rule else {"multiplier": 2}
    desired = list_versions(live, ("", {} if rule else {"observationRule": "Trip"}), (SWAP, settings))

    change = change_of(plan_of([replace(desired, spec={**desired.spec, "observationTypeCode": "ELECDEMAND"})], [live]))

    expected = [("ESA406", f"the version from {SWAP}: a demand channel cannot have the Odometer rule")]
    assert [(block.rule, block.message) for block in change.blocked_by] == (expected if rule else [])


def test_a_new_first_version_is_saved_and_read_back() -> None:
    plan = plan_versions(
        dated("2024-01-01T00:00:00", **READ), ("", {"multiplier": 2}), ("2024-01-01T00:00:00", {}), insert=True
    )

    assert read_plan(render_plan_file(plan)) == plan
