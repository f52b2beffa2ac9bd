"""make_plan: the pipeline from desired and live channels to a plan."""

from __future__ import annotations

import shlex
from collections import ChainMap, defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.channels import is_new_id
from reconciler.model.findings import Finding, Severity
from reconciler.model.lookalikes import tell_apart
from reconciler.model.plan import Blocker, ChannelLabel, FormulaLink, LeftOut, Plan
from reconciler.model.project import OnNotFound, VersionInsert
from reconciler.planning.changes import PreconditionResults, make_changes
from reconciler.planning.context import block_unread, check_unread_feeds, make_context
from reconciler.planning.creation import check_new_channels, draft_creation, find_new_channels
from reconciler.planning.dependencies import Dependency, with_dependencies
from reconciler.planning.diff import note_swaps, warn_of_edits
from reconciler.planning.feed_impact import route_feeds
from reconciler.planning.feed_paths import affects_routing
from reconciler.planning.identification import add_new_channels, find_inputs, make_index
from reconciler.planning.matching import check_still_found, match_channels
from reconciler.planning.messages import find_owners, show_value, suggest
from reconciler.planning.preconditions import check_preconditions
from reconciler.planning.translation import CodeTables, codes_by_id, ids_by_code, list_unread
from reconciler.planning.versions import add_versions, draft_settings, draft_versions, split_versions
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, ReferenceData, Snapshot
    from reconciler.model.identifiers import Feed
    from reconciler.model.project import Environment
    from reconciler.planning.context import PlanContext
    from reconciler.planning.creation import NewChannels
    from reconciler.planning.diff import Draft
    from reconciler.planning.identification import Index
    from reconciler.planning.matching import Match


# Pairs of ids: the channel whose formula it is, and one that it uses.
_Links = frozenset[tuple[int, int]]


def find_formula_links(index: Index, drafts: Mapping[str, Draft], names: Mapping[int, str]) -> tuple[FormulaLink, ...]:
    """The uses of channels by formulas around the channels of `drafts`: their inputs, their users, users of users.

    `names` are those of the managed channels, by id. Each link occurs once, ordered by the ids of user and used.
    """
    if not drafts:
        return ()
    planned = {draft.live.id: draft.after_apply for draft in drafts.values()}
    new = {id_: live for id_, live in planned.items() if is_new_id(id_)}
    before = frozenset((live.id, used) for live in index.by_id.values() for used in find_inputs(live.formulas))
    untouched = frozenset(link for link in before if link[0] not in planned)
    after = untouched | {(live.id, used) for live in planned.values() for used in find_inputs(live.formulas)}
    # Links that the plan removes are shown too, as removed.
    near = _find_near(before | after, planned.keys())

    def label(channel_id: int) -> ChannelLabel:
        live = new.get(channel_id) or index.by_id.get(channel_id)
        return ChannelLabel(channel_id, names.get(channel_id), live.name if live else "")

    return tuple(
        FormulaLink(label(user), label(used), (user, used) in before, (user, used) in after)
        for user, used in sorted(near)
    )


def _find_near(links: _Links, edited: Collection[int]) -> _Links:
    users: dict[int, set[int]] = defaultdict(set)
    for user, used in links:
        users[used].add(user)
    fed, waiting = set(edited), list(edited)
    while waiting:
        new = users.get(waiting.pop(), set()) - fed
        fed |= new
        waiting += new
    return frozenset((user, used) for user, used in links if user in edited or used in fed)


_OFFERED = 3


def matches_filter(name: str, patterns: Sequence[str]) -> bool:
    """Whether the channel called `name` matches one of `patterns`: shell patterns that respect letter case."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def advise_pattern(option: str, pattern: str, names: Collection[str], meant: Sequence[str] = ()) -> str:
    """What to write for `pattern`, which matches none of `names`; "" if none is similar.

    `meant` are the names of channels that have the pattern as their import id or as their name in EnergyCAP.
    """
    parts = [part.strip() for part in pattern.split(",")]
    if all(any(matches_filter(name, (part,)) for name in names) for part in parts):
        return f"write  {' '.join(f'{option} {shlex.quote(part)}' for part in parts)}"
    near = tuple(meant) or tuple(_find_alike(pattern, names)) or suggest(pattern, names)
    if not near:
        return ""
    more = f", or one of {len(near) - _OFFERED} more" if len(near) > _OFFERED else ""
    return (
        f"did you mean  {option} {' or '.join(map(shlex.quote, near[:_OFFERED]))}{more}{tell_apart(pattern, near[0])}"
    )


def _find_alike(pattern: str, names: Iterable[str]) -> Iterable[str]:
    """Those of `names` that `pattern`, or `pattern` and more, matches without regard to letter case."""
    folded = pattern.casefold()
    return (name for name in names if matches_filter(name.casefold(), (folded, f"{folded}*")))


class PlanRequest(Struct, frozen=True):
    """What a plan depends on beside the files and the live channels.

    `filter` holds patterns of channel names, `formula_rejections` EnergyCAP's reasons against formulas of this plan, by
    the id of the channel that would get one. `folder` is where the project is in its repository, "" for its root.
    `not_found` is the guard for channels of the files that are not there.
    """

    tool_version: str
    environment: Environment
    created: str
    commit: str | None = None
    filter: tuple[str, ...] = ()
    formula_rejections: Mapping[int, Sequence[str]] = field(default_factory=dict)
    folder: str = ""
    uncommitted: bool | None = None
    not_found: OnNotFound = OnNotFound.STOP


class _Drafting(Struct, frozen=True):
    """The matches without an error, the drafts of those that need an edit, by name, and the findings."""

    matches: Sequence[Match]
    drafts: Mapping[str, Draft]
    findings: Sequence[Finding]


def make_plan(definitions: Definitions, snapshot: Snapshot, request: PlanRequest) -> Plan:
    """The plan that turns `snapshot` into `definitions`: the same for the same input, whatever its order.

    Sendable changes come first, in the order of apply and else by name; then the blocked ones, then the channels
    without an edit, both by name. A channel with an error among the findings has no change at all. With a filter
    everything is planned, and changes that match no pattern and are not needed by one that does are left out at the
    end; feeds are traced through the remaining changes.
    """
    desired = sorted(definitions.channels, key=lambda channel: (channel.name, channel.file, channel.line))
    index = make_index(snapshot.channels)
    matched = match_channels(desired, index, may_skip=request.not_found is OnNotFound.SKIP)
    skipped = frozenset(channel.name for channel in matched.skipped)
    new = find_new_channels(matched.new, index, snapshot.data_points)
    matches = (*matched.matches, *new.matches)
    everything = add_new_channels(index, [match.live for match in new.matches]) if new.matches else index
    # A channel that could not be read gets no edit; block_unread adds an unknown change for it.
    readable = [match for match in matched.matches if not match.live.flaw]
    tables = replace(_make_code_tables(desired, matches, everything, snapshot.reference), skipped=skipped)
    drafting = _make_drafts(readable, tables, may_insert=request.environment.version_insert is VersionInsert.ALLOW)
    drafting = _add_creations(drafting, new, tables)
    drafting = _warn_of_edits(drafting, everything, snapshot.reference)
    context = _make_plan_context(drafting, matches, everything, snapshot.reference, request)
    context = replace(context, skipped=skipped)
    preconditions = _check_drafts(drafting.drafts, context, definitions.feeds)
    names = [channel.name for channel in desired]
    kept = _select(names, request.filter, preconditions)
    feeds = route_feeds(definitions.feeds, preconditions, context, kept)
    findings = (
        *matched.findings,
        *new.findings,
        *drafting.findings,
        *check_new_channels(new.matches, context),
        *feeds.findings,
        *_check_found_again(drafting, feeds.results, index),
        *note_swaps(readable),
    )
    changes = make_changes(drafting.matches, block_unread(matched), drafting.drafts, feeds.results, feeds.moved)
    plan = replace(
        _start_plan(definitions, request),
        changes=tuple(changes),
        unmanaged=len(index.by_id) - len(matched.found),
        managed=len(matches) + len(matched.hidden),
        findings=_sort(findings),
        feeds=feeds.routes,
        formula_links=find_formula_links(
            everything,
            {name: draft for name, draft in drafting.drafts.items() if name in kept},
            {match.live.id: match.desired.name for match in matches},
        ),
    )
    return _apply_filter(plan, definitions, kept) if request.filter else plan


def _start_plan(definitions: Definitions, request: PlanRequest) -> Plan:
    """A plan without changes: what it is made from, and for which environment."""
    return Plan(
        tool_version=request.tool_version,
        environment=request.environment.name,
        url=request.environment.url,
        created=request.created,
        commit=request.commit,
        folder=request.folder,
        uncommitted=request.uncommitted,
        definitions_digest=definitions.digest,
        filter=request.filter,
        changes=(),
        unmanaged=0,
        managed=0,
        findings=(),
        left_out=_list_left_out(definitions, request.filter),
    )


def _make_code_tables(
    desired: Iterable[Desired], matches: Iterable[Match], index: Index, reference: ReferenceData
) -> CodeTables:
    codes = codes_by_id(reference)
    channel_ids = {match.desired.name: match.live.id for match in matches}
    return CodeTables(
        ids=ids_by_code(codes),
        codes=codes,
        defined_names=frozenset(channel.name for channel in desired),
        channel_ids=channel_ids,
        channel_names={id_: name for name, id_ in channel_ids.items()},
        live_ids=index.by_id.keys(),
        unread=list_unread(reference),
    )


def _make_drafts(matches: Iterable[Match], tables: CodeTables, *, may_insert: bool) -> _Drafting:
    valid: list[Match] = []
    drafts: dict[str, Draft] = {}
    findings: list[Finding] = []
    for match in matches:
        draft, found = _make_draft(match, tables, may_insert=may_insert)
        findings += found
        if all(finding.severity is not Severity.ERROR for finding in found):
            valid.append(match)
        if draft is not None:
            drafts[draft.name] = draft
    return _Drafting(valid, drafts, findings)


def _make_draft(match: Match, tables: CodeTables, *, may_insert: bool) -> tuple[Draft | None, tuple[Finding, ...]]:
    desired, live = match.desired, match.live
    # Most channels need no edit, and this comparison is much cheaper than a translation.
    if not desired.versions and desired.spec.items() <= live.values.items():
        return None, ()
    draft, found = draft_settings(split_versions(desired, live), live, tables)
    blocks = tuple(each for each in found if isinstance(each, Blocker))
    draft = replace(draft, blocks=blocks) if draft and blocks else draft
    versions = draft_versions(desired, live, draft, tables, may_insert=may_insert)
    findings = (*(each for each in found if isinstance(each, Finding)), *versions.findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return add_versions(draft, versions, desired.name, live), findings


def _add_creations(drafting: _Drafting, new: NewChannels, tables: CodeTables) -> _Drafting:
    """`drafting` with the channels to be created."""
    matches, drafts, findings = [*drafting.matches], {**drafting.drafts}, [*drafting.findings]
    for match in new.matches:
        draft, found = draft_creation(match, tables)
        findings += found
        if draft is not None:
            blocks = (*draft.blocks, *filter(None, [new.blocks.get(draft.name)]))
            matches.append(match)
            drafts[draft.name] = replace(draft, blocks=blocks)
    return _Drafting(matches, drafts, findings)


def _warn_of_edits(drafting: _Drafting, index: Index, reference: ReferenceData) -> _Drafting:
    # Warnings come after all drafts, as a sum is checked with the units that its channels will have.
    units = {unit.id: unit for unit in reference.units}
    matches = {match.desired.name: match.desired for match in drafting.matches}
    planned = ChainMap({draft.live.id: draft.after_apply for draft in drafting.drafts.values()}, dict(index.by_id))
    warned = {name: warn_of_edits(matches[name], draft, planned, units) for name, draft in drafting.drafts.items()}
    drafts = {name: draft for name, (draft, _) in warned.items()}
    return _Drafting(
        drafting.matches, drafts, [*drafting.findings, *(found for _, all_ in warned.values() for found in all_)]
    )


def _make_plan_context(
    drafting: _Drafting, matches: Sequence[Match], index: Index, reference: ReferenceData, request: PlanRequest
) -> PlanContext:
    environment = request.environment
    context = make_context(
        index,
        {draft.live.id: draft for draft in drafting.drafts.values()},
        {match.live.id: match.desired for match in matches},
        reference,
        (environment.primary_move, environment.channel_edit),
    )
    return replace(context, formula_rejections=request.formula_rejections, version_dates=environment.version_dates)


def _check_drafts(drafts: Mapping[str, Draft], context: PlanContext, feeds: Sequence[Feed]) -> PreconditionResults:
    found = {
        name: (*check_preconditions(draft, context), *check_unread_feeds(draft, context, feeds))
        for name, draft in drafts.items()
    }
    blocks = {name: tuple(each for each in results if isinstance(each, Blocker)) for name, results in found.items()}
    needs = {name: tuple(each for each in results if isinstance(each, Dependency)) for name, results in found.items()}
    return PreconditionResults(blocks, needs)


def _select(names: Iterable[str], patterns: Sequence[str], preconditions: PreconditionResults) -> frozenset[str]:
    picked = (name for name in names if not patterns or matches_filter(name, patterns))
    # A change is never sent without those that it depends on, whatever the filter.
    return with_dependencies(picked, preconditions.needs)


def _check_found_again(drafting: _Drafting, results: PreconditionResults, index: Index) -> Iterator[Finding]:
    sendable = [drafting.drafts[name] for name in results.sendable]
    # Only edits of identifying values can make a select match something else.
    if any(affects_routing(draft) for draft in sendable):
        planned = {**index.by_id, **{draft.live.id: draft.after_apply for draft in sendable}}
        existing = (match for match in drafting.matches if not is_new_id(match.live.id))
        yield from check_still_found(existing, make_index(planned.values()))


def _list_left_out(definitions: Definitions, patterns: Sequence[str]) -> LeftOut:
    """What is left out of the environment, but for what the filter leaves out anyway."""
    names = [one.name for one in definitions.left_out if not patterns or matches_filter(one.name, patterns)]
    feeds = (feed.name for feed in definitions.left_out_feeds if feed.expect in names)
    return LeftOut(tuple(sorted(names)), tuple(sorted(feeds)))


def _apply_filter(plan: Plan, definitions: Definitions, kept: Container[str]) -> Plan:
    unmatched = _check_patterns(plan.filter, definitions, plan.environment)
    findings = (finding for finding in plan.findings if finding.location and _is_kept(finding.location.path, kept))
    changes = tuple(change for change in plan.changes if change.name in kept)
    return replace(plan, changes=changes, findings=_sort((*unmatched, *findings)))


def _check_patterns(patterns: Iterable[str], definitions: Definitions, environment: str) -> Iterator[Finding]:
    desired = definitions.channels
    names = [channel.name for channel in desired]
    unmatched = [text for text in dict.fromkeys(patterns) if not any(matches_filter(name, (text,)) for name in names)]
    owners = find_owners(unmatched, desired)
    for pattern in unmatched:
        left_out = next((one for one in definitions.left_out if matches_filter(one.name, (pattern,))), None)
        fix = (
            f"{left_out.name} is left out of {environment}; write  --environment {left_out.only[0]}"
            if left_out
            else advise_pattern("--only", pattern, names, owners.get(pattern, ()))
        )
        yield make_finding("ESA307", f"no channel matches the pattern, found {show_value(pattern)}", fix=fix)


def _is_kept(keys: Sequence[str], kept: Container[str]) -> bool:
    # Feeds of channels that are not kept were left out before the findings were made.
    return keys[0] == "feeds" or keys[1] in kept


def _sort(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.order))
