from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Definitions, DesiredVersion
from reconciler.model.registers import ChannelReading, SwapFacts
from reconciler.planning.swap_facts import check_swap, doubt_swap, list_swap_checks
from tests.planning.tenant import V, add_older_version, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.channels import Live
    from reconciler.model.values import Value
    from reconciler.planning.swap_facts import SwapCheck

    Values = Mapping[str, float | None]

SWAP = "2026-11-02T08:00:00"
READ: dict[str, Any] = {
    "has_readings": True,
    "first_reading": "2021-07-01T00:15:00",
    "last_reading": "2026-11-20T00:00:00",
}
ODOMETER: dict[str, Value] = {f"{V}observationRuleId": 1, f"{V}rolloverValue": 100_000, f"{V}rollbackAllowance": 0.1}
LIVE = make_live(1, ODOMETER, **READ)
OLD = {"06:00": 48_200, "07:00": 48_210, "08:00": 48_213}
NEW = {"08:15": 1, "09:00": 3}
SWAPPED = OLD | NEW
NONE_UP_TO, NONE_AFTER = (
    f"EnergyCAP lists none in the 62 days up to {SWAP}",
    f"EnergyCAP lists none in the 62 days after {SWAP}",
)


def checks_of(live: Live = LIVE, *facts: SwapFacts, before: Any = None, **spec: Value) -> list[SwapCheck]:
    """The checks of a file that lists a version from the beginning and one from SWAP on with these facts."""
    versions = (
        DesiredVersion("", 0, {f"{V}{key}": value for key, value in (before or {}).items()}),
        *(
            DesiredVersion(SWAP, 1, {f"{V}{key}": value for key, value in spec.items()}, "swapped", swap)
            for swap in facts or (SwapFacts(48_213, 0),)
        ),
    )
    desired = make_desired("north", live.id, versions[-1].spec, versions=versions)
    definitions = Definitions((desired,), (), (), "sha256:0")
    return list(list_swap_checks(plan_of([desired], [live]), definitions, [live]))


def follow(live: Live, begin: str) -> Live:
    """`live` with one more version, from `begin` on."""
    latest = replace(live.current, id=99, begin_date=begin, values={**live.current.values, f"{V}beginDate": begin})
    return live.with_versions((*live.versions, latest))


def read(values: Values, day: str = "2026-11-02") -> list[ChannelReading]:
    raws = {clock: None if raw is None else Decimal(repr(raw)) for clock, raw in values.items()}
    return [ChannelReading(f"{day}T{clock}:00", raw) for clock, raw in raws.items()]


def findings_of(
    values: Values, final: float | None = 48_213, initial: float | None = 0, live: Live = LIVE
) -> list[str]:
    (check,) = checks_of(live, SwapFacts(final, initial))
    return [f"{finding.code} {finding.message}" for finding in check_swap(check, read(values)).findings]


@pytest.mark.parametrize(
    ("values", "final", "initial"),
    [
        (SWAPPED, 48_213, 0),
        (SWAPPED, 48_213, None),
        (SWAPPED, None, 0),
        (SWAPPED, 48_250.5, 1),
        (OLD | {"08:00": 48_213.7} | NEW, 48_213, 0),
        (OLD | {"08:15": 0.4, "09:00": 1}, 48_213, 1),
        ({"07:00": 99_999, "08:15": 3, "09:00": 4}, 12, 1),
        (OLD | {"08:15": 2, "09:00": 3}, 48_213, 99_998),
        ({"07:00": 4, "08:00": 5, "08:15": 100, "09:00": 101}, 5, 0),
        (OLD | {"08:15": 48_213, "09:00": 48_214}, 48_213, 48_213),
        (OLD | {"07:30": None} | NEW, 48_213, 0),
        ({"08:00": 48_213, "08:15": 1}, 48_213, 0),
    ],
    ids=[
        "both fit",
        "only final",
        "only initial",
        "read later",
        "further digits of the last",
        "further digits of the first",
        "the old one rolled over",
        "the new one rolled over",
        "a register that grew fast",
        "set to continue",
        "a reading without a raw value",
        "one reading on each side",
    ],
)
def test_facts_that_the_register_passes_by_fit(values: Values, final: float | None, initial: float | None) -> None:
    assert findings_of(values, final, initial) == []


@pytest.mark.parametrize("minutes", [2**31 - 1, -(2**31)])
def test_readings_are_sought_in_possible_spans_whatever_the_interval_is(minutes: int) -> None:
    (check,) = checks_of(make_live(1, {**ODOMETER, "intervalMinutes": minutes}, **READ))

    assert [begin < datetime.fromisoformat(SWAP) < end for begin, end in check.spans] == [True, True]


def test_a_last_value_below_the_readings_before_it_does_not_fit() -> None:
    assert findings_of(SWAPPED, final=48_212) == [
        "ESA530 final does not fit the readings: the register stood at 48,213 at 2026-11-02T08:00:00, above 48,212"
    ]


def test_the_reading_at_exactly_the_begin_is_one_of_the_old_meter() -> None:
    early = {"07:45": 48_213, "08:00": 1, "08:15": 2}

    assert findings_of(early) == [
        (
            f"ESA533 the register does not fall at {SWAP}, but falls from 48,213 at 2026-11-02T07:45:00 "
            "to 1 at 2026-11-02T08:00:00"
        )
    ]


def test_a_first_value_above_the_readings_after_it_does_not_fit() -> None:
    assert findings_of(SWAPPED, initial=12) == [
        (
            f"ESA531 initial does not fit the readings: the first reading after {SWAP} is 1 "
            "at 2026-11-02T08:15:00, below 12"
        )
    ]


def test_a_register_that_goes_on_over_the_begin_does_not_fit() -> None:
    assert findings_of(OLD | {"08:15": 48_215, "09:00": 48_220}, final=None) == [
        (
            "ESA531 initial does not fit the readings: the register goes on from 48,213 at 2026-11-02T08:00:00 "
            "to 48,215 at 2026-11-02T08:15:00, not from 0"
        )
    ]


@pytest.mark.parametrize(
    ("live", "fix"),
    [
        (LIVE, 'if the meter was swapped then, write  beginDate: "2026-11-02T09:00:00"'),
        (
            add_older_version(LIVE, SWAP),
            (
                "if the meter was swapped then, move the version: write its settings under esaChannelVersion in place "
                'of channelVersions, with  beginDate: "2026-11-02T09:00:00"'
            ),
        ),
        (
            follow(add_older_version(LIVE, SWAP), "2026-11-05T00:00:00"),
            (
                "if the meter was swapped then, correct the date in EnergyCAP first, and then write  "
                'beginDate: "2026-11-02T09:00:00"'
            ),
        ),
    ],
    ids=["to be created", "the current one", "an earlier one"],
)
def test_a_fall_at_another_time_is_named_with_the_way_out(live: Live, fix: str) -> None:
    (check,) = checks_of(live)
    late = OLD | {"09:00": 48_216, "09:15": 1, "10:00": 2}

    (finding,) = check_swap(check, read(late)).findings

    assert (finding.code, finding.fix) == ("ESA533", fix)
    assert finding.message == (
        f"the register does not fall at {SWAP}, but falls from 48,216 at 2026-11-02T09:00:00 "
        "to 1 at 2026-11-02T09:15:00"
    )
    assert finding.location is not None
    assert finding.location.path == ("channels", "north", "channelVersions", "1", "beginDate")


def test_a_fall_where_another_version_begins_is_not_this_swap() -> None:
    live = add_older_version(LIVE, "2026-11-02T10:00:00")
    falls_later = OLD | {"08:15": 48_214, "10:00": 48_220, "10:15": 1, "11:00": 2}

    assert findings_of(falls_later, final=48_213, initial=None, live=live) == []


def test_a_fact_is_located_where_it_is_written() -> None:
    (check,) = checks_of()

    verdict = check_swap(check, read(OLD | {"08:00": 48_215, "08:15": -5, "09:00": -4}))

    assert [finding.location.path[-1] for finding in verdict.findings if finding.location] == ["final", "initial"]


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        (
            {},
            [
                "final was not compared with readings: " + NONE_UP_TO,
                "initial was not compared with readings: " + NONE_AFTER,
            ],
        ),
        (OLD, ["initial was not compared with readings: " + NONE_AFTER]),
        (NEW, ["final was not compared with readings: " + NONE_UP_TO]),
        (
            dict.fromkeys(SWAPPED),
            ["swap was not compared with readings: EnergyCAP gives readings without their raw value"],
        ),
    ],
    ids=["none", "only before", "only after", "no raw values"],
)
def test_facts_without_readings_are_not_checked_and_that_is_said(values: Values, reasons: list[str]) -> None:
    assert findings_of(values) == [f"ESA532 {reason}" for reason in reasons]


@pytest.mark.parametrize("rules", [("Trip", "Odometer"), ("Odometer", "Trip")])
def test_facts_under_the_trip_rule_are_not_checked_and_that_is_said(rules: tuple[str, str]) -> None:
    (check,) = checks_of(LIVE, before={"observationRule": rules[0]}, observationRule=rules[1])

    verdict = check_swap(check, read(SWAPPED))

    assert verdict.is_settled
    assert [finding.message for finding in verdict.findings] == [
        ("swap was not compared with readings: under the Trip rule, readings are not register values")
    ]


@pytest.mark.parametrize(
    ("values", "others", "is_settled"),
    [
        (SWAPPED, {}, True),
        (SWAPPED | {"08:00": 48_300}, {}, False),
        (OLD, {}, False),
        (OLD, {"last_reading": SWAP}, True),
        (NEW, {}, False),
        (NEW, {"first_reading": "2026-11-02T08:15:00"}, True),
        ({}, {}, False),
        ({}, {"has_readings": False}, True),
    ],
    ids=["fits", "does not", "no new", "no new yet", "no old", "no old at all", "none near", "none at all"],
)
def test_more_readings_are_asked_for_only_if_they_may_say_more(
    values: Values, others: dict[str, Any], is_settled: bool
) -> None:
    (check,) = checks_of(replace(LIVE, **others))

    assert check_swap(check, read(values)).is_settled is is_settled


@pytest.mark.parametrize(
    ("minutes", "begin", "hours"),
    [(15, SWAP, [(12, 12), (1488, 1488)]), (43_200, SWAP, [(1440, 1440), (2880, 2880)])],
)
def test_few_readings_are_read_first(minutes: int, begin: str, hours: list[tuple[int, int]]) -> None:
    (check,) = checks_of(make_live(1, {**ODOMETER, "intervalMinutes": minutes}, **READ))
    middle = datetime.fromisoformat(begin)

    assert check.spans == tuple(
        (middle - timedelta(hours=before), middle + timedelta(hours=after)) for before, after in hours
    )


def test_the_last_day_of_the_calendar_is_the_end() -> None:
    (check,) = checks_of()
    last = replace(check, version=replace(check.version, begin="9999-12-31T23:00:00"))

    assert [end.year for _, end in last.spans] == [9999, 9999]


def test_channels_without_facts_or_that_are_not_in_the_plan_are_not_checked() -> None:
    desired = make_desired("north", 1, {f"{V}multiplier": 2})
    (check,) = checks_of()
    definitions = Definitions((desired, replace(check.desired, name="south")), (), (), "sha256:0")

    assert list_swap_checks(plan_of([desired], [LIVE]), definitions, [LIVE]) == ()


def test_a_doubt_names_the_version_and_the_reason() -> None:
    (check,) = checks_of()

    finding = doubt_swap(check, "a snapshot has none")

    assert (finding.code, finding.message) == (
        "ESA532",
        "swap was not compared with readings: a snapshot has none",
    )
    assert finding.location == check.desired.locate(f"channelVersions[{SWAP}].swap")
