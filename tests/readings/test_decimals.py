"""The decimal mark of a CSV file, from all of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.readings.files import recognise
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.layout import Evidence, Habits
from reconciler.readings.numerals import Decimal
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "channelImportId;time;value\n"
LONG = 3000


def rows(*values: str) -> str:
    return HEADER + "".join(
        f"USE;2026-01-{day:02}T{minute // 60:02}:{minute % 60:02};{value}\n"
        for place, value in enumerate(values)
        for day, minute in [(place // 1440 + 1, place % 1440)]
    )


def list_values(path: Path, decimal: Decimal) -> list[float]:
    file = recognise(path, Habits(decimal=decimal))
    return [row.reading.value for parcel in file.read_parcels() for row in parcel.rows if row.reading is not None]


@pytest.mark.parametrize(
    ("values", "decimal", "evidence"),
    [
        (["1", "2"], Decimal.DOT, None),
        ([], Decimal.DOT, None),
        (["1.5", "2"], Decimal.DOT, Evidence(2, "1.5")),
        (["987", "1,5"], Decimal.COMMA, Evidence(3, "1,5")),
        (["1,234", "1,5"], Decimal.COMMA, Evidence(3, "1,5")),
        (["1,234"] * LONG + ["2,5"], Decimal.COMMA, Evidence(LONG + 2, "2,5")),
        (["1.234"] * LONG + ["1,234.5"], Decimal.DOT, Evidence(LONG + 2, "1,234.5")),
        (["1,234"] * LONG + ["1,234,567"], Decimal.DOT, Evidence(LONG + 2, "1,234,567")),
        (["1,2,3", "n/a", "1.5"], Decimal.DOT, Evidence(4, "1.5")),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_one_value_that_can_be_read_in_one_way_only_decides_for_the_column(
    values: list[str], decimal: Decimal, evidence: Evidence | None, tmp_path: Path
) -> None:
    layout = recognise(write(tmp_path, rows(*values)), Habits()).layout

    assert layout is not None
    assert (layout.decimal, layout.evidence) == (decimal, evidence)


@pytest.mark.parametrize("length", [*range(1, 60, 7), LONG, LONG + 1, LONG + 2, LONG + 3])
@pytest.mark.parametrize(
    ("value", "point", "thousands"), [("1,234", "comma", "dot"), ("1.234", "dot", "comma")], ids=["comma", "dot"]
)
def test_values_that_may_be_thousands_are_asked_about_however_long_the_file(
    value: str, point: str, thousands: str, length: int, tmp_path: Path
) -> None:
    path = write(tmp_path, rows("987", *[value] * length))

    with pytest.raises(BrokenFile) as caught:
        recognise(path, Habits())

    assert (caught.value.line, caught.value.flaw.message) == (3, f'the values may be read in two ways, found "{value}"')
    assert caught.value.flaw.fix == (
        f"give the decimal mark: --decimal {point} where {value} has three decimal places, "
        f"--decimal {thousands} where it has thousands"
    )
    assert list_values(path, Decimal(point)) == [987, *[1.234] * length]
    assert list_values(path, Decimal(thousands)) == [987, *[1234] * length]


def test_values_that_contradict_each_other_stop_the_whole_file(tmp_path: Path) -> None:
    path = write(tmp_path, rows("1.5", "1,234", "2,5"))

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (caught.value.line, caught.value.flaw.message, caught.value.flaw.fix) == (
        4,
        'the values have decimal dots and decimal commas, found "2,5" and, in line 2, "1.5"',
        "write all values alike, or give the right mark with  --decimal dot  or  --decimal comma",
    )
    census, _ = count(path, decimal=Decimal.DOT)
    assert [(finding.code, finding.location and finding.location.line) for finding in census.findings] == [
        ("ESA612", 4)
    ]
