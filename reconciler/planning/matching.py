"""Each desired channel matched with its live one, or why it is not."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import DATA_POINT
from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.identifiers import Identifiers, ResolutionFailure, ResolutionStep, identifiers_as_select
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.identification import resolve
from reconciler.planning.messages import (
    describe_channel,
    find_nearest,
    format_reference,
    locate_identifiers,
    name_select,
    shorten,
    show_value,
)
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from reconciler.model.channels import Desired, Live
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Resolution
    from reconciler.model.values import Value
    from reconciler.planning.identification import Index


_SHOWN = 10
# The key under select that a step looks at.
_KEYS = {
    ResolutionStep.CHANNEL_ID: "channelId",
    ResolutionStep.CHANNEL_IMPORT_ID: "channelImportId",
    ResolutionStep.ONLY_CHANNEL: "dataPointImportId",
    ResolutionStep.OBSERVATION_TYPE_CODE: "observationTypeCode",
    ResolutionStep.UNIT_CODE: "unitCode",
    ResolutionStep.INTERVAL: "intervalMinutes",
}


def explain_failure(
    desired: Desired, identifiers: Identifiers, resolution: Resolution, index: Index, *, suggests: bool
) -> Finding:
    """Why the identifiers of `desired` do not resolve to one channel; with near names if it `suggests`."""
    place = locate_identifiers(desired)
    match resolution.failure:
        case ResolutionFailure.UNMATCHED:
            near = tuple(_find_near(desired, identifiers, resolution, index)) if suggests else ()
            message = f"no live channel matches, found {_unmatched(identifiers, resolution)}"
            place = desired.locate(f"select.{_KEYS[resolution.remaining_by_step[-1][0]]}") if desired.select else place
            return make_finding("ESA301", message, place, detail=(*near, *_candidates(resolution, index)))
        case ResolutionFailure.AMBIGUOUS:
            words = _words(identifiers, resolution.remaining_by_step, len(resolution.candidates))
            message = f"several live channels match, found {words}"
            fix = f"{_suggest_identifier(desired, resolution.remaining_by_step[-1][0])}select by channelId"
            return make_finding("ESA302", message, place, fix=fix, detail=_candidates(resolution, index))
        case ResolutionFailure.NO_IDENTIFIER | None:
            message = "channel has no identifiers of its live channel, found no channelId, import id or data point"
            return make_finding("ESA331", message, place)


def _unmatched(identifiers: Identifiers, resolution: Resolution) -> str:
    *before, (last, _) = resolution.remaining_by_step
    if not before:
        none = "no data point" if last is ResolutionStep.ONLY_CHANNEL else "none"
        return f"{none} with {_format_identifier(identifiers, last)}"
    before_last = _words(identifiers, before, len(resolution.candidates))
    return f"{before_last}, none of them with {_format_identifier(identifiers, last)}"


def _words(identifiers: Identifiers, left: Sequence[tuple[ResolutionStep, tuple[int, ...]]], count: int) -> str:
    given = " and ".join(_format_identifier(identifiers, step) for step, _ in left)
    return f"{count} channels with {given}"


def _format_identifier(identifiers: Identifiers, step: ResolutionStep) -> str:
    key = _KEYS[step]
    return f"{key} {show_value(identifiers_as_select(identifiers)[key])}"


def _suggest_identifier(desired: Desired, last: ResolutionStep) -> str:
    """The next identifier after `last`, as the beginning of a fix."""
    following = {
        ResolutionStep.ONLY_CHANNEL: "observationTypeCode",
        ResolutionStep.OBSERVATION_TYPE_CODE: "unitCode",
        ResolutionStep.UNIT_CODE: "intervalMinutes",
    }
    return f"add {following[last]} to {name_select(desired)}, or " if last in following else ""


def _candidates(resolution: Resolution, index: Index) -> tuple[str, ...]:
    shown = tuple(f"candidate: {describe_channel(index.by_id[id_])}" for id_ in resolution.candidates[:_SHOWN])
    more = len(resolution.candidates) - _SHOWN
    return (*shown, f"and {more} more") if more > 0 else shown


def _find_near(desired: Desired, identifiers: Identifiers, resolution: Resolution, index: Index) -> Iterator[str]:
    match resolution.remaining_by_step[-1][0]:
        case ResolutionStep.CHANNEL_IMPORT_ID:
            near = find_nearest(str(identifiers.channel_import_id), index.by_import_id)
            if near is not None:
                apart = tell_apart(str(identifiers.channel_import_id), near)
                yield f"nearest import id: {describe_channel(index.by_import_id[near][0])}{apart}"
        case ResolutionStep.ONLY_CHANNEL:
            near = find_nearest(str(identifiers.meter_import_id), index.by_meter)
            if near is not None:
                apart = tell_apart(str(identifiers.meter_import_id), near)
                count = len(index.by_meter[near])
                channels = "1 channel" if count == 1 else f"{count} channels"
                yield f"nearest data point: import id {show_value(near)}, {channels}{apart}"
        case _:
            pass
    yield from _find_namesakes(desired, index)


def _find_namesakes(desired: Desired, index: Index) -> Iterator[str]:
    name = desired.spec.get("channelInfo")
    namesakes = (live for live in index.by_id.values() if live.name == name)
    return (f"same name: {describe_channel(live)}" for live in islice(namesakes, 3))


# If more channels than these are not found, the environment is wrong, not the spelling; comparing all of them with all
# import ids would take minutes.
_COMPARED = 20
# Texts that every version of YAML takes as such without quotes within braces.
_PLAIN = re.compile(r"(?!(?:y|yes|n|no|on|off|true|false|null)\Z)[a-z][\w.-]*", re.ASCII | re.IGNORECASE)


class Match(Struct, frozen=True):
    """A channel of the files and its live channel."""

    desired: Desired
    live: Live


class Lookup(Struct, frozen=True):
    """How the identifiers of `desired` resolve; `fallback` are those after its edits, if only they match a channel."""

    desired: Desired
    identifiers: Identifiers
    resolution: Resolution
    fallback: Identifiers | None = None


class MatchResult(Struct, frozen=True):
    """The matches without an error, the findings on all, and the ids of all live channels that were found.

    `hidden` are matches with a live channel that may be the right one: too little of it could be read to decide. A
    channel of the files that is in no match at all has a finding of severity error, or no live channel matches it and
    it is one of `new`, channels to be created, or of `skipped`.
    """

    matches: tuple[Match, ...]
    findings: tuple[Finding, ...]
    found: frozenset[int]
    hidden: tuple[Match, ...] = ()
    new: tuple[Desired, ...] = ()
    skipped: tuple[Desired, ...] = ()


def match_channels(channels: Sequence[Desired], index: Index, *, may_skip: bool = False) -> MatchResult:
    """Each of `channels` with the live channel that it, and no other one, matches on the data point that it names.

    With `may_skip`, one that no live channel matches has a warning instead of an error, unless all are like that.
    """
    lookups = [resolve_desired(desired, index) for desired in channels]
    hidden = {id(lookup): live for lookup in lookups if (live := _find_hidden(lookup, index)) is not None}
    missing = [lookup for lookup in lookups if lookup.resolution.failure is not None and id(lookup) not in hidden]
    lost = [lookup for lookup in missing if not _is_new(lookup)]
    # If nothing at all is found, the environment is wrong, or EnergyCAP was not read completely.
    skipped = [lookup for lookup in lost if _is_absent(lookup)] if may_skip and len(missing) < len(lookups) else []
    findings = [*_explain_failures(lost, index, {id(lookup) for lookup in skipped})]
    found: dict[int, list[Lookup]] = defaultdict(list)
    for lookup in lookups:
        if lookup.resolution.channel_id is not None:
            found[lookup.resolution.channel_id].append(lookup)
    matches = []
    for channel_id, sharing in found.items():
        live = index.by_id[channel_id]
        problems = [*_check_data_points(sharing, live)]
        if len(sharing) > 1:
            problems = [*_check_shared(sharing, live, index), *problems]
        findings += problems
        if not problems:
            matches.append(Match(sharing[0].desired, live))
    findings += _check_outdated(lookups)
    maybe = tuple(Match(lookup.desired, hidden[id(lookup)]) for lookup in lookups if id(lookup) in hidden)
    new = tuple(lookup.desired for lookup in missing if _is_new(lookup))
    absent = tuple(lookup.desired for lookup in skipped)
    return MatchResult(tuple(matches), tuple(findings), frozenset(found), maybe, new, absent)


def _is_new(lookup: Lookup) -> bool:
    """Whether the channel of `lookup` is to be created: only by its import id can it be found again afterwards."""
    return lookup.desired.creates and _is_absent(lookup) and lookup.identifiers == _identify_wanted(lookup.desired)


def _is_absent(lookup: Lookup) -> bool:
    """Whether no live channel at all matches `lookup`, as opposed to several, or one that is unknown."""
    return lookup.resolution.failure is ResolutionFailure.UNMATCHED


def _find_hidden(lookup: Lookup, index: Index) -> Live | None:
    """The live channel that `lookup` may mean, if too little of it could be read to decide."""
    match lookup.resolution.failure:
        case ResolutionFailure.AMBIGUOUS:
            return next((live for live in index.flawed if live.id in lookup.resolution.candidates), None)
        case ResolutionFailure.UNMATCHED if lookup.identifiers.channel_id is None:
            path = CHANNEL_IMPORT_ID if lookup.identifiers.channel_import_id else DATA_POINT
            return next((live for live in index.flawed if path in live.unread), None)
        case _:
            return None


def find_identifiers(desired: Desired) -> Identifiers:
    """The identifiers of `desired`: its `select`, else the import id that it wants; empty if it has neither."""
    return desired.select or _identify_wanted(desired)


def resolve_desired(desired: Desired, index: Index) -> Lookup:
    """The live channel of `desired`: by `select`, else by its import id; if none matches, by the values of its file.

    So a channel is still found after the edits of the very values that select uses were applied.
    """
    identifiers = find_identifiers(desired)
    found = resolve(identifiers, index)
    # Most lookups end here.
    if found.failure is not ResolutionFailure.UNMATCHED:
        return Lookup(desired, identifiers, found)
    renewed = _identifiers_after_apply(identifiers, desired)
    again = resolve(renewed, index)
    return Lookup(desired, identifiers, found) if again.failure else Lookup(desired, identifiers, again, renewed)


def _identifiers_after_apply(identifiers: Identifiers, desired: Desired) -> Identifiers:
    """`identifiers` with the values that `desired` wants: how it is found after its edits are applied."""
    if identifiers.channel_import_id:
        return _identify_wanted(desired)
    minutes, seconds = desired.spec.get(INTERVAL_MINUTES), identifiers.interval_seconds
    return replace(
        identifiers,
        observation_type_code=_choose(desired.spec.get(OBSERVATION_TYPE_CODE), identifiers.observation_type_code),
        unit_code=_choose(desired.spec.get(UNIT_CODE), identifiers.unit_code),
        interval_seconds=minutes * 60 if seconds and isinstance(minutes, int) else seconds,
    )


def _choose(wanted: Value, given: str | None) -> str | None:
    # Only identifiers that select has are replaced, so that it stays as specific as it was.
    return wanted if given and isinstance(wanted, str) else given


def _identify_wanted(desired: Desired) -> Identifiers:
    wanted = desired.spec.get(CHANNEL_IMPORT_ID)
    return Identifiers(channel_import_id=wanted if isinstance(wanted, str) else None)


def check_still_found(matches: Iterable[Match], planned: Index) -> Iterator[Finding]:
    """The channels of `matches` that their identifiers no longer match in the `planned` state."""
    for match in matches:
        after = resolve_desired(match.desired, planned).resolution
        if after.channel_id != match.live.id:
            name, by_id = name_select(match.desired), Identifiers(channel_id=match.live.id)
            message = f"{name} will no longer match this channel after the plan is applied: {_describe_planned(after)}"
            fix = f"write  {_write_select(match.desired, by_id)},  or correct {name} after the change is applied"
            yield make_finding("ESA306", message, locate_identifiers(match.desired), fix=fix)


def _describe_planned(resolution: Resolution) -> str:
    if resolution.channel_id is not None:
        return f"it will match channel {resolution.channel_id}"
    return f"it will match {'several channels' if resolution.failure is ResolutionFailure.AMBIGUOUS else 'no channel'}"


def _explain_failures(missing: Iterable[Lookup], index: Index, skipped: Container[int]) -> Iterator[Finding]:
    for number, lookup in enumerate(missing):
        suggests = number < _COMPARED
        finding = explain_failure(lookup.desired, lookup.identifiers, lookup.resolution, index, suggests=suggests)
        if id(lookup) in skipped:
            message = f"channel is skipped because guards.notFound is skip: {finding.message}"
            finding = make_finding("ESA536", message, finding.location, detail=finding.detail)
        yield finding


def _check_shared(sharing: Sequence[Lookup], live: Live, index: Index) -> Iterator[Finding]:
    for number, lookup in enumerate(sharing):
        other = format_reference(sharing[0 if number else 1].desired)
        more = f" and {len(sharing) - 2} more" if len(sharing) > 2 else ""
        message = f"several channels match one live channel, found {live.id} here and for {other}{more}"
        yield make_finding(
            "ESA303", message, locate_identifiers(lookup.desired), fix=_suggest_renewed(lookup, live, index)
        )


def _suggest_renewed(lookup: Lookup, live: Live, index: Index) -> str:
    """The fix if the values of the file match another channel than `live`, which then got its identifiers."""
    renewed = _identifiers_after_apply(lookup.identifiers, lookup.desired)
    other = resolve(renewed, index).channel_id
    return (
        ""
        if other in (None, live.id)
        else f"write  {_write_select(lookup.desired, renewed)}, which matches channel {other}"
    )


def _check_data_points(sharing: Iterable[Lookup], live: Live) -> Iterator[Finding]:
    point = live.data_point
    if live.flaw:
        return  # ESA417 blocks it
    for desired in (lookup.desired for lookup in sharing):
        if desired.data_point is not None and desired.data_point not in (point.code, point.import_id):
            known = shorten(point.code or point.import_id or f"with id {point.id}")
            message = f"channel is not on data point {shorten(desired.data_point)}, found it on {known}"
            detail = (f"channel {live.id} {show_value(live.name)}",)
            yield make_finding("ESA304", message, desired.locate("dataPoint"), detail=detail)


def _check_outdated(sharing: Iterable[Lookup]) -> Iterator[Finding]:
    for lookup in sharing:
        if lookup.fallback is not None:
            desired = lookup.desired
            message = f"{name_select(desired)} is out of date: {_describe_renewed(lookup.identifiers, lookup.fallback)}"
            # Without an entry of its own, select would count in the environment.
            removed = ", or remove select" if lookup.fallback.channel_import_id and not desired.selected_in else ""
            fix = f"write  {_write_select(desired, lookup.fallback)}{removed}"
            yield make_finding("ESA305", message, desired.locate("select"), fix=fix)


def _describe_renewed(identifiers: Identifiers, renewed: Identifiers) -> str:
    if identifiers.channel_import_id:
        before, after = (show_value(each.channel_import_id) for each in (identifiers, renewed))
        return f"no channel has import id {before}, found this one by {after}"
    given = identifiers_as_select(identifiers)
    changed = [
        f"{key} {show_value(value)} in place of {show_value(given[key])}"
        for key, value in identifiers_as_select(renewed).items()
        if value != given[key]
    ]
    return f"no channel matches it, found this one by {' and '.join(changed)}"


def _write_select(desired: Desired, identifiers: Identifiers) -> str:
    """`identifiers` as the file of `desired` writes them, on one line."""
    given = identifiers_as_select(identifiers).items()
    select = f"{{{', '.join(f'{key}: {_write_identifier(value)}' for key, value in given)}}}"
    return f"selectIn: {{{desired.selected_in}: {select}}}" if desired.selected_in else f"select: {select}"


def _write_identifier(value: Value) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(value, ensure_ascii=False)
