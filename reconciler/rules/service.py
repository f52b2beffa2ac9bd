"""ESA7xx, the service and the apply."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.rules.rule import Certainty, Rule

SERVICE_RULES: tuple[Rule, ...] = (
    Rule(
        "ESA701",
        "The calls this tool makes are not deprecated.",
        "A replaced version of a call works beside the new one for some months, and then stops.",
        'EnergyCAP developer site, "Versioning": the header ECI-Deprecated names the replacement',
        Certainty.DOCUMENTED,
        "update this tool; if it is the latest release, report the message",
        Severity.WARNING,
    ),
)
