"""Feeds through a plan, and again before each change is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Snapshot
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Feed, Identifiers, ResolutionFailure
from reconciler.model.plan import Blocker, FeedRoute, FeedStep, Verdict
from reconciler.model.project import OnNotFound
from reconciler.planning.feed_impact import may_affect_routing, recheck_feeds
from reconciler.planning.plan import make_plan
from tests.planning.tenant import BASIS, REFERENCE, SOUTH, V, list_blocks, make_calculated, make_desired, make_live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.channels import Desired, Live
    from reconciler.model.plan import Plan
    from reconciler.model.values import Spec

UNIT = f"{V}unitCode"
TO_KW: Spec = {UNIT: "KW"}
TO_KWH: Spec = {UNIT: "KWH"}
KW: Spec = {f"{V}unitId": 2}
AWAY = "would take the readings of feed logger away from one: they would"
NO_MATCH = "match no channel"
LOST = "was not found"
TYPES = '"ELECUSE" → "GASUSE"'
SENT_C1 = 'readings for import id "C-1"'
USE_KWH = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH")
USE_KW = replace(USE_KWH, unit_code="KW")


def feed(name: str, expect: str, identifiers: Identifiers = USE_KWH) -> Feed:
    return Feed(name, Location("channels/north.yaml", 31, path=("feeds", name)), identifiers, expect)


# All units but money are of one kind, so that the only findings are about routing.
ONE_KIND = replace(
    REFERENCE,
    units=tuple(
        unit if unit.is_money else replace(unit, type_code="ENERGY", type_name="Energy") for unit in REFERENCE.units
    ),
)


def by_import_id(import_id: str) -> Identifiers:
    return Identifiers(channel_import_id=import_id)


def plan_of(feeds: Sequence[Feed], channels: Sequence[Desired], live: Sequence[Live], *only: str) -> Plan:
    definitions = Definitions(tuple(channels), tuple(feeds), ("channels/north.yaml",), "sha256:0")
    return make_plan(definitions, Snapshot(tuple(live), ONE_KIND), replace(BASIS, filter=only))


def list_findings(plan: Plan) -> list[str]:
    """The findings as `code message`."""
    return [f"{finding.code} {finding.message}" for finding in plan.findings]


def test_a_feed_that_no_edit_reroutes_has_a_route_and_no_finding() -> None:
    plan = plan_of([feed("logger", "one")], [make_desired("one", 1, {"channelInfo": "New"})], [make_live(1)])

    assert plan.feeds == (FeedRoute("logger", "one", 1, 1, (), identifiers=USE_KWH),)
    assert plan.findings == ()
    assert plan.changes[0].feeds == ()


def test_an_edit_that_reroutes_a_feed_is_blocked_with_its_evidence() -> None:
    live = [make_live(1), make_live(2, {**KW, "channelInfo": "Check"}), make_live(3, KW)]

    plan = plan_of([feed("logger", "one")], [make_desired("one", 1, TO_KW)], live)

    (change,) = plan.changes
    assert (change.verdict, change.feeds) == (Verdict.BLOCKED, ("logger",))
    assert change.blocked_by == (
        Blocker(
            rule="ESA603",
            message=f"{AWAY} {NO_MATCH}",
            evidence={
                "feed": "logger (channels/north.yaml:31)",
                "identifiers": 'meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE", unitCode "KWH"',
                "edits": [f'{UNIT} "KWH" → "KW"'],
                "expects": {
                    "channel_id": 1,
                    "name": "Use",
                    "managed_as": "one",
                    "file": "channels/north.yaml",
                    "line": 7,
                },
                "would_find": [],
            },
            unblock=f"keep {UNIT} as in EnergyCAP, or change the logger too, and feed logger in the same plan",
        ),
    )


def test_a_rerouted_feed_has_a_finding_at_its_line_and_a_note_in_its_route() -> None:
    live = [make_live(1), make_live(2, KW), make_live(3, KW)]

    plan = plan_of([feed("logger", "one")], [make_desired("one", 1, TO_KW)], live)

    step = f'once one (channels/north.yaml:7) is changed ({UNIT} "KWH" → "KW"), they {NO_MATCH}'
    held = "the plan blocks this change, so the readings keep going where they go today"
    move = FeedStep("one", (UNIT,), None, ResolutionFailure.UNMATCHED)
    assert plan.feeds == (
        FeedRoute("logger", "one", 1, None, (step, held), (move,), is_change_blocked=True, identifiers=USE_KWH),
    )
    assert plan.findings == (
        Finding(
            code="ESA603",
            severity=Severity.WARNING,
            message=f"readings of feed logger would no longer reach one: they would {NO_MATCH}",
            location=Location("channels/north.yaml", 31, path=("feeds", "logger")),
            detail=(step, held),
            fix="leave these settings as they are; or change the logger too, and its feed in the same plan",
        ),
    )


@pytest.mark.parametrize(
    ("identifiers", "channels", "blocks", "finding"),
    [
        pytest.param(
            USE_KWH,
            [make_desired("one", 1), make_desired("two", 2, TO_KWH)],
            {"two": [f"ESA602 {AWAY} match 2 channels (one, two) and reach none"]},
            "ESA602 readings of feed logger would no longer reach one: "
            "they would match 2 channels (one, two) and reach none",
            id="ambiguous, by an edit of another channel",
        ),
        pytest.param(
            by_import_id("C-1"),
            [make_desired("one", 1, {"channelImportId": None}), make_desired("two", 2, {"channelImportId": "C-1"})],
            {
                "one": [f"ESA603 {AWAY} {NO_MATCH}"],
                "two": ["ESA408 needs the change of one, which is blocked by ESA603"],
            },
            "ESA601 readings of feed logger would no longer reach one: they would go to two",
            id="redirected, by two edits of which one needs the other",
        ),
        pytest.param(
            USE_KWH,
            [make_desired("one", 1, TO_KW), make_desired("two", 2, TO_KWH)],
            {
                "one": [f"ESA603 {AWAY} {NO_MATCH}"],
                "two": [f"ESA602 {AWAY} match 2 channels (one, two) and reach none"],
            },
            "ESA601 readings of feed logger would no longer reach one: they would go to two",
            id="redirected, by two edits each of which reroutes it alone",
        ),
        pytest.param(
            replace(USE_KWH, interval_seconds=900),
            [make_desired("one", 1, {"intervalMinutes": 60}), make_desired("a", 2, TO_KWH)],
            {"a": [f"ESA602 {AWAY} match 2 channels (one, a) and reach none"]},
            "ESA601 readings of feed logger would no longer reach one: they would go to a",
            id="redirected, by two edits of which one does no harm alone",
        ),
    ],
)
def test_the_edit_that_reroutes_a_feed_is_blocked(
    identifiers: Identifiers, channels: list[Desired], blocks: dict[str, list[str]], finding: str
) -> None:
    plan = plan_of([feed("logger", "one", identifiers)], channels, [make_live(1), make_live(2, KW)])

    assert {change.name: list_blocks(change) for change in plan.blocked} == blocks
    assert list_findings(plan) == [finding]


def test_one_edit_may_reroute_several_feeds() -> None:
    feeds = [feed("by-unit", "one"), feed("by-id", "one", Identifiers(channel_id=1)), feed("again", "one")]

    plan = plan_of(feeds, [make_desired("one", 1, TO_KW)], [make_live(1), make_live(2)])

    (change,) = plan.changes
    assert [route.name for route in plan.feeds] == ["again", "by-id", "by-unit"]
    assert [route.is_change_blocked for route in plan.feeds] == [False, False, False]
    assert change.feeds == ("again", "by-unit")


def test_a_feed_that_is_edited_together_with_its_channel_blocks_nothing() -> None:
    plan = plan_of([feed("logger", "one", USE_KW)], [make_desired("one", 1, TO_KW)], [make_live(1), make_live(2)])

    step = f'once one (channels/north.yaml:7) is changed ({UNIT} "KWH" → "KW"), they go to one'
    assert plan.feeds == (
        FeedRoute("logger", "one", None, 1, (step,), (FeedStep("one", (UNIT,), 1),), identifiers=USE_KW),
    )
    assert plan.changes[0].verdict is Verdict.ALLOWED
    assert "logger" not in "".join(list_findings(plan))


def test_a_feed_that_already_misses_its_channel_is_reported_and_blocks_nothing() -> None:
    live = [make_live(1), *(make_live(id_, {**KW, "channelInfo": f"Spare {id_}"}) for id_ in range(2, 8))]

    plan = plan_of([feed("logger", "kw"), feed("other", "kw", USE_KW)], [make_desired("kw", 7)], live)

    assert list_findings(plan) == [
        'ESA605 readings of feed logger do not reach kw, which it expects: today they go to 1 "Use"',
        (
            "ESA605 readings of feed other do not reach kw, which it expects: today they match "
            '6 channels (2 "Spare 2", 3 "Spare 3", 4 "Spare 4", 5 "Spare 5", 6 "Spare 6", 1 more) and reach none'
        ),
    ]
    assert plan.feeds[0].findings == ('not the channel it expects: today its readings go to 1 "Use"',)


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (5, '1 "Spare", 2 "Spare", 3 "Spare", 4 "Spare", 5 "Spare"'),
        (7, '1 "Spare", 2 "Spare", 3 "Spare", 4 "Spare", 5 "Spare", 2 more'),
    ],
)
def test_the_first_five_channels_that_readings_match_are_named(count: int, shown: str) -> None:
    live = [make_live(id_, {"channelInfo": "Spare"}) for id_ in range(1, count + 1)]

    plan = plan_of([feed("logger", "one")], [make_desired("one", 9)], [*live, make_live(9, data_point=SOUTH)])

    assert list_findings(plan) == [
        (
            "ESA605 readings of feed logger do not reach one, which it expects: "
            f"today they match {count} channels ({shown}) and reach none"
        )
    ]


def test_a_feed_that_already_misses_its_channel_may_be_rerouted() -> None:
    plan = plan_of(
        [feed("logger", "three")],
        [make_desired("one", 1, TO_KW), make_desired("three", 3)],
        [make_live(1), make_live(2, KW), make_live(3, KW)],
    )

    assert list_findings(plan) == [
        f"ESA603 readings of feed logger would no longer reach one: they would {NO_MATCH}",
        "ESA605 readings of feed logger do not reach three, which it expects: today they go to one",
    ]
    assert plan.blocked == ()


def test_a_feed_that_matches_no_channel_may_start_to_match_a_wrong_one() -> None:
    plan = plan_of(
        [feed("logger", "two", USE_KW)],
        [make_desired("one", 1, TO_KW), make_desired("two", 2)],
        [make_live(1), make_live(2)],
    )

    assert list_findings(plan) == [
        f"ESA604 readings of feed logger would start to go to one; today they {NO_MATCH}",
        f"ESA605 readings of feed logger do not reach two, which it expects: today they {NO_MATCH}",
    ]


# `a` takes the unit of `b`, which then becomes another thing: between the two nothing is in KW.
PASSING = [make_desired("a", 1, TO_KWH), make_desired("b", 2, {"observationTypeCode": "ELECDEMAND"})]
PAUSE = "pause the logger while the plan is applied, or apply these edits in separate plans"


def test_a_feed_that_is_rerouted_only_during_apply_is_a_warning() -> None:
    plan = plan_of([feed("logger", "a", USE_KW)], PASSING, [make_live(1, KW), make_live(2)])

    assert list_findings(plan) == [
        f"ESA603 readings of feed logger would not reach a while the plan is applied: meanwhile they would {NO_MATCH}"
    ]
    assert plan.findings[0].fix == PAUSE
    assert plan.feeds[0].steps == (
        FeedStep("a", (UNIT,), None, ResolutionFailure.UNMATCHED),
        FeedStep("b", ("observationTypeCode",), 1),
    )
    assert plan.blocked == ()


def test_a_feed_that_matches_a_channel_only_during_apply_has_steps_and_no_finding() -> None:
    plan = plan_of(
        [feed("logger", "lost", USE_KW)],
        [make_desired("a", 1, TO_KW), make_desired("b", 2, TO_KW), make_desired("lost", 9)],
        [make_live(1), make_live(2)],
    )

    assert [finding.code for finding in plan.findings] == ["ESA301"]
    assert plan.feeds[0].steps == (
        FeedStep("a", (UNIT,), 1),
        FeedStep("b", (UNIT,), None, ResolutionFailure.AMBIGUOUS),
    )


def test_undeclared_readings_that_are_rerouted_only_during_apply_are_a_warning_at_the_first_edit() -> None:
    plan = plan_of([], PASSING, [make_live(1, KW, has_readings=True), make_live(2)])

    assert list_findings(plan) == [
        (
            'ESA603 readings for meter "NB-ELEC-01" (ELECUSE, KW) would not reach a while the plan is applied: '
            f"meanwhile they would {NO_MATCH}"
        )
    ]
    assert plan.findings[0].location == Location("channels/north.yaml", 7, path=("channels", "a", *UNIT.split(".")))
    assert plan.findings[0].fix == PAUSE


def test_undeclared_readings_that_come_back_once_are_a_warning_at_the_edit_that_loses_them() -> None:
    live = [make_live(1, KW, has_readings=True), make_live(2), make_live(3, {"observationTypeId": 12})]

    plan = plan_of([], [*PASSING, make_desired("c", 3, {"observationTypeCode": "ELECUSE"})], live)

    assert list_findings(plan) == [
        f'ESA603 readings for meter "NB-ELEC-01" (ELECUSE, KW) would no longer reach a: they would {NO_MATCH}'
    ]
    assert plan.findings[0].location == Location(
        "channels/north.yaml", 7, path=("channels", "c", "observationTypeCode")
    )


@pytest.mark.parametrize(
    ("identifiers", "channels", "codes", "after"),
    [
        pytest.param(USE_KWH, [make_desired("one", 1, TO_KW)], ["ESA301", "ESA603"], None, id="to no channel"),
        pytest.param(
            USE_KWH,
            [make_desired("one", 1, TO_KW), make_desired("two", 2, TO_KWH)],
            ["ESA301", "ESA601"],
            2,
            id="to another channel",
        ),
        pytest.param(
            replace(USE_KWH, unit_code="GAL"),
            [make_desired("one", 1, {UNIT: "GAL"})],
            ["ESA301", "ESA604"],
            1,
            id="from no channel",
        ),
    ],
)
def test_a_feed_whose_channel_has_an_error_is_traced_too(
    identifiers: Identifiers, channels: list[Desired], codes: list[str], after: int | None
) -> None:
    plan = plan_of(
        [feed("logger", "lost", identifiers)], [make_desired("lost", 9), *channels], [make_live(1), make_live(2, KW)]
    )

    assert [finding.code for finding in plan.findings] == codes
    assert plan.feeds[0].after == after
    assert plan.blocked == ()


@pytest.mark.parametrize(
    ("channels", "live", "expected"),
    [
        pytest.param(
            [make_desired("one", 1, {"channelImportId": "NEW"})],
            [make_live(1, has_readings=True)],
            [f"ESA603 {SENT_C1} would no longer reach one: they would {NO_MATCH}"],
            id="an import id that no channel has any more",
        ),
        pytest.param(
            [make_desired("one", 1, {"channelImportId": None}), make_desired("two", 2, {"channelImportId": "C-1"})],
            [make_live(1, has_readings=True), make_live(2)],
            [f"ESA601 {SENT_C1} would no longer reach one: they would go to two"],
            id="an import id that another gets",
        ),
        pytest.param(
            [make_desired("two", 2, TO_KWH)],
            [make_live(1, has_readings=True), make_live(2, KW)],
            [
                (
                    'ESA602 readings for meter "NB-ELEC-01" (ELECUSE, KWH) would no longer reach 1 "Use": '
                    'they would match 2 channels (1 "Use", two) and reach none'
                )
            ],
            id="a channel that is not managed, by an edit of another one",
        ),
        pytest.param(
            [make_desired("two", 2, TO_KW)],
            [make_live(1, has_readings=True), make_live(2)],
            [
                (
                    'ESA604 readings for meter "NB-ELEC-01" (ELECUSE, KWH, 15 minutes) would start to go to 1 "Use"; '
                    'today they match 2 channels (1 "Use", two) and reach none'
                )
            ],
            id="channels that were alike",
        ),
        pytest.param(
            [make_desired("two", 2, TO_KW)],
            [make_live(1), make_live(2)],
            [],
            id="channels that were alike, and nothing to be mixed up",
        ),
        pytest.param(
            [make_desired("one", 1, {"channelImportId": "NEW"})], [make_live(1)], [], id="a channel without readings"
        ),
        pytest.param(
            [make_desired("one", 1, TO_KW)],
            [make_live(1), make_live(2, {"observationTypeId": 11}, has_readings=True)],
            [],
            id="another channel of the meter, which keeps its readings",
        ),
        pytest.param(
            [make_desired("one", 1, {"channelImportId": "NEW"})],
            [make_calculated(1, "channel(2)", has_readings=True), make_live(2)],
            [],
            id="a calculated channel, which takes no readings",
        ),
        pytest.param(
            [make_desired("two", 2, {"observationTypeCode": "GASUSE"})],
            [make_calculated(1, "channel(3)"), make_calculated(2, "channel(3)"), make_live(3, data_point=SOUTH)],
            [],
            id="a calculated channel, which begins to take none",
        ),
        pytest.param(
            [make_desired("two", 2, TO_KW)],
            [make_live(1, data_point=SOUTH), make_live(2, has_readings=True)],
            [],
            id="the only channel of a meter, whatever its unit",
        ),
        pytest.param(
            [make_desired("one", 1, {"channelImportId": "NEW", f"{V}unitCode": "USD"})],
            [make_live(1, has_readings=True)],
            [],
            id="an edit that is blocked",
        ),
    ],
)
def test_undeclared_readings_that_may_be_lost_are_a_warning(
    channels: list[Desired], live: list[Live], expected: list[str]
) -> None:
    plan = plan_of([], channels, live)

    assert list_findings(plan) == expected
    assert not any("feed" in block for change in plan.blocked for block in list_blocks(change))


def test_several_identifiers_of_one_channel_make_one_finding_at_the_edit() -> None:
    live = [make_live(1, has_readings=True), make_live(2, {"observationTypeId": 11})]

    plan = plan_of([], [make_desired("one", 1, {"observationTypeCode": "GASUSE"})], live)

    assert plan.findings == (
        Finding(
            code="ESA603",
            severity=Severity.WARNING,
            message=f'readings for meter "NB-ELEC-01" (ELECUSE) would no longer reach one: they would {NO_MATCH}',
            location=Location("channels/north.yaml", 7, path=("channels", "one", "observationTypeCode")),
            detail=(
                f"once one (channels/north.yaml:7) is changed (observationTypeCode {TYPES}), they {NO_MATCH}",
                'such readings are sent with meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE"',
                "the same applies to readings that also give unitCode and channelIntervalInSeconds",
            ),
            fix="if a logger sends such readings, change it at the same time; to have such edits blocked, declare the "
            "logger as a feed with  expect: one",
        ),
    )


def test_undeclared_readings_that_no_channel_gets_today_need_no_feed() -> None:
    plan = plan_of([], [make_desired("one", 1, TO_KW)], [make_live(1), make_live(2, has_readings=True)])

    assert [finding.code for finding in plan.findings] == ["ESA604"]
    assert "expect:" not in plan.findings[0].fix


def test_readings_of_a_declared_feed_are_not_reported_twice() -> None:
    edit = [make_desired("one", 1, {"channelImportId": "NEW"})]

    plan = plan_of([feed("logger", "one", by_import_id("C-1"))], edit, [make_live(1, has_readings=True)])

    assert list_findings(plan) == [f"ESA603 readings of feed logger would no longer reach one: they would {NO_MATCH}"]


@pytest.mark.parametrize(
    ("only", "feeds", "codes"),
    [
        ("one", ["to-one"], ["ESA603"]),
        ("two", ["to-two"], []),
        ("three", [], []),
    ],
)
def test_feeds_are_traced_through_the_changes_that_a_filter_keeps(
    only: str, feeds: list[str], codes: list[str]
) -> None:
    plan = plan_of(
        [feed("to-one", "one", by_import_id("C-1")), feed("to-two", "two", by_import_id("C-2"))],
        [make_desired("one", 1, {"channelImportId": "NEW"}), make_desired("two", 2), make_desired("three", 3)],
        [make_live(1), make_live(2), make_live(3)],
        only,
    )

    assert [route.name for route in plan.feeds] == feeds
    assert [finding.code for finding in plan.findings] == codes


@pytest.mark.parametrize(("only", "codes"), [("one", ["ESA603", "ESA605"]), ("three", [])])
def test_a_filter_keeps_a_feed_that_a_kept_change_reroutes(only: str, codes: list[str]) -> None:
    plan = plan_of(
        [feed("misled", "two", by_import_id("C-1"))],
        [make_desired("one", 1, {"channelImportId": "NEW"}), make_desired("two", 2), make_desired("three", 3)],
        [make_live(1), make_live(2), make_live(3)],
        only,
    )

    assert [(route.name, route.after) for route in plan.feeds] == [("misled", None)] * (only == "one")
    assert [finding.code for finding in plan.findings] == codes


USE = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE")
ONE, DEMAND = make_live(1), make_live(2, {"observationTypeId": 11})
TWIN = make_live(2, {"observationTypeId": 10, f"{V}unitId": 2})


def plan_edit(spec: Spec, live: tuple[Live, ...], feeds: tuple[Feed, ...] = ()) -> Plan:
    """The plan of an edit of channel 1."""
    definitions = Definitions((make_desired("one", 1, spec),), feeds, ("channels/north.yaml",), "sha256:0")
    return make_plan(definitions, Snapshot(live, REFERENCE), BASIS)


def recheck(
    spec: Spec, identifiers: Identifiers, planned: tuple[Live, ...], now: tuple[Live, ...]
) -> tuple[Blocker, ...]:
    """The blockers of an edit of channel 1 that was planned on `planned`, if the data point now reads as `now`."""
    feeds = (Feed("logger", Location("channels/north.yaml", 31), identifiers, "one"),)
    plan = plan_edit(spec, planned, feeds)
    (change,) = plan.sendable
    return recheck_feeds(change, now[0], now, plan.feeds, REFERENCE)


def test_a_channel_that_became_similar_after_planning_may_block_an_edit() -> None:
    assert recheck(TO_KW, USE_KWH, (ONE, DEMAND), (ONE, DEMAND)) == ()
    assert recheck(TO_KW, USE_KWH, (ONE, DEMAND), (ONE, TWIN)) == (
        Blocker(
            "ESA603",
            "would take the readings of feed logger away from one: they would match no channel",
            {
                "feed": "logger",
                "identifiers": 'meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE", unitCode "KWH"',
            },
            "plan again: reconciler plan",
        ),
    )


@pytest.mark.parametrize(
    ("spec", "identifiers", "planned", "now"),
    [
        pytest.param({"channelInfo": "New"}, USE_KWH, (ONE, DEMAND), (ONE, TWIN), id="no edit of an identifying field"),
        pytest.param(
            TO_KW,
            replace(USE, unit_code="KW"),
            (ONE, TWIN),
            (ONE, DEMAND),
            id="a feed that still reaches the same channel",
        ),
        pytest.param(
            TO_KW, USE, (ONE, DEMAND), (ONE, make_live(2)), id="a feed that matches no single channel already"
        ),
        pytest.param(TO_KW, Identifiers(channel_id=1), (ONE, DEMAND), (ONE, TWIN), id="a feed that names the channel"),
        pytest.param(
            TO_KW,
            replace(USE, unit_code="KW"),
            (ONE, DEMAND),
            (ONE, make_live(2)),
            id="a feed that starts to match the channel",
        ),
    ],
)
def test_no_blocker_if_no_feed_got_worse(
    spec: Spec, identifiers: Identifiers, planned: tuple[Live, ...], now: tuple[Live, ...]
) -> None:
    assert recheck(spec, identifiers, planned, now) == ()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (TO_KW, True),
        ({"observationTypeCode": "GASUSE"}, True),
        ({"intervalMinutes": 60}, True),
        ({"channelImportId": "NEW"}, True),
        ({"channelInfo": "New", f"{V}multiplier": 2}, False),
    ],
)
def test_a_change_of_what_identifies_a_channel_may_affect_routing(spec: Spec, *, expected: bool) -> None:
    assert may_affect_routing(plan_edit(spec, (ONE,)).changes[0]) is expected


def test_a_reroute_that_the_plan_shows_does_not_block_at_apply() -> None:
    """Channel 1 takes the unit in the feed, after channel 2 gives it up: reviewed as a new route."""
    feeds = (Feed("logger", Location("channels/north.yaml", 31), replace(USE, unit_code="KW"), "one"),)
    channels = (
        make_desired("one", 1, {f"{V}unitCode": "KWH"}),
        make_desired("two", 2, {"observationTypeCode": "ELECDEMAND"}),
    )
    live = (make_live(1, {f"{V}unitId": 2}), make_live(2))
    plan = make_plan(
        Definitions(channels, feeds, ("channels/north.yaml",), "sha256:0"), Snapshot(live, REFERENCE), BASIS
    )

    blocks = [
        recheck_feeds(change, live[change.channel_id - 1], live, plan.feeds, REFERENCE) for change in plan.sendable
    ]

    assert [move.change for move in plan.feeds[0].steps] == ["one", "two"]
    assert blocks == [(), ()]


@pytest.mark.parametrize(
    ("movers", "is_blocked"),
    [
        pytest.param((), True, id="rerouted by no change"),
        pytest.param(("one",), False, id="rerouted by this change alone"),
        pytest.param(("two",), True, id="rerouted by another change alone"),
        pytest.param(("two", "one"), False, id="rerouted by both"),
    ],
)
def test_only_a_reroute_of_this_feed_by_this_change_counts_as_reviewed(
    movers: tuple[str, ...], *, is_blocked: bool
) -> None:
    (change,) = plan_edit(TO_KW, (ONE, TWIN)).sendable
    moves = tuple(FeedStep(mover, (f"{V}unitCode",), None) for mover in movers)
    feed = FeedRoute("logger", "one", 1, None, (), moves, identifiers=USE_KWH)

    blocks = recheck_feeds(change, ONE, (ONE, TWIN), (feed,), REFERENCE)

    assert [block.rule for block in blocks] == (["ESA603"] if is_blocked else [])


def skip_plan(feeds: Sequence[Feed], channels: Sequence[Desired], live: Sequence[Live]) -> Plan:
    definitions = Definitions(tuple(channels), tuple(feeds), ("channels/north.yaml",), "sha256:0")
    request = replace(BASIS, not_found=OnNotFound.SKIP)
    return make_plan(definitions, Snapshot(tuple(live), ONE_KIND), request)


def test_a_change_that_reroutes_a_feed_whose_channel_is_skipped_is_blocked() -> None:
    live = [make_live(1), make_live(2, {**KW, "channelInfo": "Check"})]

    plan = skip_plan([feed("logger", "gone")], [make_desired("one", 1, TO_KW), make_desired("gone", 99)], live)

    (change,) = plan.changes
    assert [(block.rule, block.message, block.evidence["expects"]) for block in change.blocked_by] == [
        (
            "ESA336",
            f"would reroute feed logger, which expects gone, and that channel {LOST}: its readings would {NO_MATCH}",
            None,
        )
    ]
    assert [(route.name, route.before, route.is_change_blocked) for route in plan.feeds] == [("logger", 1, True)]


def test_a_change_that_leaves_such_a_feed_where_it_is_goes_on() -> None:
    channels = [make_desired("one", 1, {"channelInfo": "New"}), make_desired("gone", 99)]

    plan = skip_plan([feed("logger", "gone")], channels, [make_live(1)])

    assert [change.is_sendable for change in plan.changes] == [True]
