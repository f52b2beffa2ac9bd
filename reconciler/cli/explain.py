"""`reconciler explain CODE`: one rule of the catalogue, in full."""

from __future__ import annotations

import difflib

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.output import paint_for, write
from reconciler.errors import UsageError
from reconciler.reports.rule_text import render_rule
from reconciler.rules import RULES


@click.command("explain")
@click.argument("code")
@options.color_option
def command(code: str, color: str) -> Exit:
    """Say what a rule code means: what, why, on whose word, how sure, and how to fix it."""
    rule = RULES.get(code.strip().upper())
    if rule is None:
        near = difflib.get_close_matches(code.upper(), RULES, 3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(f"no rule {code!r}", f"{hint}docs/rules.md lists all of them")
    write(render_rule(rule, paint_for(color)))
    return Exit.DONE
