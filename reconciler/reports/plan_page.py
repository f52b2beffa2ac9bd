"""A plan as the page shows it: the changes by risk, the unchanged by place, the formulas, the feeds, the findings."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.findings import Severity
from reconciler.model.plan import Action, ChannelLabel, Verdict
from reconciler.reports.change_card import Directory, ShownFinding, make_card, show_edits
from reconciler.reports.formula_svg import draw_formulas
from reconciler.reports.grouping import fold_alike, group_by_place, show_place_of
from reconciler.reports.relations import make_relations
from reconciler.reports.risk import RISK_WORDS, Risk, find_risk, list_risks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, FeedRoute, Origin, Plan
    from reconciler.reports.change_card import Card, ShownEdit
    from reconciler.reports.formula_svg import Picture
    from reconciler.reports.grouping import Fold
    from reconciler.reports.risk import RiskWords

# A browser need not lay out the blocks that are out of sight.
_BLOCK = 200


class Alike(Struct, frozen=True):
    """Changes that do exactly the same to several channels, and those that edit one of the same values otherwise."""

    edits: tuple[ShownEdit, ...]
    risks: tuple[Risk, ...]
    changes: tuple[Change, ...]
    exceptions: tuple[Change, ...]


class Group(Struct, frozen=True):
    """The changes of one risk: the particular ones, and those that are alike."""

    risk: Risk
    words: RiskWords
    cards: tuple[Card, ...]
    alike: tuple[Alike, ...]

    @property
    def size(self) -> int:
        return len(self.cards) + sum(len(alike.changes) for alike in self.alike)


class Block(Struct, frozen=True):
    """Some unchanged channels of one place."""

    place: str
    changes: tuple[Change, ...]


class ShownFeed(Struct, frozen=True):
    """A feed, and the channels that it leads to; None where it leads to none."""

    feed: FeedRoute
    before: ChannelLabel | None
    after: ChannelLabel | None

    @property
    def is_notable(self) -> bool:
        return self.before != self.after or bool(self.feed.findings)


class Page(Struct, frozen=True):
    """All that the page shows.

    `places` numbers the names of all places; `edited` are the changes by channel id, `findings_of` the findings of a
    channel by its name in the files.
    """

    groups: tuple[Group, ...]
    unchanged: tuple[Block, ...]
    pictures: tuple[Picture, ...]
    feeds: tuple[ShownFeed, ...]
    errors: tuple[ShownFinding, ...]
    milder: tuple[ShownFinding, ...]
    findings_of: Mapping[str, tuple[ShownFinding, ...]]
    places: Mapping[str, int]
    edited: Mapping[int, Change]

    @property
    def origins(self) -> frozenset[Origin]:
        """The origins of the edits; none if the plan does not tell drift from changes."""
        edits = (edit for change in self.edited.values() for edit in change.edits)
        return frozenset(edit.origin for edit in edits if edit.origin is not None)


def make_page(plan: Plan) -> Page:
    """What the page of `plan` shows."""
    edited = [change for change in plan.changes if change.action is Action.UPDATE]
    findings = _sort_findings(plan.findings)
    directory = _make_directory(plan, findings)
    places = {show_place_of(change.data_point) for change in plan.changes}
    return Page(
        groups=tuple(_group(sorted(edited, key=_order), plan, directory)),
        unchanged=tuple(_list_unchanged(plan)),
        pictures=draw_formulas(plan.formula_links),
        feeds=tuple(_show_feed(feed, directory) for feed in plan.feeds),
        errors=tuple(shown for shown in findings if shown.finding.severity is Severity.ERROR),
        milder=tuple(shown for shown in findings if shown.finding.severity is not Severity.ERROR),
        findings_of=directory.findings,
        places={place: number for number, place in enumerate(sorted(places))},
        edited={change.channel_id: change for change in edited},
    )


def _order(change: Change) -> tuple[bool, bool, str, str, str]:
    place = show_place_of(change.data_point)
    return (change.verdict is Verdict.UNKNOWN, not place, place, change.data_point.code or "", change.name)


def _group(changes: Sequence[Change], plan: Plan, directory: Directory) -> Iterable[Group]:
    folds, others = fold_alike(changes, directory.relations.waiting)
    cards: dict[Risk, list[Card]] = defaultdict(list)
    alike: dict[Risk, list[Alike]] = defaultdict(list)
    for change in others:
        cards[find_risk(change)].append(make_card(change, plan, directory))
    for fold in folds:
        alike[find_risk(fold.alike[0])].append(_show_alike(fold, directory))
    for risk in Risk:
        if risk in cards or risk in alike:
            yield Group(risk, RISK_WORDS[risk], tuple(cards[risk]), tuple(alike[risk]))


def _show_alike(fold: Fold, directory: Directory) -> Alike:
    first = fold.alike[0]
    edits = show_edits(fold.alike, directory)
    return Alike(edits, list_risks(first), fold.alike, fold.exceptions)


def _list_unchanged(plan: Plan) -> Iterable[Block]:
    unchanged = [change for change in plan.changes if change.action is Action.NO_OP]
    for place, changes in group_by_place(sorted(unchanged, key=_order)):
        for start in range(0, len(changes), _BLOCK):
            yield Block(place, changes[start : start + _BLOCK])


def _sort_findings(findings: Iterable[Finding]) -> tuple[ShownFinding, ...]:
    """`findings` with their numbers, the gravest first."""
    order = list(Severity)
    ranked = sorted(findings, key=lambda finding: order.index(finding.severity))
    return tuple(ShownFinding(number, finding) for number, finding in enumerate(ranked, 1))


def _make_directory(plan: Plan, findings: Iterable[ShownFinding]) -> Directory:
    linked = [channel for link in plan.formula_links for channel in (link.user, link.used)]
    managed = [ChannelLabel(change.channel_id, change.name, change.channel_info) for change in plan.changes]
    return Directory(
        by_id={channel.id: channel for channel in (*linked, *managed)},
        by_name={channel.name: channel for channel in (*linked, *managed) if channel.name is not None},
        relations=make_relations(plan),
        findings=_list_by_channel(findings),
    )


def _list_by_channel(findings: Iterable[ShownFinding]) -> Mapping[str, tuple[ShownFinding, ...]]:
    by_channel: dict[str, tuple[ShownFinding, ...]] = {}
    for shown in findings:
        keys = shown.finding.location.path if shown.finding.location else ()
        if keys[:1] == ("channels",) and len(keys) > 1:
            by_channel[keys[1]] = (*by_channel.get(keys[1], ()), shown)
    return by_channel


def _show_feed(feed: FeedRoute, directory: Directory) -> ShownFeed:
    before, after = (
        None if id_ is None else directory.by_id.get(id_, ChannelLabel(id_, None, ""))
        for id_ in (feed.before, feed.after)
    )
    return ShownFeed(feed, before, after)
