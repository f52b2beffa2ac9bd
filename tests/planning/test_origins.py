"""Whether an edit comes from the files or from drift."""

from __future__ import annotations

from reconciler.model.plan import Origin
from reconciler.planning.origins import mark_origins
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
    plan = mark_origins(plan_of([now], [LIVE]), make_definitions([now]), make_definitions([base]))
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
    plan = mark_origins(plan_of([now], [LIVE]), make_definitions([now]), make_definitions([]))
    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]
