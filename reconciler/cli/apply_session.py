"""What every apply does before the user's eyes: plan, guards, approval, progress, events, and the result."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

import click
from msgspec import Struct

from reconciler.apply.journal import open_journal, tell_journal
from reconciler.apply.journal_reader import result_from_journal
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.cli.build_plan import build_plan, plan_renderers
from reconciler.cli.exit_codes import ExitCode, exit_of_plan, exit_of_result, worst
from reconciler.cli.file_io import check_writable
from reconciler.cli.live_state import open_service, read_live
from reconciler.cli.output import TEXT
from reconciler.cli.paths import JOURNALS, path_prefix
from reconciler.cli.project_context import print_findings
from reconciler.cli.signals import stop_on_signals
from reconciler.energycap.client import open_editor
from reconciler.errors import FileError, PlanFileError, UsageError
from reconciler.model.findings import Severity
from reconciler.model.outcomes import ApplyResult, Finished, Outcome, OutcomeStatus
from reconciler.planning.approval import check_guards
from reconciler.reports.apply_markdown import render_result_markdown
from reconciler.reports.apply_report import (
    count_outcomes,
    render_event,
    render_result,
    render_summary_event,
    render_version_event,
    resume_command,
)
from reconciler.reports.escaping import escape_text
from reconciler.reports.findings_report import render_findings
from reconciler.reports.plan_text import render_comparison, render_plan
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.command_line import Scope
    from reconciler.cli.output import Output
    from reconciler.cli.project_context import LoadedDefinitions, ProjectContext
    from reconciler.energycap.client import Editor
    from reconciler.model.outcomes import Event
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from reconciler.planning.approval import Comparison


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


JSON, MARKDOWN = "json", "markdown"
FORMATS = (TEXT, MARKDOWN, JSON)
_CHANGES_PER_LINE = 50


class ApplyTask(Struct, frozen=True):
    """What an apply carries out: `plan`, and the outcomes that were `known` without it.

    `begun` is the plan of the journal that is gone on with; None for a journal of its own.
    """

    plan: Plan
    known: tuple[Outcome, ...] = ()
    begun: Plan | None = None


def run_task(session: ApplySession, task: ApplyTask) -> ExitCode:
    """Carry out `task` before the user's eyes: the exit code, after what EnergyCAP said besides."""
    result = run_apply(session, task)
    if news := [finding for finding in session.editor.findings if finding not in task.plan.findings]:
        session.output.log(render_findings(news, no_style, path_prefix(session.context.root)))
    session.output.log_verbose(f"requests: {session.editor.requests.total()}")
    return exit_of_result(task.plan, result)


def run_apply(session: ApplySession, task: ApplyTask) -> ApplyResult:
    """Apply the plan of `task`: JSON events are printed as they happen, the text of the account at the end.

    Every write stands in the journal before it is sent. Ctrl-C, or a SIGTERM, finishes what is in flight and tries
    nothing more; a second one ends the process at once, and what was in flight stays open in the journal.
    """
    for target in session.output.targets:
        # Before the journal is begun: an apply that sends nothing leaves none.
        if target.file:
            check_writable(target.file)
    try:
        return _run_apply(session, task)
    except KeyboardInterrupt:
        _exit_at_once(session, task)


def _run_apply(session: ApplySession, task: ApplyTask) -> ApplyResult:
    output, plan, total = session.output, task.plan, len(task.plan.sendable)
    with ExitStack() as stack:
        # A run that can write nothing leaves no journal, which would hide the last that did from who looks for it.
        folder, journalled = session.context.own_path(JOURNALS), task.begun or plan
        journal = stack.enter_context(open_journal(folder, journalled)) if total or task.begun else None
        say = stack.enter_context(_open_events(output))
        progress = stack.enter_context(_progress(output, total))
        stop = stack.enter_context(stop_on_signals(output))

        def on_event(event: Event) -> None:
            say(render_event(event))
            progress(event)

        say(render_version_event(plan, len(task.known) + total))
        _emit_known(say, task.known, total)
        conduct = ApplyOptions(session.parallelism, on_event, stop, journal, task.known)
        result = apply_plan(plan, session.editor, session.environment, conduct)
        say(render_summary_event(result))
    _render_result(output, plan, result)
    if not say.is_whole and not output.shows_text:
        click.echo(render_result(plan, result, no_style), err=True)
    return result


def _emit_known(say: Callable[[str], None], known: Sequence[Outcome], more: int) -> None:
    for index, outcome in enumerate(known, 1):
        say(render_event(Finished(outcome, index, len(known) + more)))


def outcomes_already_done(reviewed: Plan, comparison: Comparison) -> tuple[Outcome, ...]:
    """The outcomes of reviewed changes that are live already."""
    return tuple(
        Outcome(change.name, change.channel_id, OutcomeStatus.DONE, was_already_applied=True)
        for change in reviewed.sendable
        if change.name in comparison.done
    )


def _exit_at_once(session: ApplySession, task: ApplyTask) -> NoReturn:
    """End the process without waiting for threads that wait for answers, as an orderly exit would."""
    with suppress(FileError):
        content = tell_journal(session.context.own_path(JOURNALS), task.begun or task.plan)
        if content:
            session.output.log(count_outcomes(result_from_journal(content)))
    resume = resume_command(task.plan)
    session.output.log(f"stopped: a write in flight may still have been done; to check and continue:  {resume}")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(ExitCode.INTERRUPTED)


def report_stale(output: Output, plan: Plan, comparison: Comparison) -> None:
    """Say that nothing of the reviewed `plan` was carried out, and why: as text, and as the events of an apply."""
    output.render_only(TEXT, lambda styler: render_comparison(comparison, styler))
    reasons = comparison.reasons
    outcomes = [
        Outcome(change.name, change.channel_id, OutcomeStatus.STALE, reasons[change.name])
        if change.name in reasons
        else Outcome(change.name, change.channel_id, OutcomeStatus.NOT_TRIED, "the plan is stale")
        for change in plan.sendable
    ]
    _report(output, plan, outcomes)


def report_nothing(output: Output, plan: Plan) -> None:
    """Say to those who read no plan that there was nothing to send."""
    _report(output, plan, ())


def _report(output: Output, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Tell of outcomes without an apply as an apply would, but for the text, which says it better."""
    result = ApplyResult(tuple(outcomes))
    with _open_events(output) as say:
        say(render_version_event(plan, len(outcomes)))
        _emit_known(say, outcomes, 0)
        say(render_summary_event(result))
    output.render_only(MARKDOWN, lambda _: render_result_markdown(plan, result))


def _render_result(output: Output, plan: Plan, result: ApplyResult) -> None:
    output.render_result(
        {
            TEXT: lambda styler: render_result(plan, result, styler),
            MARKDOWN: lambda _: render_result_markdown(plan, result),
        }
    )


class _EventWriter:
    """Puts a line of JSON wherever it is wanted, at once.

    If a line cannot be written, that is said once, and the apply continues without it.
    """

    def __init__(self, writers: Sequence[Callable[[str], object]]) -> None:
        self._writers = list(writers)
        self.is_whole = True

    def __call__(self, line: str) -> None:
        for write in tuple(self._writers):
            try:
                write(line)
            except FileError as error:
                self._writers.remove(write)
                self.is_whole = False
                click.echo(f"events can no longer be written; the journal has all of them: {error}", err=True)


@contextmanager
def _open_events(output: Output) -> Iterator[_EventWriter]:
    with ExitStack() as stack:
        wanted = [target for target in output.targets if target.format == JSON]
        yield _EventWriter([stack.enter_context(output.open_lines(target, is_live=True)) for target in wanted])


@contextmanager
def _progress(output: Output, total: int) -> Iterator[Callable[[Event], None]]:
    """A function that counts finished changes on stderr: a bar at a terminal, now and then a line elsewhere."""
    finished = 0
    with output.open_progress_bar(total, "applying") as advance:

        def progress(event: Event) -> None:
            nonlocal finished
            if not isinstance(event, Finished):
                return
            finished += 1
            if advance is not None:
                advance(1)
            elif finished % _CHANGES_PER_LINE == 0:
                output.log(f"applied {finished}/{total} changes")

        yield progress
