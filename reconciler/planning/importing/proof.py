"""Whether a plan of the files to be is empty, for all that was imported, and as it was for all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.findings import Severity
from reconciler.planning.citing import show_values

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Plan


def find_differences(
    before: Plan, after: Plan, written: Collection[str], kept: Collection[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """The reasons not to write the files that `after` was made from, one line each.

    The channels called `written` must be found, and need no edit but of what is `kept`, by name and path; every other
    one must be planned as in `before`. No error may be there that was not there before.
    """
    return (
        *_check_written(after, written, kept),
        *_check_others(before, after, written),
        *_check_errors(before, after),
    )


def _check_written(after: Plan, written: Collection[str], kept: Collection[tuple[str, str]]) -> Iterator[str]:
    changes = {change.name: change for change in after.changes}
    for name in sorted(written):
        if name not in changes:
            yield f"{name}: would not be found in EnergyCAP"
        else:
            edits = changes[name].edits
            unexpected = tuple(edit for edit in edits if (name, edit.implied_by or edit.path) not in kept)
            yield from _list_edits(replace(changes[name], edits=unexpected))


def _check_others(before: Plan, after: Plan, written: Collection[str]) -> Iterator[str]:
    planned = {change.name: change.edits for change in before.changes}
    for change in after.changes:
        if change.name not in written and change.edits != planned.get(change.name):
            yield from _list_edits(change)


def _check_errors(before: Plan, after: Plan) -> Iterator[str]:
    known = {_identify(finding) for finding in before.findings}
    for finding in after.findings:
        if finding.severity is Severity.ERROR and _identify(finding) not in known:
            where = f"{finding.location.path[1]}: " if finding.location and len(finding.location.path) > 1 else ""
            yield f"{where}{finding.code} {finding.message}"


def _identify(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    # Lines move when a file grows.
    return (finding.code, finding.message, finding.location.path if finding.location else ())


def _list_edits(change: Change) -> Iterator[str]:
    for edit in change.edits:
        yield f"{change.name}: {edit.path}  {' → '.join(show_values(edit.before, edit.after))}"
