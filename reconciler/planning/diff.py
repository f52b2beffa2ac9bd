"""The edits that turn a live channel into the desired one, and warnings on those that are probably mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.channels import is_new_id
from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FIELDS,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    MULTIPLIER,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
    UNIT_ID,
    VERSION,
    VERSIONS,
    find_version,
    version_path,
)
from reconciler.model.formulas import tokenize
from reconciler.model.plan import Edit
from reconciler.model.units import find_factor, find_scale, format_factor, is_near
from reconciler.model.values import BEGINNING, begin_key, canonical_time
from reconciler.planning.identification import find_inputs
from reconciler.planning.messages import show_value
from reconciler.planning.translation import show_formula
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from reconciler.model.channels import Desired, Live, Unit
    from reconciler.model.fields import Field, Impact
    from reconciler.model.findings import Finding, Location
    from reconciler.model.plan import Blocker
    from reconciler.model.values import Spec, Value
    from reconciler.planning.matching import Match
    from reconciler.planning.translation import Codes, CodeTables
    from reconciler.planning.versions import VersionDraft


_CODED = tuple((field, field.alias) for field in FIELDS if field.alias)


class Draft(Struct, frozen=True):
    """The edits of one channel, before their preconditions are checked.

    `live` is the channel as it is and `after_apply` as it will be, `changed_paths` the paths of EsaChannelEdit that are
    edited. `wanted` are the values to send by these paths; `before` and `after` go by the paths of the file.
    """

    name: str
    live: Live
    after_apply: Live
    edits: tuple[Edit, ...]
    changed_paths: frozenset[str]
    before: Spec
    after: Spec
    wanted: Spec
    # Blockers that are known before other channels are considered.
    blocks: tuple[Blocker, ...] = ()
    # The versions beside the current one that are edited or created, each as the draft of a channel that has it alone.
    versions: tuple[VersionDraft, ...] = ()
    # Without these, the same channel: what is sent to it and to its current version.
    alone: Draft | None = None
    # Whether it is itself the draft of such a version: then its version is all that is sent.
    is_version: bool = False

    @property
    def is_creation(self) -> bool:
        return is_new_id(self.live.id)

    @property
    def is_conversion(self) -> bool:
        return IS_CALCULATED in self.changed_paths and not self.is_creation


def changed_paths(edits: tuple[Edit, ...]) -> frozenset[str]:
    """The paths of EsaChannelEdit that `edits` change, of whichever version."""
    return frozenset(FIELD_AT[edit.path].path for edit in edits)


def apply_values(live: Live, wanted: Spec, codes: Codes) -> Live:
    """`live` with the values of `wanted`, by the paths of EsaChannelEdit, and their codes in place of its own.

    Versioned values go to the current version. Values that EnergyCAP fills in by itself are not predicted.
    """
    values = _merge(live.values, wanted, codes)
    current = replace(
        live.current, begin_date=_text(values.get(BEGIN_DATE)), values=_merge(live.current.values, wanted, codes)
    )
    return replace(live, values=values, versions=(*live.versions[:-1], current))


def _merge(values: Spec, wanted: Spec, codes: Codes) -> Spec:
    merged = {path: wanted.get(path, value) for path, value in values.items()}
    for field, alias in _CODED:
        if field.path in wanted and wanted[field.path] != values.get(field.path):
            merged[alias] = _find_code(codes[alias], wanted[field.path])
    return merged


def _find_code(codes: Mapping[int, str], id_: Value) -> str | None:
    return codes.get(id_) if isinstance(id_, int) else None


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None


# An edit of the first path to the value sets the others to null: they would have no effect, or be rejected.
# Source: EsaChannelVersionEdit, "Must be null when ObservationRuleId is set to Trip", "Exclusive to the Trip
# observation rule"; EsaChannelEdit.intervalMinutes, "Must be null when IsCalculated is set to True".
_IMPLICATIONS: tuple[tuple[str, Value, tuple[str, ...]], ...] = (
    (OBSERVATION_RULE_ID, TRIP, (ROLLOVER_VALUE, ROLLBACK_ALLOWANCE)),
    (OBSERVATION_RULE_ID, ODOMETER, (OFFSET,)),
    (IS_CALCULATED, True, (INTERVAL_MINUTES,)),
    (IS_CALCULATED, False, (FORMULA,)),
)


def make_draft(desired: Desired, live: Live, translated: Spec, tables: CodeTables) -> Draft | None:
    """The edits that turn `live` into `desired`, in the order of the field table; None if it needs none.

    `translated` is what `desired` manages by the paths of EsaChannelEdit. A value that means the same as the live one
    is not an edit. Paths that `desired` does not hold are edited only if one of its edits implies it.
    """
    wanted = _keep_same(translated, live.values)
    # They differ in spelling only, such as other spaces in a formula, or null for an empty text.
    if not _has_edit(desired, live, wanted):
        return None
    causes = _find_implied(wanted, live.values)
    before, after = _show(desired, live, wanted, tables)
    before |= {path: _show_value(path, live, None, tables) for path in causes}
    after |= dict.fromkeys(causes)
    wanted |= dict.fromkeys(causes)
    changed = {path for path in before if before[path] != after[path]}
    written = _written_paths(desired)
    edits = tuple(
        Edit(path, before[path], after[path], find_impact(field, live, wanted), written.get(causes.get(path, "")))
        for field in FIELDS
        if (path := written.get(field.path, field.path)) in changed
    )
    return Draft(
        name=desired.name,
        live=live,
        after_apply=apply_values(live, wanted, tables.codes),
        edits=edits,
        changed_paths=changed_paths(edits),
        before=before,
        after=after,
        wanted=wanted,
    )


def _written_paths(desired: Desired) -> dict[str, str]:
    return {FIELD_AT[path].path: path for path in desired.spec}


def _keep_same(translated: Spec, live: Spec) -> dict[str, Value]:
    rule_id = translated.get(OBSERVATION_RULE_ID, live.get(OBSERVATION_RULE_ID))
    unlike = translated.items() - live.items()
    same = {path: live.get(path) for path, value in unlike if is_same(path, value, live.get(path), rule_id)}
    return {**translated, **same}


def _find_implied(wanted: Spec, live: Spec) -> dict[str, str]:
    """The paths that an edit in `wanted` nulls, each with the path of that edit."""
    return {
        path: cause
        for cause, value, paths in _IMPLICATIONS
        if cause in wanted and wanted[cause] == value and live.get(cause) != value
        for path in paths
        if path not in wanted and not is_same(path, None, live.get(path), wanted.get(OBSERVATION_RULE_ID))
    }


def _show(desired: Desired, live: Live, wanted: Spec, tables: CodeTables) -> tuple[dict[str, Value], dict[str, Value]]:
    """What `desired` manages before and after, with codes and names as in the file; equal if there is no edit."""
    before = dict(desired.spec)
    for path, value in desired.spec.items():
        if _is_edited(path, live, wanted):
            before[path] = _show_value(path, live, value, tables)
    return before, dict(desired.spec)


def _has_edit(desired: Desired, live: Live, wanted: Spec) -> bool:
    # Every channel with a formula comes here, as files and EnergyCAP write it differently.
    values, spec = live.values, desired.spec
    if any(value != values.get(path) for path, value in wanted.items()):
        return True
    return any(alias in spec and _is_edited(alias, live, wanted) for _, alias in _CODED)


def _is_edited(path: str, live: Live, wanted: Spec) -> bool:
    field = FIELD_AT[path]
    # A code without an id could not be resolved. It is not the null that a channel has whose id could not be read.
    is_unresolved = path == field.alias and wanted[field.path] is None
    return is_unresolved or wanted[field.path] != live.values.get(field.path)


def _show_value(path: str, live: Live, written: Value, tables: CodeTables) -> Value:
    value = live.values.get(path)
    if path == FORMULA and isinstance(value, str):
        return show_formula(value, written, tables)
    return value


def find_impact(field: Field, live: Live, wanted: Spec) -> Impact:
    """What an edit of `field` does to `live`, if `wanted` are all values that will be sent."""
    return field.impact if _reaches_readings(field, live, wanted) else field.impact_without_readings


def _reaches_readings(field: Field, live: Live, wanted: Spec) -> bool:
    """Whether the edit may affect stored readings; unknown readings count as stored.

    A version excludes its begin. An edit of the begin affects the readings between the old and the new one, any other
    edit of the version those after the new one.
    """
    begin = live.values.get(BEGIN_DATE)
    if field.path == BEGIN_DATE:
        return may_lie_between(live, read_begin(begin), read_begin(wanted.get(BEGIN_DATE, begin)))
    if live.has_readings is False:
        return False
    if not field.is_versioned or live.last_reading is None:
        return True
    return canonical_time(live.last_reading) > read_begin(wanted.get(BEGIN_DATE, begin))


def may_lie_between(live: Live, one: str, other: str) -> bool:
    """Whether readings may be stored after the earlier of two begins, up to and including the later one."""
    if live.has_readings is False:
        return False
    earlier, later = sorted((one, other))
    # A time that EnergyCAP does not give excludes nothing.
    first, last = (canonical_time(time or "") for time in (live.first_reading, live.last_reading))
    return first <= later and (not last or last > earlier)


def read_begin(time: Value) -> str:
    """A begin as text that sorts, whatever its zone; "" from the beginning."""
    text = canonical_time(time) if isinstance(time, str) else ""
    return "" if text == BEGINNING else text


def find_swap(live: Live) -> str | None:
    """A note on the first reading after a meter swap of `live`; None if it arrived already, or is not special.

    Under the Odometer rule EnergyCAP subtracts from it the last reading of the previous version, which is that of the
    old meter's register.
    """
    # A Trip reading is a value of its own, so nothing is subtracted from it.
    if len(live.versions) < 2 or live.is_calculated or live.values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return None
    begin, last = (canonical_time(time or "") for time in (live.current.begin_date, live.last_reading))
    if not last or last > begin:
        return None
    where = f"channel {live.id} {show_value(live.name)}"
    return f"the first reading of {where} after {begin} counts from the one before it, at {last}"


def note_swaps(matches: Iterable[Match]) -> Iterator[Finding]:
    """A finding for each channel of `matches` whose first reading after a meter swap has not arrived."""
    for match in matches:
        if message := find_swap(match.live):
            yield make_finding("ESA634", message, _locate_current(match))


def _locate_current(match: Match) -> Location:
    """Where the file has the current version: its place in the list of versions, if it lists them."""
    desired, begin = match.desired, begin_key(match.live.current.begin_date)
    if not desired.versions:
        return desired.locate(VERSION)
    is_listed = any(one.begin == begin for one in desired.versions)
    return desired.locate(version_path(begin, BEGIN_DATE) if is_listed else VERSIONS)


_ADDING = frozenset("+-()")
# A multiplier that changes by more than this is more often a typo than a new meter.
_LARGEST = 1_000


def warn_of_edits(
    desired: Desired, draft: Draft, planned: Mapping[int, Live], units: Mapping[int, Unit]
) -> tuple[Draft, tuple[Finding, ...]]:
    """`draft` with a warning on each edit that is probably a mistake, and the same warnings as findings.

    `planned` are all channels by id, as they will be.
    """
    # What an edit of a version changes is seen beside that version alone.
    drafts: dict[str | None, Draft] = {one.change.begin: one.draft for one in draft.versions}
    warned = {
        edit.path: tuple(_check_edit(edit, drafts.get(find_version(edit.path), draft.alone or draft), planned, units))
        for edit in draft.edits
    }
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
    """The unit before and the one after; empty if one of them is not known."""
    ids = [live.values.get(UNIT_ID) for live in (draft.live, draft.after_apply)]
    known = [units[id_] for id_ in ids if isinstance(id_, int) and id_ in units]
    return known if len(known) == len(ids) else ()


def _check_unit(draft: Draft, pair: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    before, after = pair
    if after.is_money:
        return  # ESA407 blocks it
    if not _is_one_kind(before, after):
        one, other = (f"{unit.code} ({unit.type_name or unit.type_code})" for unit in pair)
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
    elif before < 0 < after or after < 0 <= before:
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
        different = " and ".join(f"{unit.code} ({show_value(live.name)})" for unit, live in (known[0], others[0]))
        yield "ESA521", f"the formula adds or subtracts different units, found {different}"
