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
from reconciler.cli.exits import Exit, exit_of_account
from reconciler.cli.files import check_target
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

    from reconciler.cli.screen import Screen
    from reconciler.cli.site import Site
    from reconciler.model.outcomes import Event
    from reconciler.model.plan import Plan
    from reconciler.planning.approval import Comparison

JSON, MARKDOWN = "json", "markdown"
FORMATS = (TEXT, MARKDOWN, JSON)
_COUNTED = 50


class Task(Struct, frozen=True):
    """What an apply carries out: `plan`, and the outcomes that were `known` without it.

    `begun` is the plan of the journal that is gone on with; None for a journal of its own.
    """

    plan: Plan
    known: tuple[Outcome, ...] = ()
    begun: Plan | None = None


def apply_task(site: Site, task: Task) -> Exit:
    """Carry out `task` before the user's eyes: the exit code, after what EnergyCAP said besides."""
    account = carry_out(site, task)
    if news := [finding for finding in site.editor.findings if finding not in task.plan.findings]:
        site.screen.remark(render_findings(news, no_style, path_prefix(site.workplace.root)))
    site.screen.remark_more(f"requests: {site.editor.requests.total()}")
    return exit_of_account(task.plan, account)


def carry_out(site: Site, task: Task) -> ApplyResult:
    """Apply the plan of `task`: JSON events are printed as they happen, the text of the account at the end.

    Every write stands in the journal before it is sent. Ctrl-C, or a SIGTERM, finishes what is in flight and tries
    nothing more; a second one ends the process at once, and what was in flight stays open in the journal.
    """
    for output in site.screen.outputs:
        # Before the journal is begun: an apply that sends nothing leaves none.
        if output.file:
            check_target(output.file)
    try:
        return _carry_out(site, task)
    except KeyboardInterrupt:
        _leave_at_once(site, task)


def _carry_out(site: Site, task: Task) -> ApplyResult:
    screen, plan, total = site.screen, task.plan, len(task.plan.sendable)
    with ExitStack() as stack:
        # A run that can write nothing leaves no journal, which would hide the last that did from who looks for it.
        folder, journalled = site.workplace.find_place(JOURNALS), task.begun or plan
        journal = stack.enter_context(open_journal(folder, journalled)) if total or task.begun else None
        say = stack.enter_context(_open_events(screen))
        progress = stack.enter_context(_progress(screen, total))
        stop = stack.enter_context(stop_on_signals(screen))

        def on_event(event: Event) -> None:
            say(render_event(event))
            progress(event)

        say(render_version_event(plan, len(task.known) + total))
        _say_known(say, task.known, total)
        conduct = Conduct(site.parallelism, on_event, stop, journal, task.known)
        account = apply_plan(plan, site.editor, site.environment, conduct)
        say(render_summary_event(account))
    _show_account(screen, plan, account)
    if not say.is_whole and not screen.shows_text:
        click.echo(render_result(plan, account, no_style), err=True)
    return account


def _say_known(say: Callable[[str], None], known: Sequence[Outcome], more: int) -> None:
    for index, outcome in enumerate(known, 1):
        say(render_event(Finished(outcome, index, len(known) + more)))


def list_done(reviewed: Plan, comparison: Comparison) -> tuple[Outcome, ...]:
    """The outcomes of reviewed changes that are live already."""
    return tuple(
        Outcome(change.name, change.channel_id, OutcomeStatus.DONE, was_already_applied=True)
        for change in reviewed.sendable
        if change.name in comparison.done
    )


def _leave_at_once(site: Site, task: Task) -> NoReturn:
    """End the process without waiting for threads that wait for answers, as an orderly exit would."""
    with suppress(FileError):
        chronicle = tell_journal(site.workplace.find_place(JOURNALS), task.begun or task.plan)
        if chronicle:
            site.screen.remark(count_outcomes(recount(chronicle)))
    resume = resume_command(task.plan)
    site.screen.remark(f"stopped: a write in flight may still have been done; to check and continue:  {resume}")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(Exit.INTERRUPTED)


def report_stale(screen: Screen, plan: Plan, comparison: Comparison) -> None:
    """Say that nothing of the reviewed `plan` was carried out, and why: as text, and as the events of an apply."""
    screen.show_only(TEXT, lambda styler: render_comparison(comparison, styler))
    reasons = comparison.reasons
    outcomes = [
        Outcome(change.name, change.channel_id, OutcomeStatus.STALE, reasons[change.name])
        if change.name in reasons
        else Outcome(change.name, change.channel_id, OutcomeStatus.NOT_TRIED, "the plan is stale")
        for change in plan.sendable
    ]
    _report(screen, plan, outcomes)


def report_nothing(screen: Screen, plan: Plan) -> None:
    """Say to those who read no plan that there was nothing to send."""
    _report(screen, plan, ())


def _report(screen: Screen, plan: Plan, outcomes: Sequence[Outcome]) -> None:
    """Tell of outcomes without an apply as an apply would, but for the text, which says it better."""
    account = ApplyResult(tuple(outcomes))
    with _open_events(screen) as say:
        say(render_version_event(plan, len(outcomes)))
        _say_known(say, outcomes, 0)
        say(render_summary_event(account))
    screen.show_only(MARKDOWN, lambda _: render_result_markdown(plan, account))


def _show_account(screen: Screen, plan: Plan, account: ApplyResult) -> None:
    screen.show_account(
        {
            TEXT: lambda styler: render_result(plan, account, styler),
            MARKDOWN: lambda _: render_result_markdown(plan, account),
        }
    )


class _Events:
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
def _open_events(screen: Screen) -> Iterator[_Events]:
    with ExitStack() as stack:
        wanted = [output for output in screen.outputs if output.format == JSON]
        yield _Events([stack.enter_context(screen.open_lines(output, is_live=True)) for output in wanted])


@contextmanager
def _progress(screen: Screen, total: int) -> Iterator[Callable[[Event], None]]:
    """A function that counts finished changes on stderr: a bar at a terminal, now and then a line elsewhere."""
    finished = 0
    with screen.open_bar(total, "applying") as advance:

        def progress(event: Event) -> None:
            nonlocal finished
            if not isinstance(event, Finished):
                return
            finished += 1
            if advance is not None:
                advance(1)
            elif finished % _COUNTED == 0:
                screen.remark(f"applied {finished}/{total} changes")

        yield progress
