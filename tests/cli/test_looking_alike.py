"""Edits whose two values look alike: every report shows them apart."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk


@pytest.mark.parametrize(
    ("live", "wanted", "shown"),
    [
        ("Z\xfcrich", "Zu\u0308rich", (r"Z\xfcrich", r"Zu\u0308rich")),
        ("Heart \u2764", "Heart \u2764\ufe0f", ("Heart ❤", r"Heart ❤\ufe0f")),
        ("Main  meter", "Main meter", (r"Main\x20 meter", "Main meter")),
        ("Main meter", "Main\xa0meter", (r"Main\x20meter", r"Main\xa0meter")),
        ("Main", "M\u0430in", ("Main", r"M\u0430in")),
        ("Main", "Ma\u200bin", ("Main", r"Ma\u200bin")),
    ],
    ids=["composed", "variation", "two blanks", "no-break", "Cyrillic", "no width"],
)
def test_values_that_look_alike_are_shown_apart_in_every_report(
    live: str, wanted: str, shown: tuple[str, str], desk: Desk
) -> None:
    desk.load(make_world(make_channel(1, channelInfo="Use", channelDescription=live)))
    desk.define({"use": {"channelId": 1, "channelDescription": wanted}})

    text = desk.run("plan").out
    markdown = unescape(desk.run("plan", "--format", "markdown").out)
    page = unescape(desk.run("plan", "--format", "html").out)

    before, after = shown
    assert f'"{before}" → "{after}"' in text
    for report in (markdown, page):
        assert before in report
        assert after in report


def test_an_apply_says_what_moved_though_it_looks_the_same(desk: Desk) -> None:
    desk.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Z\xfcrich")))
    desk.define({"use": {"channelId": 1, "channelDescription": "Bern"}})
    desk.run("plan", "--out", "plan.json")
    desk.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Zu\u0308rich")))

    answer = desk.run("apply", "plan.json")

    assert r'"Zu\u0308rich" now, was "Z\xfcrich"' in " ".join(f"{answer.out}{answer.err}".split())
