"""What a journal tells: the plan, what was written of it, and what nobody knows yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from reconciler.apply.agreement import find_disagreement
from reconciler.apply.entries import Began, Ended, Intent, Landed
from reconciler.apply.entry_lines import decode_entry
from reconciler.errors import FileError, PlanFileError, advise_on
from reconciler.planfile.reading import read_plan
from reconciler.planfile.shapes import Misshapen, take_object, take_text
from reconciler.regular_files import read_regular
from reconciler.strict_json import is_too_deep, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.apply.entries import Entry
    from reconciler.apply.writing import Landing
    from reconciler.model.plan import Plan
    from reconciler.planfile.shapes import Document

FORMAT_VERSION = "1.0"

_NO_JOURNAL = (
    "give a journal, as in .reconciler/journal; if this is one, its apply ended before it sent anything: just plan "
    "again"
)
_MOVE_AWAY = "keep the file for the record under another name, and plan again: reconciler plan"


class Chronicle(Struct, frozen=True):
    """What a journal tells: the plan, and what happened to it, in order."""

    plan: Plan
    entries: tuple[Entry, ...] = ()

    @property
    def writes(self) -> tuple[tuple[Intent, Landing | None], ...]:
        """The writes that were about to be sent, with what became of them; None where nobody knows."""
        landings = {entry.number: entry.landing for entry in self.entries if isinstance(entry, Landed)}
        return tuple((entry, landings.get(entry.number)) for entry in self.entries if isinstance(entry, Intent))

    @property
    def writes_by_name(self) -> Mapping[str, Sequence[tuple[Intent, Landing | None]]]:
        """The same by the name of the change that they belong to; all changes of the plan are there."""
        by_name: dict[str, list[tuple[Intent, Landing | None]]] = {change.name: [] for change in self.plan.changes}
        for intent, landing in self.writes:
            by_name[intent.name].append((intent, landing))
        return by_name

    @property
    def open(self) -> tuple[Intent, ...]:
        """The writes of which nobody knows whether they were done."""
        return tuple(intent for intent, landing in self.writes if landing is None)

    @property
    def last_run(self) -> tuple[Entry, ...]:
        """The entries of the last run."""
        begins = [index for index, entry in enumerate(self.entries) if isinstance(entry, Began)]
        return self.entries[begins[-1] :] if begins else ()

    @property
    def is_finished(self) -> bool:
        """Whether the last run tried all that it could, and nothing is open."""
        last = self.last_run[-1] if self.last_run else None
        if not isinstance(last, Ended) or self.open:
            return False
        return not (last.account.interrupted or last.account.aborted_because)


class Sound(NamedTuple):
    """A journal as far as it is whole: what it tells, and how many bytes that takes."""

    chronicle: Chronicle
    length: int


def read_journal(path: Path) -> Chronicle:
    """The content of the journal at `path`, even if another process is using it.

    Raises FileError if it cannot be read, is not a journal, is damaged before its last line, or contradicts itself.
    """
    if chronicle := read_begun(path):
        return chronicle
    raise FileError(f"{path} is not a journal: its first line is incomplete", _NO_JOURNAL)


def read_begun(path: Path) -> Chronicle | None:
    """As `read_journal`, but None where not even the first line is whole, so that nothing was written by it."""
    try:
        content = read_regular(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    sound = parse_journal(content, path)
    return sound.chronicle if sound else None


def parse_journal(content: bytes, path: Path) -> Sound | None:
    """The journal in `content`, without an incomplete last line; None if even the first line is incomplete.

    A line is written in one go and made durable before anything follows from it: what a torn one spoke of did not
    happen, or is settled by its intent. Raises FileError where a line in between is damaged, or fits no other.
    """
    lines = content.splitlines(keepends=True)
    documents = [_parse_line(line) for line in lines]
    while documents and documents[-1] is None:
        documents.pop()
    if not documents:
        return None
    if None in documents:
        raise FileError(f"{path} is damaged at line {documents.index(None) + 1}", _MOVE_AWAY)
    header, *rest = (document for document in documents if document is not None)
    chronicle = _read_chronicle(header, rest, path)
    return Sound(chronicle, sum(map(len, lines[: len(documents)])))


def _parse_line(line: bytes) -> Document | None:
    if not line.endswith(b"\n"):
        return None
    try:
        document = None if is_too_deep(line) else parse_json(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _read_chronicle(header: Document, rest: list[Document], path: Path) -> Chronicle:
    try:
        _check_version(header, path)
        plan = read_plan(json.dumps(take_object(header, "plan")))
        entries = tuple(decode_entry(document) for document in rest)
    except Misshapen as misshapen:
        raise FileError(f"{path} is damaged, or no journal: {misshapen}", _MOVE_AWAY) from None
    except PlanFileError as error:
        raise FileError(f"{path}: {error.message}", _MOVE_AWAY) from None
    if disagreement := find_disagreement(plan, entries):
        raise FileError(f"{path} contradicts itself: {disagreement}", _MOVE_AWAY)
    return Chronicle(plan, entries)


def _check_version(header: Document, path: Path) -> None:
    version = take_text(header, "format_version")
    known = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != known:
        message = f"{path} has the format_version {version!a}; this reconciler reads {known}.x"
        raise FileError(message, "use the version of reconciler that wrote it")
