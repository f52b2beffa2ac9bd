"""The plan as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import FIELDS, Impact
from reconciler.model.findings import Severity
from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import (
    Action,
    Change,
    ChannelLabel,
    Edit,
    FormulaLink,
    History,
    Plan,
    Summary,
    Verdict,
    VersionSpan,
)
from reconciler.planning.changes import fingerprint
from reconciler.planning.plan import advise_pattern, matches_filter
from tests.planning.tenant import (
    BASIS,
    NORTH,
    SOUTH,
    V,
    add_older_version,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
)

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Live
    from reconciler.model.values import Spec

RENAME: Spec = {"channelInfo": "New name"}
TO_CALCULATED: Spec = {"isCalculated": True, f"{V}formula": "channel(2)"}
USER = make_calculated(3, "channel(1)")
FREES = make_desired("user", 3, {f"{V}formula": "channel(2)"})


def list_changes(plan: Plan) -> list[tuple[str, Action, Verdict]]:
    return [(change.name, change.action, change.verdict) for change in plan.changes]


# The decision table of the README, row for row.
@pytest.mark.parametrize(
    ("channels", "live", "expected", "summary"),
    [
        pytest.param(
            [make_desired("north", 1, {"channelInfo": "Use"})],
            [make_live(1)],
            [("north", Action.NO_OP, Verdict.ALLOWED)],
            Summary(update=0, blocked=0, no_op=1, unmanaged=0, drift=0),
            id="in files, found, does not differ: nothing",
        ),
        pytest.param(
            [make_desired("north", 1, RENAME)],
            [make_live(1)],
            [("north", Action.UPDATE, Verdict.ALLOWED)],
            Summary(update=1, blocked=0, no_op=0, unmanaged=0, drift=0),
            id="in files, found, differs, precondition holds: update",
        ),
        pytest.param(
            [make_desired("north", 1, TO_CALCULATED)],
            [make_live(1, has_readings=True), make_live(2)],
            [("north", Action.UPDATE, Verdict.BLOCKED)],
            Summary(update=0, blocked=1, no_op=0, unmanaged=1, drift=0),
            id="in files, found, differs, precondition fails: blocked",
        ),
        pytest.param(
            [make_desired("north", 1, TO_CALCULATED), FREES],
            [make_live(1), make_live(2), USER],
            [("user", Action.UPDATE, Verdict.ALLOWED), ("north", Action.UPDATE, Verdict.ALLOWED)],
            Summary(update=2, blocked=0, no_op=0, unmanaged=1, drift=0),
            id="in files, found, differs, precondition made true by another change: update after it",
        ),
        pytest.param(
            [make_desired("north", 1, TO_CALCULATED)],
            [make_live(1, has_readings=None, is_convertible=None), make_live(2)],
            [("north", Action.UPDATE, Verdict.UNKNOWN)],
            Summary(update=0, blocked=1, no_op=0, unmanaged=1, drift=0),
            id="in files, found, differs, precondition unknown: blocked, unknown",
        ),
        pytest.param(
            [make_desired("north", 9, RENAME)],
            [make_live(1)],
            ["ESA301"],
            Summary(update=0, blocked=0, no_op=0, unmanaged=1, drift=0),
            id="in files, not found: error",
        ),
        pytest.param(
            [make_desired("north", 0, RENAME, select=Identifiers(meter_import_id=NORTH.import_id))],
            [make_live(1), make_live(2)],
            ["ESA302"],
            Summary(update=0, blocked=0, no_op=0, unmanaged=2, drift=0),
            id="in files, several found: error",
        ),
        pytest.param(
            [],
            [make_live(1)],
            [],
            Summary(update=0, blocked=0, no_op=0, unmanaged=1, drift=0),
            id="not in files, found: nothing, ever, counted as unmanaged",
        ),
    ],
)
def test_the_decision_table(
    channels: list[Desired], live: list[Live], expected: list[object], summary: Summary
) -> None:
    plan = plan_of(channels, live)

    assert [*list_changes(plan), *(finding.code for finding in plan.findings)] == expected
    assert plan.summary == summary
    assert plan.has_errors is any(finding.severity is Severity.ERROR for finding in plan.findings)


def test_a_plan_records_everything_that_it_was_made_from() -> None:
    live = add_older_version(
        make_live(1, has_readings=True, first_reading="2024-01-01T00:00:00", last_reading="2026-01-01T00:00:00"),
        "2025-01-01T00:00:00",
    )
    other = make_live(2, {"channelInfo": "Other"}, data_point=SOUTH)
    channels = (
        make_desired("north", 1, {f"{V}multiplier": 0.001, "isPrimaryDemand": False}, line=12),
        make_desired("other", 2, {"channelInfo": "Other"}, file="channels/south.yaml"),
    )

    assert plan_of(channels, (live, other, make_live(3))) == Plan(
        tool_version="0.1.0",
        environment="sandbox",
        url="sandbox",
        created="2026-11-21T12:00:00Z",
        commit="abc123",
        definitions_digest="sha256:0",
        filter=(),
        changes=(
            Change(
                name="north",
                channel_id=1,
                channel_info="Use",
                data_point=NORTH,
                file="channels/north.yaml",
                line=12,
                action=Action.UPDATE,
                edits=(Edit(f"{V}multiplier", 1, 0.001, Impact.HISTORY),),
                before={f"{V}multiplier": 1, "isPrimaryDemand": False},
                after={f"{V}multiplier": 0.001, "isPrimaryDemand": False},
                live={field.path: live.values[field.path] for field in FIELDS},
                target_values={f"{V}multiplier": 0.001, "isPrimaryDemand": False},
                version_id=10,
                version_count=2,
                verdict=Verdict.ALLOWED,
                blocked_by=(),
                depends_on=(),
                fingerprint=fingerprint(live),
                history=History(
                    (
                        VersionSpan(9, None, "2025-01-01T00:00:00"),
                        VersionSpan(10, "2025-01-01T00:00:00", None),
                    ),
                    has_readings=True,
                    first_reading="2024-01-01T00:00:00",
                    last_reading="2026-01-01T00:00:00",
                ),
            ),
            Change(
                name="other",
                channel_id=2,
                channel_info="Other",
                data_point=SOUTH,
                file="channels/south.yaml",
                line=7,
                action=Action.NO_OP,
                edits=(),
                before={"channelInfo": "Other"},
                after={"channelInfo": "Other"},
                live={},
                target_values={},
                version_id=20,
                version_count=1,
                verdict=Verdict.ALLOWED,
                blocked_by=(),
                depends_on=(),
                fingerprint=fingerprint(other),
            ),
        ),
        unmanaged=1,
        managed=2,
        findings=(),
    )


CHANNELS = (
    make_desired("a-converts", 1, TO_CALCULATED),
    make_desired("b-same", 2),
    FREES,
    make_desired("c-refused", 4, {f"{V}unitCode": "USD"}),
    make_desired("a-same", 5),
    make_desired("m-renamed", 6, RENAME),
)
LIVE = (make_live(1), make_live(2), USER, make_live(4), make_live(5), make_live(6))


def test_changes_are_in_the_order_of_apply_then_blocked_then_no_ops() -> None:
    assert [change.name for change in plan_of(CHANNELS, LIVE).changes] == [
        "m-renamed",
        "user",
        "a-converts",
        "c-refused",
        "a-same",
        "b-same",
    ]


def test_the_order_of_files_and_rows_does_not_matter() -> None:
    assert plan_of(reversed(CHANNELS), reversed(LIVE)) == plan_of(CHANNELS, LIVE)


def test_a_channel_with_an_error_has_no_change_but_is_not_unmanaged() -> None:
    channels = (make_desired("north", 1, {f"{V}unitCode": "WHAT", **RENAME}), make_desired("other", 2, RENAME))

    plan = plan_of(channels, (make_live(1), make_live(2)))

    assert list_changes(plan) == [("other", Action.UPDATE, Verdict.ALLOWED)]
    assert ([finding.code for finding in plan.findings], plan.has_errors, plan.unmanaged) == (["ESA310"], True, 0)


def test_a_note_does_not_make_a_plan_invalid() -> None:
    renamed = make_desired("north", 0, {"channelImportId": "C-1"}, select=Identifiers(channel_import_id="OLD"))

    plan = plan_of((renamed,), (make_live(1),))

    assert list_changes(plan) == [("north", Action.NO_OP, Verdict.ALLOWED)]
    assert ([finding.code for finding in plan.findings], plan.has_errors) == (["ESA305"], False)


@pytest.mark.parametrize(
    ("spec", "codes"),
    [({"observationTypeCode": "GASUSE"}, ["ESA306"]), ({f"{V}unitCode": "USD"}, []), (RENAME, [])],
    ids=["type", "blocked", "name"],
)
def test_a_change_after_which_select_finds_no_channel_is_a_warning(spec: Spec, codes: list[str]) -> None:
    identifiers = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH")
    live = (make_live(1), make_live(2, {f"{V}unitId": 2}))

    plan = plan_of((make_desired("north", 1, spec, select=identifiers),), live)

    assert [finding.code for finding in plan.findings] == codes


def filtered(*patterns: str) -> Plan:
    return plan_of((*CHANNELS, make_desired("lost", 99)), LIVE, replace(BASIS, filter=patterns))


@pytest.mark.parametrize(
    ("patterns", "names", "codes"),
    [
        (("a-conv*",), ["user", "a-converts"], []),
        (("user",), ["user"], []),
        (("?-same", "m-*"), ["m-renamed", "a-same", "b-same"], []),
        (("lost",), [], ["ESA301"]),
        (("c-*", "C-*"), ["c-refused"], ["ESA307"]),
    ],
)
def test_a_filter_keeps_matching_changes_and_their_dependencies(
    patterns: tuple[str, ...], names: list[str], codes: list[str]
) -> None:
    plan = filtered(*patterns)

    assert [change.name for change in plan.changes] == names
    assert [finding.code for finding in plan.findings] == codes
    assert (plan.filter, plan.is_complete) == (patterns, False)


def test_a_filter_does_not_alter_the_findings_on_a_channel() -> None:
    whole = plan_of(CHANNELS, LIVE)

    assert filtered("*").changes == whole.changes
    assert all(change in whole.changes for change in filtered("c-*", "user").changes)


def test_a_filter_keeps_both_ends_of_a_move() -> None:
    channels = (make_desired("old", 1, {"isPrimaryValue": False}), make_desired("new", 2, {"isPrimaryValue": True}))
    live = (make_live(1, {"isPrimaryValue": True}), make_live(2))

    plan = plan_of(channels, live, replace(BASIS, filter=("new",)))

    assert [change.name for change in plan.changes] == ["new", "old"]


def test_a_pattern_that_matches_nothing_is_reported_once() -> None:
    (finding,) = filtered("X*", "X*").findings

    assert (finding.severity, finding.message, finding.location) == (
        Severity.ERROR,
        'no channel matches the pattern, found "X*"',
        None,
    )


def test_a_pattern_that_is_an_import_id_gets_the_name_of_its_channel() -> None:
    channels = (make_desired("nb-use", 1, {"channelImportId": "NB-NET"}), make_desired("nb-net", 2))

    plan = plan_of(channels, (make_live(1), make_live(2)), replace(BASIS, filter=("NB-NET",)))

    assert [finding.fix for finding in plan.findings] == ["did you mean  --only nb-use"]


def test_a_channel_that_may_be_one_that_could_not_be_read_counts_as_managed() -> None:
    flawed = make_live(2, flaw="its answer has no id", unread=frozenset({"channelImportId"}))
    channels = (make_desired("north", 1), make_desired("other", 0, select=Identifiers(channel_import_id="OTHER")))

    plan = plan_of(channels, (make_live(1), flawed))

    assert list_changes(plan) == [
        ("other", Action.UPDATE, Verdict.UNKNOWN),
        ("north", Action.NO_OP, Verdict.ALLOWED),
    ]
    assert plan.managed == 2


def test_empty_files_plan_nothing() -> None:
    plan = plan_of((), LIVE)

    assert (plan.changes, plan.findings, plan.unmanaged) == ((), (), 6)


def test_a_plan_knows_which_blocked_changes_depend_on_its_sendable_ones() -> None:
    live = [add_older_version(make_live(1), "2025-01-01T00:00:00"), make_live(2), USER]
    plan = plan_of([make_desired("north", 1, TO_CALCULATED), FREES], live)
    assert list_changes(plan) == [("user", Action.UPDATE, Verdict.ALLOWED), ("north", Action.UPDATE, Verdict.BLOCKED)]
    assert plan.blocked_dependents == {"user": (plan.changes[1],)}
    assert [block.rule for block in plan.changes[1].blocked_by] == ["ESA402"]


NAMES = ("nb-elec-01-demand", "nb-elec-01-use", "nb-elec-02-use", "nb-elec-03-use", "Whitcombe Library")


@pytest.mark.parametrize(("name", "is_match"), [("nb-use", True), ("NB-use", False), ("use", False)])
def test_patterns_match_whole_names_with_their_letter_case(name: str, *, is_match: bool) -> None:
    assert matches_filter(name, ("nb-*",)) is is_match


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("NB-ELEC-02-USE", "did you mean  --only nb-elec-02-use"),
        (
            "nb-elec-02-us\u0435",
            r"did you mean  --only nb-elec-02-use  (found nb-elec-02-us\u0435, which only looks the same)",
        ),
        ("nb-elec-01", "did you mean  --only nb-elec-01-demand or nb-elec-01-use"),
        ("NB-*", "did you mean  --only nb-elec-01-demand or nb-elec-01-use or nb-elec-02-use, or one of 1 more"),
        ("NB-ELEC-0*-USE", "did you mean  --only nb-elec-01-use or nb-elec-02-use or nb-elec-03-use"),
        ("whitcombe", "did you mean  --only 'Whitcombe Library'"),
        ("nb-elec-01-ues", "did you mean  --only nb-elec-01-use"),
        ("nb-elec-01-use, nb-elec-02*", "write  --only nb-elec-01-use --only 'nb-elec-02*'"),
        (" nb-elec-02-use", "write  --only nb-elec-02-use"),
        ("nb-elec-01-use,steam", "did you mean  --only nb-elec-01-use"),
        ("steam", ""),
    ],
)
def test_a_pattern_that_matches_nothing_gets_similar_names(pattern: str, advice: str) -> None:
    assert advise_pattern("--only", pattern, NAMES) == advice


def test_a_known_meaning_is_suggested_before_similar_names() -> None:
    assert (
        advise_pattern("--only", "NB-01-USE", ("nb-01-uses", "nb-main"), ("nb-main",)) == "did you mean  --only nb-main"
    )


FORMULA = "esaChannelVersion.formula"
CHAIN = (
    *(make_live(id_) for id_ in (1, 2, 3)),
    make_calculated(10, "channel(1) + channel(2)"),
    make_calculated(11, "channel(10) * 2"),
    make_calculated(12, "channel(3)"),
)


def list_links(plan: Plan) -> list[tuple[str | int, str | int, bool, bool]]:
    return [
        (link.user.name or link.user.id, link.used.name or link.used.id, link.before, link.after)
        for link in plan.formula_links
    ]


def test_an_edited_channel_shows_who_uses_it_and_users_of_users() -> None:
    plan = plan_of([make_desired("one", 1, {"channelInfo": "Renamed"})], CHAIN)
    assert list_links(plan) == [(10, "one", True, True), (11, 10, True, True)]


def test_a_link_names_a_channel_by_the_files_and_by_energycap_if_it_is_there() -> None:
    live = (make_live(1), make_calculated(10, "channel(1) + channel(99)", {"channelInfo": "Sum"}))

    plan = plan_of([make_desired("sum", 10, {"channelDescription": "of the building"})], live)

    user = ChannelLabel(10, "sum", "Sum")
    assert plan.formula_links == (
        FormulaLink(user, ChannelLabel(1, None, "Use"), before=True, after=True),
        FormulaLink(user, ChannelLabel(99, None, ""), before=True, after=True),
    )


def test_an_edited_formula_shows_what_it_drops_and_adds() -> None:
    plan = plan_of([make_desired("sum", 10, {FORMULA: "channel(1) + channel(3)"})], CHAIN)
    assert list_links(plan) == [
        ("sum", 1, True, True),
        ("sum", 2, True, False),
        ("sum", 3, False, True),
        (11, "sum", True, True),
    ]


def test_a_filter_keeps_the_links_of_what_it_keeps_and_no_others() -> None:
    channels = [make_desired("one", 1, RENAME), make_desired("three", 3, RENAME)]

    assert list_links(plan_of(channels, CHAIN, replace(BASIS, filter=("one",)))) == [
        (10, "one", True, True),
        (11, 10, True, True),
    ]


def test_without_edits_there_are_no_formula_links() -> None:
    assert list_links(plan_of([make_desired("one", 1)], CHAIN)) == []
