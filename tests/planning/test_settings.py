"""Whether the settings of a channel fit together as they will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.plan import Blocker, Verdict
from reconciler.model.project import ChannelEdit
from tests.planning.tenant import (
    BASIS,
    SANDBOX,
    V,
    add_older_version,
    make_desired,
    make_live,
    plan_of,
    plan_one,
    tell_blocks,
)

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec

DEMAND: Spec = {"observationTypeId": 11}
ODOMETER: Spec = {f"{V}observationRuleId": 1}
PRIMARY_DEMAND: Spec = {"isPrimaryDemand": True}
RENAMED: Spec = {"channelInfo": "New name"}
ALREADY_WRONG = make_live(1, {f"{V}rolloverValue": 5})


def read_over(first: str, last: str | None, begin: str | None = None, *, older: bool = False) -> Live:
    """A channel with readings from `first` to `last` whose version begins at `begin`, perhaps after an older one."""
    live = make_live(1, {f"{V}beginDate": begin}, has_readings=True, first_reading=first, last_reading=last)
    return add_older_version(live, begin or "") if older else live


def test_a_file_and_live_together_may_break_what_neither_breaks_alone() -> None:
    change = plan_one({f"{V}minimumReading": 100}, make_live(1, {f"{V}maximumReading": 50}))

    assert change.blocked_by == (
        Blocker(
            rule="ESA211",
            message="minimumReading must not be above maximumReading, found 100 above 50",
            evidence={"path": f"{V}minimumReading", "value": 100},
            unblock="swap the two, or write null for a limit that you do not want",
        ),
    )


def test_what_is_wrong_already_and_documented_as_refused_blocks_and_says_so() -> None:
    assert plan_one(RENAMED, ALREADY_WRONG).blocked_by == (
        Blocker(
            rule="ESA214",
            message="rolloverValue must be null under the Trip rule, found 5 (already so in EnergyCAP)",
            evidence={"path": f"{V}rolloverValue", "value": 5},
            unblock="mend it in EnergyCAP or in the same change: remove the line, or write  observationRule: Odometer",
        ),
    )


def test_what_is_wrong_already_and_touched_blocks_as_any_other() -> None:
    assert tell_blocks(plan_one({f"{V}rolloverValue": 6}, ALREADY_WRONG)) == [
        "ESA214 rolloverValue must be null under the Trip rule, found 6"
    ]


def test_what_is_wrong_already_but_only_inferred_does_not_block() -> None:
    live = make_live(1, {f"{V}minimumReading": 100, f"{V}maximumReading": 50})

    assert plan_one(RENAMED, live).is_sendable


@pytest.mark.parametrize(
    ("spec", "channel_edit", "is_sendable"),
    [
        pytest.param(RENAMED, ChannelEdit.OMIT_VERSION, True, id="the version is not sent"),
        pytest.param(RENAMED, ChannelEdit.ECHO_LATEST, False, id="the version is echoed"),
        pytest.param({f"{V}multiplier": 2}, ChannelEdit.OMIT_VERSION, False, id="the version is edited"),
    ],
)
def test_what_is_wrong_already_counts_where_it_is_sent(
    spec: Spec, channel_edit: ChannelEdit, *, is_sendable: bool
) -> None:
    live = add_older_version(ALREADY_WRONG, "2025-01-01T00:00:00")
    basis = replace(BASIS, environment=replace(SANDBOX, channel_edit=channel_edit))

    (change,) = plan_of([make_desired("north", 1, spec)], [live], basis).changes

    assert change.is_sendable is is_sendable


def test_a_demand_channel_cannot_have_the_odometer_rule() -> None:
    assert plan_one({f"{V}observationRule": "Odometer"}, make_live(1, DEMAND)).blocked_by == (
        Blocker(
            rule="ESA406",
            message="a demand channel cannot have the Odometer rule",
            evidence={
                "observation_rule": "Odometer",
                "observation_type": "ELECDEMAND",
                "noun": "Demand",
                "is_primary_demand": False,
            },
            unblock="write observationRule: Trip, "
            "or an observation type that is not demand, with isPrimaryDemand: false",
        ),
    )


@pytest.mark.parametrize(
    ("spec", "live", "expected"),
    [
        pytest.param({"observationTypeCode": "ELECDEMAND"}, ODOMETER, "", id="type"),
        pytest.param({"isPrimaryDemand": True}, ODOMETER, "", id="primary demand"),
        pytest.param(RENAMED, {**DEMAND, **ODOMETER}, " (already so in EnergyCAP)", id="already so"),
    ],
)
def test_whatever_makes_demand_meet_odometer_is_told_once(spec: Spec, live: Spec, expected: str) -> None:
    assert tell_blocks(plan_one(spec, make_live(1, live))) == [
        f"ESA406 a demand channel cannot have the Odometer rule{expected}"
    ]


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        pytest.param({f"{V}observationRule": "Odometer"}, {}, id="use under Odometer"),
        pytest.param({"observationTypeCode": "ELECDEMAND"}, {}, id="demand under Trip"),
        pytest.param(
            {f"{V}observationRule": "Trip"}, {**DEMAND, **ODOMETER, **PRIMARY_DEMAND}, id="demand mended by Trip"
        ),
        pytest.param(RENAMED, {**ODOMETER, "observationTypeId": 13}, id="a noun not known and not touched"),
    ],
)
def test_demand_and_odometer_apart_are_allowed(spec: Spec, live: Spec) -> None:
    assert plan_one(spec, make_live(1, live)).is_sendable


@pytest.mark.parametrize("type_id", [13, 99])
def test_an_observation_type_whose_noun_is_not_known_cannot_be_judged(type_id: int) -> None:
    change = plan_one({f"{V}observationRule": "Odometer"}, make_live(1, {"observationTypeId": type_id}))

    assert change.verdict is Verdict.UNKNOWN
    assert tell_blocks(change) == [
        "ESA406 cannot be known whether this is a demand channel, which the Odometer rule is not for"
    ]


def test_a_unit_of_money_is_refused() -> None:
    assert plan_one({f"{V}unitCode": "USD"}, make_live(1)).blocked_by == (
        Blocker(
            rule="ESA407",
            message='the unit must not be of a Money type, found "USD"',
            evidence={"unit": "USD", "unit_type": "MONEY"},
            unblock="write the code of a unit that measures something",
        ),
    )


def test_a_unit_whose_type_is_not_known_cannot_be_judged() -> None:
    change = plan_one({f"{V}unitCode": "ODD"}, make_live(1))

    assert change.verdict is Verdict.UNKNOWN
    assert change.blocked_by == (
        Blocker(
            rule="ESA407",
            message='cannot be known whether the unit is of a Money type, found "ODD"',
            evidence={"unit": "ODD", "unit_type": None},
            unblock="write the code of a unit whose type EnergyCAP gives, or make this edit in EnergyCAP itself",
            is_unknown=True,
        ),
    )


@pytest.mark.parametrize(
    ("unit_id", "expected"),
    [(4, ['ESA407 the unit must not be of a Money type, found "USD" (already so in EnergyCAP)']), (5, []), (99, [])],
)
def test_a_unit_that_is_not_touched_counts_only_where_it_is_known_as_money(unit_id: int, expected: list[str]) -> None:
    assert tell_blocks(plan_one(RENAMED, make_live(1, {f"{V}unitId": unit_id}))) == expected


@pytest.mark.parametrize(
    ("begin", "fix"),
    [
        (None, "write a beginDate after 2024-01-01T00:00:00"),
        ("2024-01-01", "write a beginDate after 2024-01-01T00:00:00"),
        ("2023-06-01", "write a beginDate after 2024-01-01T00:00:00"),
    ],
)
def test_the_current_version_cannot_begin_before_the_one_before_it(begin: str | None, fix: str) -> None:
    three = add_begun(add_older_version(make_live(1), "2025-01-01T00:00:00"), "2024-01-01T00:00:00")

    (block,) = plan_one({f"{V}beginDate": begin}, three).blocked_by

    assert (block.rule, block.unblock) == ("ESA411", fix)


def test_the_second_version_cannot_begin_at_the_beginning() -> None:
    live = add_older_version(make_live(1), "2025-01-01T00:00:00")

    (block,) = plan_one({f"{V}beginDate": None}, live).blocked_by

    assert block == Blocker(
        rule="ESA411",
        message="the current version must begin after the one before it, found null for beginDate",
        evidence={"begin_date": None, "begin_date_before": None, "versions": 2},
        unblock="write a beginDate after that of the previous version",
    )


@pytest.mark.parametrize(
    ("live", "begin"),
    [
        (add_older_version(make_live(1), "2025-01-01T00:00:00"), "2024-06-01"),
        (make_live(1), "2024-06-01"),
        (make_live(1, {f"{V}beginDate": "2024-01-01T00:00:00"}), None),
    ],
)
def test_a_begin_that_swallows_no_version_is_allowed(live: Live, begin: str | None) -> None:
    assert plan_one({f"{V}beginDate": begin}, live).is_sendable


@pytest.mark.parametrize(
    ("live", "begin", "lost"),
    [
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00"),
            "2025-03-01",
            "stored readings from 2024-12-01T00:15:00 up to 2025-03-01T00:00:00 would belong to no version",
            id="the first version, from the beginning to a date",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="1899-12-30T00:00:00"),
            "2099-01-01",
            "stored readings from 2024-12-01T00:15:00 up to 2099-01-01T00:00:00 would belong to no version",
            id="the first version, from the floor to the future",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="2025-01-01T00:00:00"),
            "2025-06-29T23:45",
            "stored readings after 2025-01-01T00:00:00 up to 2025-06-29T23:45:00 would belong to no version",
            id="the first version, to a later date",
        ),
        pytest.param(
            read_over("2025-03-01T00:00:00", None),
            "2025-03-01",
            "stored readings from 2025-03-01T00:00:00 up to 2025-03-01T00:00:00 would belong to no version",
            id="the first version, to the time of the first reading, which it does not cover",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="2025-03-01T00:00:00", older=True),
            "2025-04-01",
            "stored readings after 2025-03-01T00:00:00 up to 2025-04-01T00:00:00 would go to the version before "
            "this one",
            id="a later version, later",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="2025-03-01T00:00:00", older=True),
            "2025-02-01",
            "stored readings after 2025-02-01T00:00:00 up to 2025-03-01T00:00:00 would go from the version before to "
            "this one",
            id="a later version, earlier into the time of the one before",
        ),
    ],
)
def test_a_begin_does_not_move_past_stored_readings(live: Live, begin: str, lost: str) -> None:
    (block,) = plan_one({f"{V}beginDate": begin, f"{V}multiplier": 2}, live).blocked_by

    assert (block.rule, block.message, block.is_unknown) == ("ESA420", f"cannot begin at another time: {lost}", False)


def test_a_begin_that_cannot_move_says_what_was_read_and_how_a_new_version_is_made() -> None:
    live = read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00")

    (block,) = plan_one({f"{V}beginDate": "2025-03-01"}, live).blocked_by

    assert block == Blocker(
        rule="ESA420",
        message="cannot begin at another time: stored readings from 2024-12-01T00:15:00 up to 2025-03-01T00:00:00 "
        "would belong to no version",
        evidence={
            "begin_date_now": None,
            "begin_date_wanted": "2025-03-01T00:00:00",
            "has_readings": True,
            "first_reading": "2024-12-01T00:15:00",
            "last_reading": "2025-06-30T00:00:00",
            "versions": 1,
        },
        unblock="write  beginDate: null  as EnergyCAP has it; to change settings from a date on, make a new version in "
        "EnergyCAP that begins then, and let the file take it over:  reconciler import --update",
    )


@pytest.mark.parametrize(
    ("has_readings", "first", "unsaid"),
    [
        (None, None, "whether the channel has readings"),
        (None, "2024-12-01T00:15:00", "whether the channel has readings"),
        (True, None, "when the channel's readings begin"),
    ],
)
def test_a_begin_does_not_move_where_nobody_says_what_is_stored(
    has_readings: bool | None, first: str | None, unsaid: str
) -> None:
    live = make_live(1, has_readings=has_readings, first_reading=first)

    (block,) = plan_one({f"{V}beginDate": "2025-03-01"}, live).blocked_by

    message = f"may begin past stored readings: EnergyCAP does not say {unsaid}"
    assert (block.rule, block.message, block.is_unknown) == ("ESA420", message, True)


@pytest.mark.parametrize(
    ("live", "begin"),
    [
        pytest.param(make_live(1, has_readings=False), "2099-01-01", id="no readings"),
        pytest.param(read_over("2025-03-01T00:15:00", None), "2025-03-01", id="up to the first reading"),
        pytest.param(read_over("2024-12-01T00:15:00", None, begin="2025-03-01T00:00:00"), None, id="an only version"),
        pytest.param(
            read_over("2024-01-01T00:15:00", "2025-02-01T00:00:00", begin="2025-03-01T00:00:00", older=True),
            "2025-02-01",
            id="all readings are older",
        ),
    ],
)
def test_a_begin_moves_where_no_reading_lies(live: Live, begin: str | None) -> None:
    assert plan_one({f"{V}beginDate": begin}, live).is_sendable


def add_begun(live: Live, begin: str) -> Live:
    """`live` with a begin for its older version."""
    older, current = live.versions
    return replace(live, versions=(replace(older, begin_date=begin), current))
