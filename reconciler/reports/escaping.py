"""Text from files and from the service, escaped for terminals, logs, JSON and Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.masking import KEYS
from reconciler.model.lookalikes import escape_character

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# The longest text from outside, in bytes, above and below the sections of a report.
MAX_TEXT = 90

# What CI systems read as a command in a log: `::name::` as the first word of a line (GitHub), `##[name]` (GitHub) and
# `##vso[…]` (Azure Pipelines) anywhere. Wrapping can put any word first in a line.
# Source: GitHub's "Workflow commands", Azure's "Logging commands".
_COMMAND = r"(?<!\S)::|##(?=\w*\[)"


def escape_text(text: str) -> str:
    r"""`text` for one line of a terminal or a log, with what does not print shown escaped.

    Control characters, line breaks, bidirectional and zero-width marks, odd spaces and lone surrogates become `\n`,
    `\x1b`, `\u202e`. The first character of what a CI system would read as a command is escaped too.
    """
    if text.isprintable() and re.search(_COMMAND, text) is None:
        return text
    return "".join(escape_characters(text))


def escape_characters(text: str) -> list[str]:
    """The characters of `text`, each escaped as by `escape_text`."""
    shown = [character if character.isprintable() else escape_character(character) for character in text]
    for match in re.finditer(_COMMAND, text):
        shown[match.start()] = f"\\x{ord(match.group()[0]):02x}"
    return shown


def dump_document(document: object) -> str:
    """`document` as indented JSON, with the keys in the order given and a newline at the end."""
    import json  # noqa: PLC0415 - most runs print text

    return _escape_commands(json.dumps(document, indent=2, allow_nan=False)) + "\n"


def dump_line(document: object) -> str:
    """`document` as JSON on one line, with a newline at the end."""
    import json  # noqa: PLC0415 - most runs print text

    return _escape_commands(json.dumps(document, allow_nan=False)) + "\n"


def _escape_commands(text: str) -> str:
    # GitHub's runner reads `##[name]` as a command anywhere in a line. In JSON, ## occurs only inside strings.
    return text.replace("##", "\\u0023#")


# Text that needs no escape between backticks, not even in a table cell.
_PLAIN_CODE = r"(?! )[^`|\\]+(?<! )"
_SPECIAL = r"[^\w .,/-]|_"
_CLOSING = "),.;:"
# Opening brackets, then a quoted text with what closes it, or else everything up to the next space. Takes linear time.
_WORD = rf'(\(*)(?:("[^"]*"|\{{[^{{}}]*\}})([{_CLOSING}]*+)(?=\s|$)|(\S+))'
# Words and numbers that no renderer turns into a mention, a reference, a link or an emoji.
_PLAIN_WORD = r"[^\W\d_]+(?:['/-][^\W\d_]+)*|\d[\d.:-]*|ESA\d+|→"

CLOSE_DETAILS = "\n</details>\n\n"


def code(text: str) -> str:
    """`text` from a file or the service as escaped code for a line or a cell, in backticks if that is enough.

    Neither GitHub nor GitLab looks for mentions, references or emojis in code.
    """
    text = escape_text(text)
    if re.fullmatch(_PLAIN_CODE, text):
        return f"`{text}`"
    return f"<code>{re.sub(_SPECIAL, lambda match: f'&#{ord(match.group())};', text)}</code>"


def prose(text: str) -> str:
    """A sentence that contains outside names and values, escaped: plain words unchanged, everything else as code.

    Not for the start of a line, where a word could begin a list.
    """
    return " ".join(map(_render_word, re.finditer(_WORD, escape_text(text))))


def tabulate(head: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> str:
    """A table of cells that already are Markdown."""
    return "".join(map(tabulate_row, (head, ["---"] * len(head), *rows)))


def tabulate_row(cells: Sequence[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(cells)} |\n"


def open_details(summary: str) -> str:
    """Starts a section that is collapsed up to CLOSE_DETAILS. `summary` is HTML: never pass text from outside."""
    return f"<details><summary>{summary}</summary>\n\n"


def shorten(text: str, longest: int) -> str:
    """`text` without API keys, cut after `longest` characters."""
    text = KEYS.hide(text)
    return text if len(text) <= longest else f"{text[:longest]}…"


def shorten_text(text: str) -> str:
    """`text` as it is if it takes at most MAX_TEXT bytes as code, else its first few characters, escaped."""
    return text if size_of(code(text)) <= MAX_TEXT else shorten(escape_text(text), MAX_TEXT // 10)


def size_of(text: str) -> int:
    """The size of `text` in bytes, the safe measure because hosts count characters in different ways."""
    return len(text.encode())


def _render_word(match: re.Match[str]) -> str:
    opening, quoted, closing, run = match.groups()
    word = quoted or run.rstrip(_CLOSING) or run[0]
    closing = closing if quoted else run[len(word) :]
    # A closing parenthesis belongs to the word if the word opened it.
    opened = max(0, word.count("(") - word.count(")"))
    own = min(opened, len(closing) - len(closing.lstrip(")")))
    word, closing = word + closing[:own], closing[own:]
    return f"{opening}{word if re.fullmatch(_PLAIN_WORD, word) else code(word)}{closing}"
