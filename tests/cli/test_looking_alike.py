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


@pytest.mark.parametrize(
    ("file", "fix"),
    [
        ("channels: {use: {\u0441hannelId: 1}}", r"channelId:  (found \u0441hannelId, which only looks the same)"),
        (
            "channels: {use: {channelId: 1, esaChannelVersion: {observationRule: Tr\u0456p}}}",
            r"observationRule: Trip  (found Tr\u0456p, which only looks the same)",
        ),
        (
            "channels: {use: {channelId: 1}, net: {channelId: 2, esaChannelVersion: {formula: channel(us\u0435)}}}",
            r"channel(use)  (found us\u0435, which only looks the same)",
        ),
        (
            "channels: {use-1: {channelId: 1}}\nfeeds: {logger: {channelImportId: X, expect: use\u20111}}",
            r"expect: use-1  (found use\u20111, which only looks the same)",
        ),
    ],
    ids=["key", "choice", "formula", "feed"],
)
def test_a_name_that_only_looks_right_is_spelt_out_beside_the_right_one(desk: Desk, file: str, fix: str) -> None:
    desk.write("channels/all.yaml", file)

    assert f"  fix: did you mean  {fix}\n" in desk.run("validate").out


def test_files_whose_names_look_alike_are_told_apart(desk: Desk) -> None:
    for name in ("Z\xfcrich", "Zu\u0308rich"):
        desk.write(f"channels/{name}.yaml", "channels: {use: {channelId: 1}}\n")
    if len(list((desk.root / "channels").iterdir())) < 2:
        pytest.skip("this file system takes both for one name")

    (line,) = [line for line in desk.run("validate").out.splitlines() if "ESA131" in line]

    assert line == (
        "channels/Z\xfcrich.yaml:1:12  ESA131  channel use is defined twice, first in channels/Zu\\u0308rich.yaml:1"
    )


def test_what_stands_for_a_file_of_git_lfs_is_named(desk: Desk) -> None:
    desk.write("channels/all.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n")

    fix = "  fix: fetch the file itself, which is stored in Git LFS:  git lfs pull\n"
    assert fix in desk.run("validate").out


def test_an_address_is_not_taken_for_a_key(desk: Desk) -> None:
    desk.write("channels/all.yaml", "see https://example.com\n")

    assert "  fix: write its keys below it, one per line\n" in desk.run("validate").out


def test_codes_and_ids_that_only_look_right_are_spelt_out(desk: Desk) -> None:
    desk.load(make_world(make_channel(1, channelImportId="USE"), make_channel(2)))
    desk.define(
        {
            "use": {"select": {"channelImportId": "US\u0415"}},
            "other": {"channelId": 2, "esaChannelVersion": {"unitCode": "\u041aW\u041d"}},
        }
    )

    text = " ".join(desk.run("plan").out.split())

    assert r"(found US\u0415, which only looks the same)" in text
    assert r"write unitCode: KWH if that is meant (found \u041aW\u041d, which only looks the same)" in text


def test_an_apply_says_what_moved_though_it_looks_the_same(desk: Desk) -> None:
    desk.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Z\xfcrich")))
    desk.define({"use": {"channelId": 1, "channelDescription": "Bern"}})
    desk.run("plan", "--out", "plan.json")
    desk.load(make_world(make_channel(1, channelInfo="Use", channelDescription="Zu\u0308rich")))

    answer = desk.run("apply", "plan.json")

    assert r'"Zu\u0308rich" now, was "Z\xfcrich"' in " ".join(f"{answer.out}{answer.err}".split())
