"""Pictures and tables of formulas."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.plan import ChannelLabel, FormulaLink
from reconciler.reports.html_formulas import (
    BOX_HEIGHT,
    BOX_WIDTH,
    MAX_BOXES,
    FormulaRow,
    arrange_boxes,
    channel_title,
    draw_formulas,
)
from reconciler.reports.terminal import display_width
from tests.cases import note_case

pairs = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=20, unique=True)


def _link(used: int, user: int) -> FormulaLink:
    return FormulaLink(_label(user), _label(used), before=True, after=True)


def _label(id_: int) -> ChannelLabel:
    return ChannelLabel(id_, f"channel-{id_}", "")


def test_channels_that_do_not_hang_together_have_pictures_of_their_own() -> None:
    links = [_link(1, 2), _link(5, 6), _link(2, 3)]
    assert [picture.links for picture in draw_formulas(links)] == [(links[0], links[2]), (links[1],)]


def test_a_channel_is_right_of_all_that_its_formula_uses() -> None:
    corners = arrange_boxes([(1, 2), (2, 3), (1, 3)]).corners
    assert [corners[id_][0] for id_ in (1, 2, 3)] == [6, 302, 598]


def test_an_arrow_past_a_column_has_a_lane_there() -> None:
    assert arrange_boxes([(1, 2), (2, 3), (1, 3)]).curves == {
        (1, 2): "M214 41C258 41 258 29 302 29",
        (2, 3): "M510 29C554 29 554 33 598 33",
        (1, 3): "M214 41C258 41 258 72 302 72H510C554 72 554 48 598 48",
    }


def test_the_table_lists_those_with_formulas_first() -> None:
    link = _link(1, 2)
    assert draw_formulas([link])[0].rows == (FormulaRow(_label(2), (link,), ()), FormulaRow(_label(1), (), (link,)))


def test_a_thicket_is_not_drawn_but_is_in_the_table() -> None:
    (picture,) = draw_formulas([_link(1, user) for user in range(2, MAX_BOXES + 2)])
    assert picture.boxes == ()
    assert len(picture.rows) == MAX_BOXES + 1


def test_a_long_name_is_cut_to_its_box() -> None:
    long = ChannelLabel(1, "電" * 30, "")
    (picture,) = draw_formulas([FormulaLink(_label(2), long, before=True, after=True)])
    label = next(box.label for box in picture.boxes if box.channel == long)
    assert label == "電" * 12 + "…"
    assert display_width(label) == 25


def test_a_channel_is_named_as_well_as_can_be() -> None:
    names = [channel_title(ChannelLabel(7, *names)) for names in (("use", "Use"), (None, "Use"), (None, ""))]
    assert names == ["use", "Use", "channel 7"]


@given(pairs)
def test_boxes_never_overlap_and_all_is_in_the_picture(links: list[tuple[int, int]]) -> None:
    layout = arrange_boxes(links)
    note_case(reached=len(layout.corners) > 3)
    overlapping = [
        (one, other)
        for one, other in combinations(layout.corners.values(), 2)
        if abs(one[0] - other[0]) < BOX_WIDTH and abs(one[1] - other[1]) < BOX_HEIGHT
    ]
    assert overlapping == []
    assert set(layout.curves) == set(links)
    assert max(left for left, _ in layout.corners.values()) + BOX_WIDTH < layout.width
    assert max(top for _, top in layout.corners.values()) + BOX_HEIGHT < layout.height


@given(pairs)
def test_the_order_of_links_moves_no_box(links: list[tuple[int, int]]) -> None:
    note_case(reached=links != sorted(links))
    assert arrange_boxes(links) == arrange_boxes(sorted(links))
