"""A plan as the page shows it: the changes by risk, the unchanged by place, the formulas, the feeds, the findings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.findings import Severity
from reconciler.model.plan import Action, ChannelLabel, Verdict
from reconciler.reports.change_card import ChannelLookup, FindingView, make_change_view, make_edit_views
from reconciler.reports.formula_svg import draw_formulas
from reconciler.reports.grouping import format_place, group_by_place, group_identical
from reconciler.reports.relations import find_dependents
from reconciler.reports.risk import RISK_WORDS, Risk, find_risk, find_risks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, FeedRoute, Origin, Plan
    from reconciler.reports.change_card import ChangeView, EditView
    from reconciler.reports.formula_svg import FormulaPicture
    from reconciler.reports.grouping import IdenticalChanges
    from reconciler.reports.risk import RiskWords

# A browser need not lay out the blocks that are out of sight.
_BLOCK_SIZE = 200


class IdenticalView(Struct, frozen=True):
    """Changes that do exactly the same to several channels, and those that edit one of the same values otherwise."""

    edits: tuple[EditView, ...]
    risks: tuple[Risk, ...]
    changes: tuple[Change, ...]
    exceptions: tuple[Change, ...]


class RiskGroup(Struct, frozen=True):
    """The changes of one risk: the particular ones, and those that are alike."""

    risk: Risk
    words: RiskWords
    changes: tuple[ChangeView, ...]
    identical: tuple[IdenticalView, ...]

    @property
    def size(self) -> int:
        return len(self.changes) + sum(len(alike.changes) for alike in self.identical)


class UnchangedBlock(Struct, frozen=True):
    """Some unchanged channels of one place."""

    place: str
    changes: tuple[Change, ...]


class FeedView(Struct, frozen=True):
    """A feed, and the channels that it leads to; None where it leads to none."""

    feed: FeedRoute
    before: ChannelLabel | None
    after: ChannelLabel | None

    @property
    def is_notable(self) -> bool:
        return self.before != self.after or bool(self.feed.findings)


class PlanPage(Struct, frozen=True):
    """All that the page shows.

    `places` numbers the names of all places; `edited` are the changes by channel id, `findings_of` the findings of a
    channel by its name in the files.
    """

    groups: tuple[RiskGroup, ...]
    unchanged: tuple[UnchangedBlock, ...]
    pictures: tuple[FormulaPicture, ...]
    feeds: tuple[FeedView, ...]
    errors: tuple[FindingView, ...]
    warnings_and_notes: tuple[FindingView, ...]
    findings_of: Mapping[str, tuple[FindingView, ...]]
    places: Mapping[str, int]
    edited: Mapping[int, Change]

    @property
    def origins(self) -> frozenset[Origin]:
        """The origins of the edits; none if the plan does not tell drift from changes."""
        edits = (edit for change in self.edited.values() for edit in change.edits)
        return frozenset(edit.origin for edit in edits if edit.origin is not None)


def make_plan_page(plan: Plan) -> PlanPage:
    """What the page of `plan` shows."""
    edited = [change for change in plan.changes if change.action is Action.UPDATE]
    findings = _number_findings(plan.findings)
    lookup = _make_lookup(plan, findings)
    places = {format_place(change.data_point) for change in plan.changes}
    return PlanPage(
        groups=tuple(_group_by_risk(sorted(edited, key=_change_order), plan, lookup)),
        unchanged=tuple(_list_unchanged(plan)),
        pictures=draw_formulas(plan.formula_links),
        feeds=tuple(_make_feed_view(feed, lookup) for feed in plan.feeds),
        errors=tuple(shown for shown in findings if shown.finding.severity is Severity.ERROR),
        warnings_and_notes=tuple(shown for shown in findings if shown.finding.severity is not Severity.ERROR),
        findings_of=lookup.findings,
        places={place: number for number, place in enumerate(sorted(places))},
        edited={change.channel_id: change for change in edited},
    )


def _change_order(change: Change) -> tuple[bool, bool, str, str, str]:
    place = format_place(change.data_point)
    return (change.verdict is Verdict.UNKNOWN, not place, place, change.data_point.code or "", change.name)


def _group_by_risk(changes: Sequence[Change], plan: Plan, lookup: ChannelLookup) -> Iterable[RiskGroup]:
    groups, others = group_identical(changes, lookup.dependents.blocked_by_name)
    cards: dict[Risk, list[ChangeView]] = defaultdict(list)
    alike: dict[Risk, list[IdenticalView]] = defaultdict(list)
    for change in others:
        cards[find_risk(change)].append(make_change_view(change, plan, lookup))
    for identical in groups:
        alike[find_risk(identical.changes[0])].append(_make_identical_view(identical, lookup))
    for risk in Risk:
        if risk in cards or risk in alike:
            yield RiskGroup(risk, RISK_WORDS[risk], tuple(cards[risk]), tuple(alike[risk]))


def _make_identical_view(identical: IdenticalChanges, lookup: ChannelLookup) -> IdenticalView:
    first = identical.changes[0]
    edits = make_edit_views(identical.changes, lookup)
    return IdenticalView(edits, find_risks(first), identical.changes, identical.exceptions)


def _list_unchanged(plan: Plan) -> Iterable[UnchangedBlock]:
    unchanged = [change for change in plan.changes if change.action is Action.NO_OP]
    for place, changes in group_by_place(sorted(unchanged, key=_change_order)):
        for start in range(0, len(changes), _BLOCK_SIZE):
            yield UnchangedBlock(place, changes[start : start + _BLOCK_SIZE])


def _number_findings(findings: Iterable[Finding]) -> tuple[FindingView, ...]:
    """`findings` with their numbers, the gravest first."""
    order = list(Severity)
    ranked = sorted(findings, key=lambda finding: order.index(finding.severity))
    return tuple(FindingView(number, finding) for number, finding in enumerate(ranked, 1))


def _make_lookup(plan: Plan, findings: Iterable[FindingView]) -> ChannelLookup:
    linked = [channel for link in plan.formula_links for channel in (link.user, link.used)]
    managed = [ChannelLabel(change.channel_id, change.name, change.channel_info) for change in plan.changes]
    return ChannelLookup(
        by_id={channel.id: channel for channel in (*linked, *managed)},
        by_name={channel.name: channel for channel in (*linked, *managed) if channel.name is not None},
        dependents=find_dependents(plan),
        findings=_findings_by_channel(findings),
    )


def _findings_by_channel(findings: Iterable[FindingView]) -> Mapping[str, tuple[FindingView, ...]]:
    by_channel: dict[str, tuple[FindingView, ...]] = {}
    for shown in findings:
        keys = shown.finding.location.path if shown.finding.location else ()
        if keys[:1] == ("channels",) and len(keys) > 1:
            by_channel[keys[1]] = (*by_channel.get(keys[1], ()), shown)
    return by_channel


def _make_feed_view(feed: FeedRoute, lookup: ChannelLookup) -> FeedView:
    before, after = (
        None if id_ is None else lookup.by_id.get(id_, ChannelLabel(id_, None, "")) for id_ in (feed.before, feed.after)
    )
    return FeedView(feed, before, after)
