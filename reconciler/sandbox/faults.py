"""Faults of a network, a busy service or another user, at chosen requests.

    [METHOD] [PATH] KIND [@FIRST] [xCOUNT] [every=N] [p=SHARE] [seed=N] [retry-after=SECONDS]

One specification, its words in any order, for example

    PUT /api/v202406/esachannel/* 503-after x2 @3     the third and fourth PUT are carried out and answered with 503
    GET latency=50                                    every GET takes 50 ms longer
    429 retry-after=2 p=0.01 seed=7                   one request in a hundred, drawn by a seed, must be sent later
    PUT drop-after every=10                           the response to every tenth PUT is lost

METHOD and PATH select requests, in any case; a `*` in PATH matches any text, also `/`. Without them, all requests under
/api are selected. The fault strikes the first selected request, or the one that `@` names, and after it each one or
every Nth, at most as often as `x` says, and each with the probability `p`. Several faults may strike one request.
`describe_faults` lists the kinds.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterable


class FaultKind(StrEnum):
    """What a fault does."""

    LATENCY = "latency"
    STATUS_BEFORE = "STATUS-before"
    STATUS_AFTER = "STATUS-after"
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    DIE_BEFORE = "die-before"
    DIE_AFTER = "die-after"
    TRUNCATED_PAGE = "truncated-page"
    TRUNCATED_BODY = "truncated-body"
    SHUFFLED_PAGE = "shuffled-page"
    OTHER_WRITER = "other-writer"
    DEPRECATED = "deprecated"


_SENTENCES = {
    FaultKind.LATENCY: "latency=MILLISECONDS: the response comes later.",
    FaultKind.STATUS_BEFORE: "429, 503, 503-before …: answered with this status; the request is not carried out.",
    FaultKind.STATUS_AFTER: "503-after …: the request is carried out, and then answered with this status.",
    FaultKind.DROP_BEFORE: "The connection is closed; the request is not carried out.",
    FaultKind.DROP_AFTER: "The request is carried out; the connection is closed without a response.",
    FaultKind.DIE_BEFORE: "The server dies as by kill -9; the request is not carried out.",
    FaultKind.DIE_AFTER: "The request is carried out; the server dies without a response.",
    FaultKind.TRUNCATED_PAGE: "A page of a list has half of its rows, and unchanged headers.",
    FaultKind.TRUNCATED_BODY: "The connection is closed after half of the body; Content-Length is unchanged.",
    FaultKind.SHUFFLED_PAGE: "A page of a list is taken from another order, as if rows had moved between pages.",
    FaultKind.OTHER_WRITER: (
        "other-writer, other-writer=channelInfo, =channelDescription, =multiplier: another user edits the channel in "
        "the path, or any channel if it names none, right after a GET is answered or before a write is carried out."
    ),
    FaultKind.DEPRECATED: "The response has the header ECI-Deprecated.",
}
_PROPERTIES = ("channelDescription", "channelInfo", "multiplier")
_METHODS = ("GET", "PUT", "POST", "DELETE")
_STATUS = re.compile(r"(?P<status>[45][0-9]{2})(?:-(?P<place>before|after))?")
_OPTIONS = {
    "x": re.compile(r"x(?P<value>[1-9][0-9]*)"),
    "@": re.compile(r"@(?P<value>[1-9][0-9]*)"),
    "every": re.compile(r"every=(?P<value>[1-9][0-9]*)"),
    "p": re.compile(r"p=(?P<value>0?\.[0-9]+|[01](?:\.0*)?)"),
    "seed": re.compile(r"seed=(?P<value>[0-9]+)"),
    "retry-after": re.compile(r"retry-after=(?P<value>[0-9]+)"),
}
_FIELDS = {"x": "count", "@": "first", "every": "every", "p": "share", "seed": "seed", "retry-after": "retry_after"}


class Fault(Struct, frozen=True):
    """A fault and the requests that it strikes; `text` is its kind as written."""

    text: str
    kind: FaultKind
    status: int = 0
    milliseconds: int = 0
    property: str = _PROPERTIES[0]
    method: str = "*"
    path: str = "*"
    first: int = 1
    count: int | None = None
    every: int = 1
    share: float = 1.0
    seed: int = 0
    retry_after: int | None = None


class _Counter(Struct):
    random: Random
    requests: int = 0
    applied: int = 0


class Schedule:
    """Counts the requests of one server, and decides which faults strike each of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        self._counters = [_Counter(Random(fault.seed)) for fault in faults]  # noqa: S311 - repeatable, not secret

    def next_faults(self, method: str, path: str) -> tuple[Fault, ...]:
        """The faults that strike the next request, in the order in which they were given."""
        matching = [
            (fault, counter)
            for fault, counter in zip(self.faults, self._counters, strict=True)
            if fault.method in {"*", method} and fnmatchcase(path.lower(), fault.path)
        ]
        return tuple(fault for fault, counter in matching if _applies(fault, counter))


def parse_fault(text: str) -> Fault:
    """The fault of one specification. Raises `FaultError`, naming the word that has no meaning."""
    values: dict[str, Any] = {}
    for word in text.split():
        found = _parse_word(word)
        if twice := found.keys() & values.keys():
            raise FaultError(f"the fault {text!r} says {min(twice)} twice")
        values |= found
    if "kind" not in values:
        raise FaultError(f"the fault {text!r} does not say what happens; there are {', '.join(_known_kinds())}")
    return Fault(**values)


def parse_faults(texts: Iterable[str]) -> tuple[Fault, ...]:
    """The faults of several specifications. Raises `FaultError`."""
    return tuple(parse_fault(text) for text in texts)


def describe_faults() -> tuple[tuple[str, str], ...]:
    """Every kind of fault with its sentence."""
    return tuple((kind.value, _SENTENCES[kind]) for kind in FaultKind)


def _applies(fault: Fault, counter: _Counter) -> bool:
    # A request that only the probability spares still counts for `@` and `every`, but not for `x`.
    counter.requests += 1
    position = counter.requests - fault.first
    if position < 0 or position % fault.every or (fault.count is not None and counter.applied >= fault.count):
        return False
    if fault.share < 1 and counter.random.random() >= fault.share:
        return False
    counter.applied += 1
    return True


def _parse_word(word: str) -> dict[str, Any]:
    if word.upper() in _METHODS:
        return {"method": word.upper()}
    if word.startswith("/"):
        return {"path": word.lower()}
    for name, pattern in _OPTIONS.items():
        match = pattern.fullmatch(word)
        if match:
            return {_FIELDS[name]: float(match["value"]) if name == "p" else int(match["value"])}
    return _parse_kind(word)


def _parse_kind(word: str) -> dict[str, Any]:
    status = _STATUS.fullmatch(word)
    if status:
        kind = FaultKind.STATUS_AFTER if status["place"] == "after" else FaultKind.STATUS_BEFORE
        return {"text": word, "kind": kind, "status": int(status["status"])}
    name, equals, amount = word.partition("=")
    match name:
        case FaultKind.LATENCY if amount.isascii() and amount.isdigit():
            return {"text": word, "kind": FaultKind.LATENCY, "milliseconds": int(amount)}
        case FaultKind.OTHER_WRITER if not equals or amount in _PROPERTIES:
            return {"text": word, "kind": FaultKind.OTHER_WRITER, "property": amount or _PROPERTIES[0]}
        case _ if not equals and name in _known_kinds() and name != FaultKind.LATENCY:
            return {"text": word, "kind": FaultKind(name)}
        case _:
            raise FaultError(_explain_word(word, name))


def _explain_word(word: str, name: str) -> str:
    for kind in (FaultKind.LATENCY, FaultKind.OTHER_WRITER):
        if name == kind:
            return f"{word!r} is written {_SENTENCES[kind].partition(': ')[0]}"
    nearest = get_close_matches(name, [*_known_kinds(), *_OPTIONS, *_METHODS], n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(_known_kinds())}"
    return f"{word!r} has no meaning in a fault; {hint}"


def _known_kinds() -> tuple[str, ...]:
    # STATUS stands for any number, so examples of it are more useful.
    named = tuple(kind.value for kind in FaultKind if kind not in {FaultKind.STATUS_BEFORE, FaultKind.STATUS_AFTER})
    return (*named, "429", "503-before", "503-after")
