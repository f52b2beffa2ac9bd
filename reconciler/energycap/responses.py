"""Responses of the service: their status, their JSON with typed values, and the text of an error.

Errors may come as JSON of any shape, as text, or as an HTML page of a proxy, IIS or ASP.NET.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from msgspec import Struct

from reconciler.errors import BadResponse, Rejected, Unauthorized, Unavailable
from reconciler.masking import KEYS
from reconciler.strict_json import is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.energycap.endpoints import Request
    from reconciler.errors import ServiceError


Document: TypeAlias = Mapping[str, Any]


class UnexpectedType(Exception):
    """A value is not of its documented type; the message names it, and what was found."""

    def __init__(self, place: str, expected: str, found: object) -> None:
        super().__init__(f"{place} should be {expected}, found {_describe(found)}")


def read_object(document: Document, name: str) -> Document:
    """The object at `name`; empty if it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnexpectedType(name, "an object", found)
    return found


def read_text(document: Document, name: str) -> str | None:
    """The text at `name`; None if it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None or isinstance(found, str):
        return found
    raise UnexpectedType(name, "text", found)


def read_flag(document: Document, name: str) -> bool | None:
    """The boolean at `name`; None if it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None or isinstance(found, bool):
        return found
    raise UnexpectedType(name, "true or false", found)


def read_id(document: Document, name: str) -> int:
    """The id at `name`. Raises UnexpectedType, also if it is missing or null."""
    found = document.get(name)
    if type(found) is int:
        return found
    raise UnexpectedType(name, "an id", found)


def read_objects(found: object, place: str) -> list[Document]:
    """`found` as a list of objects. Raises UnexpectedType."""
    if isinstance(found, list) and all(isinstance(member, dict) for member in found):
        return found
    raise UnexpectedType(place, "a list of objects", found)


def _describe(found: object) -> str:
    match found:
        case None:
            return "nothing"
        case bool():
            return "true" if found else "false"
        case str():
            return "text"
        case list():
            return "a list of other things" if found else "an empty list"
        case dict():
            return "an object"
        case _:
            return str(found)


# An error page is a few kilobytes long.
_MAX_CHARACTERS = 2**20
_MAX_PARTS = 4
# Of each part: Python refuses to read a character reference (&#…;) with thousands of digits.
_MAX_PART_LENGTH = 1000
_TAG = re.compile(r"<!--|<(/?)([a-zA-Z][\w:.-]{0,40})[^<>]*>|<[!?][^<>]*>")
_HIDDEN_TAGS = frozenset({"script", "style", "noscript", "template", "svg", "nav", "select", "button", "iframe"})
# Tags that do not end a sentence.
_INLINE_TAGS = frozenset({"a", "abbr", "b", "code", "em", "font", "i", "label", "small", "span", "strong", "u"})
_LETTER = re.compile(r"[^\W\d_]")


def extract_page_text(text: str) -> str:
    """The title of the page in `text`, and its first sentences, without scripts and styles.

    The time is linear in the length of the page, whatever is in it.
    """
    titles: list[str] = []
    parts: list[str] = []
    for is_title, part in _find_parts(text[:_MAX_CHARACTERS]):
        (titles if is_title else parts).append(part)
    said = _leave_out_repeats(titles[:1], parts)
    if not titles and not _is_html(text):
        return "; ".join(said)
    title = f'a page titled "{titles[0]}"' if titles else "a page without a title"
    return ": ".join(filter(None, (title, "; ".join(said))))


def _is_html(text: str) -> bool:
    start = text[:2000].casefold()
    return "<html" in start or "<!doctype html" in start or "<body" in start


def _find_parts(text: str) -> Iterator[tuple[bool, str]]:
    """Each run of text between tags that end a sentence, and whether it is the title of the page."""
    run: list[str] = []
    for text_before, name, is_title in _find_texts(text):
        run.append(text_before)
        if name not in _INLINE_TAGS:
            part = " ".join(unescape("".join(run)[:_MAX_PART_LENGTH]).split())
            run = []
            if _LETTER.search(part):
                yield is_title, part.removesuffix(".")


def _find_texts(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each text before a tag, the name of the tag, and whether the tag ends a title."""
    lower, at = text.lower(), 0
    # A letter whose lower case is longer would move all positions after it.
    lower = lower if len(lower) == len(text) else text
    while tag := _TAG.search(text, at):
        name = (tag[2] or "").lower()
        # A comment may be within a sentence.
        yield text[at : tag.start()], "b" if tag[0] == "<!--" else name, bool(tag[1]) and name == "title"
        if tag[0] == "<!--":
            at = _find_end(text, "-->", tag.end()) + len("-->")
        else:
            at = _find_end(lower, f"</{name}", tag.end()) if name in _HIDDEN_TAGS and not tag[1] else tag.end()
    yield text[at:], "", False


def _find_end(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return len(text) if found < 0 else found


def _leave_out_repeats(titles: list[str], parts: list[str]) -> list[str]:
    said: list[str] = []
    for part in parts:
        if not any(part.casefold() in before.casefold() for before in (*titles, *said)):
            said.append(part)
        if len(said) == _MAX_PARTS:
            break
    return said


_LONGEST = 400
_SPLIT = 100_000
# Errors are short. A longer body is not decoded, and at most 20 sentences are kept.
_LARGEST = 4 * 2**20
# Several responses may come at once, and each takes several times its size while its text is extracted.
MAX_BYTES_READ = 2 * _LARGEST
_SENTENCES = 20
# A longer sentence, such as a stack trace, comes after the others, because it would leave no space for them.
_LONG = 300
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)")
# A member of a document that is not decoded: its name, and its text without quotes.
_MEMBER = re.compile(r'"(\w{1,40})"\s{0,40}:\s{0,40}"((?:[^"\\]|\\.){1,400})')
# Members of ASP.NET's problem documents (RFC 9457 and earlier) that are useless to a reader.
_NOISE = frozenset(
    {
        *("type", "status", "statuscode", "code", "traceid", "instance", "path", "timestamp", "exceptiontype"),
        *("stack", "stacktrace", "stacktracestring", "remotestacktracestring"),
    }
)
# Names of lists of errors; other names of lists are those of properties.
_LISTS = frozenset({"errors", "errormessages", "messages", "details"})


def escape_unprintable(text: str) -> str:
    """`text` on one line, cut to a readable length, with every character that does not print shown escaped."""
    # Cut before it is split, because the words of a large response take twenty times its memory.
    line = " ".join(KEYS.hide(text).lstrip()[:_SPLIT].split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in cut)


def extract_error_text(body: bytes, content_type: str) -> str:
    """What `body` tells a reader: the sentences of a JSON document or of a page, or the text itself.

    The format of the service's errors is not documented, so no format is assumed.
    """
    is_large = len(body) > _LARGEST
    text = _decode(body, content_type).strip()
    is_json = text[:1] in ("{", "[")
    if text[:1] == "<" or ("html" in content_type and not is_json):
        return extract_page_text(text)
    if is_large and is_json:
        return _extract_from_large(text)
    try:
        document = text if is_large or is_too_deep(text) else json.loads(text)
    except ValueError:
        return text
    # A bare code is better than nothing.
    return _join(_find_sentences(document)) or (text if document else "")


def _decode(body: bytes, content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    try:
        return body.decode(charset[1] if charset else "utf-8-sig", errors="replace")
    except (LookupError, ValueError):  # no such charset
        return body.decode("utf-8-sig", errors="replace")


def _extract_from_large(text: str) -> str:
    members = ((member[1].casefold(), member[2]) for member in _MEMBER.finditer(text))
    return _join(" ".join(part.split()).removesuffix(".") for name, part in members if name not in _NOISE) or text


def _join(sentences: Iterator[str]) -> str:
    first = dict.fromkeys(islice(sentences, _SENTENCES))
    return "; ".join(sorted(first, key=lambda sentence: len(sentence) > _LONG))


def _find_sentences(document: object) -> Iterator[str]:
    match document:
        case str() if document.strip():
            yield document.strip().removesuffix(".")
        case list():
            # A property and its error in one object of a list belong together, so they become one message.
            yield from filter(None, (": ".join(_find_sentences(part)) for part in document))
        case dict():
            # Texts of an object come before its lists, which may be long.
            for name, part in sorted(document.items(), key=lambda member: isinstance(member[1], list | dict)):
                yield from _find_named_sentences(name, part)
        case _:
            return


def _find_named_sentences(name: str, part: object) -> Iterator[str]:
    if name.casefold() in _NOISE:
        return
    # ASP.NET lists the errors of a property under its name.
    is_property = isinstance(part, list) and name.casefold() not in _LISTS
    for sentence in _find_sentences(part):
        yield f"{name}: {sentence}" if is_property else sentence


_ABOUT_BAD_RESPONSE = (
    "try again; if that does not help, either the service differs from its documentation or something in between "
    "changes its answers: report it with this message"
)
_ABOUT_KEY = "either the key belongs to another environment or was deleted, or its user lacks the permission "
_ABOUT_PAGE = (
    "the answer is a page, not EnergyCAP's JSON: look at the url, and at any proxy, firewall or sign-in page in "
    "between; else "
)
_ABOUT_REQUEST = "fix what the service complains about, and run the command again"
_ABOUT_ADDRESS = "check that the environment's url is the service itself: a proxy or a sign-in page seems to answer"
_ABOUT_REDIRECT = (
    "if EnergyCAP's API is there, write that address as the environment's url; if that is a sign-in page, something in "
    "between wants a login"
)
_ABOUT_PATH = (
    "EnergyCAP's API is not at the environment's url: write the host alone, as in  url: https://app.energycap.com"
)
# A page of 1,000 channels has about 100,000, and 15,000 objects.
_MAX_VALUES = 2_000_000
_MAX_OBJECTS = 300_000
_FIXES = {
    404: "either nothing has that id at the environment's url, or the key's user may not see it",
    409: "read again; somebody else may be changing the same thing, or its current state may not allow this",
}


class Response(Struct, frozen=True):
    """One complete response. Names of headers are in lower case; `error_text` is what a response without JSON says."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    error_text: str = ""


class RetryLater(Unavailable):
    """The service could not answer now; `retry_after` is the pause in seconds that it asks for, or None."""

    def __init__(self, message: str, fix: str, *, status: int, pause: float | None) -> None:
        super().__init__(message, fix)
        self.status = status
        self.retry_after = pause


def bad_response(what: str, fix: str = _ABOUT_BAD_RESPONSE) -> BadResponse:
    """The error for a response that is not as documented; `what` says in what way."""
    return BadResponse(f"the service's answer cannot be used: {what}", fix)


def check_status(request: Request, response: Response) -> None:
    """Raise the error of the status of `response`, unless it is a success."""
    if not 200 <= response.status < 300:
        what = f"{request} answered {_status_name(response.status)}" + (
            f": {response.error_text}" if response.error_text else ""
        )
        failure = _make_failure(request, response, what)
        failure.answer = what
        raise failure


def _make_failure(request: Request, response: Response, what: str) -> ServiceError:
    status = response.status
    if status in {401, 403}:
        return Unauthorized(
            f"the service refused access: {what}", _note_page(response, _ABOUT_KEY + request.endpoint.permission)
        )
    # 408 is a time-out of the service, although 4xx blames the client.
    if status in {408, 429} or status >= 500:
        return _make_retry_later(what, response)
    if status >= 400:
        fix = _FIXES.get(status, _ABOUT_REQUEST)
        if status == HTTPStatus.NOT_FOUND and "{}" not in request.endpoint.template:
            fix = _ABOUT_PATH
        fix = _note_page(response, fix)
        return Rejected(f"the service refused: {what}", fix, status=status, is_page=_is_page(response))
    target = escape_unprintable(response.headers.get("location", "nowhere"))
    return bad_response(f"{request} answered {_status_name(status)}, a redirect to {target}", _ABOUT_REDIRECT)


def _note_page(response: Response, fix: str) -> str:
    """`fix`; if a page came, it says so first, because EnergyCAP answers with JSON."""
    return _ABOUT_PAGE + fix if _is_page(response) else fix


def _is_page(response: Response) -> bool:
    return "html" in response.headers.get("content-type", "").casefold()


def _make_retry_later(what: str, response: Response) -> RetryLater:
    pause = _read_retry_after(response.headers)
    fix = "try again later" if pause is None else f"try again in {pause:.0f} s"
    return RetryLater(f"the service could not answer: {what}", fix, status=response.status, pause=pause)


def _status_name(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        # By the clock of the service, if it shows it, because that of this machine may be wrong.
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one with a zone and one without
        return None


def has_too_many_values(body: bytes) -> bool:
    """Whether the JSON in `body` may have more values than any list of the service.

    Each value takes 70 bytes of memory, and an object that becomes a channel takes a thousand.
    """
    return _find_count_error(body) is not None


def _find_count_error(body: bytes) -> str | None:
    objects = body.count(b"{")
    if objects + body.count(b"[") + body.count(b",") > _MAX_VALUES:
        return f"it holds more than {_MAX_VALUES:,} values"
    return f"it holds more than {_MAX_OBJECTS:,} objects" if objects > _MAX_OBJECTS else None


def _find_size_error(body: bytes) -> str | None:
    if many := _find_count_error(body):
        return many
    return "it is nested too deeply" if is_too_deep(body) else None


def decode(request: Request, response: Response, *, is_exact: bool = False) -> object:
    """The JSON document in `response`. Raises BadResponse if there is none, or it has a number such as NaN.

    If `is_exact`, a number with a point or an exponent is a Decimal, as a float would keep only about 16 of its digits.
    """
    flaw = _find_size_error(response.body)
    try:
        if flaw is None:
            return (_EXACT_DECODER if is_exact else _DECODER).decode(response.body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        flaw = "it is not UTF-8"
    except ValueError as error:
        flaw = str(error)
    what = f"{request} answered {_status_name(response.status)} with"
    if not response.body.strip():
        raise bad_response(f"{what} an empty body instead of JSON")
    kind = escape_unprintable(response.headers.get("content-type", "no content type"))
    if "json" in kind.casefold():
        raise bad_response(f"{what} broken JSON of {len(response.body):,} bytes: {flaw}")
    raise bad_response(f"{what} {kind} instead of JSON: {response.error_text or 'nothing'}", _ABOUT_ADDRESS)


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _read_decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the exponent of {escape_unprintable(text)} is too large") from None


_DECODER = json.JSONDecoder(parse_constant=_reject_constant)
_EXACT_DECODER = json.JSONDecoder(parse_constant=_reject_constant, parse_float=_read_decimal)
