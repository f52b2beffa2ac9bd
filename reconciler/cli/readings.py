"""`reconciler readings route` and `readings import`: which channels the readings of a file go to, and sending them."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import tzinfo
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from reconciler.cli.command_line import OutputPath, environment_option, output_options, snapshot_option
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.inputs import load_snapshot, open_project, open_service, print_findings
from reconciler.cli.output import TEXT
from reconciler.cli.paths import refuse_overlaps
from reconciler.cli.signals import stop_on_signals
from reconciler.energycap.client import open_reader, open_sender
from reconciler.errors import FileError, UsageError
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.planning.identification import make_index
from reconciler.planning.messages import find_nearest
from reconciler.readings.csv_header import DELIMITERS
from reconciler.readings.csv_layout import PROPERTY_NAMES, CsvOptions
from reconciler.readings.delivery import BATCH_SIZE, Delivery
from reconciler.readings.file_check import check_file
from reconciler.readings.import_file import SendOptions, open_rejects_file, send_file
from reconciler.readings.reading_rows import BrokenFile, DecimalMark
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.readings_report import (
    describe_times,
    encode_group,
    encode_import_result,
    render_import_result,
    render_routes,
)
from reconciler.readings.routing import Router
from reconciler.readings.times import EpochUnit
from reconciler.readings.zones import explain_zone, find_zones, parse_zone, read_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.command_line import Command
    from reconciler.cli.output import Output
    from reconciler.energycap.client import Sender
    from reconciler.model.channels import Live
    from reconciler.model.findings import Finding
    from reconciler.readings.file_check import FileCheck, FindZones, RoutedGroup
    from reconciler.readings.import_file import ImportResult
    from reconciler.readings.readings_file import ReadingsFile


_READINGS_PER_LINE = 1_000_000


def file_options(command: Command) -> Command:
    """Give `command` a FILE, an environment, and the options about CSV files, as `csv_options`."""
    file = click.argument("file", type=click.Path(path_type=Path))
    return file(environment_option(_column_options(_notation_options(command))))


def _column_options(command: Command) -> Command:
    """Give `command` the options on what the columns of a CSV file mean, in `csv_options`."""

    @click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="HEADER=PROPERTY",
        help="The property in a column of a CSV file; with nothing after =, the column is ignored. Repeatable.",
    )
    @click.option(
        "--bad",
        multiple=True,
        metavar="HEADER=VALUES",
        help="Readings are bad if this column of a CSV file has one of VALUES, such as 139,160. Repeatable.",
    )
    @click.option(
        "--estimated",
        multiple=True,
        metavar="HEADER=VALUES",
        help="Readings are estimated if this column of a CSV file has one of VALUES. Repeatable.",
    )
    @wraps(command)
    def with_columns(
        *, pairs: tuple[str, ...], bad: tuple[str, ...], estimated: tuple[str, ...], **rest: Any
    ) -> ExitCode:
        columns = CsvOptions(
            names=_read_map(pairs), bad=_read_marks("--bad", bad), estimated=_read_marks("--estimated", estimated)
        )
        return command(csv_options=columns, **rest)

    return with_columns


def _notation_options(command: Command) -> Command:
    """Add the options on how a CSV file writes values and times to the `csv_options` of `command`."""

    @click.option(
        "--delimiter", type=click.Choice(list(DELIMITERS)), help="The delimiter of a CSV file; detected by default."
    )
    @click.option(
        "--decimal",
        type=click.Choice([mark.value for mark in DecimalMark]),
        help="The decimal mark of a CSV file; detected by default.",
    )
    @click.option(
        "--zone",
        type=Zone(),
        metavar="ZONE",
        help="The zone of times without an offset: UTC, +01:00, EST, Europe/Berlin; the data point's by default.",
    )
    @click.option(
        "--time-format",
        type=click.Choice([unit.value for unit in EpochUnit]),
        help="The unit of times given as numbers since 1970; leave it out for dates and times of day.",
    )
    @wraps(command)
    def with_notation(*, csv_options: CsvOptions, zone: tzinfo | None, **rest: Any) -> ExitCode:
        delimiter, mark, unit = rest.pop("delimiter"), rest.pop("decimal"), rest.pop("time_format")
        notation = replace(
            csv_options,
            delimiter=DELIMITERS[delimiter] if delimiter else None,
            decimal=DecimalMark(mark) if mark else None,
            zone=zone,
            unit=EpochUnit(unit) if unit else None,
        )
        return command(csv_options=notation, **rest)

    return with_notation


class Zone(click.ParamType[tzinfo]):
    """A time zone given by the user."""

    name = "zone"

    def convert(self, value: Any, _parameter: click.Parameter | None, _context: click.Context | None) -> tzinfo:
        if isinstance(value, tzinfo):
            return value
        zone = parse_zone(str(value))
        if zone is None:
            raise UsageError(f"--zone {value} is not a time zone, or is ambiguous", explain_zone(str(value)))
        return zone


def _read_map(pairs: Sequence[str]) -> dict[str, str]:
    names = {}
    for pair in pairs:
        header, equals, name = pair.rpartition("=")
        if not equals or not header:
            raise UsageError(f"--map {pair} does not name a column", "write  --map HEADER=PROPERTY")
        names[header.strip()] = _read_property(name.strip(), pair)
    return names


def _read_marks(option: str, pairs: Sequence[str]) -> dict[str, frozenset[str]]:
    marks = {}
    for pair in pairs:
        header, _, values = pair.rpartition("=")
        if not header.strip() or not values.strip():
            raise UsageError(
                f"{option} {pair} does not name a column and values", f"write  {option} HEADER=VALUE,VALUE"
            )
        marks[header.strip()] = frozenset(value.strip().casefold() for value in values.split(","))
    return marks


def _read_property(name: str, pair: str) -> str:
    """The property of the API called `name`, in any case; "" for none."""
    # A header may be mapped to "" to ignore its column.
    known = {one.casefold(): one for one in (*PROPERTY_NAMES, "")}
    if name.casefold() in known:
        return known[name.casefold()]
    near = find_nearest(name, PROPERTY_NAMES)
    fix = f"did you mean  {near}" if near else f"known are {', '.join(PROPERTY_NAMES)}"
    raise UsageError(f"--map {pair} does not name a property of the API", fix)


def print_broken_file(output: Output, file: Path, broken: BrokenFile) -> ExitCode:
    """Print why `file` cannot be read completely."""
    print_findings(output, [broken.row_error.at(file.as_posix(), broken.line)], Path.cwd())
    return ExitCode.FAILED


def print_check(output: Output, check: FileCheck) -> None:
    """Print the findings about a file, and how many more there are."""
    print_file_findings(output, check.findings)
    if check.omitted_findings:
        output.print_error(f"and {check.omitted_findings:,} more like these\n")


def print_file_findings(output: Output, findings: Sequence[Finding]) -> None:
    """Print `findings` in a file of readings, if there are any."""
    if findings:
        print_findings(output, findings, Path.cwd())


@contextmanager
def json_list(output: Output) -> Iterator[Callable[[RoutedGroup], None]]:
    """A function that writes each group at once to the JSON outputs; together they are one list."""
    with ExitStack() as stack:
        # Written group by group, because the list of a large file would not fit into memory.
        wanted = [target for target in output.targets if target.format != TEXT]
        writers = [stack.enter_context(output.open_lines(target, is_live=False)) for target in wanted]
        entries = 0

        def say(group: RoutedGroup) -> None:
            nonlocal entries
            entry = encode_group(group) if writers else ""
            for write in writers:
                write(f"{',' if entries else '['} {entry}\n")
            entries += 1

        try:
            yield say
        finally:
            for write in writers:
                write("]\n" if entries else "[]\n")


def log_progress(output: Output) -> Callable[[int], None]:
    """A function that logs the number of readings checked, every million."""
    said = 0

    def remark(readings: int) -> None:
        nonlocal said
        if readings // _READINGS_PER_LINE > said:
            said = readings // _READINGS_PER_LINE
            output.log(f"checked {readings:,} readings ...")

    return remark


@contextmanager
def progress_bar(output: Output, total: int) -> Iterator[Callable[[int], None]]:
    """A function that shows progress on stderr: a bar at a terminal, else a line every tenth."""
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


_ENDPOINTS = {"v3": V3_NAMES, "esa": ESA_NAMES}
# The delay before a lost response is checked: the service may still be storing the readings.
_CHECK_DELAY_SECONDS = 2.0


@click.group("readings")
def command() -> None:
    """Route files of readings to channels, and import them."""


@command.command("route")
@file_options
@snapshot_option("Route against")
@output_options(TEXT, "json")
def route(
    output: Output, file: Path, environment: str | None, csv_options: CsvOptions, snapshot: Path | None
) -> ExitCode:
    """Show which channel each group of readings in FILE goes to, and why. Sends nothing.

    FILE is CSV with the API's property names as headers, the JSON array that the API accepts, or JSON lines.
    """
    refuse_overlaps(output, {}, {"": file, "--snapshot": snapshot})
    try:
        readings = open_readings_file(file, csv_options)
        with _open_channels(output, environment, snapshot) as (channels, find_zones), json_list(output) as say:
            router = Router(make_index(channels), value_unit=readings.value_unit)
            check = check_file(readings, router, say, log_progress(output), find_zones)
    except BrokenFile as broken:
        return print_broken_file(output, file, broken)
    print_check(output, check)
    output.render_only(TEXT, partial(render_routes, readings, check))
    return ExitCode.DONE if check.is_valid else ExitCode.FAILED


@command.command("import")
@file_options
@click.option(
    "--endpoint",
    type=click.Choice(list(_ENDPOINTS)),
    default="v3",
    show_default=True,
    help="v3: POST /api/v3/reading; esa: POST /api/v202407/esaReading, which overwrites.",
)
@click.option("--skip-bad", is_flag=True, help="Send the valid readings even if others are wrong.")
@click.option(
    "--failed",
    type=OutputPath(),
    metavar="FILE",
    help="Where to write the readings that were not accepted, to fix and import them; beside FILE by default.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=BATCH_SIZE,
    show_default=True,
    metavar="N",
    help="Readings per request.",
)
@output_options(TEXT, "json")
def import_(output: Output, file: Path, environment: str | None, csv_options: CsvOptions, **options: Any) -> ExitCode:
    """Send the readings in FILE. All of FILE is checked first; nothing is sent if anything is wrong.

    Readings that the service does not accept are written to a separate file, to fix and import them.
    """
    options["failed"] = options["failed"] or file.parent / f"{file.stem}.failed{file.suffix}"
    refuse_overlaps(output, {"--failed": options["failed"]}, {"": file})
    context = open_project(output)
    chosen = context.environment(environment)
    try:
        readings = open_readings_file(file, csv_options)
        with open_service(context.root, chosen) as access, open_sender(access.url, access.key) as sender:
            return _import(output, readings, sender, options)
    except BrokenFile as broken:
        return print_broken_file(output, file, broken)


@contextmanager
def _open_channels(
    output: Output, environment: str | None, copy: Path | None
) -> Iterator[tuple[Sequence[Live], FindZones]]:
    if copy is not None:
        live = load_snapshot(copy)
        yield live.snapshot.channels, partial(find_zones, live.zone_codes)
        return
    context = open_project(output)
    chosen = context.environment(environment)
    with (
        open_service(context.root, chosen) as access,
        open_reader(access.url, access.key, tell=output.log) as reader,
    ):
        yield reader.list_channels(), partial(read_zones, reader)


def _import(output: Output, file: ReadingsFile, sender: Sender, options: dict[str, Any]) -> ExitCode:
    names = _ENDPOINTS[options["endpoint"]]
    router = Router(make_index(sender.list_channels()), names, value_unit=file.value_unit)
    check = check_file(file, router, lambda _: None, log_progress(output), partial(read_zones, sender))
    print_check(output, check)
    if not check.is_valid and not options["skip_bad"]:
        output.log("nothing was sent; --skip-bad sends the valid readings")
        return ExitCode.FAILED
    output.log(" ".join((f"{file.describe()}.", describe_times(check, file.times))).rstrip())
    path = options["failed"]
    delivery = Delivery(sender, names, partial(time.sleep, _CHECK_DELAY_SECONDS))
    # Opened before anything is sent: readings that are rejected must not be lost because their file cannot be written.
    with (
        open_rejects_file(path, file) as failed,
        stop_on_signals(output) as stop,
        progress_bar(output, check.readings) as on_batch,
    ):
        send_options = SendOptions(stop, on_batch, options["batch"], check.duplicates, check.clock_changes, check.zones)
        result = _send(output, partial(send_file, file, router, delivery, failed, send_options), path)
    _print_result(output, result, path)
    return _exit_of(result)


def _send(output: Output, send: Callable[[], ImportResult], path: Path) -> ImportResult:
    try:
        return send()
    except KeyboardInterrupt:
        output.log(f"stopped: {path} holds the readings in flight; the rest of the file after them was not sent")
        raise


def _print_result(output: Output, result: ImportResult, path: Path) -> None:
    # A stdout without room for the findings has none for the result, which then says so on stderr.
    with suppress(FileError):
        print_file_findings(output, result.findings)
        told = len(result.findings) - len(result.storage.errors)
        if result.failed > told:
            output.print_error(f"and {result.failed - told:,} more that the service did not accept\n")
        if result.storage.differing > len(result.storage.errors):
            more = result.storage.differing - len(result.storage.errors)
            output.print_error(f"and {more:,} more that are stored differently from what was sent\n")
    output.render_result(
        {TEXT: partial(render_import_result, result, path), "json": lambda _: encode_import_result(result, path) + "\n"}
    )


def _exit_of(result: ImportResult) -> ExitCode:
    if result.storage.differing:
        return ExitCode.DIFFERS
    if result.was_interrupted:
        return ExitCode.INTERRUPTED
    if result.is_complete:
        return ExitCode.DONE
    is_nothing_done = result.stop_reason is not None and not result.imported and not result.unknown
    return ExitCode.FAILED if is_nothing_done else ExitCode.PARTLY_DONE
