"""JSON files of readings: groups, and single readings in lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.readings.cells import Reading
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.json_rows import read_array, read_lines
from reconciler.readings.layout import ERROR
from reconciler.readings.rows import Parcel, Row
from reconciler.readings.source import look_at
from reconciler.readings.times import make_times
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path

READING = {"time": "2026-01-01T00:15", "value": 1.5, "estimated": True, "note": "by hand"}
GROUP = {"meterImportId": "NB", "channelIntervalInSeconds": 900, "readings": [READING]}
KEY = (None, None, "NB", None, None, 900, 1)
READ = Reading("2026-01-01T00:15:00", 1.5, estimated=True, note="by hand")


def array(folder: Path, *groups: Any, indent: int | None = None) -> list[Parcel]:
    parcels = read_array(look_at(write(folder, json.dumps(list(groups), indent=indent))), make_times())
    return [replace(parcel, own="") for parcel in parcels]


def lines(folder: Path, *values: Any) -> list[Parcel]:
    parcels = read_lines(look_at(write(folder, "\n".join(map(json.dumps, values)) + "\n\n")), make_times())
    return [replace(parcel, own="") for parcel in parcels]


def test_a_group_has_its_number_its_line_and_its_readings(tmp_path: Path) -> None:
    assert array(tmp_path, GROUP, {**GROUP, "readings": []}) == [
        Parcel(1, KEY, [Row(1, READ, (), READING)], number=0, written=GROUP),
        Parcel(1, KEY, [], number=1, written={**GROUP, "readings": []}),
    ]


def test_lines_hold_groups_or_single_readings(tmp_path: Path) -> None:
    flat = {"esaChannelId": 7, "esaChannelIntervalMinutes": 15, "time": "2026-01-01Z", "value": 2}

    assert lines(tmp_path, GROUP, {**READING, "meterImportId": "NB"}, GROUP) == [
        Parcel(1, KEY, [Row(1, READ, (), READING)], number=0, written=GROUP),
        Parcel(
            2,
            (None, None, "NB", None, None, None, 1),
            [Row(2, READ, (), {**READING, "meterImportId": "NB"})],
            written={**READING, "meterImportId": "NB"},
        ),
        Parcel(3, KEY, [Row(3, READ, (), READING)], number=1, written=GROUP),
    ]
    (parcel,) = lines(tmp_path, {**flat, "time": "2026-01-01T00:00Z"})
    assert parcel.key == (7, None, None, None, None, 15, 60)
    assert not parcel.rows[0].is_naive


def test_an_array_may_hold_single_readings_too(tmp_path: Path) -> None:
    flat = {**READING, "meterImportId": "NB"}

    assert array(tmp_path, flat, GROUP) == [
        Parcel(1, (None, None, "NB", None, None, None, 1), [Row(1, READ, (), flat)], written=flat),
        Parcel(1, KEY, [Row(1, READ, (), READING)], number=0, written=GROUP),
    ]
    assert [parcel.line for parcel in array(tmp_path, flat, flat, indent=1)] == [2, 9]


def test_a_value_that_is_not_a_number_spoils_its_reading_alone(tmp_path: Path) -> None:
    readings = [{**READING, "value": float("nan"), "error": float("nan")}, {**READING, "value": float("inf")}, READING]

    (parcel,) = array(tmp_path, {**GROUP, "readings": readings})

    assert [[flaw.message for flaw in row.flaws] for row in parcel.rows] == [
        ["value must be a number, found NaN, which means no value"],
        ['value must be a number that a double can hold, found "inf"'],
        [],
    ]
    assert parcel.doubts == ()


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ({"quality": "bad"}, "remove the readings that it marks as bad, and remove quality from the others"),
        ({"colour": "red"}, "remove it; the known properties are channelId, "),
    ],
)
def test_what_to_do_about_an_unknown_property_depends_on_what_it_is(
    more: dict[str, object], fix: str, tmp_path: Path
) -> None:
    (parcel,) = lines(tmp_path, {**READING, "channelId": 7, **more})

    assert parcel.flaws[0].fix.startswith(fix)


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        (7, "ESA611 a group must be an object, found a number"),
        ([], "ESA611 a group must be an object, found a list"),
        ({"channelId": 7}, "ESA611 a group must have a list of readings, found nothing"),
        ({"channelId": 7, "readings": {}}, "ESA611 a group must have a list of readings, found an object"),
        ({"chanelId": 7, "readings": []}, 'ESA611 unknown property, found "chanelId"'),
        ({"channelId": 7.5, "readings": []}, "ESA613 channelId must be text or a whole number, found a number"),
        ({"channelId": True, "readings": []}, "ESA613 channelId must be text or a whole number, found true"),
        (
            {"channelId": 7, "esaChannelId": 7, "readings": []},
            "ESA613 esaChannelId must stand under one name only, found it under two",
        ),
    ],
)
def test_what_is_no_group_is_a_flaw_of_the_whole(tmp_path: Path, value: Any, flaw: str) -> None:
    (parcel,) = array(tmp_path, value)

    assert [f"{one.code} {one.message}" for one in parcel.flaws] == [flaw]
    assert parcel.written == value


def test_what_is_wrong_with_a_reading_has_its_own_line(tmp_path: Path) -> None:
    readings = [READING, {**READING, "value": "1"}, 7, {**READING, "tim": 1}, {"time": "x", "value": 1}]
    group = {"readings": readings, "channelId": 7}

    (parcel,) = array(tmp_path, group, indent=1)

    assert [(row.line, [flaw.message for flaw in row.flaws]) for row in parcel.rows] == [
        (4, []),
        (10, ['value must be a number, found "1"']),
        (16, ["a reading must be an object, found a number"]),
        (17, ['unknown property, found "tim"']),
        (24, ['time must be a date and time in ISO 8601, found "x"']),
    ]


def test_near_names_are_suggested_and_others_listed(tmp_path: Path) -> None:
    first, second = array(tmp_path, {"reading": []}, {"zzz": 1, "readings": []})

    assert first.flaws[0].fix == "write  readings"
    assert second.flaws[0].fix.startswith("remove it; the known properties are channelId, channelImportId, ")


def test_what_is_neither_a_reading_nor_a_group_is_told_what_it_lacks(tmp_path: Path) -> None:
    for parcel in (*lines(tmp_path, {"data": [GROUP]}), *array(tmp_path, {"2026-01-01T00:15": 1.5})):
        assert parcel.flaws[0].fix == (
            "beside the channel's identifiers, write time and value for a single reading, or readings for a group"
        )


def test_a_single_reading_with_an_unknown_property_is_a_flaw(tmp_path: Path) -> None:
    (parcel,) = lines(tmp_path, {**READING, "channelId": 7, "unit": "KWH"})

    assert (parcel.key, parcel.flaws[0].fix) == (None, "write  unitCode")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"channelId": 7', "the line is no JSON: expecting ',' delimiter"),
        ('{"channelId": 7} {}', "the line is no JSON: there is more after the value"),
        ('{"channelId": ' + "[" * 100_000, "the line is no JSON: it is nested too deeply"),
        ('{"channelId": ' + "[" * 500 + "]" * 500 + "}", "the line is no JSON: it is nested too deeply"),
    ],
    ids=["cut", "two", "deep", "closed"],
)
def test_a_line_must_be_one_object(tmp_path: Path, text: str, message: str) -> None:
    source = look_at(write(tmp_path, f'{{"channelId": 7, "readings": []}}\n{text}\n'))

    with pytest.raises(BrokenFile) as caught:
        list(read_lines(source, make_times()))

    assert (caught.value.line, caught.value.flaw.message) == (2, message)


def test_the_service_s_own_failed_readings_can_be_read_again(tmp_path: Path) -> None:
    failed = {**GROUP, "error": "no", "readings": [{**READING, "error": "too late"}]}

    (parcel,) = array(tmp_path, failed)

    assert [row.reading for row in parcel.rows] == [READ]
    assert [(flaw.code, flaw.message) for flaw in parcel.doubts] == [
        ("ESA632", 'property "error" is not used, but is set 2 times, first to "no"')
    ]


def test_an_error_that_somebody_else_noted_is_said(tmp_path: Path) -> None:
    (parcel,) = array(tmp_path, {**GROUP, "readings": [READING, {**READING, "error": 139}, {**READING, "error": 0}]})

    assert [flaw.message for flaw in parcel.doubts] == [
        'property "error" is not used, but is set 1 time, first to "139"'
    ]


def test_what_this_tool_noted_says_nothing(tmp_path: Path) -> None:
    (parcel,) = array(tmp_path, {**GROUP, ERROR: "no", "readings": [{**READING, ERROR: "too late"}]})

    assert ([row.reading for row in parcel.rows], parcel.doubts) == ([READ], ())
