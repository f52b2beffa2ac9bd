from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from reconciler import sandbox
from reconciler.sandbox import StoreError
from reconciler.sandbox.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox.store import Store


def count_units(path: Path) -> int:
    with open_store(path) as store:
        return len(store.connection.execute("SELECT * FROM units").fetchall())


def test_a_store_is_made_with_its_folder(tmp_path: Path) -> None:
    assert count_units(tmp_path / ".reconciler" / "sandbox.sqlite3") == 0


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as store, store.writing():
        store.connection.execute("INSERT INTO units VALUES (1, '{}')")

    assert count_units(tmp_path / "a") == 1


def fail_after_writing(store: Store) -> None:
    with store.writing(), store.writing():
        store.connection.execute("INSERT INTO units VALUES (1, '{}')")
        _ = 1 / 0


def test_a_block_that_fails_writes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as store:
        with pytest.raises(ZeroDivisionError):
            fail_after_writing(store)
        with store.writing():
            store.connection.execute("INSERT INTO units VALUES (2, '{}')")

    assert count_units(tmp_path / "a") == 1


def test_many_may_make_the_store_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(count_units, [tmp_path / "a"] * 8)) == [0] * 8


def test_a_process_waits_while_another_makes_the_store(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a", isolation_level=None, check_same_thread=False)) as another:
        another.execute("BEGIN IMMEDIATE")
        end = Timer(0.2, another.execute, ["COMMIT"])
        end.start()

        assert count_units(tmp_path / "a") == 0
        end.join()


def test_every_answered_write_is_forced_to_disk(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as store:
        pragmas = [store.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

    assert pragmas == ["wal", 2]


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary, today I wrote a file that is no database.\n" * 100)

    with pytest.raises(StoreError, match=r"notes\.txt cannot be used: file is not a database$"):
        count_units(tmp_path / "notes.txt")


def test_a_schema_that_is_not_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a"
    count_units(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET name = CAST(x'FF81' AS TEXT) WHERE name = 'units'")

    with pytest.raises(StoreError) as failure:
        count_units(path)

    assert str(failure.value) == f"{path} is damaged: its schema is not text; remove it, and the sandbox starts again"


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a")) as connection:
        connection.execute("CREATE TABLE precious (a)")

    with pytest.raises(StoreError, match=r"a is a SQLite file, but not a sandbox's; name another file$"):
        count_units(tmp_path / "a")
    with closing(sqlite3.connect(tmp_path / "a")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]


def test_another_version_of_the_sandbox_is_refused(tmp_path: Path) -> None:
    count_units(tmp_path / "a")
    with closing(sqlite3.connect(tmp_path / "a")) as connection:
        connection.execute("PRAGMA user_version = 7")

    with pytest.raises(StoreError, match=r"another version of the sandbox \(format 7, here 4\); remove it$"):
        count_units(tmp_path / "a")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened: unable to open database file$"):
        count_units(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="cannot be opened: "):
        count_units(tmp_path / "file" / "sandbox.sqlite3")


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
            "ALTER TABLE channels RENAME COLUMN settings TO title",
            "it lacks channels, or has it in another form than the sandbox makes it",
        ),
    ],
)
def test_damage_is_reported_before_anything_is_answered(statement: str, reason: str, database: Path) -> None:
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


def test_a_missing_table_is_reported_at_a_new_start_too(database: Path) -> None:
    damage(database, "DROP TABLE readings")

    with pytest.raises(sandbox.StoreError, match="is damaged: it lacks readings, or"):
        sandbox.reset(database)


def test_a_made_up_world_has_no_damage(database: Path) -> None:
    sandbox.reset(database, sandbox.generate(50, seed=1))

    with sandbox.running(database) as service:
        assert len(service.export()["channels"]) == 50
