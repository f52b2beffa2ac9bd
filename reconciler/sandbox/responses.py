"""Responses, errors, the pages of lists, and how every write is run.

The body of an error is invented: no page shows one. As JSON it is
`{"message": "…", "errors": [{"property": "esaChannelVersion.multiplier", "message": "…"}]}`, as text one line for each
error.

Documented for lists: `field operator 'value'` joined by `and`; every value in single quotes; lists with a pipe between
quoted values; which operators a field has; pageNumber from 1; pageSize 250 by default, and 1000 for anything larger;
the headers PageNumber, PageSize, TotalNumberOfRecords, TotalPages; a bare array.

Not documented, and so decided here: an unknown field or operator is a 400; text compares without regard to case;
`between` takes a list of two; a value cannot contain a quote or pipe; dates compare by their wall time; a page after
the last is empty; a number that is not positive is a 400; orderBy is a field, optionally followed by asc or desc.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.responses import Response

from reconciler.sandbox.bodies import ApiError, parse_json, parse_local_time
from reconciler.sandbox.settings import ErrorBody, PagingHeaders, PostAnswer, PutAnswer
from reconciler.sandbox.store import LoggedRequest, log_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.requests import Request

    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


# A key in the ASGI scope of a request: the text of the fault that follows its response, for the request log.
FAULT_IN_SCOPE = "sandbox.fault"


class JsonResponse(Struct, frozen=True):
    """A status and a body of JSON text."""

    status: int
    text: str


class AppState(Struct, frozen=True):
    """What every endpoint needs. `turns` numbers the requests of shuffled pages."""

    store: Store
    settings: Settings
    turns: Iterator[int] = field(default_factory=count)


def respond_with_json(value: Any) -> Response:
    """200 with a value as JSON."""
    return make_response(JsonResponse(200, json.dumps(value)))


def make_response(answer: JsonResponse) -> Response:
    """The answer as a response."""
    content = None if answer.status == 204 else answer.text
    return Response(content, answer.status, media_type="application/json")


def make_error_response(settings: Settings, error: ApiError) -> Response:
    """The error as a response, with the body that the settings choose."""
    if settings.error_body is ErrorBody.TEXT:
        lines = [error.message, *(f"{one.property}: {one.message}" for one in error.violations)]
        return Response("\n".join(lines), error.status, media_type="text/plain")
    errors = [{"property": one.property, "message": one.message} for one in error.violations]
    return make_response(JsonResponse(error.status, json.dumps({"message": error.message, "errors": errors})))


def shape_put_response(settings: Settings, answer: JsonResponse) -> JsonResponse:
    """The response to a successful PUT: as much of `answer` as the settings choose."""
    match settings.put_answer:
        case PutAnswer.CHANNEL:
            return answer
        case PutAnswer.EMPTY:
            return JsonResponse(200, "")
        case PutAnswer.NO_CONTENT:
            return JsonResponse(204, "")


def shape_post_response(settings: Settings, answer: JsonResponse) -> JsonResponse:
    """The response to a successful POST of a channel or version: as much of `answer` as the settings choose."""
    match settings.post_answer:
        case PostAnswer.OBJECT:
            return answer
        case PostAnswer.CREATED:
            return JsonResponse(201, answer.text)
        case PostAnswer.EMPTY:
            return JsonResponse(200, "")
        case PostAnswer.NO_CONTENT:
            return JsonResponse(204, "")


async def run_write(state: AppState, request: Request, decide: Callable[[Any], JsonResponse]) -> Response:
    """The response that `decide` makes of the body, in one transaction with the entry in the request log."""
    # A write and its entry are on disk together, so tests can count what really reached the service.
    body = await request.body()
    with state.store.writing():
        try:
            response = make_response(decide(None if request.method == "DELETE" else parse_json(body)))
        except ApiError as error:
            response = make_error_response(state.settings, error)
        entry = LoggedRequest(
            id=0,
            method=request.method,
            path=request.url.path,
            body=body.decode(errors="replace"),
            status=response.status_code,
            fault=request.scope.get(FAULT_IN_SCOPE),
        )
        log_request(state.store, entry)
    return response


# The operators of the vendor's page on filters, except those that name days, as in "last 7 days".
_OPERATORS = {
    "equals": "{0} = ?",
    "not equals": "{0} <> ?",
    "less than": "{0} < ?",
    "less than equal": "{0} <= ?",
    "greater than": "{0} > ?",
    "greater than equal": "{0} >= ?",
    "like": "instr({0}, ?) > 0",
    "not like": "instr({0}, ?) = 0",
    "one of": "{0} IN ({1})",
    "not one of": "{0} NOT IN ({1})",
    "between": "{0} BETWEEN ? AND ?",
    "not between": "{0} NOT BETWEEN ? AND ?",
}
_NUMBERS_OF_VALUES = {"one of": None, "not one of": None, "between": 2, "not between": 2}

_EQUALITY = ("equals", "not equals")
_LISTS = ("one of", "not one of")
_ORDER = ("less than", "less than equal", "greater than", "greater than equal", "between")

INTEGER_OPERATORS = _EQUALITY + _ORDER + _LISTS
TEXT_OPERATORS = (*_EQUALITY, *_LISTS, "like", "not like")
BOOLEAN_OPERATORS = ("equals",)
TIME_OPERATORS = (*_EQUALITY, *_ORDER, "not between")

_CONDITION = re.compile(
    r"\s*(?P<field>[A-Za-z]+)\s+(?P<operator>[a-z]+(?:\s+[a-z]+)*)\s*"
    r"(?P<values>'[^']*'(?:\s*\|\s*'[^']*')*)\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"and\b", re.IGNORECASE)


class FieldType(Enum):
    """What the values of a field are."""

    INTEGER = auto()
    TEXT = auto()
    BOOLEAN = auto()
    TIME = auto()


class FilterField(Struct, frozen=True):
    """A field of a filter: its SQL expression, the type of its values, and its documented operators.

    `coarse` is a column that SQLite can look up, of a time in UTC: whatever the zone of the expression, it is less than
    a day from it.
    """

    expression: str
    type: FieldType
    operators: tuple[str, ...]
    coarse: str = ""


class Condition(Struct, frozen=True):
    """A condition in SQL, and its parameters."""

    sql: str
    parameters: tuple[str | int, ...] = ()


def parse_filter(text: str | None, fields: Mapping[str, FilterField]) -> Condition:
    """The filter as SQL over `fields`; always true without one. Raises `ApiError`, naming what is wrong."""
    chosen = list_chosen(text, fields)
    return _join([_make_condition(one) for one in chosen]) if chosen else Condition("1")


class Chosen(Struct, frozen=True):
    """A condition of a filter: the field by its name and itself, the operator, and the values."""

    name: str
    field: FilterField
    operator: str
    values: tuple[str | int, ...]


def list_chosen(text: str | None, fields: Mapping[str, FilterField]) -> list[Chosen]:
    """The conditions of a filter. Raises `ApiError`, naming what is wrong."""
    if text is None or not text.strip():
        return []
    known = {name.lower(): (name, field) for name, field in fields.items()}
    conditions = []
    position = 0
    while True:
        match = _CONDITION.match(text, position)
        if match is None:
            raise _invalid_filter(f"expected field operator 'value' at column {position + 1}")
        conditions.append(_parse_condition(match, known))
        if match.end() == len(text):
            return conditions
        joint = _AND.match(text, match.end())
        if joint is None:
            raise _invalid_filter(f"expected and, or the end, at column {match.end() + 1}")
        position = joint.end()


def _join(conditions: list[Condition]) -> Condition:
    parameters = tuple(parameter for condition in conditions for parameter in condition.parameters)
    return Condition(" AND ".join(condition.sql for condition in conditions), parameters)


def _parse_condition(match: re.Match[str], known: Mapping[str, tuple[str, FilterField]]) -> Chosen:
    name, field = known.get(match["field"].lower(), ("", None))
    operator = " ".join(match["operator"].lower().split())
    if field is None:
        raise _invalid_filter(f"{match['field']} is not a field to filter by")
    if operator not in field.operators:
        raise _invalid_filter(f"{match['field']} has no operator {operator!r}; there are {', '.join(field.operators)}")
    values = tuple(
        _parse_value(value, match["field"], field.type) for value in re.findall("'([^']*)'", match["values"])
    )
    number = _NUMBERS_OF_VALUES.get(operator, 1)
    if number is not None and len(values) != number:
        raise _invalid_filter(f"{match['field']} {operator} takes {number} values, found {len(values)}")
    return Chosen(name, field, operator, values)


def _make_condition(chosen: Chosen) -> Condition:
    field, values = chosen.field, chosen.values
    sql = _OPERATORS[chosen.operator].format(_comparable(field), ", ".join("?" * len(values)))
    if field.coarse and chosen.operator == "between":
        # The first half uses the index, and leaves few rows to the second.
        ends = (shift_time(str(values[0]), -_DAY), shift_time(str(values[1]), _DAY))
        return Condition(f"({field.coarse} BETWEEN ? AND ? AND {sql})", (*ends, *values))
    return Condition(f"({sql})", values)


_DAY = timedelta(days=1)


def shift_time(time: str, by: timedelta) -> str:
    """The local `time`, later by a span, or as it is at the ends of the calendar."""
    try:
        return (datetime.fromisoformat(time) + by).isoformat()
    except OverflowError:
        return time


def _comparable(field: FilterField) -> str:
    if field.type is FieldType.TEXT:
        return f"lower({field.expression})"
    if field.type is FieldType.TIME:
        # Without fractions and offset: seconds of wall time.
        return f"substr({field.expression}, 1, 19)"
    return field.expression


def _parse_value(value: str, name: str, kind: FieldType) -> str | int:
    match kind:
        case FieldType.TEXT:
            return value.lower()
        case FieldType.INTEGER if re.fullmatch("-?[0-9]{1,10}", value):
            return int(value)
        case FieldType.BOOLEAN if value.lower() in {"true", "false"}:
            return int(value.lower() == "true")
        case FieldType.TIME if (time := parse_local_time(value)) is not None:
            return time[:19]
        case _:
            raise _invalid_filter(f"{value!r} is not a value of {name}")


def _invalid_filter(message: str) -> ApiError:
    return ApiError(400, f"The filter is not valid: {message}.")


# The vendor's page on paging.
_DEFAULT_SIZE = 250
_PRIME = 1_000_003
# Consecutive multiples of the golden section of a prime are far apart, so each page has rows from everywhere.
_SHUFFLE_STEP = 618_035


def read_parameters(request: Request) -> dict[str, str]:
    """The parameters of the query, by name in lower case."""
    return {name.lower(): value for name, value in request.query_params.items()}


class ListRequest(Struct, frozen=True):
    """A request for a list, with its parameters by lower-case name; its rows are those of `table`, by their `key`."""

    fields: Mapping[str, FilterField]
    parameters: Mapping[str, str]
    largest: int
    # None orders by id; each number gives a different order.
    shuffle: int | None = None
    table: str = "channels"
    key: str = "channel_id"


class Page(Struct, frozen=True):
    """The ids on a page, and its headers; `late` are new channels that belong to the list and do not show in it yet."""

    ids: tuple[int, ...]
    headers: dict[str, str]
    late: tuple[int, ...] = ()


def find_page(store: Store, request: ListRequest) -> Page:
    """The page that is asked for. Raises `ApiError` if a parameter is not valid."""
    number = _positive(request.parameters, "pageNumber", 1)
    size = min(_positive(request.parameters, "pageSize", _DEFAULT_SIZE), request.largest)
    condition = parse_filter(request.parameters.get("filter"), request.fields)
    # All SQL is this package's own; values from the client are parameters.
    matching, parameters = f"FROM {request.table} WHERE {condition.sql} AND channel_id", condition.parameters
    # A list counts as one read of what it does not show yet, however many pages it has.
    is_first = number == 1 and request.table == "channels"
    late = _list_ids(store, f"SELECT channel_id {matching} IN {_NEW}", parameters) if is_first else ()
    source = f"{matching} NOT IN {_NEW}"
    total = store.connection.execute(f"SELECT count(*) {source}", parameters).fetchone()[0]
    order = f"ORDER BY {_order_by(request)} LIMIT ? OFFSET ?"
    ids = _list_ids(store, f"SELECT {request.key} {source} {order}", (*parameters, size, (number - 1) * size))
    headers = {
        "PageNumber": str(number),
        "PageSize": str(size),
        "TotalNumberOfRecords": str(total),
        "TotalPages": str(-(-total // size)),
    }
    return Page(ids, headers, late)


# The channels that reads do not show yet, because they lag behind the creation.
_NEW = "(SELECT channel_id FROM lagging WHERE channel = 'null')"


def _list_ids(store: Store, query: str, parameters: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(row[0] for row in store.connection.execute(query, parameters))


def _positive(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name.lower(), str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:10]) < 2**31):
        raise ApiError(400, f"{name} must be a positive number, found {text!r}.")
    return int(text)


def _order_by(request: ListRequest) -> str:
    text = request.parameters.get("orderby", "").strip()
    if not text:
        return _default_order(request.key, request.shuffle)
    name, _, direction = text.lower().partition(" ")
    known = {field.lower(): field for field in request.fields}
    if name not in known or direction.strip() not in {"", "asc", "desc"}:
        raise ApiError(400, f"orderBy must be a field, with or without asc or desc, found {text!r}.")
    return f"{request.fields[known[name]].expression} {direction}, {request.key}"


def _default_order(key: str, shuffle: int | None) -> str:
    if shuffle is None:
        return key
    factor = _SHUFFLE_STEP * (shuffle + 1) % _PRIME
    return f"{key} * {factor} % {_PRIME}, {key}"


def get_page_headers(page: Page, settings: Settings) -> dict[str, str]:
    """The headers of a page that the settings choose."""
    if settings.paging_headers is PagingHeaders.ALL:
        return page.headers
    return {"TotalPages": page.headers["TotalPages"]}
