"""ESA4xx, what must hold for a change to be legal."""

from __future__ import annotations

from reconciler.rules.rule import Rule

PRECONDITION_RULES: tuple[Rule, ...] = ()
