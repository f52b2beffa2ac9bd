"""A plan as Markdown for pull requests and step summaries, shortened to fit: the riskiest changes last."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.plan import Action, Verdict
from reconciler.reports.escaping import MAX_TEXT, code, prose, shorten_text, size_of
from reconciler.reports.formatting import format_time
from reconciler.reports.markdown_sections import (
    HIGH_RISK,
    LOW_RISK,
    DetailLevel,
    FeedsSection,
    FindingsSection,
    FormulasSection,
    RiskSection,
    make_feeds_section,
    make_findings_section,
    make_formulas_section,
    make_risk_sections,
)
from reconciler.reports.plan_groups import find_dependents, group_identical
from reconciler.reports.plan_summary import count_changes, describe_filter, summarize_plan
from reconciler.reports.risk import Risk, render_legend

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plan import Plan

MarkdownSection: TypeAlias = RiskSection | FindingsSection | FeedsSection | FormulasSection
# Identifies a section: its risk, or its class if there is only one of it.
SectionKey: TypeAlias = Risk | type[FindingsSection] | type[FeedsSection] | type[FormulasSection]

BUDGET = 60_000
# What is shortened if not everything fits, in this order.
_REDUCTIONS: tuple[tuple[SectionKey, DetailLevel], ...] = (
    *((risk, level) for level in (DetailLevel.ROWS, DetailLevel.NAMES) for risk in reversed(LOW_RISK)),
    (FormulasSection, DetailLevel.ROWS),
    (FormulasSection, DetailLevel.COUNT),
    (FindingsSection, DetailLevel.ROWS),
    *((risk, DetailLevel.ROWS) for risk in reversed(HIGH_RISK)),
    (FeedsSection, DetailLevel.COUNT),
    *((risk, DetailLevel.COUNT) for risk in reversed(LOW_RISK)),
    (FindingsSection, DetailLevel.COUNT),
    *((risk, DetailLevel.NAMES) for risk in reversed(HIGH_RISK)),
    *((risk, DetailLevel.COUNT) for risk in reversed(HIGH_RISK)),
)

# What is extended if there is room after that, in this order.
_RESTORE_ORDER: tuple[SectionKey, ...] = (*HIGH_RISK, FindingsSection, FeedsSection, *LOW_RISK, FormulasSection)
_RISK_LEVELS = (DetailLevel.FULL, DetailLevel.ROWS, DetailLevel.NAMES)
_OTHER_LEVELS = (DetailLevel.FULL, DetailLevel.ROWS)


class RenderedSection(Struct, frozen=True):
    """A section at a level; rendering stops once `size` is more than the room, so the text may be incomplete."""

    section: MarkdownSection
    level: DetailLevel
    text: str
    size: int


def render_plan_markdown(plan: Plan, budget: int = BUDGET) -> str:
    """`plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Sections are shown in full, in short, by name or by count, as they fit, and the end says which are not in full.
    No blocked or risky change is left unnamed while one of low risk is named. The hidden first line marks the comment
    of a project and an environment, so that the next one can replace it.
    """
    short = _shorten_texts(plan)
    head = "".join(f"{line}\n\n" for line in _list_head(short))
    sections = _make_sections(plan)
    longest_foot = _render_foot(short, [(section, DetailLevel.SOME) for section in sections])
    shown = _fit(sections, budget - size_of(head) - size_of(longest_foot))
    foot = _render_foot(short, [(one.section, one.level) for one in shown])
    return f"{head}{''.join(one.text for one in shown)}{foot}"


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


def _make_sections(plan: Plan) -> tuple[MarkdownSection, ...]:
    """The sections in the order of the report."""
    shown = [
        change for change in plan.changes if change.action is not Action.NO_OP or change.verdict is not Verdict.ALLOWED
    ]
    dependents = find_dependents(plan)
    groups, singles = group_identical(shown, dependents.blocked_by_name)
    return (
        *make_findings_section(plan),
        *make_risk_sections(dependents, groups, singles, HIGH_RISK),
        *make_feeds_section(plan),
        *make_risk_sections(dependents, groups, singles, LOW_RISK),
        *make_formulas_section(plan),
    )


def _fit(sections: Iterable[MarkdownSection], room: int) -> tuple[RenderedSection, ...]:
    shown = {_section_key(section): _render_at(section, DetailLevel.FULL, room) for section in sections}
    for key, level in _REDUCTIONS:
        if _room_left(shown.values(), room) >= 0:
            break
        if key in shown:
            shown[key] = _render_at(shown[key].section, level, room)
    _use_spare_room(shown, room)
    return tuple(shown.values())


def _use_spare_room(shown: dict[SectionKey, RenderedSection], room: int) -> None:
    """Use the room that is left: for the names of high-risk changes first, then for more of each section.

    No section is shown with more detail than a riskier one, and none is extended if a high-risk name had no room.
    """
    for risk in HIGH_RISK:
        if risk in shown and shown[risk].level is DetailLevel.COUNT:
            shown[risk] = _restore(shown[risk], _room_left(shown.values(), room), [DetailLevel.NAMES])
            if shown[risk].level is not DetailLevel.NAMES:
                return
    fullest = DetailLevel.FULL
    for key in _RESTORE_ORDER:
        if key in shown and fullest in _RISK_LEVELS:
            is_section = isinstance(key, Risk)
            levels = _RISK_LEVELS[_RISK_LEVELS.index(fullest) :] if is_section else _OTHER_LEVELS
            shown[key] = _restore(shown[key], _room_left(shown.values(), room), levels)
            fullest = shown[key].level if is_section else fullest


def _section_key(part: MarkdownSection) -> SectionKey:
    return part.risk if isinstance(part, RiskSection) else type(part)


def _room_left(shown: Iterable[RenderedSection], room: int) -> int:
    return room - sum(one.size for one in shown)


def _render_at(part: MarkdownSection, level: DetailLevel, room: int) -> RenderedSection:
    texts, size = [], 0
    for text in part.render(level):
        texts.append(text)
        size += size_of(text)
        if size > room:
            break
    return RenderedSection(part, level, "".join(texts), size)


def _restore(shown: RenderedSection, room: int, levels: Iterable[DetailLevel]) -> RenderedSection:
    """`shown` at the first of `levels` that fits into `room`, in addition to the room it already takes."""
    for level in levels:
        if level is shown.level:
            return shown
        fuller = _render_at(shown.section, level, room + shown.size)
        if fuller.size <= room + shown.size:
            return fuller
    return _name_as_many_as_fit(shown, shown.section, room) if isinstance(shown.section, RiskSection) else shown


def _name_as_many_as_fit(counted: RenderedSection, section: RiskSection, room: int) -> RenderedSection:
    head, *names, end = section.render(DetailLevel.SOME)
    rest = f"\n- and {len(names)} more, not named here"
    left = room + counted.size - size_of(f"{head}{rest}{end}")
    kept = 0
    while kept < len(names) and size_of(names[kept]) <= left:
        left -= size_of(names[kept])
        kept += 1
    if not kept:
        return counted
    text = "".join([head, *names[:kept], f"\n- and {len(names) - kept} more, not named here", end])
    return RenderedSection(section, DetailLevel.SOME, text, size_of(text))


def _list_head(plan: Plan) -> Iterator[str]:
    yield mark_comment(plan.environment, plan.folder)
    project = f", project {code(shorten_text(plan.folder))}" if plan.folder else ""
    yield f"## EnergyCAP plan for {code(plan.environment)}{project}"
    yield f"**{prose(summarize_plan(plan))}**"
    if plan.filter:
        yield prose(describe_filter(plan))


def _render_foot(plan: Plan, levels: Iterable[tuple[MarkdownSection, DetailLevel]]) -> str:
    return "\n\n".join(_list_foot(plan, levels)) + "\n"


def _list_foot(plan: Plan, levels: Iterable[tuple[MarkdownSection, DetailLevel]]) -> Iterator[str]:
    shortened = [f"“{part.title}” {level.value}" for part, level in levels if level is not DetailLevel.FULL]
    if shortened:
        yield f"Shortened to fit: {'; '.join(shortened)}. The text, HTML and JSON reports of this plan have all of it."
    legend = render_legend(plan)
    if legend:
        yield legend
    if plan.filter:
        yield prose(describe_filter(plan))
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
