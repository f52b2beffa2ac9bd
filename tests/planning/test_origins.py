"""Whether an edit comes from the files or from drift."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import Origin
from reconciler.planning.changes import mark_drift
from tests.planning.offline_files import make_definitions
from tests.planning.tenant import make_desired, make_live, plan_of

RULE = "esaChannelVersion.observationRule"
LIVE = make_live(
    1,
    {
        "esaChannelVersion.observationRuleId": 1,
        RULE: "Odometer",
        "esaChannelVersion.rolloverValue": 99999,
        "esaChannelVersion.rollbackAllowance": 0.1,
    },
)


def test_what_the_base_said_already_is_drift_and_the_rest_this_change() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed", "channelDescription": "Described", RULE: "Trip"})
    base = make_desired("one", 1, {"channelInfo": "Renamed", "channelDescription": "Otherwise", RULE: "Trip"})
    plan = mark_drift(plan_of([now], [LIVE]), make_definitions([now]), make_definitions([base]), [LIVE])
    (change,) = plan.changes
    assert {edit.path.rpartition(".")[2]: edit.origin for edit in change.edits} == {
        "channelInfo": Origin.DRIFT,
        "channelDescription": Origin.CHANGE,
        "observationRule": Origin.DRIFT,
        "rolloverValue": Origin.DRIFT,
        "rollbackAllowance": Origin.DRIFT,
    }
    assert plan.summary.drift == 4


def test_a_channel_that_is_new_in_the_files_is_this_change() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed"})
    plan = mark_drift(plan_of([now], [LIVE]), make_definitions([now]), make_definitions([]), [LIVE])
    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]


def test_a_name_that_leads_to_another_channel_now_makes_all_its_edits() -> None:
    live = [make_live(1, {"channelInfo": "Old meter"}), make_live(2, {"channelInfo": "New meter"})]
    base = make_desired("one", 1, {"channelInfo": "Old meter"})
    now = make_desired("one", 2, {"channelInfo": "Old meter"})

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]


def test_another_pointer_to_the_same_channel_leaves_drift_what_it_is() -> None:
    live = [make_live(1, {"channelInfo": "By hand", "channelImportId": "NB-USE"})]
    base = make_desired("one", 1, {"channelInfo": "Use"})
    now = replace(base, select=Identifiers(channel_import_id="NB-USE"))

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.DRIFT]


def test_a_name_that_led_nowhere_makes_its_edits_by_the_pointer_that_it_has_now() -> None:
    live = [make_live(1, {"channelInfo": "By hand"})]
    now = make_desired("one", 1, {"channelInfo": "Use"})
    base = replace(now, select=Identifiers(channel_import_id="GONE"))

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]
