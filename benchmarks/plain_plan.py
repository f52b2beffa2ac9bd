"""The baseline of a plan: the same job, done plainly with the four libraries that such a script would use.

Run as a program: the URL of the service, the folder of the channel files, the schema.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import yaml
from deepdiff import DeepDiff
from jsonschema import Draft7Validator

_PAGE = 1000
_REFERENCE = re.compile(r"channel\(([0-9]+)\)")

Channel = dict[str, Any]


def read_files(folder: Path) -> dict[str, Channel]:
    """All channels of the files in `folder`, by name."""
    channels: dict[str, Channel] = {}
    for path in sorted(folder.rglob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        channels |= document["channels"]
    return channels


def check(channels: dict[str, Channel], schema: Path) -> None:
    """Every channel against the schema; the first errors end the program."""
    definitions = json.loads(schema.read_text(encoding="utf-8"))["definitions"]
    validator = Draft7Validator({"$ref": "#/definitions/channel", "definitions": definitions})
    errors = [f"{name}: {error.message}" for name in channels for error in validator.iter_errors(channels[name])]
    if errors:
        sys.exit("\n".join(errors[:10]))


def read_pages(url: str) -> list[Channel]:
    """All live channels, one page after the other."""
    found: list[Channel] = []
    headers = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        for number in range(1, sys.maxsize):
            query = {"pageNumber": number, "pageSize": _PAGE}
            page = client.get("/api/v202406/esachannel", params=query).raise_for_status()
            found += page.json()
            if len(found) >= int(page.headers["TotalNumberOfRecords"]):
                break
    return found


def as_written(live: Channel, names: dict[int, str]) -> Channel:
    """A live channel as a file would write it."""
    version = live["channelVersions"][-1]
    same = ("channelInfo", "channelImportId", "channelDescription", "isCalculated", "isPrimaryValue", "isPrimaryDemand")
    versioned = (
        "beginDate",
        "isValuePositive",
        "maximumReading",
        "minimumReading",
        "multiplier",
        "offset",
        "rollbackAllowance",
        "rolloverValue",
    )
    return {name: live[name] for name in same} | {
        "select": {"channelId": live["channelId"]},
        "intervalMinutes": None if live["isCalculated"] else live["interval"],
        "observationTypeCode": live["observationType"]["observationTypeCode"],
        "summarizationMethod": live["summarizationMethod"]["summarizationMethodInfo"],
        "esaChannelVersion": {name: version[name] for name in versioned}
        | {
            "formula": _by_name(version["formula"], names),
            "observationRule": version["observationRule"]["observationRuleCode"],
            "unitCode": version["unit"]["unitCode"],
        },
    }


def find_names(channels: dict[str, Channel]) -> dict[int, str]:
    """The name in the files of each live channel, by its id."""
    return {channel["select"]["channelId"]: name for name, channel in channels.items()}


def _by_name(formula: str | None, names: dict[int, str]) -> str | None:
    if formula is None:
        return None
    return _REFERENCE.sub(lambda match: f"channel({names.get(int(match[1]), match[1])})", formula)


def _main(url: str, folder: str, schema: str) -> None:
    channels = read_files(Path(folder))
    check(channels, Path(schema))
    names = find_names(channels)
    lives = {live["channelId"]: as_written(live, names) for live in read_pages(url)}
    edits = {name: DeepDiff(lives[id_], channels[name]) for id_, name in names.items()}
    changed = {name: edit for name, edit in edits.items() if edit}
    for name, edit in sorted(changed.items()):
        print(name, edit)
    print(f"Plan: {len(changed)} to update")


if __name__ == "__main__":
    _main(*sys.argv[1:])
