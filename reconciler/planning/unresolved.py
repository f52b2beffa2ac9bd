"""Says why the pointers of a channel lead to no single live one: what was found, who was left, what is near."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.identifiers import ResolutionFailure, ResolutionStep
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.citing import place_identity, show_value
from reconciler.planning.nearest import find_nearest
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.channels import Desired, Live
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Identifiers, Resolution
    from reconciler.planning.index import Index

_SHOWN = 10
# The key under select that a step looks at.
_KEYS = {
    ResolutionStep.CHANNEL_ID: "channelId",
    ResolutionStep.CHANNEL_IMPORT_ID: "channelImportId",
    ResolutionStep.ONLY_CHANNEL: "dataPointImportId",
    ResolutionStep.OBSERVATION_TYPE_CODE: "observationTypeCode",
    ResolutionStep.UNIT_CODE: "unitCode",
    ResolutionStep.INTERVAL: "intervalMinutes",
}


def explain_route(
    desired: Desired, pointers: Identifiers, route: Resolution, index: Index, *, suggests: bool
) -> Finding:
    """Why the `pointers` of `desired` lead along `route` to no single channel; with near names where it `suggests`."""
    place = place_identity(desired)
    match route.failure:
        case ResolutionFailure.UNMATCHED:
            near = tuple(_find_near(desired, pointers, route, index)) if suggests else ()
            message = f"no live channel fits, found {_unmatched(pointers, route)}"
            place = desired.locate(f"select.{_KEYS[route.remaining_by_step[-1][0]]}") if desired.select else place
            return make_finding("ESA301", message, place, detail=(*near, *_candidates(route, index)))
        case ResolutionFailure.AMBIGUOUS:
            words = _words(pointers, route.remaining_by_step, len(route.candidates))
            message = f"more than one live channel fits, found {words}"
            fix = f"{_add_pointer(route.remaining_by_step[-1][0])}select by channelId"
            return make_finding("ESA302", message, place, fix=fix, detail=_candidates(route, index))
        case ResolutionFailure.NO_IDENTIFIER | None:
            message = "channel does not say how to find its live one, found no channelId, import id or data point"
            return make_finding("ESA331", message, place)
        case _:
            assert_never(route.failure)


def _unmatched(pointers: Identifiers, route: Resolution) -> str:
    *before, (last, _) = route.remaining_by_step
    if not before:
        none = "no data point" if last is ResolutionStep.ONLY_CHANNEL else "none"
        return f"{none} with {_pointer(pointers, last)}"
    return f"{_words(pointers, before, len(route.candidates))}, none of them with {_pointer(pointers, last)}"


def _words(pointers: Identifiers, left: Sequence[tuple[ResolutionStep, tuple[int, ...]]], count: int) -> str:
    given = " and ".join(_pointer(pointers, step) for step, _ in left)
    return f"{count} channels with {given}"


def _pointer(pointers: Identifiers, step: ResolutionStep) -> str:
    match step:
        case ResolutionStep.CHANNEL_ID:
            return f"channelId {pointers.channel_id}"
        case ResolutionStep.CHANNEL_IMPORT_ID:
            return f"channelImportId {show_value(pointers.channel_import_id)}"
        case ResolutionStep.ONLY_CHANNEL:
            return f"dataPointImportId {show_value(pointers.meter_import_id)}"
        case ResolutionStep.OBSERVATION_TYPE_CODE:
            return f"observationTypeCode {show_value(pointers.observation_type_code)}"
        case ResolutionStep.UNIT_CODE:
            return f"unitCode {show_value(pointers.unit_code)}"
        case ResolutionStep.INTERVAL:
            return f"intervalMinutes {(pointers.interval_seconds or 0) / 60:g}"
        case _:
            assert_never(step)


def _add_pointer(last: ResolutionStep) -> str:
    """What tells apart those that are left after `last`, as the beginning of a way out."""
    following = {
        ResolutionStep.ONLY_CHANNEL: "observationTypeCode",
        ResolutionStep.OBSERVATION_TYPE_CODE: "unitCode",
        ResolutionStep.UNIT_CODE: "intervalMinutes",
    }
    return f"add {following[last]} to select, or " if last in following else ""


def _candidates(route: Resolution, index: Index) -> tuple[str, ...]:
    shown = tuple(f"candidate: {_describe(index.by_id[id_])}" for id_ in route.candidates[:_SHOWN])
    more = len(route.candidates) - _SHOWN
    return (*shown, f"and {more} more") if more > 0 else shown


def _describe(live: Live) -> str:
    interval = live.values.get(INTERVAL_MINUTES)
    parts = (
        f"{live.id} {show_value(live.name)}",
        f"import id {show_value(live.values.get(CHANNEL_IMPORT_ID))}",
        live.values.get(OBSERVATION_TYPE_CODE),
        live.values.get(UNIT_CODE),
        "calculated" if interval is None else f"{interval} minutes",
    )
    return ", ".join(str(part) for part in parts if part is not None)


def _find_near(desired: Desired, pointers: Identifiers, route: Resolution, index: Index) -> Iterator[str]:
    match route.remaining_by_step[-1][0]:
        case ResolutionStep.CHANNEL_IMPORT_ID:
            near = find_nearest(str(pointers.channel_import_id), index.by_import_id)
            if near is not None:
                apart = tell_apart(str(pointers.channel_import_id), near)
                yield f"nearest import id: {_describe(index.by_import_id[near][0])}{apart}"
        case ResolutionStep.ONLY_CHANNEL:
            near = find_nearest(str(pointers.meter_import_id), index.by_meter)
            if near is not None:
                apart = tell_apart(str(pointers.meter_import_id), near)
                yield f"nearest data point: import id {show_value(near)}, {len(index.by_meter[near])} channels{apart}"
        case _:
            pass
    yield from _find_namesakes(desired, index)


def _find_namesakes(desired: Desired, index: Index) -> Iterator[str]:
    name = desired.spec.get("channelInfo")
    namesakes = (live for live in index.by_id.values() if name and live.name == name)
    return (f"same name: {_describe(live)}" for live in islice(namesakes, 3))
