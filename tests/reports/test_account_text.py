"""What became of a plan, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.reports.account_text import outcome_label, render_result
from reconciler.reports.paint import no_style
from tests.reports.accounts import ACCOUNT, ALREADY, DONE
from tests.reports.plans import HOSTILE, PLANS

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN = PLANS["one-edit"]


def test_an_account_reads_as_in_its_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("account.txt", render_result(PLANS["mixed"], ACCOUNT, no_style))


def test_all_done_is_a_sentence_and_a_line_of_counts() -> None:
    assert render_result(PLAN, ApplyResult((DONE, ALREADY)), no_style) == (
        "2 of 2 changes done in production (https://app.energycap.com), 1 of them already there.\n"
        "\n"
        "Apply: 2 done, 0 stale, 0 failed, 0 not tried.\n"
    )


def test_an_interrupted_run_says_how_to_go_on() -> None:
    assert render_result(PLAN, replace(ACCOUNT, outcomes=(DONE,), interrupted=True), no_style) == (
        "Interrupted: 1 of 1 change done in production (https://app.energycap.com).\n"
        "\n"
        "Next, go on where this stopped; what is done is recognised:\n"
        "  reconciler apply --environment production --resume\n"
        "\n"
        "Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n"
    )


def test_changes_that_ended_alike_are_told_together_all_by_name() -> None:
    outcomes = [
        Outcome(f"channel-{number}", number, OutcomeStatus.NOT_TRIED, "the run was stopped", "go on")
        for number in range(9)
    ]
    assert render_result(PLAN, ApplyResult((DONE, *outcomes), aborted_because="so"), no_style) == (
        "Stopped: 1 of 10 changes done in production (https://app.energycap.com).\n"
        "\n"
        "- not tried  9 changes\n"
        "    the run was stopped\n"
        "    fix: go on\n"
        "    channel-0  channel-1  channel-2  channel-3  channel-4  channel-5  channel-6\n"
        "    channel-7  channel-8\n"
        "\n"
        "Next, once that is mended, go on where this stopped:\n"
        "  reconciler apply --environment production --resume\n"
        "\n"
        "Apply: 1 done, 0 stale, 0 failed, 9 not tried.\n"
    )


def test_hostile_text_can_do_nothing_to_a_terminal_or_a_log() -> None:
    plan = replace(PLAN, environment=HOSTILE)
    outcomes = tuple(Outcome(HOSTILE, 1, ending, HOSTILE, HOSTILE) for ending in OutcomeStatus)
    lines = render_result(plan, ApplyResult(outcomes), no_style).split("\n")
    assert [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line] == []


def test_each_ending_has_a_mark_of_its_own() -> None:
    assert [outcome_label(ending)[0] for ending in OutcomeStatus] == [
        "+ done",
        "? stale",
        "! failed",
        "- not tried",
        "! differs",
    ]
