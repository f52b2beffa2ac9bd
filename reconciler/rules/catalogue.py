"""All rules by their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.rules.channel_rules import DOMAIN_RULES, REFERENCE_RULES
from reconciler.rules.file_rules import FILE_RULES
from reconciler.rules.impact_rules import IMPACT_RULES
from reconciler.rules.plan_rules import PRECONDITION_RULES, SERVICE_RULES
from reconciler.rules.reading_rules import FEED_RULES, SWAP_RULES, TIME_RULES

if TYPE_CHECKING:
    from reconciler.rules.rule import Rule

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        *FILE_RULES,
        *DOMAIN_RULES,
        *REFERENCE_RULES,
        *PRECONDITION_RULES,
        *IMPACT_RULES,
        *FEED_RULES,
        *TIME_RULES,
        *SWAP_RULES,
        *SERVICE_RULES,
    )
}
