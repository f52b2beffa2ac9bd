"""Live values written to files that manage them, and the check that the plan is then empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import CHANNEL_INFO, FIELD_AT, OBSERVATION_TYPE_ID
from reconciler.model.findings import Severity
from reconciler.planning.importing.inventory import Kept, Skipped
from reconciler.planning.matching import find_identifiers
from reconciler.planning.messages import locate_identifiers, name_select, shorten, show_value, show_values
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Edit, Plan
    from reconciler.model.values import Spec
    from reconciler.planning.importing.inventory import CanHold


class Updates(Struct, frozen=True):
    """The values to write, by file and channel name, those that a file cannot hold, and those that the files keep."""

    files: Mapping[str, Mapping[str, Spec]]
    left_out: tuple[Skipped, ...]
    kept: tuple[Kept, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The channels whose values in the files change."""
        return frozenset(name for channels in self.files.values() for name in channels)


_LISTED = "channelVersions is not updated: a file that lists it is edited by hand"


def find_updates(plan: Plan, names: Collection[str], can_hold: CanHold, listed: Collection[str] = ()) -> Updates:
    """The live values that the edits of `plan` would change, for the channels called `names`.

    Implied edits are left out, as the files do not manage their values. Channels that are `listed`, because their file
    lists their versions, are left out.
    """
    files: dict[str, dict[str, Spec]] = {}
    left_out: list[Skipped] = []
    for change in plan.changes:
        edits = [edit for edit in change.edits if edit.implied_by is None and change.name in names]
        lost = [
            Skipped(change.name, edit.path, _LISTED if change.name in listed else "a file cannot hold this value")
            for edit in edits
            if change.name in listed or not can_hold(edit.path, edit.before)
        ]
        # A channel is updated as a whole or not at all, so that its file never mixes old and new settings.
        if edits and not lost:
            files.setdefault(change.file, {})[change.name] = {edit.path: edit.before for edit in edits}
        left_out += lost
    return Updates(files, tuple(left_out))


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

    The channels called `written` must be found, and need no edit except of values that are `kept`, by name and path;
    the edits of all others must be as in `before`. There must be no new error.
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
            unexpected = tuple(edit for edit in edits if (name, edit.implied_by or edit.path) not in kept)
            yield from _list_edits(replace(changes[name], edits=unexpected))


def _check_others(before: Plan, after: Plan, written: Collection[str]) -> Iterator[str]:
    planned = {change.name: change.edits for change in before.changes}
    for change in after.changes:
        if change.name not in written and change.edits != planned.get(change.name):
            yield from _list_edits(change)


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


def leave_edited(updates: Updates, now: Mapping[str, Desired], pasts: Sequence[Past]) -> Updates:
    """`updates` without the values of `now` that differ from any of `pasts`: somebody edited them, so they are kept."""
    kept: list[Kept] = []
    files: dict[str, dict[str, Spec]] = {}
    for file, channels in updates.files.items():
        for name, spec in channels.items():
            reasons = {path: _find_reason(now[name], path, pasts) for path in spec}
            wanted = now[name].spec
            kept += [Kept(name, path, wanted[path], spec[path], reason) for path, reason in reasons.items() if reason]
            if taken := {path: value for path, value in spec.items() if not reasons[path]}:
                files.setdefault(file, {})[name] = taken
    return replace(updates, files=files, kept=tuple(kept))


def _find_reason(now: Desired, path: str, pasts: Sequence[Past]) -> str:
    for past in pasts:
        before = past.channels.get(now.name)
        if before is None and not past.is_whole:
            return f"{past.reason}, or was in a file that could not be read there"
        # With other identifiers the earlier values were those of another channel.
        if before is None or (find_identifiers(before), before.data_point) != (find_identifiers(now), now.data_point):
            return past.reason
        if path not in before.spec or before.spec[path] != now.spec[path]:
            return past.reason
    return ""
