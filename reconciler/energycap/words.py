"""The service's own words, found in any kind of answer and made fit to be shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 400
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
# Parts of the problem documents of ASP.NET (RFC 9457) that tell a reader nothing.
_NOISE = frozenset({"type", "status", "statuscode", "code", "traceid", "instance", "path", "timestamp"})
# Names of lists that are no names of properties.
_LISTS = frozenset({"errors", "errormessages", "messages", "details"})


def make_harmless(text: str) -> str:
    """`text` on one line, cut to a readable length, with every character that does not print shown escaped."""
    line = " ".join(text.split())
    cut = line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in cut)


def find_words(body: bytes, content_type: str) -> str:
    """What `body` says to a reader: the sentences of a JSON document, the title of a page, or the text itself.

    The shape of the service's errors is not documented, so none is relied on.
    """
    text = body[: 64 * _LONGEST].decode("utf-8", errors="replace").strip()
    if "html" in content_type or text[:1] == "<":
        title = _TITLE.search(text)
        return f'a page titled "{" ".join(title[1].split())}"' if title else "a page without a title"
    try:
        sentences = tuple(dict.fromkeys(_find_sentences(json.loads(text))))
    except (ValueError, RecursionError):
        return text
    return "; ".join(sentences)


def _find_sentences(document: object) -> Iterator[str]:
    match document:
        case str() if document.strip():
            yield document.strip().removesuffix(".")
        case list():
            # What stands together in an object of a list, as a property and what is wrong with it, is one sentence.
            yield from filter(None, (": ".join(_find_sentences(part)) for part in document))
        case dict():
            for name, part in document.items():
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
