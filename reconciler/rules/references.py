"""ESA3xx, finding the live channel, and what the files refer to."""

from __future__ import annotations

from reconciler.rules.rule import Rule

REFERENCE_RULES: tuple[Rule, ...] = ()
