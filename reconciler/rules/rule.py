"""One rule of the catalogue, and the group that its code puts it in."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from reconciler.model.findings import Severity


class Certainty(Enum):
    """How sure a rule is."""

    DOCUMENTED = "documented"  # the vendor says so
    INFERRED = "inferred"  # it follows from what the vendor says
    ASSUMED = "assumed"  # the vendor is silent; this is the safe reading


class RuleGroup(Enum):
    """What the rules of one hundred are about; the first digit of a code says which."""

    FILES = "files and schema"
    DOMAIN = "channel settings, offline"
    REFERENCES = "finding channels, and references between them"
    PRECONDITIONS = "preconditions of a change"
    IMPACT = "impact and guards"
    FEEDS = "readings and feeds"
    SERVICE = "service and apply"


class Rule(Struct, frozen=True):
    """What a code means.

    `title` is the rule in one constant sentence, `why` what goes wrong otherwise, `source` on whose word (a page of the
    vendor, or this tool's contract), `fix` the general way out.
    """

    code: str
    title: str
    why: str
    source: str
    certainty: Certainty
    fix: str
    severity: Severity = Severity.ERROR

    @property
    def group(self) -> RuleGroup:
        return tuple(RuleGroup)[int(self.code[3]) - 1]
