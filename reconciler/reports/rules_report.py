"""One rule for the terminal, and all rules as the page docs/rules.md."""

from __future__ import annotations

import re
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.terminal import Style
from reconciler.rules import RULES
from reconciler.rules.rule import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.reports.terminal import Styler
    from reconciler.rules.rule import Rule, RuleGroup


_RULE_WIDTH = 88
_RULE_INDENT = 11


def render_rule(rule: Rule, styler: Styler) -> str:
    """The title, the reason, the fix, the source, the certainty and the severity of `rule`; ends with a newline."""
    return "".join(f"{line}\n" for line in _rule_lines(rule, styler))


def _rule_lines(rule: Rule, styler: Styler) -> Iterator[str]:
    first, *more = wrap(rule.title, _RULE_WIDTH - len(rule.code) - 2)
    yield f"{styler(rule.code, Style.CODE)}  {styler(first, Style.HEADING)}"
    yield from (f"{'':{len(rule.code)}}  {styler(line, Style.HEADING)}" for line in more)
    yield ""
    yield from _paragraph("why", rule.why, styler)
    yield from _paragraph("fix", rule.fix, styler)
    yield from _paragraph("source", rule.source, styler)
    yield from _paragraph("certainty", f"{rule.certainty.value} ({_CERTAINTIES[rule.certainty]})", styler)
    yield from _paragraph("severity", rule.severity.value, styler)


def _paragraph(label: str, text: str, styler: Styler) -> Iterator[str]:
    first, *more = wrap(text, _RULE_WIDTH - _RULE_INDENT - 2, break_long_words=False, break_on_hyphens=False)
    yield f"  {styler(f'{label}:'.ljust(_RULE_INDENT), Style.FAINT)}{first}"
    yield from (f"  {'':{_RULE_INDENT}}{line}" for line in more)


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

_CERTAINTIES = {
    Certainty.DOCUMENTED: "the vendor's pages say so",
    Certainty.PROJECT: "this tool's own rule",
    Certainty.INFERRED: "it follows from what the vendor says",
    Certainty.ASSUMED: "the vendor does not say, and this is the safe reading",
}
_SEVERITIES = {
    Severity.ERROR: "the command fails",
    Severity.WARNING: "look at it; the command continues",
    Severity.NOTE: "for your information",
}


def render_rules() -> str:
    """The whole catalogue: the meaning of its words, a table of codes for each group, then a section for each rule."""
    return "\n".join((*_introduction(), *_tables(), *_sections())) + "\n"


def _introduction() -> Iterator[str]:
    yield "<!-- Made from the catalogue in reconciler/rules by reconciler.reports.rules_report: edit it there. -->"
    yield ""
    yield "# Rules"
    yield ""
    yield "Every finding names its rule. Codes are stable: a code never gets another meaning."
    yield "`reconciler explain ESA214` shows one rule at the terminal."
    yield ""
    yield "The certainty of a rule says what it is based on:"
    yield ""
    yield from (f"- **{certainty.value}**: {meaning}" for certainty, meaning in _CERTAINTIES.items())
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
