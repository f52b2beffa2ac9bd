"""What stops an apply although every change of the plan is legal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.findings import Severity
from reconciler.model.project import HistoryRewrites, OnBlocked
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Plan
    from reconciler.model.project import Guards, MaxChanges


def check_guards(plan: Plan, guards: Guards, *, is_reviewed: bool) -> tuple[Finding, ...]:
    """What stops this plan from being applied, with the numbers; empty where nothing does.

    `is_reviewed` says that a person saw the plan: it was saved, or shown with a question at a terminal.
    """
    return (
        *_check_count(plan, guards.max_changes),
        *_check_history(plan, guards.history_rewrites, is_reviewed=is_reviewed),
        *_check_blocked(plan, guards.blocked),
    )


def foresee_guards(plan: Plan, guards: Guards) -> tuple[Finding, ...]:
    """What will stop the apply of this plan even once it is reviewed, as warnings: a guard never stops a plan."""
    return tuple(
        replace(stop, severity=Severity.WARNING, message=f"apply will stop: {stop.message}")
        for stop in check_guards(plan, guards, is_reviewed=True)
    )


def _check_count(plan: Plan, limit: MaxChanges | None) -> Iterator[Finding]:
    count, managed = len(plan.sendable), plan.managed
    if limit is None or count <= (limit.number * managed / 100 if limit.is_percent else limit.number):
        return
    allowed = f"{limit.number:g}%" if limit.is_percent else f"{limit.number:g}"
    share = f" ({100 * count / managed:.0f}%)" if limit.is_percent and managed else ""
    yield make_finding(
        "ESA511", f"the plan changes {count} of {managed} managed channels{share}, guards.maxChanges is {allowed}"
    )


def _check_history(plan: Plan, rewrites: HistoryRewrites, *, is_reviewed: bool) -> Iterator[Finding]:
    if rewrites is HistoryRewrites.ALLOW or (rewrites is HistoryRewrites.ASK and is_reviewed):
        return
    rewriting = [change for change in plan.sendable if _rewrites_history(change)]
    if not rewriting:
        return
    fix = "take these edits out of the files" if rewrites is HistoryRewrites.FORBID else ""
    yield make_finding(
        "ESA512",
        f"the plan may rewrite stored values of {_count(rewriting, 'channel')}, "
        f"guards.historyRewrites is {rewrites.value}",
        detail=tuple(change.name for change in rewriting),
        fix=fix,
    )


def _check_blocked(plan: Plan, on_blocked: OnBlocked) -> Iterator[Finding]:
    if on_blocked is OnBlocked.STOP and plan.blocked:
        yield make_finding(
            "ESA513",
            f"the plan holds {_count(plan.blocked, 'blocked change')}, guards.blocked is {on_blocked.value}",
            detail=tuple(change.name for change in plan.blocked),
        )


def _count(changes: Sequence[Change], noun: str) -> str:
    return f"{len(changes)} {noun}" if len(changes) == 1 else f"{len(changes)} {noun}s"


def _rewrites_history(change: Change) -> bool:
    return any(edit.impact is Impact.HISTORY for edit in change.edits)
