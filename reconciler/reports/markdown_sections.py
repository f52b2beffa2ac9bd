"""The sections of the Markdown report: changes by risk, findings, feeds and formulas."""

from __future__ import annotations

import re
from collections import defaultdict
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.model.fields import FORMULA
from reconciler.model.findings import Severity
from reconciler.model.plan import Verdict
from reconciler.reports.change_sentences import (
    describe_effect,
    describe_evidence,
    describe_inputs,
    format_factor_note,
    format_label,
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
    tabulate_row,
)
from reconciler.reports.formatting import count, format_location, format_value, format_values, join_words
from reconciler.reports.plan_groups import (
    blocking_rules,
    format_data_point,
    group_by_place,
    introduce_blocked_dependents,
)
from reconciler.reports.plan_summary import count_findings, find_feeds_to_review
from reconciler.reports.plan_text import format_impact
from reconciler.reports.risk import RISK_WORDS, VERDICT_WORDS, Risk, find_risk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker, Change, ChannelLabel, Edit, FeedRoute, FormulaLink, Plan
    from reconciler.reports.plan_groups import Dependents, IdenticalChanges


_ROW_HEAD = ("channel", "data point", "change")
_MAX_BRIEF = 400
_EDIT_HEAD = ("setting", "now", "planned", "impact")


def render_change(change: Change, dependents: Dependents) -> str:
    """`change` in full: what it is, its edits as a table, what they do, and what blocks it."""
    notes = "".join(f"{line}\n" for line in _list_notes(change, dependents))
    table = f"{_tabulate_edits(change.edits)}\n" if change.edits else ""
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
    names = [
        open_details(f"The {len(identical.changes)} channels"),
        *list_names(identical.changes),
        "\n",
        CLOSE_DETAILS,
    ]
    return "".join([*lines, *notes, "\n", *names])


def render_identical_briefly(identical: IdenticalChanges) -> str:
    """How many changes have identical edits, and the edits if they are short."""
    title = f"- {count(len(identical.changes), 'channel')} with identical edits"
    text = f"{title}: {'; '.join(map(_render_edit, identical.changes[0].edits))}\n"
    return text if size_of(text) <= _MAX_BRIEF else f"{title}\n"


def render_rows(changes: Iterable[Change]) -> Iterator[str]:
    """A table with a row for each change: its name, its data point, its edits and the rules that block it."""
    for number, change in enumerate(changes):
        row = (_name_as_code(change), code(format_data_point(change.data_point)), _render_briefly(change))
        yield tabulate_row(row) if number else tabulate(_ROW_HEAD, [row])
    yield "\n"


def list_names(changes: Iterable[Change]) -> Iterator[str]:
    """The names of `changes`, one text each; joined, they are a line for each place."""
    start = "- "
    for place, members in group_by_place(changes):
        yield f"{start}{code(place) if place else 'no place'}: {_name_as_code(members[0])}"
        yield from (f", {_name_as_code(change)}" for change in members[1:])
        start = "\n- "


def _name_as_code(change: Change) -> str:
    return code(change.name)


def _name_with_rules(change: Change) -> str:
    return f"{_name_as_code(change)} (blocked by {', '.join(map(code, blocking_rules(change)))})"


def _render_title(change: Change) -> str:
    mark = "" if change.verdict is Verdict.ALLOWED else f"**{' '.join(VERDICT_WORDS[change.verdict])}** "
    info = f"{change.channel_id} {code(format_value(change.channel_info))}"
    place = f"{code(format_data_point(change.data_point))}, {code(f'{change.file}:{change.line}')}"
    return f"{mark}**{_name_as_code(change)}** ({info}) in {place}"


def _tabulate_edits(edits: Iterable[Edit]) -> str:
    return tabulate(
        _EDIT_HEAD,
        map(_edit_cells, edits),
    )


def _edit_cells(edit: Edit) -> tuple[str, str, str, str]:
    before, after = map(code, format_values(edit.before, edit.after))
    return code(edit.path), before, f"{after}{format_factor_note(edit)}", _impact_cell(edit)


def _impact_cell(edit: Edit) -> str:
    tag = format_impact(edit).strip("[]")
    return tag if edit.implied_by is None else f"{tag}, implied by {code(edit.implied_by)}"


def _list_notes(change: Change, dependents: Dependents) -> Iterator[str]:
    yield from (f"- {sentence}" for sentence in _list_effects((change,)))
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
    return tuple(f"{', '.join(named)}: {sentence}" for sentence, named in paths.items())


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


def _render_briefly(change: Change) -> str:
    rules = [f"{code(block.rule)} {prose(block.message)}" for block in change.blocked_by]
    return "<br>".join([*rules, *map(_render_edit, change.edits)])


def _render_edit(edit: Edit) -> str:
    return (
        f"{code(edit.path)} {' → '.join(map(code, format_values(edit.before, edit.after)))}{format_factor_note(edit)}"
    )


HIGH_RISK = (Risk.BLOCKED, Risk.HISTORY, Risk.STRUCTURAL, Risk.ROUTING)
LOW_RISK = (Risk.FORWARD, Risk.COSMETIC)
_BRIEF_GROUPS = 3


class DetailLevel(Enum):
    """How much of a section is shown; the value is what the reader is told."""

    FULL = "in full"
    ROWS = "in short"
    NAMES = "only named"
    SOME = "named as far as they fit"
    COUNT = "only counted"


class RiskSection(Struct, frozen=True):
    """The changes of a plan whose worst risk is `risk`: identical ones together, the others one by one."""

    risk: Risk
    dependents: Dependents
    identical: tuple[IdenticalChanges, ...]
    singles: tuple[Change, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.singles, *(change for identical in self.identical for change in identical.changes))

    @property
    def title(self) -> str:
        return f"{RISK_WORDS[self.risk].heading}: {count(len(self.changes), 'change')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        """The texts of the section at `level`; at SOME, each name is a text, between a first and a last one."""
        heading = f"### {RISK_WORDS[self.risk].sign} {self.title}\n\n"
        match level:
            case DetailLevel.FULL:
                yield f"{heading}{RISK_WORDS[self.risk].meaning}\n\n"
                yield from self._show(render_change(change, self.dependents) for change in self.singles)
            case DetailLevel.ROWS:
                yield heading
                yield from self._show(render_rows(self.singles))
            case DetailLevel.NAMES | DetailLevel.SOME:
                yield heading + "".join(map(render_identical_briefly, self.identical[:_BRIEF_GROUPS]))
                yield from list_names(self.changes)
                yield "\n\n"
            case DetailLevel.COUNT:
                yield f"{heading}There is no room for their names here.\n\n"
            case _:
                assert_never(level)

    def _show(self, singles: Iterable[str]) -> Iterator[str]:
        is_low_risk = self.risk in LOW_RISK
        yield open_details("Show them") if is_low_risk else ""
        yield from singles
        yield from map(render_identical, self.identical)
        yield CLOSE_DETAILS if is_low_risk else ""


def make_risk_sections(
    dependents: Dependents, groups: Sequence[IdenticalChanges], singles: Sequence[Change], risks: Sequence[Risk]
) -> tuple[RiskSection, ...]:
    """A section for each of `risks` that a change has, in their order."""
    sections = (
        RiskSection(
            risk,
            dependents,
            tuple(identical for identical in groups if find_risk(identical.changes[0]) is risk),
            tuple(change for change in singles if find_risk(change) is risk),
        )
        for risk in risks
    )
    return tuple(section for section in sections if section.changes)


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


class FindingsSection(Struct, frozen=True):
    """The findings of a plan: at ROWS only the errors, below that only the counts."""

    findings: Sequence[Finding]

    @property
    def title(self) -> str:
        return f"Findings: {count_findings(self.findings)}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        for finding in self.findings:
            if level is DetailLevel.FULL or (level is DetailLevel.ROWS and finding.severity is Severity.ERROR):
                yield _render_finding(finding)
        yield "\n"


class FeedsSection(Struct, frozen=True):
    """Feeds that would reach another channel, or that have findings: in full, or only how many."""

    feeds: Sequence[tuple[FeedRoute, str]]

    @property
    def title(self) -> str:
        return f"Feeds to review: {count(len(self.feeds), 'feed')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        if level is not DetailLevel.COUNT:
            yield tabulate(("feed", "route", "expects", "note"), map(_feed_cells, self.feeds))
            yield "\n"


class FormulasSection(Struct, frozen=True):
    """The formulas around the changes: a picture with a list, at ROWS the list, below that only how many."""

    links: Sequence[FormulaLink]
    marks: Mapping[int, str]

    @property
    def title(self) -> str:
        return f"Formulas around these changes: {count(len(self.links), 'link')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        if level is DetailLevel.FULL:
            picture, drawn = draw_links(self.links, self.marks)
            yield f"{picture}\n"
            if drawn < len(self.links):
                yield f"The picture has room for {drawn} of {count(len(self.links), 'link')}; the list has all.\n\n"
        if level in (DetailLevel.FULL, DetailLevel.ROWS):
            yield from list_formula_uses(self.links)
            yield "\n"


def make_findings_section(plan: Plan) -> tuple[FindingsSection, ...]:
    """The findings of `plan`, errors first; nothing if it has none."""
    order = list(Severity)
    found = sorted(plan.findings, key=lambda finding: order.index(finding.severity))
    return (FindingsSection(found),) if found else ()


def make_feeds_section(plan: Plan) -> tuple[FeedsSection, ...]:
    """The feeds of `plan` to review; nothing if there are none."""
    moved = find_feeds_to_review(plan)
    return (FeedsSection(moved),) if moved else ()


def make_formulas_section(plan: Plan) -> tuple[FormulasSection, ...]:
    """The formulas around the changes of `plan`; nothing if no formula and no link changes."""
    edited = any(edit.path == FORMULA for change in plan.changes for edit in change.edits)
    if not plan.formula_links or not (edited or any(link.before != link.after for link in plan.formula_links)):
        return ()
    marks = {
        change.channel_id: "blocked" if change.blocked_by else "changes" for change in plan.changes if change.edits
    }
    return (FormulasSection(plan.formula_links, marks),)


def _render_finding(finding: Finding) -> str:
    place = f" {code(format_location(finding.location))}" if finding.location else ""
    lines = [f"- {finding.severity.value} {code(finding.code)}{place}: {prose(finding.message)}"]
    lines += [f"  - detail: {prose(line)}" for line in finding.detail]
    lines += [f"  - fix: {prose(finding.fix)}"] if finding.fix else []
    return "".join(f"{line}\n" for line in lines)


def _feed_cells(moved: tuple[FeedRoute, str]) -> tuple[str, ...]:
    feed, route = moved
    return code(feed.name), code(route), code(feed.expect), "<br>".join(map(prose, feed.findings))
