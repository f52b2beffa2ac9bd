"""What is wrong in a file of readings, and where."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.findings import Location
from reconciler.planning.messages import shorten
from reconciler.readings.blanks import trim
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from reconciler.model.findings import Finding


class Flaw(Struct, frozen=True):
    """What breaks a rule, before it is said in which line; `message` and the others are as in a finding."""

    code: str
    message: str
    fix: str = ""
    detail: tuple[str, ...] = ()

    def at(self, file: str, line: int) -> Finding:
        """The finding of this flaw in a line of `file`."""
        return make_finding(self.code, self.message, Location(file, line), fix=self.fix, detail=self.detail)


class BrokenFile(Exception):
    """A file of readings that cannot be read to its end; `line` is where, 0 where that cannot be said."""

    def __init__(self, message: str, line: int = 0, fix: str = "", code: str = "ESA611") -> None:
        super().__init__(message)
        self.flaw = Flaw(code, message, fix)
        self.line = line


def quote(text: str) -> str:
    """`text` of a file between quotation marks, cut where it is long."""
    return f'"{shorten(text)}"'


def say_option(option: str, header: str, meaning: str = "") -> str:
    """An option that says what the column called `header` is, as a shell takes it."""
    return f"{option} {shlex.quote(f'{trim(header)}={meaning}')}"
