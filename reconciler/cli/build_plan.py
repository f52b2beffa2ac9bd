"""A plan for a command: made from files and service, and rendered in each format."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler import __version__
from reconciler.cli.command_line import View
from reconciler.cli.paths import folder_in_repository, path_prefix
from reconciler.cli.swap_readings import check_swaps, guess_swaps
from reconciler.definitions.commits import has_uncommitted, list_left_out
from reconciler.definitions.git import read_commit
from reconciler.definitions.load import locate_findings
from reconciler.errors import ProjectError, UsageError
from reconciler.model.plan import Origin, Plan
from reconciler.planfile.writing import render_plan_file
from reconciler.planning.approval import preview_guards
from reconciler.planning.changes import mark_drift
from reconciler.planning.context import find_unasked
from reconciler.planning.conversions import list_new_formulas
from reconciler.planning.plan import PlanRequest, make_plan
from reconciler.planning.removed import (
    find_renames,
    list_removed,
    removed_findings,
    rename,
    renamed_findings,
    reselected_findings,
)
from reconciler.planning.versions import list_new_begins
from reconciler.reports.findings_formats import render_gitlab_terraform
from reconciler.reports.findings_report import render_findings
from reconciler.reports.plan_text import render_plan
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.cli.inputs import LiveState, LoadedDefinitions, ProjectContext
    from reconciler.definitions.commits import Base
    from reconciler.definitions.load import LoadResult
    from reconciler.model.channels import Definitions, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.formulas import FormulaVerdict
    from reconciler.model.project import Environment
    from reconciler.reports.terminal import Styler


def build_plan(
    context: ProjectContext, environment: Environment, loaded: LoadedDefinitions, live: LiveState, only: Sequence[str]
) -> Plan:
    """The plan that turns `live` into the definitions `loaded`, with all findings."""
    commit, uncommitted, git_findings = _find_commit(context.root, context.project.definitions)
    basis = PlanRequest(
        tool_version=__version__,
        environment=environment,
        created=utc_now(),
        commit=commit,
        folder=folder_in_repository(context.root) or "",
        uncommitted=uncommitted,
        filter=tuple(only),
        not_found=context.project.guards.not_found,
    )
    snapshot = _add_data_points(live, loaded.definitions)
    plan = make_plan(loaded.definitions, snapshot, basis)
    # Only a first plan knows which formulas are new. EnergyCAP is asked about these, and what it rejects is blocked in
    # the second one.
    verdicts = _validate_formulas(plan, live)
    if refusals := {channel_id: verdict.reasons for channel_id, verdict in verdicts.items() if verdict.reasons}:
        plan = make_plan(loaded.definitions, snapshot, replace(basis, formula_rejections=refusals))
    unasked = {channel_id: verdict.unasked for channel_id, verdict in verdicts.items() if verdict.unasked}
    released: tuple[Finding, ...] = ()
    if loaded.base is not None:
        plan, released = _compare_with_base(loaded.base, plan, loaded.definitions, live)
    noted = (*find_unasked(plan, loaded.definitions, unasked), *check_swaps(plan, loaded.definitions, live))
    noted += tuple(_check_begins(plan, loaded.definitions, live))
    findings = (
        *loaded.warnings,
        *git_findings,
        *released,
        *_base_findings(plan, loaded.base),
        *locate_findings(context.root, (*plan.findings, *noted)),
        *live.findings,
        *preview_guards(plan, context.project.guards),
    )
    guessed = guess_swaps(plan, live)
    return replace(guessed, snapshot=live.taken, findings=tuple(sorted(findings, key=lambda finding: finding.order)))


def _check_begins(plan: Plan, definitions: Definitions, live: LiveState) -> Iterator[Finding]:
    """A warning for each new begin of a version in an hour that clocks skip or repeat, if the time zone is known."""
    begins = list_new_begins(plan.changes)
    # A plan that is only compared with a reviewed one is not shown.
    if not begins or (live.readings is None and live.taken is None):
        return
    # Imported here because few plans have new begins.
    from reconciler.readings.clock_changes import explain_clock_change
    from reconciler.readings.zones import find_zones, read_zones

    ids = sorted({change.data_point.id for change, _, _ in begins})
    zones = read_zones(live.readings.reader, ids) if live.readings else find_zones(live.zone_codes, ids)
    written = {channel.name: channel for channel in definitions.channels}
    for change, path, begin in begins:
        zone = zones.get(change.data_point.id)
        found = explain_clock_change(datetime.fromisoformat(begin), zone) if zone else None
        if found:
            message = f"the version would begin at {begin}, which {found[0]}"
            yield make_finding(
                "ESA537", message, written[change.name].locate(path), fix=f"write a beginDate {found[1]}  or later"
            )


def _add_data_points(live: LiveState, definitions: Definitions) -> Snapshot:
    """The live state with the data points on which channels are to be created and no channel is yet."""
    asked = {one.data_point_id for one in definitions.channels if one.creates and one.data_point_id is not None}
    missing = asked - {channel.data_point.id for channel in live.snapshot.channels} if asked else asked
    return replace(live.snapshot, data_points=live.read_data_points(missing)) if missing else live.snapshot


def _compare_with_base(
    base: Base, plan: Plan, definitions: Definitions, live: LiveState
) -> tuple[Plan, tuple[Finding, ...]]:
    """`plan` with the origin of each edit, and findings about channels that the files manage only at `base`."""
    renames = find_renames(definitions, base.definitions, live.snapshot.channels)
    past = rename(base.definitions, renames)
    marked = mark_drift(plan, definitions, past, live.snapshot.channels, is_whole=not base.unread)
    released = list_removed(definitions, past, plan.filter)
    findings = (
        *removed_findings(released),
        *renamed_findings(renames, plan.filter),
        *reselected_findings(definitions, past, live.snapshot.channels, plan.filter),
    )
    return replace(marked, released=released), findings


def _find_commit(root: Path, folders: Sequence[str]) -> tuple[str | None, bool | None, tuple[Finding, ...]]:
    """The current commit, whether files differ from it, and findings about files that git did not check out."""
    # A plan needs git only to name its commit. If git fails, that is a finding, and the plan is made without it.
    try:
        commit = read_commit(root)
    except ProjectError as error:
        return None, None, (_git_warning(error),)
    if commit is None:
        return None, None, ()
    left_out = _find_not_checked_out(root, folders)
    try:
        return commit, has_uncommitted(root, folders), left_out
    except ProjectError as error:
        return commit, None, tuple(dict.fromkeys((_git_warning(error), *left_out)))


def _find_not_checked_out(root: Path, folders: Sequence[str]) -> tuple[Finding, ...]:
    try:
        files = list_left_out(root, folders)
    except ProjectError as error:
        return (_git_warning(error),)
    more = f" and {len(files) - 3} more" if files[3:] else ""
    message = f"not checked out, so not in this plan: {', '.join(files[:3])}{more}"
    return (make_finding("ESA154", message),) if files else ()


def _git_warning(error: ProjectError) -> Finding:
    return make_finding("ESA150", error.message, fix=error.fix)


def _base_findings(plan: Plan, base: Base | None) -> tuple[Finding, ...]:
    """Findings about the base; those about files unreadable there only if an edit depends on them."""
    if base is None:
        return ()
    edits = (edit for change in plan.changes for edit in change.edits)
    # A file that is unreadable at the base matters only if the channel of an edit may have been in it.
    is_unknown = any(edit.origin is Origin.UNKNOWN for edit in edits)
    return (*base.notes, *(base.gaps if is_unknown else ()))


def failed_plan(root: Path, environment: Environment, broken: LoadResult) -> Plan:
    """The plan if the definitions have errors: no changes, the findings, and it cannot be applied."""
    return Plan(
        tool_version=__version__,
        environment=environment.name,
        url=environment.url,
        created=utc_now(),
        commit=None,
        definitions_digest=broken.definitions.digest,
        filter=(),
        changes=(),
        unmanaged=0,
        managed=0,
        findings=broken.findings,
        folder=folder_in_repository(root) or "",
    )


def _validate_formulas(plan: Plan, live: LiveState) -> dict[int, FormulaVerdict]:
    """The verdict of the service on each new formula of `plan`, by channel; empty for a snapshot."""
    new = list_new_formulas(plan)
    answers = live.validate([(data_point_id, formula) for _, data_point_id, formula in new])
    return {channel_id: answer for (channel_id, _, _), answer in zip(new, answers, strict=False)}


def plan_renderers(plan: Plan, root: Path, view: View | None = None) -> Mapping[str, Callable[[Styler], str]]:
    """How `plan` is rendered in each of PLAN_FORMATS."""
    shown = view or View()
    return {
        "text": lambda styler: _render_text(plan, root, styler, show_unchanged=shown.shows_unchanged),
        "markdown": lambda _: _render_markdown(plan, shown.budget),
        "html": lambda _: _render_html(plan),
        "json": lambda _: render_plan_file(plan),
        "gitlab-terraform": lambda _: render_gitlab_terraform(plan),
    }


def _render_markdown(plan: Plan, budget: int) -> str:
    from reconciler.reports.plan_markdown import render_plan_markdown

    return render_plan_markdown(plan, budget)


def _render_html(plan: Plan) -> str:
    # This report alone needs jinja2, which is slow to import.
    from reconciler.reports.plan_html import render_plan_html

    return render_plan_html(plan)


def _render_text(plan: Plan, root: Path, styler: Styler, *, show_unchanged: bool) -> str:
    text = render_plan(plan, styler, show_unchanged=show_unchanged)
    if not plan.findings:
        return text
    # Findings come between the summary and the changes, so that a long plan does not hide them.
    sentence, gap, rest = text.partition("\n\n")
    return f"{sentence}{gap}{render_findings(plan.findings, styler, path_prefix(root))}\n{rest}"


def utc_now() -> str:
    """The current time in UTC, or the time that SOURCE_DATE_EPOCH gives, for output that is the same in every run.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        moment = datetime.now(UTC)
    else:
        try:
            moment = datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}", "give whole seconds since 1970, or unset it") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
