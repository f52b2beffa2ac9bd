"""The service's own words, found in any kind of answer and made fit to be shown."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.energycap.page_text import find_page_words
from reconciler.masking import KEYS
from reconciler.strict_json import is_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 400
_SPLIT = 100_000
# Errors are short. What is longer than this is not unpacked, and of it all no more sentences are kept than these.
_LARGEST = 4 * 2**20
# Several answers may come at once, and each takes several times its size until its words are found.
MOST_READ = 2 * _LARGEST
_SENTENCES = 20
# A longer one, a stack for instance, comes after the others: it would leave them no room.
_LONG = 300
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)")
# A member of a document that is not unpacked: its name, and its text without the quotes.
_MEMBER = re.compile(r'"(\w{1,40})"\s{0,40}:\s{0,40}"((?:[^"\\]|\\.){1,400})')
# Parts of the problem documents of ASP.NET (RFC 9457, and before) that tell a reader nothing.
_NOISE = frozenset(
    {
        *("type", "status", "statuscode", "code", "traceid", "instance", "path", "timestamp", "exceptiontype"),
        *("stack", "stacktrace", "stacktracestring", "remotestacktracestring"),
    }
)
# Names of lists that are no names of properties.
_LISTS = frozenset({"errors", "errormessages", "messages", "details"})


def make_harmless(text: str) -> str:
    """`text` on one line, cut to a readable length, with every character that does not print shown escaped."""
    # Cut before it is split: the words of a large answer take twenty times its size.
    line = " ".join(KEYS.hide(text).lstrip()[:_SPLIT].split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in cut)


def find_words(body: bytes, content_type: str) -> str:
    """What `body` says to a reader: the sentences of a JSON document, of a page, or the text itself.

    The shape of the service's errors is not documented, so none is relied on.
    """
    is_large = len(body) > _LARGEST
    text = _decode(body, content_type).strip()
    is_json = text[:1] in ("{", "[")
    if text[:1] == "<" or ("html" in content_type and not is_json):
        return find_page_words(text)
    if is_large and is_json:
        return _find_words_of_large(text)
    try:
        document = text if is_large or is_too_deep(text) else json.loads(text)
    except ValueError:
        return text
    # Of what holds nothing but a code, that is better than nothing.
    return _join(_find_sentences(document)) or (text if document else "")


def _decode(body: bytes, content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    try:
        return body.decode(charset[1] if charset else "utf-8-sig", errors="replace")
    except (LookupError, ValueError):  # no such charset
        return body.decode("utf-8-sig", errors="replace")


def _find_words_of_large(text: str) -> str:
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
            # What stands together in an object of a list, as a property and what is wrong with it, is one sentence.
            yield from filter(None, (": ".join(_find_sentences(part)) for part in document))
        case dict():
            # What an object says itself comes before its lists, which may be long.
            for name, part in sorted(document.items(), key=lambda member: isinstance(member[1], list | dict)):
                yield from _find_named_sentences(name, part)
        case _:
            return


def _find_named_sentences(name: str, part: object) -> Iterator[str]:
    if name.casefold() in _NOISE:
        return
    # A list of sentences under a name is how ASP.NET says what is wrong with the property of that name.
    is_property = isinstance(part, list) and name.casefold() not in _LISTS
    for sentence in _find_sentences(part):
        yield f"{name}: {sentence}" if is_property else sentence
