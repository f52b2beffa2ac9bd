"""Channel files for a made-up world, some of whose channels want something else than is live."""

from __future__ import annotations

import json
import re
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.sandbox.worlds import World

_CHANNELS_PER_FILE = 20
_HEADER = "# yaml-language-server: $schema=../schemas/channels.schema.json\nchannels:\n"
_REFERENCE = re.compile(r"channel\(([0-9]+)\)")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONGEST_NAME = 50


def write_definitions(world: World, folder: Path, changed_percent: float, seed: int) -> None:
    """Writes channel files that match a world but for a share of the channels, drawn by `seed`.

    About 20 channels a file; what differs is a name, a description or a multiplier, which any channel may change.
    Files of the same names are overwritten, others left alone.
    """
    channels = world["channels"]
    random = Random(seed)  # noqa: S311 - which channels differ is no secret
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
    version = channel["channelVersions"][-1]
    return {
        "select": {"channelId": channel["channelId"]},
        "channelInfo": channel["channelInfo"],
        "channelImportId": channel["channelImportId"],
        "channelDescription": channel["channelDescription"],
        "intervalMinutes": None if channel["isCalculated"] else channel["interval"],
        "isCalculated": channel["isCalculated"],
        "isPrimaryValue": channel["isPrimaryValue"],
        "isPrimaryDemand": channel["isPrimaryDemand"],
        "observationTypeCode": channel["observationType"]["observationTypeCode"],
        "summarizationMethod": channel["summarizationMethod"]["summarizationMethodInfo"],
        "esaChannelVersion": {
            "beginDate": version["beginDate"],
            "formula": _by_name(version["formula"], names),
            "isValuePositive": version["isValuePositive"],
            "maximumReading": version["maximumReading"],
            "minimumReading": version["minimumReading"],
            "multiplier": version["multiplier"],
            "observationRule": version["observationRule"]["observationRuleCode"],
            "offset": version["offset"],
            "rollbackAllowance": version["rollbackAllowance"],
            "rolloverValue": version["rolloverValue"],
            "unitCode": version["unit"]["unitCode"],
        },
    }


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
            # Twice nothing is nothing, and the change must be one.
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
    """A JSON scalar is a YAML scalar, but for the characters YAML takes for line breaks or refuses."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
