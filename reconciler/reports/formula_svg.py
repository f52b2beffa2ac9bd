"""Who uses whom in formulas, as pictures of boxes and arrows and as tables that say the same."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.masking import KEYS
from reconciler.reports.excerpt import display_width
from reconciler.reports.formula_layout import arrange_boxes
from reconciler.reports.harmless import escape_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.plan import ChannelLabel, FormulaLink

# More boxes than these are a thicket; the table says the same.
MAX_BOXES = 40
# Characters of a label that fit into a box.
_MAX_LABEL = 25


class Box(Struct, frozen=True):
    """A channel in the picture: its upper left corner, and its name as far as it fits."""

    channel: ChannelLabel
    label: str
    left: int
    top: int


class Arrow(Struct, frozen=True):
    """A link in the picture, as an SVG path from the used channel to its user."""

    link: FormulaLink
    path: str


class FormulaRow(Struct, frozen=True):
    """A channel in the table: the links to what its formula uses, and to those whose formulas use it."""

    channel: ChannelLabel
    uses: tuple[FormulaLink, ...]
    users: tuple[FormulaLink, ...]


class FormulaPicture(Struct, frozen=True):
    """Channels that hang together by formulas. Without boxes, where they are too many to be drawn."""

    links: tuple[FormulaLink, ...]
    rows: tuple[FormulaRow, ...]
    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    width: int = 0
    height: int = 0


def draw_formulas(links: Sequence[FormulaLink]) -> tuple[FormulaPicture, ...]:
    """A picture for each group of channels that hang together, the smallest id first."""
    return tuple(_draw(group) for group in _split_groups(links))


def channel_title(channel: ChannelLabel) -> str:
    """The channel's name in the files, else its name in EnergyCAP, else its id."""
    return channel.name or channel.info or f"channel {channel.id}"


def _draw(links: tuple[FormulaLink, ...]) -> FormulaPicture:
    channels = {channel.id: channel for link in links for channel in (link.used, link.user)}
    rows = _list_rows(channels, links)
    if len(channels) > MAX_BOXES:
        return FormulaPicture(links, rows)
    layout = arrange_boxes([(link.used.id, link.user.id) for link in links])
    return FormulaPicture(
        links,
        rows,
        tuple(
            Box(channels[id_], _fit(channel_title(channels[id_])), *corner) for id_, corner in layout.corners.items()
        ),
        tuple(Arrow(link, layout.curves[link.used.id, link.user.id]) for link in links),
        layout.width,
        layout.height,
    )


def _list_rows(channels: Mapping[int, ChannelLabel], links: Sequence[FormulaLink]) -> tuple[FormulaRow, ...]:
    """A row for each channel, those whose formulas use others first."""
    uses: dict[int, list[FormulaLink]] = {id_: [] for id_ in channels}
    users: dict[int, list[FormulaLink]] = {id_: [] for id_ in channels}
    for link in links:
        uses[link.user.id].append(link)
        users[link.used.id].append(link)
    ids = sorted(channels, key=lambda id_: (not uses[id_], id_))
    return tuple(FormulaRow(channels[id_], tuple(uses[id_]), tuple(users[id_])) for id_ in ids)


def _split_groups(links: Sequence[FormulaLink]) -> list[tuple[FormulaLink, ...]]:
    """The links of each group of channels that hang together, in the order given."""
    leaders: dict[int, int] = {}
    for link in links:
        one, other = sorted((_find_root(leaders, link.used.id), _find_root(leaders, link.user.id)))
        leaders[other] = one
    groups: dict[int, list[FormulaLink]] = defaultdict(list)
    for link in links:
        groups[_find_root(leaders, link.used.id)].append(link)
    return [tuple(groups[id_]) for id_ in sorted(groups)]


def _find_root(leaders: dict[int, int], id_: int) -> int:
    """The smallest id of the group of `id_`; the way there is shortened as it is walked."""
    while leaders.setdefault(id_, id_) != id_:
        leaders[id_] = leaders[leaders[id_]]
        id_ = leaders[id_]
    return id_


def _fit(name: str) -> str:
    """`name` as far as it fits into a box; the whole of it stands in the table, and in the box's title."""
    text = escape_text(KEYS.hide(name))
    if display_width(text) <= _MAX_LABEL:
        return text
    widths = accumulate(map(display_width, text))
    return f"{text[: sum(width < _MAX_LABEL for width in widths)]}…"
