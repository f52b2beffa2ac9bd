"""`reconciler explain CODE`: one rule of the catalogue, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.command_line import output_options
from reconciler.cli.exit_codes import ExitCode
from reconciler.errors import UsageError
from reconciler.reports.rules_report import render_rule
from reconciler.rules import RULES

if TYPE_CHECKING:
    from reconciler.cli.output import Output


@click.command("explain")
@click.argument("code", required=False)
@output_options("text")
def command(output: Output, code: str | None) -> ExitCode:
    """Explain a rule: what its code means, where it comes from, and how to fix what it finds.

    Without CODE, list all codes.
    """
    if code is None:
        output.render({"text": lambda _: "".join(f"{rule.code}  {rule.title}\n" for rule in RULES.values())})
        return ExitCode.DONE
    wanted = code.strip().upper()
    rule = RULES.get(wanted) or RULES.get(f"ESA{wanted}")
    if rule is None:
        raise UsageError(f"no rule {code!r}", "reconciler explain  lists all of them")
    output.render({"text": lambda styler: render_rule(rule, styler)})
    return ExitCode.DONE
