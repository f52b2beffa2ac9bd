"""Resolves pointers to the one channel they mean, step by step, as the readings API documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.identifiers import Resolution, ResolutionFailure, ResolutionStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Identifiers
    from reconciler.model.values import Value
    from reconciler.planning.index import Index


def route(pointers: Identifiers, channels: Index) -> Resolution:
    """Where `pointers` lead among `channels`: one channel, or a problem and who was left, with every step taken.

    The first pointer given of channel id, channel import id and meter import id decides where to look; the others of
    the three are not compared with it. The only channel of a meter is taken whatever the remaining pointers say. Codes
    and import ids are compared exactly, letter case included; an empty text is not given.

    The page leaves open what this reads on the safe side: a pointer that matches nothing is unmatched, and is followed
    by no other; several channels are ambiguous where the next pointer to tell them apart is not given, even if one
    after it is.
    Source: POST /api/v3/reading, "Channel Identification".
    """
    if pointers.channel_id is not None:
        found = channels.by_id.get(pointers.channel_id)
        return _conclude([(ResolutionStep.CHANNEL_ID, () if found is None else (found,))])
    if pointers.channel_import_id:
        return _conclude(
            [(ResolutionStep.CHANNEL_IMPORT_ID, channels.by_import_id.get(pointers.channel_import_id, ()))]
        )
    if pointers.meter_import_id:
        return _conclude(_narrow(pointers, channels.by_meter.get(pointers.meter_import_id, ())))
    return Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ())


def _narrow(pointers: Identifiers, on_meter: Sequence[Live]) -> list[tuple[ResolutionStep, Sequence[Live]]]:
    steps: list[tuple[ResolutionStep, Sequence[Live]]] = [(ResolutionStep.ONLY_CHANNEL, on_meter)]
    left = on_meter
    for step, path, wanted in _compared(pointers):
        if len(left) <= 1 or not wanted:
            break
        # What could not be read of a channel may fit.
        left = [channel for channel in left if channel.values.get(path) == wanted or path in channel.unread]
        steps.append((step, left))
    return steps


def _compared(pointers: Identifiers) -> tuple[tuple[ResolutionStep, str, Value], ...]:
    seconds = pointers.interval_seconds
    return (
        (ResolutionStep.OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_CODE, pointers.observation_type_code),
        (ResolutionStep.UNIT_CODE, UNIT_CODE, pointers.unit_code),
        (ResolutionStep.INTERVAL, INTERVAL_MINUTES, None if seconds is None else seconds / 60),
    )


def _conclude(steps: Sequence[tuple[ResolutionStep, Sequence[Live]]]) -> Resolution:
    left = tuple([(step, tuple([channel.id for channel in channels])) for step, channels in steps])
    step, ids = left[-1]
    match ids:
        case (only,):
            return Resolution(only, step, None, ids, left)
        case ():
            before = next((ids for _, ids in reversed(left) if ids), ())
            return Resolution(None, None, ResolutionFailure.UNMATCHED, before, left)
        case _:
            return Resolution(None, None, ResolutionFailure.AMBIGUOUS, ids, left)
