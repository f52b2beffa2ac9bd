"""The values of a live channel that its file gives, in the words of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FIELDS,
    FORMULA,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    VERSION,
)
from reconciler.model.formulas import find_references, is_same_formula, rename_references
from reconciler.planning.importing.terms import Fields
from reconciler.planning.importing.ties import needs_tie
from reconciler.planning.index import read_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.channels import Live
    from reconciler.model.values import Value
    from reconciler.planning.importing.terms import CanHold
    from reconciler.planning.index import Index

# What only Fields.ALL gives: it decides nothing about the values to come.
_MORE = frozenset({"channelDescription", f"{VERSION}.beginDate", f"{VERSION}.isValuePositive"})


def list_paths(live: Live, fields: Fields) -> tuple[str, ...]:
    """The paths of EsaChannelEdit at which `live` has something worth writing, in the order of the field table.

    Null, false, an offset of 0, and what the service fills in by itself under the Odometer rule say nothing that a new
    file should, but for the begin of a version, which may be null.
    """
    told = FIELDS if fields is Fields.ALL else tuple(field for field in FIELDS if field.path not in _MORE)
    paths = {field.path for field in told if _is_telling(live, field.path)}
    if needs_tie(live):
        paths.add(BEGIN_DATE)
    return tuple(field.path for field in FIELDS if field.path in paths)


def write_value(live: Live, path: str, can_hold: CanHold) -> tuple[str, Value] | None:
    """The value of `live` at a path of EsaChannelEdit, as a file says it: by code or name where it can, else by id.

    None where no file can hold it.
    """
    field = FIELD_AT[path]
    ways = ((written, live.values.get(written)) for written in (field.alias, field.path) if written)
    return next(((written, value) for written, value in ways if value is not None and can_hold(written, value)), None)


def write_formula(formula: str, user: Live, index: Index, names: Mapping[int, str]) -> str:
    """`formula` with the channels by name that it may use and that `names` has, the others by id as they are.

    What no formula of the files may name stays an id: a calculated channel, which `user` itself is, and one of another
    data point. So does everything, where the whole would no longer be read as the same formula.
    """
    known = {reference: index.by_id.get(read_id(reference) or 0) for reference in find_references(formula)}
    named = {
        reference: names[used.id]
        for reference, used in known.items()
        if used and used.id in names and _may_use(user, used)
    }
    ids = {names[used.id]: str(used.id) for used in known.values() if used and used.id in names}
    written = rename_references(formula, lambda reference: named.get(reference, reference))
    back = rename_references(written, lambda reference: ids.get(reference, reference))
    return written if None not in known.values() and is_same_formula(back, formula) else formula


def _is_telling(live: Live, path: str) -> bool:
    value = live.values.get(path)
    if value is None or value is False:
        return False
    if live.values.get(OBSERVATION_RULE_ID) == ODOMETER and value == FIELD_AT[path].odometer_default:
        return False
    if path == OFFSET and value == 0:
        return False
    # A blank import id is none, and the formula of a simple channel is never used.
    return (path != CHANNEL_IMPORT_ID or bool(str(value).strip())) and (path != FORMULA or live.is_calculated)


def _may_use(user: Live, used: Live) -> bool:
    return not used.is_calculated and used.data_point.id == user.data_point.id
