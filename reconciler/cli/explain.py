"""`reconciler explain CODE`: one rule of the catalogue, in full."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import printing
from reconciler.errors import UsageError
from reconciler.reports.rule_text import render_rule
from reconciler.rules import RULES

if TYPE_CHECKING:
    from reconciler.cli.screen import Screen


@click.command("explain")
@click.argument("code")
@printing("text")
def command(screen: Screen, code: str) -> Exit:
    """Say what a rule code means, on whose word, and how to fix it."""
    rule = RULES.get(code.strip().upper())
    if rule is None:
        near = difflib.get_close_matches(code.upper(), RULES, 3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"no rule {code!r}", f"{hint}docs/rules.md lists all of them")
    screen.show({"text": lambda paint: render_rule(rule, paint)})
    return Exit.DONE
