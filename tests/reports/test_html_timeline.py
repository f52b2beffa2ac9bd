"""The versions and readings of a channel over time."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import Change, Edit, History, Verdict, VersionSpan
from reconciler.reports.html_timeline import Timeline, TimelineBar, TimelineMark, describe_history, make_timeline
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


def test_bars_and_marks_stand_where_their_dates_are() -> None:
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
def test_a_sentence_says_what_is_known(history: History | None, story: str) -> None:
    assert describe_history(_change(history)) == story
