"""Changes as Markdown: one in full, many as rows, or only their names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.model.plan import Verdict
from reconciler.reports.consequences import describe_consequence, describe_inputs, show_factor, show_label
from reconciler.reports.evidence import describe_evidence
from reconciler.reports.grouping import group_by_place, show_data_point
from reconciler.reports.markdown import CLOSE_FOLD, code, open_fold, prose, size_of, tabulate, tabulate_row
from reconciler.reports.plan_text import show_tag
from reconciler.reports.relations import announce_waiting, list_rules
from reconciler.reports.risk import VERDICT_WORDS
from reconciler.reports.wording import count, show_value, show_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Blocker, Change, Edit
    from reconciler.reports.grouping import Fold
    from reconciler.reports.relations import Relations

_ROW_HEAD = ("channel", "data point", "change")
_BRIEF = 400
_EDIT_HEAD = ("setting", "now", "planned", "impact")


def render_change(change: Change, relations: Relations) -> str:
    """`change` in full: what it is, its edits as a table, what they do, and what blocks it."""
    notes = "".join(f"{line}\n" for line in _list_notes(change, relations))
    table = f"{_tabulate_edits(change.edits)}\n" if change.edits else ""
    text = f"{_show_title(change)}\n\n{table}"
    return f"{text}{notes}\n" if notes else text


def render_fold(fold: Fold) -> str:
    """Many changes alike: their edits once, those that differ first, and the names of all behind a line to click on."""
    edits = fold.alike[0].edits
    lines = [f"**{count(len(fold.alike), 'channel')} alike**{_list_exceptions(fold)}\n\n", _tabulate_edits(edits), "\n"]
    notes = [f"- {sentence}\n" for sentence in _list_consequences(fold.alike)]
    names = [open_fold(f"The {len(fold.alike)} channels"), *list_names(fold.alike), "\n", CLOSE_FOLD]
    return "".join([*lines, *notes, "\n", *names])


def render_fold_briefly(fold: Fold) -> str:
    """How many changes are alike, and their edits where these take little room."""
    title = f"- {count(len(fold.alike), 'channel')} alike"
    text = f"{title}: {'; '.join(map(_show_edit, fold.alike[0].edits))}\n"
    return text if size_of(text) <= _BRIEF else f"{title}\n"


def render_rows(changes: Iterable[Change]) -> Iterator[str]:
    """A table with a row for each change: its name, its data point, its edits and the rules that block it."""
    for number, change in enumerate(changes):
        row = (_name(change), code(show_data_point(change.data_point)), _show_briefly(change))
        yield tabulate_row(row) if number else tabulate(_ROW_HEAD, [row])
    yield "\n"


def list_names(changes: Iterable[Change]) -> Iterator[str]:
    """The names of `changes`, a piece for each: together they are a line for each place."""
    start = "- "
    for place, members in group_by_place(changes):
        yield f"{start}{code(place) if place else 'no place'}: {_name(members[0])}"
        yield from (f", {_name(change)}" for change in members[1:])
        start = "\n- "


def _name(change: Change) -> str:
    return code(change.name)


def _name_blocked(change: Change) -> str:
    return f"{_name(change)} (blocked by {', '.join(map(code, list_rules(change)))})"


def _show_title(change: Change) -> str:
    mark = "" if change.verdict is Verdict.ALLOWED else f"**{' '.join(VERDICT_WORDS[change.verdict])}** "
    info = f"{change.channel_id} {code(show_value(change.channel_info))}"
    place = f"{code(show_data_point(change.data_point))}, {code(f'{change.file}:{change.line}')}"
    return f"{mark}**{_name(change)}** ({info}) in {place}"


def _tabulate_edits(edits: Iterable[Edit]) -> str:
    return tabulate(
        _EDIT_HEAD,
        map(_list_cells, edits),
    )


def _list_cells(edit: Edit) -> tuple[str, str, str, str]:
    before, after = map(code, show_values(edit.before, edit.after))
    return code(edit.path), before, f"{after}{show_factor(edit)}", _weigh(edit)


def _weigh(edit: Edit) -> str:
    tag = show_tag(edit).strip("[]")
    return tag if edit.implied_by is None else f"{tag}, implied by {code(edit.implied_by)}"


def _list_notes(change: Change, relations: Relations) -> Iterator[str]:
    yield from (f"- {sentence}" for sentence in _list_consequences((change,)))
    reached, waiting = relations.find_reached(change), relations.find_waiting(change)
    if reached:
        yield f"- its values reach, now or as planned: {', '.join(code(show_label(label)) for label in reached)}"
    if change.feeds:
        yield f"- leads these feeds elsewhere: {', '.join(map(code, change.feeds))}"
    if change.depends_on:
        yield f"- only after {', '.join(map(code, change.depends_on))}"
    if waiting:
        yield f"- {announce_waiting(waiting)}: {', '.join(map(_name_blocked, waiting))}"
    for block in change.blocked_by:
        yield from _list_block(block)


def _list_consequences(changes: Sequence[Change]) -> tuple[str, ...]:
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for edit in changes[0].edits:
        warnings = [f"warning: {warning}" for warning in edit.warnings]
        for sentence in (*warnings, describe_inputs(edit), describe_consequence(edit, changes)):
            if sentence:
                paths[prose(sentence)].append(code(edit.path))
    return tuple(f"{', '.join(named)}: {sentence}" for sentence, named in paths.items())


def _list_block(block: Blocker) -> Iterator[str]:
    yield f"- {code(block.rule)} {prose(block.message)}"
    for name, values in describe_evidence(block.evidence):
        yield f"  - evidence: {prose(name)}: {'; '.join(map(prose, values))}"
    if block.unblock:
        yield f"  - fix: {prose(block.unblock)}"


def _list_exceptions(fold: Fold) -> str:
    if not fold.exceptions:
        return ""
    names = ", ".join(map(_name, fold.exceptions))
    return f"; {count(len(fold.exceptions), 'differs', 'differ')}, shown apart: {names}"


def _show_briefly(change: Change) -> str:
    rules = [f"{code(block.rule)} {prose(block.message)}" for block in change.blocked_by]
    return "<br>".join([*rules, *map(_show_edit, change.edits)])


def _show_edit(edit: Edit) -> str:
    return f"{code(edit.path)} {' → '.join(map(code, show_values(edit.before, edit.after)))}{show_factor(edit)}"
