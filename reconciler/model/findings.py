"""A finding: something wrong or notable, with a rule code, a place and a way out."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from reconciler.model.record import record

if TYPE_CHECKING:
    from reconciler.model.places import Place


class Severity(Enum):
    """How much a finding matters: an error fails the command, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@record
class Finding:
    """Something wrong or notable.

    `message` is one line, the constant words of its kind first and the particulars after; `detail` holds further lines
    (candidates, other places), `fix` the way out.
    """

    code: str
    severity: Severity
    message: str
    place: Place | None = None
    detail: tuple[str, ...] = ()
    fix: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Files first, then lines; what has no place comes before all files."""
        if self.place is None:
            return ("", 0, 0, self.code, self.message)
        return (self.place.file, self.place.line, self.place.column, self.code, self.message)
