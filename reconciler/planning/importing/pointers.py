"""The pointers by which a live channel is found again: the import id, what a data logger would say, or the id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.identifiers import Identifiers
from reconciler.planning.resolve import route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.planning.importing.terms import CanHold
    from reconciler.planning.index import Index


def find_pointers(live: Live, index: Index, can_hold: CanHold) -> Identifiers:
    """The first pointers that lead to `live` alone: its import id, else what is inferred, else its channel id.

    An id is the last resort, as it differs between environments.
    """
    for pointers in _list_pointers(live, can_hold):
        if route(pointers, index).channel_id == live.id:
            return pointers
    return Identifiers(channel_id=live.id)


def has_own_import_id(live: Live, index: Index) -> bool:
    """Whether `live` has an import id, and no other channel the same."""
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    return isinstance(import_id, str) and bool(import_id.strip()) and len(index.by_import_id[import_id]) == 1


def _list_pointers(live: Live, can_hold: CanHold) -> Iterator[Identifiers]:
    import_id = live.values.get(CHANNEL_IMPORT_ID)
    if isinstance(import_id, str) and import_id.strip() and can_hold("select.channelImportId", import_id):
        yield Identifiers(channel_import_id=import_id)
    meter, minutes = live.data_point.import_id, live.values.get(INTERVAL_MINUTES)
    type_code, unit_code = (_read_code(live, path, can_hold) for path in (OBSERVATION_TYPE_CODE, UNIT_CODE))
    if not meter or not type_code or not can_hold("select.dataPointImportId", meter):
        return
    pointers = Identifiers(meter_import_id=meter, observation_type_code=type_code)
    yield pointers
    if unit_code:
        pointers = replace(pointers, unit_code=unit_code)
        yield pointers
        if isinstance(minutes, int) and can_hold("select.intervalMinutes", minutes):
            yield replace(pointers, interval_seconds=minutes * 60)


def _read_code(live: Live, path: str, can_hold: CanHold) -> str | None:
    code = live.values.get(path)
    return code if isinstance(code, str) and can_hold(f"select.{path.rpartition('.')[2]}", code) else None
