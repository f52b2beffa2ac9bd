"""A plan as text of 80 columns, and how it differs from the plan that was reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import Impact
from reconciler.model.plan import Action, Origin, Verdict
from reconciler.reports.change_words import (
    describe_effect,
    describe_evidence,
    describe_inputs,
    describe_sources,
    describe_timeline,
    format_channel_id,
    format_factor_note,
    format_label,
    render_legend,
)
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count, format_value, format_values
from reconciler.reports.plan_groups import (
    blocking_rules,
    find_dependents,
    format_data_point,
    group_by_data_point,
    group_by_place,
    group_identical,
    introduce_blocked_dependents,
)
from reconciler.reports.plan_summary import (
    count_changes,
    describe_filter,
    describe_left_out,
    describe_uncommitted,
    find_feeds_to_review,
    summarize_plan,
)
from reconciler.reports.terminal import WIDTH, Style, chunk, display_width, split_words, wrap
from reconciler.reports.version_offer import introduce_offer, offer_versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.plan import Blocker, Change, Edit, Plan
    from reconciler.planning.approval import Comparison
    from reconciler.reports.plan_groups import DataPointChanges, Dependents, IdenticalChanges
    from reconciler.reports.terminal import Chunk, Styler


def render_plan(plan: Plan, styler: Styler, *, show_unchanged: bool = False) -> str:
    """`plan` as text, without its findings, and with unchanged channels only if `show_unchanged`.

    No name, id or value is ever cut or broken. Identical changes are shown once, after all others.
    """
    shown = [change for change in plan.changes if show_unchanged or change.action is not Action.NO_OP]
    dependents = find_dependents(plan)
    groups, single = group_identical(shown, dependents.blocked_by_name)
    blocks = [
        _render_head(plan, styler),
        *(_render_data_point(group, dependents, styler) for group in group_by_data_point(single)),
        *(_render_identical(identical, styler) for identical in groups),
        _render_feeds(plan, styler),
        _render_foot(plan, styler, hidden=0 if show_unchanged else plan.summary.no_op),
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in map(list, blocks) if lines)


def change_label(change: Change) -> tuple[str, Style]:
    """The symbol and the word for what happens to `change`."""
    if change.action is Action.NO_OP:
        return "= unchanged", Style.UNCHANGED
    match change.verdict:
        case Verdict.ALLOWED if change.is_creation:
            return "+ create", Style.CREATE
        case Verdict.ALLOWED:
            return "~ update", Style.UPDATE
        case Verdict.BLOCKED:
            return "! blocked", Style.BLOCKED
        case Verdict.UNKNOWN:
            return "? unknown", Style.UNKNOWN
        case _:
            assert_never(change.verdict)


def _render_head(plan: Plan, styler: Styler) -> Iterator[str]:
    yield from _wrap_sentence(summarize_plan(plan), styler, style=Style.HEADING)
    yield from _wrap_sentence(describe_filter(plan), styler, style=Style.WARNING)


def _render_foot(plan: Plan, styler: Styler, *, hidden: int) -> Iterator[str]:
    if hidden:
        words = count(hidden, "unchanged channel is", "unchanged channels are")
        yield from _wrap_sentence(f"{words} not shown; --show-unchanged lists them.", styler, style=Style.FAINT)
    yield from _wrap_sentence(render_legend(plan), styler, style=Style.FAINT)
    yield from _wrap_sentence(describe_filter(plan), styler, style=Style.WARNING)
    yield from _wrap_sentence(describe_left_out(plan), styler)
    yield from _wrap_sentence(describe_uncommitted(plan), styler, style=Style.WARNING)
    yield styler(count_changes(plan), Style.HEADING)


def _render_data_point(group: DataPointChanges, dependents: Dependents, styler: Styler) -> Iterator[str]:
    yield styler(format_data_point(group.data_point), Style.HEADING)
    for change in group.changes:
        yield from _render_change(change, dependents, styler)


def _render_change(change: Change, dependents: Dependents, styler: Styler) -> Iterator[str]:
    chunks = (
        chunk(*change_label(change)),
        chunk(escape_text(change.name), Style.NAME),
        ((f"{format_channel_id(change)} ", Style.PLAIN), (format_value(change.channel_info), Style.PLAIN)),
        chunk(f"{escape_text(change.file)}:{change.line}", Style.PLACE),
    )
    yield from wrap(chunks, styler, indent=2, hang=6, gap="  ")
    yield from _render_edits((change,), styler)
    for sentence in describe_timeline(change):
        yield from _wrap_sentence(sentence, styler, indent=6)
    if not dependents.is_rollback and (offer := offer_versions(change)):
        yield from _wrap_sentence(introduce_offer(change), styler, indent=6)
        # Not wrapped: these lines are meant to be pasted.
        yield from (f"        {line}" for line in offer)
    affected, blocked = dependents.affected_channels(change), dependents.blocked_dependents(change)
    yield from _wrap_list("used by (now or after apply):", [format_label(label) for label in affected], styler)
    yield from _wrap_list("reroutes these feeds:", [escape_text(feed) for feed in change.feeds], styler)
    yield from _wrap_list("only after", [escape_text(name) for name in change.depends_on], styler)
    yield from _wrap_list(f"{introduce_blocked_dependents(blocked)}:", list(map(_name_with_rules, blocked)), styler)
    for block in change.blocked_by:
        yield from _render_blocker(block, styler)


def _render_edits(changes: Sequence[Change], styler: Styler) -> Iterator[str]:
    """The edits of one change, or of several that have the same."""
    shown = set()
    for edit in changes[0].edits:
        chunks = _value_chunks(edit) if changes[0].is_creation else _edit_chunks(edit)
        yield from wrap(chunks, styler, indent=6, hang=10, gap="  ")
        for warning in edit.warnings:
            yield from _wrap_sentence(f"warning: {warning}", styler, indent=8, style=Style.WARNING)
        for sentence in (describe_inputs(edit), describe_effect(edit, changes)):
            # Several edits of a version often have the same effect, which is said at the first of them.
            if sentence and sentence not in shown:
                shown.add(sentence)
                yield from _wrap_sentence(sentence, styler, indent=8, style=_impact_style(edit))
    for sentence in describe_sources(changes[0].edits):
        yield from _wrap_sentence(sentence, styler, indent=6, style=Style.FAINT)


def _edit_chunks(edit: Edit) -> Iterator[Chunk]:
    before, after = format_values(edit.before, edit.after)
    yield chunk(escape_text(edit.path), Style.PATH)
    # 13 columns are taken by the indent of a second line and the arrow.
    if display_width(before) + display_width(after) + 13 > WIDTH:
        yield chunk(before, Style.BEFORE)
        yield (("→ ", Style.PLAIN), (after, Style.AFTER), (format_factor_note(edit), Style.PLAIN))
    else:
        yield (
            (before, Style.BEFORE),
            (" → ", Style.PLAIN),
            (after, Style.AFTER),
            (format_factor_note(edit), Style.PLAIN),
        )
    yield chunk(format_impact(edit), _impact_style(edit))
    if edit.implied_by is not None:
        yield chunk(f"implied by {escape_text(edit.implied_by)}", Style.FAINT)


def _value_chunks(edit: Edit) -> Iterator[Chunk]:
    """A value of a new channel, and what it changes for the data point."""
    yield chunk(escape_text(edit.path), Style.PATH)
    yield chunk(format_value(edit.after), Style.AFTER)
    if edit.impact is not Impact.FORWARD:
        yield chunk(format_impact(edit), _impact_style(edit))


def format_impact(edit: Edit) -> str:
    """The impact of `edit`, and its origin if known: `[history, drift]`."""
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


def _impact_style(edit: Edit) -> Style:
    return Style.RISK if edit.impact in (Impact.HISTORY, Impact.ROUTING, Impact.STRUCTURAL) else Style.FAINT


def _name_with_rules(change: Change) -> str:
    return f"{escape_text(change.name)} (blocked by {', '.join(map(escape_text, blocking_rules(change)))})"


def _wrap_list(word: str, names: Sequence[str], styler: Styler) -> Iterator[str]:
    if names:
        # The comma belongs to the name before it, or it could begin a line.
        ends = [*("," for _ in names[1:]), ""]
        chunks = [chunk(name + end) for name, end in zip(names, ends, strict=True)]
        yield from wrap((chunk(word), *chunks), styler, indent=6, hang=8)


def _render_blocker(block: Blocker, styler: Styler) -> Iterator[str]:
    message = (chunk(escape_text(block.rule), Style.CODE), chunk(""), *split_words(block.message))
    yield from wrap(message, styler, indent=6, hang=14)
    for name, values in describe_evidence(block.evidence):
        if len(values) == 1:
            yield from wrap((chunk(f"{name}:"), chunk(values[0])), styler, indent=8, hang=10)
        else:
            yield f"        {name}:"
            yield from (f"          {value}" for value in values)
    if block.unblock:
        yield from wrap((chunk("fix:", Style.FIX), *split_words(block.unblock)), styler, indent=8, hang=13)


def _render_identical(identical: IdenticalChanges, styler: Styler) -> Iterator[str]:
    first = identical.changes[0]
    title = f"{count(len(identical.changes), 'channel')} with identical edits"
    if identical.exceptions:
        title += f"; {count(len(identical.exceptions), 'differs', 'differ')}, shown above:"
    yield from wrap((chunk(*change_label(first)), chunk(title, Style.HEADING)), styler, indent=0, hang=2, gap="  ")
    for change in identical.exceptions:
        yield from wrap(_exception_chunks(change, first), styler, indent=2, hang=6, gap="  ")
    yield from _render_edits(identical.changes, styler)
    for place, changes in group_by_place(identical.changes):
        names = [chunk(escape_text(change.name), Style.NAME) for change in changes]
        yield from wrap((chunk(f"{place or 'no place'}:"), *names), styler, indent=2, hang=4, gap="  ")


def _exception_chunks(change: Change, first: Change) -> Iterator[Chunk]:
    yield chunk(*change_label(change))
    yield chunk(escape_text(change.name), Style.NAME)
    paths = {edit.path for edit in first.edits}
    for edit in change.edits:
        if edit.path in paths:
            values = " → ".join(format_values(edit.before, edit.after))
            yield chunk(f"{escape_text(edit.path)} {values}{format_factor_note(edit)}")


def _render_feeds(plan: Plan, styler: Styler) -> Iterator[str]:
    moved = find_feeds_to_review(plan)
    if not moved:
        return
    yield styler("Feeds", Style.HEADING)
    for feed, route in moved:
        chunks = (chunk(escape_text(feed.name), Style.NAME), chunk(route), chunk(f"expects {escape_text(feed.expect)}"))
        yield from wrap(chunks, styler, indent=2, hang=6, gap="  ")
        for finding in feed.findings:
            yield from _wrap_sentence(finding, styler, indent=6, style=Style.WARNING)


def _wrap_sentence(sentence: str, styler: Styler, *, indent: int = 0, style: Style = Style.PLAIN) -> Iterator[str]:
    yield from wrap(split_words(sentence, style), styler, indent=indent, hang=indent + (2 if indent else 0))


def render_comparison(comparison: Comparison, styler: Styler) -> str:
    """The differences from the reviewed plan: how many, then each change that is gone, changed or new."""
    return "".join(f"{line}\n" for line in _comparison_lines(comparison, styler))


def _comparison_lines(comparison: Comparison, styler: Styler) -> Iterator[str]:
    yield styler(f"The plan is stale; {comparison.describe()}.", Style.HEADING)
    yield ""
    for name in comparison.no_longer_needed:
        yield f"  {styler('- gone', Style.STALE)}  {escape_text(name)}  no longer needed"
    for shift in comparison.changed:
        yield f"  {styler('~ changed', Style.STALE)}  {escape_text(shift.name)}"
        yield from (f"      {escape_text(reason)}" for reason in shift.reasons)
    for name in comparison.new:
        yield f"  {styler('+ new', Style.UPDATE)}  {escape_text(name)}  was not reviewed"
    yield ""
    yield f"{styler('fix:', Style.FIX)} plan again, have it reviewed, and apply that plan"
