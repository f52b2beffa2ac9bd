"""The same plan for the tools of other trades: as many things, as many of them changed, each in the tool's own form."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.measuring import Job, find_tool, install
from benchmarks.plain_plan import as_written, find_names, read_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.plain_plan import Channel

# Nothing of the user's own counts, and nobody is asked whether there is something newer.
_ALONE = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "", "TF_IN_AUTOMATION": "1"}

_OCTODNS = """\
providers:
  desired: {class: octodns.provider.yaml.YamlProvider, directory: desired, default_ttl: 300, enforce_order: false}
  live: {class: octodns.provider.yaml.YamlProvider, directory: live, default_ttl: 300, enforce_order: false}
zones:
  example.com.: {sources: [desired], targets: [live]}
"""


def prepare_terraform(folder: Path, project: Path, changed: int) -> Job | None:
    """`terraform plan` of one built-in terraform_data for each channel of `project`, which needs no network.

    Its state is written in the shape of one that was really applied: applying 10,000 takes an hour.
    """
    program = find_tool("terraform")
    if program is None:
        return None
    folder.mkdir()
    channels = read_files(project / "channels")
    _write_resources(folder / "main.tf", channels)
    _write_state(folder / "terraform.tfstate", channels, _read_world(project))
    subprocess.run((program, "init", "-no-color"), cwd=folder, env=_ALONE, check=True, capture_output=True)
    command = (program, "plan", "-no-color", "-input=false")
    return Job("terraform plan", command, folder, f"{changed} to change", _ALONE, rounds=1)


def prepare_octodns(folder: Path, tools: Path | None, count: int, changed: int) -> Job | None:
    """`octodns-sync` of as many A records of two values, from YAML files to YAML files."""
    if tools is None:
        return None
    _write_zone(folder / "desired", count, changed)
    _write_zone(folder / "live", count, 0)
    (folder / "octodns.yaml").write_text(_OCTODNS, encoding="utf-8")
    command = (str(tools / "octodns-sync"), "--config-file", "octodns.yaml")
    return Job("octodns-sync", command, folder, f"Updates={changed},")


def install_octodns(folder: Path) -> Path | None:
    """Where octodns-sync is, once it is installed; None where it cannot be had."""
    return install(folder, "octodns")


def _read_world(project: Path) -> list[Channel]:
    channels: list[Channel] = json.loads((project / "world.json").read_text(encoding="utf-8"))["channels"]
    return channels


def _write_resources(file: Path, channels: Mapping[str, Channel]) -> None:
    blocks = (
        f'resource "terraform_data" "{name}" {{\n  input = {json.dumps(channel, indent=4)}\n}}\n'
        for name, channel in channels.items()
    )
    file.write_text("\n".join(blocks), encoding="utf-8")


def _write_state(file: Path, channels: Mapping[str, Channel], lives: list[Channel]) -> None:
    names = find_names(dict(channels))
    applied = {names[live["channelId"]]: as_written(live, names) for live in lives}
    state = {
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": 1,
        "lineage": str(UUID(int=0)),
        "outputs": {},
        "resources": [_describe(number, name, applied[name]) for number, name in enumerate(applied)],
    }
    file.write_text(json.dumps(state), encoding="utf-8")


def _describe(number: int, name: str, channel: Channel) -> dict[str, Any]:
    value = {"value": channel, "type": _type_of(channel)}
    attributes = {"id": str(UUID(int=number)), "input": value, "output": value, "triggers_replace": None}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": name,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }


def _type_of(value: object) -> object:
    match value:
        case dict():
            return ["object", {key: _type_of(member) for key, member in value.items()}]
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            return "dynamic"


def _write_zone(folder: Path, count: int, changed: int) -> None:
    folder.mkdir(parents=True)
    records = (_render_record(number, last=3 if number < changed else 2) for number in range(count))
    (folder / "example.com.yaml").write_text(f"---\n{''.join(records)}", encoding="utf-8")


def _render_record(number: int, last: int) -> str:
    part = number % 250
    return f"host-{number:06}:\n  type: A\n  values: [10.0.{part}.1, 10.1.{part}.{last}]\n"
