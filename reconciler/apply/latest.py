"""Which journal of a folder is the last one, by the times in the journals.

The times of files say when they were copied: an artefact that was fetched, a checkout, a copy.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reconciler.apply.chronicle import read_begun
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.chronicle import Chronicle


class _Told(NamedTuple):
    """A journal, whether it is finished, and the moment of its last entry; None if it gives none."""

    path: Path
    is_finished: bool
    moment: datetime | None


def find_unfinished(folder: Path, environment: str) -> Path | None:
    """The last journal in `folder` of a plan for `environment`, if it is not finished; None if it is.

    Raises FileError for one that cannot be read, and UsageError if the journals do not say which is the last.
    """
    journals = _read_journals(folder, environment)
    last = _find_last(journals)
    if all(one.is_finished for one in last):
        return None
    if len(last) > 1:
        raise _ask(last)
    return last[0].path


def find_overtaken(folder: Path, environment: str) -> Path | None:
    """The last journal of a plan for `environment` that is not finished, though a later apply may be. Raises so."""
    unfinished = [one for one in _read_journals(folder, environment) if not one.is_finished]
    last = _find_last(unfinished)
    return last[0].path if last else None


def _read_journals(folder: Path, environment: str) -> list[_Told]:
    read = ((path, read_begun(path)) for path in sorted(folder.glob("*.jsonl")))
    return [
        _Told(path, chronicle.is_finished, _find_moment(chronicle))
        for path, chronicle in read
        if chronicle and chronicle.plan.environment == environment
    ]


def _find_last(journals: list[_Told]) -> list[_Told]:
    """The journal that no other is later than; several if that is unknown."""
    undated = [one for one in journals if one.moment is None]
    moments = [one.moment for one in journals if one.moment is not None]
    return undated + [one for one in journals if moments and one.moment == max(moments)]


def _find_moment(chronicle: Chronicle) -> datetime | None:
    last = chronicle.entries[-1].at if chronicle.entries else ""
    try:
        moment = datetime.fromisoformat(last)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _ask(last: list[_Told]) -> UsageError:
    seen = ", ".join(f"{one.path} ({_tell(one)})" for one in last)
    return UsageError(
        f"it is unknown which of these journals is the last one: {seen}",
        "look at each with  reconciler show JOURNAL  and name the one to continue: reconciler apply --resume JOURNAL",
    )


def _tell(one: _Told) -> str:
    state = "finished" if one.is_finished else "not finished"
    moment = f"its last entry is from {one.moment.isoformat()}" if one.moment else "its last entry has no time"
    return f"{state}, {moment}"
