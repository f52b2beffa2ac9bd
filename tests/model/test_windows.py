from __future__ import annotations

from datetime import datetime

import pytest

from reconciler.model.windows import ReadingWindow, parse_window


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("31d", ReadingWindow(days=31)),
        ("13m", ReadingWindow(months=13)),
        ("all", ReadingWindow()),
        ("none", None),
    ],
)
def test_a_window_is_days_months_all_or_none(text: str, window: ReadingWindow | None) -> None:
    assert parse_window(text) == window
    assert window is None or str(window) == text


@pytest.mark.parametrize("text", ["", "31", "0d", "31 d", "1y", "-3d", "999999d", "ALL"])
def test_anything_else_is_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(ValueError, match="as in 31d or 13m, or all or none; found"):
        parse_window(text)


@pytest.mark.parametrize(
    ("text", "end", "begin"),
    [
        ("31d", "2026-03-31T12:00:00", "2026-02-28T12:00:00"),
        ("1m", "2026-03-31T12:00:00", "2026-02-28T12:00:00"),
        ("13m", "2026-01-15T00:00:00", "2024-12-15T00:00:00"),
        ("99999m", "2026-01-15T00:00:00", "0001-01-01T00:00:00"),
        ("99999d", "0002-01-15T00:00:00", "0001-01-01T00:00:00"),
    ],
)
def test_a_window_ends_with_the_last_reading(text: str, end: str, begin: str) -> None:
    window = parse_window(text)

    assert window is not None
    assert window.find_begin(datetime.fromisoformat(end)) == datetime.fromisoformat(begin)


def test_a_window_of_all_readings_has_no_begin() -> None:
    assert ReadingWindow().find_begin(datetime(2026, 1, 1)) is None  # noqa: DTZ001 - local times have no zone
