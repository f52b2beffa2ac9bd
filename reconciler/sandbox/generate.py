"""Worlds of any size for tests, and channel files for them. The same seed gives the same result."""

from __future__ import annotations

import json
import re
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox.properties import CHANNEL_PROPERTIES, ODOMETER, TRIP, VERSION_PROPERTIES
from reconciler.sandbox.world_builder import SampleChannel, SampleDataPoint, SampleVersion, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox.properties import Property
    from reconciler.sandbox.worlds import World


_FIRST_CHANNEL_ID = 100_001
_FIRST_POINT_ID = 20_001
_POINTS_PER_BUILDING = 5

_NAMES = (
    "Alder",
    "Birch",
    "Cedar",
    "Dunmore",
    "Elm",
    "Fairfax",
    "Grant",
    "Holloway",
    "Iris",
    "Juniper",
    "Kent",
    "Lowell",
)
_KINDS = ("Hall", "Library", "Laboratory", "Residence", "Gymnasium", "Annex", "Pavilion", "Garage")


class _Commodity(Struct, frozen=True):
    """A commodity, and the observation types and units that measure its use and demand."""

    code: str
    word: str
    use: tuple[str, str]
    demand: tuple[str, str]


_COMMODITIES = (
    _Commodity("ELECTRIC", "electric", ("ELECUSE", "KWH"), ("ELECDEM", "KW")),
    _Commodity("NATURALGAS", "gas", ("GASUSE", "CCF"), ("GASUSE", "THERM")),
    _Commodity("WATER", "water", ("WATUSE", "GAL"), ("WATFLOW", "GPM")),
    _Commodity("STEAM", "steam", ("STMUSE", "LB"), ("STMFLOW", "LBHR")),
    _Commodity("CHILLEDWATER", "cooling", ("CHWUSE", "TONHR"), ("CHWDEM", "TON")),
)


def generate(channels: int, seed: int) -> World:
    """A world of so many channels, four to a data point and five data points to a building.

    They are simple and calculated, Odometer and Trip. Some have several versions, no readings, an offset, a minimum or
    a maximum.
    """
    random = Random(seed)  # noqa: S311 - a made-up world, not a secret
    made: list[SampleChannel] = []
    points: list[SampleDataPoint] = []
    while len(made) < channels:
        point = _make_point(len(points))
        points.append(point)
        wanted = channels - len(made)
        made.extend(list(_make_channels(point, _FIRST_CHANNEL_ID + len(made), random))[:wanted])
    return make_world(points, made)


def _make_point(number: int) -> SampleDataPoint:
    building, place = divmod(number, _POINTS_PER_BUILDING)
    commodity = _COMMODITIES[place]
    turn, name = divmod(building, len(_NAMES))
    block, kind = divmod(turn, len(_KINDS))
    building_name = f"{_NAMES[name]} {_KINDS[kind]}{f' {block + 1}' if block else ''}"
    code = f"B{building + 1:05}-{commodity.code[:4]}"
    return SampleDataPoint(
        _FIRST_POINT_ID + number, code, f"{building_name} {commodity.word}", building_name, commodity.code
    )


def _make_channels(point: SampleDataPoint, first_id: int, random: Random) -> Iterator[SampleChannel]:
    commodity = next(one for one in _COMMODITIES if one.code == point.commodity)
    yield _make_use(point, first_id, commodity, random)
    yield _make_demand(point, first_id + 1, commodity, random)
    yield _make_submeter(point, first_id + 2, commodity, random)
    yield _make_remainder(point, first_id + 3, commodity, random)


def _make_use(point: SampleDataPoint, channel_id: int, commodity: _Commodity, random: Random) -> SampleChannel:
    kind, unit = commodity.use
    latest = _limit(
        SampleVersion(unit, random.choice((ODOMETER, TRIP)), random.choice((0.001, 0.1, 1.0, 10.0))), random
    )
    versions: tuple[SampleVersion, ...] = (latest,)
    if random.random() < 0.15:
        swapped = f"{random.randint(2022, 2025)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}T08:00:00"
        former = _limit(SampleVersion(unit, latest.rule, 100.0), random)
        versions = (former, replace(latest, begin_date=swapped))
    return SampleChannel(
        channel_id,
        point,
        f"{point.name} use",
        f"{point.code}-USE",
        kind,
        random.choice((15, 60)),
        versions,
        description=random.choice((None, "Utility meter", "Revenue grade, read by the building network")),
        primary="value",
        last_value=_last_value(random, 0.9),
    )


def _make_demand(point: SampleDataPoint, channel_id: int, commodity: _Commodity, random: Random) -> SampleChannel:
    kind, unit = commodity.demand
    return SampleChannel(
        channel_id,
        point,
        f"{point.name} peak",
        f"{point.code}-PEAK",
        kind,
        15,
        (SampleVersion(unit, TRIP, maximum=random.choice((None, 5000.0)), minimum=0.0),),
        method="Max",
        primary="demand",
        last_value=_last_value(random, 0.9),
    )


def _make_submeter(point: SampleDataPoint, channel_id: int, commodity: _Commodity, random: Random) -> SampleChannel:
    kind, unit = commodity.use
    return SampleChannel(
        channel_id,
        point,
        f"{point.name} submeter",
        random.choice((None, f"{point.code}-SUB")),
        kind,
        random.choice((5, 15, 30)),
        (_limit(SampleVersion(unit, ODOMETER, 0.1), random),),
        last_value=_last_value(random, 0.6),
    )


# The channels of a data point have consecutive ids: use, demand, submeter, and use without the submeter.
def _make_remainder(point: SampleDataPoint, channel_id: int, commodity: _Commodity, random: Random) -> SampleChannel:
    kind, unit = commodity.use
    formula = f"channel({channel_id - 3}) - channel({channel_id - 1})"
    return SampleChannel(
        channel_id,
        point,
        f"{point.name} other use",
        f"{point.code}-OTHER",
        kind,
        None,
        (_limit(SampleVersion(unit, TRIP, formula=formula), random),),
        last_value=_last_value(random, 0.5),
    )


def _limit(version: SampleVersion, random: Random) -> SampleVersion:
    """The version, sometimes with a minimum, a maximum and, under Trip, an offset."""
    offset = random.choice((None, None, 1.5, -20.0))
    return replace(
        version,
        offset=offset if version.rule == TRIP else None,
        minimum=random.choice((None, None, 0.0, -250.0)),
        maximum=random.choice((None, None, 500.0, 99999.5)),
    )


def _last_value(random: Random, share: float) -> float | None:
    return round(random.uniform(1, 5000), 1) if random.random() < share else None


_CHANNELS_PER_FILE = 20
_HEADER = "# yaml-language-server: $schema=../schemas/channels.schema.json\nchannels:\n"
_REFERENCE = re.compile(r"channel\(([0-9]+)\)")
# YAML 1.2, 5.1 and 5.4: characters that are not printable, and line breaks that JSON leaves as they are.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONGEST_NAME = 50


def write_definitions(world: World, folder: Path, changed_percent: float, seed: int) -> None:
    """Writes channel files that match a world except for a share of its channels, drawn by `seed`.

    A file has up to 20 channels. Those that differ have another name, description or multiplier, which every channel
    may change. Files of the same names are overwritten, and others are left alone.
    """
    channels = world["channels"]
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    count = round(len(channels) * changed_percent / 100)
    changed = set(random.sample(range(len(channels)), count))
    names = {channel["channelId"]: _name(channel) for channel in channels}
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(channels), _CHANNELS_PER_FILE):
        texts = []
        for place, channel in enumerate(channels[start : start + _CHANNELS_PER_FILE], start=start):
            values = _definition(channel, names)
            if place in changed:
                _change(values, random)
            texts.append(f"  {names[channel['channelId']]}:\n{_render(values, '    ')}")
        path = folder / f"channels-{start // _CHANNELS_PER_FILE + 1:05}.yaml"
        path.write_text(_HEADER + "".join(texts), encoding="utf-8")


def _name(channel: Mapping[str, Any]) -> str:
    slug = re.sub("[^a-z0-9]+", "-", channel["channelInfo"].lower()).strip("-")
    return f"{slug}-{channel['channelId']}"


def _definition(channel: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    version = _read_values(channel["channelVersions"][-1], VERSION_PROPERTIES)
    version["formula"] = _by_name(version["formula"], names)
    values = _read_values(channel, CHANNEL_PROPERTIES)
    if channel["isCalculated"]:
        # The response shows an interval, derived from those of its inputs, but none may be sent.
        values["intervalMinutes"] = None
    return {
        "select": {"channelId": channel["channelId"]},
        "channelInfo": values.pop("channelInfo"),
        **values,
        "esaChannelVersion": version,
    }


def _read_values(response: Mapping[str, Any], properties: tuple[Property, ...]) -> dict[str, Any]:
    """The value of each property by its key in a channel file: of an id, the code or name in its place."""
    values = {}
    for one in properties:
        shown = response[one.response[0]]
        if one.traits.code is None:
            values[one.name] = shown
        else:
            key, inner = one.traits.code
            values[key] = shown[inner]
    return dict(sorted(values.items()))


def _by_name(formula: str | None, names: Mapping[int, str]) -> str | None:
    if formula is None:
        return None
    return _REFERENCE.sub(lambda match: f"channel({names.get(int(match[1]), match[1])})", formula)


def _change(values: dict[str, Any], random: Random) -> None:
    match random.randrange(3):
        case 0:
            values["channelInfo"] = f"{values['channelInfo'][: _LONGEST_NAME - 4]} (2)"
        case 1:
            values["channelDescription"] = f"Checked on site, tag {random.randrange(10_000)}"
        case _:
            values["esaChannelVersion"]["multiplier"] *= 2
            # Twice zero is zero, but the value must differ.
            values["esaChannelVersion"]["multiplier"] += values["esaChannelVersion"]["multiplier"] == 0


def _render(values: Mapping[str, Any], indent: str) -> str:
    lines = []
    for name, value in values.items():
        if isinstance(value, dict):
            lines.append(f"{indent}{name}:\n{_render(value, indent + '  ')}")
        else:
            lines.append(f"{indent}{name}: {_scalar(value)}\n")
    return "".join(lines)


def _scalar(value: object) -> str:
    """The scalar as YAML: its JSON, with the characters escaped that YAML takes for line breaks or refuses."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
