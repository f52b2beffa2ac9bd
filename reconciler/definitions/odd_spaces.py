"""Spaces that look like ordinary ones and are none to YAML: a no-break space pasted from a page or a chat."""

from __future__ import annotations

import re
import unicodedata

ODD_SPACES = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u2060\u3000"

_RUN = re.compile(f"[{ODD_SPACES}]+")
# Where YAML wants an ordinary space: in the indentation, and after the colon of a key.
_MISTAKEN = re.compile(rf"[ ]*(?:-[ ]+)?(?:[\"']?[\w.-]+[\"']?[ ]*:[ ]*)?(?P<run>[{ODD_SPACES}]+)")
ODD = "an odd space stands"
FIX = "write ordinary spaces instead"


def find_odd_spaces(line: str) -> tuple[int, int] | None:
    """Where in `line` spaces stand that look like ordinary ones, in the indentation or after the colon of a key."""
    match = _MISTAKEN.match(line)
    return match.span("run") if match else None


def name_odd_space(text: str) -> str:
    """The first such space of `text` by its name, as in `no-break space (U+00A0)`; "" where there is none."""
    match = _RUN.search(text)
    return f"{unicodedata.name(match[0][0]).casefold()} (U+{ord(match[0][0]):04X})" if match else ""
