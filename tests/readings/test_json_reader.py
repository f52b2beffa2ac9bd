"""JSON arrays and JSON lines of readings."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.readings.csv_layout import ERROR_COLUMN
from reconciler.readings.json_reader import decode, describe_json_error, read_array, read_elements, read_lines
from reconciler.readings.reading_rows import BrokenFile, Reading, ReadingGroup, ReadingRow
from reconciler.readings.readings_file import open_source
from reconciler.readings.times import make_time_parser
from tests.cases import note_case
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Drips(io.StringIO):
    """A text that is read a few characters at a time, however many are asked for."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 7, 7) if size != 0 else 0)


@given(st.lists(_VALUES, max_size=4), st.sampled_from((None, 1)))
def test_the_elements_of_an_array_match_the_json_module(values: list[Any], indent: int | None) -> None:
    text = f" {json.dumps(values, indent=indent)}\n"
    note_case(reached=values)

    for stream in (io.StringIO(text), Drips(text)):
        elements = list(read_elements(stream))
        assert [value for _, _, value in elements] == values
        assert [json.loads(own) for _, own, _ in elements] == values


def test_each_element_has_the_line_it_begins_in() -> None:
    text = '\n[\n  {"a": 1},\n\n  {\n "b": 2}\n, 3]'

    assert [line for line, _, _ in read_elements(io.StringIO(text))] == [3, 5, 7]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file is not a complete JSON array, found its end instead of ["),
        ('{"a": 1}', 1, 'the file is not a complete JSON array, found "{" instead of ['),
        ("[", 1, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1\n", 2, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1,\n", 2, "the file is not a complete JSON array, found its end instead of ]"),
        ("[1 2]", 1, 'the file is not a complete JSON array, found "2" instead of ]'),
        ("[1]\n]", 2, "the file has more after the end of its JSON array"),
        ("[]x", 1, "the file has more after the end of its JSON array"),
        ("[1,]", 1, "the file is not complete JSON: expecting value"),
        ('[\n{"a": 1,\n"b" 2}]', 3, "the file is not complete JSON: expecting ':' delimiter"),
        ('[{"a": "x', 1, "the file is not complete JSON: unterminated string starting at"),
        ("[Nan]", 1, "the file is not complete JSON: expecting value"),
        (
            "[{" + "".join(f'"n{n}": 1, ' for n in range(50_000)) + '"n49999": 1}]',
            1,
            'the file is not complete JSON: the name "n49999" occurs twice in one object',
        ),
        ('[{"a": 1, "b": 2, "a": 3}]', 1, 'the file is not complete JSON: the name "a" occurs twice in one object'),
        ("[" + "[" * 100_000, 1, "the file is not complete JSON: it is nested too deeply"),
        ("[" * 500 + "]" * 500, 1, "the file is not complete JSON: it is nested too deeply"),
        ('[1,\n{"a":' + "[" * 500 + "]" * 500 + "}]", 2, "the file is not complete JSON: it is nested too deeply"),
        ("[{'a': 1}]", 1, "the file is not complete JSON: expecting property name enclosed in double quotes"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_invalid_json_is_reported_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(BrokenFile) as caught:
        list(read_elements(io.StringIO(text)))

    assert (caught.value.line, caught.value.row_error.message) == (line, message)


def test_an_element_that_is_too_long_is_refused() -> None:
    class Endless(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            given = super().read(1) or "x" * (size or 0)
            return "[" + '"' if given == "[" else given

    with pytest.raises(BrokenFile, match="a group is longer than 16,777,216 characters"):
        list(read_elements(Endless("[")))


def test_a_long_file_is_read_in_chunks() -> None:
    class Watched(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            asked.append(size)
            return super().read(size)

    asked: list[int | None] = []
    elements = read_elements(Watched("[" + "1234567,\n" * 100_000 + "1]"))

    assert (next(elements), asked) == ((1, "1234567", 1234567), [262_144])
    assert sum(1 for _ in elements) == 100_000
    assert asked == [262_144] * 5


def test_numbers_out_of_range_are_decoded() -> None:
    assert decode("1e999") == float("inf")
    assert decode("9" * 5000) == float("inf")
    assert decode("9" * 30) == int("9" * 30)


@pytest.mark.parametrize(
    ("text", "message"),
    [("1 2", "there is more text after the value"), ("tru", "expecting value"), ("", "expecting value")],
)
def test_exactly_one_value_is_decoded(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        decode(text)

    assert describe_json_error(caught.value) == message


READING = {"time": "2026-01-01T00:15", "value": 1.5, "estimated": True, "note": "by hand"}
GROUP = {"meterImportId": "NB", "channelIntervalInSeconds": 900, "readings": [READING]}
KEY = (None, None, "NB", None, None, 900, 1)
READ = Reading("2026-01-01T00:15:00", 1.5, estimated=True, note="by hand")


def array(folder: Path, *values: Any, indent: int | None = None) -> list[ReadingGroup]:
    groups = read_array(open_source(write(folder, json.dumps(list(values), indent=indent))), make_time_parser())
    return [replace(group, text="") for group in groups]


def lines(folder: Path, *values: Any) -> list[ReadingGroup]:
    groups = read_lines(open_source(write(folder, "\n".join(map(json.dumps, values)) + "\n\n")), make_time_parser())
    return [replace(group, text="") for group in groups]


def test_a_group_has_its_number_its_line_and_its_readings(tmp_path: Path) -> None:
    assert array(tmp_path, GROUP, {**GROUP, "readings": []}) == [
        ReadingGroup(1, KEY, [ReadingRow(1, READ, (), READING)], number=0, written=GROUP),
        ReadingGroup(1, KEY, [], number=1, written={**GROUP, "readings": []}),
    ]


def test_lines_hold_groups_or_single_readings(tmp_path: Path) -> None:
    flat = {"esaChannelId": 7, "esaChannelIntervalMinutes": 15, "time": "2026-01-01Z", "value": 2}

    assert lines(tmp_path, GROUP, {**READING, "meterImportId": "NB"}, GROUP) == [
        ReadingGroup(1, KEY, [ReadingRow(1, READ, (), READING)], number=0, written=GROUP),
        ReadingGroup(
            2,
            (None, None, "NB", None, None, None, 1),
            [ReadingRow(2, READ, (), {**READING, "meterImportId": "NB"})],
            written={**READING, "meterImportId": "NB"},
        ),
        ReadingGroup(3, KEY, [ReadingRow(3, READ, (), READING)], number=1, written=GROUP),
    ]
    (group,) = lines(tmp_path, {**flat, "time": "2026-01-01T00:00Z"})
    assert group.key == (7, None, None, None, None, 15, 60)
    assert not group.rows[0].is_naive


def test_an_array_may_hold_single_readings_too(tmp_path: Path) -> None:
    flat = {**READING, "meterImportId": "NB"}

    assert array(tmp_path, flat, GROUP) == [
        ReadingGroup(1, (None, None, "NB", None, None, None, 1), [ReadingRow(1, READ, (), flat)], written=flat),
        ReadingGroup(1, KEY, [ReadingRow(1, READ, (), READING)], number=0, written=GROUP),
    ]
    assert [group.line for group in array(tmp_path, flat, flat, indent=1)] == [2, 9]


def test_a_value_that_is_not_a_number_makes_only_its_reading_invalid(tmp_path: Path) -> None:
    readings = [{**READING, "value": float("nan"), "error": float("nan")}, {**READING, "value": float("inf")}, READING]

    (group,) = array(tmp_path, {**GROUP, "readings": readings})

    assert [[error.message for error in row.errors] for row in group.rows] == [
        ["value must be a number, found NaN, which means no value"],
        ['value must be a number that a double can hold, found "inf"'],
        [],
    ]
    assert group.warnings == ()


def test_a_number_that_would_become_0_or_infinity_is_refused_as_it_is_written(tmp_path: Path) -> None:
    numbers = ("1e-400", "-0.3E-999", "1e999", "0e-400", "-0.0", "5e-324")
    readings = ", ".join(json.dumps({**READING, "value": "?"}).replace('"?"', number) for number in numbers)
    text = json.dumps([{**GROUP, "readings": "?"}]).replace('"?"', f"[{readings}]")

    (group,) = read_array(open_source(write(tmp_path, text)), make_time_parser())

    unfit = "value must be a number that a double can hold, found"
    assert [[error.message for error in row.errors] for row in group.rows] == [
        [f'{unfit} "1e-400"'],
        [f'{unfit} "-0.3E-999"'],
        [f'{unfit} "1e999"'],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ({"quality": "bad"}, "remove the readings that it marks as bad, and remove quality from the others"),
        ({"colour": "red"}, "remove it; the known properties are channelId, "),
    ],
)
def test_the_fix_for_an_unknown_property_depends_on_its_name(more: dict[str, object], fix: str, tmp_path: Path) -> None:
    (group,) = lines(tmp_path, {**READING, "channelId": 7, **more})

    assert group.errors[0].fix.startswith(fix)


@pytest.mark.parametrize(
    ("value", "error"),
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
            "ESA613 esaChannelId must be given once, found it under two names",
        ),
    ],
)
def test_an_invalid_group_is_one_error(tmp_path: Path, value: Any, error: str) -> None:
    (group,) = array(tmp_path, value)

    assert [f"{one.code} {one.message}" for one in group.errors] == [error]
    assert group.written == value


def test_an_error_of_a_reading_has_its_own_line(tmp_path: Path) -> None:
    readings = [READING, {**READING, "value": "1"}, 7, {**READING, "tim": 1}, {"time": "x", "value": 1}]
    value = {"readings": readings, "channelId": 7}

    (group,) = array(tmp_path, value, indent=1)

    assert [(row.line, [error.message for error in row.errors]) for row in group.rows] == [
        (4, []),
        (10, ['value must be a number, found "1"']),
        (16, ["a reading must be an object, found a number"]),
        (17, ['unknown property, found "tim"']),
        (24, ['time must be a date and time in ISO 8601, found "x"']),
    ]


def test_near_names_are_suggested_and_others_listed(tmp_path: Path) -> None:
    first, second = array(tmp_path, {"reading": []}, {"zzz": 1, "readings": []})

    assert first.errors[0].fix == "write  readings"
    assert second.errors[0].fix.startswith("remove it; the known properties are channelId, channelImportId, ")


def test_an_object_that_is_neither_a_reading_nor_a_group_gets_the_missing_properties(tmp_path: Path) -> None:
    for group in (*lines(tmp_path, {"data": [GROUP]}), *array(tmp_path, {"2026-01-01T00:15": 1.5})):
        assert group.errors[0].fix == (
            "beside the channel's identifiers, write time and value for a single reading, or readings for a group"
        )


def test_a_single_reading_with_an_unknown_property_is_an_error(tmp_path: Path) -> None:
    (group,) = lines(tmp_path, {**READING, "channelId": 7, "unit": "KWH"})

    assert (group.key, group.errors[0].fix) == (None, "write  unitCode")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"channelId": 7', "the line is not JSON: expecting ',' delimiter"),
        ('{"channelId": 7} {}', "the line is not JSON: there is more text after the value"),
        ('{"channelId": ' + "[" * 100_000, "the line is not JSON: it is nested too deeply"),
        ('{"channelId": ' + "[" * 500 + "]" * 500 + "}", "the line is not JSON: it is nested too deeply"),
    ],
    ids=["cut", "two", "deep", "closed"],
)
def test_a_line_must_be_one_object(tmp_path: Path, text: str, message: str) -> None:
    source = open_source(write(tmp_path, f'{{"channelId": 7, "readings": []}}\n{text}\n'))

    with pytest.raises(BrokenFile) as caught:
        list(read_lines(source, make_time_parser()))

    assert (caught.value.line, caught.value.row_error.message) == (2, message)


def test_the_service_s_own_failed_readings_can_be_read_again(tmp_path: Path) -> None:
    failed = {**GROUP, "error": "no", "readings": [{**READING, "error": "too late"}]}

    (group,) = array(tmp_path, failed)

    assert [row.reading for row in group.rows] == [READ]
    assert [(error.code, error.message) for error in group.warnings] == [
        ("ESA632", 'property "error" is not used, but is set 2 times, first to "no"')
    ]


def test_an_error_property_of_another_program_is_reported(tmp_path: Path) -> None:
    (group,) = array(tmp_path, {**GROUP, "readings": [READING, {**READING, "error": 139}, {**READING, "error": 0}]})

    assert [error.message for error in group.warnings] == [
        'property "error" is not used, but is set 1 time, first to "139"'
    ]


def test_the_error_property_of_this_tool_is_ignored(tmp_path: Path) -> None:
    (group,) = array(tmp_path, {**GROUP, ERROR_COLUMN: "no", "readings": [{**READING, ERROR_COLUMN: "too late"}]})

    assert ([row.reading for row in group.rows], group.warnings) == ([READ], ())
