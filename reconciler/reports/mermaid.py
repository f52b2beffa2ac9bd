"""The formulas around what changes: as a Mermaid picture, and as a list that says the same."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.reports.consequences import format_label
from reconciler.reports.harmless import escape_text
from reconciler.reports.markdown import code, shorten
from reconciler.reports.wording import join_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reconciler.model.plan import ChannelLabel, FormulaLink

# GitLab hides pictures of more characters behind a button.
_MAX_PICTURE = 2_000
_MAX_LABEL = 40
_MERMAID_SPECIAL = re.compile(r"[^\w .-]")


def draw_links(links: Sequence[FormulaLink], marks: Mapping[int, str]) -> tuple[str, int]:
    """A flowchart of whose values go where, in under 2,000 characters, and how many links it shows.

    `marks` has a word for each channel that has a change, by its id. Links that come or go are drawn first, then those
    of marked channels, as long as there is room.
    """
    ordered = sorted(links, key=lambda link: (link.before == link.after, not _touches(link, marks)))
    lines, drawn = ["```mermaid", "flowchart LR"], 0
    known: dict[int, str] = {}
    room = _MAX_PICTURE - len("```mermaid\nflowchart LR\n```\n")
    for link in ordered:
        ends = {label.id: label for label in (link.used, link.user) if label.id not in known}
        names = known | {id_: f"n{len(known) + index}" for index, id_ in enumerate(ends)}
        added = [
            *(_draw_node(names[id_], label, marks.get(id_)) for id_, label in ends.items()),
            _draw_link(link, names),
        ]
        room -= sum(len(line) + 1 for line in added)
        if room < 0:
            break
        lines, known, drawn = lines + added, names, drawn + 1
    return "\n".join([*lines, "```\n"]), drawn


def list_formula_uses(links: Sequence[FormulaLink]) -> tuple[str, ...]:
    """A line for each channel with a formula: what it uses, newly uses, and would no longer use."""
    users: defaultdict[int, list[FormulaLink]] = defaultdict(list)
    for link in links:
        users[link.user.id].append(link)
    return tuple(f"- {code(format_label(uses[0].user))} {_describe_uses(uses)}\n" for uses in users.values())


def _describe_uses(links: Sequence[FormulaLink]) -> str:
    kinds = (
        ("uses", [link for link in links if link.before and link.after]),
        ("would use", [link for link in links if link.after and not link.before]),
        ("would no longer use", [link for link in links if link.before and not link.after]),
    )
    return ", and ".join(
        f"{verb} {join_words([code(format_label(link.used)) for link in uses])}" for verb, uses in kinds if uses
    )


def _touches(link: FormulaLink, marked: Collection[int]) -> bool:
    return link.user.id in marked or link.used.id in marked


def _draw_node(name: str, label: ChannelLabel, mark: str | None) -> str:
    text = shorten(escape_text(label.name or f"{label.id} {label.info}"), _MAX_LABEL)
    shown = _MERMAID_SPECIAL.sub(lambda match: f"#{ord(match.group())};", text)
    return f'{name}["{shown} ({mark})"]' if mark else f'{name}["{shown}"]'


def _draw_link(link: FormulaLink, names: dict[int, str]) -> str:
    used, user = names[link.used.id], names[link.user.id]
    if link.before == link.after:
        return f"{used} --> {user}"
    return f"{used} == new ==> {user}" if link.after else f"{used} -. dropped .-> {user}"
