"""What to write instead of a value of the wrong type."""

from __future__ import annotations

import pytest

from reconciler.definitions.file_problems import AS_WRITTEN, FileProblem
from reconciler.definitions.schema import Format
from reconciler.definitions.schema_errors import explain
from tests.definitions.places import in_channel, in_version

CURRENT = "write the versions under channelVersions:, or the current one alone under esaChannelVersion:"


@pytest.mark.parametrize(
    ("value", "found", "fix"),
    [
        (12, "12", f'write it in quotes:  channelInfo: "{AS_WRITTEN}"'),
        (True, "true", f'write it in quotes:  channelInfo: "{AS_WRITTEN}"'),
        (None, "null", "write a value, or delete the key to leave the live value alone"),
        ({"a": 1}, "a mapping of keys", "write a single value; text that starts with { or [ must be in quotes"),
        ([], "[]", "write a single value; text that starts with { or [ must be in quotes"),
    ],
)
def test_a_value_that_should_be_text_must_be_put_in_quotes(value: object, found: str, fix: str) -> None:
    assert in_channel(channelInfo=value) == [("ESA123", f"channelInfo must be text, found {found}", fix)]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("yes", "write  isCalculated: true"),
        ("On", "write  isCalculated: true"),
        ("FALSE", "write  isCalculated: false"),
        ("n", "write  isCalculated: false"),
        ("maybe", "write true or false"),
    ],
)
def test_yes_and_no_are_text(text: str, fix: str) -> None:
    assert in_channel(isCalculated=text) == [("ESA123", f'isCalculated must be true or false, found "{text}"', fix)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("15", "15"),
        (" 15 ", "15"),
        ("1.50", "1.5"),
        ("012", "12"),
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("\N{MINUS SIGN}5", "-5"),
        ("1e-5", "0.00001"),
        ("1,5", "1.5"),
        ("0,500", "0.5"),
        ("1234,567", "1234.567"),
        ("1_000", "1000"),
        ("1 000", "1000"),
        ("1'000", "1000"),
        ("1,000,000", "1000000"),
        ("1.000.000", "1000000"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("0x1F", "31"),
        ("1/1000", "0.001"),
        ("0.1%", "0.001  if 0.1 % is meant"),
        ("50 %", "0.5  if 50 % is meant"),
        ("600:50", "12  if 600:50 is a ratio"),
        ("1k", "1000  if k means a thousand"),
        ("2,5 M", "2500000  if M means a million"),
    ],
)
def test_a_text_with_one_meaning_as_a_number_shows_how_to_write_it(text: str, number: str) -> None:
    assert in_version(multiplier=text) == [
        ("ESA123", f'multiplier must be a number, found "{text}"', f"write  multiplier: {number}")
    ]


@pytest.mark.parametrize(
    ("text", "readings"), [("1,000", "1000 or 1.0"), ("12,500", "12500 or 12.5"), ("1,000k", "1000000 or 1000.0")]
)
def test_a_text_with_two_meanings_asks_which_is_meant(text: str, readings: str) -> None:
    ((_, _, fix),) = in_version(multiplier=text)

    assert fix == f"{readings}? write the one that is meant, with a point and without a comma"


@pytest.mark.parametrize(
    "text", ["much", "", "0xZZ", "1e9999", "1e20", "1" * 41, "-.inf", "1.234.5", "1/3", "1:0", "1.2.3%"]
)
def test_a_text_that_is_not_a_number_asks_for_one(text: str) -> None:
    assert in_version(multiplier=text) == [
        (
            "ESA123",
            f'multiplier must be a number, found "{text}"',
            "write a number, with a point before its decimals",
        )
    ]


@pytest.mark.parametrize(("text", "unit"), [("15 min", "min"), ("12.5kWh", "kWh"), ("5 m.", "m")])
def test_a_number_must_be_written_without_its_unit(text: str, unit: str) -> None:
    ((_, _, fix),) = in_version(multiplier=text)

    assert fix == f"write the number alone, without {unit}"


@pytest.mark.parametrize(
    ("text", "fix"),
    [("1,042", "write  unitId: 1042"), ("1.5e0", "write a whole number"), ("x", "write a whole number")],
)
def test_only_whole_numbers_are_suggested_for_an_integer(text: str, fix: str) -> None:
    assert in_version(unitId=text) == [("ESA123", f'unitId must be a whole number, found "{text}"', fix)]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("15", "write  intervalMinutes: 15"),
        ("15 min", "write  intervalMinutes: 15"),
        ("15m", "write  intervalMinutes: 15"),
        ("900 s", "write  intervalMinutes: 15"),
        ("1h", "write  intervalMinutes: 60"),
        ("0.5 hours", "write  intervalMinutes: 30"),
        ("1 day", "write  intervalMinutes: 1440"),
        ("0:15", "write  intervalMinutes: 15"),
        ("15:00", "write  intervalMinutes: 15"),
        ("00:15:00", "write  intervalMinutes: 15"),
        ("1:30", "write  intervalMinutes: 1440, the next longer one"),
        ("900", "write  intervalMinutes: 15  if 900 seconds are meant, or 1440, the next longer one"),
        ("1 month", "write one of 5, 10, 15, 30, 60, 1440, 10080, 43200"),
    ],
)
def test_an_interval_is_recognised_in_any_unit_of_time(text: str, fix: str) -> None:
    ((_, _, found),) = in_channel(intervalMinutes=text)

    assert found == fix


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("0:15:00", "write  channelIntervalInSeconds: 900"),
        ("15 min", "write  channelIntervalInSeconds: 900"),
        ("1:30", "5400 or 90? write the one that is meant"),
        ("soon", "write a whole number"),
        # Ways to write a number, but not a length of time.
        ("9 k", "write a whole number"),
        ("90000 %", "write a whole number"),
        ("1,800", "write  channelIntervalInSeconds: 1800"),
    ],
)
def test_the_interval_of_a_feed_is_in_seconds(text: str, fix: str) -> None:
    document = {"feeds": {"logger": {"channelIntervalInSeconds": text, "expect": "use"}}}
    (problem,) = explain(Format.CHANNELS, document).problems

    assert problem.fix == fix


@pytest.mark.parametrize("text", [".inf", "-Infinity", "NaN"])
def test_no_limit_is_null(text: str) -> None:
    assert in_version(maximumReading=text) == [
        (
            "ESA123",
            f'maximumReading must be a number or null, found "{text}"',
            "there is no such number; for no limit write  maximumReading: null",
        )
    ]


@pytest.mark.parametrize(
    ("channel", "found", "fix"),
    [
        ("channelInfo:North", '"channelInfo:North"', "write a space after the colon"),
        (
            "channelInfo:\u00a0North",
            '"channelInfo:\u00a0North"',
            "non-standard space after the colon, no-break space (U+00A0): write ordinary spaces instead",
        ),
        ("North", '"North"', "write its keys below it, one per line"),
        (None, "null", "write its keys below it, two spaces further right, or delete it"),
        (12, "12", "write its keys below it, one per line, without hyphens"),
        ([{"channelInfo": "North"}], "a list", "write its keys below it, one per line, without hyphens"),
    ],
)
def test_a_channel_is_a_mapping(channel: object, found: str, fix: str) -> None:
    assert explain(Format.CHANNELS, {"channels": {"use": channel}}).problems == (
        FileProblem("ESA123", ("channels", "use"), f"channel use must be a mapping of keys, found {found}", fix),
    )


def test_a_list_of_versions_gets_the_key_of_such_a_list() -> None:
    versions = [{"multiplier": 1}, {"multiplier": 10}]

    assert in_channel(esaChannelVersions=versions) == [
        ("ESA121", "unknown key esaChannelVersions in channel use", CURRENT)
    ]
    assert in_channel(esaChannelVersion=versions) == [
        (
            "ESA123",
            "esaChannelVersion must be a mapping of keys, found a list",
            "write the keys of the current version below it, without hyphens, or the list under channelVersions:",
        )
    ]


def test_versions_that_are_not_a_list_get_hyphens() -> None:
    assert in_channel(channelVersions={"beginDate": None, "multiplier": 1}) == [
        (
            "ESA123",
            "channelVersions must be a list, found a mapping of keys",
            "write each entry as a list item: a hyphen before its first key",
        )
    ]


def test_one_and_zero_get_true_and_false() -> None:
    assert [fix for value in (1, 0) for _, _, fix in in_channel(isPrimaryValue=value)] == [
        "write  isPrimaryValue: true",
        "write  isPrimaryValue: false",
    ]


def test_a_placeholder_without_quotes_gets_them() -> None:
    assert in_version(multiplier={"ct": None}) == [
        (
            "ESA123",
            "multiplier must be a number, found a mapping of keys",
            'write  multiplier: "{ct}"  to have it filled in by a template',
        )
    ]
