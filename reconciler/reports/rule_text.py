"""One rule of the catalogue for the terminal, as `explain` shows it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from reconciler.reports.paint import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.reports.paint import Paint
    from reconciler.rules.rule import Rule

_WIDTH = 88
_INDENT = 11


def render_rule(rule: Rule, paint: Paint) -> str:
    """What `rule` says, why, on whose word, how sure, and the way out; newline at the end."""
    return "".join(f"{line}\n" for line in _lines(rule, paint))


def _lines(rule: Rule, paint: Paint) -> Iterator[str]:
    first, *more = wrap(rule.title, _WIDTH - len(rule.code) - 2)
    yield f"{paint(rule.code, Style.CODE)}  {paint(first, Style.HEADING)}"
    yield from (f"{'':{len(rule.code)}}  {paint(line, Style.HEADING)}" for line in more)
    yield ""
    yield from _paragraph("why", rule.why, paint)
    yield from _paragraph("fix", rule.fix, paint)
    yield from _paragraph("source", rule.source, paint)
    yield from _paragraph("certainty", rule.certainty.value, paint)
    yield from _paragraph("severity", rule.severity.value, paint)


def _paragraph(label: str, text: str, paint: Paint) -> Iterator[str]:
    first, *more = wrap(text, _WIDTH - _INDENT - 2, break_long_words=False, break_on_hyphens=False)
    yield f"  {paint(f'{label}:'.ljust(_INDENT), Style.FAINT)}{first}"
    yield from (f"  {'':{_INDENT}}{line}" for line in more)
