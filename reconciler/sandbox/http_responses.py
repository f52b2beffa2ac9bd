"""Answers over HTTP, and how every write is carried out.

The body of an error is invented: no page shows one. As JSON it is
`{"message": "…", "errors": [{"property": "esaChannelVersion.multiplier", "message": "…"}]}`, as text one line each.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.responses import Response

from reconciler.sandbox.bodies import ApiError, parse_json
from reconciler.sandbox.settings import ErrorBody, PutAnswer
from reconciler.sandbox.store import LoggedRequest as JournalRequest
from reconciler.sandbox.store import log_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store

# In the scope of a request: the words of the fault that will come after its answer, for the journal.
FAULT_IN_SCOPE = "sandbox.fault"


class JsonResponse(Struct, frozen=True):
    """A status and a body of JSON text."""

    status: int
    text: str


class AppState(Struct, frozen=True):
    """What every endpoint works with."""

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
    """The error as a response with the body the settings ask for."""
    if settings.error_body is ErrorBody.TEXT:
        lines = [error.message, *(f"{one.property}: {one.message}" for one in error.violations)]
        return Response("\n".join(lines), error.status, media_type="text/plain")
    errors = [{"property": one.property, "message": one.message} for one in error.violations]
    return make_response(JsonResponse(error.status, json.dumps({"message": error.message, "errors": errors})))


def shape_put_response(settings: Settings, answer: JsonResponse) -> JsonResponse:
    """The answer to a PUT that was carried out, with as much of `answer` as the settings give."""
    match settings.put_answer:
        case PutAnswer.CHANNEL:
            return answer
        case PutAnswer.EMPTY:
            return JsonResponse(200, "")
        case PutAnswer.NO_CONTENT:
            return JsonResponse(204, "")


async def run_write(state: AppState, request: Request, decide: Callable[[Any], JsonResponse]) -> Response:
    """The response to a write: what `decide` makes of the body, in one transaction with its line in the journal."""
    body = await request.body()
    with state.store.writing():
        try:
            response = make_response(decide(None if request.method == "DELETE" else parse_json(body)))
        except ApiError as error:
            response = make_error_response(state.settings, error)
        entry = JournalRequest(
            id=0,
            method=request.method,
            path=request.url.path,
            body=body.decode(errors="replace"),
            status=response.status_code,
            fault=request.scope.get(FAULT_IN_SCOPE),
        )
        log_request(state.store, entry)
    return response
