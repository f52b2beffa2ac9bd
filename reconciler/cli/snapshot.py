"""`reconciler snapshot`: a complete, key-free copy of the live state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.files import write_file
from reconciler.cli.options import Target, printing
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.planned import tell_time
from reconciler.cli.project import open_workplace
from reconciler.cli.service import open_service
from reconciler.cli.standing import path_prefix
from reconciler.energycap.client import open_reader
from reconciler.energycap.worlds import render_world, snapshot_from_world
from reconciler.planning.unread_data import find_unread
from reconciler.reports.findings_report import render_findings
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.screen import Screen


@click.command("snapshot")
@click.option(
    "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
)
@click.option("--out", type=Target(), required=True, metavar="FILE", help="Where the copy goes.")
@click.option(
    "--time-zones",
    is_flag=True,
    help="Also copy the time zone of each data point, for `readings route`: one more request per data point.",
)
@printing("text")
def command(screen: Screen, environment: str | None, out: Path, *, time_zones: bool) -> Exit:
    """Copy all channels and reference data of EnergyCAP into FILE.

    `plan --snapshot FILE` plans against it offline and without a key; `sandbox serve --world FILE` rehearses on it.
    """
    refuse_overlaps(screen, {"--out": out}, {})
    workplace = open_workplace(screen)
    chosen = workplace.environment(environment)
    taken = tell_time()
    with (
        open_service(workplace.root, chosen) as address,
        open_reader(address.url, address.key, tell=screen.remark) as reader,
    ):
        world = reader.read_world(with_data_points=time_zones)
    snapshot, _ = snapshot_from_world(world)
    if unread := find_unread(snapshot):
        screen.remark(render_findings(unread, no_style, path_prefix(workplace.root)).rstrip())
    write_file(out, render_world(world, environment=chosen.name, taken=taken))
    screen.remark(f"copied {chosen.name} as of {taken} to {out}")
    return Exit.DONE
