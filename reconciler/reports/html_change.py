"""One change on the HTML page: its edits in words, what blocks it, and what depends on it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.masking import KEYS
from reconciler.model.fields import BEGIN_DATE, FIELD_AT, FORMULA, Kind, find_version
from reconciler.model.formulas import find_references, tokenize
from reconciler.model.lookalikes import distinguish
from reconciler.planning.messages import describe_source
from reconciler.reports.change_words import (
    Risk,
    describe_effect,
    describe_evidence,
    find_risk,
    find_risks,
    format_factor_note,
    risk_of,
)
from reconciler.reports.formatting import format_time, format_value
from reconciler.reports.html_pictures import Timeline, describe_history, make_timeline
from reconciler.reports.plan_groups import format_data_point, format_place
from reconciler.reports.version_offer import describe_guess, offer_versions
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker, Change, ChannelLabel, Edit, Plan
    from reconciler.model.values import Value
    from reconciler.reports.plan_groups import Dependents
    from reconciler.rules.rule import Rule


class ValueText(Struct, frozen=True):
    """A value as text; `is_word` if the text is a word of this report, such as "not set", and not the value."""

    text: str
    is_word: bool = False


def setting_name(path: str) -> str:
    """The name of the setting at `path`; its key if the table of fields does not have the path."""
    field = FIELD_AT.get(path)
    label = field.help.label if field else path.rpartition(".")[2]
    begin = find_version(path)
    if begin is None:
        return label
    return f"{label}, from {format_time(begin) if begin else 'the beginning'}"


def describe_value(path: str, value: Value) -> ValueText:
    """`value` of the setting at `path`, so that null, the empty text and the word "null" look different."""
    match value:
        case None:
            return ValueText("from the beginning" if path == BEGIN_DATE else "not set", is_word=True)
        case bool():
            return ValueText("yes" if value else "no", is_word=True)
        case "":
            return ValueText("empty text", is_word=True)
        case str():
            return ValueText(_quote_text(path, value))
        case _:
            return ValueText(format_value(value))


def describe_values(path: str, one: Value, other: Value) -> tuple[ValueText, ValueText]:
    """Two values of the setting at `path` side by side, so that they look different if they are."""
    if isinstance(one, str) and isinstance(other, str):
        one, other = distinguish(one, other)
    return describe_value(path, one), describe_value(path, other)


def _quote_text(path: str, text: str) -> str:
    if path == BEGIN_DATE:
        return format_time(text)
    is_code = path == FORMULA or (path in FIELD_AT and FIELD_AT[path].kind is not Kind.TEXT)
    return text if is_code and text.strip() == text else f"“{text}”"


class FormulaPart(Struct, frozen=True):
    """A part of a formula; `is_changed` if the other formula does not have it."""

    text: str
    is_changed: bool = False


FormulaParts: TypeAlias = tuple[FormulaPart, ...]
_TokenRange: TypeAlias = tuple[int, int]
# The time to compare two formulas grows with the third power of their length. In longer formulas, everything between
# the common beginning and the common end counts as changed.
_MAX_COMPARED = 400


def mark_formula_changes(before: str, after: str) -> tuple[FormulaParts, FormulaParts]:
    """`before` and `after` in parts, compared token by token; joined, the parts are the formula as it was written.

    Spacing is never a change, and belongs to the token before it.
    """
    # Hidden before the split, because the parts of an API key would not be recognized.
    before, after = KEYS.hide(before), KEYS.hide(after)
    one, other = _split_tokens(before), _split_tokens(after)
    before_pieces: list[FormulaPart] = []
    after_pieces: list[FormulaPart] = []
    for is_changed, (start, end), (other_start, other_end) in _compare_tokens(tokenize(before), tokenize(after)):
        before_pieces += _join_tokens(one[start:end], is_changed=is_changed)
        after_pieces += _join_tokens(other[other_start:other_end], is_changed=is_changed)
    return tuple(before_pieces), tuple(after_pieces)


def _compare_tokens(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[bool, _TokenRange, _TokenRange]]:
    """Ranges of tokens side by side, and whether they differ."""
    if max(len(one), len(other)) <= _MAX_COMPARED:
        # Without autojunk, which ignores tokens that occur often, as operators and parentheses do.
        matcher = SequenceMatcher(None, one, other, autojunk=False)
        for tag, start, end, other_start, other_end in matcher.get_opcodes():
            yield tag != "equal", (start, end), (other_start, other_end)
        return
    same = _count_same(one, other)
    tail = min(_count_same(one[::-1], other[::-1]), len(one) - same, len(other) - same)
    end, other_end = len(one) - tail, len(other) - tail
    yield False, (0, same), (0, same)
    yield True, (same, end), (same, other_end)
    yield False, (end, len(one)), (other_end, len(other))


def _count_same(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _join_tokens(slices: Sequence[str], *, is_changed: bool) -> FormulaParts:
    """One part, and another for the spacing after it, which is never marked."""
    text = "".join(slices)
    kept = text.rstrip() if is_changed else text
    pieces = (FormulaPart(kept, is_changed), FormulaPart(text[len(kept) :]))
    return tuple(piece for piece in pieces if piece.text)


def _split_tokens(formula: str) -> list[str]:
    """`formula` split where its tokens begin. The tokens contain everything but spacing, in order."""
    slices: list[str] = []
    start = 0
    for token in tokenize(formula):
        end = _token_end(formula, start, len("".join(token.split())))
        slices.append(formula[start:end])
        start = end
    return slices


def _token_end(formula: str, start: int, length: int) -> int:
    """The position after `length` characters other than spacing, and the spacing around them."""
    # Tokens are compared without their spacing, so positions in the formula must be found again.
    end = start
    while end < len(formula) and (length > 0 or formula[end].isspace()):
        length -= not formula[end].isspace()
        end += 1
    return end


class FormulaInput(Struct, frozen=True):
    """A channel in an edited formula: the reference, its channel, and whether it is added, removed or stays."""

    reference: str
    channel: ChannelLabel | None
    status: str


class EditView(Struct, frozen=True):
    """An edit in words; `before` and `after` have one part each, except for formulas."""

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
    source: str

    @property
    def is_formula(self) -> bool:
        return self.edit.path == FORMULA


class BlockerView(Struct, frozen=True):
    """A blocker with its evidence, and its rule if the catalogue has it."""

    blocker: Blocker
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    rule: Rule | None


class FindingView(Struct, frozen=True):
    """A finding, and its number among all findings of the plan, which links use."""

    number: int
    finding: Finding


class ChangeView(Struct, frozen=True):
    """A change, and what a reader needs to judge it.

    `depends_on` are the channels whose changes come first, `blocked_dependents` the blocked changes that depend on it,
    `affected` the channels whose formulas use its values.
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
    offer: tuple[str, ...]
    guess: str
    timeline: Timeline | None


class ChannelLookup(Struct, frozen=True):
    """All channels of a plan by id and by name in the files, with their dependents.

    `findings` are the findings of each channel, by its name in the files.
    """

    by_id: Mapping[int, ChannelLabel]
    by_name: Mapping[str, ChannelLabel]
    dependents: Dependents
    findings: Mapping[str, tuple[FindingView, ...]]

    def find(self, reference: str) -> ChannelLabel | None:
        """The channel that `channel(reference)` means in a formula: by name in the files, or by id."""
        id_ = int(reference) if reference.isdecimal() and len(reference) < 19 else None
        return self.by_name.get(reference) or (None if id_ is None else self.by_id.get(id_))


def make_change_view(change: Change, plan: Plan, lookup: ChannelLookup) -> ChangeView:
    """What the page shows of `change`, a change of `plan` with edits."""
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
        offer=() if plan.is_rollback else offer_versions(change),
        guess=describe_guess(change),
        timeline=make_timeline(change, plan.created),
    )


def make_edit_views(changes: Sequence[Change], lookup: ChannelLookup) -> tuple[EditView, ...]:
    """The edits of one change, or of several that have the same, in words; no effect is repeated."""
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
        source=describe_source(edit.source) if edit.source else "",
    )


def _make_blocker_view(block: Blocker) -> BlockerView:
    return BlockerView(block, tuple(describe_evidence(block.evidence)), RULES.get(block.rule))


def _split_values(edit: Edit, before: ValueText, after: ValueText) -> tuple[FormulaParts, FormulaParts]:
    if edit.path == FORMULA and isinstance(edit.before, str) and isinstance(edit.after, str):
        return mark_formula_changes(*distinguish(edit.before, edit.after))
    return (FormulaPart(before.text),), (FormulaPart(after.text),)


def _list_inputs(edit: Edit, lookup: ChannelLookup) -> tuple[FormulaInput, ...]:
    before, after = _find_inputs(edit.before), _find_inputs(edit.after)
    by_status = {
        "added": [reference for reference in after if reference not in before],
        "removed": [reference for reference in before if reference not in after],
        "stays": [reference for reference in after if reference in before],
    }
    return tuple(
        FormulaInput(reference, lookup.find(reference), status)
        for status, references in by_status.items()
        for reference in references
    )


def _find_inputs(formula: object) -> tuple[str, ...]:
    return find_references(formula) if isinstance(formula, str) else ()


# Code ends at two spaces, or at a comma outside brackets and quotes; the sentence continues there.
_CODE = re.compile(r"""  (?P<code>(?:\{[^{}]*\}|\[[^][]*\]|\([^()]*\)|"[^"]*"|(?!  |,(?: |$)).)+)(?P<end>,?  )?""")


class SentencePart(Struct, frozen=True):
    """A part of a sentence: words, or code to copy."""

    text: str
    is_code: bool = False


def split_code(text: str) -> Iterator[SentencePart]:
    """The parts of `text`, in which code to copy follows two spaces: `write  offset: null, or  scale: 2`."""
    done = 0
    for match in _CODE.finditer(text):
        yield SentencePart(f"{text[done : match.start()]} ")
        yield SentencePart(match["code"], is_code=True)
        done = match.end()
        if match["end"]:
            yield SentencePart(match["end"].removesuffix(" "))
    if done < len(text):
        yield SentencePart(text[done:])
