"""What managed files take over from the service."""

from __future__ import annotations

from reconciler.definitions.holding import can_hold
from reconciler.planning.importing.terms import LeftOut
from reconciler.planning.importing.updates import Updates, find_updates
from tests.planning.tenant import V, make_calculated, make_desired, make_live, plan_of


def test_only_managed_values_that_differ_are_taken_over_in_the_words_of_files() -> None:
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

    assert find_updates(plan_of(channels, live), {"use", "sum"}, can_hold) == Updates(
        {
            "channels/north.yaml": {"use": {f"{V}unitCode": "KW"}},
            "channels/other.yaml": {"sum": {f"{V}formula": "channel(use) * 3"}},
        },
        (),
    )


def test_what_an_edit_implies_is_not_managed_and_not_taken_over() -> None:
    live = make_live(1, {f"{V}observationRuleId": 1, f"{V}rolloverValue": 10, f"{V}rollbackAllowance": 0.2})
    plan = plan_of([make_desired("use", 1, {f"{V}observationRule": "Trip"})], [live])

    updates = find_updates(plan, {"use"}, can_hold)

    assert updates.files == {"channels/north.yaml": {"use": {f"{V}observationRule": "Odometer"}}}
    assert updates.names == {"use"}


def test_a_channel_with_a_value_that_no_file_can_hold_is_left_as_it_is() -> None:
    live = make_live(1, {"channelInfo": "bell \x07", f"{V}multiplier": 5})
    plan = plan_of([make_desired("use", 1, {"channelInfo": "Use", f"{V}multiplier": 1})], [live])

    assert find_updates(plan, {"use"}, can_hold) == Updates(
        {}, (LeftOut("use", "channelInfo", "a file cannot hold this value"),)
    )


def test_files_that_say_what_the_service_has_take_over_nothing() -> None:
    plan = plan_of([make_desired("use", 1, {"channelInfo": "Use"})], [make_live(1)])

    assert find_updates(plan, {"use"}, can_hold) == Updates({}, ())
