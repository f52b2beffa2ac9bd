from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import JournalContent, read_journal
from reconciler.apply.rollback import make_rollback
from reconciler.apply.run import ApplyOptions
from reconciler.model.fields import Impact
from reconciler.model.findings import Severity
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.plan import Edit, Verdict
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from tests.apply.bench import GIVE_UP_FIRST, SANDBOX, Interceptor, status_by_name, want

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.channels import Desired, Live
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from tests.apply.bench import Bench, Start

CREATED = "2026-11-22T00:00:00Z"
CONVERSION = (
    want("losses", 1043, isCalculated=True, esaChannelVersion__formula="channel(use) * 0.03"),
    want("net", 1044, esaChannelVersion__formula="channel(use) * 0.97"),
    want("use", 1042, channelInfo="Main"),
)
MOVE = (want("old", 1078, isPrimaryValue=False, channelInfo="Old"), want("new", 1077, isPrimaryValue=True))
FORMER = "Science Center feeder B"
MOVE_ALONE = (want("old", 1078, isPrimaryValue=False), MOVE[1])


def apply_and_read_journal(
    bench: Bench, folder: Path, *desired: Desired, environment: Environment = SANDBOX
) -> JournalContent:
    """What the journal tells after `desired` was applied."""
    plan = bench.plan(*desired, environment=environment)
    with open_journal(folder, plan) as journal:
        bench.apply(plan, ApplyOptions(parallelism=1, journal=journal), environment=environment)
    return read_journal(journal.path)


def settings(bench: Bench) -> dict[int, object]:
    return {live.id: strip(live) for live in bench.other.list_channels()}


def strip(live: Live) -> object:
    return (live.values, live.versions)


def describe(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(change.name, change.depends_on) for change in plan.changes]


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on(
    "observation_type_list",
    "empty_text",
    "null_offset",
    reason="some need the list, and null is distinguished from empty and 0",
)
@pytest.mark.parametrize(
    "desired",
    [
        CONVERSION,
        MOVE,
        MOVE_ALONE,
        (want("gas", 1046, channelInfo="Gas", channelDescription=None, esaChannelVersion__multiplier=2),),
        (want("fans", 1063, esaChannelVersion__observationRule="Trip", esaChannelVersion__offset=5),),
        (want("irrigation", 1049, esaChannelVersion__observationRule="Odometer"),),
        (want("a", 1083, channelImportId="FREED"), want("b", 1084, channelImportId="CP-ELEC-01-PUMPS")),
        (want("irrigation", 1049, esaChannelVersion__beginDate="2023-06-01T00:00:00"),),
    ],
    ids=["conversion", "primary", "demoted", "versions", "to trip", "to odometer", "import ids", "begin"],
)
def test_the_inverse_of_an_apply_puts_everything_back(
    start: Start, tmp_path: Path, desired: tuple[Desired, ...]
) -> None:
    # With summarized readings a conversion cannot be taken back.
    demo = start("calculated_readings=none")
    before = settings(demo)
    inverse = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", *desired), CREATED)
    assert settings(demo) != before

    statuses = status_by_name(demo.apply(read_plan(render_plan_file(inverse))))

    assert set(statuses.values()) == {"done"}
    assert settings(demo) == before


@pytest.mark.counts_on("calculated_readings", reason="the channel gets readings")
def test_a_conversion_is_not_taken_back_once_the_channel_has_summarized_readings(demo: Bench, tmp_path: Path) -> None:
    inverse = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", *CONVERSION), CREATED)
    converted = settings(demo)[1043]

    result = demo.apply(read_plan(render_plan_file(inverse)))

    assert status_by_name(result) == {"losses": "stale", "net": "stale", "use": "done"}
    assert result.outcomes[0].message == "moved since the plan: ESA404 cannot become simple: it has readings"
    assert settings(demo)[1043] == converted


@pytest.mark.counts_on("empty_text", "null_offset", reason="null is distinguished from empty and 0")
def test_a_move_that_gives_up_first_is_taken_back_in_the_opposite_order(start: Start, tmp_path: Path) -> None:
    bench = start("second_primary=reject", "clear_last_primary=allow")
    before = settings(bench)
    inverse = make_rollback(
        apply_and_read_journal(bench, tmp_path / "journal", *MOVE, environment=GIVE_UP_FIRST), CREATED
    )

    assert describe(inverse) == [("new", ()), ("old", ("new",))]
    assert set(status_by_name(bench.apply(inverse, environment=GIVE_UP_FIRST)).values()) == {"done"}
    assert settings(bench) == before


def test_what_came_first_goes_back_last(demo: Bench, tmp_path: Path) -> None:
    inverse = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", *CONVERSION), CREATED)

    assert describe(inverse) == [("losses", ()), ("use", ()), ("net", ("losses",))]


@pytest.mark.counts_on("observation_type_list", reason="needs what is refused")
def test_edits_read_as_in_the_files_the_other_way_round_and_with_their_gravest_impact(
    demo: Bench, tmp_path: Path
) -> None:
    desired = want("irrigation", 1049, esaChannelVersion__observationRule="Odometer")

    (change,) = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", desired), CREATED).changes

    assert change.edits == (
        Edit("esaChannelVersion.observationRule", "Odometer", "Trip", Impact.HISTORY),
        Edit("esaChannelVersion.rolloverValue", 999_999_999_999_999, None, Impact.HISTORY),
        Edit("esaChannelVersion.rollbackAllowance", 0.1, None, Impact.HISTORY),
    )


def test_an_inverse_plan_says_what_it_undoes(demo: Bench, tmp_path: Path) -> None:
    content = apply_and_read_journal(demo, tmp_path / "journal", CONVERSION[2])

    inverse = make_rollback(content, CREATED)

    assert (inverse.environment, inverse.url, inverse.created) == ("sandbox", "sandbox", CREATED)
    assert inverse.is_rollback
    assert not content.plan.is_rollback
    # A share of maxChanges counts against them.
    assert inverse.managed == content.plan.managed == 1


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_what_cannot_be_put_back_is_said(demo: Bench, tmp_path: Path) -> None:
    inverse = make_rollback(
        apply_and_read_journal(
            demo, tmp_path / "journal", *CONVERSION, want("gas", 1046, esaChannelVersion__multiplier=2)
        ),
        CREATED,
    )

    assert [(finding.code, finding.message) for finding in inverse.findings] == [
        ("ESA712", "conversion can be undone only while losses has no readings"),
        ("ESA711", "settings of losses are reverted, but not their effect on readings, found intervalMinutes"),
        ("ESA711", "settings of net are reverted, but not their effect on readings, found esaChannelVersion.formula"),
        (
            "ESA711",
            "settings of gas are reverted, but not their effect on readings, found esaChannelVersion.multiplier",
        ),
    ]
    assert {finding.severity for finding in inverse.findings} == {Severity.WARNING}


def test_a_primary_flag_goes_back_to_the_one_channel_that_had_it(demo: Bench, tmp_path: Path) -> None:
    other = want("flow", 1079, isPrimaryValue=False, channelInfo="Flow")

    inverse = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", *MOVE, other), CREATED)

    assert {change.name: change.target_values.get("isPrimaryValue") for change in inverse.changes} == {
        "new": False,
        "old": True,
        "flow": None,
    }


def test_a_primary_flag_that_was_not_moved_stays(start: Start, tmp_path: Path) -> None:
    def refuse(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(400, text="no") if request.method == "PUT" else pass_on()

    bench = start(network=Interceptor(refuse))

    assert make_rollback(apply_and_read_journal(bench, tmp_path / "journal", *MOVE_ALONE), CREATED).changes == ()


def test_what_was_not_written_is_not_undone(start: Start, tmp_path: Path) -> None:
    def refuse(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_it = request.method == "PUT" and request.url.path.endswith("/1044")
        return httpx.Response(400, text="no") if is_it else pass_on()

    bench = start(network=Interceptor(refuse))

    inverse = make_rollback(apply_and_read_journal(bench, tmp_path / "journal", *CONVERSION), CREATED)

    assert [change.name for change in inverse.changes] == ["use"]


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_of_a_change_that_failed_half_way_the_half_that_was_written_is_undone(start: Start, tmp_path: Path) -> None:
    def refuse(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_it = request.method == "PUT" and request.url.path.endswith("/1046")
        return httpx.Response(400, text="no") if is_it else pass_on()

    bench = start(network=Interceptor(refuse))
    desired = want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2)

    (change,) = make_rollback(apply_and_read_journal(bench, tmp_path / "journal", desired), CREATED).changes

    assert change.target_values == {"esaChannelVersion.multiplier": 1}


class Darkness:
    """No answer to a PUT, nor to anything after it."""

    def __init__(self) -> None:
        self._is_dark = False

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        self._is_dark = self._is_dark or request.method == "PUT"
        if self._is_dark:
            raise httpx.ReadTimeout("nothing came")
        return pass_on()


def test_what_nobody_knows_to_be_written_is_blocked(start: Start, tmp_path: Path) -> None:
    bench = start(network=Interceptor(Darkness().intercept))

    (change,) = make_rollback(apply_and_read_journal(bench, tmp_path / "journal", CONVERSION[2]), CREATED).changes

    assert (change.verdict, [f"{block.rule} {block.message}" for block in change.blocked_by]) == (
        Verdict.BLOCKED,
        ["ESA713 cannot be reverted automatically: it is unknown whether its channel was written"],
    )
    assert change.edits == (Edit("channelInfo", "Main", "North Building electricity use", Impact.COSMETIC),)


@pytest.mark.parametrize("shown", ["C", FORMER], ids=["another value", "the former value"])
def test_a_change_that_read_differently_after_its_write_is_blocked_and_comes_last(
    start: Start, tmp_path: Path, shown: str
) -> None:
    def spoil(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if not request.url.path.endswith("/1058"):
            return response
        text = response.text.replace('"B"', f'"{shown}"')
        return httpx.Response(200, text=text, headers={"Content-Type": "application/json"})

    bench = start(network=Interceptor(spoil))
    desired = (want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))

    content = apply_and_read_journal(bench, tmp_path / "journal", *desired)
    inverse = make_rollback(content, CREATED)

    assert [result.status for _, result in content.writes if result] == [
        OutcomeStatus.DONE,
        OutcomeStatus.MISMATCH,
    ]
    assert [(change.name, change.verdict) for change in inverse.changes] == [
        ("a", Verdict.ALLOWED),
        ("b", Verdict.BLOCKED),
    ]
    assert inverse.changes[1].edits == (Edit("channelInfo", "B", FORMER, Impact.COSMETIC),)
    assert inverse.findings == ()


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_somebody_elses_edit_since_keeps_a_change_from_being_undone(demo: Bench, tmp_path: Path) -> None:
    inverse = make_rollback(apply_and_read_journal(demo, tmp_path / "journal", CONVERSION[2]), CREATED)
    demo.edit_elsewhere(1042, {"channelInfo": "Third"})

    assert status_by_name(demo.apply(inverse)) == {"use": "stale"}
