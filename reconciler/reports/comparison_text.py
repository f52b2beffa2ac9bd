"""What became of a reviewed plan since, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.harmless import escape_text
from reconciler.reports.paint import Style

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.planning.compare import Comparison
    from reconciler.reports.paint import Styler


def render_comparison(comparison: Comparison, styler: Styler) -> str:
    """The difference in numbers, then each change that is gone, does something else, or is new."""
    return "".join(f"{line}\n" for line in _comparison_lines(comparison, styler))


def _comparison_lines(comparison: Comparison, styler: Styler) -> Iterator[str]:
    yield styler(f"The plan is stale; {comparison.describe()}.", Style.HEADING)
    yield ""
    for name in comparison.gone:
        yield f"  {styler('- gone', Style.STALE)}  {escape_text(name)}  nothing asks for it any more"
    for shift in comparison.changed:
        yield f"  {styler('~ changed', Style.STALE)}  {escape_text(shift.name)}"
        yield from (f"      {escape_text(reason)}" for reason in shift.reasons)
    for name in comparison.new:
        yield f"  {styler('+ new', Style.UPDATE)}  {escape_text(name)}  was not reviewed"
    yield ""
    yield f"{styler('fix:', Style.FIX)} plan again, have it reviewed, and apply that plan"
