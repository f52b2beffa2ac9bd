"""One change as the page shows it: its edits in words, what blocks it, and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import FORMULA
from reconciler.model.formulas import find_references
from reconciler.model.looks import distinguish
from reconciler.reports.consequences import describe_consequence, show_factor
from reconciler.reports.evidence import describe_evidence
from reconciler.reports.formula_marks import Piece, mark_changes
from reconciler.reports.grouping import show_data_point, show_place_of
from reconciler.reports.risk import Risk, find_risk, list_risks, risk_of
from reconciler.reports.setting_words import describe_values, name_setting
from reconciler.reports.version_timeline import Timeline, describe_history, make_timeline
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker, Change, ChannelLabel, Edit, Plan
    from reconciler.reports.formula_marks import Pieces
    from reconciler.reports.relations import Relations
    from reconciler.reports.setting_words import ShownValue
    from reconciler.rules.rule import Rule


class Input(Struct, frozen=True):
    """A channel in a formula that is edited: how the formula says it, which one that is, and whether it stays."""

    reference: str
    channel: ChannelLabel | None
    fate: str


class ShownEdit(Struct, frozen=True):
    """An edit in words; `before` and `after` are each one piece, but for formulas."""

    edit: Edit
    setting: str
    risk: Risk
    effect: str
    before: Pieces
    after: Pieces
    before_is_word: bool
    after_is_word: bool
    inputs: tuple[Input, ...]
    cause: str
    factor: str

    @property
    def is_formula(self) -> bool:
        return self.edit.path == FORMULA


class ShownBlock(Struct, frozen=True):
    """What blocks a change, what that was judged by, and the rule behind it, where the catalogue has it."""

    block: Blocker
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    rule: Rule | None


class ShownFinding(Struct, frozen=True):
    """A finding, and its number among all of the plan, by which the page links to it."""

    number: int
    finding: Finding


class Card(Struct, frozen=True):
    """A change, and what a reader needs to judge it.

    `earlier` are the changes that it waits for, `waiting` the blocked ones that wait for it, `reached` the channels
    that its values reach.
    """

    change: Change
    risk: Risk
    risks: tuple[Risk, ...]
    place: str
    data_point: str
    edits: tuple[ShownEdit, ...]
    blocks: tuple[ShownBlock, ...]
    earlier: tuple[ChannelLabel, ...]
    waiting: tuple[Change, ...]
    reached: tuple[ChannelLabel, ...]
    findings: tuple[ShownFinding, ...]
    story: str
    timeline: Timeline | None


class Directory(Struct, frozen=True):
    """All channels that a plan speaks of, by id and by name in the files, and what is to be said of them.

    `findings` are those of each channel, by its name in the files.
    """

    by_id: Mapping[int, ChannelLabel]
    by_name: Mapping[str, ChannelLabel]
    relations: Relations
    findings: Mapping[str, tuple[ShownFinding, ...]]

    def find(self, reference: str) -> ChannelLabel | None:
        """What `channel(reference)` means in a formula: a name in the files, or an id."""
        id_ = int(reference) if reference.isdecimal() and len(reference) < 19 else None
        return self.by_name.get(reference) or (None if id_ is None else self.by_id.get(id_))


def make_card(change: Change, plan: Plan, directory: Directory) -> Card:
    """The card of `change`, one of `plan` that has edits."""
    earlier = (directory.by_name.get(name) for name in change.depends_on)
    return Card(
        change=change,
        risk=find_risk(change),
        risks=list_risks(change),
        place=show_place_of(change.data_point),
        data_point=show_data_point(change.data_point),
        edits=show_edits((change,), directory),
        blocks=tuple(map(_show_block, change.blocked_by)),
        earlier=tuple(channel for channel in earlier if channel is not None),
        waiting=directory.relations.find_waiting(change),
        reached=directory.relations.find_reached(change),
        findings=directory.findings.get(change.name, ()),
        story=describe_history(change),
        timeline=make_timeline(change, plan.created),
    )


def show_edits(changes: Sequence[Change], directory: Directory) -> tuple[ShownEdit, ...]:
    """The edits of one change, or of several that have the same, in words; no effect is said twice."""
    edits = changes[0].edits
    effects = [describe_consequence(edit, changes) for edit in edits]
    return tuple(
        _show_edit(edit, "" if effect in effects[:place] else effect, directory)
        for place, (edit, effect) in enumerate(zip(edits, effects, strict=True))
    )


def _show_edit(edit: Edit, effect: str, directory: Directory) -> ShownEdit:
    before, after = describe_values(edit.path, edit.before, edit.after)
    before_pieces, after_pieces = _compare(edit, before, after)
    return ShownEdit(
        edit=edit,
        setting=name_setting(edit.path),
        risk=risk_of(edit.impact),
        effect=effect,
        before=before_pieces,
        after=after_pieces,
        before_is_word=before.is_word,
        after_is_word=after.is_word,
        inputs=_list_inputs(edit, directory) if edit.path == FORMULA else (),
        cause=name_setting(edit.implied_by) if edit.implied_by else "",
        factor=show_factor(edit),
    )


def _show_block(block: Blocker) -> ShownBlock:
    return ShownBlock(block, tuple(describe_evidence(block.evidence)), RULES.get(block.rule))


def _compare(edit: Edit, before: ShownValue, after: ShownValue) -> tuple[Pieces, Pieces]:
    if edit.path == FORMULA and isinstance(edit.before, str) and isinstance(edit.after, str):
        return mark_changes(*distinguish(edit.before, edit.after))
    return (Piece(before.text),), (Piece(after.text),)


def _list_inputs(edit: Edit, directory: Directory) -> tuple[Input, ...]:
    before, after = _find_inputs(edit.before), _find_inputs(edit.after)
    fates = {
        "added": [reference for reference in after if reference not in before],
        "removed": [reference for reference in before if reference not in after],
        "stays": [reference for reference in after if reference in before],
    }
    return tuple(
        Input(reference, directory.find(reference), fate)
        for fate, references in fates.items()
        for reference in references
    )


def _find_inputs(formula: object) -> tuple[str, ...]:
    return find_references(formula) if isinstance(formula, str) else ()
