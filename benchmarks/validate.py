"""How fast files are validated, beside others: `python -m benchmarks.validate --channels 1 1000 10000 --rounds 5`.

Others are check-jsonschema with the same schema and yamllint; they and this project are installed as users install
them, each in a virtual environment of its own. Floors are Python with nothing but yaml, its C loader alone, and libyaml
without a single Python object. All read the same files, as whole processes.
"""

from __future__ import annotations

import argparse
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from benchmarks.measuring import (
    ROOT,
    Job,
    a_folder,
    describe_machine,
    install,
    install_own,
    median_cost,
    median_ratio,
    render_table,
    replace_section,
    take_turns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measuring import Cost

HEADING = "## Validation"
_SCHEMA = ROOT / "schemas" / "channels.schema.json"
_OURS, _PEER, _LINTER = "reconciler validate", "check-jsonschema", "yamllint"
_HEADS = ("", "channels", "files", "style", "wall", "CPU", "peak memory", "wall ratio", "CPU ratio")
# How much of check-jsonschema's time ours may take for so many channels in so many files of one style, and how many MiB
# of memory. Source: design of the project, goals of speed.
_GOALS = {(10_000, 500, "plain", _OURS): 0.025, (10_000, 500, "block", _OURS): 0.04, (1, 1, "plain", _OURS): 0.2}
_MEMORY_GOALS = {(100_000, _OURS): 400}
# Beyond this the others take minutes, and what is asked is whether ours stays linear.
_LARGEST_OF_OTHERS = 10_000
# The others are timed fewer times where a round of them takes half a minute.
_ROUNDS_OF_OTHERS = {10_000: 1}
_EACH = 'import pathlib, yaml\nfor path in pathlib.Path("channels").iterdir():\n    '
_FLOORS = {
    "the floor: yaml imported": "import yaml",
    "the floor: CSafeLoader alone": f"{_EACH}yaml.load(path.read_bytes(), yaml.CSafeLoader)",
    "the floor: libyaml, no Python objects": f"{_EACH}yaml.cyaml.CParser(path.read_bytes()).raw_parse()",
}
_ABOUT = """\
`python -m benchmarks.validate`, {machine};
{installed}. A channel has 22 values, 700 bytes; in `block` style its description is a block text, and it lists two
versions, so that the full reader is needed. Medians of {rounds} rounds (of the others for 10,000
channels: one), the candidates in turn, a first round dropped. Ratios are to check-jsonschema within a round, which hold
where seconds do not. Peak memory is that of the largest process of a candidate. check-jsonschema checks the same schema
and nothing else; `reconciler validate` also checks names, domain rules and references over all files.
"""
_CHANNEL = """\
  nb-elec-{index:06d}:
    select: {{channelId: {id}}}
    channelInfo: North Building electricity use {index}
    channelDescription: Main meter in the basement, number {index}
    channelImportId: NB-ELEC-{index:06d}-USE
    observationTypeCode: ELECUSE
    summarizationMethod: Sum
    intervalMinutes: 15
    isCalculated: false
    isPrimaryValue: false
    isPrimaryDemand: false
"""
_VERSION = """\
    esaChannelVersion:
      beginDate: 2024-07-01
      unitCode: KWH
      observationRule: Odometer
      multiplier: {multiplier}
      offset: null
      rolloverValue: 999999
      rollbackAllowance: 0.1
      minimumReading: null
      maximumReading: {maximum}
      isValuePositive: false
      formula: null
"""
# Of the older version only what was different.
_VERSIONS = "    channelVersions:\n      - beginDate: null\n        multiplier: 1\n" + _VERSION.partition("\n")[
    2
].replace("      ", "        ").replace("        beginDate", "      - beginDate", 1)
_DESCRIPTION = "channelDescription: Main meter in the basement, number {index}\n"
_BLOCK_DESCRIPTION = """\
channelDescription: |
      Main meter in the basement, number {index}
      behind the second door: ask at the desk
"""
# How the files are written: every value on a line of its own, or with a block text and a list.
_STYLES = {
    "plain": _CHANNEL + _VERSION,
    "block": _CHANNEL.replace(_DESCRIPTION, _BLOCK_DESCRIPTION) + _VERSIONS,
}


class Tools(Struct, frozen=True):
    """A Python that has this project, and the folders with the commands of the others by their names."""

    python: Path
    peers: dict[str, Path]


class Cell(Struct, frozen=True):
    """So many channels in so many files, and what each candidate took for them, round by round."""

    channels: int
    files: int
    style: str
    costs: dict[str, list[Cost]]


def _measure(channels: int, per_file: int, style: str, rounds: int, tools: Tools) -> Cell:
    with a_folder() as folder:
        files = _write_project(folder, channels, per_file, _STYLES[style])
        jobs = [*_prepare_own(folder, len(files), tools.python), *_prepare_floors(folder, tools.python)]
        if channels <= _LARGEST_OF_OTHERS:
            jobs += _prepare_peers(folder, files, tools.peers, _ROUNDS_OF_OTHERS.get(channels, rounds))
        return Cell(channels, len(files), style, take_turns(jobs, rounds))


def _write_project(folder: Path, channels: int, per_file: int, template: str) -> list[str]:
    """Write a project of made-up channels into `folder`; its files of definitions, relative to it."""
    (folder / "reconciler.yaml").write_text("definitions: channels\n", encoding="utf-8")
    (folder / "channels").mkdir()
    files = []
    for start in range(0, channels, per_file):
        texts = (_write_channel(template, index) for index in range(start, min(start + per_file, channels)))
        files.append(f"channels/{start:06d}.yaml")
        (folder / files[-1]).write_text("# made up\nchannels:\n" + "".join(texts), encoding="utf-8")
    return files


def _write_channel(template: str, index: int) -> str:
    multiplier = f"{(index % 97 + 1) / 1000}"
    return template.format(index=index, id=index + 1, multiplier=multiplier, maximum=5000.5 + index)


def _prepare_own(folder: Path, files: int, python: Path) -> Iterator[Job]:
    command = (str(python.parent / "reconciler"), "validate")
    proof = f"{files} file"
    # As after an installation: compiled once, not in every run.
    variables = {"PYTHONDONTWRITEBYTECODE": ""}
    yield Job(_OURS, command, folder, proof, variables)


def _prepare_floors(folder: Path, python: Path) -> Iterator[Job]:
    for name, program in _FLOORS.items():
        yield Job(name, (str(python), "-c", f'{program}\nprint("read")'), folder, "read")


def _prepare_peers(folder: Path, files: Sequence[str], peers: dict[str, Path], rounds: int) -> Iterator[Job]:
    commands = {
        _PEER: (("--schemafile", str(_SCHEMA), *files), "ok"),
        _LINTER: (("-d", "{extends: relaxed, rules: {line-length: disable}}", *files), ""),
    }
    for name, folder_of_commands in peers.items():
        arguments, proof = commands[name]
        yield Job(name, (str(folder_of_commands / name), *arguments), folder, proof, rounds=rounds)


def _install(folder: Path) -> Tools:
    found = {name: install(folder / name, name) for name in (_PEER, _LINTER)}
    peers = {name: commands for name, commands in found.items() if commands}
    return Tools(Path(install_own(folder / "own")), peers)


def _describe_installation(tools: Tools, folder: Path) -> str:
    is_ordinary = tools.python.is_relative_to(folder)
    return "all installed as users install them" if is_ordinary else "this project in its developers' environment"


def _render(cells: Sequence[Cell]) -> str:
    return render_table(_HEADS, [_render_row(cell, name) for cell in cells for name in cell.costs])


def _render_row(cell: Cell, name: str) -> tuple[str, ...]:
    cost = median_cost(cell.costs[name])
    memory = f"{cost.memory:.0f} MiB" + _show_goal(_MEMORY_GOALS.get((cell.channels, name)))
    figures = (f"{cost.wall:.3f} s", f"{cost.cpu:.3f} s", memory)
    return (name, f"{cell.channels:,}", f"{cell.files:,}", cell.style, *figures, *_compare(cell, name))


def _compare(cell: Cell, name: str) -> tuple[str, str]:
    if _PEER not in cell.costs or name == _PEER:
        return "", ""
    ours, theirs = cell.costs[name], cell.costs[_PEER]
    wall, cpu = median_ratio(ours, theirs), median_ratio(ours, theirs, attrgetter("cpu"))
    return f"{wall:.3f}" + _show_goal(_GOALS.get((cell.channels, cell.files, cell.style, name))), f"{cpu:.3f}"


def _show_goal(goal: float | None) -> str:
    return f" (goal {goal})" if goal else ""


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, nargs="+", default=[1, 1_000, 10_000, 100_000])
    parser.add_argument("--per-file", type=int, nargs="+", default=[1, 20, 200])
    parser.add_argument("--style", choices=_STYLES, nargs="+", default=["plain"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--docs", type=Path, help="put the table into this Markdown file, too")
    options = parser.parse_args()
    machine = describe_machine()
    with a_folder() as folder:
        tools = _install(folder)
        installed = _describe_installation(tools, folder)
        cells = [
            _measure(channels, per_file, style, options.rounds, tools)
            for channels in options.channels
            for style in options.style
            for per_file in sorted({min(per_file, channels) for per_file in options.per_file})
        ]
    text = f"{_ABOUT.format(rounds=options.rounds, machine=machine, installed=installed)}\n{_render(cells)}"
    print(text)
    if options.docs:
        replace_section(options.docs, HEADING, text)


if __name__ == "__main__":
    _main()
