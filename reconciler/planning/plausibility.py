"""Warnings on edits that are allowed but probably mistakes: units and multipliers (ESA514 to ESA517), sums (ESA521)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import FIELD_AT, FORMULA, MULTIPLIER, UNIT_ID
from reconciler.model.formulas import tokenize
from reconciler.model.units import find_factor, find_scale, format_factor, is_near
from reconciler.planning.identification import find_inputs
from reconciler.planning.messages import show_value
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from reconciler.model.channels import Desired, Live, Unit
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Edit
    from reconciler.model.values import Value
    from reconciler.planning.diff import Draft

_ADDING = frozenset("+-()")
# A multiplier that changes by more than this is more often a typo than a new meter.
_LARGEST = 1_000


def warn_of_edits(
    desired: Desired, draft: Draft, planned: Mapping[int, Live], units: Mapping[int, Unit]
) -> tuple[Draft, tuple[Finding, ...]]:
    """`draft` with a warning on each edit that is probably a mistake, and the same warnings as findings.

    `planned` are all channels by id, as they will be.
    """
    warned = {edit.path: tuple(_check_edit(edit, draft, planned, units)) for edit in draft.edits}
    if not any(warned.values()):
        return draft, ()
    edits = tuple(
        replace(edit, warnings=tuple(f"{code} {message}" for code, message in warned[edit.path]))
        for edit in draft.edits
    )
    findings = (
        make_finding(code, message, desired.locate(path)) for path, found in warned.items() for code, message in found
    )
    return replace(draft, edits=edits), tuple(findings)


def _check_edit(
    edit: Edit, draft: Draft, planned: Mapping[int, Live], units: Mapping[int, Unit]
) -> Iterator[tuple[str, str]]:
    path = FIELD_AT[edit.path].path
    pair = _find_units(draft, units)
    if path == UNIT_ID and pair:
        yield from _check_unit(draft, pair)
    elif path == MULTIPLIER:
        yield from _check_factor(edit, _find_scale(pair) if pair else None)
        yield from _check_sign(edit)
    elif path == FORMULA:
        yield from _check_sum(draft.after_apply.values.get(FORMULA), planned, units)


def _find_units(draft: Draft, units: Mapping[int, Unit]) -> Sequence[Unit]:
    """The unit before and the one after; empty if it does not change, or one of them is not known."""
    ids = [live.values.get(UNIT_ID) for live in (draft.live, draft.after_apply)]
    known = [units[id_] for id_ in ids if isinstance(id_, int) and id_ in units]
    return known if ids[0] != ids[1] and len(known) == len(ids) else ()


def _check_unit(draft: Draft, pair: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    before, after = pair
    kinds = [unit.type_name or unit.type_code for unit in pair]
    if after.is_money:
        return  # ESA407 blocks it
    if all(kinds) and not _is_one_kind(before, after):
        (one, other) = (f"{unit.code} ({kind})" for unit, kind in zip(pair, kinds, strict=True))
        yield "ESA514", f"the new unit measures something else, found {one} → {other}"
        return
    scale = _find_scale(pair)
    multipliers = (draft.live.values.get(MULTIPLIER), draft.after_apply.values.get(MULTIPLIER))
    if scale is not None and scale != 1 and find_factor(MULTIPLIER, *multipliers) == 1:
        message = f"the unit changes by a factor, but the multiplier does not, found {before.code} → {after.code}"
        yield "ESA517", f"{message} ({format_factor(scale)}), multiplier {show_value(multipliers[1])}"


def _is_one_kind(one: Unit, other: Unit) -> bool:
    """Whether two units are of the same type: by the codes of their types if both have one, else by the names."""
    known = ((one.type_code, other.type_code), (one.type_name, other.type_name))
    pairs = [(a.casefold(), b.casefold()) for a, b in known if a and b]
    # A type with only a code and one with only a name cannot be compared, and get no warning.
    return not pairs or pairs[0][0] == pairs[0][1]


def _find_scale(pair: Sequence[Unit]) -> Fraction | None:
    """How many of the new unit one of the old unit is; None unless both codes are known."""
    before, after = pair
    return find_scale(after.code, before.code)


def _check_factor(edit: Edit, scale: Fraction | None) -> Iterator[tuple[str, str]]:
    factor = find_factor(MULTIPLIER, edit.before, edit.after)
    if not factor or (scale is not None and is_near(1 / scale, factor)):
        return
    if max(abs(factor), 1 / abs(factor)) > _LARGEST:
        change = f"{show_value(edit.before)} → {show_value(edit.after)} ({format_factor(factor)})"
        yield "ESA515", f"the multiplier changes by more than a factor of {_LARGEST:,}, found {change}"


def _check_sign(edit: Edit) -> Iterator[tuple[str, str]]:
    before, after = edit.before, edit.after
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return
    if after == 0:
        yield "ESA516", "a multiplier of 0 makes every value 0"
    elif (before < 0) != (after < 0):
        yield "ESA516", f"the multiplier changes its sign, found {show_value(before)} → {show_value(after)}"


def _check_sum(formula: Value, planned: Mapping[int, Live], units: Mapping[int, Unit]) -> Iterator[tuple[str, str]]:
    """Only for a formula that just adds and subtracts channels: a factor in it may convert units."""
    if not isinstance(formula, str) or not all(token in _ADDING or "(" in token for token in tokenize(formula)):
        return
    used = [planned[id_] for id_ in find_inputs((formula,)) if id_ in planned]
    known = [(units[id_], live) for live in used if isinstance(id_ := live.values.get(UNIT_ID), int) and id_ in units]
    first = known[0][0] if known else None
    others = [
        (unit, live) for unit, live in known if first and unit != first and find_scale(unit.code, first.code) != 1
    ]
    if others:
        told = " and ".join(f"{unit.code} ({show_value(live.name)})" for unit, live in (known[0], others[0]))
        yield "ESA521", f"the formula adds or subtracts different units, found {told}"
