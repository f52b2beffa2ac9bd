"""Live values taken over into files, and the check that the plan is then empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.channels import DesiredVersion
from reconciler.model.findings import Finding, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.importing.inventory import Kept, Skipped
from reconciler.planning.importing.updates import (
    Past,
    Updates,
    find_suspicious_matches,
    find_updates,
    leave_edited,
    verify_import,
)
from tests.planning.tenant import V, add_older_version, make_calculated, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Version
    from reconciler.model.values import Spec


def test_only_managed_values_that_differ_are_imported_as_the_files_write_them() -> None:
    live = [
        make_live(1, {f"{V}unitId": 2, f"{V}multiplier": 5}),
        make_calculated(2, "channel(1) * 3"),
        make_live(3, {"channelInfo": "Net"}),
    ]
    channels = [
        make_desired("use", 1, {"channelInfo": "Use", f"{V}unitCode": "KWH"}),
        make_desired("sum", 2, {f"{V}formula": "channel(use)"}, file="channels/other.yaml"),
        make_desired("net", 3, {"channelInfo": "Other"}),
    ]

    assert find_updates(plan_of(channels, live), {"use", "sum"}, is_representable) == Updates(
        {
            "channels/north.yaml": {"use": {f"{V}unitCode": "KW"}},
            "channels/other.yaml": {"sum": {f"{V}formula": "channel(use) * 3"}},
        },
        (),
    )


def test_implied_edits_are_not_imported() -> None:
    live = make_live(1, {f"{V}observationRuleId": 1, f"{V}rolloverValue": 10, f"{V}rollbackAllowance": 0.2})
    plan = plan_of([make_desired("use", 1, {f"{V}observationRule": "Trip"})], [live])

    updates = find_updates(plan, {"use"}, is_representable)

    assert updates.files == {"channels/north.yaml": {"use": {f"{V}observationRule": "Odometer"}}}
    assert updates.names == {"use"}


def test_a_channel_with_a_value_that_no_file_can_hold_is_left_unchanged() -> None:
    live = make_live(1, {"channelInfo": "bell \x07", f"{V}multiplier": 5})
    plan = plan_of([make_desired("use", 1, {"channelInfo": "Use", f"{V}multiplier": 1})], [live])

    assert find_updates(plan, {"use"}, is_representable) == Updates(
        {}, (Skipped("use", "channelInfo", "a file cannot hold this value"),)
    )


def test_files_that_match_energycap_import_nothing() -> None:
    plan = plan_of([make_desired("use", 1, {"channelInfo": "Use"})], [make_live(1)])

    assert find_updates(plan, {"use"}, is_representable) == Updates({}, ())


OTHER: Spec = {"channelInfo": "Demand", "observationTypeId": 11}
BY_IMPORT_ID = Identifiers(channel_import_id="C-1")


def test_a_match_with_another_name_and_type_is_suspicious() -> None:
    desired = make_desired("use", 1, {"channelInfo": "Use", "observationTypeCode": "ELECUSE"}, select=BY_IMPORT_ID)

    doubts = find_suspicious_matches(plan_of([desired], [make_live(1, OTHER)]), [desired])

    assert doubts == {
        1: Finding(
            code="ESA308",
            severity=Severity.ERROR,
            message=(
                'select may match another channel, found "Use" (ELECUSE) in the file and '
                '"Demand" (ELECDEMAND) in EnergyCAP'
            ),
            location=desired.locate("select.channelImportId"),
            fix="correct select; if this is the right channel, write  select: {channelId: 1}",
        )
    }


@pytest.mark.parametrize(
    ("spec", "select"),
    [
        pytest.param({"channelInfo": "Use"}, BY_IMPORT_ID, id="another name alone"),
        pytest.param({"observationTypeCode": "ELECUSE"}, BY_IMPORT_ID, id="another type alone"),
        pytest.param({"channelInfo": "Use", "observationTypeId": 11}, BY_IMPORT_ID, id="the same type, by its id"),
        pytest.param({"channelInfo": "Use", "observationTypeId": 10}, Identifiers(channel_id=1), id="found by its id"),
        pytest.param({"channelInfo": "Demand", "observationTypeId": 11}, BY_IMPORT_ID, id="nothing differs"),
    ],
)
def test_a_match_with_the_same_name_or_type_or_by_id_is_not_suspicious(spec: Spec, select: Identifiers) -> None:
    desired = make_desired("use", 1, spec, select=select)

    assert find_suspicious_matches(plan_of([desired], [make_live(1, OTHER)]), [desired]) == {}


@pytest.mark.parametrize("select", [BY_IMPORT_ID, None], ids=["by select", "by import id"])
def test_a_match_with_another_type_id_is_suspicious(select: Identifiers | None) -> None:
    spec: Spec = {"channelInfo": "Use", "observationTypeId": 10, "channelImportId": "C-1"}
    desired = make_desired("use", 1, spec, select=select)

    (doubt,) = find_suspicious_matches(plan_of([desired], [make_live(1, OTHER)]), [desired]).values()

    assert doubt.message.endswith('found "Use" (10) in the file and "Demand" (11) in EnergyCAP')


LIVE = (make_live(1), make_live(2), make_live(3))
USE = make_desired("use", 1, {"channelInfo": "Use"})
DRIFTED = make_desired("drifted", 2, {"channelInfo": "Net"})
BEFORE = plan_of([DRIFTED], LIVE)


def test_an_import_that_changes_nothing_may_be_written() -> None:
    assert verify_import(BEFORE, plan_of([USE, DRIFTED], LIVE), {"use"}) == ()


def test_an_edit_of_an_imported_channel_is_reported() -> None:
    wrong = make_desired("use", 1, {"channelInfo": "Usage", f"{V}multiplier": 2})

    assert verify_import(BEFORE, plan_of([wrong, DRIFTED], LIVE), {"use"}) == (
        'use: channelInfo  "Use" → "Usage"',
        f"use: {V}multiplier  1 → 2",
    )


def test_an_edit_of_a_value_that_the_file_keeps_is_not_reported_nor_what_it_implies() -> None:
    rule = f"{V}observationRule"
    odometer = make_live(1, {f"{V}observationRuleId": 1, f"{V}rolloverValue": 10})
    kept = make_desired("use", 1, {"channelInfo": "Usage", rule: "Trip"})
    after = plan_of([kept, DRIFTED], (odometer, *LIVE[1:]))

    assert verify_import(BEFORE, after, {"use"}, {("use", rule)}) == ('use: channelInfo  "Use" → "Usage"',)
    assert verify_import(BEFORE, after, {"use"}, {("use", "channelInfo"), ("use", rule)}) == ()


def test_an_imported_channel_that_is_not_found_is_reported() -> None:
    lost = make_desired("use", 99)
    (first, second) = verify_import(BEFORE, plan_of([lost, DRIFTED], LIVE), {"use"})

    assert first == "use: would not be found in EnergyCAP"
    assert second.startswith("use: ESA301 ")


def test_an_effect_of_an_import_on_other_channels_is_reported() -> None:
    other = make_desired("drifted", 2, {"channelInfo": "Net", f"{V}multiplier": 3})

    assert verify_import(BEFORE, plan_of([USE, other], LIVE), {"use"}) == (
        'drifted: channelInfo  "Use" → "Net"',
        f"drifted: {V}multiplier  1 → 3",
    )


def test_an_error_that_existed_before_does_not_stop_an_import() -> None:
    lost = make_desired("lost", 99)
    before = plan_of([lost], LIVE)

    assert verify_import(before, plan_of([lost, USE], LIVE), {"use"}) == ()


def test_a_new_error_beside_one_that_existed_before_is_reported() -> None:
    lost = make_desired("lost", 99)

    (reason,) = verify_import(plan_of([lost], LIVE), plan_of([lost, make_desired("other", 98)], LIVE), set())

    assert reason.startswith("other: ESA301 ")


def test_a_warning_does_not_stop_an_import() -> None:
    warned = make_desired("use", 1, {"channelImportId": "C-2"}, select=BY_IMPORT_ID)
    live = (make_live(1, {"channelImportId": "C-2"}),)
    after = plan_of([warned], live)

    assert [finding.severity for finding in after.findings] == [Severity.NOTE]
    assert verify_import(plan_of([], live), after, {"use"}) == ()


MINE = make_desired("use", 1, {"channelInfo": "Mine", f"{V}multiplier": 1}, data_point="NB-ELEC")
NET = make_desired("net", 2, {"channelInfo": "Net"})
FOUND = Updates(
    {
        "channels/north.yaml": {"use": {"channelInfo": "Live", f"{V}multiplier": 5}},
        "channels/other.yaml": {"net": {"channelInfo": "Live net"}},
    },
    (Skipped("sum", "channelInfo", "a file cannot hold this value"),),
)
COMMITTED = Past({"use": MINE, "net": NET}, "not committed")


def leave(*pasts: Past, now: Desired = MINE) -> Updates:
    return leave_edited(FOUND, {"use": now, "net": NET}, pasts, {"use": make_live(1), "net": make_live(2)})


def test_values_that_the_files_always_had_are_taken_over() -> None:
    assert leave() == leave(COMMITTED) == leave(COMMITTED, replace(COMMITTED, is_whole=False)) == FOUND


@pytest.mark.parametrize(
    "spec",
    [{"channelInfo": "Old", f"{V}multiplier": 1}, {f"{V}multiplier": 1}],
    ids=["another value", "not managed"],
)
def test_a_value_that_was_edited_since_one_of_the_pasts_is_kept_with_the_reason(spec: Spec) -> None:
    fork = Past({"use": replace(MINE, spec=spec), "net": NET}, "this branch changed it")

    assert leave(COMMITTED, fork) == Updates(
        {
            "channels/north.yaml": {"use": {f"{V}multiplier": 5}},
            "channels/other.yaml": {"net": {"channelInfo": "Live net"}},
        },
        FOUND.left_out,
        (Kept("use", "channelInfo", "Mine", "Live", "this branch changed it"),),
    )


ON_IMPORT_ID, ON_ANOTHER = (
    replace(MINE, select=None, spec={**MINE.spec, "channelImportId": import_id}) for import_id in ("C-1", "C-9")
)


@pytest.mark.parametrize(
    ("past", "now", "reason"),
    [
        pytest.param(Past({"net": NET}, "new"), MINE, "new", id="a new channel"),
        pytest.param(
            Past({"net": NET}, "new", is_whole=False),
            MINE,
            "new, or was in a file that could not be read there",
            id="perhaps a new channel",
        ),
        pytest.param(
            Past({"use": replace(MINE, select=BY_IMPORT_ID), "net": NET}, "moved"), MINE, "moved", id="another select"
        ),
        pytest.param(
            Past({"use": replace(MINE, data_point=None), "net": NET}, "moved"), MINE, "moved", id="another data point"
        ),
        pytest.param(
            Past({"use": ON_ANOTHER, "net": NET}, "moved"), ON_IMPORT_ID, "moved", id="another import id, and no select"
        ),
    ],
)
def test_all_values_are_kept_if_the_channel_is_new_or_means_another_one(past: Past, now: Desired, reason: str) -> None:
    assert leave(past, now=now) == Updates(
        {"channels/other.yaml": {"net": {"channelInfo": "Live net"}}},
        FOUND.left_out,
        (
            Kept("use", "channelInfo", "Mine", "Live", reason),
            Kept("use", f"{V}multiplier", 1, 5, reason),
        ),
    )


LISTED = make_desired(
    "use",
    1,
    {f"{V}multiplier": 3},
    versions=(
        DesiredVersion("", 0, {f"{V}multiplier": 1}),
        DesiredVersion("2025-01-01T00:00:00", 1, {f"{V}multiplier": 2}),
        DesiredVersion("2027-01-01T00:00:00", 2, {f"{V}multiplier": 3}),
    ),
)
SWAPPED = add_older_version(make_live(1, {f"{V}multiplier": 8}), "2025-01-01T00:00:00", **{f"{V}multiplier": 9})


def test_each_listed_version_takes_over_its_live_values_and_one_that_is_not_live_stays() -> None:
    plan = plan_of([LISTED], [SWAPPED])

    assert find_updates(plan, {"use"}, is_representable) == Updates(
        {"channels/north.yaml": {"use": {f"{V}multiplier": 8, "channelVersions[null].multiplier": 9}}},
        (),
        pending=(Skipped("use", "channelVersions[2027-01-01T00:00:00]", "EnergyCAP has no version that begins then"),),
    )


def test_a_listed_value_that_a_file_cannot_hold_leaves_its_channel_as_it_is() -> None:
    bad = replace(SWAPPED, versions=tuple(put(version, 0.1 + 0.2) for version in SWAPPED.versions))

    updates = find_updates(plan_of([LISTED], [bad]), {"use"}, is_representable)

    assert updates.files == {}
    assert [left.path for left in updates.left_out] == ["channelVersions[null].multiplier"]


def put(version: Version, multiplier: float) -> Version:
    return replace(version, values={**version.values, f"{V}multiplier": multiplier})


def test_an_edited_version_of_the_list_is_kept_and_the_others_are_taken_over() -> None:
    first, second, last = LISTED.versions
    before = replace(LISTED, versions=(replace(first, spec={f"{V}multiplier": 5}), second, last))
    found = find_updates(plan_of([LISTED], [SWAPPED]), {"use"}, is_representable)

    kept = leave_edited(found, {"use": LISTED}, (Past({"use": before}, "edited"),), {"use": SWAPPED})

    assert kept.files == {"channels/north.yaml": {"use": {f"{V}multiplier": 8}}}
    assert kept.kept == (Kept("use", "channelVersions[null].multiplier", 1, 9, "edited"),)


def test_what_is_new_in_energycap_is_taken_over_unless_it_was_taken_out_of_the_list() -> None:
    short = replace(LISTED, versions=LISTED.versions[:1], spec={f"{V}multiplier": 1})
    new: Spec = {f"{V}multiplier": 8}
    found = Updates({"channels/north.yaml": {"use": new}}, ())

    def leave_of(past: Desired) -> Updates:
        return leave_edited(found, {"use": short}, (Past({"use": past}, "edited"),), {"use": SWAPPED})

    assert leave_of(short) == found
    assert leave_of(LISTED).files == {}
    assert leave_of(LISTED).kept == (Kept("use", f"{V}multiplier", None, 8, "edited"),)
