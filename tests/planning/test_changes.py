"""The digest of a live channel, and whether an edit comes from the files or from drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import Origin
from reconciler.planning.changes import fingerprint, mark_drift
from tests.planning.offline_files import make_definitions
from tests.planning.tenant import V, add_older_version, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Live

LIVE = make_live(1)


def test_a_fingerprint_is_the_same_in_every_run() -> None:
    assert fingerprint(LIVE) == "sha256:d2d7abdd1273fd4faa6df3c438937e2545f84aac10e98e7abfe1d7d6ed7c9c65"


@pytest.mark.parametrize("text", ["Geb\N{LATIN SMALL LETTER A WITH DIAERESIS}ude", "\ud800"])
def test_any_text_has_a_fingerprint(text: str) -> None:
    named = make_live(1, {"channelDescription": text})

    assert fingerprint(named) == fingerprint(named)
    assert fingerprint(named) != fingerprint(LIVE)


def test_two_reads_of_an_unchanged_channel_have_one_fingerprint() -> None:
    backwards = replace(LIVE, values=dict(reversed(list(LIVE.values.items()))))

    assert fingerprint(backwards) == fingerprint(LIVE)
    assert fingerprint(replace(LIVE, has_readings=True, last_reading="2026-01-01T00:00:00")) == fingerprint(LIVE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(make_live(2), id="another channel"),
        pytest.param(make_live(1, {"channelDescription": ""}), id="an empty text for null"),
        pytest.param(make_live(1, {f"{V}multiplier": 2}), id="a versioned value"),
        pytest.param(add_older_version(LIVE, "2024-01-01T00:00:00"), id="a version more"),
    ],
)
def test_everything_that_an_edit_can_change_is_in_the_fingerprint(other: Live) -> None:
    assert fingerprint(other) != fingerprint(LIVE)


RULE = "esaChannelVersion.observationRule"
ODOMETER = make_live(
    1,
    {
        "esaChannelVersion.observationRuleId": 1,
        RULE: "Odometer",
        "esaChannelVersion.rolloverValue": 99999,
        "esaChannelVersion.rollbackAllowance": 0.1,
    },
)


def test_an_edit_is_drift_if_the_base_has_the_same_value_and_else_this_change() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed", "channelDescription": "Described", RULE: "Trip"})
    base = make_desired("one", 1, {"channelInfo": "Renamed", "channelDescription": "Otherwise", RULE: "Trip"})
    plan = mark_drift(plan_of([now], [ODOMETER]), make_definitions([now]), make_definitions([base]), [ODOMETER])
    (change,) = plan.changes
    assert {edit.path.rpartition(".")[2]: edit.origin for edit in change.edits} == {
        "channelInfo": Origin.DRIFT,
        "channelDescription": Origin.CHANGE,
        "observationRule": Origin.DRIFT,
        "rolloverValue": Origin.DRIFT,
        "rollbackAllowance": Origin.DRIFT,
    }
    assert plan.summary.drift == 4


def test_an_edit_of_a_value_that_the_base_did_not_manage_is_from_this_change() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed"})
    base = make_desired("one", 1, {"channelDescription": None})
    plan = mark_drift(plan_of([now], [ODOMETER]), make_definitions([now]), make_definitions([base]), [ODOMETER])
    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]


def test_all_edits_of_a_channel_that_is_new_in_the_files_are_from_this_change() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed"})
    plan = mark_drift(plan_of([now], [ODOMETER]), make_definitions([now]), make_definitions([]), [ODOMETER])
    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]


def test_the_origin_is_unknown_if_the_channel_may_be_in_a_part_of_the_base_that_could_not_be_read() -> None:
    now = make_desired("one", 1, {"channelInfo": "Renamed"})
    plan = plan_of([now], [ODOMETER])
    marked = mark_drift(plan, make_definitions([now]), make_definitions([]), [ODOMETER], is_whole=False)
    assert [edit.origin for edit in marked.changes[0].edits] == [Origin.UNKNOWN]


def test_all_edits_are_from_this_change_if_the_name_now_selects_another_channel() -> None:
    live = [make_live(1, {"channelInfo": "Old meter"}), make_live(2, {"channelInfo": "New meter"})]
    base = make_desired("one", 1, {"channelInfo": "Old meter"})
    now = make_desired("one", 2, {"channelInfo": "Old meter"})

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.CHANGE]


def test_another_select_for_the_same_channel_does_not_turn_drift_into_this_change() -> None:
    live = [make_live(1, {"channelInfo": "By hand", "channelImportId": "NB-USE"})]
    base = make_desired("one", 1, {"channelInfo": "Use"})
    now = replace(base, select=Identifiers(channel_import_id="NB-USE"))

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [Origin.DRIFT]


GONE = Identifiers(channel_import_id="GONE")
BY_ID = make_desired("one", 1, {"channelInfo": "Use"})
BY_IMPORT_ID = make_desired("one", 0, {"channelInfo": "Use", "channelImportId": "C-1"}, select=None)
BY_EITHER = replace(BY_IMPORT_ID, select=GONE)


@pytest.mark.parametrize(
    ("base", "now", "origin"),
    [
        pytest.param(replace(BY_ID, select=GONE), BY_ID, Origin.CHANGE, id="another select"),
        pytest.param(
            replace(BY_IMPORT_ID, spec={"channelInfo": "Use", "channelImportId": "GONE"}),
            BY_IMPORT_ID,
            Origin.CHANGE,
            id="another import id, and no select",
        ),
        pytest.param(
            replace(BY_EITHER, spec={"channelInfo": "Use", "channelImportId": "NEW"}),
            BY_EITHER,
            Origin.DRIFT,
            id="the same select, out of date",
        ),
        pytest.param(
            replace(BY_EITHER, spec={"channelInfo": "Use", "channelImportId": "C-2"}),
            BY_EITHER,
            Origin.CHANGE,
            id="the same select, out of date, and the import id of another channel",
        ),
    ],
)
def test_the_origin_of_an_edit_if_the_base_found_no_channel_by_its_select(
    base: Desired, now: Desired, origin: Origin
) -> None:
    live = [make_live(1, {"channelInfo": "By hand"}), make_live(2)]

    plan = mark_drift(plan_of([now], live), make_definitions([now]), make_definitions([base]), live)

    assert [edit.origin for edit in plan.changes[0].edits] == [origin]
