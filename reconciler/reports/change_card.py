"""One change as the page shows it: its edits in words, what blocks it, and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import FORMULA
from reconciler.model.formulas import find_references
from reconciler.model.lookalikes import distinguish
from reconciler.reports.consequences import describe_effect, format_factor_note
from reconciler.reports.evidence import describe_evidence
from reconciler.reports.formula_marks import FormulaPart, mark_formula_changes
from reconciler.reports.grouping import format_data_point, format_place
from reconciler.reports.risk import Risk, find_risk, find_risks, risk_of
from reconciler.reports.setting_words import describe_values, setting_name
from reconciler.reports.version_timeline import Timeline, describe_history, make_timeline
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker, Change, ChannelLabel, Edit, Plan
    from reconciler.reports.formula_marks import FormulaParts
    from reconciler.reports.relations import Dependents
    from reconciler.reports.setting_words import ValueText
    from reconciler.rules.rule import Rule


class FormulaInput(Struct, frozen=True):
    """A channel in a formula that is edited: how the formula says it, which one that is, and whether it stays."""

    reference: str
    channel: ChannelLabel | None
    status: str


class EditView(Struct, frozen=True):
    """An edit in words; `before` and `after` are each one piece, but for formulas."""

    edit: Edit
    setting: str
    risk: Risk
    effect: str
    before: FormulaParts
    after: FormulaParts
    before_is_word: bool
    after_is_word: bool
    inputs: tuple[FormulaInput, ...]
    cause: str
    factor: str

    @property
    def is_formula(self) -> bool:
        return self.edit.path == FORMULA


class BlockerView(Struct, frozen=True):
    """What blocks a change, what that was judged by, and the rule behind it, where the catalogue has it."""

    blocker: Blocker
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    rule: Rule | None


class FindingView(Struct, frozen=True):
    """A finding, and its number among all of the plan, by which the page links to it."""

    number: int
    finding: Finding


class ChangeView(Struct, frozen=True):
    """A change, and what a reader needs to judge it.

    `depends_on` are the changes that it waits for, `blocked_dependents` the blocked ones that wait for it, `affected`
    the channels that its values reach.
    """

    change: Change
    risk: Risk
    risks: tuple[Risk, ...]
    place: str
    data_point: str
    edits: tuple[EditView, ...]
    blockers: tuple[BlockerView, ...]
    depends_on: tuple[ChannelLabel, ...]
    blocked_dependents: tuple[Change, ...]
    affected: tuple[ChannelLabel, ...]
    findings: tuple[FindingView, ...]
    history_text: str
    timeline: Timeline | None


class ChannelLookup(Struct, frozen=True):
    """All channels that a plan speaks of, by id and by name in the files, and what is to be said of them.

    `findings` are those of each channel, by its name in the files.
    """

    by_id: Mapping[int, ChannelLabel]
    by_name: Mapping[str, ChannelLabel]
    dependents: Dependents
    findings: Mapping[str, tuple[FindingView, ...]]

    def find(self, reference: str) -> ChannelLabel | None:
        """What `channel(reference)` means in a formula: a name in the files, or an id."""
        id_ = int(reference) if reference.isdecimal() and len(reference) < 19 else None
        return self.by_name.get(reference) or (None if id_ is None else self.by_id.get(id_))


def make_change_view(change: Change, plan: Plan, lookup: ChannelLookup) -> ChangeView:
    """The card of `change`, one of `plan` that has edits."""
    earlier = (lookup.by_name.get(name) for name in change.depends_on)
    return ChangeView(
        change=change,
        risk=find_risk(change),
        risks=find_risks(change),
        place=format_place(change.data_point),
        data_point=format_data_point(change.data_point),
        edits=make_edit_views((change,), lookup),
        blockers=tuple(map(_make_blocker_view, change.blocked_by)),
        depends_on=tuple(channel for channel in earlier if channel is not None),
        blocked_dependents=lookup.dependents.blocked_dependents(change),
        affected=lookup.dependents.affected_channels(change),
        findings=lookup.findings.get(change.name, ()),
        history_text=describe_history(change),
        timeline=make_timeline(change, plan.created),
    )


def make_edit_views(changes: Sequence[Change], lookup: ChannelLookup) -> tuple[EditView, ...]:
    """The edits of one change, or of several that have the same, in words; no effect is said twice."""
    edits = changes[0].edits
    effects = [describe_effect(edit, changes) for edit in edits]
    return tuple(
        _make_edit_view(edit, "" if effect in effects[:place] else effect, lookup)
        for place, (edit, effect) in enumerate(zip(edits, effects, strict=True))
    )


def _make_edit_view(edit: Edit, effect: str, lookup: ChannelLookup) -> EditView:
    before, after = describe_values(edit.path, edit.before, edit.after)
    before_pieces, after_pieces = _split_values(edit, before, after)
    return EditView(
        edit=edit,
        setting=setting_name(edit.path),
        risk=risk_of(edit.impact),
        effect=effect,
        before=before_pieces,
        after=after_pieces,
        before_is_word=before.is_word,
        after_is_word=after.is_word,
        inputs=_list_inputs(edit, lookup) if edit.path == FORMULA else (),
        cause=setting_name(edit.implied_by) if edit.implied_by else "",
        factor=format_factor_note(edit),
    )


def _make_blocker_view(block: Blocker) -> BlockerView:
    return BlockerView(block, tuple(describe_evidence(block.evidence)), RULES.get(block.rule))


def _split_values(edit: Edit, before: ValueText, after: ValueText) -> tuple[FormulaParts, FormulaParts]:
    if edit.path == FORMULA and isinstance(edit.before, str) and isinstance(edit.after, str):
        return mark_formula_changes(*distinguish(edit.before, edit.after))
    return (FormulaPart(before.text),), (FormulaPart(after.text),)


def _list_inputs(edit: Edit, lookup: ChannelLookup) -> tuple[FormulaInput, ...]:
    before, after = _find_inputs(edit.before), _find_inputs(edit.after)
    fates = {
        "added": [reference for reference in after if reference not in before],
        "removed": [reference for reference in before if reference not in after],
        "stays": [reference for reference in after if reference in before],
    }
    return tuple(
        FormulaInput(reference, lookup.find(reference), fate)
        for fate, references in fates.items()
        for reference in references
    )


def _find_inputs(formula: object) -> tuple[str, ...]:
    return find_references(formula) if isinstance(formula, str) else ()
