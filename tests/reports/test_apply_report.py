"""The result of an apply as text, as Markdown and as lines of JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler import __version__
from reconciler.model.channels import new_channel_id
from reconciler.model.outcomes import (
    ApplyResult,
    Event,
    Finished,
    Outcome,
    OutcomeCorrected,
    OutcomeStatus,
    Started,
    Verifying,
)
from reconciler.model.plan import VersionAction, VersionChange
from reconciler.reports.apply_report import (
    count_outcomes,
    outcome_label,
    render_event,
    render_result,
    render_result_markdown,
    render_summary_event,
    render_version_event,
)
from reconciler.reports.escaping import escape_text
from reconciler.reports.terminal import no_style
from tests.reports.apply_results import ALREADY, DIFFERS, DONE, FAILED, RESULT, UNREAD
from tests.reports.markdown_page import read_page
from tests.reports.plans import HOSTILE, PLANS

if TYPE_CHECKING:
    from collections.abc import Callable


PLAN = PLANS["one-edit"]


def test_a_result_in_text_reads_as_in_its_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("result.txt", render_result(PLANS["mixed"], RESULT, no_style))


def test_all_done_is_a_sentence_and_a_line_of_counts() -> None:
    assert render_result(PLAN, ApplyResult((DONE, ALREADY)), no_style) == (
        "2 of 2 changes done in production (https://app.energycap.com), 1 of them already applied.\n"
        "\n"
        "Apply: 2 done, 0 stale, 0 failed, 0 not tried.\n"
    )


CREATED = replace(DONE, name="level", channel_id=1102, was_created=True)
NOT_CREATED = replace(FAILED, name="net", channel_id=new_channel_id("net"))


def test_new_channels_are_named_with_their_ids_and_those_that_are_not_there_have_none() -> None:
    result = ApplyResult((CREATED, NOT_CREATED))

    assert render_result(PLAN, result, no_style) == (
        "1 of 2 changes done in production (https://app.energycap.com), 1 channel created.\n"
        "\n"
        f"! failed  net  new channel\n    {FAILED.message}\n    fix: {FAILED.fix}\n"
        "\n"
        "+ created  level  1102\n"
        "\n"
        "Next, plan again to see what is left:\n"
        "  reconciler plan --environment production\n"
        "\n"
        "Apply: 1 done, 0 stale, 1 failed, 0 not tried.\n"
    )
    text = render_result_markdown(PLAN, result)
    assert "- `level`: channel 1102\n" in text
    assert "- **`net`** (new channel): " in text
    assert str(NOT_CREATED.channel_id) not in text + render_event(Finished(NOT_CREATED, 2, 2))


def test_new_versions_of_done_changes_are_named_with_the_reason_of_their_file() -> None:
    begins = {"2026-11-02T08:00:00": "meter *swapped*", "2027-01-01T00:00:00": ""}
    versions = tuple(
        VersionChange(VersionAction.CREATE, begin, None, None, {}, {}, {}, {}, {}, because=because)
        for begin, because in begins.items()
    )
    changes = tuple(replace(PLAN.changes[0], name=name, versions=versions) for name in ("use", "net"))
    plan, result = replace(PLAN, changes=changes), ApplyResult((replace(DONE, name="use"), NOT_CREATED))

    assert render_result(plan, result, no_style).split("\n\n")[2] == (
        "+ new version  use  from 2026-11-02 08:00\n    meter *swapped*"
    )
    section = "### + new, with the reason: 1 version\n\n- `use`, from 2026-11-02 08:00: meter `*swapped*`\n\n"
    assert section in render_result_markdown(plan, result)


def test_an_interrupted_run_says_how_to_go_on() -> None:
    assert render_result(PLAN, replace(RESULT, outcomes=(DONE,), interrupted=True), no_style) == (
        "Interrupted: 1 of 1 change done in production (https://app.energycap.com).\n"
        "\n"
        "Next, continue where this stopped; changes that are done are recognized:\n"
        "  reconciler apply --environment production --resume\n"
        "\n"
        "Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n"
    )


def test_changes_with_the_same_outcome_are_shown_together_each_by_name() -> None:
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
        "Next, fix the cause and continue where this stopped:\n"
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


def test_the_first_event_has_the_tool_the_format_and_the_environment() -> None:
    assert json.loads(render_version_event(PLANS["mixed"], 1)) == {
        "type": "version",
        "@level": "info",
        "@message": f"reconciler {__version__}",
        "format_version": "1.0",
        "tool_version": __version__,
        "environment": {"name": "production", "url": "https://app.energycap.com"},
        "changes": 1,
    }


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Started("nb-elec-use", 1042, 2, 12),
            {
                "type": "apply_start",
                "@level": "info",
                "@message": "nb-elec-use: applying (2 of 12)",
                "address": "esa_channel.nb-elec-use",
                "name": "nb-elec-use",
                "channel_id": 1042,
            },
        ),
        (
            Finished(ALREADY, 2, 12),
            {
                "type": "apply_complete",
                "@level": "info",
                "@message": "nb-elec-demand: done",
                "address": "esa_channel.nb-elec-demand",
                "name": "nb-elec-demand",
                "channel_id": 1049,
                "ending": "done",
                "requests": 0,
                "already": True,
                "remark": None,
                "unread": False,
            },
        ),
        (
            OutcomeCorrected(UNREAD),
            {
                "type": "apply_complete",
                "@level": "warn",
                "@message": f"sb-steam: done: {UNREAD.remark}",
                "address": "esa_channel.sb-steam",
                "name": "sb-steam",
                "channel_id": 1063,
                "ending": "done",
                "requests": 1,
                "already": False,
                "remark": UNREAD.remark,
                "unread": True,
            },
        ),
        (
            Finished(FAILED, 3, 12),
            {
                "type": "apply_errored",
                "@level": "error",
                "@message": f"nb-elec-losses: failed: {FAILED.message}",
                "address": "esa_channel.nb-elec-losses",
                "name": "nb-elec-losses",
                "channel_id": 1043,
                "ending": "failed",
                "requests": 1,
                "message": FAILED.message,
                "fix": FAILED.fix,
            },
        ),
        (
            Verifying(11),
            {
                "type": "apply_read_back",
                "@level": "info",
                "@message": "reading 11 channels again",
                "channels": 11,
            },
        ),
    ],
    ids=["start", "complete", "complete but not read again", "errored", "read back"],
)
def test_an_event_is_a_line(event: Event, line: dict[str, object]) -> None:
    text = render_event(event)
    assert (json.loads(text), text.count("\n")) == (line, 1)


def test_what_the_last_read_back_finds_otherwise_is_an_error() -> None:
    line = json.loads(render_event(OutcomeCorrected(DIFFERS)))
    assert (line["type"], line["ending"]) == ("apply_errored", "differs")


def test_the_last_line_counts_the_endings() -> None:
    assert json.loads(render_summary_event(RESULT)) == {
        "type": "change_summary",
        "@level": "info",
        "@message": "Apply: 4 done, 1 stale, 1 failed, 1 not tried, 1 differs.",
        "done": 4,
        "stale": 1,
        "failed": 1,
        "not_tried": 1,
        "differs": 1,
        "unread": 1,
        "interrupted": False,
        "halted": None,
    }


def test_hostile_names_stay_on_one_line_of_ascii() -> None:
    text = render_event(Started(HOSTILE, 1, 1, 1))
    assert text.isascii()
    assert (text.count("\n"), "##[" in text, json.loads(text)["name"]) == (1, False, HOSTILE)


TAGS = {
    "h2",
    "h3",
    "p",
    "strong",
    "code",
    "ul",
    "li",
    "details",
    "summary",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
SIZES = [1, 40, 400, 1500]


def make_result(size: int, text: str = "") -> ApplyResult:
    """A result with so many changes of each outcome, no two alike."""
    outcomes = (
        Outcome(f"{text}channel-{number}", number, ending, f"{text}reason {number}", f"{text}fix {number}")
        for ending in OutcomeStatus
        for number in range(size)
    )
    return ApplyResult(tuple(outcomes), aborted_because="so")


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("result", RESULT),
        ("result-done", ApplyResult((DONE, ALREADY))),
        (
            "result-stopped",
            ApplyResult((DONE, *(replace(RESULT.outcomes[4], name=f"c{i}") for i in range(9))), aborted_because="so"),
        ),
        ("result-shortened", make_result(400)),
    ],
)
def test_a_result_in_markdown_reads_as_in_its_golden_file(
    name: str, result: ApplyResult, check_golden: Callable[[str, str], None]
) -> None:
    plan = PLANS["mixed"] if name == "result" else PLAN
    check_golden(f"{name}.md", render_result_markdown(plan, result, 8192))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("budget", [4096, 20_000, 60_000])
@pytest.mark.parametrize("text", ["", HOSTILE], ids=["plain", "hostile"])
def test_it_fits_whatever_there_is_to_say(size: int, budget: int, text: str) -> None:
    plan = replace(PLAN, environment=text * 100, url=text * 100) if text else PLAN
    result = make_result(size, text)
    rendered = render_result_markdown(plan, result, budget)
    assert len(rendered.encode()) <= budget
    assert rendered.splitlines()[-1] == count_outcomes(result)


@pytest.mark.parametrize("size", SIZES)
def test_every_change_is_shown_or_counted(size: int) -> None:
    rendered = render_result_markdown(PLAN, make_result(size), 20_000)
    sections = re.split(r"^### ", rendered, flags=re.MULTILINE)[1:]
    # One for each way to end.
    assert len(sections) == 5
    for section in sections:
        named = len(set(re.findall(r"`(channel-\d+)`", section)))
        unnamed = sum(map(int, re.findall(r"(\d+) more, not listed here", section)))
        # The heading has the count.
        unnamed += size if "There is no room to list them here." in section else 0
        assert named + unnamed == size


def test_done_changes_are_shortened_before_failed_ones() -> None:
    rendered = render_result_markdown(PLAN, make_result(120), 20_000)
    shortened = re.findall(r"“(.*?): 120 changes” ([^.;]*)", rendered)
    assert shortened == [
        ("! failed", "one line each"),
        ("? stale", "one line each"),
        ("- not tried", "one line each"),
    ]


def test_a_page_is_made_of_nothing_but_the_reports_own_marks() -> None:
    page = read_page(render_result_markdown(replace(PLAN, environment=HOSTILE, url=HOSTILE), make_result(1, HOSTILE)))
    assert page.tags <= TAGS
    assert page.attributes == set()


def test_hostile_names_are_shown_as_they_are_and_notify_nobody() -> None:
    page = read_page(render_result_markdown(PLAN, make_result(1, HOSTILE)))
    assert f"{escape_text(HOSTILE)}channel-0" in page.code
    assert "@" not in page.prose


def test_no_line_can_be_a_command_to_the_system_that_shows_it() -> None:
    lines = render_result_markdown(replace(PLAN, environment=HOSTILE), make_result(3, HOSTILE)).splitlines()
    assert [line for line in lines if not line.isprintable() or re.match(r"\s*(::|/)", line) or "##[" in line] == []


def test_the_heading_names_a_project_below_the_root() -> None:
    text = render_result_markdown(replace(PLAN, folder="sites/north"), RESULT)
    assert text.startswith("## EnergyCAP apply to `production`, project `sites/north`\n\n")
    assert render_result_markdown(PLAN, RESULT).startswith("## EnergyCAP apply to `production`\n\n")
