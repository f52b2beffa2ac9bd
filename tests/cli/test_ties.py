"""The begin of a version in imported files: it ties each to the version that it was read from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

SWAPPED = [
    make_version(30, multiplier=10, endDate="2025-06-01T09:50:00"),
    make_version(31, multiplier=1, beginDate="2025-06-01T09:50:00"),
]
PLAIN = make_channel(1)
READ = make_channel(2, readings=True, type="ELECDEM")
TWO = make_channel(3, versions=SWAPPED, data_point=2)
CALCULATED = make_channel(4, {"formula": "channel(1) * 2"}, isCalculated=True, readings=True)


def begins(desk: Desk) -> dict[str, list[str]]:
    """What the files say of begins, by the import id of the channel."""
    text = "\n".join(path.read_text() for path in sorted((desk.root / "channels").rglob("*.yaml")))
    channels = re.split(r"^ {4}select:$", text, flags=re.MULTILINE)[1:]
    return {
        str(re.search(r"IMP-\d", channel)[0]): re.findall(r"beginDate: (.+)", channel)  # type: ignore[index]
        for channel in channels
    }


def test_an_imported_file_says_when_its_version_began_where_there_is_more_than_one_or_readings(desk: Desk) -> None:
    desk.load(make_world(PLAIN, READ, TWO, CALCULATED))
    assert desk.run("import").code == 0
    assert begins(desk) == {"IMP-1": [], "IMP-2": ["null"], "IMP-3": ['"2025-06-01T09:50:00"'], "IMP-4": []}
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_a_floor_in_place_of_null_is_the_beginning(desk: Desk) -> None:
    floor = make_channel(2, readings=True, versions=[make_version(20, beginDate="1899-12-30T00:00:00")])
    desk.load(make_world(floor))
    assert desk.run("import").code == 0
    assert begins(desk) == {"IMP-2": ["null"]}
    assert desk.run("plan", "--detailed-exitcode").code == 0


def test_after_a_swap_in_energycap_the_old_settings_are_blocked(desk: Desk) -> None:
    desk.load(make_world(READ))
    desk.run("import")
    desk.load(make_world(make_channel(2, versions=SWAPPED, readings=True, type="ELECDEM")))

    answer = desk.run("plan", "--format", "json")

    (change,) = json.loads(answer.out)["resource_changes"]
    assert (answer.code, [block["rule"] for block in change["blocked_by"]]) == (3, ["ESA411"])


@pytest.mark.parametrize(
    ("channel", "version", "after"),
    [
        pytest.param(READ, {"multiplier": 1}, {"multiplier": 1, "beginDate": "null"}, id="readings"),
        pytest.param(TWO, {"multiplier": 5}, {"multiplier": 1, "beginDate": '"2025-06-01T09:50:00"'}, id="with drift"),
        pytest.param(PLAIN, {"multiplier": 1}, {"multiplier": 1}, id="neither"),
        pytest.param(READ, {"beginDate": None}, {"beginDate": "null"}, id="said already"),
        pytest.param(READ, {}, {}, id="no setting of a version"),
    ],
)
def test_an_update_adds_the_begin_where_it_is_missing(
    desk: Desk, channel: dict[str, Any], version: dict[str, Any], after: dict[str, Any]
) -> None:
    desk.load(make_world(channel))
    file = desk.define(
        {"one": {"channelId": channel["channelId"], **({"esaChannelVersion": version} if version else {})}}
    )

    assert desk.run("import", "--update", "--force").code == 0

    lines = {tuple(line.strip().split(": ")) for line in file.read_text().splitlines()}
    assert {(key, str(value)) for key, value in after.items()} == {
        line for line in lines if line[0] in ("multiplier", "beginDate")
    }
    assert desk.run("plan", "--detailed-exitcode").code == 0
    before = file.read_text()
    assert desk.run("import", "--update", "--force").code == 0
    assert file.read_text() == before
