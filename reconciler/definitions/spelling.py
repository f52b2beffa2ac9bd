"""Values as YAML text that every reader takes for the same, however loose its YAML."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.definitions.scalars import find_scalar_error, parse_scalar

if TYPE_CHECKING:
    from reconciler.model.values import Value

# What this tool reads as text and YAML 1.1, or a hurried eye, as something else: yes, 012, 1:30, 0x1F, dates, .inf.
_WORDS = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null", "~", "=", "<<"})
_NUMERIC = re.compile(r"[-+.]*(?:[0-9][0-9A-FXOTZa-fxotz_.:,%+ -]*|inf|nan)", re.IGNORECASE)
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=<~")
_ENDING = re.compile(r"[,\[\]{}?]|:$|^:")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_yaml_scalar(value: Value) -> str:
    """`value` on one line: quoted where it is a text that some reader might take for anything else.

    A number is written without exponent. Characters that do not show, and marks that turn the direction of what
    follows, are escaped, so that a reviewer sees them.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f")
        case _:
            return value if is_plain(value) else quote(value)


def to_flow_scalar(value: Value) -> str:
    """The same where commas and brackets end a value."""
    spelled = to_yaml_scalar(value)
    return quote(spelled) if value == spelled and _ENDING.search(spelled) else spelled


def is_plain(text: str) -> bool:
    """Whether `text` needs no quotes."""
    if not text or not text.isprintable() or text[0] in _INDICATORS or text != text.strip():
        return False
    if ": " in text or " #" in text or "{{" in text or text.endswith(":"):
        return False
    if text.casefold() in _WORDS or _NUMERIC.fullmatch(text):
        return False
    return find_scalar_error(text) is None and parse_scalar(text) == text


def quote(text: str) -> str:
    """`text` in double quotes."""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
