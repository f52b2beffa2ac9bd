"""Where an apply takes place, and what every apply checks there before it writes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.exits import ExitCode, exit_of_plan, worst
from reconciler.cli.planned import build_plan, plan_renderers
from reconciler.cli.project import print_findings
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import read_live
from reconciler.cli.service import open_service
from reconciler.energycap.client import open_editor
from reconciler.errors import PlanFileError, UsageError
from reconciler.model.findings import Severity
from reconciler.planning.approval import check_guards
from reconciler.reports.escaping import escape_text
from reconciler.reports.plan_text import render_plan
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.cli.options import Scope
    from reconciler.cli.project import LoadedDefinitions, ProjectContext
    from reconciler.cli.screen import Output
    from reconciler.energycap.client import Editor
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


class Approval(Struct, frozen=True):
    """How the user approves an apply: asked at the terminal, or by --auto-approve."""

    must_ask: bool

    def require_terminal(self, fix: str) -> None:
        """Raise UsageError if the question cannot be asked, because there is no terminal."""
        if self.must_ask and not sys.stdin.isatty():
            raise UsageError("cannot ask for approval: there is no terminal", fix)


class ApplySession(Struct, frozen=True):
    """Where an apply takes place: the screen, the project, the service, and how many changes run side by side."""

    output: Output
    context: ProjectContext
    environment: Environment
    editor: Editor
    parallelism: int

    def plan(self, loaded: LoadedDefinitions, only: Sequence[str]) -> Plan:
        """The plan that the files and EnergyCAP ask for now."""
        return build_plan(
            self.context, self.environment, loaded, read_live(self.output, self.environment, self.editor), only
        )

    def show(self, plan: Plan) -> None:
        """Print `plan` as text where text was asked for."""
        self.output.render_only(TEXT, plan_renderers(plan, self.context.root)[TEXT])

    def check_guards(self, plan: Plan, *, is_reviewed: bool) -> ExitCode | None:
        """The exit code if a guard keeps `plan` from being carried out; None if none does."""
        stops = check_guards(plan, self.context.project.guards, is_reviewed=is_reviewed)
        if not stops:
            return None
        print_findings(self.output, stops, self.context.root)
        self.output.log("a guard stopped the apply; nothing was written")
        return worst((ExitCode.GUARDED, exit_of_plan(plan, detailed=False)))

    def refuse_errors(self, plan: Plan) -> None:
        """Print the errors of a plan that was made just now, and raise PlanFileError if it has any."""
        errors = [finding for finding in plan.findings if finding.severity is Severity.ERROR]
        if errors:
            print_findings(self.output, errors, self.context.root)
            raise PlanFileError(
                "files and EnergyCAP now give a plan with errors; nothing was written", "fix them, and plan again"
            )

    def confirm(self, plan: Plan) -> bool:
        """Whether the person at the terminal, who has seen `plan`, says yes."""
        if not self.output.shows_text:
            click.echo(render_plan(plan, no_style), err=True)
        count = len(plan.sendable)
        channels = f"{count} channel" if count == 1 else f"{count} channels"
        where = f"{self.environment.name} ({self.environment.url})"
        if click.confirm(f"Change {channels} in {where}?", err=True):
            return True
        self.output.log("not applied; nothing was written")
        return False


@contextmanager
def open_session(
    output: Output, context: ProjectContext, environment: Environment, parallelism: int
) -> Iterator[ApplySession]:
    """The service of `environment`, ready to be written to."""
    with (
        open_service(context.root, environment) as access,
        open_editor(access.url, access.key, tell=output.log, version_dates=environment.version_dates) as editor,
    ):
        yield ApplySession(output, context, environment, editor, parallelism)


def find_environment(context: ProjectContext, scope: Scope, plan: Plan) -> Environment:
    """The environment that `plan` was made for. Raises where another was asked for, or it now has another address."""
    name, url = escape_text(plan.environment), escape_text(plan.url)
    if scope.environment not in (None, plan.environment):
        raise UsageError(
            f"the plan is for {name}, not for {scope.environment}", "leave --environment out, or plan again"
        )
    environment = context.environment(plan.environment)
    if environment.url != plan.url:
        raise PlanFileError(
            f"the plan was made against {url}, but reconciler.yaml now gives {environment.url} for {name}",
            "plan again",
        )
    return environment
