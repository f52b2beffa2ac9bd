"""At most so many findings of one file, and one more that counts the rest."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.model.findings import Location, Severity
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.findings import Finding

MAX_SHOWN = 50

_SEVERITY_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def cap_findings(findings: Iterable[Finding], more: Mapping[str, int]) -> tuple[list[Finding], dict[str, int]]:
    """Of each file the first 50 of `findings`, errors before all others, and how many of each file were left out.

    `more` says for files how many findings were never made.
    """
    by_file: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[_file_of(finding)].append(finding)
    picked: list[Finding] = []
    rest = {}
    for file, found in by_file.items():
        found.sort(key=lambda finding: (_SEVERITY_ORDER[finding.severity], finding.order))
        picked += found[:MAX_SHOWN]
        rest[file] = len(found[MAX_SHOWN:]) + more.get(file, 0)
    return picked, rest


def note_omitted(shown: Sequence[Finding], rest: Mapping[str, int]) -> tuple[Finding, ...]:
    """`shown` in order, and after the last finding of a file a note of how many `rest` says were left out."""
    last: defaultdict[str, int] = defaultdict(int)
    for finding in shown:
        last[_file_of(finding)] = max(last[_file_of(finding)], finding.location.line if finding.location else 0)
    notes = [_note(file, last[file], count) for file, count in rest.items() if count]
    return tuple(sorted((*shown, *notes), key=lambda finding: finding.order))


def _note(file: str, line: int, count: int) -> Finding:
    message = f"not all findings of this file are shown, {count:,} more"
    return make_finding("ESA199", message, Location(file, line=line + 1) if file else None)


def _file_of(finding: Finding) -> str:
    return finding.location.file if finding.location else ""
