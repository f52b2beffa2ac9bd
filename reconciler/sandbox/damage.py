"""Whether a file of the sandbox is as the sandbox left it: said before anything is answered from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.sandbox.errors import StoreError
from reconciler.sandbox.store import open_store

if TYPE_CHECKING:
    from reconciler.sandbox.store import Store

_SELECT_TABLES = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
_JSON_COLUMNS = {
    "units": ("record",),
    "observation_types": ("record",),
    "summarization_methods": ("record",),
    "data_points": ("record", "meter", "details"),
    "channels": ("unknown",),
    "versions": ("unknown",),
    "lagging": ("channel",),
}
_REFERENCES = (
    ("channels", "data_point_id", "data_points", "id"),
    ("channels", "observation_type_id", "observation_types", "id"),
    ("channels", "summarization_method_id", "summarization_methods", "id"),
    ("channels", "channel_id", "versions", "channel_id"),
    ("versions", "channel_id", "channels", "channel_id"),
    ("versions", "unit_id", "units", "id"),
)


def check_tables(store: Store) -> None:
    """Raise `StoreError` if a table of `store` is missing, or is not as the sandbox makes it."""
    found = dict(store.connection.execute(_SELECT_TABLES))
    with open_store(Path(":memory:")) as fresh:
        expected = dict(fresh.connection.execute(_SELECT_TABLES))
    wrong = sorted(name for name, sql in expected.items() if found.get(name) != sql)
    if wrong:
        raise _damage_error(store, f"it lacks {wrong[0]}, or has it in another form than the sandbox makes it")


def check_rows(store: Store) -> None:
    """Raise `StoreError` if a row of `store` holds what the sandbox never writes."""
    for table, columns in _JSON_COLUMNS.items():
        for column in columns:
            if _has_rows(store, f"SELECT 1 FROM {table} WHERE NOT json_valid({column})"):  # noqa: S608 - constants
                raise _damage_error(store, f"{column} of a row of {table} is not JSON")
    for table, column, other, key in _REFERENCES:
        lost = f"SELECT 1 FROM {table} WHERE {column} NOT IN (SELECT {key} FROM {other})"  # noqa: S608 - constants
        if _has_rows(store, lost):
            raise _damage_error(store, f"{column} of a row of {table} is not in {other}")


def _has_rows(store: Store, query: str) -> bool:
    return bool(store.connection.execute(f"SELECT EXISTS ({query})").fetchone()[0])


def _damage_error(store: Store, reason: str) -> StoreError:
    name = store.connection.execute("PRAGMA database_list").fetchone()[2]
    return StoreError(f"{name} is damaged: {reason}; remove it, and the sandbox starts again from the demo world")
