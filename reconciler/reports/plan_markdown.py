"""A plan as Markdown for pull requests and step summaries: what is riskiest is the last to be folded."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.plan import Action, Verdict
from reconciler.reports.escaping import code, escape_text, prose, shorten, size_of
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
# What a part is of: a risk, or the kind of part where there is one of it.
SectionKey: TypeAlias = Risk | type[FindingsSection] | type[FeedsSection] | type[FormulasSection]

BUDGET = 60_000
# The most bytes that a text of others takes above and below the parts.
_MAX_TEXT = 90
# Where there is no room for all: what is given up first comes first.
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

# Where there is room left after that: what is given back first comes first.
_RESTORE_ORDER: tuple[SectionKey, ...] = (*HIGH_RISK, FindingsSection, FeedsSection, *LOW_RISK, FormulasSection)
_RISK_LEVELS = (DetailLevel.FULL, DetailLevel.ROWS, DetailLevel.NAMES)
_OTHER_LEVELS = (DetailLevel.FULL, DetailLevel.ROWS)


class RenderedSection(Struct, frozen=True):
    """A part at a level; `size` is more than any room where it was not worth finishing."""

    section: MarkdownSection
    level: DetailLevel
    text: str
    size: int


def render_plan_markdown(plan: Plan, budget: int = BUDGET) -> str:
    """`plan` as Markdown of at most `budget` bytes, for any budget from 4096 on.

    Parts are shown in full, in short, by name or by count, as there is room, and the end says which are not in full.
    No blocked or risky change goes unnamed while a harmless one is named. The hidden first line marks the comment of a
    project and an environment, so that the next one can take its place.
    """
    short = _shorten_texts(plan)
    head = "".join(f"{line}\n\n" for line in _list_head(short))
    parts = _make_sections(plan)
    longest_foot = _render_foot(short, [(part, DetailLevel.SOME) for part in parts])
    shown = _fit(parts, budget - size_of(head) - size_of(longest_foot))
    foot = _render_foot(short, [(one.section, one.level) for one in shown])
    return f"{head}{''.join(one.text for one in shown)}{foot}"


def mark_comment(environment: str, folder: str = "") -> str:
    """The hidden line that marks the comment of an environment, and of the project in `folder` of the repository.

    The workflows know it by its letters: A-Z, a-z, 0-9 and . _ ~ % -, with no two hyphens together.
    """
    parts = [_quote(part) for part in ((folder, environment) if folder else (environment,))]
    return f"<!-- reconciler:{'~'.join(parts)} -->"


def _quote(text: str) -> str:
    quoted = quote(text, safe="", errors="surrogatepass").replace("~", "%7E").replace("--", "-%2D")
    # A digest keeps two long ones apart, which a cut would not.
    return quoted if len(quoted) <= _MAX_TEXT else sha256(quoted.encode()).hexdigest()


def _make_sections(plan: Plan) -> tuple[MarkdownSection, ...]:
    """The parts of the report in its order."""
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


def _fit(parts: Iterable[MarkdownSection], room: int) -> tuple[RenderedSection, ...]:
    shown = {_section_key(part): _render_at(part, DetailLevel.FULL, room) for part in parts}
    for topic, level in _REDUCTIONS:
        if _room_left(shown.values(), room) >= 0:
            break
        if topic in shown:
            shown[topic] = _render_at(shown[topic].section, level, room)
    _use_spare_room(shown, room)
    return tuple(shown.values())


def _use_spare_room(shown: dict[SectionKey, RenderedSection], room: int) -> None:
    """Use what room is left: for the names of grave changes first, then for more of each part.

    No section is shown fuller than a graver one, and nothing more is given where a grave name had no room.
    """
    for risk in HIGH_RISK:
        if risk in shown and shown[risk].level is DetailLevel.COUNT:
            shown[risk] = _restore(shown[risk], _room_left(shown.values(), room), [DetailLevel.NAMES])
            if shown[risk].level is not DetailLevel.NAMES:
                return
    fullest = DetailLevel.FULL
    for topic in _RESTORE_ORDER:
        if topic in shown and fullest in _RISK_LEVELS:
            is_section = isinstance(topic, Risk)
            levels = _RISK_LEVELS[_RISK_LEVELS.index(fullest) :] if is_section else _OTHER_LEVELS
            shown[topic] = _restore(shown[topic], _room_left(shown.values(), room), levels)
            fullest = shown[topic].level if is_section else fullest


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
    """`shown` at the first of `levels` that `room` has space for, beyond what it takes already."""
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
    project = f", project {code(_shorten(plan.folder))}" if plan.folder else ""
    yield f"## EnergyCAP plan for {code(plan.environment)}{project}"
    yield f"**{prose(summarize_plan(plan))}**"
    if plan.filter:
        yield prose(describe_filter(plan))


def _render_foot(plan: Plan, levels: Iterable[tuple[MarkdownSection, DetailLevel]]) -> str:
    return "\n\n".join(_list_foot(plan, levels)) + "\n"


def _list_foot(plan: Plan, levels: Iterable[tuple[MarkdownSection, DetailLevel]]) -> Iterator[str]:
    folded = [f"“{part.title}” {level.value}" for part, level in levels if level is not DetailLevel.FULL]
    if folded:
        yield f"Folded to fit: {'; '.join(folded)}. The text, HTML and JSON reports of this plan have all of it."
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
    """`plan` with what stands above and below its parts cut where it is long or odd."""
    return replace(
        plan,
        tool_version=_shorten(plan.tool_version),
        environment=_shorten(plan.environment),
        url=_shorten(plan.url),
        created=_shorten(plan.created),
        commit=_shorten(plan.commit) if plan.commit else None,
        snapshot=None if plan.snapshot is None else _shorten(plan.snapshot),
        filter=(_shorten(", ".join(plan.filter)),) if plan.filter else (),
    )


def _shorten(text: str) -> str:
    return text if size_of(code(text)) <= _MAX_TEXT else shorten(escape_text(text), _MAX_TEXT // 10)
