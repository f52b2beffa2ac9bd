"""Texts that a # cut short: what looks like the rest of a text is a comment to YAML."""

from __future__ import annotations

import re

# A text that goes on after a # that stands close to its next word: "Building #3 use".
_CUT = (
    r"(?m)^[ -]*(?:channelInfo|channelDescription|channelImportId|formula|dataPoint):[ ]+"
    r"[^\s'\"|>#][^\n#]*[ ](#[^\s#].*)$"
)


def find_truncating_comments(text: str) -> tuple[tuple[int, int], ...]:
    """Where in `text` a comment seems to have swallowed the rest of a value, as offsets of start and end."""
    return tuple(match.span(1) for match in re.finditer(_CUT, text)) if " #" in text else ()
