"""Says why the pointers of a channel lead to no single live one: what was found, who was left, what is near."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.looks import tell_apart
from reconciler.model.routes import Problem, Step
from reconciler.planning.citing import place_identity, show_value
from reconciler.planning.nearest import find_nearest
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.desired import Desired
    from reconciler.model.findings import Finding
    from reconciler.model.live import Live
    from reconciler.model.routes import Pointers, Route
    from reconciler.planning.index import Index

_SHOWN = 10
# The key under select that a step looks at.
_KEYS = {
    Step.CHANNEL_ID: "channelId",
    Step.CHANNEL_IMPORT_ID: "channelImportId",
    Step.ONLY_CHANNEL: "dataPointImportId",
    Step.OBSERVATION_TYPE_CODE: "observationTypeCode",
    Step.UNIT_CODE: "unitCode",
    Step.INTERVAL: "intervalMinutes",
}


def explain_route(desired: Desired, pointers: Pointers, route: Route, index: Index, *, suggests: bool) -> Finding:
    """Why the `pointers` of `desired` lead along `route` to no single channel; with near names where it `suggests`."""
    place = place_identity(desired)
    match route.problem:
        case Problem.UNMATCHED:
            near = tuple(_find_near(desired, pointers, route, index)) if suggests else ()
            message = f"no live channel fits, found {_unmatched(pointers, route)}"
            place = desired.place(f"select.{_KEYS[route.left[-1][0]]}") if desired.select else place
            return make_finding("ESA301", message, place, detail=(*near, *_candidates(route, index)))
        case Problem.AMBIGUOUS:
            message = f"more than one live channel fits, found {_words(pointers, route.left, len(route.candidates))}"
            fix = f"{_add_pointer(route.left[-1][0])}select by channelId"
            return make_finding("ESA302", message, place, fix=fix, detail=_candidates(route, index))
        case Problem.NO_IDENTIFIER | None:
            message = "channel does not say how to find its live one, found no channelId, import id or data point"
            return make_finding("ESA331", message, place)
        case _:
            assert_never(route.problem)


def _unmatched(pointers: Pointers, route: Route) -> str:
    *before, (last, _) = route.left
    if not before:
        none = "no data point" if last is Step.ONLY_CHANNEL else "none"
        return f"{none} with {_pointer(pointers, last)}"
    return f"{_words(pointers, before, len(route.candidates))}, none of them with {_pointer(pointers, last)}"


def _words(pointers: Pointers, left: Sequence[tuple[Step, tuple[int, ...]]], count: int) -> str:
    given = " and ".join(_pointer(pointers, step) for step, _ in left)
    return f"{count} channels with {given}"


def _pointer(pointers: Pointers, step: Step) -> str:
    match step:
        case Step.CHANNEL_ID:
            return f"channelId {pointers.channel_id}"
        case Step.CHANNEL_IMPORT_ID:
            return f"channelImportId {show_value(pointers.channel_import_id)}"
        case Step.ONLY_CHANNEL:
            return f"dataPointImportId {show_value(pointers.meter_import_id)}"
        case Step.OBSERVATION_TYPE_CODE:
            return f"observationTypeCode {show_value(pointers.observation_type_code)}"
        case Step.UNIT_CODE:
            return f"unitCode {show_value(pointers.unit_code)}"
        case Step.INTERVAL:
            return f"intervalMinutes {(pointers.interval_seconds or 0) / 60:g}"
        case _:
            assert_never(step)


def _add_pointer(last: Step) -> str:
    """What tells apart those that are left after `last`, as the beginning of a way out."""
    following = {
        Step.ONLY_CHANNEL: "observationTypeCode",
        Step.OBSERVATION_TYPE_CODE: "unitCode",
        Step.UNIT_CODE: "intervalMinutes",
    }
    return f"add {following[last]} to select, or " if last in following else ""


def _candidates(route: Route, index: Index) -> tuple[str, ...]:
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


def _find_near(desired: Desired, pointers: Pointers, route: Route, index: Index) -> Iterator[str]:
    match route.left[-1][0]:
        case Step.CHANNEL_IMPORT_ID:
            near = find_nearest(str(pointers.channel_import_id), index.by_import_id)
            if near is not None:
                apart = tell_apart(str(pointers.channel_import_id), near)
                yield f"nearest import id: {_describe(index.by_import_id[near][0])}{apart}"
        case Step.ONLY_CHANNEL:
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
