"""Whether a change is legal when it is planned, and again when it is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Unit
from reconciler.model.fields import Impact
from reconciler.model.plan import Blocker, MovedSpan, Verdict
from reconciler.model.project import ChannelEdit, PrimaryMove, VersionDates
from reconciler.planning.diff import apply_values
from reconciler.planning.preconditions import recheck_preconditions
from reconciler.planning.translation import codes_by_id
from tests.planning.tenant import (
    BASIS,
    NORTH,
    REFERENCE,
    SANDBOX,
    SOUTH,
    V,
    add_older_version,
    list_blocks,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
    plan_one,
)

if TYPE_CHECKING:
    from reconciler.model.channels import DataPoint, Desired, Live, ReferenceData
    from reconciler.model.plan import Change, Plan
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


def plan_versioned(spec: Spec, values: Spec, channel_edit: ChannelEdit, begin: str = "2025-01-01T00:00:00") -> Change:
    """The change of a channel that has `values` and two versions."""
    live = add_older_version(make_live(1, values), begin)
    basis = replace(BASIS, environment=replace(SANDBOX, channel_edit=channel_edit))
    (change,) = plan_of([make_desired("north", 1, spec)], [live], basis).changes
    return change


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        pytest.param({f"{V}minimumReading": 100}, {f"{V}maximumReading": 50}, id="the minimum edited"),
        pytest.param({f"{V}maximumReading": 50}, {f"{V}minimumReading": 100}, id="the maximum edited"),
        pytest.param(
            {f"{V}maximumReading": 50},
            {f"{V}minimumReading": 100, f"{V}maximumReading": 60},
            id="the maximum edited that was below already",
        ),
    ],
)
def test_values_of_file_and_energycap_can_break_a_rule_only_together(spec: Spec, live: Spec) -> None:
    assert plan_one(spec, make_live(1, live)).blocked_by == (
        Blocker(
            rule="ESA211",
            message="minimumReading must not be above maximumReading, found 100 above 50",
            evidence={"path": f"{V}minimumReading", "value": 100},
            unblock="swap the two, or write null for a limit that you do not want",
        ),
    )


def test_an_existing_violation_that_the_vendor_documents_as_refused_blocks_and_says_so() -> None:
    assert plan_one(RENAMED, ALREADY_WRONG).blocked_by == (
        Blocker(
            rule="ESA214",
            message="rolloverValue must be null under the Trip rule, found 5 (already so in EnergyCAP)",
            evidence={"path": f"{V}rolloverValue", "value": 5},
            unblock="correct it in EnergyCAP or in the same change: "
            "remove the line, or write  observationRule: Odometer",
        ),
    )


LONG = "channel(2) + " * 9


@pytest.mark.parametrize(
    ("spec", "live", "message"),
    [
        pytest.param(
            {f"{V}rolloverValue": 6},
            ALREADY_WRONG,
            "ESA214 rolloverValue must be null under the Trip rule, found 6",
            id="another number",
        ),
        pytest.param(
            {f"{V}formula": f"{LONG}3"},
            make_live(1, {f"{V}formula": f"{LONG}4"}),
            "ESA204 formula must be null for a simple channel, "
            'found "channel(2) + channel(2) + channel(2) + channel(2) + cha ...',
            id="the end of a long text, which the message cuts",
        ),
    ],
)
def test_an_existing_violation_that_is_edited_blocks_like_any_other(spec: Spec, live: Live, message: str) -> None:
    assert list_blocks(plan_one(spec, live, make_live(2))) == [message]


def test_an_existing_violation_of_an_inferred_rule_does_not_block() -> None:
    live = make_live(1, {f"{V}minimumReading": 100, f"{V}maximumReading": 50})

    assert plan_one(RENAMED, live).is_sendable


@pytest.mark.parametrize(
    ("spec", "channel_edit", "is_sendable"),
    [
        pytest.param(RENAMED, ChannelEdit.OMIT_VERSION, True, id="the version is not sent"),
        pytest.param(RENAMED, ChannelEdit.ECHO_LATEST, False, id="the version is echoed"),
        pytest.param({f"{V}maximumReading": 2}, ChannelEdit.OMIT_VERSION, False, id="the version is edited"),
    ],
)
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({f"{V}rolloverValue": 5}, id="rollover under Trip"),
        pytest.param({**DEMAND, **ODOMETER}, id="demand under Odometer"),
        pytest.param({f"{V}unitId": 4}, id="unit of money"),
        pytest.param({f"{V}multiplier": None}, id="a value that EnergyCAP does not give"),
    ],
)
def test_an_existing_violation_blocks_if_the_request_includes_it(
    wrong: Spec, spec: Spec, channel_edit: ChannelEdit, *, is_sendable: bool
) -> None:
    assert plan_versioned(spec, wrong, channel_edit).is_sendable is is_sendable


@pytest.mark.parametrize("channel_edit", ChannelEdit)
@pytest.mark.parametrize(
    "wrong", [{"intervalMinutes": None}, {"summarizationMethodId": None}], ids=["violation", "gap"]
)
def test_an_edit_of_the_version_never_includes_what_is_wrong_with_the_channel(
    wrong: Spec, channel_edit: ChannelEdit
) -> None:
    assert plan_versioned({f"{V}maximumReading": 2}, wrong, channel_edit).is_sendable


def test_a_demand_flag_breaks_the_odometer_rule_of_a_version_that_is_not_sent() -> None:
    change = plan_versioned({"isPrimaryDemand": True}, ODOMETER, ChannelEdit.OMIT_VERSION)

    assert list_blocks(change) == ["ESA406 a demand channel cannot have the Odometer rule"]


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
def test_demand_under_odometer_is_reported_once_whatever_causes_it(spec: Spec, live: Spec, expected: str) -> None:
    assert list_blocks(plan_one(spec, make_live(1, live))) == [
        f"ESA406 a demand channel cannot have the Odometer rule{expected}"
    ]


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        pytest.param({f"{V}observationRule": "Odometer"}, {}, id="use under Odometer"),
        pytest.param({"observationTypeCode": "ELECDEMAND"}, {}, id="demand under Trip"),
        pytest.param(
            {f"{V}observationRule": "Trip"}, {**DEMAND, **ODOMETER, **PRIMARY_DEMAND}, id="demand corrected by Trip"
        ),
        pytest.param(RENAMED, {**ODOMETER, "observationTypeId": 13}, id="a noun not known and not edited"),
    ],
)
def test_demand_and_odometer_apart_are_allowed(spec: Spec, live: Spec) -> None:
    assert plan_one(spec, make_live(1, live)).is_sendable


UNREAD = replace(REFERENCE, units_unread="403 Forbidden", observation_types_unread="403 Forbidden")
READ_TYPES = "give the key's user permission to read the observation types, or make this edit in EnergyCAP itself"
OTHER_TYPE = "an observation type whose noun EnergyCAP gives, or make this edit in EnergyCAP itself"


@pytest.mark.parametrize(
    ("type_id", "code", "reference", "way_out"),
    [
        pytest.param(13, "MYSTERY", REFERENCE, OTHER_TYPE, id="no noun"),
        pytest.param(99, None, REFERENCE, OTHER_TYPE, id="a type that no list has"),
        pytest.param(13, "MYSTERY", UNREAD, READ_TYPES, id="types that could not be read"),
    ],
)
def test_an_observation_type_without_a_known_noun_is_unknown(
    type_id: int, code: str | None, reference: ReferenceData, way_out: str
) -> None:
    edit = make_desired("north", 1, {f"{V}observationRule": "Odometer"})

    (change,) = plan_of([edit], [make_live(1, {"observationTypeId": type_id})], reference=reference).changes

    assert change.verdict is Verdict.UNKNOWN
    assert change.blocked_by == (
        Blocker(
            rule="ESA406",
            message="unknown whether this is a demand channel, which cannot have the Odometer rule",
            evidence={
                "observation_rule": "Odometer",
                "observation_type": code,
                "noun": None,
                "is_primary_demand": False,
            },
            unblock=f"write  observationRule: Trip, or {way_out}",
            is_unknown=True,
        ),
    )


@pytest.mark.parametrize(("code", "type_"), [("USD", "MONEY"), ("EUR", "Money")], ids=["by code", "by name"])
def test_a_unit_of_money_is_refused(code: str, type_: str) -> None:
    named = replace(REFERENCE, units=(*REFERENCE.units, Unit(8, "EUR", None, "Money")))

    (change,) = plan_of([make_desired("north", 1, {f"{V}unitCode": code})], [make_live(1)], reference=named).changes

    assert change.blocked_by == (
        Blocker(
            rule="ESA407",
            message=f'the unit must not be of a Money type, found "{code}"',
            evidence={"unit": code, "unit_type": type_},
            unblock="write the code of a unit that measures something",
        ),
    )


@pytest.mark.parametrize(
    ("reference", "way_out"),
    [
        (REFERENCE, "write the code of a unit whose type EnergyCAP gives, or make this edit in EnergyCAP itself"),
        (UNREAD, "give the key's user permission to read the units, or make this edit in EnergyCAP itself"),
    ],
    ids=["no type", "units that could not be read"],
)
def test_a_unit_without_a_known_type_is_unknown(reference: ReferenceData, way_out: str) -> None:
    edit = make_desired("north", 1, {f"{V}unitCode": "ODD"})

    (change,) = plan_of([edit], [make_live(1)], reference=reference).changes

    assert change.verdict is Verdict.UNKNOWN
    assert change.blocked_by == (
        Blocker(
            rule="ESA407",
            message='unknown whether the unit is of a Money type, found "ODD"',
            evidence={"unit": "ODD", "unit_type": None},
            unblock=way_out,
            is_unknown=True,
        ),
    )


UNRESOLVED_UNIT = (
    'ESA415 unitCode "STEAM" cannot be resolved: the list of units could not be read in full, 403 Forbidden'
)
UNRESOLVED_TYPE = (
    'ESA415 observationTypeCode "WIND" cannot be resolved: '
    "the list of observation types could not be read in full, 403 Forbidden"
)
GAP = "ESA417 cannot be edited: EnergyCAP does not give its {}, and an edit sends the whole channel"


@pytest.mark.parametrize(
    ("spec", "live", "blocks"),
    [
        pytest.param({f"{V}unitCode": "STEAM"}, {}, [UNRESOLVED_UNIT], id="unit"),
        pytest.param({"observationTypeCode": "WIND"}, {}, [UNRESOLVED_TYPE], id="type"),
        pytest.param(
            {f"{V}unitCode": "STEAM"}, {f"{V}unitId": None}, [UNRESOLVED_UNIT], id="unit that EnergyCAP does not give"
        ),
        pytest.param(
            {"observationTypeCode": "WIND", f"{V}unitCode": "USD"},
            {},
            [UNRESOLVED_TYPE, 'ESA407 the unit must not be of a Money type, found "USD"'],
            id="type, and a unit of money",
        ),
        pytest.param(
            {f"{V}unitCode": "STEAM"},
            {"summarizationMethodId": None},
            [UNRESOLVED_UNIT, GAP.format("summarizationMethodId")],
            id="unit, and a method that EnergyCAP does not give",
        ),
    ],
)
def test_a_code_from_an_unread_list_is_an_unknown_edit(spec: Spec, live: Spec, blocks: list[str]) -> None:
    (change,) = plan_of([make_desired("north", 1, spec)], [make_live(1, live)], reference=UNREAD).changes

    assert [(edit.path, edit.after) for edit in change.edits] == list(spec.items())
    assert list_blocks(change) == blocks


def test_an_edit_that_sends_back_what_energycap_does_not_give_is_unknown() -> None:
    live = make_live(1, {"summarizationMethodId": None, f"{V}unitId": None})

    assert plan_one(RENAMED, live).blocked_by == (
        Blocker(
            rule="ESA417",
            message="cannot be edited: EnergyCAP does not give its summarizationMethodId and unitId, "
            "and an edit sends the whole channel",
            evidence={"missing": ["summarizationMethodId", "unitId"]},
            unblock="correct the channel in EnergyCAP, or write its summarizationMethodId and unitId in the file, "
            "so that it is sent",
            is_unknown=True,
        ),
    )
    assert plan_one({**RENAMED, "summarizationMethod": "Sum", f"{V}unitCode": "KWH"}, live).is_sendable


LOCAL_OR_UTC = "its version begins at 2024-07-01T04:00:00Z, which may be local time, 2024-07-01T04:00:00, or UTC"
ASK = (
    "look at the date in EnergyCAP. If it is 2024-07-01 04:00:00 there, write  versionDates: wallTime  "
    "for this environment in reconciler.yaml, else  versionDates: utc"
)
NO_ZONE = "its version begins at 2024-07-01T04:00:00Z, and the time zone of its data point is not known"
SET_ZONE = "edit the channel in EnergyCAP, or set the time zone of its data point there"


@pytest.mark.parametrize(
    ("version_dates", "evidence", "message", "unblock"),
    [(None, None, LOCAL_OR_UTC, ASK), (VersionDates.UTC, "utc", NO_ZONE, SET_ZONE)],
    ids=["meaning not known", "time zone not known"],
)
def test_a_begin_with_a_zone_is_not_sent_back(
    version_dates: VersionDates | None, evidence: str | None, message: str, unblock: str
) -> None:
    basis = replace(BASIS, environment=replace(SANDBOX, version_dates=version_dates))
    live = make_live(1, {f"{V}beginDate": "2024-07-01T04:00:00Z"})

    (change,) = plan_of([make_desired("north", 1, RENAMED)], [live], basis).changes

    assert change.blocked_by == (
        Blocker(
            rule="ESA413",
            message=message,
            evidence={"begin_date": "2024-07-01T04:00:00Z", "version_dates": evidence},
            unblock=unblock,
            is_unknown=True,
        ),
    )


@pytest.mark.parametrize("channel_edit", ChannelEdit)
def test_a_begin_with_a_zone_blocks_an_edit_of_the_channel_only_if_the_version_is_echoed(
    channel_edit: ChannelEdit,
) -> None:
    change = plan_versioned(RENAMED, {}, channel_edit, begin="2024-07-01T04:00:00Z")

    assert list_blocks(change) == [f"ESA413 {LOCAL_OR_UTC}"] * (channel_edit is ChannelEdit.ECHO_LATEST)


@pytest.mark.parametrize("older", [False, True], ids=["only version", "later version"])
def test_a_begin_that_differs_only_by_its_zone_loses_no_readings(*, older: bool) -> None:
    live = read_over("2023-12-01T00:15:00", "2025-06-30T00:00:00", begin="2024-07-01T04:00:00Z", older=older)

    assert list_blocks(plan_one({f"{V}beginDate": "2024-07-01T04:00:00"}, live)) == [f"ESA413 {LOCAL_OR_UTC}"]


@pytest.mark.parametrize(
    ("unit_id", "expected"),
    [(4, ['ESA407 the unit must not be of a Money type, found "USD" (already so in EnergyCAP)']), (5, []), (99, [])],
)
def test_a_unit_that_is_not_edited_blocks_only_if_it_is_known_to_be_money(unit_id: int, expected: list[str]) -> None:
    assert list_blocks(plan_one(RENAMED, make_live(1, {f"{V}unitId": unit_id}))) == expected


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


def test_the_second_version_cannot_begin_when_the_first_does() -> None:
    live = add_older_version(make_live(1), "2025-01-01T00:00:00")

    (block,) = plan_one({f"{V}beginDate": None}, live).blocked_by

    assert block == Blocker(
        rule="ESA411",
        message="the current version must begin after the one before it, found null for beginDate",
        evidence={"begin_date": None, "begin_date_of_previous_version": None, "versions": 2},
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
def test_a_begin_that_stays_after_the_previous_version_is_allowed(live: Live, begin: str | None) -> None:
    assert plan_one({f"{V}beginDate": begin}, live).is_sendable


@pytest.mark.parametrize(
    ("live", "begin", "lost"),
    [
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00"),
            "2025-03-01",
            "stored readings from 2024-12-01T00:15:00 up to 2025-03-01T00:00:00 would have no settings",
            id="the first version, from the beginning to a date",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="1899-12-30T00:00:00"),
            "2099-01-01",
            "stored readings from 2024-12-01T00:15:00 up to 2025-06-30T00:00:00 would have no settings",
            id="the first version, from a date to the future",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="2025-01-01T00:00:00"),
            "2025-06-29T23:45",
            "stored readings after 2025-01-01T00:00:00 up to 2025-06-29T23:45:00 would have no settings",
            id="the first version, to a later date",
        ),
        pytest.param(
            read_over("2025-01-01T00:00:00", "2025-06-30T00:00:00", begin="2025-01-01T00:00:00"),
            "2025-03-01",
            "stored readings after 2025-01-01T00:00:00 up to 2025-03-01T00:00:00 would have no settings",
            id="the first version, from the time of the first reading, which it does not cover",
        ),
        pytest.param(
            read_over("2025-03-01T00:00:00", None),
            "2025-03-01",
            "stored readings from 2025-03-01T00:00:00 up to 2025-03-01T00:00:00 would have no settings",
            id="the first version, to the time of the first reading, which it does not cover",
        ),
    ],
)
def test_an_only_version_cannot_begin_after_stored_readings(live: Live, begin: str, lost: str) -> None:
    (block,) = plan_one({f"{V}beginDate": begin, f"{V}multiplier": 2}, live).blocked_by

    assert (block.rule, block.message, block.is_unknown) == ("ESA420", f"this moves the only version: {lost}", False)


BETWEEN = read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin="2025-03-01T00:00:00", older=True)


@pytest.mark.parametrize(
    ("live", "begin", "moved", "impact"),
    [
        pytest.param(
            BETWEEN,
            "2025-04-01",
            MovedSpan("2025-03-01T00:00:00", "2025-04-01T00:00:00", 10, 9),
            Impact.HISTORY,
            id="later, to the version before",
        ),
        pytest.param(
            BETWEEN,
            "2025-02-01",
            MovedSpan("2025-02-01T00:00:00", "2025-03-01T00:00:00", 9, 10),
            Impact.HISTORY,
            id="earlier, from the version before",
        ),
        pytest.param(
            read_over("2024-12-01T00:15:00", "2025-03-01T00:00:00", begin="2025-03-01T00:00:00", older=True),
            "2025-04-01",
            MovedSpan("2025-03-01T00:00:00", "2025-04-01T00:00:00", 10, 9),
            Impact.FORWARD,
            id="after the last reading, which the old begin excludes",
        ),
        pytest.param(
            read_over("2025-03-01T00:00:01", None, begin="2025-03-01T00:00:00", older=True),
            "2025-02-01",
            MovedSpan("2025-02-01T00:00:00", "2025-03-01T00:00:00", 9, 10),
            Impact.FORWARD,
            id="before the first reading",
        ),
        pytest.param(
            read_over("2025-03-01T00:00:00", None, begin="2025-03-01T00:00:00", older=True),
            "2025-02-01",
            MovedSpan("2025-02-01T00:00:00", "2025-03-01T00:00:00", 9, 10),
            Impact.HISTORY,
            id="up to the first reading, which is in it",
        ),
    ],
)
def test_between_two_versions_a_begin_moves_with_the_readings_in_between(
    live: Live, begin: str, moved: MovedSpan, impact: Impact
) -> None:
    change = plan_one({f"{V}beginDate": begin}, live)

    assert (change.is_sendable, change.moved_span, [edit.impact for edit in change.edits]) == (True, moved, [impact])


def test_a_setting_of_a_version_that_moves_affects_the_readings_after_its_new_begin() -> None:
    live = read_over("2024-12-01T00:15:00", "2025-03-15T00:00:00", begin="2025-03-01T00:00:00", older=True)

    change = plan_one({f"{V}beginDate": "2025-04-01", f"{V}multiplier": 2}, live)

    assert [(edit.path, edit.impact) for edit in change.edits] == [
        (f"{V}beginDate", Impact.HISTORY),
        (f"{V}multiplier", Impact.FORWARD),
    ]


def test_a_begin_that_does_not_move_between_two_versions_moves_nothing() -> None:
    changes = (
        plan_one({f"{V}multiplier": 2}, BETWEEN),
        plan_one({f"{V}beginDate": None}, BETWEEN),
        plan_one({f"{V}beginDate": "2020-01-01"}, make_live(1)),
    )

    assert [change.moved_span for change in changes] == [None, None, None]
    assert list_blocks(changes[1])[0].startswith("ESA411 ")


@pytest.mark.parametrize(
    ("has_readings", "unsaid"),
    [(None, "whether the channel has readings"), (True, "when the channel's readings begin")],
)
def test_between_two_versions_a_begin_that_moves_over_unknown_readings_is_unknown(
    has_readings: bool | None, unsaid: str
) -> None:
    live = replace(add_older_version(make_live(1), "2025-03-01T00:00:00"), has_readings=has_readings)

    (block,) = plan_one({f"{V}beginDate": "2025-04-01"}, live).blocked_by

    message = f"may move stored readings: EnergyCAP does not say {unsaid}"
    assert (block.rule, block.message, block.is_unknown) == ("ESA420", message, True)


@pytest.mark.parametrize(
    ("begin", "start", "written"),
    [
        (None, "from 2024-12-01T00:15:00", "null"),
        ("2025-01-01T00:00:00", "after 2025-01-01T00:00:00", '"2025-01-01T00:00:00"'),
    ],
)
def test_a_begin_that_cannot_move_gives_the_evidence_and_how_to_make_a_new_version(
    begin: str | None, start: str, written: str
) -> None:
    live = read_over("2024-12-01T00:15:00", "2025-06-30T00:00:00", begin=begin)

    (block,) = plan_one({f"{V}beginDate": "2025-03-01"}, live).blocked_by

    assert block == Blocker(
        rule="ESA420",
        message=f"this moves the only version: stored readings {start} up to 2025-03-01T00:00:00 would have no "
        "settings",
        evidence={
            "begin_date_now": begin,
            "begin_date_wanted": "2025-03-01T00:00:00",
            "has_readings": True,
            "first_reading": "2024-12-01T00:15:00",
            "last_reading": "2025-06-30T00:00:00",
            "versions": 1,
        },
        unblock=f"write  beginDate: {written}  as EnergyCAP has it; to change settings from a date on, list the "
        "versions under channelVersions, with a new one that begins then",
    )


@pytest.mark.parametrize(
    ("has_readings", "first", "unsaid"),
    [
        (None, None, "whether the channel has readings"),
        (None, "2024-12-01T00:15:00", "whether the channel has readings"),
        (True, None, "when the channel's readings begin"),
    ],
)
def test_a_begin_that_moves_over_unknown_readings_is_unknown(
    has_readings: bool | None, first: str | None, unsaid: str
) -> None:
    live = make_live(1, has_readings=has_readings, first_reading=first)

    (block,) = plan_one({f"{V}beginDate": "2025-03-01"}, live).blocked_by

    message = f"may exclude stored readings from their version: EnergyCAP does not say {unsaid}"
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
def test_a_begin_may_move_if_no_reading_lies_between(live: Live, begin: str | None) -> None:
    assert plan_one({f"{V}beginDate": begin}, live).is_sendable


def add_begun(live: Live, begin: str) -> Live:
    """`live` with a begin for its older version."""
    older, current = live.versions
    return replace(live, versions=(replace(older, begin_date=begin), current))


GIVE_UP_FIRST = replace(BASIS, environment=replace(SANDBOX, primary_move=PrimaryMove.GIVE_UP_FIRST))
OLD = make_live(1, {"isPrimaryValue": True, "channelInfo": "Old"})
NEW = make_live(2, {"channelInfo": "New"})


def want_import_id(name: str, id_: int, import_id: str | None) -> Desired:
    return make_desired(name, id_, {"channelImportId": import_id})


def list_order(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(change.name, change.depends_on) for change in plan.sendable]


def test_an_import_id_that_another_channel_has_is_blocked() -> None:
    holder = make_live(2, {"channelInfo": "Old use"}, data_point=SOUTH)

    assert plan_one({"channelImportId": "C-2"}, make_live(1), holder).blocked_by == (
        Blocker(
            rule="ESA408",
            message='cannot have import id "C-2": 2 "Old use" (not managed here) has it',
            evidence={
                "channel_import_id": "C-2",
                "held_by": {
                    "channel_id": 2,
                    "name": "Old use",
                    "managed_as": None,
                    "file": None,
                    "line": None,
                },
            },
            unblock='give 2 "Old use" (not managed here) another import id first, or none',
        ),
    )


@pytest.mark.parametrize("freed", ["C-99", None])
def test_an_import_id_is_given_after_the_change_that_frees_it(freed: str | None) -> None:
    channels = (want_import_id("a-taker", 1, "C-2"), want_import_id("holder", 2, freed))

    assert list_order(plan_of(channels, (make_live(1), make_live(2)))) == [("holder", ()), ("a-taker", ("holder",))]


def test_import_ids_that_differ_in_letter_case_do_not_collide_nor_do_nulls() -> None:
    live = (make_live(1), make_live(2), make_live(3, {"channelImportId": None}))

    assert plan_one({"channelImportId": "c-2"}, *live).is_sendable
    assert plan_one({"channelImportId": None}, *live).is_sendable


def test_an_import_id_that_two_changes_give_is_blocked_for_both() -> None:
    plan = plan_of((want_import_id("one", 1, "X"), want_import_id("two", 2, "X")), (make_live(1), make_live(2)))

    assert [list_blocks(change) for change in plan.changes] == [
        ['ESA408 cannot have import id "X": this plan gives it to two (channels/north.yaml:7) too'],
        ['ESA408 cannot have import id "X": this plan gives it to one (channels/north.yaml:7) too'],
    ]
    assert plan.changes[0].blocked_by[0].evidence == {
        "channel_import_id": "X",
        "wanted_by": {
            "channel_id": 2,
            "name": "Use",
            "managed_as": "two",
            "file": "channels/north.yaml",
            "line": 7,
        },
    }


def test_two_channels_that_swap_their_import_ids_are_a_cycle() -> None:
    plan = plan_of((want_import_id("a", 1, "C-2"), want_import_id("b", 2, "C-1")), (make_live(1), make_live(2)))

    assert [change.blocked_by for change in plan.changes] == 2 * [
        (
            Blocker(
                rule="ESA408",
                message="cannot be put in order, because none can be first: a waits for b, b waits for a",
                evidence={"cycle": ["a", "b"]},
                unblock="break the cycle with two plans: "
                "first give one of these channels an import id that no channel has, or null",
            ),
        )
    ]


def move(
    path: str = "isPrimaryValue", old: Live = OLD, new: Live = NEW
) -> tuple[tuple[Desired, ...], tuple[Live, ...]]:
    """A move of a primary flag from `old`, managed as z-old, to `new`, managed as y-new."""
    return (make_desired("z-old", old.id, {path: False}), make_desired("y-new", new.id, {path: True})), (old, new)


@pytest.mark.parametrize("path", ["isPrimaryValue", "isPrimaryDemand"])
def test_a_primary_flag_moves_in_the_order_that_the_environment_sets(path: str) -> None:
    old, new = make_live(1, {path: True}), make_live(2)
    channels, live = move(path, old, new)

    assert list_order(plan_of(channels, live)) == [("y-new", ()), ("z-old", ("y-new",))]
    assert list_order(plan_of(channels, live, GIVE_UP_FIRST)) == [("z-old", ()), ("y-new", ("z-old",))]


@pytest.mark.parametrize("basis", [BASIS, GIVE_UP_FIRST], ids=["take first", "give up first"])
@pytest.mark.parametrize("blocked", ["z-old", "y-new"])
def test_if_one_side_of_a_move_is_blocked_both_are(blocked: str, basis: object) -> None:
    channels, live = move()
    wrong = [
        replace(desired, spec={**desired.spec, "intervalMinutes": None}) if desired.name == blocked else desired
        for desired in channels
    ]
    other = {"z-old": "y-new", "y-new": "z-old"}[blocked]

    plan = plan_of(wrong, live, BASIS if basis is BASIS else GIVE_UP_FIRST)

    assert {change.name: list_blocks(change) for change in plan.changes} == {
        blocked: ["ESA202 intervalMinutes is required for a simple channel, found null"],
        other: [f"ESA409 needs the change of {blocked}, which is blocked by ESA202"],
    }


def test_a_primary_flag_is_not_taken_from_an_unmanaged_channel() -> None:
    assert plan_one({"isPrimaryValue": True}, NEW, OLD).blocked_by == (
        Blocker(
            rule="ESA409",
            message='cannot become the primary value of data point NB-ELEC: 1 "Old" (not managed here) is '
            "the primary value, and EnergyCAP would change that outside of this plan",
            evidence={
                "data_point": "NB-ELEC",
                "path": "isPrimaryValue",
                "held_by": {
                    "channel_id": 1,
                    "name": "Old",
                    "managed_as": None,
                    "file": None,
                    "line": None,
                },
            },
            unblock="add channel 1 to the files with  isPrimaryValue: false",
        ),
    )


@pytest.mark.parametrize(
    ("data_point", "shown"),
    [
        pytest.param(NORTH, "NB-ELEC", id="by code"),
        pytest.param(replace(NORTH, code=None), "NB-ELEC-01", id="by import id"),
        pytest.param(replace(NORTH, code=None, import_id=None), "100", id="by id"),
    ],
)
def test_a_blocked_primary_flag_names_its_data_point(data_point: DataPoint, shown: str) -> None:
    old, new = (replace(live, data_point=data_point) for live in (OLD, NEW))

    taken, given_up = plan_one({"isPrimaryValue": True}, new, old), plan_one({"isPrimaryValue": False}, old, new)

    assert [block.evidence["data_point"] for change in (taken, given_up) for block in change.blocked_by] == [shown] * 2
    assert list_blocks(taken) == [
        (
            f'ESA409 cannot become the primary value of data point {shown}: 1 "Old" (not managed here) is the '
            "primary value, and EnergyCAP would change that outside of this plan"
        )
    ]
    assert list_blocks(given_up) == [
        f"ESA409 cannot stop being the primary value of data point {shown}: no other channel becomes it"
    ]


@pytest.mark.parametrize("spec", [{}, {"isPrimaryValue": True}, {"channelInfo": "Older"}])
def test_a_primary_flag_is_not_taken_from_a_channel_whose_file_does_not_give_it_up(spec: dict[str, str | bool]) -> None:
    channels = (make_desired("new", 2, {"isPrimaryValue": True}), make_desired("old", 1, spec, line=31))

    plan = plan_of(channels, (OLD, NEW))

    assert [(block.message, block.unblock) for block in plan.blocked[0].blocked_by] == [
        (
            (
                "cannot become the primary value of data point NB-ELEC: "
                "old (channels/north.yaml:31) is the primary value and stays so"
            ),
            "write  isPrimaryValue: false  for old (channels/north.yaml:31)",
        )
    ]


def test_two_channels_cannot_take_one_primary_flag() -> None:
    channels = (make_desired("one", 1, {"isPrimaryDemand": True}), make_desired("two", 2, {"isPrimaryDemand": True}))

    plan = plan_of(channels, (make_live(1), make_live(2)))

    assert [(block.message, block.unblock) for block in plan.changes[0].blocked_by] == [
        (
            (
                "cannot become the primary demand of data point NB-ELEC: "
                "this plan makes two (channels/north.yaml:7) the primary demand too"
            ),
            "write  isPrimaryDemand: true  for one of the two only",
        )
    ]
    assert not plan.sendable


def test_the_last_primary_value_cannot_be_given_up() -> None:
    assert plan_one({"isPrimaryValue": False}, OLD, NEW).blocked_by == (
        Blocker(
            rule="ESA409",
            message="cannot stop being the primary value of data point NB-ELEC: no other channel becomes it",
            evidence={
                "data_point": "NB-ELEC",
                "path": "isPrimaryValue",
                "others": [
                    {
                        "channel_id": 2,
                        "name": "New",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                    }
                ],
            },
            unblock="write  isPrimaryValue: true  for another channel of the data point in the same plan",
        ),
    )


@pytest.mark.parametrize(
    ("path", "live"),
    [
        pytest.param("isPrimaryDemand", (make_live(1, {"isPrimaryDemand": True}),), id="demand is optional"),
        pytest.param("isPrimaryValue", (OLD, make_live(2, {"isPrimaryValue": True})), id="two have it"),
        pytest.param("isPrimaryValue", (make_live(1, {"isPrimaryValue": None}),), id="it is not known to have it"),
    ],
)
def test_a_primary_flag_may_be_given_up_if_the_data_point_keeps_a_value(path: str, live: tuple[Live, ...]) -> None:
    assert plan_one({path: False}, *live).is_sendable


def test_a_primary_flag_that_no_channel_has_may_be_taken() -> None:
    elsewhere = replace(OLD, data_point=SOUTH)

    assert plan_one({"isPrimaryValue": True}, NEW, elsewhere).is_sendable


PRIMARY, PLAIN, THIRD = make_live(1, {"isPrimaryValue": True}), make_live(2), make_live(3)
MOVE = (make_desired("old", 1, {"isPrimaryValue": False}), make_desired("new", 2, {"isPrimaryValue": True}))


def recheck(plan: Plan, name: str, *live: Live) -> list[str]:
    """The rules that block the change called `name` of `plan` if the data point now reads as `live`."""
    (change,) = (change for change in plan.sendable if change.name == name)
    fresh = next(channel for channel in live if channel.id == change.channel_id)
    others = [other for other in plan.sendable if other is not change]
    return [block.rule for block in recheck_preconditions(change, fresh, live, REFERENCE, others)]


def carry_out(change: Change, live: Live) -> Live:
    """`live` after `change`."""
    return apply_values(live, change.target_values, codes_by_id(REFERENCE))


def test_nothing_blocks_if_nothing_changed_since_planning() -> None:
    plan = plan_of((make_desired("north", 1, {f"{V}unitCode": "KW", "channelImportId": "X"}),), (PRIMARY, PLAIN))

    assert recheck(plan, "north", PRIMARY, PLAIN) == []


def test_readings_that_arrived_since_planning_block_a_conversion() -> None:
    plan = plan_of((make_desired("new", 2, {"isCalculated": True, f"{V}formula": "channel(1)"}),), (PRIMARY, PLAIN))

    assert recheck(plan, "new", PRIMARY, replace(PLAIN, has_readings=True)) == ["ESA401"]
    assert recheck(plan, "new", PRIMARY, replace(PLAIN, is_convertible=False)) == ["ESA405"]
    assert recheck(plan, "new", PRIMARY, PLAIN, make_calculated(3, "channel(2)")) == ["ESA403"]


def test_readings_that_arrived_since_planning_block_a_begin_after_them() -> None:
    plan = plan_of((make_desired("new", 2, {f"{V}beginDate": "2025-03-01"}),), (PRIMARY, PLAIN))
    read = replace(PLAIN, has_readings=True, first_reading="2025-02-01T00:15:00", last_reading="2025-04-01T00:00:00")

    assert recheck(plan, "new", PRIMARY, read) == ["ESA420"]
    assert recheck(plan, "new", PRIMARY, replace(read, first_reading="2025-03-01T00:15:00")) == []


def test_a_conversion_that_is_already_live_is_not_checked_again() -> None:
    plan = plan_of(
        (make_desired("new", 2, {"isCalculated": True, f"{V}formula": "channel(1)", "channelInfo": "Net"}),),
        (PRIMARY, PLAIN),
    )
    converted = make_calculated(2, "channel(1)", has_readings=True, is_convertible=False)

    assert recheck(plan, "new", PRIMARY, converted) == []


def test_the_result_of_an_earlier_change_must_show_in_the_fresh_read() -> None:
    user = make_calculated(3, "channel(2)")
    channels = (
        make_desired("net", 2, {"isCalculated": True, f"{V}formula": "channel(1)"}),
        make_desired("user", 3, {f"{V}formula": "channel(1)"}),
    )
    plan = plan_of(channels, (PRIMARY, PLAIN, user))
    first, _ = plan.sendable

    assert recheck(plan, "net", PRIMARY, PLAIN, carry_out(first, user)) == []
    assert recheck(plan, "net", PRIMARY, PLAIN, user) == ["ESA403"]


def test_an_import_id_must_be_free_in_the_fresh_read() -> None:
    channels = (make_desired("a", 1, {"channelImportId": "C-2"}), make_desired("b", 2, {"channelImportId": "C-9"}))
    plan = plan_of(channels, (PRIMARY, PLAIN))

    assert recheck(plan, "a", PRIMARY, PLAIN) == ["ESA408"]
    assert recheck(plan, "a", PRIMARY, carry_out(plan.sendable[0], PLAIN)) == []


def test_an_import_id_may_be_given_up_whoever_takes_it_on_another_data_point() -> None:
    elsewhere = make_live(2, data_point=SOUTH)
    channels = (want_import_id("old", 1, "C-9"), want_import_id("new", 2, "C-1"))
    plan = plan_of(channels, (PRIMARY, elsewhere))

    assert list_order(plan) == [("old", ()), ("new", ("old",))]
    assert recheck(plan, "old", PRIMARY) == []


def test_a_primary_flag_may_be_taken_from_the_channel_that_gives_it_up_next() -> None:
    plan = plan_of(MOVE, (PRIMARY, PLAIN))

    assert recheck(plan, "new", PRIMARY, PLAIN) == []
    assert recheck(plan, "old", PRIMARY, carry_out(plan.sendable[0], PLAIN)) == []


def test_a_primary_flag_may_be_given_up_for_the_channel_that_takes_it_next() -> None:
    plan = plan_of(MOVE, (PRIMARY, PLAIN), GIVE_UP_FIRST)

    assert recheck(plan, "old", PRIMARY, PLAIN) == []
    assert recheck(plan, "new", carry_out(plan.sendable[0], PRIMARY), PLAIN) == []


@pytest.mark.parametrize("basis", [BASIS, GIVE_UP_FIRST], ids=["take first", "give up first"])
def test_a_primary_flag_is_not_taken_from_a_channel_that_got_it_since_planning(basis: object) -> None:
    plan = plan_of(MOVE, (PRIMARY, PLAIN, THIRD), BASIS if basis is BASIS else GIVE_UP_FIRST)
    risen = replace(THIRD, values={**THIRD.values, "isPrimaryValue": True})
    fallen = replace(PRIMARY, values={**PRIMARY.values, "isPrimaryValue": False})

    assert recheck(plan, "new", fallen, PLAIN, risen) == ["ESA409"]


def test_the_last_primary_value_is_not_given_up_if_its_successor_lost_it_again() -> None:
    plan = plan_of(MOVE, (PRIMARY, PLAIN))

    assert recheck(plan, "old", PRIMARY, PLAIN) == ["ESA409"]
