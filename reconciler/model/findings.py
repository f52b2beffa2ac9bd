"""A finding, its severity, and its location in a definition file or in a template."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from reconciler.model.values import Value


class TemplateValue(Struct, frozen=True):
    """Where a template has a value that it gives to a channel: at the keys `path` in `file`.

    `line` is that of the template's name, counted from 1. `given` are the entries of the channel's `with` that are
    filled into the value.
    """

    template: str
    file: str
    line: int
    path: tuple[str, ...]
    given: tuple[tuple[str, Value], ...] = ()


class Location(Struct, frozen=True):
    """A place in a file: a line, a column, a piece of text.

    `file` is relative to the project's root, with forward slashes. `line` and `column` count from 1 in characters; 0 if
    unknown. `path` holds the keys down to the value: pure code, which has no text at hand, makes locations by keys, and
    they are found in the text later. `fragment` is the part of the value that is meant, "" for all of it. `excerpt` is
    the whole line, `length` the number of its characters that are meant. `source` is where the value really is if the
    channel has it from a template; it is looked up together with `path`.
    """

    file: str
    line: int = 0
    column: int = 0
    path: tuple[str, ...] = ()
    length: int = 0
    excerpt: str = ""
    fragment: str = ""
    source: TemplateValue | None = None


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
        """The sort key: by file and line, findings without a location first."""
        place = self.location or Location("")
        return (place.file, place.line, place.column, self.code, self.message)
