"""Counts, lists, values, times and locations as text, the same in every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.lookalikes import distinguish
from reconciler.reports.escaping import escape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding, Location
    from reconciler.model.values import Value


def count(number: int, noun: str, plural: str = "") -> str:
    """`number` with its noun: 1 error, 2 errors, 1 match, 2 matches."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def join_words(words: Sequence[str]) -> str:
    """`words` as a list: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def format_value(value: Value) -> str:
    """`value`, escaped, so that null, "", texts and numbers look different, and numbers as short as possible."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + escape_text(value).replace('"', '\\"') + '"'
        # 1.0 and 1 are the same number in JSON and in YAML, so a report shows them alike.
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def format_values(one: Value, other: Value) -> tuple[str, str]:
    """Two values side by side. If they differ only in what a reader cannot see, that is escaped."""
    if isinstance(one, str) and isinstance(other, str):
        one, other = distinguish(one, other)
    return format_value(one), format_value(other)


def format_time(time: str) -> str:
    """A local time without zero seconds or midnight: 2024-03-01, 2024-03-01 06:15, 2024-03-01 06:15:30."""
    day, _, clock = time.partition("T")
    clock = clock.removesuffix(":00")
    return f"{day} {clock}" if clock and clock != "00:00" else day


# Formats for machines need a file for each finding; one without a file belongs to the project.
PROJECT_FILE = "reconciler.yaml"


def format_location(location: Location, prefix: str = "") -> str:
    """`location` as far as it is known: file, file:line or file:line:column; `prefix` is put before the file."""
    known = [str(number) for number in (location.line, location.column) if number]
    return ":".join([escape_text(prefix + location.file), *known])


def file_of(finding: Finding) -> str:
    """The file of `finding`, or the project file if it has none."""
    return finding.location.file if finding.location else PROJECT_FILE
