"""The service's lists of units and observation types, completed by what its channels show."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from reconciler.energycap.answers import unusable
from reconciler.energycap.documents import Document, Odd, read_id, read_object, read_objects, read_text
from reconciler.model.fields import OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_ID, UNIT_CODE, UNIT_ID
from reconciler.model.reference import ObservationType, Reference, SummarizationMethod, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.model.live import Live
    from reconciler.model.values import Spec

_SUMMARIZATION_METHOD_ID = "summarizationMethodId"
_SUMMARIZATION_METHOD = "summarizationMethod"

_Entry = TypeVar("_Entry")


def units_from_response(document: object) -> dict[int, Unit]:
    """The units of GET /api/v202305/unit, by id. Raises BadAnswer where one has no id or no code."""
    return _read_entries(document, "units", _read_unit)


def types_from_response(document: object) -> dict[int, ObservationType]:
    """The observation types of GET /api/v3/observationtype, by id. Raises BadAnswer where one has no id or no code."""
    return _read_entries(document, "observation types", _read_type)


def make_reference(
    units: dict[int, Unit], observation_types: dict[int, ObservationType], channels: Sequence[Live]
) -> Reference:
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
    return Reference(_order(seen_units | units), _order(seen_types | observation_types), _order(methods))


def _read_entries(document: object, kind: str, read: Callable[[Document], tuple[int, _Entry]]) -> dict[int, _Entry]:
    try:
        return dict(map(read, read_objects(document, "the answer")))
    except Odd as odd:
        raise unusable(f"the list of {kind}: {odd}") from None


def _read_unit(document: Document) -> tuple[int, Unit]:
    unit_id, unit_type = read_id(document, "unitId"), read_object(document, "unitType")
    code = _read_code(document, "unitCode")
    return unit_id, Unit(unit_id, code, read_text(unit_type, "unitTypeCode"), read_text(unit_type, "unitTypeInfo"))


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
