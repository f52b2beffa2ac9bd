"""`reconciler explain CODE`: one rule of the catalogue, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import printing
from reconciler.errors import UsageError
from reconciler.reports.rules_report import render_rule
from reconciler.rules import RULES

if TYPE_CHECKING:
    from reconciler.cli.screen import Screen


@click.command("explain")
@click.argument("code", required=False)
@printing("text")
def command(screen: Screen, code: str | None) -> Exit:
    """Say what a rule code means, on whose word, and how to fix it.

    Without CODE, all codes are listed.
    """
    if code is None:
        screen.show({"text": lambda _: "".join(f"{rule.code}  {rule.title}\n" for rule in RULES.values())})
        return Exit.DONE
    wanted = code.strip().upper()
    rule = RULES.get(wanted) or RULES.get(f"ESA{wanted}")
    if rule is None:
        raise UsageError(f"no rule {code!r}", "reconciler explain  lists all of them")
    screen.show({"text": lambda styler: render_rule(rule, styler)})
    return Exit.DONE
