"""What became of a reviewed plan since, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.harmless import harmless
from reconciler.reports.paint import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.compare import Comparison
    from reconciler.reports.paint import Paint


def render_comparison(comparison: Comparison, paint: Paint) -> str:
    """The difference in numbers, then each change that is gone, does something else, or is new."""
    return "".join(f"{line}\n" for line in _list_lines(comparison, paint))


def _list_lines(comparison: Comparison, paint: Paint) -> Iterator[str]:
    yield paint(f"The plan is stale; {comparison.describe()}.", Style.HEADING)
    yield ""
    for name in comparison.gone:
        yield f"  {paint('- gone', Style.STALE)}  {harmless(name)}  nothing asks for it any more"
    for shift in comparison.changed:
        yield f"  {paint('~ changed', Style.STALE)}  {harmless(shift.name)}"
        yield from (f"      {harmless(reason)}" for reason in shift.reasons)
    for name in comparison.new:
        yield f"  {paint('+ new', Style.UPDATE)}  {harmless(name)}  was not reviewed"
    yield ""
    yield f"{paint('fix:', Style.FIX)} plan again, have it reviewed, and apply that plan"
