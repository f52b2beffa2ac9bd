"""Paginated lists: pages, their four headers, and their order.

Documented: pageNumber from 1, pageSize 250 unless asked for, larger than 1000 silently 1000; the headers PageNumber,
PageSize, TotalNumberOfRecords, TotalPages; a bare array. Invented here: a page after the last is empty, what is no
positive number is a 400, and orderBy is a field, optionally followed by asc or desc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.filters import parse_filter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.filters import FilterField
    from reconciler.sandbox.store import Store

_DEFAULT_SIZE = 250
_PRIME = 1_000_003
# The golden section of the prime: multiples of it lie far apart.
_SHUFFLE_STEP = 618_035


class ListRequest(Struct, frozen=True):
    """What one request asks of a list, its parameters by lower-case name."""

    fields: Mapping[str, FilterField]
    parameters: Mapping[str, str]
    largest: int
    # None orders by id; each number gives another order.
    shuffle: int | None = None


class Page(Struct, frozen=True):
    """The ids on a page, and the headers that place it."""

    ids: tuple[int, ...]
    headers: dict[str, str]


def find_page(store: Store, request: ListRequest) -> Page:
    """The page of channels that is asked for. Raises `ApiError` for parameters that have no meaning."""
    number = _positive(request.parameters, "pageNumber", 1)
    size = min(_positive(request.parameters, "pageSize", _DEFAULT_SIZE), request.largest)
    condition = parse_filter(request.parameters.get("filter"), request.fields)
    # The pieces of SQL are this package's own; what the client sent is bound.
    source = f"FROM channels WHERE {condition.sql}"
    parameters: tuple[Any, ...] = condition.parameters
    total = store.connection.execute(f"SELECT count(*) {source}", parameters).fetchone()[0]
    rows = store.connection.execute(
        f"SELECT channel_id {source} ORDER BY {_order_by(request)} LIMIT ? OFFSET ?",
        (*parameters, size, (number - 1) * size),
    )
    headers = {
        "PageNumber": str(number),
        "PageSize": str(size),
        "TotalNumberOfRecords": str(total),
        "TotalPages": str(-(-total // size)),
    }
    return Page(ids=tuple(row[0] for row in rows), headers=headers)


def _positive(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name.lower(), str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 2**31):
        raise ApiError(400, f"{name} must be a positive number, found {text!r}.")
    return int(text)


def _order_by(request: ListRequest) -> str:
    text = request.parameters.get("orderby", "").strip()
    if not text:
        return _default_order(request.shuffle)
    name, _, direction = text.lower().partition(" ")
    known = {field.lower(): field for field in request.fields}
    if name not in known or direction.strip() not in {"", "asc", "desc"}:
        raise ApiError(400, f"orderBy must be a field, with or without asc or desc, found {text!r}.")
    return f"{request.fields[known[name]].expression} {direction}, channel_id"


def _default_order(shuffle: int | None) -> str:
    if shuffle is None:
        return "channel_id"
    factor = _SHUFFLE_STEP * (shuffle + 1) % _PRIME
    return f"channel_id * {factor} % {_PRIME}, channel_id"
