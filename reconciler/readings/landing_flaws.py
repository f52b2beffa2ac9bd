"""Says why identifiers lead to no channel that takes readings, and what about them is doubtful."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.identifiers import V3_NAMES, ResolutionFailure, ResolutionStep
from reconciler.planning.messages import find_nearest, show_value
from reconciler.readings.flaws import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Identifiers, Resolution
    from reconciler.model.values import Value
    from reconciler.planning.identification import Index

_SHOWN = 10
_FOLLOWING = {
    ResolutionStep.ONLY_CHANNEL: "observationTypeCode",
    ResolutionStep.OBSERVATION_TYPE_CODE: "unitCode",
    ResolutionStep.UNIT_CODE: "channelIntervalInSeconds",
}


def find_landing_flaws(pointers: Identifiers, route: Resolution, index: Index, *, suggests: bool) -> tuple[Flaw, ...]:
    """What keeps readings from landing along `route`: nothing, or one flaw, with what is near where it `suggests`."""
    match route.failure:
        case ResolutionFailure.NO_IDENTIFIER:
            given = show_given(pointers)
            found = f"only {given}" if given else "no identifier at all"
            return (Flaw("ESA614", f"readings do not say which channel they are for, found {found}"),)
        case ResolutionFailure.UNMATCHED:
            near = _find_near(pointers, route, index) if suggests else ()
            detail = (*near, *_list_candidates(route, index))
            return (Flaw("ESA615", f"readings land nowhere: no channel has {_walk(pointers, route)}", "", detail),)
        case ResolutionFailure.AMBIGUOUS:
            following = _FOLLOWING.get(route.remaining_by_step[-1][0])
            fix = f"add {following}, or give channelImportId" if following else "give channelId"
            message = f"readings land nowhere: {len(route.candidates)} channels have {_walk(pointers, route)}"
            return (Flaw("ESA616", message, fix, tuple(_list_candidates(route, index))),)
        case None:
            return tuple(_check_calculated(route, index))
        case _:
            assert_never(route.failure)


def find_doubts(pointers: Identifiers, channel: Live) -> tuple[Flaw, ...]:
    """What of `pointers` does not agree with the channel that they lead to, though it does not count."""
    has: tuple[tuple[str, Value, Value], ...] = (
        (V3_NAMES.channel_import_id, pointers.channel_import_id, channel.values.get(CHANNEL_IMPORT_ID)),
        (V3_NAMES.meter_import_id, pointers.meter_import_id, channel.data_point.import_id),
        (V3_NAMES.observation_type_code, pointers.observation_type_code, channel.values.get(OBSERVATION_TYPE_CODE)),
        (V3_NAMES.interval, pointers.interval_seconds, _seconds(channel)),
    )
    odd = [(name, given, own) for name, given, own in has if given not in (None, "", own)]
    if not odd:
        return ()
    texts = [f"{name} says {show_value(given)}, not {show_value(own)}" for name, given, own in odd]
    where = f"channel {channel.id} {show_value(channel.name)}"
    message = f"readings land on {where}, although {texts[0]}"
    return (Flaw("ESA617", message, "", tuple(texts[1:])),)


def show_given(pointers: Identifiers) -> str:
    """The identifiers that are given, as the readings API calls them."""
    return ", ".join(f"{name} {show_value(value)}" for name, value in V3_NAMES.say(pointers))


def describe_channel(channel: Live) -> str:
    """A channel in one line: id, name, import id, and what readings are told apart by."""
    minutes = channel.values.get(INTERVAL_MINUTES)
    parts = (
        f"{channel.id} {show_value(channel.name)}",
        f"import id {show_value(channel.values.get(CHANNEL_IMPORT_ID))}",
        channel.values.get(OBSERVATION_TYPE_CODE),
        channel.values.get(UNIT_CODE),
        "calculated" if channel.is_calculated else f"{minutes} minutes",
    )
    return ", ".join(str(part) for part in parts if part is not None)


def _walk(pointers: Identifiers, route: Resolution) -> str:
    """The identifiers that were looked at, as far as the way went."""
    names = dict(V3_NAMES.say(pointers))
    return ", ".join(f"{NAMES[step]} {show_value(names.get(NAMES[step]))}" for step, _ in route.remaining_by_step)


NAMES = {
    ResolutionStep.CHANNEL_ID: V3_NAMES.channel_id,
    ResolutionStep.CHANNEL_IMPORT_ID: V3_NAMES.channel_import_id,
    ResolutionStep.ONLY_CHANNEL: V3_NAMES.meter_import_id,
    ResolutionStep.OBSERVATION_TYPE_CODE: V3_NAMES.observation_type_code,
    ResolutionStep.UNIT_CODE: V3_NAMES.unit_code,
    ResolutionStep.INTERVAL: V3_NAMES.interval,
}


def _check_calculated(route: Resolution, index: Index) -> Iterator[Flaw]:
    channel = index.by_id[route.candidates[0]]
    if channel.is_calculated:
        message = f"channel {channel.id} {show_value(channel.name)} is calculated and takes no readings"
        yield Flaw("ESA618", message)


def _find_near(pointers: Identifiers, route: Resolution, index: Index) -> Iterator[str]:
    match route.remaining_by_step[-1][0]:
        case ResolutionStep.CHANNEL_IMPORT_ID:
            near = find_nearest(str(pointers.channel_import_id), index.by_import_id)
            if near is not None:
                yield f"nearest: {describe_channel(index.by_import_id[near][0])}"
        case ResolutionStep.ONLY_CHANNEL:
            near = find_nearest(str(pointers.meter_import_id), index.by_meter)
            if near is not None:
                yield f"nearest: meterImportId {show_value(near)}, {len(index.by_meter[near])} channels"
        case _:
            pass


def _list_candidates(route: Resolution, index: Index) -> Iterator[str]:
    for id_ in islice(route.candidates, _SHOWN):
        yield f"candidate: {describe_channel(index.by_id[id_])}"
    if len(route.candidates) > _SHOWN:
        yield f"and {len(route.candidates) - _SHOWN} more"


def _seconds(channel: Live) -> int | None:
    minutes = channel.values.get(INTERVAL_MINUTES)
    return minutes * 60 if isinstance(minutes, int) else None
