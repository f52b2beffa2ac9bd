"""What the sandbox holds, read from its store and not over the network, and which values it can tell apart.

Written by hand from the settings of the sandbox: nothing that reconciler reads or compares is taken for true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.reading_endpoints import SentGroup, UnresolvedError, resolve_channel
from reconciler.sandbox.worlds import export_world

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.identifiers import Identifiers
    from reconciler.sandbox import World
    from reconciler.sandbox.store import Store

Values = dict[str, Any]

_RULE = "esaChannelVersion.observationRuleId"
_ODOMETER = 1
_ODOMETER_DEFAULTS = {"esaChannelVersion.rolloverValue": 999999999999999, "esaChannelVersion.rollbackAllowance": 0.1}
_TEXTS = ("channelDescription", "channelImportId", "channelInfo")
_FORMULA = "esaChannelVersion.formula"
_OFFSET = "esaChannelVersion.offset"
_PLAIN = (
    *("beginDate", "formula", "isValuePositive", "maximumReading", "minimumReading", "multiplier", "offset"),
    *("rollbackAllowance", "rolloverValue"),
)
# All settings of a version, in the words of the service.
NAMES = (*_PLAIN, "observationRuleId", "unitId")


class Truth(Struct, frozen=True):
    """A channel as it is stored: by path what an edit can set, and its versions by id, the latest last."""

    values: Values
    versions: dict[int, Values]


def read_truth(store: Store) -> dict[int, Truth]:
    """Every channel as it is stored, by id."""
    return read_world(export_world(store))


def read_world(world: World) -> dict[int, Truth]:
    """Every channel of a world that a sandbox holds, by id."""
    return {channel["channelId"]: _truth(channel) for channel in world["channels"]}


def find_channel(store: Store, identifiers: Identifiers) -> int | None:
    """The channel that the service finds for readings with these identifiers; None for none and for several."""
    codes = identifiers.observation_type_code, identifiers.unit_code, identifiers.interval_seconds
    group = SentGroup(
        identifiers.channel_id, identifiers.channel_import_id, identifiers.meter_import_id, *codes, (), {}
    )
    try:
        return resolve_channel(store, group).channel_id
    except UnresolvedError:
        return None


def is_kept(path: str, sent: object, found: object, truth: Truth, assignments: tuple[str, ...]) -> bool:
    """Whether a service with these settings keeps `sent` as `found`, or takes one for the other."""
    return _form(path, sent, truth, assignments) == _form(path, found, truth, assignments)


def _form(path: str, value: object, truth: Truth, assignments: tuple[str, ...]) -> object:
    if path in _TEXTS and value is not None:
        return _text_form(str(value), assignments)
    if path in _ODOMETER_DEFAULTS and value is None and truth.values[_RULE] == _ODOMETER:
        return None if "odometer_nulls=echo" in assignments else _ODOMETER_DEFAULTS[path]
    if path == _FORMULA and value is not None and "formula_text=stripped" in assignments:
        return "".join(str(value).split())
    if path == _OFFSET and value == 0:
        return None if _takes_zero_for_null(truth, assignments) else value
    return value


def _takes_zero_for_null(truth: Truth, assignments: tuple[str, ...]) -> bool:
    # The page keeps offsets for Trip: under Odometer a file that says 0 asks for none, and none is what may be sent.
    return "null_offset=zero" in assignments or truth.values[_RULE] == _ODOMETER


def _text_form(text: str, assignments: tuple[str, ...]) -> str | None:
    text = text.strip() if "text_blanks=trimmed" in assignments else text
    is_null = not text and ("empty_text=to_empty" in assignments or "empty_text=to_null" in assignments)
    return None if is_null else text


def _truth(channel: Mapping[str, Any]) -> Truth:
    versions = {version["channelVersionId"]: _version(version) for version in channel["channelVersions"]}
    latest = list(versions.values())[-1]
    return Truth(
        {
            **{name: channel[name] for name in (*_TEXTS, "isCalculated", "isPrimaryDemand", "isPrimaryValue")},
            "intervalMinutes": None if channel["isCalculated"] else channel["interval"],
            "observationTypeId": channel["observationType"]["observationTypeId"],
            "summarizationMethodId": channel["summarizationMethod"]["summarizationMethodId"],
            **{f"esaChannelVersion.{name}": value for name, value in latest.items()},
        },
        versions,
    )


def _version(version: Mapping[str, Any]) -> Values:
    return {name: version[name] for name in _PLAIN} | {
        "observationRuleId": version["observationRule"]["observationRuleId"],
        "unitId": version["unit"]["unitId"],
    }
