"""The page of all rules, made from the catalogue."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.rules_report import CERTAINTIES
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.rules.rule import Rule, RuleGroup

# What is shown as code: text to copy after two spaces, properties with their value, references, options.
_CODE_IN_PROSE = re.compile(
    r"""[ ]{2}(?P<copied>\S.*?)(?:(?P<gap>,?[ ]{2})|(?=,|$))
      | (?P<property>(?<!\w)(?:\w*\.)?[a-z]+[A-Z]\w*(?::[ ](?:true|false|null|Trip|Odometer)\b)?)
      | \b(?P<setting>(?:formula|offset):[ ]null)\b
      | \b(?P<reference>channel\([^()]*\))
      | (?P<option>--[a-z]+)
      | (?P<active>[\\`*_<>|\[\]#~])""",
    re.VERBOSE,
)

_SEVERITIES = {
    Severity.ERROR: "the command fails",
    Severity.WARNING: "look at it; the command continues",
    Severity.NOTE: "for your information",
}


def render_rules() -> str:
    """The whole catalogue: the meaning of its words, a table of codes for each group, then a section for each rule."""
    return "\n".join((*_introduction(), *_tables(), *_sections())) + "\n"


def _introduction() -> Iterator[str]:
    yield "<!-- Made from the catalogue in reconciler/rules: edit it there, then run `make docs`. -->"
    yield ""
    yield "# Rules"
    yield ""
    yield "Every finding names its rule. Codes are stable: a code never gets another meaning."
    yield "`reconciler explain ESA214` shows one rule at the terminal."
    yield ""
    yield "The certainty of a rule says what it is based on:"
    yield ""
    yield from (f"- **{certainty.value}**: {meaning}" for certainty, meaning in CERTAINTIES.items())
    yield ""
    yield "Its severity says what happens:"
    yield ""
    yield from (f"- **{severity.value}**: {meaning}" for severity, meaning in _SEVERITIES.items())
    yield ""


def _tables() -> Iterator[str]:
    yield "## All codes"
    yield ""
    for group, rules in _groups():
        yield f"### {_heading(group)}"
        yield ""
        yield "| code | rule | certainty | severity |"
        yield "|---|---|---|---|"
        yield from (_row(rule) for rule in rules)
        yield ""


def _row(rule: Rule) -> str:
    code = f"[{rule.code}](#{rule.code.lower()})"
    return f"| {code} | {mark_code(rule.title)} | {rule.certainty.value} | {rule.severity.value} |"


def _sections() -> Iterator[str]:
    yield "## Rule by rule"
    for _, rules in _groups():
        for rule in rules:
            yield from _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    yield ""
    yield f"### {rule.code}"
    yield ""
    yield f"**{mark_code(rule.title)}**"
    yield mark_code(rule.why)
    yield ""
    yield f"- Fix: {mark_code(rule.fix)}"
    yield f"- Source: {mark_code(rule.source)} ({rule.certainty.value})"
    yield f"- Severity: {rule.severity.value}"


def _groups() -> list[tuple[RuleGroup, Sequence[Rule]]]:
    rules = sorted(RULES.values(), key=lambda rule: rule.code)
    return [(group, tuple(members)) for group, members in groupby(rules, key=lambda rule: rule.group)]


def _heading(group: RuleGroup) -> str:
    # The first digit of a code is that of its group.
    digit = list(type(group)).index(group) + 1
    return f"ESA{digit}xx: {group.value}"


def mark_code(text: str) -> str:
    """`text` with parts of files as code, and special characters of Markdown and HTML escaped."""
    return _CODE_IN_PROSE.sub(_mark_match, text).strip()


def _mark_match(match: re.Match[str]) -> str:
    # These would be formatting in Markdown or HTML; in the texts of rules they are only characters.
    if match["active"]:
        return f"\\{match['active']}"
    gap = (match["gap"] or "").replace("  ", " ")
    return f" `{match['copied']}`{gap}" if match["copied"] else f"`{match[0]}`"
