"""A finding: something wrong or notable, with a rule code, a place and a way out."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from reconciler.model.places import Location


class Severity(Enum):
    """How much a finding matters: an error fails the command, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Struct, frozen=True):
    """Something wrong or notable.

    `message` is one line, the constant words of its kind first and the particulars after; `detail` holds further lines
    (candidates, other places), `fix` the way out.
    """

    code: str
    severity: Severity
    message: str
    location: Location | None = None
    detail: tuple[str, ...] = ()
    fix: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Files first, then lines; what has no place comes before all files."""
        if self.location is None:
            return ("", 0, 0, self.code, self.message)
        return (self.location.file, self.location.line, self.location.column, self.code, self.message)
