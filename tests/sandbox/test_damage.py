"""A file of the sandbox that was damaged is said to be, and nothing is answered from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler import sandbox

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "sandbox.sqlite3"
    sandbox.reset(path)
    return path


def damage(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(statement)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE units SET record = 'nope'", "record of a row of units is not JSON"),
        ("UPDATE channels SET unknown = '{bad'", "unknown of a row of channels is not JSON"),
        ("UPDATE data_points SET details = ''", "details of a row of data_points is not JSON"),
        ("DELETE FROM units", "unit_id of a row of versions is not in units"),
        ("DELETE FROM versions", "channel_id of a row of channels is not in versions"),
        ("DELETE FROM channels", "channel_id of a row of versions is not in channels"),
        ("UPDATE channels SET data_point_id = 987654", "data_point_id of a row of channels is not in data_points"),
        ("DROP TABLE lagging", "it lacks lagging, or has it in another form than the sandbox makes it"),
        ("DROP TABLE worlds", "it lacks worlds, or has it in another form than the sandbox makes it"),
        (
            "ALTER TABLE channels RENAME COLUMN name TO title",
            "it lacks channels, or has it in another form than the sandbox makes it",
        ),
    ],
)
def test_what_is_damaged_is_said_before_anything_is_answered(statement: str, reason: str, database: Path) -> None:
    damage(database, statement)

    with pytest.raises(sandbox.StoreError) as refusal, sandbox.embedded(database):
        pass

    assert str(refusal.value) == (
        f"{database} is damaged: {reason}; remove it, and the sandbox starts again from the demo world"
    )


def test_rows_that_are_damaged_are_replaced_by_a_new_start(database: Path) -> None:
    damage(database, "DELETE FROM versions; UPDATE units SET record = 'nope'")

    sandbox.reset(database)

    with sandbox.running(database) as service:
        assert service.export()["channels"]


def test_a_table_that_is_lost_is_said_at_a_new_start_too(database: Path) -> None:
    damage(database, "DROP TABLE readings")

    with pytest.raises(sandbox.StoreError, match="is damaged: it lacks readings, or"):
        sandbox.reset(database)


def test_a_made_up_world_has_no_damage(database: Path) -> None:
    sandbox.reset(database, sandbox.generate(50, seed=1))

    with sandbox.running(database) as service:
        assert len(service.export()["channels"]) == 50
