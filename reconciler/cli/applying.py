"""A plan being carried out before the user's eyes: events, progress, Ctrl-C, and the account at the end."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

import click
from msgspec import Struct

from reconciler.apply.conduct import Conduct
from reconciler.apply.journal import open_journal, tell_journal
from reconciler.apply.recount import recount
from reconciler.apply.run import apply_plan
from reconciler.cli.exits import ExitCode, exit_of_result
from reconciler.cli.files import check_writable
from reconciler.cli.interrupts import stop_on_signals
from reconciler.cli.project import JOURNALS
from reconciler.cli.screen import TEXT
from reconciler.cli.standing import path_prefix
from reconciler.errors import FileError
from reconciler.model.outcomes import ApplyResult, Finished, Outcome, OutcomeStatus
from reconciler.reports.apply_markdown import render_result_markdown
from reconciler.reports.apply_report import (
    count_outcomes,
    render_event,
    render_result,
    render_summary_event,
    render_version_event,
    resume_command,
)
from reconciler.reports.findings_report import render_findings
from reconciler.reports.plan_text import render_comparison
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.screen import Output
    from reconciler.cli.site import ApplySession
    from reconciler.model.outcomes import Event
    from reconciler.model.plan import Plan
    from reconciler.planning.approval import Comparison

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
        conduct = Conduct(session.parallelism, on_event, stop, journal, task.known)
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
            session.output.log(count_outcomes(recount(content)))
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
