"""`plan --base`: what a change takes out of the files is named, in every format."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ONE = {"channelId": 1, "channelInfo": "Channel 1", "esaChannelVersion": {"multiplier": 1, "unitCode": "KWH"}}
TWO = {"channelId": 2, "channelInfo": "Channel 2"}
FEED = {"dataPointImportId": "DPI-1", "observationTypeCode": "ELECUSE", "expect": "one"}
KEPT = "nothing to do if you meant this: EnergyCAP keeps them as they are; if not, put them back into the files"


def git(desk: Desk, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *words], cwd=desk.root, check=True, capture_output=True)


@pytest.fixture
def based(desk: Desk) -> Desk:
    """A desk whose first commit has two channels and a feed."""
    (desk.root / ".git").rmdir()
    desk.load(make_world(make_channel(1), make_channel(2, type="ELECDEM")))
    desk.define({"one": ONE, "two": TWO}, feeds={"logger": FEED})
    git(desk, "init")
    git(desk, "add", "channels", "reconciler.yaml")
    git(desk, "commit", "-m", "first")
    return desk


def told(desk: Desk, *arguments: str) -> list[tuple[str, str, list[str]]]:
    """What a plan says of the base: code, message and lines."""
    plan = json.loads(desk.run("plan", "--base", "HEAD", "--format", "json", *arguments).out)
    found = [finding for finding in plan["findings"] if finding["code"] in ("ESA518", "ESA519", "ESA520")]
    return [(finding["code"], finding["message"], finding["detail"]) for finding in found]


def test_files_that_lose_nothing_say_nothing(based: Desk) -> None:
    assert told(based) == []


def test_channels_settings_and_feeds_that_are_taken_out_are_named(based: Desk) -> None:
    based.define({"one": {"channelId": 1, "esaChannelVersion": {"unitCode": "KWH"}}})
    assert told(based) == [
        ("ESA518", "1 channel is no longer managed because of this change", ["two, in channels/all.yaml"]),
        ("ESA518", "1 feed is no longer managed because of this change", ["logger, in channels/all.yaml"]),
        (
            "ESA518",
            "2 settings are no longer managed because of this change",
            [
                'channelInfo of one, which was "Channel 1"',
                "esaChannelVersion.multiplier of one, which was 1",
            ],
        ),
    ]


def test_machines_find_them_under_a_key_of_their_own(based: Desk) -> None:
    based.define({"one": {**ONE, "esaChannelVersion": {"unitCode": "KWH"}}})
    plan = json.loads(based.run("plan", "--base", "HEAD", "--format", "json").out)
    file = "channels/all.yaml"
    assert plan["no_longer_managed"] == [
        {"kind": "channel", "name": "two", "file": file, "path": None, "value": None},
        {"kind": "feed", "name": "logger", "file": file, "path": None, "value": None},
        {"kind": "setting", "name": "one", "file": file, "path": "esaChannelVersion.multiplier", "value": 1},
    ]


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_format_names_them(based: Desk, name: str) -> None:
    based.define({"one": ONE}, feeds={"logger": FEED})
    out = based.run("plan", "--base", "HEAD", "--format", name).out
    assert "1 channel is no longer managed because of this change" in out
    assert "two, in channels/all.yaml" in out.replace("`", "")
    assert "1 warning" in out


def test_a_file_that_is_deleted_takes_its_channels_along(based: Desk) -> None:
    (based.root / "channels/all.yaml").unlink()
    based.write("channels/other.yaml", "channels: {two: {channelId: 2, channelInfo: Channel 2}}\n")
    assert [message for _, message, _ in told(based)] == [
        "1 channel is no longer managed because of this change",
        "1 feed is no longer managed because of this change",
    ]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(ONE, id="same select"),
        pytest.param({**ONE, "channelId": None, "select": {"channelImportId": "IMP-1"}}, id="another select"),
    ],
)
def test_another_name_is_a_rename_and_keeps_its_origins(based: Desk, now: dict[str, Any]) -> None:
    renamed = {key: value for key, value in now.items() if value is not None}
    based.define({"north": renamed, "two": TWO}, feeds={"logger": {**FEED, "expect": "north"}})
    assert told(based) == [("ESA519", "1 channel has another name because of this change", ["one → north"])]


def test_what_drifted_is_drift_under_another_name_too(based: Desk) -> None:
    based.load(make_world(make_channel(1, channelInfo="Drifted"), make_channel(2, type="ELECDEM")))
    based.define({"north": ONE, "two": TWO}, feeds={"logger": {**FEED, "expect": "north"}})
    plan = json.loads(based.run("plan", "--base", "HEAD", "--format", "json").out)
    (edit,) = (edit for change in plan["resource_changes"] for edit in change["edits"])
    assert (edit["path"], edit["origin"]) == ("channelInfo", "drift")


def test_a_setting_under_its_other_key_is_still_managed(based: Desk) -> None:
    unit = based.live(1)["channelVersions"][0]["unit"]["unitId"]
    based.define(
        {"one": {**ONE, "esaChannelVersion": {"multiplier": 1, "unitId": unit}}, "two": TWO}, feeds={"logger": FEED}
    )
    assert told(based) == []


def test_what_the_defaults_of_a_file_say_no_more_is_named_for_each_channel(based: Desk) -> None:
    based.define({"one": ONE, "two": TWO}, defaults={"isPrimaryDemand": False}, feeds={"logger": FEED})
    git(based, "commit", "-am", "defaults")
    based.define({"one": ONE, "two": TWO}, feeds={"logger": FEED})
    assert told(based) == [
        (
            "ESA518",
            "2 settings are no longer managed because of this change",
            ["isPrimaryDemand of one, which was false", "isPrimaryDemand of two, which was false"],
        )
    ]


def test_another_name_of_a_feed_is_nothing_taken_out(based: Desk) -> None:
    based.define({"one": ONE, "two": TWO}, feeds={"meter": FEED})
    assert told(based) == []


def test_a_filter_picks_among_them(based: Desk) -> None:
    based.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}}, feeds={"logger": FEED})
    assert [lines for _, _, lines in told(based, "--only", "o*")] == [
        ["esaChannelVersion.multiplier of one, which was 1", 'esaChannelVersion.unitCode of one, which was "KWH"']
    ]


def test_a_folder_that_is_no_longer_one_of_definitions_counts(based: Desk) -> None:
    project = (based.root / "reconciler.yaml").read_text()
    based.write("more/three.yaml", "channels: {three: {select: {channelImportId: IMP-2}}}\n")
    based.define({"one": ONE}, feeds={"logger": FEED})
    based.write("reconciler.yaml", project.replace("definitions: channels", "definitions: [channels, more]"))
    git(based, "add", ".")
    git(based, "commit", "-m", "two folders")
    based.write("reconciler.yaml", project)
    assert told(based) == [
        ("ESA518", "1 channel is no longer managed because of this change", ["three, in more/three.yaml"])
    ]


def test_a_name_that_leads_to_another_channel_is_said(based: Desk) -> None:
    based.define({"one": {**ONE, "channelId": 2}, "two": {**TWO, "channelId": 1}}, feeds={"logger": FEED})
    lines = ['one: 1 "Channel 1" → 2 "Channel 2"', 'two: 2 "Channel 2" → 1 "Channel 1"']
    message = "names now select another channel in EnergyCAP because of this change"

    assert told(based) == [("ESA520", f"2 {message}", lines)]
    assert told(based, "--only", "one") == [
        ("ESA520", f"1 {message.replace('names now select', 'name now selects')}", lines[:1])
    ]


def test_another_way_to_find_the_same_channel_is_not(based: Desk) -> None:
    one = {key: value for key, value in ONE.items() if key != "channelId"}
    based.define({"one": {"select": {"channelImportId": "IMP-1"}, **one}, "two": TWO}, feeds={"logger": FEED})

    assert told(based) == []
