"""`reconciler readings route` and `import`: where the readings of a file would land and why, and sending them."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.interrupts import stop_on_signals
from reconciler.cli.options import Target, printing
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import open_workplace
from reconciler.cli.reading_files import (
    count_progress,
    json_list,
    reading_file,
    remark_progress,
    show_broken,
    show_census,
    show_findings,
)
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import read_copy
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

    from reconciler.cli.screen import Screen
    from reconciler.energycap.sender import Sender
    from reconciler.model.channels import Live
    from reconciler.readings.census import FindZones
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.layout import Habits
    from reconciler.readings.sending import ImportAccount

_DIALECTS = {"v3": V3_NAMES, "esa": ESA_NAMES}
# Before a lost answer is looked into: the service may still be at work on what it did not answer.
_PAUSE_SECONDS = 2.0


@click.group("readings")
def command() -> None:
    """Files of readings: where each would land and why, and sending them."""


@command.command("route")
@reading_file
@click.option(
    "--snapshot", type=click.Path(path_type=Path), metavar="FILE", help="Route over this copy, offline and key-free."
)
@printing(TEXT, "json")
def route(screen: Screen, file: Path, environment: str | None, habits: Habits, snapshot: Path | None) -> Exit:
    """Say which channel each group of readings in FILE would land on, and why. Sends nothing.

    FILE is CSV with the API's property names as headers, the JSON array that the API takes, or JSON lines.
    """
    refuse_overlaps(screen, {}, {"": file, "--snapshot": snapshot})
    try:
        readings = recognise(file, habits)
        with _open_channels(screen, environment, snapshot) as (channels, find_zones), json_list(screen) as say:
            router = Router(make_index(channels), value_unit=readings.value_unit)
            census = take_census(readings, router, say, remark_progress(screen), find_zones)
    except BrokenFile as broken:
        return show_broken(screen, file, broken)
    show_census(screen, census)
    screen.show_only(TEXT, partial(render_routes, readings, census))
    return Exit.DONE if census.is_sound else Exit.FAILED


@command.command("import")
@reading_file
@click.option(
    "--endpoint",
    type=click.Choice(list(_DIALECTS)),
    default="v3",
    show_default=True,
    help="v3: POST /api/v3/reading; esa: POST /api/v202407/esaReading, which overwrites.",
)
@click.option("--skip-bad", is_flag=True, help="Send what can be sent, although other readings are wrong.")
@click.option(
    "--failed",
    type=Target(),
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
@printing(TEXT, "json")
def import_(screen: Screen, file: Path, environment: str | None, habits: Habits, **options: Any) -> Exit:
    """Send the readings in FILE. All of it is checked first; nothing is sent while anything is wrong.

    What the service does not take is written to a file of its own, which can be mended and imported.
    """
    options["failed"] = options["failed"] or file.parent / f"{file.stem}.failed{file.suffix}"
    refuse_overlaps(screen, {"--failed": options["failed"]}, {"": file})
    workplace = open_workplace(screen)
    chosen = workplace.environment(environment)
    try:
        readings = recognise(file, habits)
        with open_service(workplace.root, chosen) as address, open_sender(address.url, address.key) as sender:
            return _import(screen, readings, sender, options)
    except BrokenFile as broken:
        return show_broken(screen, file, broken)


@contextmanager
def _open_channels(
    screen: Screen, environment: str | None, copy: Path | None
) -> Iterator[tuple[Sequence[Live], FindZones]]:
    if copy is not None:
        seen = read_copy(copy)
        yield seen.snapshot.channels, partial(find_zones, seen.zone_codes)
        return
    workplace = open_workplace(screen)
    chosen = workplace.environment(environment)
    with (
        open_service(workplace.root, chosen) as address,
        open_reader(address.url, address.key, tell=screen.remark) as reader,
    ):
        yield reader.list_channels(), partial(read_zones, reader)


def _import(screen: Screen, file: ReadingsFile, sender: Sender, options: dict[str, Any]) -> Exit:
    dialect = _DIALECTS[options["endpoint"]]
    router = Router(make_index(sender.list_channels()), dialect, value_unit=file.value_unit)
    census = take_census(file, router, lambda _: None, remark_progress(screen), partial(read_zones, sender))
    show_census(screen, census)
    if not census.is_sound and not options["skip_bad"]:
        screen.remark("nothing was sent; --skip-bad sends what can be sent")
        return Exit.FAILED
    screen.remark(" ".join((f"{file.describe()}.", describe_times(census, file.times))).rstrip())
    path = options["failed"]
    delivery = Delivery(sender, dialect, partial(time.sleep, _PAUSE_SECONDS))
    with (
        open_failed_file(path, file) as failed,
        stop_on_signals(screen) as stop,
        count_progress(screen, census.readings) as on_batch,
    ):
        conduct = Conduct(stop, on_batch, options["batch"], census.repeats, census.changes, census.zones)
        account = _send(screen, partial(send_file, file, router, delivery, failed, conduct), path)
    _show_account(screen, account, path)
    return _exit_of(account)


def _send(screen: Screen, send: Callable[[], ImportAccount], path: Path) -> ImportAccount:
    try:
        return send()
    except KeyboardInterrupt:
        screen.remark(f"stopped: {path} holds what was in flight; what comes after it in the file was not sent")
        raise


def _show_account(screen: Screen, account: ImportAccount, path: Path) -> None:
    # A stdout without room for the findings has none for the account, which then says so on stderr.
    with suppress(FileError):
        show_findings(screen, account.findings)
        told = len(account.findings) - len(account.tally.flaws)
        if account.failed > told:
            screen.complain(f"and {account.failed - told:,} more that the service did not take\n")
        if account.tally.differing > len(account.tally.flaws):
            more = account.tally.differing - len(account.tally.flaws)
            screen.complain(f"and {more:,} more that are not stored as they were sent\n")
    screen.show_account(
        {TEXT: partial(render_account, account, path), "json": lambda _: encode_account(account, path) + "\n"}
    )


def _exit_of(account: ImportAccount) -> Exit:
    if account.tally.differing:
        return Exit.DIFFERS
    if account.interrupted:
        return Exit.INTERRUPTED
    if account.is_whole:
        return Exit.DONE
    is_nothing_done = account.stopped is not None and not account.imported and not account.unknown
    return Exit.FAILED if is_nothing_done else Exit.PARTLY_DONE
