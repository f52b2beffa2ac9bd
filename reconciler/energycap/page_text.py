"""What an HTML or XML page says to a reader, for errors that come as pages: from proxies, IIS or ASP.NET."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# An error page is a few kilobytes long.
_READ = 2**20
_PARTS = 4
# Of each part, so that no number of a character (&#…;) is too long to be read.
_PART = 1000
_TAG = re.compile(r"<!--|<(/?)([a-zA-Z][\w:.-]{0,40})[^<>]*>|<[!?][^<>]*>")
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "nav", "select", "button", "iframe"})
# Tags that do not end a sentence.
_INLINE = frozenset({"a", "abbr", "b", "code", "em", "font", "i", "label", "small", "span", "strong", "u"})
_LETTER = re.compile(r"[^\W\d_]")


def find_page_words(text: str) -> str:
    """The title of the page in `text`, and the first things that it says, without scripts and styles.

    Takes time that grows with the length of the page, whatever is in it.
    """
    titles: list[str] = []
    parts: list[str] = []
    for is_title, part in _find_parts(text[:_READ]):
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
        if name not in _INLINE:
            part = " ".join(unescape("".join(run)[:_PART]).split())
            run = []
            if _LETTER.search(part):
                yield is_title, part.removesuffix(".")


def _find_texts(text: str) -> Iterator[tuple[str, str, bool]]:
    """Each text before a tag, the name of the tag, and whether the tag ends a title."""
    lower, at = text.lower(), 0
    # A letter whose lower case is longer would move all places behind it.
    lower = lower if len(lower) == len(text) else text
    while tag := _TAG.search(text, at):
        name = (tag[2] or "").lower()
        # A comment may stand within a sentence.
        yield text[at : tag.start()], "b" if tag[0] == "<!--" else name, bool(tag[1]) and name == "title"
        if tag[0] == "<!--":
            at = _find_end(text, "-->", tag.end()) + len("-->")
        else:
            at = _find_end(lower, f"</{name}", tag.end()) if name in _UNSEEN and not tag[1] else tag.end()
    yield text[at:], "", False


def _find_end(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return len(text) if found < 0 else found


def _leave_out_repeats(titles: list[str], parts: list[str]) -> list[str]:
    said: list[str] = []
    for part in parts:
        if not any(part.casefold() in before.casefold() for before in (*titles, *said)):
            said.append(part)
        if len(said) == _PARTS:
            break
    return said
