"""Text from files and from the service, made unable to do anything but be read."""

from __future__ import annotations

import re

# What CI systems take for a command in a log: `::name::` as the first word of a line (GitHub), `##[name]` (GitHub) and
# `##vso[…]` (Azure Pipelines) anywhere. Any word may come to stand first, by wrapping.
# Source: GitHub's "Workflow commands", Azure's "Logging commands".
_COMMAND = re.compile(r"(?<!\S)::|##(?=\w*\[)")


def escape_text(text: str) -> str:
    r"""`text` for one line of a terminal or a log, with what does not print shown escaped.

    Control characters, line breaks, bidirectional and zero-width marks, odd spaces and lone surrogates become `\n`,
    `\x1b`, `\u202e`. The first character of what a CI system would take for a command is escaped too.
    """
    if text.isprintable() and _COMMAND.search(text) is None:
        return text
    return "".join(escape_characters(text))


def escape_characters(text: str) -> list[str]:
    """Each character of `text` as `escape_text` shows it."""
    shown = [character if character.isprintable() else _escape(character) for character in text]
    for match in _COMMAND.finditer(text):
        shown[match.start()] = f"\\x{ord(match.group()[0]):02x}"
    return shown


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
