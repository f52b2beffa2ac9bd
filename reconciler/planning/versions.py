"""The versions that a file lists beside the live ones: which are edited, created, left alone or refused."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import Version
from reconciler.model.fields import BEGIN_DATE, FIELD_AT, IS_CALCULATED, VERSION_FIELDS, VERSIONS, Impact, version_path
from reconciler.model.findings import Finding, Severity
from reconciler.model.plan import Blocker, Edit, VersionAction, VersionChange
from reconciler.model.values import begin_key, canonical_time, has_zone, name_begin
from reconciler.planning.diff import Draft, apply_values, make_draft
from reconciler.planning.messages import show_value
from reconciler.planning.translation import to_ids
from reconciler.rules import RULES, make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired, DesiredVersion, Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec, Value
    from reconciler.planning.translation import Codes, CodeTables

_VERSIONED = tuple(field.path for field in VERSION_FIELDS)


class VersionDraft(Struct, frozen=True):
    """A version to be edited or created; `draft` is made as if the channel had no other version."""

    change: VersionChange
    draft: Draft

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits, with paths that name the version. For a new version, the first is its begin."""
        return tuple(
            replace(
                edit,
                path=version_path(self.change.begin, edit.path),
                implied_by=version_path(self.change.begin, edit.implied_by) if edit.implied_by else None,
            )
            for edit in self.draft.edits
        )


class VersionDrafts(Struct, frozen=True):
    """What becomes of the versions that a file lists beside the current one; `blocks` apply to the whole channel."""

    drafts: tuple[VersionDraft, ...]
    blocks: tuple[Blocker, ...]
    findings: tuple[Finding, ...]


def split_versions(desired: Desired, live: Live) -> Desired:
    """`desired` with the settings that its list has for the current version of `live`, and for no other."""
    if not desired.versions:
        return desired
    begin = begin_key(live.current.begin_date)
    listed = next((one for one in desired.versions if one.begin == begin), None)
    spec = {path: value for path, value in desired.spec.items() if not FIELD_AT[path].is_versioned}
    return replace(desired, spec={**spec, **(listed.spec if listed else {})})


def name_versions(desired: Desired, live: Live) -> Spec:
    """All that `desired` manages, by paths that say which version: those of the current one, or with a begin."""
    if not desired.versions:
        return desired.spec
    begin = begin_key(live.current.begin_date)
    others = [one for one in desired.versions if one.begin != begin]
    return {
        **split_versions(desired, live).spec,
        **{version_path(one.begin, path): value for one in others for path, value in one.spec.items()},
    }


def draft_settings(
    desired: Desired, live: Live, tables: CodeTables
) -> tuple[Draft | None, tuple[Finding | Blocker, ...]]:
    """The draft that gives `live` the settings of `desired`, of its current version alone, and what is wrong with them.

    None if there is nothing to edit, or an error among the findings.
    """
    translated, found = to_ids(desired, live.values, tables)
    if any(isinstance(each, Finding) and each.severity is Severity.ERROR for each in found):
        return None, found
    return make_draft(desired, live, translated, tables), found


def draft_versions(
    desired: Desired, live: Live, current: Draft | None, tables: CodeTables, *, may_insert: bool
) -> VersionDrafts:
    """What it takes to bring the versions of `live` to those that `desired` lists, beside the draft of the `current`.

    Versions are matched by their begin. One that begins after all live ones is created; one that begins before or
    between them is refused, unless the service takes it (`may_insert`). What is not listed is left alone.
    """
    if not desired.versions:
        return VersionDrafts((), (), ())
    found: list[Finding | Blocker] = [*_check_zones(desired, live), *_check_calculated(desired, live)]
    if not may_insert:
        found += _check_inserted(desired, live)
    planned = {
        begin_key(version.begin_date): version for version in (current.after_apply if current else live).versions
    }
    ends = _find_ends([*planned, *(one.begin for one in desired.versions)])
    drafts = []
    for one in desired.versions:
        version = planned.get(one.begin)
        if version is not None and version.id == live.current.id:
            continue
        base = _inherit(one.begin, planned) if version is None else version
        # The settings of a version must fit the channel as it will be.
        view = view_version(current.after_apply if current else live, base, ends[one.begin])
        # As if it were the only one, so that what is wrong with it is found at its own place.
        draft, problems = draft_settings(replace(desired, spec=one.spec, versions=(one,)), view, tables)
        found += problems
        if version is None:
            made = _make_new(one, draft or _make_empty(desired.name, view), base, ends, live)
        elif draft is not None:
            made = _make_edited(one, draft, version, ends, live)
        else:
            continue
        drafts.append(made)
        planned[one.begin] = made.draft.after_apply.current
    found += _check_twins(live, drafts, current)
    findings = (
        *(each for each in found if isinstance(each, Finding)),
        *_note_unlisted(desired, live),
        *_warn_of_other_begins(desired, live, may_insert=may_insert),
        *_note_created(desired, drafts),
    )
    return VersionDrafts(tuple(drafts), tuple(each for each in found if isinstance(each, Blocker)), findings)


def add_versions(draft: Draft | None, versions: VersionDrafts, name: str, live: Live) -> Draft | None:
    """`draft`, of the channel called `name`, with `versions`; None if there is nothing to do at all."""
    if not versions.drafts and not versions.blocks:
        return draft
    joined = join_versions(draft or _make_empty(name, live), versions.drafts)
    return replace(joined, blocks=(*joined.blocks, *versions.blocks))


def join_versions(draft: Draft, versions: tuple[VersionDraft, ...]) -> Draft:
    """`draft` with the edits of `versions`, and its channel as it will be with all of them."""
    live = draft.live
    edited = {one.change.version_id: one.draft.after_apply.current for one in versions}
    created = (one.draft.after_apply.current for one in versions if one.change.action is VersionAction.CREATE)
    planned = (*(edited.get(version.id, version) for version in draft.after_apply.versions), *created)
    after = draft.after_apply.with_versions(tuple(sorted(planned, key=lambda one: begin_key(one.begin_date))))
    moved = {path for path in _VERSIONED if after.values.get(path) != live.values.get(path)}
    return replace(
        draft,
        after_apply=after,
        edits=(*draft.edits, *(edit for one in versions for edit in one.edits)),
        changed_paths=draft.changed_paths | moved,
        before={**draft.before, **_name_all(versions, "before")},
        after={**draft.after, **_name_all(versions, "after")},
        versions=versions,
        alone=draft,
    )


def begin_version(one: VersionChange) -> Version:
    """The version that `one` creates, with the settings of the one before it."""
    return Version(0, one.begin or None, one.end, {**one.live, BEGIN_DATE: one.begin or None})


def redraft_version(one: VersionChange, live: Live, codes: Codes) -> VersionDraft:
    """The draft of `one` on a fresh read of its channel, with nothing but what decides whether it may be sent."""
    version = next((version for version in live.versions if version.id == one.version_id), None)
    version = version or begin_version(one)
    view = view_version(live, version, one.end)
    planned = apply_values(view, one.target_values, codes)
    touched = frozenset(path for path, value in one.target_values.items() if view.values.get(path) != value)
    return VersionDraft(one, Draft(live.name, view, planned, (), touched, {}, {}, one.target_values))


def _name_all(drafts: Sequence[VersionDraft], side: str) -> dict[str, Value]:
    return {
        version_path(one.change.begin, path): value
        for one in drafts
        for path, value in getattr(one.change, side).items()
    }


def _make_empty(name: str, live: Live) -> Draft:
    return Draft(name, live, live, (), frozenset(), {}, {}, {})


def _find_ends(begins: Sequence[str]) -> Mapping[str, str | None]:
    """When each version ends, by its begin: with the next one."""
    ordered = sorted(set(begins))
    return {**dict(pairwise(ordered)), ordered[-1]: None}


def _inherit(begin: str, planned: Mapping[str, Version]) -> Version:
    """A version from `begin` on without settings of its own: it has those of the one before, else of the one after."""
    before = [version for start, version in sorted(planned.items()) if start < begin]
    base = before[-1] if before else min(planned.items())[1]
    return Version(0, begin or None, None, {**base.values, BEGIN_DATE: begin or None})


def view_version(live: Live, version: Version, end: str | None) -> Live:
    """The channel as if it had `version` alone, with the readings of its time."""
    span = _find_readings(live, begin_key(version.begin_date), end)
    return replace(
        live.with_versions((version,)),
        has_readings=live.has_readings if span else False,
        last_reading=span[1] if span else None,
    )


def _find_readings(live: Live, begin: str, end: str | None) -> tuple[str | None, str | None] | None:
    """The times between which the stored readings after `begin` and up to `end` lie; None if there are none.

    Where the service does not say when its readings begin or end, a time is None.
    """
    first, last = (canonical_time(time) if time else None for time in (live.first_reading, live.last_reading))
    if live.has_readings is False or (last and last <= begin) or (end and first and first > end):
        return None
    # The first reading after the begin has a time that only the readings tell, so the begin itself stands for it.
    start = max(first, begin) if first else begin or None
    return start, min(last, end) if last and end else last or end


def _make_edited(
    one: DesiredVersion, draft: Draft, version: Version, ends: Mapping[str, str | None], live: Live
) -> VersionDraft:
    span = _find_readings(live, one.begin, ends[one.begin]) or (None, None)
    change = VersionChange(
        VersionAction.UPDATE,
        one.begin,
        version.id,
        ends[one.begin],
        draft.before,
        draft.after,
        {},
        {path: version.values.get(path) for path in _VERSIONED},
        draft.wanted,
        *span,
        one.because,
        one.swap,
    )
    return VersionDraft(change, draft)


def _make_new(
    one: DesiredVersion, draft: Draft, base: Version, ends: Mapping[str, str | None], live: Live
) -> VersionDraft:
    span = _find_readings(live, one.begin, ends[one.begin])
    is_felt = span is not None and bool(draft.edits)
    begin = Edit(BEGIN_DATE, None, one.begin or None, Impact.HISTORY if is_felt else Impact.FORWARD)
    planned = draft.after_apply.current
    change = VersionChange(
        VersionAction.CREATE,
        one.begin,
        None,
        ends[one.begin],
        # A setting that is as in the version before has no edit, so it is the same on both sides.
        {**one.spec, **draft.before, BEGIN_DATE: None},
        {**one.spec, **draft.after, BEGIN_DATE: one.begin or None},
        dict(_list_inherited(one, draft, base)),
        {path: None if path == BEGIN_DATE else base.values.get(path) for path in _VERSIONED},
        {path: planned.values.get(path) for path in _VERSIONED},
        *(span or (None, None)),
        one.because,
        one.swap,
    )
    return VersionDraft(change, replace(draft, edits=(begin, *draft.edits)))


def _list_inherited(one: DesiredVersion, draft: Draft, base: Version) -> Iterator[tuple[str, Value]]:
    """What a new version takes over from the one before it, by code where there is one; empty values are left out."""
    given = {FIELD_AT[path].path for path in (*one.spec, *draft.after)}
    for field in VERSION_FIELDS:
        if field.path not in given and field.path != BEGIN_DATE:
            path = field.alias or field.path
            if base.values.get(path) is not None:
                yield path, base.values.get(path)


def _check_zones(desired: Desired, live: Live) -> Iterator[Blocker]:
    """Whether a live version begins at a time that may be one in the list: then nobody knows which is which."""
    unclear = [version.begin_date for version in live.versions if has_zone(begin_key(version.begin_date))]
    lives = {begin_key(version.begin_date) for version in live.versions}
    if unclear and any(one.begin not in lives for one in desired.versions):
        message = f"unknown which live version is meant: one begins at {unclear[0]}, in a time zone of unknown meaning"
        yield Blocker("ESA413", message, {"begin_date": unclear[0]}, RULES["ESA413"].fix, is_unknown=True)


def _check_calculated(desired: Desired, live: Live) -> Iterator[Blocker]:
    begins = {begin_key(version.begin_date) for version in live.versions} | {one.begin for one in desired.versions}
    if desired.spec.get(IS_CALCULATED, live.is_calculated) and len(begins) > 1:
        evidence = {"begin_dates": [begin or None for begin in sorted(begins)]}
        message = f"a calculated channel has one version, but with those that the file lists there are {len(begins)}"
        yield Blocker("ESA421", message, evidence, RULES["ESA421"].fix)


def _check_inserted(desired: Desired, live: Live) -> Iterator[Blocker]:
    begins = [begin_key(version.begin_date) for version in live.versions]
    for one in desired.versions:
        if one.begin not in begins and one.begin < begins[-1]:
            message = (
                f"a version cannot be created before the latest one, found beginDate {one.begin or 'null'}; "
                f"the live ones begin at {' and '.join(map(name_begin, begins))}"
            )
            evidence = {"begin_date": one.begin or None, "live_begin_dates": [begin or None for begin in begins]}
            yield Blocker("ESA422", message, evidence, RULES["ESA422"].fix)


def _check_twins(live: Live, drafts: Sequence[VersionDraft], current: Draft | None) -> Iterator[Blocker]:
    """Whether an edited version begins when another live one does, so that the list may mean either."""
    ids: dict[str, list[int]] = defaultdict(list)
    for version in live.versions:
        ids[begin_key(version.begin_date)].append(version.id)
    edited = {one.change.begin for one in drafts}
    if current and any(FIELD_AT[path].is_versioned for path in current.changed_paths):
        edited.add(begin_key(live.current.begin_date))
    for begin in sorted(edited):
        if len(ids[begin]) > 1:
            message = f"{len(ids[begin])} live versions begin at {name_begin(begin)}, and the list may mean either"
            evidence = {"begin_date": begin or None, "version_ids": ids[begin]}
            yield Blocker("ESA427", message, evidence, RULES["ESA427"].fix, is_unknown=True)


def _note_created(desired: Desired, drafts: Sequence[VersionDraft]) -> Iterator[Finding]:
    for one in drafts:
        if one.change.action is VersionAction.CREATE:
            message = f"once created, the version from {name_begin(one.change.begin)} cannot be deleted again"
            yield make_finding("ESA523", message, desired.locate(version_path(one.change.begin, BEGIN_DATE)))


def list_new_begins(changes: Iterable[Change]) -> tuple[tuple[Change, str, str], ...]:
    """Each date from which a version is to begin that does not begin there now: its change, and its path and date."""
    created = (
        (change, version_path(one.begin, BEGIN_DATE), one.begin)
        for change in changes
        for one in change.created_versions
    )
    moved = (
        (change, BEGIN_DATE, begin_key(edit.after))
        for change in changes
        for edit in change.edits
        if edit.path == BEGIN_DATE
    )
    return tuple(one for one in (*created, *moved) if one[-1] and not has_zone(one[-1]))


# Further apart, two dates are hardly two spellings of the one that is meant.
_NEAR = timedelta(days=31)


def _warn_of_other_begins(desired: Desired, live: Live, *, may_insert: bool) -> Iterator[Finding]:
    """A warning for each listed version that is not live, but may be meant for a live one that is not listed."""
    begins = [begin_key(version.begin_date) for version in live.versions]
    listed = {one.begin for one in desired.versions}
    # What a begin with a zone means is unknown, which is a blocker of its own.
    left = [begin for begin in begins if begin not in listed and not has_zone(begin)]
    new = [one.begin for one in desired.versions if one.begin not in begins]
    for begin in new:
        # A version from the beginning has no date that somebody could have changed.
        meant = [other for other in left if other and (_is_near(begin, other) or len(new) == len(left) == 1)]
        if meant:
            is_refused = begin < begins[-1] and not may_insert
            effect = "the new one is refused (ESA422)" if is_refused else "another version would be created"
            message = (
                f"no live version begins at {name_begin(begin)}, but one that the list leaves out begins at "
                f"{meant[0]}; it would stay, and {effect}"
            )
            way = _explain_move(meant[0], is_current=meant[0] == begins[-1])
            yield make_finding("ESA534", message, desired.locate(version_path(begin, BEGIN_DATE)), fix=way)


def _is_near(begin: str, other: str) -> bool:
    try:
        return abs(datetime.fromisoformat(begin) - datetime.fromisoformat(other)) <= _NEAR
    except (ValueError, TypeError):
        # From the beginning, a date that no calendar has, or one of the two in a zone of unknown meaning.
        return False


def _explain_move(begin: str, *, is_current: bool) -> str:
    move = (
        "to move it, write its settings under esaChannelVersion in place of channelVersions, with the new beginDate"
        if is_current
        else "to move it, correct the date in EnergyCAP first"
    )
    return f"if the live one is meant, write  beginDate: {show_value(begin)}; {move}; if not, list the live one too"


def _note_unlisted(desired: Desired, live: Live) -> Iterator[Finding]:
    listed = {one.begin for one in desired.versions}
    missing = [begin for version in live.versions if (begin := begin_key(version.begin_date)) not in listed]
    if missing:
        noun = "version is" if len(missing) == 1 else "versions are"
        message = f"{len(missing)} live {noun} not listed, so not managed: from {', '.join(map(name_begin, missing))}"
        yield make_finding("ESA522", message, desired.locate(VERSIONS))
