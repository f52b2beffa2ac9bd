"""A plan as text of 80 columns: a sentence, the changes by place and data point, and a line of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import Impact
from reconciler.model.plan import Action, Origin, Verdict
from reconciler.reports.consequences import describe_consequence, describe_inputs, show_factor, show_label
from reconciler.reports.evidence import describe_evidence
from reconciler.reports.excerpt import measure
from reconciler.reports.grouping import fold_alike, group_by_data_point, group_by_place, show_data_point
from reconciler.reports.harmless import harmless
from reconciler.reports.layout import WIDTH, break_sentence, lay_out, piece
from reconciler.reports.legend import explain_words
from reconciler.reports.paint import Style
from reconciler.reports.relations import announce_waiting, list_rules, make_relations
from reconciler.reports.sentences import (
    count_changes,
    describe_filter,
    describe_plan,
    describe_uncommitted,
    find_moved_feeds,
)
from reconciler.reports.wording import count, show_value, show_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.plan import Blocker, Change, Edit, Plan
    from reconciler.reports.grouping import Fold, Group
    from reconciler.reports.layout import Piece
    from reconciler.reports.paint import Paint
    from reconciler.reports.relations import Relations


def render_plan(plan: Plan, paint: Paint, *, show_unchanged: bool = False) -> str:
    """`plan` as text. Findings are not in it; channels that need no change only where `show_unchanged`.

    No name, id or value is ever cut or broken. Changes with the very same edits are shown once, after all others.
    """
    shown = [change for change in plan.changes if show_unchanged or change.action is not Action.NO_OP]
    relations = make_relations(plan)
    folds, single = fold_alike(shown, relations.waiting)
    blocks = [
        _render_head(plan, paint),
        *(_render_group(group, relations, paint) for group in group_by_data_point(single)),
        *(_render_fold(fold, paint) for fold in folds),
        _render_feeds(plan, paint),
        _render_foot(plan, paint, hidden=0 if show_unchanged else plan.summary.no_op),
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in map(list, blocks) if lines)


def mark(change: Change) -> tuple[str, Style]:
    """The symbol and the word for what becomes of `change`."""
    if change.action is Action.NO_OP:
        return "= unchanged", Style.UNCHANGED
    match change.verdict:
        case Verdict.ALLOWED:
            return "~ update", Style.UPDATE
        case Verdict.BLOCKED:
            return "! blocked", Style.BLOCKED
        case Verdict.UNKNOWN:
            return "? unknown", Style.UNKNOWN
        case _:
            assert_never(change.verdict)


def _render_head(plan: Plan, paint: Paint) -> Iterator[str]:
    yield from _say(describe_plan(plan), paint, style=Style.HEADING)
    yield from _say(describe_filter(plan), paint, style=Style.WARNING)


def _render_foot(plan: Plan, paint: Paint, *, hidden: int) -> Iterator[str]:
    if hidden:
        words = count(hidden, "unchanged channel is", "unchanged channels are")
        yield from _say(f"{words} not shown; --show-unchanged lists them.", paint, style=Style.FAINT)
    yield from _say(explain_words(plan), paint, style=Style.FAINT)
    yield from _say(describe_filter(plan), paint, style=Style.WARNING)
    yield from _say(describe_uncommitted(plan), paint, style=Style.WARNING)
    yield paint(count_changes(plan), Style.HEADING)


def _render_group(group: Group, relations: Relations, paint: Paint) -> Iterator[str]:
    yield paint(show_data_point(group.data_point), Style.HEADING)
    for change in group.changes:
        yield from _render_change(change, relations, paint)


def _render_change(change: Change, relations: Relations, paint: Paint) -> Iterator[str]:
    pieces = (
        piece(*mark(change)),
        piece(harmless(change.name), Style.NAME),
        ((f"{change.channel_id} ", Style.PLAIN), (show_value(change.channel_info), Style.PLAIN)),
        piece(f"{harmless(change.file)}:{change.line}", Style.PLACE),
    )
    yield from lay_out(pieces, paint, indent=2, hang=6, gap="  ")
    yield from _render_edits((change,), paint)
    reached, waiting = relations.find_reached(change), relations.find_waiting(change)
    yield from _list("its values reach, now or as planned:", [show_label(label) for label in reached], paint)
    yield from _list("leads these feeds elsewhere:", [harmless(feed) for feed in change.feeds], paint)
    yield from _list("only after", [harmless(name) for name in change.depends_on], paint)
    yield from _list(f"{announce_waiting(waiting)}:", list(map(_name_blocked, waiting)), paint)
    for block in change.blocked_by:
        yield from _render_block(block, paint)


def _render_edits(changes: Sequence[Change], paint: Paint) -> Iterator[str]:
    """The edits of one change, or of several that have the same."""
    said = set()
    for edit in changes[0].edits:
        yield from lay_out(_show_edit(edit), paint, indent=6, hang=10, gap="  ")
        for warning in edit.warnings:
            yield from _say(f"warning: {warning}", paint, indent=8, style=Style.WARNING)
        for sentence in (describe_inputs(edit), describe_consequence(edit, changes)):
            if sentence and sentence not in said:
                said.add(sentence)
                yield from _say(sentence, paint, indent=8, style=_weigh(edit))


def _show_edit(edit: Edit) -> Iterator[Piece]:
    before, after = show_values(edit.before, edit.after)
    yield piece(harmless(edit.path), Style.PATH)
    if measure(before) + measure(after) + 13 > WIDTH:
        yield piece(before, Style.BEFORE)
        yield (("→ ", Style.PLAIN), (after, Style.AFTER), (show_factor(edit), Style.PLAIN))
    else:
        yield ((before, Style.BEFORE), (" → ", Style.PLAIN), (after, Style.AFTER), (show_factor(edit), Style.PLAIN))
    yield piece(show_tag(edit), _weigh(edit))
    if edit.implied_by is not None:
        yield piece(f"implied by {harmless(edit.implied_by)}", Style.FAINT)


def show_tag(edit: Edit) -> str:
    """The impact of `edit` and, where that is known, why it is there: `[history, drift]`."""
    match edit.origin:
        case None:
            return f"[{edit.impact.value}]"
        case Origin.CHANGE:
            return f"[{edit.impact.value}, from this change]"
        case Origin.DRIFT:
            return f"[{edit.impact.value}, drift]"
        case Origin.UNKNOWN:
            return f"[{edit.impact.value}, origin unknown]"
        case _:
            assert_never(edit.origin)


def _weigh(edit: Edit) -> Style:
    return Style.RISK if edit.impact in (Impact.HISTORY, Impact.ROUTING, Impact.STRUCTURAL) else Style.FAINT


def _name_blocked(change: Change) -> str:
    return f"{harmless(change.name)} (blocked by {', '.join(map(harmless, list_rules(change)))})"


def _list(word: str, names: Sequence[str], paint: Paint) -> Iterator[str]:
    if names:
        ends = [*("," for _ in names[1:]), ""]
        pieces = [piece(name + end) for name, end in zip(names, ends, strict=True)]
        yield from lay_out((piece(word), *pieces), paint, indent=6, hang=8)


def _render_block(block: Blocker, paint: Paint) -> Iterator[str]:
    message = (piece(harmless(block.rule), Style.CODE), piece(""), *break_sentence(block.message))
    yield from lay_out(message, paint, indent=6, hang=14)
    for name, values in describe_evidence(block.evidence):
        if len(values) == 1:
            yield from lay_out((piece(f"{name}:"), piece(values[0])), paint, indent=8, hang=10)
        else:
            yield f"        {name}:"
            yield from (f"          {value}" for value in values)
    if block.unblock:
        yield from lay_out((piece("fix:", Style.FIX), *break_sentence(block.unblock)), paint, indent=8, hang=13)


def _render_fold(fold: Fold, paint: Paint) -> Iterator[str]:
    first = fold.alike[0]
    title = f"{count(len(fold.alike), 'channel')} alike"
    if fold.exceptions:
        title += f"; {count(len(fold.exceptions), 'differs', 'differ')}, shown above:"
    yield from lay_out((piece(*mark(first)), piece(title, Style.HEADING)), paint, indent=0, hang=2, gap="  ")
    for change in fold.exceptions:
        yield from lay_out(_show_exception(change, first), paint, indent=2, hang=6, gap="  ")
    yield from _render_edits(fold.alike, paint)
    for place, changes in group_by_place(fold.alike):
        names = [piece(harmless(change.name), Style.NAME) for change in changes]
        yield from lay_out((piece(f"{place or 'no place'}:"), *names), paint, indent=2, hang=4, gap="  ")


def _show_exception(change: Change, first: Change) -> Iterator[Piece]:
    yield piece(*mark(change))
    yield piece(harmless(change.name), Style.NAME)
    paths = {edit.path for edit in first.edits}
    for edit in change.edits:
        if edit.path in paths:
            yield piece(f"{harmless(edit.path)} {' → '.join(show_values(edit.before, edit.after))}{show_factor(edit)}")


def _render_feeds(plan: Plan, paint: Paint) -> Iterator[str]:
    moved = find_moved_feeds(plan)
    if not moved:
        return
    yield paint("Feeds", Style.HEADING)
    for feed, route in moved:
        pieces = (piece(harmless(feed.name), Style.NAME), piece(route), piece(f"expects {harmless(feed.expect)}"))
        yield from lay_out(pieces, paint, indent=2, hang=6, gap="  ")
        for finding in feed.findings:
            yield from _say(finding, paint, indent=6, style=Style.WARNING)


def _say(sentence: str, paint: Paint, *, indent: int = 0, style: Style = Style.PLAIN) -> Iterator[str]:
    yield from lay_out(break_sentence(sentence, style), paint, indent=indent, hang=indent + (2 if indent else 0))
