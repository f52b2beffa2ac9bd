"""What the short words of a report mean, for who reads one for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.plan import Origin
from reconciler.reports.risk import RISK_WORDS, list_impact_risks, risk_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plan import Plan


def render_legend(plan: Plan) -> str:
    """A sentence with the meaning of each short word that the edits of `plan` are told with; "" where it has none."""
    words = [f"{word} = {meaning}" for word, meaning in _list_terms(plan)]
    return f"Words: {'; '.join(words)}." if words else ""


def _list_terms(plan: Plan) -> Iterator[tuple[str, str]]:
    edits = [edit for change in plan.changes for edit in change.edits]
    found = {risk_of(edit.impact) for edit in edits}
    for risk in list_impact_risks():
        if risk in found:
            heading = RISK_WORDS[risk].heading
            yield risk.value, heading[0].lower() + heading[1:]
    if any(edit.origin is Origin.DRIFT for edit in edits):
        yield "drift", "not from this change"
    if any(edit.origin is Origin.UNKNOWN for edit in edits):
        yield "origin unknown", "from this change or drift: a file could not be read at the base"
    if any(value is None for edit in edits for value in (edit.before, edit.after)):
        yield "null", "not set"
    if edits and plan.unmanaged:
        yield "unmanaged", "in EnergyCAP, in no file here, never touched"
