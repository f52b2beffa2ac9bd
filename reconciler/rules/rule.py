"""A rule of the catalogue: what its code means, how certain it is, and its group."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from reconciler.model.findings import Severity


class Certainty(Enum):
    """How certain a rule is."""

    DOCUMENTED = "documented"  # the vendor says so
    PROJECT = "project"  # this tool's own rule: the format of its files, and what it promises
    INFERRED = "inferred"  # it follows from what the vendor says
    ASSUMED = "assumed"  # the vendor does not say; this is the safe reading


class RuleGroup(Enum):
    """What the rules of one hundred are about, chosen by the first digit of a code."""

    FILES = "files and schema"
    DOMAIN = "channel settings, offline"
    REFERENCES = "finding channels, and references between them"
    PRECONDITIONS = "preconditions of a change"
    IMPACT = "impact and guards"
    FEEDS = "readings and feeds"
    SERVICE = "service and apply"


class Rule(Struct, frozen=True):
    """What a code means.

    `title` states the problem in one constant sentence, `why` says what goes wrong because of it, `source` is a page of
    the vendor or this tool's contract, and `fix` is what usually solves it.
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
