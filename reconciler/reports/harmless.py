"""Text from files and from the service, made unable to do anything but be read."""

from __future__ import annotations

import re

# What CI systems take for a command in a log: `::name::` as the first word of a line (GitHub), `##[name]` (GitHub) and
# `##vso[…]` (Azure Pipelines) anywhere. Any word may come to stand first, by wrapping.
# Source: GitHub's "Workflow commands", Azure's "Logging commands".
_COMMAND = re.compile(r"(?<!\S)::|##(?=\w*\[)")


def harmless(text: str) -> str:
    r"""`text` for one line of a terminal or a log, with what does not print shown escaped.

    Control characters, line breaks, bidirectional and zero-width marks, odd spaces and lone surrogates become `\n`,
    `\x1b`, `\u202e`. The first character of what a CI system would take for a command is escaped too.
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else escape(character) for character in text)
    if "::" in text or "##" in text:
        text = _COMMAND.sub(lambda match: f"\\x{ord(match.group()[0]):02x}{match.group()[1:]}", text)
    return text


def escape(character: str) -> str:
    r"""`character` by its number: `\n`, `\x1b`, `\u202e`, `\U000e0041`."""
    return character.encode("unicode_escape").decode("ascii")
