"""Channels to be created: on which data point, with which values, and what that means for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DataPoint, Definitions, Desired, DesiredVersion, Snapshot, new_channel_id
from reconciler.model.fields import FIELDS, Impact
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.plan import Action, Edit, Origin, Verdict, VersionAction
from reconciler.planning.approval import compare_plans
from reconciler.planning.changes import mark_drift
from reconciler.planning.plan import make_plan
from tests.planning.tenant import BASIS, NORTH, REFERENCE, V, list_blocks, make_desired, make_live

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, Plan
    from reconciler.model.values import Spec, Value

SPEC: dict[str, Value] = {
    "channelImportId": "NEW",
    "channelInfo": "New use",
    "observationTypeCode": "ELECUSE",
    "summarizationMethod": "Sum",
    "intervalMinutes": 15,
    f"{V}unitCode": "KWH",
    f"{V}observationRule": "Trip",
    f"{V}multiplier": 40,
}
PRIMARY = make_live(1, {"isPrimaryValue": True})
FEED_PLACE = Location("feeds.yaml", line=1, path=("feeds", "logger"))


def make_new(name: str = "new", spec: Spec | None = None, **others: Any) -> Desired:
    """A channel to be created on NORTH."""
    merged = {**SPEC, **(spec or {})}
    import_id = merged["channelImportId"]
    select = Identifiers(channel_import_id=str(import_id)) if import_id else None
    desired = Desired(name, "channels/north.yaml", 7, select, merged, data_point=NORTH.code, creates=True)
    return replace(desired, **others)


def define(*channels: Desired, feeds: Sequence[Feed] = ()) -> Definitions:
    return Definitions(tuple(channels), tuple(feeds), ("channels/north.yaml",), "sha256:0")


def plan_new(
    *channels: Desired,
    live: Sequence[Live] = (PRIMARY,),
    feeds: Sequence[Feed] = (),
    points: Mapping[int, DataPoint | None] | None = None,
    only: tuple[str, ...] = (),
) -> Plan:
    snapshot = Snapshot(tuple(live), REFERENCE, points or {})
    return make_plan(define(*channels, feeds=feeds), snapshot, replace(BASIS, filter=only))


def list_findings(plan: Plan) -> list[str]:
    return [f"{finding.code} {finding.message}" for finding in plan.findings]


def change_of(plan: Plan, name: str = "new") -> Change:
    return next(change for change in plan.changes if change.name == name)


def test_a_channel_that_is_not_there_is_created_with_every_field() -> None:
    plan = plan_new(make_new())

    change = change_of(plan)
    assert (change.action, change.verdict, change.data_point) == (Action.CREATE, Verdict.ALLOWED, NORTH)
    assert (change.channel_id, change.channel_info) == (new_channel_id("new"), "New use")
    assert change.target_values == {
        **dict.fromkeys(field.path for field in FIELDS),
        "channelImportId": "NEW",
        "channelInfo": "New use",
        "observationTypeId": 10,
        "summarizationMethodId": 1,
        "intervalMinutes": 15,
        "isCalculated": False,
        "isPrimaryValue": False,
        "isPrimaryDemand": False,
        f"{V}unitId": 1,
        f"{V}observationRuleId": 2,
        f"{V}multiplier": 40,
    }
    assert change.after == {"isCalculated": False, "isPrimaryValue": False, "isPrimaryDemand": False, **SPEC}
    assert change.before == dict.fromkeys(change.after)
    assert set(change.live.values()) == {None}
    assert (change.version_id, change.version_count, change.fingerprint, change.history) == (0, 0, "", None)
    assert {edit.path: edit.after for edit in change.edits} == change.after
    assert {(edit.before, edit.impact) for edit in change.edits} == {(None, Impact.FORWARD)}
    assert (plan.summary.create, plan.summary.update, plan.managed, plan.unmanaged) == (1, 0, 1, 1)


def test_a_channel_that_is_there_is_compared_as_any_other() -> None:
    there = make_live(2, {"channelImportId": "NEW", "channelInfo": "New use", f"{V}multiplier": 1})

    change = change_of(plan_new(make_new(), live=[PRIMARY, there]))

    assert (change.action, change.channel_id) == (Action.UPDATE, 2)
    assert [edit.path for edit in change.edits] == [f"{V}multiplier"]


def test_without_create_a_channel_that_is_not_found_stays_an_error() -> None:
    plan = plan_new(make_new(creates=False))

    assert list_findings(plan) == ['ESA301 no live channel matches, found none with channelImportId "NEW"']
    assert not plan.changes


def test_a_select_that_means_something_else_than_the_import_id_creates_nothing() -> None:
    plan = plan_new(make_new(select=Identifiers(channel_id=77)))

    assert list_findings(plan) == ["ESA301 no live channel matches, found none with channelId 77"]


def test_later_versions_follow_the_channel() -> None:
    first = DesiredVersion("", 0, {f"{V}unitCode": "KWH", f"{V}observationRule": "Trip", f"{V}multiplier": 40})
    second = DesiredVersion("2026-11-02T08:00:00", 1, {f"{V}multiplier": 80}, "new transformers")
    desired = make_new(spec={f"{V}multiplier": 80}, versions=(first, second))

    change = change_of(plan_new(desired))

    (version,) = change.versions
    assert (change.target_values[f"{V}multiplier"], version.target_values[f"{V}multiplier"]) == (40, 80)
    assert (version.action, version.begin, version.because) == (VersionAction.CREATE, second.begin, "new transformers")
    assert version.inherited == {f"{V}unitCode": "KWH", f"{V}observationRule": "Trip"}
    assert Edit(f"channelVersions[{second.begin}].multiplier", 40, 80, Impact.FORWARD) in change.edits


def test_a_formula_may_use_a_new_channel_and_waits_for_it() -> None:
    total = make_new(
        "a-total",
        {
            "channelImportId": "TOTAL",
            "channelInfo": "Total",
            "isCalculated": True,
            "intervalMinutes": None,
            f"{V}formula": "channel(new) * 2",
        },
    )

    plan = plan_new(make_new(), total)

    assert [change.name for change in plan.sendable] == ["new", "a-total"]
    assert change_of(plan, "a-total").depends_on == ("new",)
    assert change_of(plan, "a-total").target_values[f"{V}formula"] == f"channel({new_channel_id('new')}) * 2"
    (link,) = plan.formula_links
    assert (link.user.name, link.user.info, link.used.name, link.used.info) == ("a-total", "Total", "new", "New use")


def test_an_edit_of_an_existing_formula_may_use_a_new_channel() -> None:
    live = make_live(2, {"isCalculated": True, "intervalMinutes": None, f"{V}formula": "channel(1)"})
    user = make_desired("user", 2, {f"{V}formula": "channel(1) + channel(new)"})

    plan = plan_new(make_new(), user, live=[PRIMARY, live])

    assert [(change.name, change.action) for change in plan.sendable] == [
        ("new", Action.CREATE),
        ("user", Action.UPDATE),
    ]
    assert change_of(plan, "user").depends_on == ("new",)


def test_a_filter_keeps_the_creation_that_a_formula_needs() -> None:
    formula = {"isCalculated": True, "intervalMinutes": None, f"{V}formula": "channel(new)"}
    total = make_new("total", {"channelImportId": "TOTAL", **formula})

    assert [change.name for change in plan_new(make_new(), total, only=("total",)).changes] == ["new", "total"]


def test_a_blocked_creation_blocks_the_formula_that_uses_it() -> None:
    formula = {"isCalculated": True, "intervalMinutes": None, f"{V}formula": "channel(new)"}
    total = make_new("total", {"channelImportId": "TOTAL", **formula})

    plan = plan_new(make_new(spec={"isPrimaryValue": True}), total)

    assert list_blocks(change_of(plan)) == [
        (
            'ESA409 cannot become the primary value of data point NB-ELEC: 1 "Use" (not managed here) is the primary '
            "value, and EnergyCAP would change that outside of this plan"
        )
    ]
    assert list_blocks(change_of(plan, "total")) == ["ESA410 needs the change of new, which is blocked by ESA409"]
    assert not plan.sendable


def test_a_new_channel_may_take_the_primary_value_of_a_managed_one() -> None:
    plan = plan_new(make_new(spec={"isPrimaryValue": True}), make_desired("old", 1, {"isPrimaryValue": False}))

    assert [change.name for change in plan.sendable] == ["new", "old"]
    edits = {edit.path: edit.impact for edit in change_of(plan).edits}
    assert edits["isPrimaryValue"] is Impact.STRUCTURAL


def test_a_data_point_is_found_by_its_import_id_too() -> None:
    assert change_of(plan_new(make_new(data_point=NORTH.import_id))).data_point == NORTH


def test_an_unknown_data_point_is_an_error_that_names_a_similar_one() -> None:
    plan = plan_new(make_new(data_point="NB-ELEC-10"))

    assert list_findings(plan) == [
        'ESA344 no channel of EnergyCAP is on this data point, so its id is not known, found "NB-ELEC-10"'
    ]
    assert plan.findings[0].fix == (
        "did you mean  dataPoint: NB-ELEC-01? correct dataPoint; if the data point has no channel yet, add  "
        "dataPointId:  with its id"
    )
    assert not plan.changes


def test_a_data_point_without_a_channel_is_found_by_its_id() -> None:
    empty = DataPoint(900, code="SC-ELEC-03", name="Science Center")

    plan = plan_new(make_new(data_point="SC-ELEC-03", data_point_id=900), points={900: empty})

    assert change_of(plan).data_point == empty
    assert list_findings(plan) == [
        "ESA525 no channel of the data point is its primary value, before or after this plan"
    ]


@pytest.mark.parametrize(
    ("points", "data_point", "found"),
    [
        ({900: None}, None, "ESA344 EnergyCAP has no data point with this id, found dataPointId 900"),
        (
            {900: DataPoint(900, code="OTHER")},
            "SC-ELEC-03",
            "ESA346 dataPoint and dataPointId name different data points, found SC-ELEC-03 and 900, which is OTHER",
        ),
    ],
)
def test_a_data_point_id_that_is_wrong_is_an_error(
    points: Mapping[int, DataPoint | None], data_point: str | None, found: str
) -> None:
    plan = plan_new(make_new(data_point=data_point, data_point_id=900), points=points)

    assert (list_findings(plan), plan.changes) == ([found], ())


def test_a_data_point_that_could_not_be_read_leaves_the_creation_unknown() -> None:
    change = change_of(plan_new(make_new(data_point=None, data_point_id=900)))

    assert (change.action, change.verdict) == (Action.CREATE, Verdict.UNKNOWN)
    assert list_blocks(change) == ["ESA423 unknown whether data point 900 exists: it could not be read"]


def test_two_data_points_with_one_code_need_an_id() -> None:
    twin = make_live(2, data_point=replace(NORTH, id=NORTH.id + 1, import_id="TWIN"))

    plan = plan_new(make_new(), live=[PRIMARY, twin])

    assert list_findings(plan) == [
        f'ESA345 several data points have this code or import id, found "NB-ELEC" for {NORTH.id} and {NORTH.id + 1}'
    ]
    assert change_of(plan_new(make_new(data_point_id=NORTH.id), live=[PRIMARY, twin])).data_point == NORTH


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"channelImportId": "NEWW"},
            (
                'ESA524 a channel that is not managed here has nearly the same channelImportId, found "NEW" beside '
                '2 "Use", import id "NEWW", ELECUSE, KWH, 15 minutes'
            ),
        ),
        (
            {"channelInfo": "New usr"},
            (
                'ESA524 a channel that is not managed here has nearly the same channelInfo, found "New use" beside '
                '2 "New usr", import id "C-2", ELECUSE, KWH, 15 minutes'
            ),
        ),
    ],
)
def test_a_name_near_to_an_unmanaged_one_is_a_warning(values: Spec, message: str) -> None:
    other = make_live(2, values)

    assert list_findings(plan_new(make_new(), live=[PRIMARY, other])) == [message]
    managed = make_desired("other", 2, {"intervalMinutes": 15})
    assert list_findings(plan_new(make_new(), managed, live=[PRIMARY, other])) == []


def test_a_channel_that_cannot_be_read_may_be_the_one_to_create() -> None:
    hidden = replace(make_live(2), flaw="it is damaged", unread=frozenset({"channelImportId"}))

    change = change_of(plan_new(make_new(), live=[PRIMARY, hidden]))

    assert (change.action, change.verdict, change.channel_id) == (Action.UPDATE, Verdict.UNKNOWN, 2)


def test_a_creation_takes_the_readings_of_the_only_channel_of_a_meter() -> None:
    only = replace(PRIMARY, has_readings=True)

    plan = plan_new(make_new(), live=[only])

    assert [finding.code for finding in plan.findings] == ["ESA602"]
    assert plan.findings[0].message == (
        'readings for meter "NB-ELEC-01" alone would no longer reach 1 "Use": '
        'they would match 2 channels (1 "Use", new) and reach none'
    )


def test_a_creation_that_takes_the_readings_of_a_feed_is_blocked() -> None:
    feed = Feed("logger", FEED_PLACE, Identifiers(meter_import_id=NORTH.import_id), "old")
    managed = make_desired("old", 1, {"intervalMinutes": 15})

    plan = plan_new(make_new(), managed, live=[replace(PRIMARY, has_readings=True)], feeds=[feed])

    assert [block.rule for block in change_of(plan).blocked_by] == ["ESA602"]


def test_a_feed_may_expect_a_new_channel() -> None:
    feed = Feed("logger", FEED_PLACE, Identifiers(channel_import_id="NEW"), "new")

    plan = plan_new(make_new(), feeds=[feed])

    (route,) = plan.feeds
    assert (route.before, route.after) == (None, new_channel_id("new"))
    assert list_findings(plan) == []


def test_the_plan_is_the_same_whatever_the_order() -> None:
    one, other = make_new("one", {"channelImportId": "ONE"}), make_new("other", {"channelImportId": "OTHER"})

    assert plan_new(one, other) == plan_new(other, one)


def test_a_creation_that_the_base_had_too_is_drift() -> None:
    desired = make_new()
    plan = plan_new(desired)

    marked = mark_drift(plan, define(desired), define(desired), [PRIMARY])
    changed = mark_drift(plan, define(desired), define(make_new(spec={f"{V}multiplier": 1})), [PRIMARY])
    new = mark_drift(plan, define(desired), define(), [PRIMARY])

    origins = [{edit.origin for edit in change_of(each).edits} for each in (marked, changed, new)]
    assert origins == [{Origin.DRIFT}, {Origin.CHANGE}, {Origin.CHANGE}]


def test_a_reviewed_creation_holds_as_long_as_nothing_else_would_be_created() -> None:
    reviewed = plan_new(make_new())

    assert compare_plans(reviewed, plan_new(make_new())).is_still_valid
    other = compare_plans(reviewed, plan_new(make_new(spec={f"{V}multiplier": 1})))
    assert other.reasons == {"new": f"{V}multiplier becomes 1 now, was to become 40"}


def test_a_reviewed_creation_that_was_carried_out_is_done() -> None:
    there = make_live(2, {"channelImportId": "NEW", "channelInfo": "New use", f"{V}multiplier": 40})

    comparison = compare_plans(plan_new(make_new()), plan_new(make_new(), live=[PRIMARY, there]))

    assert (comparison.is_still_valid, comparison.done) == (True, ("new",))


def test_a_reviewed_creation_is_stale_if_the_channel_is_there_with_other_values() -> None:
    there = make_live(2, {"channelImportId": "NEW", "channelInfo": "New use"})

    comparison = compare_plans(plan_new(make_new()), plan_new(make_new(), live=[PRIMARY, there]))

    assert comparison.reasons == {"new": "is now channel 2, which was created since and has other values"}
