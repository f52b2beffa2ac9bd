"""Edits where the service gives dates of versions with a zone: none of them moves a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.client import open_editor
from reconciler.model.project import ChannelEdit, Environment, VersionDates
from tests.apply.bench import SANDBOX, Bench, status_by_name, want
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Desired
    from tests.apply.bench import Start

from contextlib import contextmanager

SWAP = "2024-07-01T00:00:00"
DATED = make_channel(1, {"beginDate": SWAP})
VERSIONED = make_channel(2, versions=[make_version(20, endDate=SWAP), make_version(21, beginDate=SWAP)])
SINGLE = want("one", 1, channelInfo="New")
CURRENT = want("one", 2, esaChannelVersion__multiplier=2)
CHANNEL = want("one", 2, channelInfo="New")
BEGIN = want("one", 2, esaChannelVersion__beginDate="2024-08-01T00:00:00")


@contextmanager
def reading_dates(
    start: Start, setting: str, meaning: VersionDates | None, habit: ChannelEdit = ChannelEdit.OMIT_VERSION
) -> Iterator[Bench]:
    """A bench whose environment says what dates mean."""
    service = start(f"version_dates={setting}", world=make_world(DATED, VERSIONED)).service
    environment = Environment("sandbox", "sandbox", channel_edit=habit, version_dates=meaning)
    with open_editor(service.url, "sandbox", version_dates=meaning) as editor:
        yield Bench(service, editor, editor, environment)


def list_dates(bench: Bench) -> list[tuple[object, object]]:
    """The dates of all versions as they are stored."""
    channels = bench.service.export()["channels"]
    return [(one["beginDate"], one["endDate"]) for channel in channels for one in channel["channelVersions"]]


SAID = [
    ("naive", None),
    ("naive", VersionDates.UTC),
    ("z_wall_time", VersionDates.WALL_TIME),
    ("offset", None),
    ("offset", VersionDates.WALL_TIME),
    ("offset", VersionDates.UTC),
    ("utc", VersionDates.UTC),
]


@pytest.mark.parametrize("desired", [SINGLE, CURRENT, CHANNEL], ids=["one version", "version", "channel"])
@pytest.mark.parametrize("habit", ChannelEdit)
@pytest.mark.parametrize(("setting", "meaning"), SAID)
def test_an_edit_moves_no_version_once_it_is_said_what_dates_mean(
    start: Start, setting: str, meaning: VersionDates | None, habit: ChannelEdit, desired: Desired
) -> None:
    with reading_dates(start, setting, meaning, habit) as bench:
        before = list_dates(bench)
        plan = bench.plan(desired, environment=bench.environment)

        assert status_by_name(bench.apply(plan, environment=bench.environment)) == {"one": "done"}
        assert list_dates(bench) == before
        assert bench.plan(desired, environment=bench.environment).summary.update == 0


@pytest.mark.parametrize(("setting", "meaning"), SAID)
def test_a_desired_begin_is_stored_as_written(start: Start, setting: str, meaning: VersionDates | None) -> None:
    with reading_dates(start, setting, meaning) as bench:
        plan = bench.plan(BEGIN, environment=bench.environment)

        assert [(edit.before, edit.after) for edit in plan.changes[0].edits] == [(SWAP, "2024-08-01T00:00:00")]
        assert status_by_name(bench.apply(plan, environment=bench.environment)) == {"one": "done"}
        assert list_dates(bench)[-1] == ("2024-08-01T00:00:00", None)
        assert bench.plan(BEGIN, environment=bench.environment).summary.update == 0


@pytest.mark.parametrize("setting", ["z_wall_time", "utc"])
@pytest.mark.parametrize(
    ("desired", "habit", "is_blocked"),
    [
        (SINGLE, ChannelEdit.OMIT_VERSION, True),
        (CURRENT, ChannelEdit.OMIT_VERSION, True),
        (BEGIN, ChannelEdit.OMIT_VERSION, True),
        (CHANNEL, ChannelEdit.ECHO_LATEST, True),
        (CHANNEL, ChannelEdit.OMIT_VERSION, False),
    ],
    ids=["one version", "version", "begin", "echo", "channel alone"],
)
def test_what_would_send_a_date_back_is_blocked_until_it_is_said_what_it_means(
    start: Start, setting: str, desired: Desired, habit: ChannelEdit, *, is_blocked: bool
) -> None:
    with reading_dates(start, setting, None, habit) as bench:
        before = list_dates(bench)
        plan = bench.plan(desired, environment=bench.environment)
        result = bench.apply(plan, environment=bench.environment)

        assert [block.rule for change in plan.changes for block in change.blocked_by] == ["ESA413"] * is_blocked
        assert status_by_name(result) == ({} if is_blocked else {"one": "done"})
        assert list_dates(bench) == before


def test_a_block_says_what_was_read_what_it_may_mean_and_the_way_out(start: Start) -> None:
    with reading_dates(start, "utc", None) as bench:
        (block,) = bench.plan(SINGLE).changes[0].blocked_by

    assert block.is_unknown
    assert block.message == (
        "its version begins at 2024-07-01T04:00:00Z, which may be local time, 2024-07-01T04:00:00, or UTC"
    )
    assert block.unblock == (
        "look at the date in EnergyCAP. If it is 2024-07-01 04:00:00 there, write  versionDates: wallTime  "
        "for this environment in reconciler.yaml, else  versionDates: utc"
    )


def test_a_date_that_gains_a_zone_after_the_plan_is_not_sent_back(start: Start) -> None:
    with reading_dates(start, "utc", VersionDates.UTC) as knowing:
        plan = knowing.plan(SINGLE, environment=knowing.environment)
        with open_editor(knowing.service.url, "sandbox") as editor:
            result = Bench(knowing.service, editor, editor).apply(plan, environment=SANDBOX)

        assert status_by_name(result) == {"one": "stale"}
        assert knowing.writes() == []
