"""What is wrong with a commit message: the rules that CONTRIBUTING.md gives under "Commits"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_SUBJECT = 72
# English has no mark of the imperative, but these endings are those of the forms that people write instead.
_NOT_IMPERATIVE = re.compile(r"[A-Z][a-z]+(?:ed|ing|s)")
_IMPERATIVE = frozenset(
    [
        "Address",
        "Bring",
        "Bypass",
        "Embed",
        "Express",
        "Feed",
        "Focus",
        "Need",
        "Pass",
        "Process",
        "Proceed",
        "Seed",
        "Speed",
    ]
)


def find_flaws(message: str) -> Iterator[str]:
    """What a reader of the history would miss or stumble over in a whole commit message."""
    subject, _, body = message.partition("\n")
    word = subject.partition(" ")[0]
    if len(subject) > LONGEST_SUBJECT:
        yield f"the subject has {len(subject)} characters, at most {LONGEST_SUBJECT} are shown everywhere"
    if not subject[:1].isupper():
        yield "the subject does not begin with a capital letter"
    if subject.endswith("."):
        yield "the subject ends with a period"
    if _NOT_IMPERATIVE.fullmatch(word) and word not in _IMPERATIVE:
        yield f"the subject does not begin with an imperative, found {word}"
    if body[:1] not in ("", "\n"):
        yield "no empty line separates the subject from the body"
    if not body.strip():
        yield "the body does not say why"
