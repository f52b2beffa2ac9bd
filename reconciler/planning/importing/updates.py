"""Live values written to files that manage them, and the check that the plan is then empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import (
    CHANNEL_INFO,
    FIELD_AT,
    OBSERVATION_TYPE_ID,
    current_path,
    find_version,
    name_version,
)
from reconciler.model.findings import Severity
from reconciler.planning.importing.drafting import NOT_REPRESENTABLE
from reconciler.planning.importing.inventory import Kept, Skipped
from reconciler.planning.matching import find_identifiers
from reconciler.planning.messages import locate_identifiers, name_select, shorten, show_value, show_values
from reconciler.planning.versions import name_versions
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired, Live
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Edit, Plan
    from reconciler.model.values import Spec
    from reconciler.planning.importing.inventory import CanHold


class Updates(Struct, frozen=True):
    """The values to write, by file and channel name, those that a file cannot hold, and those that the files keep.

    Paths are those of the edits of a plan. `currents` has the begin of the current version of each channel that lists
    its versions, by name. `pending` are listed versions that EnergyCAP does not have.
    """

    files: Mapping[str, Mapping[str, Spec]]
    left_out: tuple[Skipped, ...]
    kept: tuple[Kept, ...] = ()
    currents: Mapping[str, str] = {}
    pending: tuple[Skipped, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The channels whose values in the files change."""
        return frozenset(name for channels in self.files.values() for name in channels)


_NOT_LIVE = "EnergyCAP has no version that begins then"


def find_updates(plan: Plan, names: Collection[str], can_hold: CanHold) -> Updates:
    """The live values that the edits of `plan` would change, for the channels called `names`.

    Implied edits are left out, as the files do not manage their values. A version that the file lists and that is not
    live has no live values, so it does not change.
    """
    files: dict[str, dict[str, Spec]] = {}
    left_out: list[Skipped] = []
    pending: list[Skipped] = []
    for change in plan.changes:
        if change.name not in names:
            continue
        created = {one.begin for one in change.created_versions}
        pending += [Skipped(change.name, name_version(begin), _NOT_LIVE) for begin in sorted(created)]
        edits = [edit for edit in change.edits if not edit.implied_by and find_version(edit.path) not in created]
        lost = [
            Skipped(change.name, edit.path, NOT_REPRESENTABLE)
            for edit in edits
            if not can_hold(_leave_out_begin(edit.path), edit.before)
        ]
        # A channel is updated as a whole or not at all, so that its file never mixes old and new settings.
        if edits and not lost:
            files.setdefault(change.file, {})[change.name] = {edit.path: edit.before for edit in edits}
        left_out += lost
    return Updates(files, tuple(left_out), pending=tuple(pending))


def _leave_out_begin(path: str) -> str:
    """`path` as that of the current version, if it is of a listed one."""
    return path if find_version(path) is None else current_path(path)


def find_suspicious_matches(plan: Plan, channels: Iterable[Desired]) -> dict[int, Finding]:
    """Why a live channel, by its id, may not be the one that the file means, although its identifiers match.

    If both name and observation type differ, another channel may have got the identifiers; a channel id never moves.
    """
    by_name = {desired.name: desired for desired in channels if not find_identifiers(desired).channel_id}
    return {
        change.channel_id: _explain_doubt(by_name[change.name], change)
        for change in plan.changes
        if change.name in by_name and {CHANNEL_INFO, OBSERVATION_TYPE_ID} <= _list_edited(change).keys()
    }


def _list_edited(change: Change) -> dict[str, Edit]:
    return {FIELD_AT[edit.path].path: edit for edit in change.edits}


def _explain_doubt(desired: Desired, change: Change) -> Finding:
    title, type_ = (_list_edited(change)[path] for path in (CHANNEL_INFO, OBSERVATION_TYPE_ID))
    here, there = (
        f"{show_value(name_)} ({shorten(str(code))})"
        for name_, code in ((title.after, type_.after), (title.before, type_.before))
    )
    name, by_id = name_select(desired), f"{{channelId: {change.channel_id}}}"
    message = f"{name} may match another channel, found {here} in the file and {there} in EnergyCAP"
    written = f"selectIn: {{{desired.selected_in}: {by_id}}}" if desired.selected_in else f"select: {by_id}"
    fix = f"correct {name}; if this is the right channel, write  {written}"
    return make_finding("ESA308", message, locate_identifiers(desired), fix=fix)


def verify_import(
    before: Plan, after: Plan, written: Collection[str], kept: Collection[tuple[str, str]] = ()
) -> tuple[str, ...]:
    """The reasons not to write the files that `after` was planned from, one line each.

    The channels called `written` must be found, and need no edit except of values, or of all of a version, that are
    `kept`, by name and path; the edits of all others must be as in `before`. There must be no new error.
    """
    return (
        *_check_written(after, written, kept),
        *_check_others(before, after, written),
        *_check_errors(before, after),
    )


def _check_written(after: Plan, written: Collection[str], kept: Collection[tuple[str, str]]) -> Iterator[str]:
    changes = {change.name: change for change in after.changes}
    for name in sorted(written):
        if name not in changes:
            yield f"{name}: would not be found in EnergyCAP"
        else:
            edits = changes[name].edits
            unexpected = tuple(edit for edit in edits if not _is_kept(name, edit, kept))
            yield from _list_edits(replace(changes[name], edits=unexpected))


def _is_kept(name: str, edit: Edit, kept: Collection[tuple[str, str]]) -> bool:
    path = edit.implied_by or edit.path
    return (name, path) in kept or (name, path.rpartition(".")[0]) in kept


def _check_others(before: Plan, after: Plan, written: Collection[str]) -> Iterator[str]:
    planned = {change.name: _leave_out_sources(change.edits) for change in before.changes}
    for change in after.changes:
        if change.name not in written and _leave_out_sources(change.edits) != planned.get(change.name):
            yield from _list_edits(change)


def _leave_out_sources(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    # The line of a template may move, and a value may come from another template.
    return tuple(replace(edit, source=None) for edit in edits)


def _check_errors(before: Plan, after: Plan) -> Iterator[str]:
    known = {_identify(finding) for finding in before.findings}
    for finding in after.findings:
        if finding.severity is Severity.ERROR and _identify(finding) not in known:
            yield ": ".join((*_list_keys(finding)[1:2], f"{finding.code} {finding.message}"))


def _identify(finding: Finding) -> tuple[str, str, tuple[str, ...]]:
    # Lines move when a file grows.
    return finding.code, finding.message, _list_keys(finding)


def _list_keys(finding: Finding) -> tuple[str, ...]:
    return finding.location.path if finding.location else ()


def _list_edits(change: Change) -> Iterator[str]:
    for edit in change.edits:
        yield f"{change.name}: {edit.path}  {' → '.join(show_values(edit.before, edit.after))}"


class Past(Struct, frozen=True):
    """An earlier state of the files: channels by their present names, and why a value that differs from it is kept.

    Unless it `is_whole`, a channel that it lacks may be in a file that could not be read.
    """

    channels: Mapping[str, Desired]
    reason: str
    is_whole: bool = True


def leave_edited(
    updates: Updates, now: Mapping[str, Desired], pasts: Sequence[Past], lives: Mapping[str, Live]
) -> Updates:
    """`updates` without the values of `now` that differ from any of `pasts`: somebody edited them, so they are kept.

    `lives` are the live channels by name.
    """
    kept: list[Kept] = []
    files: dict[str, dict[str, Spec]] = {}
    for file, channels in updates.files.items():
        for name, spec in channels.items():
            wanted = name_versions(now[name], lives[name])
            reasons = _find_reasons(now[name], spec, pasts, lives[name])
            kept += [
                Kept(name, path, wanted.get(path), spec[path], reason) for path, reason in reasons.items() if reason
            ]
            if taken := {path: value for path, value in spec.items() if not reasons[path]}:
                files.setdefault(file, {})[name] = taken
    return replace(updates, files=files, kept=tuple(kept))


def _find_reasons(now: Desired, paths: Iterable[str], pasts: Sequence[Past], live: Live) -> dict[str, str]:
    """Why each of `paths` of `now` is kept, by the first of `pasts` in which it was another; "" if it is not."""
    reasons = dict.fromkeys(paths, "")
    wanted = name_versions(now, live)
    for past in pasts:
        before = past.channels.get(now.name)
        if before is None and not past.is_whole:
            doubt = f"{past.reason}, or was in a file that could not be read there"
            return {path: reason or doubt for path, reason in reasons.items()}
        # With other identifiers the earlier values were those of another channel.
        if before is None or (find_identifiers(before), before.data_point) != (find_identifiers(now), now.data_point):
            return {path: reason or past.reason for path, reason in reasons.items()}
        had = name_versions(before, live)
        for path, reason in reasons.items():
            # A value that neither has belongs to a version that is new in EnergyCAP.
            if not reason and ((path in had) is not (path in wanted) or had.get(path) != wanted.get(path)):
                reasons[path] = past.reason
    return reasons
