"""Where the boxes and arrows of a picture of formulas go: columns from what is used, on the left, to what uses it."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Who is used, and who uses it, by id.
Link: TypeAlias = tuple[int, int]
# A box is known by its id; the room that an arrow needs to pass a column, by the arrow's link and the column.
Slot: TypeAlias = int | tuple[Link, int]

BOX_WIDTH, BOX_HEIGHT = 208, 46
_LANE_HEIGHT = 8
_COLUMN_GAP, _ROW_GAP, _MARGIN = 88, 16, 6


class FormulaLayout(Struct, frozen=True):
    """The upper left corner of each box, the curve of each arrow as an SVG path, and the size of the whole."""

    corners: Mapping[int, tuple[int, int]]
    curves: Mapping[Link, str]
    width: int
    height: int


def arrange_boxes(links: Sequence[Link]) -> FormulaLayout:
    """A layout for `links`, each of which is given once; no arrow passes behind a box, but where there is a circle."""
    levels = _find_levels(links)
    paths = {link: _find_path(link, levels) for link in sorted(links)}
    columns = _order_columns(levels, paths.values())
    height = max(map(_column_height, columns))
    corners: dict[Slot, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        top = _MARGIN + (height - _column_height(column)) // 2
        for slot in column:
            corners[slot] = (_MARGIN + place * (BOX_WIDTH + _COLUMN_GAP), top)
            top += _slot_height(slot) + _ROW_GAP
    return FormulaLayout(
        {slot: corner for slot, corner in corners.items() if isinstance(slot, int)},
        _draw_curves(paths, corners),
        2 * _MARGIN + len(columns) * (BOX_WIDTH + _COLUMN_GAP) - _COLUMN_GAP,
        height + 2 * _MARGIN,
    )


def _find_levels(links: Iterable[Link]) -> Mapping[int, int]:
    """The column of each box: right of all that it uses, as far as there is no circle."""
    uses: dict[int, set[int]] = {}
    for used, user in links:
        uses.setdefault(used, set())
        uses.setdefault(user, set()).add(used)
    levels = dict.fromkeys(uses, 0)
    # Without a circle no way is longer than there are boxes, and the columns settle; a circle is stopped here.
    for _ in uses:
        levels = {id_: max((levels[used] + 1 for used in uses[id_]), default=0) for id_ in uses}
    columns = {level: column for column, level in enumerate(sorted(set(levels.values())))}
    return {id_: columns[level] for id_, level in levels.items()}


def _find_path(link: Link, levels: Mapping[int, int]) -> tuple[Slot, ...]:
    """The slots that the arrow of `link` goes through: its ends, and a lane in each column between them."""
    used, user = link
    lanes = ((link, level) for level in range(levels[used] + 1, levels[user]))
    return (used, *lanes, user)


def _order_columns(levels: Mapping[int, int], paths: Iterable[Sequence[Slot]]) -> Sequence[Sequence[Slot]]:
    """The slots of each column from top to bottom, near the mean of what leads to them, so that few arrows cross."""
    columns: list[list[Slot]] = [[] for _ in range(max(levels.values()) + 1)]
    for id_ in sorted(levels):
        columns[levels[id_]].append(id_)
    sources: dict[Slot, list[Slot]] = defaultdict(list)
    for path in paths:
        for one, other in pairwise(path):
            sources[other].append(one)
        for slot in path:
            if not isinstance(slot, int):
                columns[slot[1]].append(slot)
    rows: dict[Slot, float] = {}
    for column in columns:
        column.sort(key=lambda slot: _mean([rows[source] for source in sources[slot] if source in rows]))
        rows.update({slot: row / len(column) for row, slot in enumerate(column)})
    return columns


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


def _draw_curves(paths: Mapping[Link, Sequence[Slot]], corners: Mapping[Slot, tuple[int, int]]) -> Mapping[Link, str]:
    """The curves; the arrows that end at one box are spread over its side, in the order in which they come."""
    arrivals: dict[int, list[tuple[int, Link]]] = defaultdict(list)
    for link, path in paths.items():
        arrivals[link[1]].append((corners[path[-2]][1], link))
    curves = {}
    for user, coming in arrivals.items():
        left, top = corners[user]
        for place, (_, link) in enumerate(sorted(coming), 1):
            end = (left, top + BOX_HEIGHT * place // (len(coming) + 1))
            curves[link] = _draw_curve([(corners[slot], _slot_height(slot)) for slot in paths[link][:-1]], end)
    return curves


def _draw_curve(passed: Sequence[tuple[tuple[int, int], int]], end: tuple[int, int]) -> str:
    """A curve from the right of the first of `passed`, straight through the others, to `end`."""
    (left, top), height = passed[0]
    x, y = left + BOX_WIDTH, top + height // 2
    drawn = [f"M{x} {y}"]
    for (left, top), height in passed[1:]:
        y_lane = top + height // 2
        drawn.append(f"{_bend(x, y, left, y_lane)}H{left + BOX_WIDTH}")
        x, y = left + BOX_WIDTH, y_lane
    return "".join([*drawn, _bend(x, y, *end)])


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    pull = max(abs(to_x - x) // 2, _COLUMN_GAP // 2)
    return f"C{x + pull} {y} {to_x - pull} {to_y} {to_x} {to_y}"


def _column_height(column: Sequence[Slot]) -> int:
    return sum(_slot_height(slot) + _ROW_GAP for slot in column) - _ROW_GAP


def _slot_height(slot: Slot) -> int:
    return BOX_HEIGHT if isinstance(slot, int) else _LANE_HEIGHT
