"""The edits that turn a live channel into the desired one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FIELDS,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
)
from reconciler.model.plan import Edit
from reconciler.model.values import canonical_time
from reconciler.planning.messages import show_value
from reconciler.planning.translation import show_formula
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.channels import Desired, Live
    from reconciler.model.fields import Field, Impact
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Blocker
    from reconciler.model.values import Spec, Value
    from reconciler.planning.matching import Match
    from reconciler.planning.translation import Codes, CodeTables


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

    @property
    def is_conversion(self) -> bool:
        return IS_CALCULATED in self.changed_paths


def changed_paths(edits: tuple[Edit, ...]) -> frozenset[str]:
    """The paths of EsaChannelEdit that `edits` change."""
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


def make_draft(desired: Desired, live: Live, translated: Spec, vocabulary: CodeTables) -> Draft | None:
    """The edits that turn `live` into `desired`, in the order of the field table; None if it needs none.

    `translated` is what `desired` manages by the paths of EsaChannelEdit. A value that means the same as the live one
    is not an edit. Paths that `desired` does not hold are edited only if one of its edits implies it.
    """
    wanted = _keep_same(translated, live.values)
    if wanted.items() <= live.values.items():
        return None
    causes = _find_implied(wanted, live.values)
    before, after = _show(desired, live, wanted, vocabulary)
    before |= {path: _show_value(path, live, None, vocabulary) for path in causes}
    after |= dict.fromkeys(causes)
    wanted |= dict.fromkeys(causes)
    changed = _find_changed(before, after)
    written = _written_paths(desired)
    edits = tuple(
        Edit(path, before[path], after[path], find_impact(field, live, wanted), written.get(causes.get(path, "")))
        for field in FIELDS
        if (path := written.get(field.path, field.path)) in changed
    )
    return Draft(
        name=desired.name,
        live=live,
        after_apply=apply_values(live, wanted, vocabulary.codes),
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


def _show(
    desired: Desired, live: Live, wanted: Spec, vocabulary: CodeTables
) -> tuple[dict[str, Value], dict[str, Value]]:
    """What `desired` manages before and after, with codes and names as in the file; equal if there is no edit."""
    before = dict(desired.spec)
    for path, value in desired.spec.items():
        field = FIELD_AT[path]
        if wanted[field.path] != live.values.get(field.path):
            before[path] = _show_value(path, live, value, vocabulary)
    return before, dict(desired.spec)


def _show_value(path: str, live: Live, written: Value, vocabulary: CodeTables) -> Value:
    value = live.values.get(path)
    if path == FORMULA and isinstance(value, str):
        return show_formula(value, written, vocabulary)
    return value


def _find_changed(before: Spec, after: Spec) -> frozenset[str]:
    # Imported here, as it takes longer than the rest of a plan, and plans without an edit do not need it.
    from deepdiff import DeepDiff  # noqa: PLC0415

    # Equal values are left out, as deepdiff takes as long for them.
    unlike = [path for path in before if before[path] != after[path]]
    tree = DeepDiff({path: before[path] for path in unlike}, {path: after[path] for path in unlike}, view="tree")
    return frozenset(level.path(output_format="list")[0] for levels in tree.values() for level in levels)


def find_impact(field: Field, live: Live, wanted: Spec) -> Impact:
    """What an edit of `field` does to `live`, if `wanted` are all values that will be sent."""
    return field.impact if _reaches_readings(field, live, wanted) else field.impact_without_readings


def _reaches_readings(field: Field, live: Live, wanted: Spec) -> bool:
    """Whether the edit may affect stored readings; unknown readings count as stored.

    A version excludes its begin, and an edit of the begin affects the readings between the old and the new one.
    """
    if live.has_readings is False:
        return False
    if not field.is_versioned or live.last_reading is None:
        return True
    begin = live.values.get(BEGIN_DATE)
    begins = (begin, wanted.get(BEGIN_DATE, begin))
    first = min(str(moment or "") for moment in begins)
    return canonical_time(live.last_reading) > canonical_time(first)


def find_swap(live: Live) -> str | None:
    """A note on the first reading after a meter swap of `live`; None if it arrived already, or is not special.

    Under the Odometer rule EnergyCAP subtracts from it the last reading of the previous version, which is that of the
    old meter's register.
    """
    if len(live.versions) < 2 or live.is_calculated or live.values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return None
    begin, last = (canonical_time(time or "") for time in (live.current.begin_date, live.last_reading))
    if not begin or not last or last > begin:
        return None
    where = f"channel {live.id} {show_value(live.name)}"
    return f"the first reading of {where} after {begin} counts from the one before it, at {last}"


def note_swaps(matches: Iterable[Match]) -> Iterator[Finding]:
    """A finding for each channel of `matches` whose first reading after a meter swap has not arrived."""
    for match in matches:
        if message := find_swap(match.live):
            yield make_finding("ESA634", message, match.desired.locate("esaChannelVersion"))
