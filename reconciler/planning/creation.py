"""Channels to be created: on which data point, with which values, and what else that means."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import DataPoint, Live, Version, is_new_id, new_channel_id
from reconciler.model.fields import (
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FIELDS,
    FORMULA,
    IS_CALCULATED,
    IS_PRIMARY_VALUE,
    PRIMARY_FLAGS,
    VERSION_FIELDS,
    Impact,
)
from reconciler.model.findings import Finding, Severity
from reconciler.model.formulas import rename_references
from reconciler.model.lookalikes import tell_apart
from reconciler.model.plan import Blocker, Edit
from reconciler.planning.diff import Draft, apply_values, changed_paths
from reconciler.planning.matching import Match
from reconciler.planning.messages import describe_channel, find_misspelt, shorten, show_value, suggest
from reconciler.planning.translation import to_ids
from reconciler.planning.versions import add_versions, draft_versions, split_versions
from reconciler.rules import RULES, make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec
    from reconciler.planning.context import PlanContext
    from reconciler.planning.identification import Index
    from reconciler.planning.translation import CodeTables


# What a new channel is unless its file says something else. Source: EsaChannelCreate, which requires them.
_DEFAULTS = dict.fromkeys((IS_CALCULATED, *PRIMARY_FLAGS), False)
_PATHS = tuple(path for field in FIELDS for path in (field.path, field.alias) if path)
_VERSION_PATHS = tuple(path for field in VERSION_FIELDS for path in (field.path, field.alias) if path)


class NewChannels(Struct, frozen=True):
    """The channels to be created, each matched with one that has no values yet; and why others cannot be.

    `blocks` has the blocker of a channel by its name if it is unknown whether its data point exists.
    """

    matches: tuple[Match, ...] = ()
    findings: tuple[Finding, ...] = ()
    blocks: Mapping[str, Blocker] = {}


def find_new_channels(
    channels: Sequence[Desired], index: Index, data_points: Mapping[int, DataPoint | None]
) -> NewChannels:
    """Each of `channels`, none of which is live, on its data point.

    `data_points` are those that no live channel is on, by id; None for one that EnergyCAP does not have.
    """
    # Most plans create nothing.
    if not channels:
        return NewChannels()
    by_text = _group_data_points(index)
    matches, findings, blocks = [], [], {}
    for desired in channels:
        found = _find_data_point(desired, index, by_text, data_points)
        if isinstance(found, Finding):
            findings.append(found)
            continue
        if isinstance(found, Blocker):
            blocks[desired.name] = found
            found = DataPoint(desired.data_point_id or 0, code=desired.data_point)
        matches.append(Match(desired, blank_channel(new_channel_id(desired.name), found)))
    return NewChannels(tuple(matches), tuple(findings), blocks)


def blank_channel(channel_id: int, data_point: DataPoint) -> Live:
    """A channel before it is created: without any value, and with a version from the beginning."""
    values = dict.fromkeys(_PATHS)
    first = Version(0, None, None, dict.fromkeys(_VERSION_PATHS))
    return Live(channel_id, values, (first,), data_point, has_readings=False)


def _group_data_points(index: Index) -> Mapping[str, Mapping[int, DataPoint]]:
    """The data points of all channels by code and by import id."""
    by_text: dict[str, dict[int, DataPoint]] = defaultdict(dict)
    for channels in index.by_data_point.values():
        point = channels[0].data_point
        for text in (point.code, point.import_id):
            if text:
                by_text[text][point.id] = point
    return by_text


def _find_data_point(
    desired: Desired,
    index: Index,
    by_text: Mapping[str, Mapping[int, DataPoint]],
    data_points: Mapping[int, DataPoint | None],
) -> DataPoint | Finding | Blocker:
    if desired.data_point_id is None:
        # Codes are known from the channels alone: a data point without a channel is found by its id only.
        return _find_by_text(desired, by_text)
    known = index.by_data_point.get(desired.data_point_id)
    if not known and desired.data_point_id not in data_points:
        return _unread_point(desired.data_point_id)
    point = known[0].data_point if known else data_points[desired.data_point_id]
    if point is None:
        message = f"EnergyCAP has no data point with this id, found dataPointId {desired.data_point_id}"
        return make_finding("ESA344", message, desired.locate("dataPointId"), fix="correct dataPointId")
    if desired.data_point not in (None, point.code, point.import_id):
        message = (
            f"dataPoint and dataPointId name different data points, found {shorten(str(desired.data_point))} and "
            f"{point.id}, which is {shorten(point.code or point.import_id or 'without a code')}"
        )
        return make_finding("ESA346", message, desired.locate("dataPoint"))
    return point


def _find_by_text(desired: Desired, by_text: Mapping[str, Mapping[int, DataPoint]]) -> DataPoint | Finding:
    found = by_text.get(str(desired.data_point), {})
    if len(found) == 1:
        return next(iter(found.values()))
    name, place = show_value(desired.data_point), desired.locate("dataPoint")
    if found:
        ids = " and ".join(map(str, sorted(found)))
        message = f"several data points have this code or import id, found {name} for {ids}"
        return make_finding("ESA345", message, place)
    near = suggest(str(desired.data_point), by_text)
    message = f"no channel of EnergyCAP is on this data point, so its id is not known, found {name}"
    fix = f"did you mean  dataPoint: {near[0]}{tell_apart(str(desired.data_point), near[0])}? " if near else ""
    return make_finding("ESA344", message, place, fix=f"{fix}{RULES['ESA344'].fix}")


def _unread_point(data_point_id: int) -> Blocker:
    return Blocker(
        "ESA423",
        f"unknown whether data point {data_point_id} exists: it could not be read",
        {"data_point_id": data_point_id},
        RULES["ESA423"].fix,
        is_unknown=True,
    )


def draft_creation(match: Match, tables: CodeTables) -> tuple[Draft | None, tuple[Finding, ...]]:
    """The draft that creates the channel of `match` and its later versions, and findings; no draft after an error."""
    desired, blank = match.desired, match.live
    own = split_versions(replace(desired, spec={**_DEFAULTS, **desired.spec}), blank)
    translated, found = to_ids(own, blank.values, tables)
    wanted: Spec = {field.path: translated.get(field.path) for field in FIELDS}
    written = {FIELD_AT[path].path: path for path in own.spec}
    named = (written[field.path] for field in FIELDS if field.path in written)
    # Null is what a channel has without being told, so the file says nothing by it.
    edits = tuple(
        Edit(path, None, own.spec[path], _find_impact(path, own.spec)) for path in named if own.spec[path] is not None
    )
    draft = Draft(
        name=desired.name,
        live=blank,
        after_apply=apply_values(blank, wanted, tables.codes),
        edits=edits,
        changed_paths=changed_paths(edits),
        before=dict.fromkeys(own.spec),
        after=own.spec,
        wanted=wanted,
        blocks=tuple(each for each in found if isinstance(each, Blocker)),
    )
    # The first version begins at the beginning, so none can come before it.
    versions = draft_versions(desired, blank, draft, tables, may_insert=False)
    findings = (*(each for each in found if isinstance(each, Finding)), *versions.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return add_versions(draft, versions, desired.name, blank), findings


def _find_impact(path: str, spec: Spec) -> Impact:
    """A new channel has no stored value, but as a primary channel it changes what its data point shows."""
    return Impact.STRUCTURAL if path in PRIMARY_FLAGS and spec[path] is True else Impact.FORWARD


def check_new_channels(matches: Iterable[Match], context: PlanContext) -> Iterator[Finding]:
    """What is notable about the creation of the channels of `matches`, which are all new."""
    for match in matches:
        desired, blank = match.desired, match.live
        yield from _find_similar(desired, context.neighbours(blank), context)
        yield from _check_primary(desired, blank, context)


def _find_similar(desired: Desired, neighbours: Sequence[Live], context: PlanContext) -> Iterator[Finding]:
    """An unmanaged channel of the data point with nearly the same name or import id: it may be the one meant."""
    others = [other for other in neighbours if other.id not in context.managed and not is_new_id(other.id)]
    for path in (CHANNEL_IMPORT_ID, "channelInfo"):
        names = {str(other.values[path]): other for other in others if other.values.get(path)}
        given = str(desired.spec.get(path))
        if near := find_misspelt(given, names):
            other = names[near]
            message = (
                f"a channel that is not managed here has nearly the same {path}, found {show_value(given)} beside "
                f"{describe_channel(other)}{tell_apart(given, near)}"
            )
            fix = f"if that channel is meant, write  select: {{channelId: {other.id}}}  in place of  create: true"
            yield make_finding("ESA524", message, desired.locate(path), fix=fix)
            # The name would only say the same again.
            return


def _check_primary(desired: Desired, blank: Live, context: PlanContext) -> Iterator[Finding]:
    on_point = (blank, *context.neighbours(blank))
    if not any(context.planned(channel).is_primary_value for channel in on_point):
        message = "no channel of the data point is its primary value, before or after this plan"
        yield make_finding("ESA525", message, desired.locate(IS_PRIMARY_VALUE))


def fill_in_ids(change: Change, ids: Mapping[int, int]) -> Change:
    """`change` with `ids` in its formulas in place of those that stand for new channels."""
    if not ids:
        return change
    versions = tuple(
        replace(one, target_values=fill_in_formula(one.target_values, ids), live=fill_in_formula(one.live, ids))
        for one in change.versions
    )
    return replace(change, target_values=fill_in_formula(change.target_values, ids), versions=versions)


def fill_in_formula(values: Spec, ids: Mapping[int, int]) -> Spec:
    """`values` with `ids` in the formula, if there is one, in place of those that stand for new channels."""
    formula = values.get(FORMULA)
    if not isinstance(formula, str) or not formula:
        return values
    texts = {str(stand_in): str(channel_id) for stand_in, channel_id in ids.items()}
    return {**values, FORMULA: rename_references(formula, lambda text: texts.get(text, text))}
