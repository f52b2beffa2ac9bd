"""The journal of writes: what was asked, what was answered, and which fault came between.

Not a part of the vendor's API: tests count by it what really reached the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from reconciler.sandbox.store import Store


class LoggedRequest(Struct, frozen=True):
    """A write that was answered. Later ones have larger ids.

    `status` is the service's own verdict: where a `fault` came after it, the client saw something else.
    """

    id: int
    method: str
    path: str
    body: str
    status: int
    fault: str | None


def log_request(store: Store, request: LoggedRequest) -> None:
    """Adds a write to the journal; its id is given by the journal."""
    store.connection.execute(
        "INSERT INTO requests (method, path, body, status, fault) VALUES (?, ?, ?, ?, ?)",
        (request.method, request.path, request.body, request.status, request.fault),
    )


def read_request_log(store: Store, after: int = 0) -> tuple[LoggedRequest, ...]:
    """The journal in order, from the first id above `after`."""
    rows = store.connection.execute(
        "SELECT id, method, path, body, status, fault FROM requests WHERE id > ? ORDER BY id", (after,)
    )
    return tuple(LoggedRequest(*row) for row in rows)
