"""How risky a change is, and the words that reports use for it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.model.fields import Impact
from reconciler.model.plan import Origin, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plan import Change, Plan


class Risk(Enum):
    """The worst that a change may do, the worst first."""

    BLOCKED = "blocked"
    HISTORY = "history"
    STRUCTURAL = "structural"
    ROUTING = "routing"
    FORWARD = "forward"
    COSMETIC = "cosmetic"


class RiskWords(Struct, frozen=True):
    """The words for a risk: a sign and a label for each change, a heading and a sentence for all of them."""

    sign: str
    label: str
    heading: str
    meaning: str


RISK_WORDS = {
    Risk.BLOCKED: RiskWords(
        "!",
        "blocked",
        "Blocked",
        "These changes are not sent: a precondition is not met in EnergyCAP, or cannot be checked. Each says what "
        "would unblock it.",
    ),
    Risk.HISTORY: RiskWords(
        "▲",
        "may rewrite history",
        "May rewrite stored values",
        "Values that are already stored may change, and with them the reports made from them. To change only future "
        "values, make a new version in EnergyCAP, and manage that one in the files.",
    ),
    Risk.STRUCTURAL: RiskWords(
        "◆",
        "what the channel is",
        "Changes what a channel is",
        "A channel becomes calculated (values from a formula) or simple (from readings), or its data point shows the "
        "values of another channel.",
    ),
    Risk.ROUTING: RiskWords(
        "⇄",
        "where readings go",
        "May send readings elsewhere",
        "Loggers and imports identify a channel by these settings. Check what sends readings to it.",
    ),
    Risk.FORWARD: RiskWords(
        "→",
        "future values",
        "Affects future values",
        "Stored values do not change.",
    ),
    Risk.COSMETIC: RiskWords(
        "✎",
        "name or text",
        "Names and descriptions",
        "No value changes.",
    ),
}

# The same signs and words as in the text report (`change_label`).
VERDICT_WORDS = {
    Verdict.ALLOWED: ("~", "update"),
    Verdict.BLOCKED: ("!", "blocked"),
    Verdict.UNKNOWN: ("?", "unknown"),
}

_ORDER = tuple(Risk)


def find_risk(change: Change) -> Risk:
    """The worst about `change`: that it may not be sent, or else the worst impact of its edits."""
    match change.verdict:
        case Verdict.BLOCKED | Verdict.UNKNOWN:
            return Risk.BLOCKED
        case Verdict.ALLOWED:
            return min(find_risks(change), default=Risk.COSMETIC, key=_ORDER.index)
        case _:
            assert_never(change.verdict)


def find_risks(change: Change) -> tuple[Risk, ...]:
    """The risks of the edits of `change`, each once, the worst first."""
    return tuple(sorted({risk_of(edit.impact) for edit in change.edits}, key=_ORDER.index))


def list_impact_risks() -> tuple[Risk, ...]:
    """The risks that an edit can have, the worst first."""
    return tuple(sorted(map(risk_of, Impact), key=_ORDER.index))


def risk_of(impact: Impact) -> Risk:
    return Risk(impact.value)


def render_legend(plan: Plan) -> str:
    """The meaning of each short word in the edits of `plan`; "" if there is none."""
    words = [f"{word} = {meaning}" for word, meaning in _list_terms(plan)]
    return f"Legend: {'; '.join(words)}." if words else ""


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
