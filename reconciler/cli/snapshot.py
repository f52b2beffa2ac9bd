"""`reconciler snapshot`: a complete copy of the live state, without a key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.cli.build_plan import utc_now
from reconciler.cli.command_line import OutputPath, environment_option, output_options
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.file_io import write_file
from reconciler.cli.inputs import open_project, open_service, read_in_thread
from reconciler.cli.paths import path_prefix, refuse_overlaps
from reconciler.energycap.client import open_reader
from reconciler.energycap.reference import render_snapshot_file, snapshot_from_file
from reconciler.planning.context import find_unread
from reconciler.reports.findings_report import render_findings
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.output import Output


@click.command("snapshot")
@environment_option
@click.option("--out", type=OutputPath(), required=True, metavar="FILE", help="The file to write.")
@click.option(
    "--time-zones",
    is_flag=True,
    help="Also copy the time zone of each data point, for `readings route`: one more request per data point.",
)
@output_options("text")
def command(output: Output, environment: str | None, out: Path, *, time_zones: bool) -> ExitCode:
    """Copy all channels and reference data of EnergyCAP into FILE.

    `plan --snapshot FILE` plans against it offline and without a key; `sandbox serve --world FILE` rehearses on it.
    """
    refuse_overlaps(output, {"--out": out}, {})
    context = open_project(output)
    chosen = context.environment(environment)
    # The time before the first request: what changed during the read counts as later.
    taken = utc_now()
    with (
        open_service(context.root, chosen) as access,
        open_reader(access.url, access.key, tell=output.log) as reader,
    ):
        world = read_in_thread(partial(reader.read_raw_snapshot, with_data_points=time_zones))
    snapshot, _ = snapshot_from_file(world)
    if unread := find_unread(snapshot):
        output.log(render_findings(unread, no_style, path_prefix(context.root)).rstrip())
    write_file(out, render_snapshot_file(world, environment=chosen.name, taken=taken))
    output.log(f"copied {chosen.name} as of {taken} to {out}")
    return ExitCode.DONE
