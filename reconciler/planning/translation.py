"""Codes and names in files translated to EnergyCAP's ids, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.model.canonical import canonical
from reconciler.model.fields import (
    FIELD_AT,
    FORMULA,
    OBSERVATION_RULE,
    OBSERVATION_RULES,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    SUMMARIZATION_METHOD,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.formulas import find_references, rename_references
from reconciler.model.lookalikes import tell_apart
from reconciler.model.plan import Blocker
from reconciler.model.units import find_measure, find_scale
from reconciler.planning.identification import read_id
from reconciler.planning.messages import locate_reference, shorten, show_value, suggest
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Container

    from reconciler.model.channels import Desired, ReferenceData
    from reconciler.model.findings import Finding
    from reconciler.model.values import Spec, Value

_CODE_OF = {
    UNIT_ID: UNIT_CODE,
    OBSERVATION_TYPE_ID: OBSERVATION_TYPE_CODE,
    FIELD_AT[SUMMARIZATION_METHOD].path: SUMMARIZATION_METHOD,
}
_LISTS = {UNIT_CODE: "units", OBSERVATION_TYPE_CODE: "observation types"}


# Path of a code in the files → id → the code.
Codes: TypeAlias = Mapping[str, Mapping[int, str]]


class CodeTables(Struct, frozen=True):
    """The ids of codes and names in one environment.

    `ids` maps the path of a code, and the code, to the ids that have it; `codes` maps the same path, and an id, to its
    code. `defined_names` are those of all channels in the files; `channel_ids` maps those that were found to their live
    ids, `channel_names` the ids to the names. `live_ids` are those of all live channels. `unread` says, by the path of
    a code, why EnergyCAP's list of these could not be read in full; a code that is not in `codes` may then exist.
    `skipped` are the names of channels that were not found, without which the plan goes on.
    """

    ids: Mapping[str, Mapping[str, tuple[int, ...]]]
    codes: Codes
    defined_names: Container[str]
    channel_ids: Mapping[str, int]
    channel_names: Mapping[int, str]
    live_ids: Container[int]
    unread: Mapping[str, str] = MappingProxyType({})
    skipped: Container[str] = ()


def codes_by_id(reference: ReferenceData) -> Codes:
    """The codes of `reference` by the path of a code in the files, and the id."""
    return {
        OBSERVATION_TYPE_CODE: {type_.id: type_.code for type_ in reference.observation_types},
        SUMMARIZATION_METHOD: {method.id: method.name for method in reference.summarization_methods},
        UNIT_CODE: {unit.id: unit.code for unit in reference.units},
        OBSERVATION_RULE: {id_: code for code, id_ in OBSERVATION_RULES.items()},
    }


def ids_by_code(codes: Codes) -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """The inverse of `codes`: by path and code, the ids that have the code, ascending."""
    return {path: _invert(by_id) for path, by_id in codes.items()}


def list_unread(reference: ReferenceData) -> Mapping[str, str]:
    """Why EnergyCAP's lists could not be read in full, by the path of a code in them."""
    unread = {UNIT_CODE: reference.units_unread, OBSERVATION_TYPE_CODE: reference.observation_types_unread}
    return {path: reason for path, reason in unread.items() if reason}


def to_ids(desired: Desired, live: Spec, tables: CodeTables) -> tuple[Spec, tuple[Finding | Blocker, ...]]:
    """The managed values of `desired` with ids, by the paths of EsaChannelEdit, and what could not be translated.

    A code that cannot be resolved because a list could not be read gives a blocker; its value is then None. A value
    that equals the live one is not translated, so that an ambiguous or unknown code that is in use gives no finding.
    """
    wanted: dict[str, Value] = {}
    findings: list[Finding | Blocker] = []
    for path, value in desired.spec.items():
        sent = FIELD_AT[path].path
        if live.get(path) == value:
            wanted[sent] = live.get(sent)
        else:
            wanted[sent], found = _translate(desired, path, tables)
            findings += found
    return wanted, tuple(findings)


def show_formula(formula: str, written: Value, tables: CodeTables) -> str:
    """`formula` with the names of channels that have one in the files.

    An id that the file's own formula, `written`, has stays an id, so that the two can be compared.
    """
    kept = find_references(written) if isinstance(written, str) else ()

    def name(reference: str) -> str:
        id_ = read_id(reference)
        return reference if id_ is None or reference in kept else tables.channel_names.get(id_, reference)

    return rename_references(formula, name)


def _invert(by_id: Mapping[int, str]) -> Mapping[str, tuple[int, ...]]:
    ids: dict[str, list[int]] = defaultdict(list)
    for id_, code in sorted(by_id.items()):
        ids[code].append(id_)
    return {code: tuple(found) for code, found in ids.items()}


def _translate(desired: Desired, path: str, tables: CodeTables) -> tuple[Value, tuple[Finding | Blocker, ...]]:
    value = desired.spec[path]
    if path in tables.ids:
        return _translate_code(desired, path, tables)
    if path in _CODE_OF:
        return value, _check_id(desired, path, tables)
    if path == FORMULA and isinstance(value, str):
        return _translate_formula(desired, value, tables)
    return canonical(path, value), ()


def _translate_code(desired: Desired, path: str, tables: CodeTables) -> tuple[Value, tuple[Finding | Blocker, ...]]:
    code, codes = desired.spec[path], tables.ids[path]
    match codes.get(str(code), ()):
        case (only,):
            return only, ()
        case () if path in tables.unread:
            return None, (_unresolved_code(str(code), path, tables),)
        case ():
            return None, (_unknown_code(desired, path, tuple(codes)),)
        case several:
            ids = ", ".join(map(str, several))
            message = f"several ids have this code, found {show_value(code)} for {FIELD_AT[path].key} {ids}"
            return None, (make_finding("ESA311", message, desired.locate(path)),)


def _unknown_code(desired: Desired, path: str, codes: tuple[str, ...]) -> Finding:
    code, key = desired.spec[path], path.rpartition(".")[2]
    fix = _propose_codes(path, str(code), codes)
    if path == SUMMARIZATION_METHOD and not fix:
        # No endpoint lists the methods, so their names are known from the channels that use them.
        fix = "write summarizationMethodId: no channel uses this method yet, so its id is not available"
    return make_finding(
        "ESA310", f"{key} is not known in EnergyCAP, found {show_value(code)}", desired.locate(path), fix=fix
    )


def _unresolved_code(code: str, path: str, tables: CodeTables) -> Blocker:
    key, id_key = path.rpartition(".")[2], FIELD_AT[path].key
    reason = tables.unread[path]
    near = _propose_codes(path, code, tuple(tables.ids[path]))
    way_out = f"give the key's user permission to read the {_LISTS[path]}, or "
    # The list of units also says which are money, so an edit to the id would be as unknown.
    way_out += "make this edit in EnergyCAP itself" if path == UNIT_CODE else f"write {id_key} in place of {key}"
    return Blocker(
        "ESA415",
        f"{key} {show_value(code)} cannot be resolved: the list of {_LISTS[path]} could not be read in full, {reason}",
        {"path": path, "value": code, "unread": reason},
        f"{near}; else {way_out}" if near else way_out,
        is_unknown=True,
    )


# Often many channels have the same unknown code, and comparing it with all codes is slow.
@lru_cache(maxsize=256)
def _find_near(code: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    return suggest(code, codes)


def _propose_codes(path: str, code: str, codes: tuple[str, ...]) -> str:
    key, near = path.rpartition(".")[2], _find_near(code, codes)
    # The code of another known unit is similar by chance; it is suggested only with the factor between the two.
    others = [other for other in near if path == UNIT_CODE and _is_other_unit(code, other)]
    match tuple(other for other in near if other not in others):
        case ():
            return next((fix for fix in (_convert(code, other) for other in others) if fix), "")
        case (only,):
            return f"write  {key}: {only}  if that is meant{tell_apart(code, only)}"
        case several:
            return f"write  {key}: {' or '.join(several)}, whichever is meant"


def _is_other_unit(code: str, other: str) -> bool:
    """Whether both codes are known and mean different units, so that neither is a misspelling of the other."""
    one, two = find_measure(code), find_measure(other)
    return bool(one and two and one != two)


def _convert(code: str, other: str) -> str:
    """How to use the unit `other` in place of `code`; "" if they measure different things."""
    scale = find_scale(code, other)
    if scale is None:
        return ""
    factor = f"{float(scale):,.12g}"
    return f"one {code} is {factor} {other}: write  unitCode: {other}  and multiply the multiplier by {factor}"


def _check_id(desired: Desired, path: str, tables: CodeTables) -> tuple[Finding, ...]:
    id_, code_path = desired.spec[path], _CODE_OF[path]
    if id_ in tables.codes[code_path]:
        return ()
    if code_path == SUMMARIZATION_METHOD or code_path in tables.unread:
        return (_unseen_id(desired, path, tables.unread.get(code_path, "")),)
    message = f"{FIELD_AT[path].key} is not known in EnergyCAP, found {show_value(id_)}"
    return (make_finding("ESA312", message, desired.locate(path)),)


def _unseen_id(desired: Desired, path: str, unread: str) -> Finding:
    key, id_ = FIELD_AT[path].key, show_value(desired.spec[path])
    message = f"no channel in EnergyCAP uses {key} {id_}, so its meaning is unknown"
    if unread:
        message += f": the list of {_LISTS[_CODE_OF[path]]} could not be read in full"
    return make_finding("ESA416", message, desired.locate(path))


def _translate_formula(desired: Desired, formula: str, tables: CodeTables) -> tuple[str, tuple[Finding | Blocker, ...]]:
    references = find_references(formula)
    findings = tuple(finding for text in references for finding in _check_reference(desired, text, tables))

    def number(reference: str) -> str:
        is_name = read_id(reference) is None
        return str(tables.channel_ids.get(reference, reference)) if is_name else reference

    return rename_references(formula, number), findings


def _check_reference(desired: Desired, reference: str, tables: CodeTables) -> tuple[Finding | Blocker, ...]:
    match read_id(reference):
        case None if reference in tables.channel_ids:
            return ()
        case None if reference in tables.skipped:
            return (_uses_skipped(reference),)
        case None if reference in tables.defined_names:
            code, what = "ESA313", "formula uses a channel that was not found in EnergyCAP"
        case None:
            code, what = "ESA320", "formula names an unknown channel"
        case id_ if id_ in tables.live_ids:
            return ()
        case _:
            code, what = "ESA314", "formula uses a channel that is not in EnergyCAP"
    return (make_finding(code, f"{what}, found channel({shorten(reference)})", locate_reference(desired, reference)),)


def _uses_skipped(reference: str) -> Blocker:
    return Blocker(
        "ESA313",
        f"formula uses a channel that was not found in EnergyCAP and is skipped, found channel({shorten(reference)})",
        {"skipped": reference},
        f"correct how {shorten(reference)} is found, or create it in EnergyCAP",
    )
