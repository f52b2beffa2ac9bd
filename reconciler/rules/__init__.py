"""The catalogue of rules: what each code means, the reason, its source, how certain it is, and the fix.

rule: a rule, how certain it is, and its group; read this first
catalogue: all rules by code
file_rules: ESA1xx, the files themselves
project_rules: ESA14x to ESA16x, the project file, other commits, templates and environments
channel_rules: ESA2xx and ESA3xx, the settings of a channel and references
plan_rules: ESA4xx and ESA7xx, preconditions, apply and the service
impact_rules: ESA5xx, what edits do beyond the setting, and guards
reading_rules: ESA6xx, feeds and readings; ESA230 and ESA53x, meter swaps in readings
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.findings import Finding

if TYPE_CHECKING:
    from reconciler.model.findings import Location
    from reconciler.rules.catalogue import RULES

__all__ = ["RULES", "make_finding"]


def make_finding(
    code: str, message: str, place: Location | None = None, *, fix: str = "", detail: tuple[str, ...] = ()
) -> Finding:
    """A finding of the rule `code`, with its severity, and its general way out where no particular `fix` is given."""
    rule = __getattr__("RULES")[code]
    return Finding(code, rule.severity, message, place, detail, fix or rule.fix)


def __getattr__(name: str) -> Any:
    if name != "RULES":
        raise AttributeError(f"module {__name__} has no attribute {name}")
    # Imported here, as a run that finds nothing has no use for the catalogue.
    from reconciler.rules.catalogue import RULES  # noqa: PLC0415

    return RULES
