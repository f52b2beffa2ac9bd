"""`reconciler plan`: what would change in EnergyCAP; nothing is written there."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.documents import write_file
from reconciler.cli.exits import Exit, exit_of_plan
from reconciler.cli.options import Target, printing, scoped, viewing
from reconciler.cli.planned import FORMATS, plan_nothing, plan_now, plan_renderers, read_copy, read_live
from reconciler.cli.project import BrokenDefinitions, begin_definitions, finish_definitions, open_workplace
from reconciler.cli.service import open_service
from reconciler.energycap.client import open_reader
from reconciler.energycap.threads import open_threads
from reconciler.errors import ReconcilerError
from reconciler.planfile.writing import render_plan_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.cli.options import Scope, View
    from reconciler.cli.planned import Seen
    from reconciler.cli.project import Wanted, Workplace
    from reconciler.cli.screen import Screen
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


@click.command("plan")
@scoped
@click.option("--out", type=Target(), metavar="FILE", help="Save the plan, to be applied as it is.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes, none of them blocked.")
@viewing
@click.option(
    "--snapshot", type=click.Path(path_type=Path), metavar="FILE", help="Plan against this copy, offline and key-free."
)
@printing(*FORMATS)
def command(screen: Screen, scope: Scope, view: View, **options: Any) -> Exit:
    """Compare the files with EnergyCAP and print what would change. Nothing is written to EnergyCAP."""
    out: Path | None = options["out"]
    workplace = open_workplace(screen)
    environment = workplace.environment(scope.environment)
    try:
        with _read_both(screen, workplace, environment, scope.base, options["snapshot"]) as (wanted, seen):
            plan = plan_now(workplace, environment, wanted, seen, scope.only)
    except BrokenDefinitions as broken:
        screen.for_machines().show(plan_renderers(plan_nothing(environment, broken.loaded), workplace.root))
        raise
    if out is not None:
        write_file(out, render_plan_file(plan))
        screen.remark(f"saved the plan to {out}{_tell_use(plan, out)}")
    screen.show(plan_renderers(plan, workplace.root, view))
    return exit_of_plan(plan, detailed=options["detailed_exitcode"])


def _tell_use(plan: Plan, out: Path) -> str:
    if plan.errored or plan.snapshot is not None:
        return ", to be looked at: it cannot be applied"
    return f"; carry it out with: reconciler apply {quote(str(out))}"


@contextmanager
def _read_both(
    screen: Screen, workplace: Workplace, environment: Environment, base: str | None, copy: Path | None
) -> Iterator[tuple[Wanted, Seen]]:
    """What the files say, and what is live; both at once where the files are many.

    What is wrong with the files always comes first; with few files even before anything is asked of EnergyCAP.
    """
    loading = begin_definitions(workplace)
    if loading.second is None:
        wanted = finish_definitions(screen, workplace, loading, base)
        with _open_source(screen, workplace, environment, copy) as read:
            yield wanted, read()
        return
    with ExitStack() as stack:
        try:
            read = stack.enter_context(_open_source(screen, workplace, environment, copy))
        except ReconcilerError:
            finish_definitions(screen, workplace, loading, base)
            raise
        seen = stack.enter_context(open_threads(1)).submit(read)
        yield finish_definitions(screen, workplace, loading, base), seen.result()


@contextmanager
def _open_source(
    screen: Screen, workplace: Workplace, environment: Environment, copy: Path | None
) -> Iterator[Callable[[], Seen]]:
    if copy is not None:
        yield lambda: read_copy(copy, environment)
        return
    with open_service(workplace.root, environment) as address, open_reader(address.url, address.key) as reader:
        yield lambda: read_live(screen, environment, reader)
        screen.remark_more(f"requests: {reader.requests.total()}")
