"""Answers on the wire, and the one way every write is carried out.

The body of an error is invented: no page shows one. As JSON it is
`{"message": "…", "errors": [{"property": "esaChannelVersion.multiplier", "message": "…"}]}`, as text one line each.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from starlette.responses import Response

from reconciler.sandbox.bodies import Refusal, parse_json
from reconciler.sandbox.choices import ErrorBody, PutAnswer
from reconciler.sandbox.journal import Request as JournalRequest
from reconciler.sandbox.journal import record_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store

# In the scope of a request: the words of the fault that will come after its answer, for the journal.
FAULT = "sandbox.fault"


class Answer(Struct, frozen=True):
    """A status and a body of JSON text."""

    status: int
    text: str


class Desk(Struct, frozen=True):
    """What every endpoint works with."""

    store: Store
    settings: Settings
    turns: Iterator[int] = field(default_factory=count)


def answer_json(value: Any) -> Response:
    """200 with a value as JSON."""
    return send(Answer(200, json.dumps(value)))


def send(answer: Answer) -> Response:
    """The answer as a response."""
    content = None if answer.status == 204 else answer.text
    return Response(content, answer.status, media_type="application/json")


def send_refusal(settings: Settings, refusal: Refusal) -> Response:
    """The refusal as a response with the body the settings ask for."""
    if settings.error_body is ErrorBody.TEXT:
        lines = [refusal.message, *(f"{one.property}: {one.message}" for one in refusal.violations)]
        return Response("\n".join(lines), refusal.status, media_type="text/plain")
    errors = [{"property": one.property, "message": one.message} for one in refusal.violations]
    return send(Answer(refusal.status, json.dumps({"message": refusal.message, "errors": errors})))


def shorten_put(settings: Settings, answer: Answer) -> Answer:
    """The answer to a PUT that was carried out, with as much of `answer` as the settings give."""
    match settings.put_answer:
        case PutAnswer.CHANNEL:
            return answer
        case PutAnswer.EMPTY:
            return Answer(200, "")
        case PutAnswer.NO_CONTENT:
            return Answer(204, "")


async def carry_out(desk: Desk, request: Request, decide: Callable[[Any], Answer]) -> Response:
    """The response to a write: what `decide` makes of the body, in one transaction with its line in the journal."""
    body = await request.body()
    with desk.store.writing():
        try:
            response = send(decide(None if request.method == "DELETE" else parse_json(body)))
        except Refusal as refusal:
            response = send_refusal(desk.settings, refusal)
        entry = JournalRequest(
            id=0,
            method=request.method,
            path=request.url.path,
            body=body.decode(errors="replace"),
            status=response.status_code,
            fault=request.scope.get(FAULT),
        )
        record_request(desk.store, entry)
    return response
