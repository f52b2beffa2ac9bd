"""What the commands on files of readings share: their options, their findings, their progress, and JSON as it comes."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import tzinfo
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exits import ExitCode
from reconciler.cli.project import print_findings
from reconciler.cli.screen import TEXT
from reconciler.errors import UsageError
from reconciler.planning.messages import find_nearest
from reconciler.readings.header import DELIMITERS
from reconciler.readings.layout import NAMED, Habits
from reconciler.readings.numerals import Decimal
from reconciler.readings.route_json import render_group
from reconciler.readings.times import Unit
from reconciler.readings.zones import explain_zone, parse_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.options import Command
    from reconciler.cli.screen import Output
    from reconciler.model.findings import Finding
    from reconciler.readings.census import Census, Group
    from reconciler.readings.flaws import BrokenFile

_READINGS_PER_LINE = 1_000_000


def file_options(command: Command) -> Command:
    """Give `command` a FILE, an environment, and the options that say how a CSV file is written, as `csv_options`."""

    @click.argument("file", type=click.Path(path_type=Path))
    @click.option(
        "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
    )
    @click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="HEADER=PROPERTY",
        help="What a column of a CSV file is; with nothing after = it is ignored. Repeatable.",
    )
    @click.option(
        "--bad",
        multiple=True,
        metavar="HEADER=VALUES",
        help="Readings for which this column of a CSV file has one of VALUES, such as 139,160, are bad. Repeatable.",
    )
    @click.option(
        "--estimated",
        multiple=True,
        metavar="HEADER=VALUES",
        help="Readings for which this column of a CSV file has one of VALUES are estimated. Repeatable.",
    )
    @click.option("--delimiter", type=click.Choice(list(DELIMITERS)), help="Of a CSV file; recognised where left out.")
    @click.option(
        "--decimal",
        type=click.Choice([mark.value for mark in Decimal]),
        help="The decimal mark of a CSV file; recognised where left out.",
    )
    @click.option(
        "--zone",
        type=Zone(),
        metavar="ZONE",
        help="Of times without an offset: UTC, +01:00, EST, Europe/Berlin; the data point's where left out.",
    )
    @click.option(
        "--time-format",
        type=click.Choice([unit.value for unit in Unit]),
        help="The unit of times given as numbers since 1970; leave it out for dates and times of day.",
    )
    @wraps(command)
    def with_csv_options(
        *, pairs: tuple[str, ...], delimiter: str | None, decimal: str | None, **rest: Any
    ) -> ExitCode:
        mark = Decimal(decimal) if decimal else None
        sign = DELIMITERS[delimiter] if delimiter else None
        bad, estimated = _read_marks("--bad", rest.pop("bad")), _read_marks("--estimated", rest.pop("estimated"))
        unit = rest.pop("time_format")
        names, zone = _read_map(pairs), rest.pop("zone")
        csv_options = Habits(sign, mark, names, zone, bad, estimated, Unit(unit) if unit else None)
        return command(csv_options=csv_options, **rest)

    return with_csv_options


class Zone(click.ParamType[tzinfo]):
    """A time zone, as a user names it."""

    name = "zone"

    def convert(self, value: Any, _parameter: click.Parameter | None, _context: click.Context | None) -> tzinfo:
        if isinstance(value, tzinfo):
            return value
        zone = parse_zone(str(value))
        if zone is None:
            raise UsageError(f"--zone {value} is not a time zone, or may be several", explain_zone(str(value)))
        return zone


def _read_map(pairs: Sequence[str]) -> dict[str, str]:
    names = {}
    for pair in pairs:
        header, equals, name = pair.rpartition("=")
        if not equals or not header:
            raise UsageError(f"--map {pair} names no column", "write  --map HEADER=PROPERTY")
        names[header.strip()] = _read_property(name.strip(), pair)
    return names


def _read_marks(option: str, pairs: Sequence[str]) -> dict[str, frozenset[str]]:
    marks = {}
    for pair in pairs:
        header, _, values = pair.rpartition("=")
        if not header.strip() or not values.strip():
            raise UsageError(f"{option} {pair} names no column or no value", f"write  {option} HEADER=VALUE,VALUE")
        marks[header.strip()] = frozenset(value.strip().casefold() for value in values.split(","))
    return marks


def _read_property(name: str, pair: str) -> str:
    """The property of the API that `name` is, however its letters are written; "" is none."""
    known = {one.casefold(): one for one in (*NAMED, "")}
    if name.casefold() in known:
        return known[name.casefold()]
    near = find_nearest(name, NAMED)
    fix = f"did you mean  {near}" if near else f"known are {', '.join(NAMED)}"
    raise UsageError(f"--map {pair} names no property of the API", fix)


def print_broken_file(output: Output, file: Path, broken: BrokenFile) -> ExitCode:
    """Say why `file` cannot be read to its end."""
    print_findings(output, [broken.flaw.at(file.as_posix(), broken.line)], Path.cwd())
    return ExitCode.FAILED


def print_check(output: Output, census: Census) -> None:
    """Say what is wrong with a file, as far as it is told."""
    print_file_findings(output, census.findings)
    if census.more_findings:
        output.print_error(f"and {census.more_findings:,} more like these\n")


def print_file_findings(output: Output, findings: Sequence[Finding]) -> None:
    """Print `findings` in a file of readings, if there are any."""
    if findings:
        print_findings(output, findings, Path.cwd())


@contextmanager
def json_list(output: Output) -> Iterator[Callable[[Group], None]]:
    """A function that puts a group wherever `output` wants JSON, at once; all of them are one list at the end."""
    with ExitStack() as stack:
        wanted = [target for target in output.targets if target.format != TEXT]
        writers = [stack.enter_context(output.open_lines(target, is_live=False)) for target in wanted]
        entries = 0

        def say(group: Group) -> None:
            nonlocal entries
            entry = render_group(group) if writers else ""
            for write in writers:
                write(f"{',' if entries else '['} {entry}\n")
            entries += 1

        try:
            yield say
        finally:
            for write in writers:
                write("]\n" if entries else "[]\n")


def log_progress(output: Output) -> Callable[[int], None]:
    """A function that says now and then how many readings were looked at."""
    said = 0

    def remark(readings: int) -> None:
        nonlocal said
        if readings // _READINGS_PER_LINE > said:
            said = readings // _READINGS_PER_LINE
            output.log(f"looked at {readings:,} readings ...")

    return remark


@contextmanager
def progress_bar(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """A function that counts what is accounted for on stderr: a bar at a terminal, a line each tenth elsewhere."""
    shown = 0
    with output.open_progress_bar(total, "sending") as advance:

        def progress(done: int) -> None:
            nonlocal shown
            is_further = done * 10 // total > shown * 10 // total
            if advance is not None:
                advance(done - shown)
            elif is_further:
                output.log(f"accounted for {done:,} of {total:,} readings")
            shown = done

        yield progress
