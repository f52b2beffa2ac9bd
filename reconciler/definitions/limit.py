"""At most so many findings of one file, and one more that counts the rest."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.model.places import Place
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.findings import Finding

MOST_SHOWN = 50

_GRAVITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def limit_findings(findings: Iterable[Finding], more: Mapping[str, int]) -> tuple[Finding, ...]:
    """`findings` in order, of each file at most 50, errors first, and a note that counts the rest.

    `more` says for files how many findings were never made.
    """
    by_file: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[finding.place.file if finding.place else ""].append(finding)
    kept = (_limit_file(file, found, more.get(file, 0)) for file, found in by_file.items())
    return tuple(sorted((finding for found in kept for finding in found), key=attrgetter("order")))


def _limit_file(file: str, findings: list[Finding], more: int) -> list[Finding]:
    findings.sort(key=lambda finding: (_GRAVITY[finding.severity], finding.order))
    rest = len(findings) - MOST_SHOWN + more
    if rest <= 0:
        return findings
    kept = findings[:MOST_SHOWN]
    last = max((finding.place.line for finding in kept if finding.place), default=0)
    message = f"not all findings of this file are shown, {rest:,} more"
    return [*kept, make_finding("ESA199", message, Place(file, line=last) if file else None)]
