"""What every apply does: plan, guards, approval, progress, events, and the result."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.journal import find_journal, open_journal
from reconciler.apply.journal_reader import result_from_journal
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.cli.build_plan import build_plan, plan_renderers
from reconciler.cli.exit_codes import ExitCode, exit_of_plan, exit_of_result, worst
from reconciler.cli.file_io import check_writable
from reconciler.cli.inputs import ReadingSource, open_service, print_findings, read_live
from reconciler.cli.output import TEXT
from reconciler.cli.paths import JOURNALS, path_prefix
from reconciler.cli.signals import stop_on_signals
from reconciler.energycap.client import open_editor
from reconciler.errors import FileError, PlanFileError, UsageError
from reconciler.model.findings import Severity
from reconciler.model.outcomes import ApplyResult, Finished, Outcome, OutcomeStatus
from reconciler.planning.approval import check_guards
from reconciler.planning.plan import matches_filter
from reconciler.reports.apply_report import (
    count_outcomes,
    render_event,
    render_result,
    render_result_markdown,
    render_summary_event,
    render_version_event,
    resume_command,
)
from reconciler.reports.escaping import escape_text
from reconciler.reports.findings_report import render_findings
from reconciler.reports.formatting import count
from reconciler.reports.plan_text import render_comparison, render_plan
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.command_line import Scope
    from reconciler.cli.inputs import LoadedDefinitions, ProjectContext
    from reconciler.cli.output import Output
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
            raise UsageError("cannot ask for confirmation: stdin is not a terminal", fix)


class ApplySession(Struct, frozen=True):
    """What an apply works with: output, project and service; `parallelism` is how many changes run at once."""

    output: Output
    context: ProjectContext
    environment: Environment
    editor: Editor
    parallelism: int

    def plan(self, loaded: LoadedDefinitions, only: Sequence[str], *, is_shown: bool = False) -> Plan:
        """The plan made from the files and EnergyCAP as they are now; readings are asked for if it `is_shown`."""
        live = read_live(self.output, self.environment, self.editor)
        if is_shown:
            live = replace(live, readings=ReadingSource(self.editor, self.output))
        return build_plan(self.context, self.environment, loaded, live, only)

    def plan_again(self, loaded: LoadedDefinitions, earlier: Plan) -> Plan:
        """The plan made now for the channels of `earlier`, also for those that its filter took in for others alone."""
        only = earlier.filter
        if not only:
            return self.plan(loaded, only)
        # Once such a channel is as planned, no change depends on it, and the filter would leave it out.
        asked = {change.name for change in earlier.changes if not matches_filter(change.name, only)}
        names = (one.name for one in loaded.definitions.channels if one.name in asked)
        # Nobody wrote these names, so the filter that is shown does not have them.
        return replace(self.plan(loaded, (*only, *names)), filter=only)

    def show(self, plan: Plan) -> None:
        """Print `plan` as text if text output is on."""
        self.output.render_only(TEXT, plan_renderers(plan, self.context.root)[TEXT])

    def check_guards(self, plan: Plan, *, is_reviewed: bool) -> ExitCode | None:
        """The exit code if a guard stops `plan`; None if no guard does."""
        stops = check_guards(plan, self.context.project.guards, is_reviewed=is_reviewed)
        if not stops:
            return None
        print_findings(self.output, stops, self.context.root)
        self.output.log("a guard stopped the apply; nothing was written")
        return worst((ExitCode.GUARDED, exit_of_plan(plan, detailed=False)))

    def refuse_errors(self, plan: Plan) -> None:
        """If `plan`, made just now, has errors: print them and raise PlanFileError."""
        errors = [finding for finding in plan.findings if finding.severity is Severity.ERROR]
        if errors:
            print_findings(self.output, errors, self.context.root)
            raise PlanFileError(
                "the plan made from files and EnergyCAP now has errors; nothing was written", "fix them and plan again"
            )

    def confirm(self, plan: Plan) -> bool:
        """Whether the user, who has seen `plan`, confirms it at the terminal."""
        # With another format on stdout, the plan that is asked about has not been shown yet.
        if not self.output.shows_text:
            click.echo(render_plan(plan, no_style), err=True)
        created = len(plan.creations)
        changed = len(plan.sendable) - created
        question = [f"create {count(created, 'channel')}"] if created else []
        question += [f"change {count(changed, 'channel')}"] if changed else []
        where = f"{self.environment.name} ({self.environment.url})"
        if click.confirm(f"{' and '.join(question).capitalize()} in {where}?", err=True):
            return True
        self.output.log("not applied; nothing was written")
        return False


@contextmanager
def open_session(
    output: Output, context: ProjectContext, environment: Environment, parallelism: int
) -> Iterator[ApplySession]:
    """A session with the service of `environment`, open for writes until the end of the block."""
    with (
        open_service(context.root, environment) as access,
        open_editor(access.url, access.key, tell=output.log, version_dates=environment.version_dates) as editor,
    ):
        yield ApplySession(output, context, environment, editor, parallelism)


def find_environment(context: ProjectContext, scope: Scope, plan: Plan) -> Environment:
    """The environment `plan` was made for.

    Raises UsageError if --environment names another one, and PlanFileError if its URL has changed since.
    """
    name, url = escape_text(plan.environment), escape_text(plan.url)
    if scope.environment not in (None, plan.environment):
        raise UsageError(
            f"the plan is for {name}, not for {scope.environment}", "leave --environment out, or plan again"
        )
    environment = context.environment(plan.environment)
    # The name may have been given to another EnergyCAP since, where the same ids are other channels.
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
    """What to apply: `plan`, and the outcomes already known without it.

    `journal_plan` is the plan of the journal to continue; None starts a new journal.
    """

    plan: Plan
    known_outcomes: tuple[Outcome, ...] = ()
    journal_plan: Plan | None = None


def run_task(session: ApplySession, task: ApplyTask) -> ExitCode:
    """Apply `task` and print new findings about EnergyCAP: the exit code."""
    result = run_apply(session, task)
    # Those of the plan were printed with it; these came up while writing.
    if news := [finding for finding in session.editor.findings if finding not in task.plan.findings]:
        session.output.log(render_findings(news, no_style, path_prefix(session.context.root)))
    session.output.log_verbose(f"requests: {session.editor.requests.total()}")
    return exit_of_result(task.plan, result)


def apply_shown(session: ApplySession, plan: Plan, approval: Approval, *, is_reviewed: bool) -> ExitCode:
    """Apply `plan`, which was shown, unless a guard stops it, it has nothing to send, or the user does not confirm."""
    stopped = session.check_guards(plan, is_reviewed=is_reviewed)
    if stopped:
        return stopped
    if not plan.sendable:
        _report(session.output, plan, ())
        return exit_of_plan(plan, detailed=False)
    if approval.must_ask and not session.confirm(plan):
        return ExitCode.FAILED
    return run_task(session, ApplyTask(plan))


def run_apply(session: ApplySession, task: ApplyTask) -> ApplyResult:
    """Apply the plan of `task`: JSON events are written as they happen, the result as text at the end.

    Every write is in the journal before it is sent. The first Ctrl-C or SIGTERM finishes the requests in flight and
    starts no more; the second ends the process at once and leaves the writes in flight open in the journal.
    """
    for target in session.output.targets:
        # Checked before the journal is created: an apply that sends nothing leaves no journal.
        if target.file:
            check_writable(target.file)
    try:
        return _run_apply(session, task)
    except KeyboardInterrupt:
        _exit_at_once(session, task)


def _run_apply(session: ApplySession, task: ApplyTask) -> ApplyResult:
    output, plan, total = session.output, task.plan, len(task.plan.sendable)
    with ExitStack() as stack:
        # A run that cannot write creates no journal: --resume takes the latest, and that must be one with writes.
        folder, journal_plan = session.context.own_path(JOURNALS), task.journal_plan or plan
        journal = stack.enter_context(open_journal(folder, journal_plan)) if total or task.journal_plan else None
        say = stack.enter_context(_open_events(output))
        progress = stack.enter_context(_progress(output, total))
        stop = stack.enter_context(stop_on_signals(output))

        def on_event(event: Event) -> None:
            say(render_event(event))
            progress(event)

        say(render_version_event(plan, len(task.known_outcomes) + total))
        _emit_known(say, task.known_outcomes, total)
        conduct = ApplyOptions(session.parallelism, on_event, stop, journal, task.known_outcomes)
        result = apply_plan(plan, session.editor, session.environment, conduct)
        say(render_summary_event(result))
    _render_result(output, plan, result)
    # What was written must be reported somewhere, even if the disk behind the events is full.
    if not say.is_complete and not output.shows_text:
        click.echo(render_result(plan, result, no_style), err=True)
    return result


def _emit_known(say: Callable[[str], None], known: Sequence[Outcome], more: int) -> None:
    for index, outcome in enumerate(known, 1):
        say(render_event(Finished(outcome, index, len(known) + more)))


def outcomes_already_done(reviewed: Plan, current: Plan, comparison: Comparison) -> tuple[Outcome, ...]:
    """The outcomes of the reviewed changes that are already live, by the plan made now."""
    # A reviewed channel that was new has an id now.
    ids = {change.name: change.channel_id for change in current.changes}
    return tuple(
        Outcome(change.name, ids[change.name], OutcomeStatus.DONE, was_already_applied=True)
        for change in reviewed.sendable
        if change.name in comparison.done
    )


def _exit_at_once(session: ApplySession, task: ApplyTask) -> NoReturn:
    """End the process at once: a normal exit would wait for threads that still wait for responses."""
    # The journal has the outcomes: the threads that would report them are abandoned here.
    with suppress(FileError):
        content = find_journal(session.context.own_path(JOURNALS), task.journal_plan or task.plan)
        if content:
            session.output.log(count_outcomes(result_from_journal(content)))
    resume = resume_command(task.plan)
    session.output.log(f"stopped: a write in flight may still have been applied; to check and continue:  {resume}")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(ExitCode.INTERRUPTED)


def report_stale(output: Output, plan: Plan, comparison: Comparison) -> None:
    """Report, as text and as events, that the reviewed `plan` was not applied, and why."""
    output.render_only(TEXT, lambda styler: render_comparison(comparison, styler))
    reasons = comparison.reasons
    outcomes = [
        Outcome(change.name, change.channel_id, OutcomeStatus.STALE, reasons[change.name])
        if change.name in reasons
        else Outcome(change.name, change.channel_id, OutcomeStatus.NOT_TRIED, "the plan is stale")
        for change in plan.sendable
    ]
    _report(output, plan, outcomes)


def _report(output: Output, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Report outcomes without an apply in the formats of an apply, except text, which the caller prints."""
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
    """Writes each line of JSON at once to all outputs for events.

    An output that cannot be written is reported once and dropped; the apply continues.
    """

    def __init__(self, writers: Sequence[Callable[[str], object]]) -> None:
        self._writers = list(writers)
        self.is_complete = True

    def __call__(self, line: str) -> None:
        for write in tuple(self._writers):
            try:
                write(line)
            except FileError as error:
                self._writers.remove(write)
                self.is_complete = False
                click.echo(f"cannot write more events; the journal has all of them: {error}", err=True)


@contextmanager
def _open_events(output: Output) -> Iterator[_EventWriter]:
    with ExitStack() as stack:
        targets = [target for target in output.targets if target.format == JSON]
        yield _EventWriter([stack.enter_context(output.open_lines(target, is_live=True)) for target in targets])


@contextmanager
def _progress(output: Output, total: int) -> Iterator[Callable[[Event], None]]:
    """A function that shows finished changes on stderr: a bar at a terminal, else a line every 50 changes."""
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
