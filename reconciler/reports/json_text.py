"""JSON that is safe to print: ASCII only, and nothing in it that a log could take for a command."""

from __future__ import annotations

import json


def dump_document(document: object) -> str:
    """`document` as indented JSON, its keys in the order given, newline at the end."""
    return _escape_commands(json.dumps(document, indent=2, allow_nan=False)) + "\n"


def dump_line(document: object) -> str:
    """`document` as JSON on one line, newline at the end."""
    return _escape_commands(json.dumps(document, allow_nan=False)) + "\n"


def _escape_commands(text: str) -> str:
    # `##[name]` is a command to GitHub's runner anywhere in a line. In JSON ## stands only inside texts.
    return text.replace("##", "\\u0023#")
