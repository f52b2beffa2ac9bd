"""An apply as lines of JSON."""

from __future__ import annotations

import json

import pytest

from reconciler import __version__
from reconciler.model.outcomes import Event, Finished, OutcomeCorrected, Started, Verifying
from reconciler.reports.account_json import render_event, render_summary_event, render_version_event
from tests.reports.accounts import ACCOUNT, ALREADY, DIFFERS, FAILED, UNREAD
from tests.reports.plans import HOSTILE, PLANS


def test_the_first_line_says_who_speaks_and_of_what() -> None:
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
                "@message": "reading 11 channels once more",
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
    assert json.loads(render_summary_event(ACCOUNT)) == {
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
