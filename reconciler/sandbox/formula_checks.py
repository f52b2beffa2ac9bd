"""Whether a formula may stand where it is meant to stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.channel_table import read_channels
from reconciler.sandbox.formulas import FormulaError, check_syntax, find_references
from reconciler.sandbox.reference_table import read_data_point

if TYPE_CHECKING:
    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.store import Store


def check_formula(store: Store, channel: Channel, formula: str) -> tuple[str, ...]:
    """What is wrong with the formula of a channel; nothing where it is valid.

    A calculated meter follows its own rule, as the two validate calls do.
    """
    data_point = read_data_point(store, channel.data_point_id)
    if data_point is not None and data_point.record.get("isCalculatedDataPoint"):
        return check_meter_formula(store, channel.data_point_id, formula)
    references = find_references(formula)
    own = (f"channel({channel.channel_id}) is the channel itself",) if channel.channel_id in references else ()
    return own or check_channel_formula(store, channel.data_point_id, formula)


def check_channel_formula(store: Store, data_point_id: int, formula: str) -> tuple[str, ...]:
    """What is wrong with a formula on a data point: it may use its simple channels only.

    Source: POST /api/v202405/formula/validate.
    """
    return _syntax_errors(formula) or tuple(
        message
        for reference, channel in _read_references(store, formula)
        for message in _check_simple(reference, channel, data_point_id)
    )


def check_meter_formula(store: Store, data_point_id: int, formula: str) -> tuple[str, ...]:
    """What is wrong with a calculated meter's formula: it may use other data points' primary value channels only.

    Source: POST /api/v202405/formula/validateCalculatedMeter.
    """
    return _syntax_errors(formula) or tuple(
        message
        for reference, channel in _read_references(store, formula)
        for message in _check_primary(reference, channel, data_point_id)
    )


def _syntax_errors(formula: str) -> tuple[str, ...]:
    try:
        check_syntax(formula)
    except FormulaError as failure:
        return (str(failure),)
    return ()


def _read_references(store: Store, formula: str) -> list[tuple[int, Channel | None]]:
    references = find_references(formula)
    channels = read_channels(store, references)
    return [(reference, channels.get(reference)) for reference in references]


def _check_simple(reference: int, channel: Channel | None, data_point_id: int) -> tuple[str, ...]:
    if channel is None:
        return (f"channel({reference}) does not exist",)
    if channel.data_point_id != data_point_id:
        return (f"channel({reference}) belongs to another data point",)
    if channel.settings.is_calculated:
        return (f"channel({reference}) is a calculated channel",)
    return ()


def _check_primary(reference: int, channel: Channel | None, data_point_id: int) -> tuple[str, ...]:
    if channel is None:
        return (f"channel({reference}) does not exist",)
    if channel.data_point_id == data_point_id:
        return (f"channel({reference}) belongs to the same data point",)
    if not channel.settings.is_primary_value:
        return (f"channel({reference}) is not the primary value channel of its data point",)
    return ()
