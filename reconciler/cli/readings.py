"""`reconciler readings route` and `import`: where the readings of a file would land and why, and sending them."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exits import ExitCode
from reconciler.cli.interrupts import stop_on_signals
from reconciler.cli.options import OutputPath, output_options
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import open_project
from reconciler.cli.reading_files import (
    file_options,
    json_list,
    log_progress,
    print_broken_file,
    print_check,
    print_file_findings,
    progress_bar,
)
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import load_snapshot
from reconciler.cli.service import open_service
from reconciler.energycap.client import open_reader
from reconciler.energycap.sender import open_sender
from reconciler.errors import FileError
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES
from reconciler.planning.identification import make_index
from reconciler.readings.batches import BATCH
from reconciler.readings.census import take_census
from reconciler.readings.delivery import Delivery
from reconciler.readings.failures import open_failed_file
from reconciler.readings.files import recognise
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.import_text import encode_account, render_account
from reconciler.readings.route_text import describe_times, render_routes
from reconciler.readings.routing import Router
from reconciler.readings.sending import Conduct, send_file
from reconciler.readings.zones import find_zones, read_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.screen import Output
    from reconciler.energycap.sender import Sender
    from reconciler.model.channels import Live
    from reconciler.readings.census import FindZones
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.layout import Habits
    from reconciler.readings.sending import ImportAccount

_ENDPOINTS = {"v3": V3_NAMES, "esa": ESA_NAMES}
# Before a lost answer is looked into: the service may still be at work on what it did not answer.
_CHECK_DELAY_SECONDS = 2.0


@click.group("readings")
def command() -> None:
    """Files of readings: where each would land and why, and sending them."""


@command.command("route")
@file_options
@click.option(
    "--snapshot", type=click.Path(path_type=Path), metavar="FILE", help="Route over this copy, offline and key-free."
)
@output_options(TEXT, "json")
def route(output: Output, file: Path, environment: str | None, csv_options: Habits, snapshot: Path | None) -> ExitCode:
    """Say which channel each group of readings in FILE would land on, and why. Sends nothing.

    FILE is CSV with the API's property names as headers, the JSON array that the API takes, or JSON lines.
    """
    refuse_overlaps(output, {}, {"": file, "--snapshot": snapshot})
    try:
        readings = recognise(file, csv_options)
        with _open_channels(output, environment, snapshot) as (channels, find_zones), json_list(output) as say:
            router = Router(make_index(channels), value_unit=readings.value_unit)
            census = take_census(readings, router, say, log_progress(output), find_zones)
    except BrokenFile as broken:
        return print_broken_file(output, file, broken)
    print_check(output, census)
    output.render_only(TEXT, partial(render_routes, readings, census))
    return ExitCode.DONE if census.is_sound else ExitCode.FAILED


@command.command("import")
@file_options
@click.option(
    "--endpoint",
    type=click.Choice(list(_ENDPOINTS)),
    default="v3",
    show_default=True,
    help="v3: POST /api/v3/reading; esa: POST /api/v202407/esaReading, which overwrites.",
)
@click.option("--skip-bad", is_flag=True, help="Send what can be sent, although other readings are wrong.")
@click.option(
    "--failed",
    type=OutputPath(),
    metavar="FILE",
    help="Where readings go that were not taken, to be mended and imported; beside the file where left out.",
)
@click.option(
    "--batch",
    type=click.IntRange(1, 100_000),
    default=BATCH,
    show_default=True,
    metavar="N",
    help="Readings a request.",
)
@output_options(TEXT, "json")
def import_(output: Output, file: Path, environment: str | None, csv_options: Habits, **options: Any) -> ExitCode:
    """Send the readings in FILE. All of it is checked first; nothing is sent while anything is wrong.

    What the service does not take is written to a file of its own, which can be mended and imported.
    """
    options["failed"] = options["failed"] or file.parent / f"{file.stem}.failed{file.suffix}"
    refuse_overlaps(output, {"--failed": options["failed"]}, {"": file})
    context = open_project(output)
    chosen = context.environment(environment)
    try:
        readings = recognise(file, csv_options)
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
    census = take_census(file, router, lambda _: None, log_progress(output), partial(read_zones, sender))
    print_check(output, census)
    if not census.is_sound and not options["skip_bad"]:
        output.log("nothing was sent; --skip-bad sends what can be sent")
        return ExitCode.FAILED
    output.log(" ".join((f"{file.describe()}.", describe_times(census, file.times))).rstrip())
    path = options["failed"]
    delivery = Delivery(sender, names, partial(time.sleep, _CHECK_DELAY_SECONDS))
    with (
        open_failed_file(path, file) as failed,
        stop_on_signals(output) as stop,
        progress_bar(output, census.readings) as on_batch,
    ):
        conduct = Conduct(stop, on_batch, options["batch"], census.repeats, census.changes, census.zones)
        result = _send(output, partial(send_file, file, router, delivery, failed, conduct), path)
    _print_result(output, result, path)
    return _exit_of(result)


def _send(output: Output, send: Callable[[], ImportAccount], path: Path) -> ImportAccount:
    try:
        return send()
    except KeyboardInterrupt:
        output.log(f"stopped: {path} holds what was in flight; what comes after it in the file was not sent")
        raise


def _print_result(output: Output, result: ImportAccount, path: Path) -> None:
    # A stdout without room for the findings has none for the account, which then says so on stderr.
    with suppress(FileError):
        print_file_findings(output, result.findings)
        told = len(result.findings) - len(result.tally.flaws)
        if result.failed > told:
            output.print_error(f"and {result.failed - told:,} more that the service did not take\n")
        if result.tally.differing > len(result.tally.flaws):
            more = result.tally.differing - len(result.tally.flaws)
            output.print_error(f"and {more:,} more that are not stored as they were sent\n")
    output.render_result(
        {TEXT: partial(render_account, result, path), "json": lambda _: encode_account(result, path) + "\n"}
    )


def _exit_of(result: ImportAccount) -> ExitCode:
    if result.tally.differing:
        return ExitCode.DIFFERS
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.is_whole:
        return ExitCode.DONE
    is_nothing_done = result.stopped is not None and not result.imported and not result.unknown
    return ExitCode.FAILED if is_nothing_done else ExitCode.PARTLY_DONE
