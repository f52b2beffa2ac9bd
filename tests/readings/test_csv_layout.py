"""The layout of a CSV file."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.readings.csv_layout import CsvLayout, CsvOptions, detect_layout
from reconciler.readings.reading_rows import BrokenFile, DecimalMark
from reconciler.readings.times import make_time_parser

NAME = (
    "name the columns as the API names its properties, or say what they are with  --map HEADER=PROPERTY;  "
    "each row needs its channel, so add a column  channelImportId  if there is none"
)
SAY = "--map chanelId="


def find(head: str, **csv_options: Any) -> CsvLayout:
    return detect_layout(head, CsvOptions(**csv_options))


def test_columns_are_recognised_by_the_names_of_the_api_in_any_order_and_case() -> None:
    layout = find("Value, TIME ,site,meterImportId,unitcode,note,estimated\n1,2026-01-01T00:00,A,NB,KWH,,\n")

    assert layout == CsvLayout(
        delimiter=",",
        decimal=DecimalMark.DOT,
        header=("Value", "TIME ", "site", "meterImportId", "unitcode", "note", "estimated"),
        identifiers=(None, None, 3, None, 4, None),
        interval_unit_seconds=1,
        time=1,
        value=0,
        estimated=6,
        note=5,
        ignored=("site",),
        times=make_time_parser(),
        line=1,
        above=0,
        flag_columns=(),
        bad_flags=(),
        estimated_flags=(),
        evidence=None,
    )


def test_columns_may_have_the_names_of_the_esa_call() -> None:
    layout = find("time,value,esaChannelId,dataPointImportId,esaChannelIntervalMinutes\n")

    assert (layout.identifiers, layout.interval_unit_seconds) == ((2, None, 3, None, None, 4), 60)


def test_columns_may_be_mapped_ignored_and_marked() -> None:
    names = {"Zähler": "meterImportId", "Zeitpunkt": "time", "Wert": "value", "channel": ""}

    layout = find("Zähler;Zeitpunkt;Wert;channel;reconciler:error\n", names=names)

    assert (layout.identifiers[2], layout.time, layout.value, layout.ignored) == (0, 1, 2, ())


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        ("time,value,channelId\n", ","),
        ("time;value;channelId\n", ";"),
        ("time\tvalue\tchannelId\n", "\t"),
        ('time|"value"|channelId\n', "|"),
        ('"time";"value, raw";value;channelId\n', ";"),
    ],
)
def test_the_delimiter_is_the_one_with_most_known_headers(head: str, delimiter: str) -> None:
    assert find(head).delimiter == delimiter
    assert find(head, delimiter=delimiter).delimiter == delimiter


def test_the_decimal_mark_is_a_dot_unless_another_is_given() -> None:
    head = "channelId;time;value\n7;2026-01-01;1,5\n"

    assert find(head).decimal is DecimalMark.DOT
    assert find(head, decimal=DecimalMark.COMMA).decimal is DecimalMark.COMMA


@pytest.mark.parametrize(
    ("head", "message", "fix"),
    [
        ("\n", "the file has no header, found an empty line", ""),
        (
            "USE,2026-01-01T00:15,1\n",
            "the file has no header: its first line is a reading",
            "put a line with the names of the columns above it, such as  channelImportId,time,value",
        ),
        (
            "channelId,time;value\n",
            'no column for time and value, found "channelId", "time;value"',
            "separate all columns by the same sign: a comma, a semicolon, a tab or |",
        ),
        (
            "time,value,channelId,Units\n",
            'a column may say in which units values are, found "Units"',
            "give  --map Units=unitCode  if it has the units of the values, or  --map Units=  if it does not matter",
        ),
        (
            "a,b\n",
            'no column for time and value and channelId, channelImportId or meterImportId, found "a", "b"',
            NAME,
        ),
        (
            "time,value,unitCode\n",
            'no column for channelId, channelImportId or meterImportId, found "time", "value", "unitCode"',
            NAME,
        ),
        ("time,value,channelId,value\n", "2 columns for value", "leave one of them"),
        (
            "time,value,channelId,Energy Unit\n",
            'a column may say in which units values are, found "Energy Unit"',
            (
                "give  --map 'Energy Unit=unitCode'  if it has the units of the values, "
                "or  --map 'Energy Unit='  if it does not matter"
            ),
        ),
        (
            "Day,time,value,channelId\n",
            "2 columns for time",
            "write the whole time in one column,  or ignore one with  --map Day=",
        ),
        (
            "time,value,channelId,esaChannelId\n",
            "2 columns for channelId or esaChannelId",
            "leave one of them,  or ignore one with  --map channelId=",
        ),
        *(
            (
                f"channelId,date,{','.join(slots)}\n",
                f'{len(slots)} columns each hold readings, found "{slots[0]}", "{slots[1]}", "{slots[2]}" ...',
                "write one reading per row, under a header such as  channelImportId,time,value",
            )
            for slots in (
                [f"{hour:02}:00" for hour in range(24)],
                [f"{hour}:00 - {hour + 1}:00" for hour in range(24)],
                [f"HE{hour}" for hour in range(1, 25)],
                [f"Hour {hour}" for hour in range(1, 13)],
                [f"{hour}" for hour in range(1, 97)],
                [f"{hour:02}{minute}" for hour in range(24) for minute in ("00", "30")],
            )
        ),
        (
            "time,value,chanelId\n",
            'a column name is almost channelId, found "chanelId"',
            f"write  channelId,  or say what it is with  {SAY}PROPERTY,  or ignore it with  {SAY}",
        ),
    ],
)
def test_an_invalid_header_is_refused(head: str, message: str, fix: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        find(head, names={"Day": "time"} if "Day" in head else {})

    assert (caught.value.line, caught.value.row_error.message, caught.value.row_error.fix) == (1, message, fix)


def test_a_column_for_each_hour_is_refused() -> None:
    head = f"channelId,date,{','.join(f'{hour:02}:00' for hour in range(24))}\n"

    with pytest.raises(BrokenFile, match="23 columns each hold readings"):
        find(head, names={"date": "time", "00:00": "value"})


def test_a_few_columns_with_numbers_are_not_hours() -> None:
    assert find("channelId,time,value,H1,H2,H3,H4,H5,H6,H7,H8,H9,H10,H11\n").value == 2


def test_a_mapped_column_must_be_there() -> None:
    with pytest.raises(BrokenFile, match='no column "Zeit", which --map names'):
        find("time,value,channelId\n", names={"Zeit": "time"})


def test_odd_quotation_marks_at_the_beginning_are_left_to_the_reader() -> None:
    head = 'time,value,channelId\n2026-01-01T00:00,"' + "1,2" * 60_000

    assert find(head).decimal is DecimalMark.DOT


@pytest.mark.parametrize(
    ("text", "delimiter", "line", "above"),
    [
        ("sep=;\ntime;value;channelId\n", ";", 2, 0),
        ('"sep=\t"\r\ntime\tvalue\tchannelId\r\n', "\t", 2, 0),
        ("SEP=:\ntime:value:channelId\n", ":", 2, 0),
        ("sep=,\ntime\tvalue\tchannelId\n", "\t", 2, 0),
        ("\n \n\ntime,value,channelId\n", ",", 4, 0),
        ("Report of May\nSite,North; Hall\n\ntime;value;channelId\n", ";", 4, 2),
        ("sep=,\nReport of May\ntime,value,channelId\n", ",", 3, 1),
        ("a\rtime|value|channelId\r", "|", 2, 1),
    ],
    ids=[
        "semicolon",
        "tab",
        "any sign",
        "another sign",
        "blank lines",
        "lines about the file",
        "both",
        "carriage returns",
    ],
)
def test_the_header_may_be_below_other_lines(text: str, delimiter: str, line: int, above: int) -> None:
    layout = find(text)

    assert (layout.delimiter, layout.line, layout.above, layout.header) == (
        delimiter,
        line,
        above,
        ("time", "value", "channelId"),
    )


def test_an_error_in_a_later_header_has_its_line() -> None:
    with pytest.raises(BrokenFile) as caught:
        find("Report\n\ntime,value,value,channelId\n")

    assert (caught.value.line, caught.value.row_error.message) == (3, "2 columns for value")
