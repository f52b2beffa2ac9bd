"""Bad files of readings, each with the code and the line of the finding that it must give."""

from __future__ import annotations

import codecs

from msgspec import Struct

HEADER = "channelImportId,time,value,estimated\n"
SOUND = "USE,2026-01-01T00:15,1,\n"


class Bad(Struct, frozen=True):
    """A file that must give a finding of `code` in `line`."""

    name: str
    content: bytes
    code: str
    line: int = 1


def _whole(code: str, line: int, **contents: str | bytes) -> list[Bad]:
    encoded = ((name, text if isinstance(text, bytes) else text.encode()) for name, text in contents.items())
    return [Bad(name, content, code, line) for name, content in encoded]


def _row(code: str, **rows: str) -> list[Bad]:
    """Files with a valid row, and a bad one after it."""
    return [Bad(f"row_{name}", f"{HEADER}{SOUND}{row}\n{SOUND}".encode(), code, 3) for name, row in rows.items()]


def _value(**values: str) -> list[Bad]:
    return _row("ESA612", **{f"value_{name}": f'USE,2026-01-01T00:00,"{value}",' for name, value in values.items()})


def _time(**times: str) -> list[Bad]:
    return _row("ESA612", **{f"time_{name}": f'USE,"{time}",1,' for name, time in times.items()})


def _reading(code: str, **readings: str) -> list[Bad]:
    """Arrays with one reading, which is in line 2."""
    return [
        Bad(f"reading_{name}", f'[{{"channelId": 1, "readings": [\n{text}]}}]'.encode(), code, 2)
        for name, text in readings.items()
    ]


def _group(code: str, **groups: str) -> list[Bad]:
    return [Bad(f"group_{name}", f"[\n{text}]".encode(), code, 2) for name, text in groups.items()]


_GOOD = '{"time": "2026-01-01T00:00", "value": 1}'

CORPUS = [
    *_whole(
        "ESA611",
        1,
        empty=b"",
        blank=" \n\t\n",
        only_mark=codecs.BOM_UTF8,
        utf_16=(HEADER + SOUND).encode("utf-16"),
        utf_32=(HEADER + SOUND).encode("utf-32"),
        utf_16_without_mark=(HEADER + SOUND).encode("utf-16-le"),
        latin_1_header="channelImportId,time,value,zähler\n".encode("latin-1"),
        zero=b"\0",
        an_image=b"\x89PNG\r\n\x1a\n\0\0",
        a_spreadsheet=b"PK\x03\x04\x14\0",
        gzipped=b"\x1f\x8b\x08\0",
        html="<html><body>sign in</body></html>",
        yaml="channels:\n  a: 1\n",
        xml="<?xml version='1.0'?><readings/>",
        text="hello",
        number="7",
        a_json_text='"readings"',
        only_commas=",,,,\n",
        only_header=HEADER,
        no_time="channelId,value\n1,1\n",
        no_value="channelId,time\n1,2026-01-01T00:00\n",
        no_identifier="time,value,unitCode\n2026-01-01T00:00,1,KWH\n",
        two_times="channelId,time,value,time\n",
        two_kinds_of_id="channelId,esaChannelId,time,value\n",
        two_meters="meterImportId,dataPointImportId,time,value\n",
        misspelt="chanelImportId,time,value\n",
        escape_in_header="channelImportId,time,\x1b[31mvalue\x1b[0m\n",
        long_header="x" * 200_000 + "\n",
        many_columns="a," * 50_000 + "\n",
        open_quote_in_header='"channelId,time,value\n' + "x\n" * 90_000,
        line_too_long="x" * 1_200_000,
        open_array="[",
        closed_array="]",
        open_object="{",
        array_cut='[{"channelId": 1, "readings": [',
        array_of_nothing="[]",
        array_with_comma="[,]",
        array_then_more="[] []",
        array_without_comma="[1 2]",
        array_deep="[" * 100_000,
        objects_deep='[{"a":' * 50_000,
        lines_deep='{"a":' * 50_000,
        nan="[NaN]",
        infinity='[{"channelId": -Infinity}]',
        twice='[{"channelId": 1, "channelId": 2, "readings": []}]',
        open_text='[{"channelId": "',
        control_in_text='[{"channelImportId": "a\x01b", "readings": []}]',
        bad_escape='[{"channelImportId": "\\x", "readings": []}]',
        bad_literal="[nul]",
        single_quotes="[{'channelId': 1}]",
        comment="[ // readings\n]",
        pretty_object='{\n"channelId": 1,\n"readings": []\n}',
        lines_with_comma='{"channelId": 1, "readings": []},\n{"channelId": 2, "readings": []}',
    ),
    *_whole(
        "ESA611",
        2,
        may_be_thousands="channelId;time;value\n1;2026-01-01;1,234\n",
        latin_1_row="channelId,time,value,note\n1,2026-01-01T00:00,1,Zähler\n".encode("latin-1"),
        lone_surrogate_row=b"channelId,time,value,note\n1,2026-01-01T00:00,1,\xed\xa0\x80\n",
        overlong_row=b"channelId,time,value,note\n1,2026-01-01T00:00,1,\xc0\xaf\n",
        zero_in_row=b"channelId,time,value\n1,2026-01-01T00:00,\0\n",
        open_quote="channelId,time,value\n" + '"' + "x\n" * 100_000,
        row_too_long="channelId,time,value\n1,2026-01-01T00:00," + "1" * 1_200_000,
        second_line_no_json='{"channelId": 1, "readings": []}\nhello\n',
        line_cut='{"channelId": 1, "readings": []}\n{"channelId": 1, "rea',
    ),
    *_row(
        "ESA611",
        short="USE,2026-01-01T00:00,1",
        shorter="USE",
        long="USE,2026-01-01T00:00,1,,,",
        decimal_comma="USE,2026-01-01T00:00,1,5,",
        header_again=HEADER.strip(),
        total="Total,,1234,",
        other_delimiter="USE;2026-01-01;1;",
    ),
    *_value(
        none="",
        space=" ",
        text="x",
        nan="nan",
        signed_nan="-nan",
        infinity="inf",
        long_infinity="-Infinity",
        beyond="1e999",
        beyond_below="-1e999",
        many_digits="9" * 400,
        underscore="1_000",
        arabic="١٢",
        full_width="\uff11\uff12",
        superscript="1²",
        hexadecimal="0x10",
        thousands="1,23.5",
        two_dots="1.2.3",
        unit="1 kWh",
        percent="50%",
        currency="$1",
        formula="=1+1",
        escape="\x1b[31m1",
        minus="\u20131",
    ),
    *_time(
        none="",
        text="soon",
        american="01/30/2026 00:15",
        german="30.01.2026 00:15",
        words="1 Jan 2026",
        month_13="2026-13-01T00:00",
        february_30="2026-02-30T00:00",
        hour_24="2026-01-01T24:00",
        minute_60="2026-01-01T00:60",
        second_60="2026-01-01T00:00:60",
        epoch="1767225600",
        excel="46023.25",
        year_0="0000-01-01",
        hour_with_fraction="2026-01-01 00.15",
        hyphen="2026-01-01 05-00",
        basic="20260101T0015",
        milliseconds="1767225600000",
        year_5_digits="12026-01-01T00:00",
        negative="-2026-01-01T00:00",
        zone_name="2026-01-01T00:15 EST",
        offset_beyond="2026-01-01T00:15+25:00",
        escape="2026-01-01T00:00\x1b[31m",
        arabic="\u0662\u0660\u0662\u0666-01-01",
    ),
    *_row("ESA622", year_1700="USE,1700-01-01T00:00,1,", year_9999="USE,9999-12-31T23:59-12:00,1,"),
    *_row("ESA623", date_alone="USE,2026-01-01,1,"),
    *_row("ESA612", estimated="USE,2026-01-01T00:00,1,maybe", estimated_number="USE,2026-01-01T00:00,1,2"),
    *_row("ESA613", long_import_id=f"{'x' * 256},2026-01-01T00:00,1,"),
    *_row("ESA614", no_identifier=",2026-01-01T00:00,1,"),
    *_row(
        "ESA615",
        unknown="NOPE,2026-01-01T00:00,1,",
        wrong_case="use,2026-01-01T00:00,1,",
        newline='"U\nSE",2026-01-01T00:00,1,',
        escape="\x1b[31mUSE,2026-01-01T00:00,1,",
        override="\u202eESU,2026-01-01T00:00,1,",
        command="::error::x,2026-01-01T00:00,1,",
    ),
    *_row("ESA618", calculated="NET,2026-01-01T00:00,1,"),
    *_whole(
        "ESA613",
        2,
        id_text="channelId,time,value\nx,2026-01-01T00:00,1\n",
        id_decimal="channelId,time,value\n1.0,2026-01-01T00:00,1\n",
        id_negative="channelId,time,value\n-1,2026-01-01T00:00,1\n",
        id_zero="channelId,time,value\n0,2026-01-01T00:00,1\n",
        id_beyond="channelId,time,value\n2147483648,2026-01-01T00:00,1\n",
        id_thousand_digits=f"channelId,time,value\n{'9' * 1000},2026-01-01T00:00,1\n",
        interval_text="channelId,channelIntervalInSeconds,time,value\n1,15min,2026-01-01T00:00,1\n",
        code_too_long=f"channelId,unitCode,time,value\n1,{'x' * 17},2026-01-01T00:00,1\n",
    ),
    *_whole(
        "ESA616",
        2,
        several="meterImportId,time,value\nNB-ELEC-01,2026-01-01T00:00,1\n",
        twins="meterImportId,observationTypeCode,time,value\nTWINS,ELECUSE,2026-01-01T00:00,1\n",
    ),
    *_group(
        "ESA611",
        number="7",
        text='"x"',
        nothing="null",
        truth="true",
        list="[]",
        empty="{}",
        no_readings='{"channelId": 1}',
        readings_null='{"channelId": 1, "readings": null}',
        readings_object='{"channelId": 1, "readings": {}}',
        readings_text='{"channelId": 1, "readings": "x"}',
        misspelt='{"chanelId": 1, "readings": []}',
        unknown=f'{{"channelId": 1, "colour": 7, "readings": [{_GOOD}]}}',
        flat_with_more='{"channelId": 1, "time": "2026-01-01T00:00", "value": 1, "quality": "bad"}',
    ),
    *_group(
        "ESA613",
        id_text=f'{{"channelId": "x", "readings": [{_GOOD}]}}',
        id_float=f'{{"channelId": 1.5, "readings": [{_GOOD}]}}',
        id_whole_float=f'{{"channelId": 1.0, "readings": [{_GOOD}]}}',
        id_true=f'{{"channelId": true, "readings": [{_GOOD}]}}',
        id_list=f'{{"channelId": [1], "readings": [{_GOOD}]}}',
        id_object=f'{{"channelId": {{}}, "readings": [{_GOOD}]}}',
        id_beyond=f'{{"channelId": 99999999999, "readings": [{_GOOD}]}}',
        id_thousand_digits=f'{{"channelId": {"9" * 1000}, "readings": [{_GOOD}]}}',
        import_id_number=f'{{"channelImportId": 7, "readings": [{_GOOD}]}}',
        import_id_long=f'{{"channelImportId": "{"x" * 256}", "readings": [{_GOOD}]}}',
        two_kinds=f'{{"channelId": 1, "esaChannelId": 1, "readings": [{_GOOD}]}}',
    ),
    *_group("ESA615", surrogate=f'{{"channelImportId": "\\ud800", "readings": [{_GOOD}]}}'),
    *_reading(
        "ESA612",
        number="7",
        nothing="null",
        list="[]",
        empty="{}",
        no_value='{"time": "2026-01-01T00:00"}',
        no_time='{"value": 1}',
        value_text='{"time": "2026-01-01T00:00", "value": "1"}',
        value_true='{"time": "2026-01-01T00:00", "value": true}',
        value_beyond='{"time": "2026-01-01T00:00", "value": 1e999}',
        value_digits=f'{{"time": "2026-01-01T00:00", "value": {"9" * 5000}}}',
        value_object='{"time": "2026-01-01T00:00", "value": {}}',
        time_number='{"time": 20260101, "value": 1}',
        time_surrogate='{"time": "\\udfff", "value": 1}',
        estimated_text='{"time": "2026-01-01T00:00", "value": 1, "estimated": "no"}',
        estimated_number='{"time": "2026-01-01T00:00", "value": 1, "estimated": 0}',
        note_number='{"time": "2026-01-01T00:00", "value": 1, "note": 7}',
    ),
    *_reading("ESA611", unknown='{"time": "2026-01-01T00:00", "value": 1, "colour": 7}'),
]
