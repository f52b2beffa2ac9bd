"""What stands beside the changes of a plan as Markdown: findings, feeds, and the formulas around the changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import FORMULA
from reconciler.model.findings import Severity
from reconciler.reports.markdown import code, prose, tabulate
from reconciler.reports.markdown_sections import DetailLevel
from reconciler.reports.mermaid import draw_links, list_formula_uses
from reconciler.reports.places import format_location
from reconciler.reports.sentences import count_findings, find_feeds_to_review
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.plan import FeedRoute, FormulaLink, Plan


class FindingsSection(Struct, frozen=True):
    """What is wrong or notable: at ROWS the errors alone, below that only how much there is."""

    findings: Sequence[Finding]

    @property
    def title(self) -> str:
        return f"Findings: {count_findings(self.findings)}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        for finding in self.findings:
            if level is DetailLevel.FULL or (level is DetailLevel.ROWS and finding.severity is Severity.ERROR):
                yield _render_finding(finding)
        yield "\n"


class FeedsSection(Struct, frozen=True):
    """Feeds that would be led elsewhere, or of which something is to be said: in full, or only how many."""

    feeds: Sequence[tuple[FeedRoute, str]]

    @property
    def title(self) -> str:
        return f"Feeds to look at: {count(len(self.feeds), 'feed')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        if level is not DetailLevel.COUNT:
            yield tabulate(("feed", "route", "expects", "note"), map(_feed_cells, self.feeds))
            yield "\n"


class FormulasSection(Struct, frozen=True):
    """The formulas around the changes: a picture with a list, at ROWS the list, below that only how many."""

    links: Sequence[FormulaLink]
    marks: Mapping[int, str]

    @property
    def title(self) -> str:
        return f"Formulas around these changes: {count(len(self.links), 'link')}"

    def render(self, level: DetailLevel) -> Iterator[str]:
        yield f"### {self.title}\n\n"
        if level is DetailLevel.FULL:
            picture, drawn = draw_links(self.links, self.marks)
            yield f"{picture}\n"
            if drawn < len(self.links):
                yield f"The picture has room for {drawn} of {count(len(self.links), 'link')}; the list has all.\n\n"
        if level in (DetailLevel.FULL, DetailLevel.ROWS):
            yield from list_formula_uses(self.links)
            yield "\n"


def make_findings_section(plan: Plan) -> tuple[FindingsSection, ...]:
    """The findings of `plan`, errors first; none where it has none."""
    order = list(Severity)
    found = sorted(plan.findings, key=lambda finding: order.index(finding.severity))
    return (FindingsSection(found),) if found else ()


def make_feeds_section(plan: Plan) -> tuple[FeedsSection, ...]:
    """The feeds of `plan` that something is to be said of; none where there are none."""
    moved = find_feeds_to_review(plan)
    return (FeedsSection(moved),) if moved else ()


def make_formulas_section(plan: Plan) -> tuple[FormulasSection, ...]:
    """The formulas around the changes of `plan`; none where no formula is edited and no link comes or goes."""
    edited = any(edit.path == FORMULA for change in plan.changes for edit in change.edits)
    if not plan.formula_links or not (edited or any(link.before != link.after for link in plan.formula_links)):
        return ()
    marks = {
        change.channel_id: "blocked" if change.blocked_by else "changes" for change in plan.changes if change.edits
    }
    return (FormulasSection(plan.formula_links, marks),)


def _render_finding(finding: Finding) -> str:
    place = f" {code(format_location(finding.location))}" if finding.location else ""
    lines = [f"- {finding.severity.value} {code(finding.code)}{place}: {prose(finding.message)}"]
    lines += [f"  - detail: {prose(line)}" for line in finding.detail]
    lines += [f"  - fix: {prose(finding.fix)}"] if finding.fix else []
    return "".join(f"{line}\n" for line in lines)


def _feed_cells(moved: tuple[FeedRoute, str]) -> tuple[str, ...]:
    feed, route = moved
    return code(feed.name), code(route), code(feed.expect), "<br>".join(map(prose, feed.findings))
