"""Which parts of a line may be a secret, so that no excerpt shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.masking import KEYS, blot_likely

if TYPE_CHECKING:
    from collections.abc import Sequence

# So far above a line a secret may begin that goes on in it.
LINES_ABOVE = 200

_NAMES = r"[\w.-]*(?:key|token|password|passwd|pwd|secret|credential)[\w-]*[\"']?"
# A key of the file that names a secret, or an address that holds one.
_SECRET = re.compile(rf"(?i)(?<![\w.-])(?!apiKeyEnv\b){_NAMES}\s*[:=]|\burl\b.*[@?]")
# The same with its value on the lines below.
_OPEN = re.compile(rf"(?i)(?<![\w.-]){_NAMES}\s*:\s*(?:[|>&!]\S*(?:\s+|$))*(?:#.*)?$")
# What stands for the name of a variable is shown only where it is one, or made of words: it may be the key itself.
_VARIABLE = re.compile(r"\bapiKeyEnv\b")
_SHOWN = re.compile(
    r"""\bapiKeyEnv["']?\s*:\s*["']?(?:ECI_[A-Z0-9_]+|[A-Z]+(?:_[A-Z]+)+|[a-z]+(?:_[a-z]+)+)["']?\s*(?=[,}#]|$)"""
)


def redact_line(line: str, above: Sequence[str]) -> str:
    """`line` without what may be a secret: "" where it names one, asterisks for what looks like a key.

    `above` are the lines before it, the nearest first: a secret may begin on one of them.
    """
    if _SECRET.search(line) or (_VARIABLE.search(line) and not _SHOWN.search(line)) or _goes_on(line, above):
        return ""
    return blot_likely(KEYS.blot(line))


def _goes_on(line: str, above: Sequence[str]) -> bool:
    """Whether `line` is, or is within, the value of a key that names a secret."""
    indent, is_nearest = _indent_of(line), True
    for before in above:
        if not before.strip():
            continue
        if (is_nearest or _indent_of(before) < indent) and _OPEN.search(before):
            return True
        indent, is_nearest = min(indent, _indent_of(before)), False
        if indent == 0:
            return False
    return False


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())
