"""What of a change is still to be written, by which writes, and how its channel must read after one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.apply.remaining import (
    Write,
    WriteTarget,
    expected_after,
    find_remaining,
    find_unwritten,
    find_writes,
)
from reconciler.model.channels import Version
from reconciler.model.fields import (
    BEGIN_DATE,
    FORMULA,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_ID,
    ODOMETER,
    ROLLOVER_VALUE,
    TRIP,
)
from reconciler.model.plan import VersionAction, VersionChange
from tests.apply.records import INFO, MULTIPLIER, make_change, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec, Value

FULL_REGISTER = 999_999_999_999_999
SWAP = "2026-11-02T08:00:00"


def begin_at(live: Live, *begins: str) -> Live:
    """`live` with one version for each of these begins."""
    versions = tuple(
        replace(
            live.current, id=10 + number, begin_date=begin or None, values={**live.current.values, BEGIN_DATE: begin}
        )
        for number, begin in enumerate(begins)
    )
    return replace(live, versions=versions, values={**live.values, BEGIN_DATE: begins[-1] or None})


def make_version_change(action: VersionAction, begin: str, version_id: int | None, **values: Any) -> VersionChange:
    wanted = {f"esaChannelVersion.{key}": value for key, value in values.items()}
    return VersionChange(action, begin, version_id, None, {}, {}, {}, dict.fromkeys(wanted, 1), wanted)


def with_versions(change: Change, *versions: VersionChange) -> Change:
    return replace(change, versions=versions)


def test_what_is_as_wanted_does_not_remain() -> None:
    assert find_remaining({INFO: "Main", MULTIPLIER: 2}, make_live()) == {MULTIPLIER: 2}


@pytest.mark.parametrize(
    ("path", "live", "wanted"),
    [
        (ROLLOVER_VALUE, FULL_REGISTER, None),
        (MULTIPLIER, 0.1 + 0.2, 0.30000000000000004),
        (FORMULA, "channel(1)*2", "channel( 1 ) * 2"),
    ],
    ids=["default", "double", "spacing"],
)
def test_what_means_the_same_does_not_remain(path: str, live: Value, wanted: Value) -> None:
    assert find_remaining({path: wanted}, make_live({OBSERVATION_RULE_ID: ODOMETER, path: live})) == {}


def test_a_default_of_the_old_rule_remains_where_the_wanted_rule_has_none() -> None:
    odometer = make_live({OBSERVATION_RULE_ID: ODOMETER, ROLLOVER_VALUE: FULL_REGISTER})

    assert find_remaining({OBSERVATION_RULE_ID: TRIP, ROLLOVER_VALUE: None}, odometer) == {
        OBSERVATION_RULE_ID: TRIP,
        ROLLOVER_VALUE: None,
    }


def test_a_channel_with_one_version_takes_everything_in_one_write() -> None:
    change = make_change(make_live(), {INFO: "North", MULTIPLIER: 2})

    assert find_writes(change, make_live()) == (Write(WriteTarget.CHANNEL, {INFO: "North", MULTIPLIER: 2}, 10),)


def test_what_is_live_already_is_not_written() -> None:
    change = make_change(make_live(), {INFO: "North", MULTIPLIER: 2})

    assert find_writes(change, make_live({INFO: "North"})) == (Write(WriteTarget.CHANNEL, {MULTIPLIER: 2}, 10),)
    assert find_writes(change, make_live({INFO: "North", MULTIPLIER: 2})) == ()
    assert find_writes(change, make_live({INFO: "North", MULTIPLIER: 2}, versions=2)) == ()


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ({INFO: "North"}, [WriteTarget.CHANNEL]),
        ({MULTIPLIER: 2}, [WriteTarget.VERSION]),
        ({INFO: "North", MULTIPLIER: 2}, [WriteTarget.VERSION, WriteTarget.CHANNEL]),
        ({OBSERVATION_TYPE_ID: 1, OBSERVATION_RULE_ID: ODOMETER}, [WriteTarget.CHANNEL, WriteTarget.VERSION]),
    ],
    ids=["channel", "version", "both", "to Odometer"],
)
def test_of_several_versions_the_current_one_is_written_by_itself(wanted: Spec, parts: list[WriteTarget]) -> None:
    live = make_live(versions=2)

    assert [write.part for write in find_writes(make_change(live, wanted), live)] == parts


def test_a_demand_channel_leaves_odometer_before_it_is_one() -> None:
    live = make_live({OBSERVATION_RULE_ID: ODOMETER}, versions=2)
    change = make_change(live, {OBSERVATION_TYPE_ID: 2, OBSERVATION_RULE_ID: TRIP})

    assert [write.part for write in find_writes(change, live)] == [WriteTarget.VERSION, WriteTarget.CHANNEL]


def test_older_versions_are_written_first_and_new_ones_last() -> None:
    live = begin_at(make_live(), "", "2024-01-01T00:00:00")
    created = make_version_change(VersionAction.CREATE, SWAP, None, beginDate=SWAP, multiplier=3)
    change = with_versions(
        make_change(live, {INFO: "North", MULTIPLIER: 2}),
        make_version_change(VersionAction.UPDATE, "", 10, multiplier=5),
        created,
    )

    assert find_writes(change, live) == (
        Write(WriteTarget.VERSION, {MULTIPLIER: 5}, 10),
        Write(WriteTarget.VERSION, {MULTIPLIER: 2}, 11),
        Write(WriteTarget.CHANNEL, {INFO: "North"}, 11),
        Write(WriteTarget.NEW_VERSION, created.target_values, begin=SWAP),
    )


def test_a_version_that_is_there_is_not_created_again_and_its_values_are_not_the_old_ones() -> None:
    live = begin_at(make_live(), "")
    change = with_versions(
        make_change(live, {MULTIPLIER: 2}),
        make_version_change(VersionAction.CREATE, SWAP, None, beginDate=SWAP, multiplier=3),
    )
    written = expected_after(live, Write(WriteTarget.CHANNEL, {MULTIPLIER: 2}, 10))
    created = expected_after(written, find_writes(change, written)[0])

    assert [(version.id, version.begin_date, version.values[MULTIPLIER]) for version in created.versions] == [
        (10, None, 2),
        (0, SWAP, 3),
    ]
    assert created.values[MULTIPLIER] == 3
    assert find_writes(change, created) == ()


def test_a_new_version_is_unwritten_until_it_is_there_with_its_values() -> None:
    live = begin_at(make_live(), "")
    write = Write(WriteTarget.NEW_VERSION, {BEGIN_DATE: SWAP, MULTIPLIER: 3, OBSERVATION_RULE_ID: TRIP}, begin=SWAP)
    other = Version(12, SWAP, None, {**live.current.values, BEGIN_DATE: SWAP, MULTIPLIER: 4})

    assert find_unwritten(write, live) == write.wanted
    begun = replace(live, versions=(*live.versions, other), values={**live.values, **other.values})
    assert find_unwritten(write, begun) == {MULTIPLIER: 3}
    assert find_unwritten(write, expected_after(live, write)) == {}


def test_a_version_from_the_beginning_has_no_begin_date() -> None:
    live = begin_at(make_live(), "2024-01-01T00:00:00")

    created = expected_after(live, Write(WriteTarget.NEW_VERSION, {BEGIN_DATE: None, MULTIPLIER: 3}))

    assert [(version.id, version.begin_date) for version in created.versions] == [
        (0, None),
        (10, "2024-01-01T00:00:00"),
    ]
