"""Urls of environments that cannot be used, in words: what is wrong with one, and what to write instead."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.subjects import show

_PORT = re.compile(
    r"(?P<host>https?://(?:\[[^\]/]*\]|[^:/\[\]]*)):(?P<port>[^/]*)(?P<path>.*)", re.DOTALL | re.IGNORECASE
)
_SCHEME_AND_HOST = re.compile(r"[A-Za-z]+://[^/]*")


def word_url(text: str) -> tuple[str, str]:
    """What is wrong with the url `text`, and the line to write instead; "" where that is not plain."""
    if "@" in text:
        return "url must hold no user name or password", "name the variable with the key in apiKeyEnv instead"
    if "?" in text or "#" in text:
        return f"url must hold no query, found {show(text.partition('?')[0].partition('#')[0])} and more", ""
    if not text.isascii():
        other = next(character for character in text if not character.isascii())
        return f"url must hold only ASCII characters, found {show(text)} with U+{ord(other):04X}", ""
    if port := _PORT.fullmatch(text):
        return _word_with_port(text, port)
    return _word_scheme(text)


def _word_with_port(text: str, match: re.Match[str]) -> tuple[str, str]:
    if _accepts(f"{match['host']}{match['path']}"):
        message = f"the port in url must be a number from 1 to 65535, found {show(match['port'])}"
        return message, f"correct the port, or leave it out:  url: {match['host']}{match['path']}"
    return _word_scheme(text)


def _word_scheme(text: str) -> tuple[str, str]:
    lowered = _SCHEME_AND_HOST.sub(lambda match: match[0].lower(), text, count=1)
    if lowered != text and _accepts(lowered):
        return f"url must begin in lower case, found {show(text)}", _propose(lowered)
    if text.startswith("http://"):
        message = f"url must start with https://, or name this machine, found {show(text)}"
        return message, _propose(f"https{text[4:]}")
    if "." in text and not _has_scheme(text):
        return f"url must start with https://, found {show(text)}", _propose(f"https://{text.lstrip('/')}")
    return f"url must be an address, or the word sandbox, found {show(text)}", ""


def _has_scheme(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return True


def _propose(url: str) -> str:
    return f"write  url: {url}" if _accepts(url) else ""


def _accepts(url: str) -> bool:
    return validator_for(Format.PROJECT, "environment")({"url": url})
