"""What is to be copied out of a sentence, set apart from its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

# Code goes on to two spaces, or to a comma that is in no bracket and no quotes: there the sentence goes on.
_CODE = re.compile(r"""  (?P<code>(?:\{[^{}]*\}|\[[^][]*\]|\([^()]*\)|"[^"]*"|(?!  |,(?: |$)).)+)(?P<end>,?  )?""")


class SentencePart(Struct, frozen=True):
    """Some of a sentence: words, or something to copy."""

    text: str
    is_code: bool = False


def split_code(text: str) -> Iterator[SentencePart]:
    """The parts of `text`, where what follows two spaces is to be copied: `write  offset: null, or  scale: 2`."""
    told = 0
    for match in _CODE.finditer(text):
        yield SentencePart(f"{text[told : match.start()]} ")
        yield SentencePart(match["code"], is_code=True)
        told = match.end()
        if match["end"]:
            yield SentencePart(match["end"].removesuffix(" "))
    if told < len(text):
        yield SentencePart(text[told:])
