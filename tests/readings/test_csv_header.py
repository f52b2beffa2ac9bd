"""The header of a CSV file, and columns that may flag readings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.readings.csv_header import find_factor, find_unit, is_flag
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.readings_file import open_readings_file
from tests.readings.bench import count, tell, write

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


HEADER = "channelImportId,time,status,lowalarm,site,value\n"
TIMES = [f"2026-01-01T{hour:02}:00" for hour in range(24)]


def test_values_of_an_unused_flag_column_are_reported(tmp_path: Path) -> None:
    errors = ["0", "139", "", "160", " 0x00 ", "139"]
    rows = "".join(f"USE,{time},{error},0,A,1\n" for time, error in zip(TIMES, errors, strict=False))

    check, _ = count(write(tmp_path, HEADER + rows))

    assert tell(check.findings) == [
        '1 ESA632 column "status" is not used, but says something about 3 readings: "139" (2), "160" (1)'
    ]
    assert check.findings[0].fix == (
        "give its meaning with  --bad status=VALUES  or  --estimated status=VALUES;  "
        "give  --map status=  if it does not matter"
    )
    assert check.is_valid


def test_a_row_with_another_error_counts_too(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, HEADER + "USE,soon,139,0,A,1\nUSE\n"))

    assert [finding.code for finding in check.findings] == ["ESA632", "ESA612", "ESA611"]


def test_a_column_that_the_user_ignores_is_not_reported(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + f"USE,{TIMES[0]},139,0,A,1\n")

    check, _ = count(path, names={"status": ""})

    assert check.findings == ()


def test_the_reason_column_of_a_rejects_file_is_not_reported(tmp_path: Path) -> None:
    text = f"channelImportId,time,value,reconciler:error\nUSE,{TIMES[0]},1,not taken\n"

    check, _ = count(write(tmp_path, text))

    assert check.findings == ()


def test_the_most_frequent_values_are_shown(tmp_path: Path) -> None:
    rows = "".join(f"USE,{time},{place // 2},0,A,1\n" for place, time in enumerate(TIMES))

    check, _ = count(write(tmp_path, HEADER + rows))

    (said,) = tell(check.findings)
    assert said.removeprefix('1 ESA632 column "status" is not used, but says something about ') == (
        '22 readings: "1" (2), "2" (2), "3" (2), "4" (2), "5" (2), and 6 more values'
    )


def test_a_column_without_a_name_is_reported_if_it_has_values(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, f"channelImportId,time,value,,\nUSE,{TIMES[0]},1,,E\n"))

    assert tell(check.findings) == [
        '1 ESA632 column 5, which has no name, is not used, but says something about 1 reading: "E" (1)'
    ]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("error", True),
        ("Error Code", True),
        ("lowalarm", True),
        ("High Alarm", True),
        ("dataQuality", True),
        ("QC_flag", True),
        ("Status", True),
        ("isEstimated", True),
        ("read_type", True),
        ("", True),
        *(
            (header, True)
            for header in (
                "Errors",
                "Zustand",
                "Statut",
                "Qualit\xe4t",
                "qualit\xe9",
                "DQ",
                "Ersatzwert",
                "G\xfcltigkeit",
            )
        ),
        *(
            (header, True)
            for header in ("Plausibilit\xe4t", "anomaly_score", "Outlier", "offline", "Comment", "Bemerkung")
        ),
        ("site", False),
        ("Temperature", False),
        ("kWh (kWh)", False),
        ("terror", False),
    ],
)
def test_a_flag_column_is_recognised_by_its_name(header: str, expected: bool) -> None:
    assert is_flag(header) is expected


BAD = "channelImportId,time,error,value\n"


@pytest.mark.parametrize("error", ["139", "0x02", "timeout", "-1"])
def test_a_reading_that_the_file_calls_bad_is_an_error(error: str, tmp_path: Path) -> None:
    path = write(tmp_path, BAD + f"USE,{TIMES[0]},0,1\nUSE,{TIMES[1]},{error},0\nUSE,{TIMES[2]},,1\n")

    check, _ = count(path)

    assert tell(check.findings) == [f'3 ESA633 the file says that this reading is bad: error is "{error}"']
    assert (check.readings, check.invalid) == (3, 1)
    assert check.findings[0].fix == (
        "leave such rows out with  --skip-bad;  give  --bad error=VALUES  if only some values are bad, "
        "or  --map error=  if none is"
    )
    assert count(path, names={"error": ""})[0].is_valid
    assert count(path, bad={"error": frozenset({"7"})})[0].is_valid
    assert not count(path, bad={"Error ": frozenset({"7", error.casefold()})})[0].is_valid


@pytest.mark.parametrize("error", ["0", "ok", "{ok}", "none", "no error", "N", "nan", "NULL", ""])
def test_an_empty_error_column_is_fine(error: str, tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, BAD + f"USE,{TIMES[0]},{error},1\n"))

    assert check.findings == ()


@pytest.mark.parametrize(
    ("header", "no"), [("valid", "0"), ("is_good", "False"), ("G\xfcltig", "nein"), ("plausibel", "N")]
)
def test_a_reading_that_the_file_does_not_call_good_is_an_error(header: str, no: str, tmp_path: Path) -> None:
    text = f"channelImportId,time,{header},value\nUSE,{TIMES[0]},1,1\nUSE,{TIMES[1]},{no},1\nUSE,{TIMES[2]},TRUE,1\n"

    check, _ = count(write(tmp_path, text))

    assert tell(check.findings) == [f'3 ESA633 the file says that this reading is bad: {header} is "{no}"']
    assert count(write(tmp_path, text), names={header: ""})[0].findings == ()


def test_unknown_values_of_a_column_for_good_readings_are_reported(tmp_path: Path) -> None:
    text = f"channelImportId,time,valid,value\nUSE,{TIMES[0]},V,1\nUSE,{TIMES[1]},1,1\n"

    check, _ = count(write(tmp_path, text))

    assert tell(check.findings) == ['1 ESA632 column "valid" is not used, but says something about 1 reading: "V" (1)']


@pytest.mark.parametrize(
    "header", ["Multiplier", "CT Ratio", "CTR", "Meter Multiplier", "scale_factor", "Wandlerfaktor"]
)
def test_an_unused_factor_column_is_reported(header: str, tmp_path: Path) -> None:
    text = f"channelImportId,time,value,{header}\nUSE,{TIMES[0]},1,40\nUSE,{TIMES[1]},1,1.0\n"

    (finding,) = count(write(tmp_path, text))[0].findings

    assert finding.message == f'column "{header}" is not used, but says something about 1 reading: "40" (1)'
    assert finding.fix.startswith("multiply the values, or give  --map ")
    assert count(write(tmp_path, text.replace("40", "1")))[0].findings == ()


@pytest.mark.parametrize("header", ["Direction", "flow_direction", "Sign", "Energierichtung"])
def test_an_unused_direction_column_is_reported(header: str, tmp_path: Path) -> None:
    text = f"channelImportId,time,value,{header}\nUSE,{TIMES[0]},1,export\n"

    assert [finding.code for finding in count(write(tmp_path, text))[0].findings] == ["ESA632"]


def test_a_comment_may_be_the_note(tmp_path: Path) -> None:
    text = f"channelImportId,time,value,Comment\nUSE,{TIMES[0]},1,meter changed\n"

    (finding,) = count(write(tmp_path, text))[0].findings

    assert finding.fix == "give  --map Comment=note  to send it as a note, or  --map Comment=  if it does not matter"
    assert count(write(tmp_path, text), names={"Comment": "note"})[0].findings == ()


@pytest.mark.parametrize(("first", "header"), [(0, ""), (1, ""), (1, "#")])
def test_a_column_with_row_numbers_is_not_reported(first: int, header: str, tmp_path: Path) -> None:
    rows = "".join(f"{place + first},USE,{time},1\n" for place, time in enumerate(TIMES))

    assert count(write(tmp_path, f"{header},channelImportId,time,value\n{rows}"))[0].findings == ()
    assert count(write(tmp_path, f"{header},channelImportId,time,value\n7,USE,{TIMES[0]},1\n"))[0].findings != ()


def test_the_user_can_give_the_values_that_mean_estimated(tmp_path: Path) -> None:
    path = write(tmp_path, f"channelImportId,time,value,estimated\nUSE,{TIMES[0]},1,A\nUSE,{TIMES[1]},1,E\n")

    (finding, _) = count(path)[0].findings
    assert (finding.message, finding.fix) == (
        'estimated must be true or false, found "A"',
        "write true or false, or say which values mean estimated with  --estimated HEADER=VALUES",
    )
    file = open_readings_file(path, CsvOptions(estimated={"estimated": frozenset({"e"})}))
    flags = [row.reading and row.reading.estimated for group in file.read_groups() for row in group.rows]
    assert flags == [False, True]


def test_values_of_another_column_can_mark_a_reading_as_estimated(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + f"USE,{TIMES[0]},A,0,x,1\nUSE,{TIMES[1]}, e ,0,x,1\n")
    values = {"Status": frozenset({"e", "s"})}

    file = open_readings_file(path, CsvOptions(estimated=values))
    check, _ = count(path, estimated=values)

    flags = [row.reading and row.reading.estimated for group in file.read_groups() for row in group.rows]
    assert (flags, check.findings, check.is_valid) == ([False, True], (), True)


@pytest.mark.parametrize(("option", "habit"), [("--bad", "bad"), ("--estimated", "estimated")])
def test_an_option_for_a_missing_column_is_refused(option: str, habit: str, tmp_path: Path) -> None:
    csv_options: dict[str, Any] = {habit: {"quality": frozenset({"e"})}}

    with pytest.raises(BrokenFile, match=f'no column "quality", which {option} names'):
        open_readings_file(write(tmp_path, HEADER), CsvOptions(**csv_options))
