"""Changes as Markdown: one in full, many as rows, or only their names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.model.plan import Verdict
from reconciler.reports.consequences import describe_effect, describe_inputs, format_factor_note, format_label
from reconciler.reports.evidence import describe_evidence
from reconciler.reports.grouping import format_data_point, group_by_place
from reconciler.reports.markdown import CLOSE_DETAILS, code, open_details, prose, size_of, tabulate, tabulate_row
from reconciler.reports.plan_text import format_impact
from reconciler.reports.relations import blocking_rules, introduce_blocked_dependents
from reconciler.reports.risk import VERDICT_WORDS
from reconciler.reports.wording import count, format_value, format_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Blocker, Change, Edit
    from reconciler.reports.grouping import IdenticalChanges
    from reconciler.reports.relations import Dependents

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
    """Many changes alike: their edits once, those that differ first, and the names of all behind a line to click on."""
    edits = identical.changes[0].edits
    lines = [
        f"**{count(len(identical.changes), 'channel')} alike**{_list_exceptions(identical)}\n\n",
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
    """How many changes are alike, and their edits where these take little room."""
    title = f"- {count(len(identical.changes), 'channel')} alike"
    text = f"{title}: {'; '.join(map(_render_edit, identical.changes[0].edits))}\n"
    return text if size_of(text) <= _MAX_BRIEF else f"{title}\n"


def render_rows(changes: Iterable[Change]) -> Iterator[str]:
    """A table with a row for each change: its name, its data point, its edits and the rules that block it."""
    for number, change in enumerate(changes):
        row = (_name_as_code(change), code(format_data_point(change.data_point)), _render_briefly(change))
        yield tabulate_row(row) if number else tabulate(_ROW_HEAD, [row])
    yield "\n"


def list_names(changes: Iterable[Change]) -> Iterator[str]:
    """The names of `changes`, a piece for each: together they are a line for each place."""
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
        yield f"- its values reach, now or as planned: {', '.join(code(format_label(label)) for label in affected)}"
    if change.feeds:
        yield f"- leads these feeds elsewhere: {', '.join(map(code, change.feeds))}"
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
    return f"; {count(len(identical.exceptions), 'differs', 'differ')}, shown apart: {names}"


def _render_briefly(change: Change) -> str:
    rules = [f"{code(block.rule)} {prose(block.message)}" for block in change.blocked_by]
    return "<br>".join([*rules, *map(_render_edit, change.edits)])


def _render_edit(edit: Edit) -> str:
    return (
        f"{code(edit.path)} {' → '.join(map(code, format_values(edit.before, edit.after)))}{format_factor_note(edit)}"
    )
