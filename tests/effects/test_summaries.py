from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.effects.summaries import find_interval_end, find_kind, summarize
from reconciler.model.effects import EffectKind


# Source: https://helpcenter.energycap.com/um/sa/types_of_readings, "Example of different types of readings".
def test_the_worked_example_of_the_help_center_comes_out() -> None:
    values = {
        "2025-08-14T11:59:00": 2,
        "2025-08-14T12:04:00": 1,
        "2025-08-14T12:09:00": 1,
        "2025-08-14T12:14:00": 1,
        "2025-08-14T12:19:00": 1,
        "2025-08-14T12:24:00": 1,
    }

    assert summarize(((time, Decimal(value)) for time, value in values.items()), 5, EffectKind.TOTAL) == {
        "2025-08-14T12:00:00": 2,
        "2025-08-14T12:05:00": 1,
        "2025-08-14T12:10:00": 1,
        "2025-08-14T12:15:00": 1,
        "2025-08-14T12:20:00": 1,
        "2025-08-14T12:25:00": 1,
    }


@pytest.mark.parametrize(
    ("time", "minutes", "end"),
    [
        ("2026-03-04T12:25:00", 5, "2026-03-04T12:25:00"),
        ("2026-03-04T12:25:01", 5, "2026-03-04T12:30:00"),
        ("2026-03-04T23:46:00", 15, "2026-03-05T00:00:00"),
        ("2026-03-04T00:00:00", 1440, "2026-03-04T00:00:00"),
        ("2026-03-04T00:15:00", 1440, "2026-03-05T00:00:00"),
        ("2026-03-04T00:15:00", 10080, "2026-03-09T00:00:00"),
        ("2026-03-09T00:00:00", 10080, "2026-03-09T00:00:00"),
        ("2026-12-04T00:15:00", 43200, "2027-01-01T00:00:00"),
        ("2026-12-01T00:00:00", 43200, "2026-12-01T00:00:00"),
    ],
)
def test_an_interval_includes_its_end_on_the_clock(time: str, minutes: int, end: str) -> None:
    assert find_interval_end(time, minutes) == end


@pytest.mark.parametrize(
    ("kind", "figure"),
    [(EffectKind.TOTAL, 10), (EffectKind.PEAK, 6), (EffectKind.MINIMUM, 1), (EffectKind.MEAN, "3.3333333333333335")],
)
@pytest.mark.parametrize("number", [Decimal, float], ids=["decimals", "floats"])
def test_each_method_makes_its_figure_of_an_interval(
    kind: EffectKind, figure: float | str, number: type[Decimal] | type[float]
) -> None:
    values = [(f"2026-03-04T00:0{index}:00", number(value)) for index, value in enumerate((1, 3, 6), 1)]

    (found,) = summarize(values, 15, kind).values()

    assert float(found) == float(figure)


@pytest.mark.parametrize(
    ("method", "kind"), [("Sum", EffectKind.TOTAL), ("MAX", EffectKind.PEAK), ("Weighted", None), (None, None)]
)
def test_the_method_is_known_by_its_name(method: str | None, kind: EffectKind | None) -> None:
    assert find_kind(method) is kind
