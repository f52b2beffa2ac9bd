"""Answers of the service: what came, and whether it says yes, no, or nothing that can be used."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from reconciler.energycap.words import make_harmless
from reconciler.errors import BadResponse, Rejected, Unauthorized, Unavailable
from reconciler.strict_json import is_too_deep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.energycap.calls import Request
    from reconciler.errors import ServiceError

_READ_AGAIN = (
    "try again; if that does not help, either the service differs from its documentation or something in between "
    "changes its answers: report it with this message"
)
_ABOUT_KEY = "either the key belongs to another environment or was deleted, or its user lacks the permission "
_ABOUT_PAGE = (
    "the answer is a page, not EnergyCAP's JSON: look at the url, and at any proxy, firewall or sign-in page in "
    "between; else "
)
_ABOUT_ASKING = "mend what the service complains of, and run the command again"
_ABOUT_ADDRESS = "check that the environment's url is the service itself: a proxy or a sign-in page seems to answer"
_ABOUT_REDIRECT = (
    "if EnergyCAP's API is there, write that address as the environment's url; if that is a sign-in page, something in "
    "between wants a login"
)
_ABOUT_PATH = (
    "EnergyCAP's API is not at the environment's url: write the host alone, as in  url: https://app.energycap.com"
)
# A page of 1,000 channels has about 100,000, and 15,000 objects.
_MOST_VALUES = 2_000_000
_MOST_OBJECTS = 300_000
_FIXES = {
    404: "either nothing has that id at the environment's url, or the key's user may not see it",
    409: "read again; somebody else may be changing the same thing, or its current state may not allow this",
}


class Answer(Struct, frozen=True):
    """One answer, whole. Names of headers are in lower case; `words` says what an answer without JSON says."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    words: str = ""


class Busy(Unavailable):
    """The service could not answer now; `pause` is how many seconds it asks to wait, None where it does not say."""

    def __init__(self, message: str, fix: str, *, status: int, pause: float | None) -> None:
        super().__init__(message, fix)
        self.status = status
        self.pause = pause


def unusable(what: str, fix: str = _READ_AGAIN) -> BadResponse:
    """The error for an answer that the service's pages do not allow; `what` says in what way."""
    return BadResponse(f"the service's answer cannot be used: {what}", fix)


def check_status(request: Request, answer: Answer) -> None:
    """Raise the error that the status of `answer` stands for; nothing where it is one of success."""
    if not 200 <= answer.status < 300:
        what = f"{request} answered {_name(answer.status)}" + (f": {answer.words}" if answer.words else "")
        failure = _make_failure(request, answer, what)
        failure.answer = what
        raise failure


def _make_failure(request: Request, answer: Answer, what: str) -> ServiceError:
    status = answer.status
    if status in {401, 403}:
        return Unauthorized(
            f"the service refused access: {what}", _note_page(answer, _ABOUT_KEY + request.call.permission)
        )
    # 408 is the service's own time-out, whatever its class says.
    if status in {408, 429} or status >= 500:
        return _make_busy(what, answer)
    if status >= 400:
        fix = _FIXES.get(status, _ABOUT_ASKING)
        if status == HTTPStatus.NOT_FOUND and "{}" not in request.call.template:
            fix = _ABOUT_PATH
        fix = _note_page(answer, fix)
        return Rejected(f"the service refused: {what}", fix, status=status, is_page=_is_page(answer))
    target = make_harmless(answer.headers.get("location", "nowhere"))
    return unusable(f"{request} answered {_name(status)}, a redirect to {target}", _ABOUT_REDIRECT)


def _note_page(answer: Answer, fix: str) -> str:
    """`fix`, and before it that a page came: EnergyCAP's own answers are JSON."""
    return _ABOUT_PAGE + fix if _is_page(answer) else fix


def _is_page(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "").casefold()


def _make_busy(what: str, answer: Answer) -> Busy:
    pause = _read_pause(answer.headers)
    fix = "try again later" if pause is None else f"try again in {pause:.0f} s"
    return Busy(f"the service could not answer: {what}", fix, status=answer.status, pause=pause)


def _name(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _read_pause(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # By the service's own clock where it shows it, for this machine's may be wrong.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one with a zone and one without
        return None


def holds_too_many(body: bytes) -> bool:
    """Whether the JSON in `body` may hold more than any list of the service.

    Each value takes 70 bytes of memory, and an object, once a channel is made of it, a thousand.
    """
    return _find_many(body) is not None


def _find_many(body: bytes) -> str | None:
    objects = body.count(b"{")
    if objects + body.count(b"[") + body.count(b",") > _MOST_VALUES:
        return f"it holds more than {_MOST_VALUES:,} values"
    return f"it holds more than {_MOST_OBJECTS:,} objects" if objects > _MOST_OBJECTS else None


def _find_excess(body: bytes) -> str | None:
    if many := _find_many(body):
        return many
    return "it is nested too deeply" if is_too_deep(body) else None


def decode(request: Request, answer: Answer) -> object:
    """The JSON document that `answer` holds. Raises BadAnswer where it holds none, or numbers that JSON has not."""
    flaw = _find_excess(answer.body)
    try:
        if flaw is None:
            return _DECODER.decode(answer.body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        flaw = "it is not UTF-8"
    except ValueError as error:
        flaw = str(error)
    what = f"{request} answered {_name(answer.status)} with"
    if not answer.body.strip():
        raise unusable(f"{what} an empty body instead of JSON")
    kind = make_harmless(answer.headers.get("content-type", "no content type"))
    if "json" in kind.casefold():
        raise unusable(f"{what} broken JSON of {len(answer.body):,} bytes: {flaw}")
    raise unusable(f"{what} {kind} instead of JSON: {answer.words or 'nothing'}", _ABOUT_ADDRESS)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
