"""A plan as Markdown for pull requests and step summaries: what is riskiest is the last to be folded."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.plan import Action, Verdict
from reconciler.reports.grouping import fold_alike
from reconciler.reports.harmless import harmless
from reconciler.reports.legend import explain_words
from reconciler.reports.markdown import code, prose, shorten, size_of
from reconciler.reports.markdown_asides import Feeds, Findings, Formulas, make_feeds, make_findings, make_formulas
from reconciler.reports.markdown_sections import GRAVE, HARMLESS, Level, Section, make_sections
from reconciler.reports.relations import make_relations
from reconciler.reports.risk import Risk
from reconciler.reports.sentences import count_changes, describe_filter, describe_plan
from reconciler.reports.wording import show_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plan import Plan

Part: TypeAlias = Section | Findings | Feeds | Formulas
# What a part is of: a risk, or the kind of part where there is one of it.
Topic: TypeAlias = Risk | type[Findings] | type[Feeds] | type[Formulas]

BUDGET = 60_000
# The most bytes that a text of others takes above and below the parts.
_LONGEST = 90
# Where there is no room for all: what is given up first comes first.
_SACRIFICES: tuple[tuple[Topic, Level], ...] = (
    *((risk, level) for level in (Level.ROWS, Level.NAMES) for risk in reversed(HARMLESS)),
    (Formulas, Level.ROWS),
    (Formulas, Level.COUNT),
    (Findings, Level.ROWS),
    *((risk, Level.ROWS) for risk in reversed(GRAVE)),
    (Feeds, Level.COUNT),
    *((risk, Level.COUNT) for risk in reversed(HARMLESS)),
    (Findings, Level.COUNT),
    *((risk, Level.NAMES) for risk in reversed(GRAVE)),
    *((risk, Level.COUNT) for risk in reversed(GRAVE)),
)

# Where there is room left after that: what is given back first comes first.
_GIVEN_BACK: tuple[Topic, ...] = (*GRAVE, Findings, Feeds, *HARMLESS, Formulas)
_LEVELS = (Level.FULL, Level.ROWS, Level.NAMES)
_ASIDE_LEVELS = (Level.FULL, Level.ROWS)


class Shown(Struct, frozen=True):
    """A part at a level; `size` is more than any room where it was not worth finishing."""

    part: Part
    level: Level
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
    parts = _make_parts(plan)
    longest_foot = _render_foot(short, [(part, Level.SOME) for part in parts])
    shown = _fit(parts, budget - size_of(head) - size_of(longest_foot))
    foot = _render_foot(short, [(one.part, one.level) for one in shown])
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
    return quoted if len(quoted) <= _LONGEST else sha256(quoted.encode()).hexdigest()


def _make_parts(plan: Plan) -> tuple[Part, ...]:
    """The parts of the report in its order."""
    shown = [
        change for change in plan.changes if change.action is not Action.NO_OP or change.verdict is not Verdict.ALLOWED
    ]
    relations = make_relations(plan)
    folds, singles = fold_alike(shown, relations.waiting)
    return (
        *make_findings(plan),
        *make_sections(relations, folds, singles, GRAVE),
        *make_feeds(plan),
        *make_sections(relations, folds, singles, HARMLESS),
        *make_formulas(plan),
    )


def _fit(parts: Iterable[Part], room: int) -> tuple[Shown, ...]:
    shown = {_topic(part): _show(part, Level.FULL, room) for part in parts}
    for topic, level in _SACRIFICES:
        if _find_room(shown.values(), room) >= 0:
            break
        if topic in shown:
            shown[topic] = _show(shown[topic].part, level, room)
    _give_back(shown, room)
    return tuple(shown.values())


def _give_back(shown: dict[Topic, Shown], room: int) -> None:
    """Use what room is left: for the names of grave changes first, then for more of each part.

    No section is shown fuller than a graver one, and nothing more is given where a grave name had no room.
    """
    for risk in GRAVE:
        if risk in shown and shown[risk].level is Level.COUNT:
            shown[risk] = _restore(shown[risk], _find_room(shown.values(), room), [Level.NAMES])
            if shown[risk].level is not Level.NAMES:
                return
    fullest = Level.FULL
    for topic in _GIVEN_BACK:
        if topic in shown and fullest in _LEVELS:
            is_section = isinstance(topic, Risk)
            levels = _LEVELS[_LEVELS.index(fullest) :] if is_section else _ASIDE_LEVELS
            shown[topic] = _restore(shown[topic], _find_room(shown.values(), room), levels)
            fullest = shown[topic].level if is_section else fullest


def _topic(part: Part) -> Topic:
    return part.risk if isinstance(part, Section) else type(part)


def _find_room(shown: Iterable[Shown], room: int) -> int:
    return room - sum(one.size for one in shown)


def _show(part: Part, level: Level, room: int) -> Shown:
    texts, size = [], 0
    for text in part.render(level):
        texts.append(text)
        size += size_of(text)
        if size > room:
            break
    return Shown(part, level, "".join(texts), size)


def _restore(shown: Shown, room: int, levels: Iterable[Level]) -> Shown:
    """`shown` at the first of `levels` that `room` has space for, beyond what it takes already."""
    for level in levels:
        if level is shown.level:
            return shown
        fuller = _show(shown.part, level, room + shown.size)
        if fuller.size <= room + shown.size:
            return fuller
    return _name_some(shown, shown.part, room) if isinstance(shown.part, Section) else shown


def _name_some(counted: Shown, section: Section, room: int) -> Shown:
    head, *names, end = section.render(Level.SOME)
    rest = f"\n- and {len(names)} more, not named here"
    left = room + counted.size - size_of(f"{head}{rest}{end}")
    kept = 0
    while kept < len(names) and size_of(names[kept]) <= left:
        left -= size_of(names[kept])
        kept += 1
    if not kept:
        return counted
    text = "".join([head, *names[:kept], f"\n- and {len(names) - kept} more, not named here", end])
    return Shown(section, Level.SOME, text, size_of(text))


def _list_head(plan: Plan) -> Iterator[str]:
    yield mark_comment(plan.environment, plan.folder)
    project = f", project {code(_shorten(plan.folder))}" if plan.folder else ""
    yield f"## EnergyCAP plan for {code(plan.environment)}{project}"
    yield f"**{prose(describe_plan(plan))}**"
    if plan.filter:
        yield prose(describe_filter(plan))


def _render_foot(plan: Plan, levels: Iterable[tuple[Part, Level]]) -> str:
    return "\n\n".join(_list_foot(plan, levels)) + "\n"


def _list_foot(plan: Plan, levels: Iterable[tuple[Part, Level]]) -> Iterator[str]:
    folded = [f"“{part.title}” {level.value}" for part, level in levels if level is not Level.FULL]
    if folded:
        yield f"Folded to fit: {'; '.join(folded)}. The text, HTML and JSON reports of this plan have all of it."
    legend = explain_words(plan)
    if legend:
        yield legend
    if plan.filter:
        yield prose(describe_filter(plan))
    commit = f" from commit {code(plan.commit)}" if plan.commit else ""
    commit += " + uncommitted changes" if plan.uncommitted else ""
    time = show_time(plan.created.removesuffix("Z"))
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
    return text if size_of(code(text)) <= _LONGEST else shorten(harmless(text), _LONGEST // 10)
