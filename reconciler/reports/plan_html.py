"""A plan as one HTML page that needs no scripts, no network and no knowledge of the API."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.findings import Severity
from reconciler.model.plan import Action, ChannelLabel, Origin, Verdict
from reconciler.reports.change_words import (
    RISK_WORDS,
    Risk,
    find_risk,
    find_risks,
    format_channel_id,
    verdict_words,
)
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count, format_location
from reconciler.reports.html_change import ChannelLookup, FindingView, make_change_view, make_edit_views, split_code
from reconciler.reports.html_pictures import BOX_HEIGHT, BOX_WIDTH, channel_title, draw_formulas
from reconciler.reports.plan_groups import (
    blocking_rules,
    find_dependents,
    format_data_point,
    format_place,
    group_by_place,
    group_identical,
    introduce_blocked_dependents,
)
from reconciler.reports.plan_summary import (
    count_changes,
    count_findings,
    describe_filter,
    describe_left_out,
    is_compared,
    summarize_plan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2 import Template

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, FeedRoute, Plan
    from reconciler.reports.change_words import RiskWords
    from reconciler.reports.html_change import ChangeView, EditView
    from reconciler.reports.html_pictures import FormulaPicture
    from reconciler.reports.plan_groups import IdenticalChanges


# A browser does not lay out blocks that are out of sight.
_BLOCK_SIZE = 200


class IdenticalView(Struct, frozen=True):
    """Changes with identical edits, and exceptions that edit one of the same values differently."""

    edits: tuple[EditView, ...]
    risks: tuple[Risk, ...]
    changes: tuple[Change, ...]
    exceptions: tuple[Change, ...]


class RiskGroup(Struct, frozen=True):
    """The changes of one risk: single ones, and groups with identical edits."""

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
    """A feed, and the channel that it reaches before and after; None if it reaches none."""

    feed: FeedRoute
    before: ChannelLabel | None
    after: ChannelLabel | None

    @property
    def is_notable(self) -> bool:
        return self.before != self.after or bool(self.feed.findings)


class PlanPage(Struct, frozen=True):
    """Everything that the page shows.

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
        """The origins of the edits; empty if the plan was made without --base."""
        edits = (edit for change in self.edited.values() for edit in change.edits)
        return frozenset(edit.origin for edit in edits if edit.origin is not None)


def make_plan_page(plan: Plan) -> PlanPage:
    """What the page of `plan` shows."""
    edited = [change for change in plan.changes if change.action is not Action.NO_OP]
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
    """`findings` with their numbers, the worst first."""
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


_ORIGIN_WORDS = {
    Origin.CHANGE: "from this change",
    Origin.DRIFT: "drift, not from this change",
    Origin.UNKNOWN: "origin unknown",
}


def render_plan_html(plan: Plan) -> str:
    """`plan` as one self-contained page; same plan, same bytes.

    The page loads nothing, and its Content-Security-Policy allows only its own script and style. All names
    and values are shown as text, with unprintable characters escaped.
    """
    # Both are inline, so that the page works as a single file; the policy allows nothing but their hashes.
    style, script = _read_template("plan.css"), _read_template("plan.js")
    return _load_template().render(
        plan=plan,
        page=make_plan_page(plan),
        summary=plan.summary,
        sentence=summarize_plan(plan),
        filtered=describe_filter(plan),
        left_out=describe_left_out(plan),
        counts=count_changes(plan),
        is_compared=is_compared(plan),
        style=style,
        script=script,
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
    )


@cache
def _load_template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  (slow to start; only this report needs it)

    environment = Environment(
        autoescape=True,
        finalize=_escape_value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "box_height": BOX_HEIGHT,
        "box_width": BOX_WIDTH,
        "introduce_blocked_dependents": introduce_blocked_dependents,
        "count": count,
        "count_findings": count_findings,
        "blocking_rules": blocking_rules,
        "channel_title": channel_title,
        "split_code": split_code,
        "format_data_point": format_data_point,
        "format_location": format_location,
        "format_place": format_place,
        "origin_words": _ORIGIN_WORDS,
        "risk_words": RISK_WORDS,
        "verdict_words": verdict_words,
        "format_channel_id": format_channel_id,
        "impact_risks": [risk for risk in Risk if risk is not Risk.BLOCKED],
    }
    return environment.from_string(_read_template("plan.html.jinja"))


def _escape_value(value: object) -> object:
    """Escapes every text that the template inserts, except markup such as the result of a macro."""
    return escape_text(value) if type(value) is str else value


def _read_template(name: str) -> str:
    return files("reconciler.reports").joinpath("page", name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """The hash of `text` as a source of a Content-Security-Policy."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
