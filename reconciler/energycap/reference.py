"""The service's lists of units and observation types, completed by what its channels show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from reconciler.energycap.documents import Document, Odd, read_id, read_object, read_text
from reconciler.model.channels import ObservationType, ReferenceData, SummarizationMethod, Unit
from reconciler.model.fields import OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_ID, UNIT_CODE, UNIT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.values import Spec

_SUMMARIZATION_METHOD_ID = "summarizationMethodId"
_SUMMARIZATION_METHOD = "summarizationMethod"

_Entry = TypeVar("_Entry")


class Listed(Struct, Generic[_Entry], frozen=True):
    """The entries of a list by id; `unread` says why it could not be read, or not all of it, "" where it could."""

    entries: Mapping[int, _Entry]
    unread: str = ""


def units_from_response(document: object) -> Listed[Unit]:
    """The units of GET /api/v202305/unit; what cannot be read is left out, and said."""
    return _read_entries(document, _read_unit)


def types_from_response(document: object) -> Listed[ObservationType]:
    """The observation types of GET /api/v3/observationtype; what cannot be read is left out, and said."""
    return _read_entries(document, _read_type)


def make_reference(
    units: Listed[Unit], observation_types: Listed[ObservationType], channels: Sequence[Live]
) -> ReferenceData:
    """All reference data, each ordered by id: what the service lists, and what only `channels` show.

    No endpoint lists summarization methods.
    """
    specs = [live.values for live in channels]
    version_specs = [version.values for live in channels for version in live.versions]
    seen_units = {key: Unit(key, code) for key, code in _learn(version_specs, UNIT_ID, UNIT_CODE)}
    seen_types = {
        key: ObservationType(key, code) for key, code in _learn(specs, OBSERVATION_TYPE_ID, OBSERVATION_TYPE_CODE)
    }
    methods = {
        key: SummarizationMethod(key, name)
        for key, name in _learn(specs, _SUMMARIZATION_METHOD_ID, _SUMMARIZATION_METHOD)
    }
    return ReferenceData(
        _order(seen_units | dict(units.entries)),
        _order(seen_types | dict(observation_types.entries)),
        _order(methods),
        _doubt_empty(units, seen_units),
        _doubt_empty(observation_types, seen_types),
    )


def _doubt_empty(listed: Listed[_Entry], seen: Mapping[int, _Entry]) -> str:
    """Why the list could not be read in full, also where it is empty and channels show that it cannot be."""
    is_hidden = seen and not listed.entries and not listed.unread
    return "it is empty, but channels use some of them" if is_hidden else listed.unread


def _read_entries(document: object, read: Callable[[Document], tuple[int, _Entry]]) -> Listed[_Entry]:
    entries: dict[int, _Entry] = {}
    flaws, first = 0, ""
    if not isinstance(document, list):
        return Listed({}, str(Odd("the answer", "a list", document)))
    for member in document:
        try:
            entry_id, entry = read(read_object({"it": member}, "it"))
        except Odd as odd:
            flaws, first = flaws + 1, first or str(odd)
        else:
            entries[entry_id] = entry
    return Listed(entries, f"{flaws} of its {len(document)} entries cannot be read: {first}" if flaws else "")


def _read_unit(document: Document) -> tuple[int, Unit]:
    unit_id, code = read_id(document, "unitId"), _read_code(document, "unitCode")
    try:
        unit_type = read_object(document, "unitType")
        names = read_text(unit_type, "unitTypeCode"), read_text(unit_type, "unitTypeInfo")
    except Odd:  # whether it is money is not known then
        return unit_id, Unit(unit_id, code)
    return unit_id, Unit(unit_id, code, *names)


def _read_type(document: Document) -> tuple[int, ObservationType]:
    type_id = read_id(document, "observationTypeId")
    code = _read_code(document, "observationTypeCode")
    return type_id, ObservationType(type_id, code, read_text(document, "nounCode"))


def _read_code(document: Document, name: str) -> str:
    code = read_text(document, name)
    if code is None:
        raise Odd(name, "text", None)
    return code


def _learn(specs: Iterable[Spec], id_path: str, name_path: str) -> list[tuple[int, str]]:
    seen = {(spec.get(id_path), spec.get(name_path)) for spec in specs}
    # In order, so that one id with two names always gets the same one.
    return sorted((key, name) for key, name in seen if isinstance(key, int) and isinstance(name, str))


def _order(entries: dict[int, _Entry]) -> tuple[_Entry, ...]:
    return tuple(entries[entry_id] for entry_id in sorted(entries))
