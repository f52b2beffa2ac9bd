"""ESA2xx, the domain, as far as a channel's own settings decide."""

from __future__ import annotations

from reconciler.rules.rule import Rule

DOMAIN_RULES: tuple[Rule, ...] = ()
