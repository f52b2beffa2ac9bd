"""ESA1xx, the files themselves: YAML, schema, names."""

from __future__ import annotations

from reconciler.rules.rule import Rule

FILE_RULES: tuple[Rule, ...] = ()
