"""The pictures of the page: a channel over time, and which formulas use which channels."""

from __future__ import annotations

from datetime import datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import (
    Change,
    ChannelLabel,
    Edit,
    FormulaLink,
    History,
    Verdict,
    VersionAction,
    VersionChange,
    VersionSpan,
)
from reconciler.reports.html_pictures import (
    BOX_HEIGHT,
    BOX_WIDTH,
    MAX_BOXES,
    FormulaRow,
    Timeline,
    TimelineBar,
    TimelineMark,
    arrange_boxes,
    channel_title,
    describe_history,
    draw_formulas,
    make_timeline,
)
from reconciler.reports.terminal import display_width
from tests.cases import mostly, note_case
from tests.reports.plans import REIDENTIFY, RENAME, RESCALE, make_change

BEGIN = "esaChannelVersion.beginDate"
TWO = (VersionSpan(1, None, "2024-01-01T00:00:00"), VersionSpan(2, "2024-01-01T00:00:00", None))
_SPAN = datetime(1990, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 - local times
moments = st.datetimes(*_SPAN).map(datetime.isoformat)
times = mostly(moments, st.none(), st.datetimes().map(datetime.isoformat), st.sampled_from(["", "soon"]))
spans = st.builds(VersionSpan, st.just(1), times, times)


def _change(history: History | None, *edits: Edit) -> Change:
    return replace(make_change("a", *edits or (RESCALE,)), history=history)


def test_bars_and_marks_are_placed_at_their_dates() -> None:
    history = History(TWO, has_readings=True, first_reading="2022-01-01T00:00:00", last_reading="2025-12-31T00:00:00")
    moved = Edit(BEGIN, "2024-01-01T00:00:00", "2024-07-01T00:00:00", Impact.HISTORY)
    assert make_timeline(_change(history, moved), "2026-01-01T00:00:00Z") == Timeline(
        versions=(
            TimelineBar(0.0, 49.97, "1", "up to 2024-01-01"),
            TimelineBar(49.97, 50.03, "2", "2024-01-01 on", is_current=True),
        ),
        readings=TimelineBar(5.36, 89.22, "readings", "2022-01-01 to 2025-12-31"),
        years=(
            TimelineMark(5.36, "2022"),
            TimelineMark(27.66, "2023"),
            TimelineMark(49.97, "2024"),
            TimelineMark(72.34, "2025"),
            TimelineMark(94.64, "2026"),
        ),
        planned=TimelineMark(94.64, "2026-01-01"),
        new_begin=TimelineMark(61.09, "2024-07-01"),
    )


@pytest.mark.parametrize("history", [None, History(()), History(TWO[1:])], ids=["unknown", "none", "one"])
def test_without_several_versions_there_is_nothing_to_draw(history: History | None) -> None:
    assert make_timeline(_change(history), "2026-01-01T00:00:00Z") is None


def test_what_touches_no_version_and_no_stored_value_needs_no_drawing() -> None:
    change = _change(History(TWO), RENAME, REIDENTIFY)
    assert make_timeline(change, "2026-01-01T00:00:00Z") is None
    assert make_timeline(replace(change, verdict=Verdict.BLOCKED), "2026-01-01T00:00:00Z") is not None


def test_a_last_day_far_off_does_not_squeeze_the_past() -> None:
    never = (TWO[0], replace(TWO[1], end_date="2099-12-31T00:00:00"))
    made = make_timeline(_change(History(never)), "2026-01-01T00:00:00Z")
    assert made is not None
    assert [mark.label for mark in made.years] == ["2024", "2025", "2026"]
    assert made.versions[1].span == "2024-01-01 to 2099-12-31"


@given(st.lists(spans, min_size=2, max_size=4), times, times, times)
def test_whatever_the_service_says_nothing_is_drawn_beside_the_axis(
    versions: list[VersionSpan], first: str | None, last: str | None, created: str | None
) -> None:
    history = History(tuple(versions), first_reading=first, last_reading=last)
    made = make_timeline(_change(history), created or "")
    assert made is not None
    bars = [*made.versions, *filter(None, [made.readings])]
    note_case(reached=made.readings or made.planned)
    assert [bar for bar in bars if not 0 <= bar.left <= bar.left + bar.width <= 100.01] == []
    assert [mark for mark in (*made.years, made.planned) if mark and not 0 <= mark.left <= 100] == []


@pytest.mark.parametrize(
    ("history", "story"),
    [
        (None, ""),
        (History(TWO[1:]), "One version. Whether it has readings is not known."),
        (History(TWO, has_readings=False), "2 versions; edits go to the current one. No readings yet."),
        (History(TWO[1:], has_readings=True), "One version. It has readings."),
        (
            History(
                TWO[1:], has_readings=True, first_reading="2022-05-01T00:15:00", last_reading="2026-10-31T00:00:00"
            ),
            "One version. Readings from 2022-05-01 00:15 to 2026-10-31.",
        ),
    ],
    ids=["unknown", "readings unknown", "no readings", "readings at unknown times", "readings"],
)
def test_a_sentence_says_what_is_known_of_the_history(history: History | None, story: str) -> None:
    assert describe_history(_change(history)) == story


def test_an_edit_of_an_earlier_version_does_not_go_to_the_current_one() -> None:
    edited = VersionChange(VersionAction.UPDATE, "", 1, "2024-01-01T00:00:00", {}, {}, {}, {}, {})
    change = replace(_change(History(TWO, has_readings=False)), versions=(edited,))

    assert describe_history(change) == "2 versions. No readings yet."


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
