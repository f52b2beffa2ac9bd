"""The sections of the Markdown report: changes by risk, findings, feeds and formulas."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.model.fields import FORMULA
from reconciler.model.findings import Severity
from reconciler.model.plan import Action, Verdict
from reconciler.reports.change_words import (
    RISK_WORDS,
    Risk,
    describe_effect,
    describe_evidence,
    describe_inputs,
    describe_sources,
    describe_timeline,
    find_risk,
    format_channel_id,
    format_factor_note,
    format_label,
    verdict_words,
)
from reconciler.reports.escaping import (
    CLOSE_DETAILS,
    code,
    escape_text,
    open_details,
    prose,
    shorten,
    size_of,
    tabulate,
)
from reconciler.reports.formatting import count, format_location, format_value, format_values, join_words
from reconciler.reports.markdown_budget import Section, SectionLine
from reconciler.reports.plan_groups import (
    blocking_rules,
    find_dependents,
    format_data_point,
    group_by_place,
    group_identical,
    introduce_blocked_dependents,
)
from reconciler.reports.plan_summary import count_findings, find_feeds_to_review
from reconciler.reports.plan_text import format_impact
from reconciler.reports.version_offer import introduce_offer, offer_on_one_line, offer_versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker, Change, ChannelLabel, Edit, FeedRoute, FormulaLink, Plan
    from reconciler.reports.plan_groups import Dependents, IdenticalChanges


# Formulas and descriptions can have thousands of characters; one of them must not take the room of many lines.
_MAX_EDITS = 400
_EDIT_HEAD = ("setting", "now", "planned", "impact")
_VALUE_HEAD = ("setting", "value")


def render_change(change: Change, dependents: Dependents) -> str:
    """`change` in full: what it is, its edits as a table, what they do, and what blocks it."""
    notes = "".join(f"{line}\n" for line in _list_notes(change, dependents))
    tabulate_own = _tabulate_values if change.is_creation else _tabulate_edits
    table = f"{tabulate_own(change.edits)}\n" if change.edits else ""
    text = f"{_render_title(change)}\n\n{table}"
    return f"{text}{notes}\n" if notes else text


def render_identical(identical: IdenticalChanges) -> str:
    """Changes with identical edits: the exceptions, the edits once, and the names of all in a collapsed list."""
    edits = identical.changes[0].edits
    lines = [
        f"**{count(len(identical.changes), 'channel')} with identical edits**{_list_exceptions(identical)}\n\n",
        _tabulate_edits(edits),
        "\n",
    ]
    notes = [f"- {sentence}\n" for sentence in _list_effects(identical.changes)]
    names = f"{open_details(f'The {len(identical.changes)} channels')}{_list_names(identical.changes)}{CLOSE_DETAILS}"
    return "".join([*lines, *notes, "\n", names])


def render_line(change: Change) -> str:
    """`change` on one line: its name, the rules that block it, and its edits."""
    rules = [f"{code(block.rule)} {prose(block.message)}" for block in change.blocked_by]
    edits = (
        f"new channel with {count(len(change.edits), 'setting')}" if change.is_creation else _render_edits(change.edits)
    )
    return f"- {_name_as_code(change)}: {'; '.join([*rules, edits])}\n"


def render_identical_line(identical: IdenticalChanges) -> str:
    """How many changes have identical edits, and the edits."""
    edits = identical.changes[0].edits
    return f"- {count(len(identical.changes), 'channel')} with identical edits: {_render_edits(edits)}\n"


def _list_names(changes: Iterable[Change]) -> str:
    """A line for each place, with the names of its changes."""
    return "".join(
        f"- {code(place) if place else 'no place'}: {_join_names(members)}\n"
        for place, members in group_by_place(changes)
    )


def _join_names(changes: Iterable[Change]) -> str:
    return ", ".join(map(_name_as_code, changes))


def _name_as_code(change: Change) -> str:
    return code(change.name)


def _name_with_rules(change: Change) -> str:
    return f"{_name_as_code(change)} (blocked by {', '.join(map(code, blocking_rules(change)))})"


def _render_title(change: Change) -> str:
    is_plain = change.verdict is Verdict.ALLOWED and not change.is_creation
    mark = "" if is_plain else f"**{' '.join(verdict_words(change))}** "
    info = f"{format_channel_id(change)} {code(format_value(change.channel_info))}"
    place = f"{code(format_data_point(change.data_point))}, {code(f'{change.file}:{change.line}')}"
    return f"{mark}**{_name_as_code(change)}** ({info}) in {place}"


def _tabulate_edits(edits: Iterable[Edit]) -> str:
    return tabulate(_EDIT_HEAD, map(_edit_cells, edits))


def _tabulate_values(edits: Iterable[Edit]) -> str:
    """The values of a new channel."""
    return tabulate(_VALUE_HEAD, ((code(edit.path), code(format_value(edit.after))) for edit in edits))


def _edit_cells(edit: Edit) -> tuple[str, str, str, str]:
    before, after = map(code, format_values(edit.before, edit.after))
    return code(edit.path), before, f"{after}{format_factor_note(edit)}", _impact_cell(edit)


def _impact_cell(edit: Edit) -> str:
    tag = format_impact(edit).strip("[]")
    return tag if edit.implied_by is None else f"{tag}, implied by {code(edit.implied_by)}"


def _list_notes(change: Change, dependents: Dependents) -> Iterator[str]:
    yield from (f"- {sentence}" for sentence in _list_effects((change,)))
    yield from (f"- {prose(sentence)}" for sentence in describe_timeline(change))
    if not dependents.is_rollback and offer_versions(change):
        yield f"- {prose(introduce_offer(change))} {code(offer_on_one_line(change))}"
    affected, blocked = dependents.affected_channels(change), dependents.blocked_dependents(change)
    if affected:
        yield f"- used by (now or after apply): {', '.join(code(format_label(label)) for label in affected)}"
    if change.feeds:
        yield f"- reroutes these feeds: {', '.join(map(code, change.feeds))}"
    if change.depends_on:
        yield f"- only after {', '.join(map(code, change.depends_on))}"
    if blocked:
        yield f"- {introduce_blocked_dependents(blocked)}: {', '.join(map(_name_with_rules, blocked))}"
    for block in change.blocked_by:
        yield from _list_blocker(block)


def _list_effects(changes: Sequence[Change]) -> tuple[str, ...]:
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for edit in changes[0].edits:
        warnings = [f"warning: {warning}" for warning in edit.warnings]
        for sentence in (*warnings, describe_inputs(edit), describe_effect(edit, changes)):
            if sentence:
                paths[prose(sentence)].append(code(edit.path))
    effects = (f"{', '.join(named)}: {sentence}" for sentence, named in paths.items())
    return (*effects, *map(prose, describe_sources(changes[0].edits)))


def _list_blocker(block: Blocker) -> Iterator[str]:
    yield f"- {code(block.rule)} {prose(block.message)}"
    for name, values in describe_evidence(block.evidence):
        yield f"  - evidence: {prose(name)}: {'; '.join(map(prose, values))}"
    if block.unblock:
        yield f"  - fix: {prose(block.unblock)}"


def _list_exceptions(identical: IdenticalChanges) -> str:
    if not identical.exceptions:
        return ""
    names = ", ".join(map(_name_as_code, identical.exceptions))
    return f"; {count(len(identical.exceptions), 'differs', 'differ')}, shown separately: {names}"


def _render_edits(edits: Sequence[Edit]) -> str:
    """`edits` in a row, or how many they are if that is long."""
    text = "; ".join(map(_render_edit, edits))
    return text if size_of(text) <= _MAX_EDITS else count(len(edits), "edit")


def _render_edit(edit: Edit) -> str:
    return (
        f"{code(edit.path)} {' → '.join(map(code, format_values(edit.before, edit.after)))}{format_factor_note(edit)}"
    )


# The changes that a reviewer need not read one by one: they are collapsed, and the last to get room.
LOW_RISK = (Risk.FORWARD, Risk.COSMETIC)
# Each of these lines covers many changes, but there may be hundreds of groups.
_FIRST_GROUPS = 3


def make_risk_sections(plan: Plan) -> dict[Risk, Section]:
    """The changes of `plan` by their worst risk, the worst first."""
    shown = [
        change for change in plan.changes if change.action is not Action.NO_OP or change.verdict is not Verdict.ALLOWED
    ]
    dependents = find_dependents(plan)
    groups, singles = group_identical(shown, dependents.blocked_by_name)
    return {
        risk: _make_risk_section(
            risk,
            [identical for identical in groups if find_risk(identical.changes[0]) is risk],
            [change for change in singles if find_risk(change) is risk],
            dependents,
        )
        for risk in Risk
    }


def _make_risk_section(
    risk: Risk, groups: Sequence[IdenticalChanges], singles: Sequence[Change], dependents: Dependents
) -> Section:
    number = len(singles) + sum(len(identical.changes) for identical in groups)
    words = RISK_WORDS[risk]

    def render() -> Iterator[str]:
        yield from (render_change(change, dependents) for change in singles)
        yield from map(render_identical, groups)

    def list_lines() -> Iterator[SectionLine]:
        yield from (SectionLine(render_identical_line(identical), 0) for identical in groups[:_FIRST_GROUPS])
        # Exceptions to identical edits are among these, so they come before the names of those that are identical.
        yield from (SectionLine(render_line(change)) for change in singles)
        for identical in groups:
            text = f"- {_render_edits(identical.changes[0].edits)}: {_join_names(identical.changes)}\n"
            yield SectionLine(text, len(identical.changes))

    return Section(
        f"{words.sign} {words.heading}: {count(number, 'change')}",
        number,
        render,
        list_lines,
        is_ranked=True,
        is_collapsed=risk in LOW_RISK,
        intro=f"{words.meaning}\n\n",
    )


# GitLab hides longer Mermaid pictures behind a button.
_MAX_PICTURE = 2_000
_MAX_LABEL = 40
_MERMAID_SPECIAL = re.compile(r"[^\w .-]")


def draw_links(links: Sequence[FormulaLink], marks: Mapping[int, str]) -> tuple[str, int]:
    """A flowchart from used channels to their users, in under 2,000 characters, and how many links it shows.

    `marks` has a word for each channel that has a change, by its id. New and dropped links are drawn first, then those
    of marked channels, as long as there is room.
    """
    ordered = sorted(links, key=lambda link: (link.before == link.after, not _touches(link, marks)))
    lines, drawn = ["```mermaid", "flowchart LR"], 0
    # Ids instead of names in the picture: Mermaid gives some words a meaning, such as `end`.
    known: dict[int, str] = {}
    room = _MAX_PICTURE - len("```mermaid\nflowchart LR\n```\n")
    for link in ordered:
        ends = {label.id: label for label in (link.used, link.user) if label.id not in known}
        names = known | {id_: f"n{len(known) + index}" for index, id_ in enumerate(ends)}
        added = [
            *(_draw_node(names[id_], label, marks.get(id_)) for id_, label in ends.items()),
            _draw_link(link, names),
        ]
        room -= sum(len(line) + 1 for line in added)
        if room < 0:
            break
        lines, known, drawn = lines + added, names, drawn + 1
    return "\n".join([*lines, "```\n"]), drawn


def list_formula_uses(links: Sequence[FormulaLink]) -> tuple[str, ...]:
    """A line for each channel with a formula: what it uses, newly uses, and would no longer use."""
    users: defaultdict[int, list[FormulaLink]] = defaultdict(list)
    for link in links:
        users[link.user.id].append(link)
    return tuple(f"- {code(format_label(uses[0].user))} {_describe_uses(uses)}\n" for uses in users.values())


def _describe_uses(links: Sequence[FormulaLink]) -> str:
    kinds = (
        ("uses", [link for link in links if link.before and link.after]),
        ("would use", [link for link in links if link.after and not link.before]),
        ("would no longer use", [link for link in links if link.before and not link.after]),
    )
    return ", and ".join(
        f"{verb} {join_words([code(format_label(link.used)) for link in uses])}" for verb, uses in kinds if uses
    )


def _touches(link: FormulaLink, marked: Collection[int]) -> bool:
    return link.user.id in marked or link.used.id in marked


def _draw_node(name: str, label: ChannelLabel, mark: str | None) -> str:
    text = shorten(escape_text(label.name or f"{label.id} {label.info}"), _MAX_LABEL)
    shown = _MERMAID_SPECIAL.sub(lambda match: f"#{ord(match.group())};", text)
    return f'{name}["{shown} ({mark})"]' if mark else f'{name}["{shown}"]'


def _draw_link(link: FormulaLink, names: dict[int, str]) -> str:
    used, user = names[link.used.id], names[link.user.id]
    if link.before == link.after:
        return f"{used} --> {user}"
    return f"{used} == new ==> {user}" if link.after else f"{used} -. dropped .-> {user}"


def make_findings_section(plan: Plan) -> Section:
    """The findings of `plan`, errors first."""
    order = list(Severity)
    findings = sorted(plan.findings, key=lambda finding: order.index(finding.severity))

    def render() -> Iterator[str]:
        yield from map(_render_finding, findings)
        yield "\n"

    def list_lines() -> Iterator[SectionLine]:
        return (SectionLine(_render_finding_line(finding)) for finding in findings)

    return Section(f"Findings: {count_findings(findings)}", len(findings), render, list_lines)


def make_feeds_section(plan: Plan) -> Section:
    """The feeds of `plan` that would reach another channel, or that have findings."""
    feeds = find_feeds_to_review(plan)

    def render() -> Iterator[str]:
        yield tabulate(("feed", "route", "expects", "note"), map(_feed_cells, feeds))
        yield "\n"

    def list_lines() -> Iterator[SectionLine]:
        return (SectionLine(f"- {code(feed.name)}: {code(route)}\n") for feed, route in feeds)

    return Section(f"Feeds to review: {count(len(feeds), 'feed')}", len(feeds), render, list_lines)


def make_formulas_section(plan: Plan) -> Section:
    """The formulas around the changes of `plan`; none if no formula and no link changes."""
    is_edited = any(edit.path == FORMULA for change in plan.changes for edit in change.edits)
    is_changed = is_edited or any(link.before != link.after for link in plan.formula_links)
    links = plan.formula_links if is_changed else ()
    marks = {change.channel_id: _mark(change) for change in plan.changes if change.edits}
    uses = list_formula_uses(links)

    def render() -> Iterator[str]:
        picture, drawn = draw_links(links, marks)
        yield f"{picture}\n"
        if drawn < len(links):
            yield f"The picture has room for {drawn} of {count(len(links), 'link')}; the list has all.\n\n"
        yield from uses
        yield "\n"

    title = f"Formulas around these changes: {count(len(links), 'link')}"
    return Section(title, len(uses), render, lambda: map(SectionLine, uses))


def _mark(change: Change) -> str:
    if change.blocked_by:
        return "new, blocked" if change.is_creation else "blocked"
    return "new" if change.is_creation else "changes"


def _render_finding(finding: Finding) -> str:
    lines = [f"  - detail: {prose(line)}\n" for line in finding.detail]
    lines += [f"  - fix: {prose(finding.fix)}\n"] if finding.fix else []
    return "".join([_render_finding_line(finding), *lines])


def _render_finding_line(finding: Finding) -> str:
    place = f" {code(format_location(finding.location))}" if finding.location else ""
    return f"- {finding.severity.value} {code(finding.code)}{place}: {prose(finding.message)}\n"


def _feed_cells(moved: tuple[FeedRoute, str]) -> tuple[str, ...]:
    feed, route = moved
    return code(feed.name), code(route), code(feed.expect), "<br>".join(map(prose, feed.findings))
