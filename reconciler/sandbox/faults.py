"""Faults: what a network, a busy service or another person does, at times one can choose.

    [METHOD] [PATH] KIND [@FIRST] [xCOUNT] [every=N] [p=SHARE] [seed=N] [retry-after=SECONDS]

One specification, its words in any order, for example

    PUT /api/v202406/esachannel/* 503-after x2 @3     the third and fourth PUT are carried out and answered with 503
    GET latency=50                                    every GET takes 50 ms longer
    429 retry-after=2 p=0.01 seed=7                   one request in a hundred, drawn by a seed, is to come later
    PUT drop-after every=10                           the answer of every tenth PUT is lost

METHOD and PATH say which requests count (a PATH may hold `*`, which also stands for `/`; without regard to case;
without them all requests under /api); of these the first, or the one `@` names, is struck, and then each one or every
Nth, as often as `x` says or for ever, and each only with the probability `p`. Several faults may strike one request.
`describe_faults` tells the kinds.
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


class Kind(StrEnum):
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
    Kind.LATENCY: "latency=MILLISECONDS: the answer comes later.",
    Kind.STATUS_BEFORE: "429, 503, 503-before …: answered with this status; the request is not carried out.",
    Kind.STATUS_AFTER: "503-after …: the request is carried out, and then answered with this status.",
    Kind.DROP_BEFORE: "The connection is closed; the request is not carried out.",
    Kind.DROP_AFTER: "The request is carried out; the connection is closed without an answer.",
    Kind.DIE_BEFORE: "The server dies as by kill -9; the request is not carried out.",
    Kind.DIE_AFTER: "The request is carried out; the server dies without an answer.",
    Kind.TRUNCATED_PAGE: "A page of a list holds half of its rows, under unchanged headers.",
    Kind.TRUNCATED_BODY: "The connection is closed after half of the body, under an unchanged Content-Length.",
    Kind.SHUFFLED_PAGE: "A page of a list is cut from another order, as when rows move between pages.",
    Kind.OTHER_WRITER: (
        "other-writer, other-writer=channelInfo, =channelDescription, =multiplier: another person edits the channel in "
        "the path, or any channel where it names none, right after a GET is answered or before a write is carried out."
    ),
    Kind.DEPRECATED: "The answer has the header ECI-Deprecated.",
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
    """A fault and when it strikes; `words` is its kind as written."""

    words: str
    kind: Kind
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
    seen: int = 0
    struck: int = 0


class Schedule:
    """Counts the requests of one server and says which faults strike each."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        self._counters = [_Counter(Random(fault.seed)) for fault in faults]  # noqa: S311 - repeatable, not secret

    def strike(self, method: str, path: str) -> tuple[Fault, ...]:
        """The faults that strike the next request, in the order they were given."""
        matching = [
            (fault, counter)
            for fault, counter in zip(self.faults, self._counters, strict=True)
            if fault.method in {"*", method} and fnmatchcase(path.lower(), fault.path)
        ]
        return tuple(fault for fault, counter in matching if _strikes(fault, counter))


def parse_fault(text: str) -> Fault:
    """The fault in one specification. Raises `FaultError` naming the word that has no meaning."""
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
    """The faults in several specifications. Raises `FaultError`."""
    return tuple(parse_fault(text) for text in texts)


def describe_faults() -> tuple[tuple[str, str], ...]:
    """Every kind of fault with its sentence."""
    return tuple((kind.value, _SENTENCES[kind]) for kind in Kind)


def _strikes(fault: Fault, counter: _Counter) -> bool:
    counter.seen += 1
    place = counter.seen - fault.first
    if place < 0 or place % fault.every or (fault.count is not None and counter.struck >= fault.count):
        return False
    if fault.share < 1 and counter.random.random() >= fault.share:
        return False
    counter.struck += 1
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
        kind = Kind.STATUS_AFTER if status["place"] == "after" else Kind.STATUS_BEFORE
        return {"words": word, "kind": kind, "status": int(status["status"])}
    name, equals, amount = word.partition("=")
    match name:
        case Kind.LATENCY if amount.isascii() and amount.isdigit():
            return {"words": word, "kind": Kind.LATENCY, "milliseconds": int(amount)}
        case Kind.OTHER_WRITER if not equals or amount in _PROPERTIES:
            return {"words": word, "kind": Kind.OTHER_WRITER, "property": amount or _PROPERTIES[0]}
        case _ if not equals and name in _known_kinds() and name != Kind.LATENCY:
            return {"words": word, "kind": Kind(name)}
        case _:
            raise FaultError(_complaint(word, name))


def _complaint(word: str, name: str) -> str:
    for kind in (Kind.LATENCY, Kind.OTHER_WRITER):
        if name == kind:
            return f"{word!r} is written {_SENTENCES[kind].partition(': ')[0]}"
    nearest = get_close_matches(name, [*_known_kinds(), *_OPTIONS, *_METHODS], n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(_known_kinds())}"
    return f"{word!r} has no meaning in a fault; {hint}"


def _known_kinds() -> tuple[str, ...]:
    named = tuple(kind.value for kind in Kind if kind not in {Kind.STATUS_BEFORE, Kind.STATUS_AFTER})
    return (*named, "429", "503-before", "503-after")
