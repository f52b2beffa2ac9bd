"""The header of a CSV file."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from reconciler.readings.csv_header import find_factor, find_unit
from reconciler.readings.reading_rows import BrokenFile
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("kWh (kWh)", "kWh"),
        ("Energy [MWh]", "MWh"),
        ("Value (Wh)", "Wh"),
        ("value_kwh", "kwh"),
        ("Usage kWh", "kWh"),
        ("m\xb3", "m\xb3"),
        ("Flow (m3) [total]", "m3"),
        ("value", None),
        ("Value (raw)", None),
        ("Phase A", None),
        ("g", None),
        ("Usage (l)", "l"),
        ("E/kWh", "kWh"),
        ("A/C", None),
        ("value cal", None),
        ("Energy kcal", "kcal"),
        ("Energie / MWh", "MWh"),
        ("kWh/m2", None),
        ("Leistung kWh/h", "kWh/h"),
        ("valueMWh", "MWh"),
        ("EnergykWh", "kWh"),
        ("totalkwh", "kwh"),
        ("growth", None),
        ("Cost ($)", "$"),
    ],
)
def test_a_header_may_name_the_unit(header: str, unit: str | None) -> None:
    assert find_unit(header) == unit


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("kWh (x1000)", "x1000"),
        ("kWh \xd7 1 000", "\xd7 1 000"),
        ("kWh*10", "*10"),
        ("kWh x 10^3", "x 10^3"),
        ("kWh in thousands", "thousands"),
        ("kWh (000s)", "000s"),
        ("kWh ('000)", "'000"),
        ("Max 10 min", ""),
        ("kWh", ""),
        ("kWh_0001000", ""),
        ("Usage (x10min)", ""),
    ],
)
def test_a_header_may_name_a_factor(header: str, factor: str) -> None:
    assert find_factor(header) == factor


def test_a_factor_in_the_header_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "channelImportId,time,kWh (x1000)\nUSE,2026-01-01T00:00,1\n")

    with pytest.raises(BrokenFile) as caught:
        count(path, names={"kWh (x1000)": "value"})

    assert (caught.value.line, caught.value.row_error.message, caught.value.row_error.fix) == (
        1,
        'the header of the values has the factor "x1000", which is not applied, found "kWh (x1000)"',
        "multiply the values, and remove the factor from the header",
    )


@pytest.mark.parametrize(
    "header", ["unit", "Unit of Measure", "EngUnits", "Energy Unit", "UOM code", "Einheit", "unit\xe9"]
)
def test_an_unused_column_of_units_is_refused(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"channelImportId,time,value,{header}\nUSE,2026-01-01T00:00,1,Wh\n")

    with pytest.raises(BrokenFile, match="a column may say in which units values are") as caught:
        count(path)

    assert caught.value.row_error.fix.startswith(f"give  --map {shlex.quote(f'{header}=unitCode')}  if")
    assert [finding.code for finding in count(path, names={header: "unitCode"})[0].findings] == ["ESA630"]
    assert count(path, names={header: ""})[0].is_valid


@pytest.mark.parametrize("header", ["_measurement", "Unit ID", "Unit number", "Community"])
def test_a_column_of_something_else_is_accepted(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"channelImportId,time,value,{header}\nUSE,2026-01-01T00:00,1,x\n")

    assert count(path)[0].findings == ()
