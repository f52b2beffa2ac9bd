"""All rules by their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.rules.domain import DOMAIN_RULES
from reconciler.rules.feeds import FEED_RULES
from reconciler.rules.files import FILE_RULES
from reconciler.rules.impact import IMPACT_RULES
from reconciler.rules.preconditions import PRECONDITION_RULES
from reconciler.rules.reading_times import TIME_RULES
from reconciler.rules.references import REFERENCE_RULES
from reconciler.rules.service import SERVICE_RULES

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
        *SERVICE_RULES,
    )
}
