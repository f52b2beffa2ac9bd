"""The SQLite file: opened and checked for damage, its transactions, and its log of writes.

Every write is on disk before its response is sent, so killing the server loses nothing. The log is not part of the
vendor's API; with it tests count what really reached the service.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox.errors import StoreError
from reconciler.sandbox.properties import CHANNEL_PROPERTIES, VERSION_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterator


# "esa1": distinguishes the sandbox's files from other SQLite files.
_APPLICATION_ID = 0x65736131
_FORMAT = 4
_LOCK_TIMEOUT_SECONDS = 30
_RETRY_SECONDS = 0.01

_SCHEMA = """
CREATE TABLE worlds (format_version INTEGER NOT NULL);
CREATE TABLE units (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE observation_types (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE summarization_methods (id INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE data_points (id INTEGER PRIMARY KEY, record TEXT NOT NULL, meter TEXT NOT NULL, details TEXT NOT NULL);
CREATE TABLE channels (
  channel_id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_point_id INTEGER NOT NULL,
  -- import_id is also in settings, but json_extract ends a text at its first NUL, and import ids compare exactly.
  settings TEXT NOT NULL,
  import_id TEXT,
  has_readings INTEGER NOT NULL, first_date TEXT, last_date TEXT, last_value TEXT,
  unknown TEXT NOT NULL
);
CREATE INDEX channels_of_data_point ON channels (data_point_id);
CREATE INDEX channels_by_import_id ON channels (import_id);
CREATE TABLE versions (
  version_id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id INTEGER NOT NULL,
  settings TEXT NOT NULL,
  unknown TEXT NOT NULL
);
CREATE INDEX versions_of_channel ON versions (channel_id);
CREATE TABLE formula_inputs (channel_id INTEGER NOT NULL, input_id INTEGER NOT NULL,
  PRIMARY KEY (input_id, channel_id)) WITHOUT ROWID;
CREATE INDEX inputs_of_channel ON formula_inputs (channel_id);
CREATE TABLE readings (
  reading_id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id INTEGER NOT NULL, time TEXT NOT NULL, value REAL NOT NULL,
  estimated INTEGER NOT NULL, note TEXT,
  -- How many edits of its channel's versions stored values outlived before this reading was sent.
  made_with INTEGER NOT NULL DEFAULT 0, UNIQUE (channel_id, time)
);
-- The versions that stored values were made with, before an edit that did not recompute them.
CREATE TABLE former_versions (
  channel_id INTEGER NOT NULL, place INTEGER NOT NULL, versions TEXT NOT NULL, reads_left INTEGER,
  PRIMARY KEY (channel_id, place)
) WITHOUT ROWID;
CREATE TABLE rendered (channel_id INTEGER NOT NULL, view TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (channel_id, view)) WITHOUT ROWID;
CREATE TABLE lagging (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_id INTEGER NOT NULL, channel TEXT NOT NULL, reads_left INTEGER NOT NULL
);
CREATE INDEX lagging_channels ON lagging (channel_id);
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  method TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, status INTEGER NOT NULL, fault TEXT
);
"""

# The value of a property, by its name in the API, in a row of channels or versions.
SETTING = "json_extract(settings, '$.{}')"

_TABLES = (
    "worlds",
    "units", "observation_types", "summarization_methods", "data_points", "channels", "versions",
    "formula_inputs", "readings", "former_versions", "rendered", "lagging", "requests", "sqlite_sequence",
)  # fmt: skip


class Store(Struct, frozen=True):
    """One connection to the file, for one thread at a time; other threads and processes open their own."""

    connection: sqlite3.Connection

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A block whose writes happen all together, on disk when the outermost block ends, or not at all."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        with self.connection:
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block that sees one state of the store, whatever others write meanwhile."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN")
        with self.connection:
            yield

    def clear(self) -> None:
        """Empties everything, including the log and the counters of ids."""
        for table in _TABLES:
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names are the constant above


@contextmanager
def open_store(database: Path) -> Iterator[Store]:
    """The store in `database` for the length of a block; an empty one is created if the file does not exist.

    Raises `StoreError` if the file is something else, is damaged, cannot be written, or is in use for too long.
    """
    connection = _connect(database)
    try:
        yield Store(connection)
    except sqlite3.Error as failure:
        if not is_file_failure(failure):
            raise
        raise StoreError(explain_failure(failure, database)) from failure
    finally:
        connection.close()


def is_file_failure(failure: sqlite3.Error) -> bool:
    """Whether the file or its disk is the cause; if not, the failure is a bug of the sandbox."""
    return isinstance(failure, sqlite3.OperationalError) or type(failure) is sqlite3.DatabaseError


def explain_failure(failure: sqlite3.Error, database: object) -> str:
    """What a failure of SQLite means for the user, and how to continue."""
    match getattr(failure, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{database} is in use by another program: {failure}; try again when that is done"
        case sqlite3.SQLITE_CORRUPT:
            return f"{database} is damaged: {failure}; remove it, and the sandbox starts again"
        case _:
            return f"{database} cannot be used: {failure}"


def _connect(database: Path) -> sqlite3.Connection:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            database,
            timeout=_LOCK_TIMEOUT_SECONDS,
            isolation_level=None,
            # The server's thread uses the connection that its starter opened.
            check_same_thread=False,
        )
    except (OSError, sqlite3.Error) as failure:
        msg = f"{database} cannot be opened: {failure}"
        raise StoreError(msg) from failure
    try:
        _prepare(connection, database)
    except sqlite3.Error as failure:
        connection.close()
        raise StoreError(explain_failure(failure, database)) from failure
    except UnicodeDecodeError as failure:
        # SQLite quotes a damaged schema in its message, whatever bytes are in it.
        connection.close()
        msg = f"{database} is damaged: its schema is not text; remove it, and the sandbox starts again"
        raise StoreError(msg) from failure
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, database: Path) -> None:
    if _is_fresh(connection):
        # A page of the default size, 4096 bytes, is smaller than the response of one channel.
        connection.execute("PRAGMA page_size = 16384")
        _use_write_ahead_log(connection)
        _make_tables_once(connection)
    _check_format(connection, database)
    connection.execute("PRAGMA synchronous = FULL")


def _is_fresh(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()[0]


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Turns on the write-ahead log. For this change alone, SQLite does not wait while another process writes."""
    end = time.monotonic() + _LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _make_tables_once(connection: sqlite3.Connection) -> None:
    with Store(connection).writing():
        # Checked again inside the transaction: another process may have made the tables meanwhile.
        if not _is_fresh(connection):
            return
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _check_format(connection: sqlite3.Connection, database: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != _APPLICATION_ID:
        msg = f"{database} is a SQLite file, but not a sandbox's; name another file"
        raise StoreError(msg)
    if found != _FORMAT:
        msg = f"{database} was made by another version of the sandbox (format {found}, here {_FORMAT}); remove it"
        raise StoreError(msg)


class LoggedRequest(Struct, frozen=True):
    """A write that was answered. Later ones have larger ids.

    `status` is the service's own: if a `fault` came after it, the client saw something else.
    """

    id: int
    method: str
    path: str
    body: str
    status: int
    fault: str | None


def log_request(store: Store, request: LoggedRequest) -> None:
    """Adds a write to the log, which chooses its id."""
    store.connection.execute(
        "INSERT INTO requests (method, path, body, status, fault) VALUES (?, ?, ?, ?, ?)",
        (request.method, request.path, request.body, request.status, request.fault),
    )


def read_request_log(store: Store, after: int = 0) -> tuple[LoggedRequest, ...]:
    """The log in order, from the first id above `after`."""
    rows = store.connection.execute(
        "SELECT id, method, path, body, status, fault FROM requests WHERE id > ? ORDER BY id", (after,)
    )
    return tuple(LoggedRequest(*row) for row in rows)


_SELECT_TABLES = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
_JSON_COLUMNS = {
    "units": ("record",),
    "observation_types": ("record",),
    "summarization_methods": ("record",),
    "data_points": ("record", "meter", "details"),
    "channels": ("unknown", "settings"),
    "versions": ("unknown", "settings"),
    "lagging": ("channel",),
}
# A table, the name and expression of a value in it, and the table and column where that value must exist.
_REFERENCES = (
    ("channels", "data_point_id", "data_point_id", "data_points", "id"),
    ("channels", "channel_id", "channel_id", "versions", "channel_id"),
    ("versions", "channel_id", "channel_id", "channels", "channel_id"),
    *(
        (table, one.attribute, SETTING.format(one.name), one.traits.reference.kind, "id")
        for table, properties in (("channels", CHANNEL_PROPERTIES), ("versions", VERSION_PROPERTIES))
        for one in properties
        if one.traits.reference
    ),
)


def check_tables(store: Store) -> None:
    """Raise `StoreError` if a table of `store` is missing or was changed."""
    found = dict(store.connection.execute(_SELECT_TABLES))
    with open_store(Path(":memory:")) as fresh:
        expected = dict(fresh.connection.execute(_SELECT_TABLES))
    wrong = sorted(name for name, sql in expected.items() if found.get(name) != sql)
    if wrong:
        raise _damage_error(store, f"it lacks {wrong[0]}, or has it in another form than the sandbox makes it")


def check_rows(store: Store) -> None:
    """Raise `StoreError` if a row of `store` has a value that the sandbox never writes."""
    for table, columns in _JSON_COLUMNS.items():
        for column in columns:
            if _has_rows(store, f"SELECT 1 FROM {table} WHERE NOT json_valid({column})"):  # noqa: S608 - constants
                raise _damage_error(store, f"{column} of a row of {table} is not JSON")
    for table, name, value, other, key in _REFERENCES:
        lost = f"SELECT 1 FROM {table} WHERE {value} NOT IN (SELECT {key} FROM {other})"  # noqa: S608 - constants
        if _has_rows(store, lost):
            raise _damage_error(store, f"{name} of a row of {table} is not in {other}")


def _has_rows(store: Store, query: str) -> bool:
    return bool(store.connection.execute(f"SELECT EXISTS ({query})").fetchone()[0])


def _damage_error(store: Store, reason: str) -> StoreError:
    name = store.connection.execute("PRAGMA database_list").fetchone()[2]
    return StoreError(f"{name} is damaged: {reason}; remove it, and the sandbox starts again from the demo world")
