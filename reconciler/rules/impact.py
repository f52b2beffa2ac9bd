"""ESA5xx, what a change does, and the guards that stop it."""

from __future__ import annotations

from reconciler.rules.rule import Rule

IMPACT_RULES: tuple[Rule, ...] = ()
