"""One rule for the terminal."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from reconciler.reports.terminal import Style
from reconciler.rules.rule import Certainty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.reports.terminal import Styler
    from reconciler.rules.rule import Rule

CERTAINTIES = {
    Certainty.DOCUMENTED: "the vendor's pages say so",
    Certainty.PROJECT: "this tool's own rule",
    Certainty.INFERRED: "it follows from what the vendor says",
    Certainty.ASSUMED: "the vendor does not say, and this is the safe reading",
}

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
    yield from _paragraph("certainty", f"{rule.certainty.value} ({CERTAINTIES[rule.certainty]})", styler)
    yield from _paragraph("severity", rule.severity.value, styler)


def _paragraph(label: str, text: str, styler: Styler) -> Iterator[str]:
    first, *more = wrap(text, _RULE_WIDTH - _RULE_INDENT - 2, break_long_words=False, break_on_hyphens=False)
    yield f"  {styler(f'{label}:'.ljust(_RULE_INDENT), Style.FAINT)}{first}"
    yield from (f"  {'':{_RULE_INDENT}}{line}" for line in more)
