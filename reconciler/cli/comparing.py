"""One `plan`: files and service read and compared, and the plan saved and shown."""

from __future__ import annotations

from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.exits import exit_of_plan
from reconciler.cli.files import write_file
from reconciler.cli.planned import plan_nothing, plan_now, plan_renderers
from reconciler.cli.project import BrokenDefinitions, open_definitions
from reconciler.cli.seen import read_copy, read_live
from reconciler.cli.service import open_service
from reconciler.energycap.client import open_reader
from reconciler.planfile.writing import render_plan_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.exits import Exit
    from reconciler.cli.options import Scope, View
    from reconciler.cli.project import Wanted, Workplace
    from reconciler.cli.screen import Screen
    from reconciler.cli.seen import Seen
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


class Comparing(Struct, frozen=True):
    """The comparison of the definitions with what `environment` has, or a copy of it."""

    screen: Screen
    workplace: Workplace
    environment: Environment
    scope: Scope
    copy: Path | None

    def finish(self, out: Path | None, view: View, *, is_detailed: bool) -> Exit:
        """Compare, save the plan to `out` where that is given, and show it."""
        wanted = self._open_definitions()
        with self._open_source() as read:
            plan = plan_now(self.workplace, self.environment, wanted, read(), self.scope.only)
        if out is not None:
            self._save(plan, out)
        self.screen.show(plan_renderers(plan, self.workplace.root, view))
        return exit_of_plan(plan, detailed=is_detailed)

    def _open_definitions(self) -> Wanted:
        try:
            return open_definitions(self.screen, self.workplace, self.scope.base)
        except BrokenDefinitions as broken:
            nothing = plan_nothing(self.workplace.root, self.environment, broken.loaded)
            self.screen.for_machines().show(plan_renderers(nothing, self.workplace.root))
            raise

    @contextmanager
    def _open_source(self) -> Iterator[Callable[[], Seen]]:
        copy = self.copy
        if copy is not None:
            yield lambda: read_copy(copy, self.environment)
            return
        with (
            open_service(self.workplace.root, self.environment) as address,
            open_reader(
                address.url, address.key, tell=self.screen.remark, version_dates=self.environment.version_dates
            ) as reader,
        ):
            yield lambda: read_live(self.screen, self.environment, reader)
            self.screen.remark_more(f"requests: {reader.requests.total()}")

    def _save(self, plan: Plan, out: Path) -> None:
        write_file(out, render_plan_file(plan))
        self.screen.remark(f"saved the plan to {out}{_tell_use(plan, out)}")


def _tell_use(plan: Plan, out: Path) -> str:
    if plan.has_errors or plan.snapshot is not None:
        return ", to be looked at: it cannot be applied"
    return f"; carry it out with: reconciler apply {quote(str(out))}"
