"""Whether a channel may become calculated or simple, and what its formula may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DATA_POINT
from reconciler.model.plan import Blocker, Verdict
from reconciler.planning.conversions import list_new_formulas
from tests.planning.tenant import (
    BASIS,
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
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec

TO_CALCULATED: Spec = {"isCalculated": True, f"{V}formula": "channel(2)"}
TO_SIMPLE: Spec = {"isCalculated": False, "intervalMinutes": 15}
READ: dict[str, Any] = {
    "has_readings": True,
    "first_reading": "2024-06-01T00:00:00",
    "last_reading": "2026-01-01T00:00:00",
}
INPUT = make_live(2)
SIMPLE = make_live(1)
CALCULATED = make_calculated(1, "channel(2)")


def test_a_channel_with_readings_cannot_become_calculated() -> None:
    assert plan_one(TO_CALCULATED, replace(SIMPLE, is_convertible=False, **READ), INPUT).blocked_by == (
        Blocker(
            rule="ESA401",
            message="cannot become calculated: it has readings",
            evidence=READ,
            unblock="leave the channel simple and create a calculated one in EnergyCAP, or "
            "delete its readings there first",
        ),
    )


def test_a_channel_with_several_versions_cannot_become_calculated() -> None:
    live = add_older_version(SIMPLE, "2025-01-01T00:00:00")

    assert plan_one(TO_CALCULATED, live, INPUT).blocked_by == (
        Blocker(
            rule="ESA402",
            message="cannot become calculated: it has 2 versions",
            evidence={
                "versions": [
                    {"version_id": 9, "begin_date": None, "end_date": "2025-01-01T00:00:00"},
                    {"version_id": 10, "begin_date": "2025-01-01T00:00:00", "end_date": None},
                ]
            },
            unblock="leave the channel simple and create a calculated one in EnergyCAP, "
            "or delete its older versions there first",
        ),
    )


def test_a_channel_that_formulas_use_cannot_become_calculated() -> None:
    live = (SIMPLE, INPUT, make_calculated(3, "channel(1)", {"channelInfo": "Total"}), make_calculated(4, "channel(1)"))
    north = make_desired("north", 1, TO_CALCULATED)
    net = make_desired("net", 4, {f"{V}formula": "channel(2)"}, line=31)

    net_change, change = plan_of((north, net), live).changes

    assert net_change.is_sendable
    assert change.depends_on == ("net",)
    assert change.blocked_by == (
        Blocker(
            rule="ESA403",
            message="cannot become calculated: its readings feed other formulas",
            evidence={
                "used_by": [
                    {
                        "channel_id": 3,
                        "name": "Total",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                        "freed_by_plan": False,
                    },
                    {
                        "channel_id": 4,
                        "name": "Use",
                        "managed_as": "net",
                        "file": "channels/north.yaml",
                        "line": 31,
                        "freed_by_plan": True,
                    },
                ]
            },
            unblock='remove channel(north) from the formula of 3 "Total" (not managed here) first; '
            "this plan already does so for net",
        ),
    )


@pytest.mark.parametrize(
    "net", [{f"{V}formula": "channel(2)"}, {"isCalculated": False, "intervalMinutes": 15}], ids=["formula", "simple"]
)
def test_a_channel_becomes_calculated_after_the_changes_that_stop_using_it(net: Spec) -> None:
    live = (replace(SIMPLE, is_convertible=False), INPUT, make_calculated(4, "channel(1)"))

    plan = plan_of((make_desired("a-north", 1, TO_CALCULATED), make_desired("net", 4, net)), live)

    assert [(change.name, change.depends_on) for change in plan.sendable] == [("net", ()), ("a-north", ("net",))]


def test_a_formula_of_an_older_version_blocks_a_conversion_for_good() -> None:
    user = add_older_version(make_calculated(4, "channel(1)"), "2025-01-01T00:00:00")
    net = make_desired("net", 4, {f"{V}formula": "channel(2)"})

    _, change = plan_of((make_desired("north", 1, TO_CALCULATED), net), (SIMPLE, INPUT, user)).changes

    assert list_blocks(change) == ["ESA403 cannot become calculated: its readings feed other formulas"]


def test_a_calculated_channel_with_readings_cannot_become_simple() -> None:
    assert plan_one(TO_SIMPLE, replace(CALCULATED, is_convertible=False, **READ), INPUT).blocked_by == (
        Blocker(
            rule="ESA404",
            message="cannot become simple: it has readings",
            evidence=READ,
            unblock="leave the channel calculated and create a simple one in EnergyCAP",
        ),
    )


def test_energycap_saying_not_convertible_blocks_even_if_nothing_explains_it() -> None:
    change = plan_one(TO_CALCULATED, replace(SIMPLE, is_convertible=False), INPUT)

    assert change.verdict is Verdict.BLOCKED
    assert change.blocked_by == (
        Blocker(
            rule="ESA405",
            message="cannot become calculated: EnergyCAP says that it is not convertible, "
            "for a reason that is not visible",
            evidence={
                "is_convertible": False,
                "has_readings": False,
                "first_reading": None,
                "last_reading": None,
                "versions": [{"version_id": 10, "begin_date": None, "end_date": None}],
                "used_by": [],
            },
            unblock="look at the channel in EnergyCAP, or ask its support why it cannot be converted",
        ),
    )


def test_all_causes_are_reported_together() -> None:
    live = add_older_version(replace(SIMPLE, is_convertible=False, **READ), "2025-01-01T00:00:00")

    change = plan_one(TO_CALCULATED, live, INPUT, make_calculated(3, "channel(1)"))

    assert [block.rule for block in change.blocked_by] == ["ESA401", "ESA402", "ESA403"]


@pytest.mark.parametrize(
    ("has_readings", "is_convertible", "expected"),
    [
        (False, True, (Verdict.ALLOWED, [])),
        (False, None, (Verdict.ALLOWED, [])),
        (False, False, (Verdict.BLOCKED, ["ESA405"])),
        (True, True, (Verdict.BLOCKED, ["ESA401"])),
        (True, None, (Verdict.BLOCKED, ["ESA401"])),
        (True, False, (Verdict.BLOCKED, ["ESA401"])),
        (None, True, (Verdict.ALLOWED, [])),
        (None, None, (Verdict.UNKNOWN, ["ESA401"])),
        (None, False, (Verdict.BLOCKED, ["ESA405"])),
    ],
)
def test_readings_and_the_convertible_flag_decide_together(
    *, has_readings: bool | None, is_convertible: bool | None, expected: tuple[Verdict, list[str]]
) -> None:
    change = plan_one(TO_CALCULATED, replace(SIMPLE, has_readings=has_readings, is_convertible=is_convertible), INPUT)

    assert (change.verdict, [block.rule for block in change.blocked_by]) == expected


def test_a_conversion_that_cannot_be_judged_is_unknown() -> None:
    change = plan_one(TO_SIMPLE, replace(CALCULATED, has_readings=None, is_convertible=None), INPUT)

    assert change.blocked_by == (
        Blocker(
            rule="ESA404",
            message="unknown whether it may become simple: EnergyCAP does not say whether it has readings",
            evidence={"has_readings": None, "first_reading": None, "last_reading": None},
            unblock="look in EnergyCAP whether the channel has readings, and convert it there",
            is_unknown=True,
        ),
    )


@pytest.mark.parametrize(
    ("live", "spec", "expected"),
    [
        (SIMPLE, {"isCalculated": True}, "ESA205 formula is required for a calculated channel, found null"),
        (
            SIMPLE,
            {**TO_CALCULATED, "intervalMinutes": 15},
            "ESA203 intervalMinutes must be null for a calculated channel, found 15",
        ),
        (
            CALCULATED,
            {"isCalculated": False},
            "ESA202 intervalMinutes is required for a simple channel, found null",
        ),
    ],
)
def test_a_conversion_needs_the_settings_of_the_other_kind(live: Live, spec: Spec, expected: str) -> None:
    assert list_blocks(plan_one(spec, live, INPUT)) == [expected]


USER = make_calculated(1, "channel(2)")


def test_all_wrong_inputs_of_a_formula_are_reported_together() -> None:
    live = (
        make_live(2),
        make_live(3, {"channelInfo": "Far"}, data_point=SOUTH),
        make_calculated(4, "channel(2)", {"channelInfo": "Net"}),
    )
    formula = "channel(1) + channel(2) + channel(3) + channel(4)"

    assert plan_one({f"{V}formula": formula}, USER, *live).blocked_by == (
        Blocker(
            rule="ESA410",
            message="cannot use this formula: north (channels/north.yaml:7) is the channel itself; "
            '3 "Far" (not managed here) is not on this data point; 4 "Net" (not managed here) is calculated',
            evidence={
                "formula": formula,
                "inputs": [
                    {
                        "channel_id": 1,
                        "name": "Use",
                        "managed_as": "north",
                        "file": "channels/north.yaml",
                        "line": 7,
                        "problem": "is the channel itself",
                    },
                    {
                        "channel_id": 3,
                        "name": "Far",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                        "problem": "is not on this data point",
                    },
                    {
                        "channel_id": 4,
                        "name": "Net",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                        "problem": "is calculated",
                    },
                ],
            },
            unblock="use simple channels of the same data point; in place of a calculated one, its own formula",
        ),
    )


def test_a_formula_that_energycap_rejects_is_blocked_with_its_reasons() -> None:
    rejected = replace(BASIS, formula_rejections={1: ("unknown function SUMM", "line 1")})
    north = make_desired("north", 1, {f"{V}formula": "SUMM(channel(3))"})

    (change,) = plan_of([north], (USER, make_live(2), make_live(3)), rejected).changes

    assert change.blocked_by == (
        Blocker(
            rule="ESA412",
            message="cannot use this formula: EnergyCAP rejects it, unknown function SUMM; line 1",
            evidence={"formula": "SUMM(channel(3))", "service_says": ["unknown function SUMM", "line 1"]},
            unblock="correct the formula as EnergyCAP says",
        ),
    )


def test_a_formula_of_a_simple_channel_is_blocked_whatever_its_inputs() -> None:
    change = plan_one({f"{V}formula": "channel(2)"}, SIMPLE, make_live(2, data_point=SOUTH))

    assert list_blocks(change) == ['ESA204 formula must be null for a simple channel, found "channel(2)"']


@pytest.mark.parametrize("hidden", [make_live(3), make_calculated(3, "channel(2)")], ids=["simple", "calculated"])
def test_an_input_whose_data_point_cannot_be_read_is_unknown_and_not_wrong(hidden: Live) -> None:
    hidden = replace(hidden, data_point=SOUTH, flaw="no data point", unread=frozenset((DATA_POINT,)))

    change = plan_one({f"{V}formula": "channel(3)"}, USER, make_live(2), hidden)

    assert change.verdict is Verdict.UNKNOWN
    assert [block.rule for block in change.blocked_by] == ["ESA418"]


def test_a_formula_waits_for_the_change_that_makes_its_input_simple() -> None:
    live = (USER, make_live(2), make_calculated(3, "channel(2)"))
    channels = (make_desired("a-user", 1, {f"{V}formula": "channel(input)"}), make_desired("input", 3, TO_SIMPLE))

    plan = plan_of(channels, live)

    assert [(change.name, change.depends_on) for change in plan.sendable] == [("input", ()), ("a-user", ("input",))]


def test_a_formula_cannot_use_a_channel_that_becomes_calculated() -> None:
    live = (USER, make_live(2), make_live(3))
    spec: Spec = {"isCalculated": True, f"{V}formula": "channel(2)"}
    channels = (make_desired("user", 1, {f"{V}formula": "channel(input)"}), make_desired("input", 3, spec))

    plan = plan_of(channels, live)

    assert [change.name for change in plan.sendable] == ["input"]
    assert list_blocks(plan.blocked[0]) == [
        "ESA410 cannot use this formula: input (channels/north.yaml:7) becomes calculated by this plan"
    ]


def test_a_simple_and_a_calculated_channel_may_swap_roles() -> None:
    live = (USER, make_live(2))
    becomes: Spec = {"isCalculated": True, f"{V}formula": "channel(net)"}
    channels = (make_desired("net", 1, TO_SIMPLE), make_desired("a-use", 2, becomes))

    assert [change.name for change in plan_of(channels, live).sendable] == ["net", "a-use"]


def test_a_live_formula_that_is_not_edited_is_not_checked() -> None:
    far = make_live(2, data_point=SOUTH)

    assert plan_one({"channelInfo": "New name"}, USER, far).is_sendable
    assert plan_one({f"{V}formula": None}, replace(USER, has_readings=None), far).blocked_by[0].rule == "ESA205"


def test_a_formula_whose_input_another_change_converts_is_not_sent_for_validation_yet() -> None:
    live = (USER, make_live(2), make_calculated(3, "channel(2)"), make_live(4))

    def list_asked(used: str, spec: Spec) -> tuple[tuple[int, int, str], ...]:
        channels = (make_desired("user", 1, {f"{V}formula": f"channel({used})"}), make_desired("input", 3, spec))
        return list_new_formulas(plan_of(channels, live))

    assert list_asked("3", TO_SIMPLE) == ()
    assert list_asked("4", TO_SIMPLE) == list_asked("4", {"channelInfo": "New"}) == ((1, 100, "channel(4)"),)


def test_only_an_edited_formula_is_sent_for_validation() -> None:
    def list_asked(spec: Spec) -> tuple[tuple[int, int, str], ...]:
        return list_new_formulas(plan_of([make_desired("user", 1, spec)], (USER, make_live(2), make_live(3))))

    assert list_asked({"channelInfo": "New", f"{V}formula": "channel( 2 )"}) == ()
    assert list_asked({"channelInfo": "New", f"{V}formula": "channel(3)"}) == ((1, 100, "channel(3)"),)


def test_a_formula_is_sent_for_validation_if_its_input_stays_simple() -> None:
    stays: Spec = {"isCalculated": False, "channelInfo": "New"}
    channels = (make_desired("user", 1, {f"{V}formula": "channel(3)"}), make_desired("input", 3, stays))

    assert list_new_formulas(plan_of(channels, (USER, make_live(2), make_live(3)))) == ((1, 100, "channel(3)"),)
