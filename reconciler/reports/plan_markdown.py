"""A plan as Markdown for pull requests and step summaries, shortened to fit: the riskiest changes last."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from reconciler.reports.change_words import render_legend
from reconciler.reports.escaping import MAX_TEXT, code, prose, shorten_text, size_of
from reconciler.reports.formatting import format_time
from reconciler.reports.markdown_budget import BUDGET, DetailLevel, fit_sections, note_shortened
from reconciler.reports.markdown_sections import (
    LOW_RISK,
    make_feeds_section,
    make_findings_section,
    make_formulas_section,
    make_risk_sections,
)
from reconciler.reports.plan_summary import count_changes, describe_filter, describe_left_out, summarize_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plan import Plan
    from reconciler.reports.markdown_budget import Section


def render_plan_markdown(plan: Plan, budget: int = BUDGET) -> str:
    """`plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Each section is shown in full, as one line each or as a count, and the end says which are not in full. No change
    is named while a riskier one is only counted. The hidden first line marks the comment of a project and an
    environment, so that the next one can replace it.
    """
    short = _shorten_texts(plan)
    head = "".join(f"{line}\n\n" for line in _list_head(short))
    sections = _make_sections(plan)
    longest_foot = _render_foot(short, [(section, DetailLevel.LINES) for section in sections])
    shown = fit_sections(sections, budget - size_of(head) - size_of(longest_foot))
    foot = _render_foot(short, [(part.section, part.level) for part in shown])
    return f"{head}{''.join(part.text for part in shown)}{foot}"


def mark_comment(environment: str, folder: str = "") -> str:
    """The hidden line that marks the comment of an environment, and of the project in `folder` of the repository.

    The workflows recognize it by its characters: A-Z, a-z, 0-9 and . _ ~ % -, with no two hyphens together.
    """
    parts = [_quote(part) for part in ((folder, environment) if folder else (environment,))]
    return f"<!-- reconciler:{'~'.join(parts)} -->"


def _quote(text: str) -> str:
    quoted = quote(text, safe="", errors="surrogatepass").replace("~", "%7E").replace("--", "-%2D")
    # Two long texts have different digests, but may have the same beginning.
    return quoted if len(quoted) <= MAX_TEXT else sha256(quoted.encode()).hexdigest()


def _make_sections(plan: Plan) -> list[Section]:
    """The sections in the order of the report."""
    changes = make_risk_sections(plan)
    sections = (
        make_findings_section(plan),
        *(section for risk, section in changes.items() if risk not in LOW_RISK),
        make_feeds_section(plan),
        *(changes[risk] for risk in LOW_RISK),
        make_formulas_section(plan),
    )
    return [section for section in sections if section.number]


def _list_head(plan: Plan) -> Iterator[str]:
    yield mark_comment(plan.environment, plan.folder)
    project = f", project {code(shorten_text(plan.folder))}" if plan.folder else ""
    yield f"## EnergyCAP plan for {code(plan.environment)}{project}"
    yield f"**{prose(summarize_plan(plan))}**"
    if plan.filter:
        yield prose(describe_filter(plan))


def _render_foot(plan: Plan, levels: Iterable[tuple[Section, DetailLevel]]) -> str:
    note = note_shortened(levels, "The text, HTML and JSON reports of this plan have all of it.")
    return note + "\n\n".join(_list_foot(plan)) + "\n"


def _list_foot(plan: Plan) -> Iterator[str]:
    legend = render_legend(plan)
    if legend:
        yield legend
    if plan.filter:
        yield prose(describe_filter(plan))
    if plan.left_out.channels:
        yield prose(describe_left_out(plan))
    commit = f" from commit {code(plan.commit)}" if plan.commit else ""
    commit += " + uncommitted changes" if plan.uncommitted else ""
    time = format_time(plan.created.removesuffix("Z"))
    yield f"Made by reconciler {code(plan.tool_version)}{commit} at {code(time)} UTC."
    yield count_changes(plan)


def _shorten_texts(plan: Plan) -> Plan:
    """`plan` with the texts above and below its sections shortened if they are long."""
    return replace(
        plan,
        tool_version=shorten_text(plan.tool_version),
        environment=shorten_text(plan.environment),
        url=shorten_text(plan.url),
        created=shorten_text(plan.created),
        commit=shorten_text(plan.commit) if plan.commit else None,
        snapshot=None if plan.snapshot is None else shorten_text(plan.snapshot),
        filter=(shorten_text(", ".join(plan.filter)),) if plan.filter else (),
    )
