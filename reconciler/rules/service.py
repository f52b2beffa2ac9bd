"""ESA7xx, the service and the apply."""

from __future__ import annotations

from reconciler.rules.rule import Rule

SERVICE_RULES: tuple[Rule, ...] = ()
