"""Schema violations as messages."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definitions.file_problems import AS_WRITTEN, FileProblem
from reconciler.definitions.schema import Format
from reconciler.definitions.schema_errors import Explanation, explain


def in_channel(**settings: Any) -> list[tuple[str, str, str]]:
    """Code, message and fix of each problem of a channel with `settings`."""
    explanation = explain(Format.CHANNELS, {"channels": {"use": settings}})
    return [(problem.code, problem.message, problem.fix) for problem in explanation.problems]


def in_version(**settings: Any) -> list[tuple[str, str, str]]:
    return in_channel(esaChannelVersion=settings)


def in_environment(**settings: Any) -> list[tuple[str, str, str]]:
    document = {"definitions": "channels", "environments": {"there": {"url": "sandbox", **settings}}}
    return [(problem.code, problem.message, problem.fix) for problem in explain(Format.PROJECT, document).problems]


def test_a_valid_file_has_no_explanation() -> None:
    assert explain(Format.CHANNELS, {"channels": {"use": {"channelId": 1}}}) == Explanation()


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


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        (
            {"observationRule": "odometer"},
            (
                "ESA124",
                'observationRule must be one of Odometer, Trip, found "odometer"',
                "did you mean  observationRule: Odometer",
            ),
        ),
        (
            {"observationRule": "x" * 70},
            ("ESA124", f'observationRule must be one of Odometer, Trip, found "{"x" * 57} …', ""),
        ),
        ({"observationRuleId": 3}, ("ESA124", "observationRuleId must be one of 1, 2, found 3", "")),
        (
            {"observationRule": True},
            ("ESA123", "observationRule must be text, found true", "write one of Odometer, Trip"),
        ),
        (
            {"multiplier": 1e13},
            ("ESA126", "multiplier must be between -9999999999999 and 9999999999999, found 10000000000000.0", ""),
        ),
        ({"unitId": 2**31}, ("ESA126", "unitId must be between 1 and 2147483647, found 2147483648", "")),
        ({"unitId": 1.5}, ("ESA123", "unitId must be a whole number, found 1.5", "")),
        ({"unitCode": ""}, ("ESA125", 'unitCode must not be empty, found ""', "write the text, or delete the key")),
        (
            {"unitCode": "x" * 20},
            ("ESA125", "unitCode can have at most 16 characters, found 20", "leave out 4 of the 20 characters"),
        ),
        (
            {"beginDate": "2024-07-01T00:00:00+02:00"},
            (
                "ESA128",
                "beginDate must have no zone or offset, found 2024-07-01T00:00:00+02:00",
                "write local time of the data point:  beginDate: 2024-07-01T00:00:00",
            ),
        ),
        (
            {"beginDate": 45446.4375},
            ("ESA128", 'beginDate must be a date, or a date and time, found "45446.4375"', ""),
        ),
        ({"beginDate": 20240603}, ("ESA128", 'beginDate must be a date, or a date and time, found "20240603"', "")),
        ({"beginDate": "1 July"}, ("ESA128", 'beginDate must be a date, or a date and time, found "1 July"', "")),
    ],
)
def test_a_value_out_of_bounds_is_shown_with_them(settings: dict[str, Any], finding: tuple[str, str, str]) -> None:
    assert in_version(**settings) == [finding]


def test_an_invalid_interval_has_the_message_of_the_planner() -> None:
    assert in_channel(intervalMinutes=7) == [
        (
            "ESA201",
            "intervalMinutes must be one of 5, 10, 15, 30, 60, 1440, 10080, 43200, found 7",
            "write  intervalMinutes: 10, the next longer one",
        )
    ]


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("chanelInfo", "did you mean  channelInfo:"),
        ("CHANNELINFO", "did you mean  channelInfo:"),
        ("interval", "did you mean  intervalMinutes:"),
        ("multiplier", "write it under esaChannelVersion:"),
        ("dataPointImportId", "write it under select:"),
        ("expect", "write it under a feed's name in feeds:"),
        ("k" * 65, ""),
        (
            "\u00a0channelInfo",
            "non-standard space before the key, no-break space (U+00A0): write ordinary spaces instead",
        ),
    ],
)
def test_an_unknown_key_gets_the_key_that_was_meant(key: str, fix: str) -> None:
    assert in_channel(**{key: 1}) == [
        ("ESA121", f"unknown key {key if len(key) < 60 else 'k' * 58 + ' …'} in channel use", fix)
    ]


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("unit", "KWH", "did you mean  unitCode:"),
        ("unit", 12, "did you mean  unitId:"),
        ("observation_rule", "Trip", "did you mean  observationRule:"),
        ("mulitplier", "5%", "did you mean  multiplier:"),
        ("endDate", "2026-06-01", "delete it: a version ends where the next one begins"),
    ],
)
def test_an_unknown_key_gets_the_key_that_accepts_its_value(key: str, value: object, fix: str) -> None:
    assert in_version(**{key: value}) == [("ESA121", f"unknown key {key} in esaChannelVersion", fix)]


CURRENT = "write the current version under esaChannelVersion:; EnergyCAP keeps the earlier ones"


def test_a_list_of_versions_gets_the_key_of_the_current_one() -> None:
    versions = [{"multiplier": 1}, {"multiplier": 10}]

    assert in_channel(esaChannelVersions=versions) == [
        ("ESA121", "unknown key esaChannelVersions in channel use", CURRENT)
    ]
    assert in_channel(esaChannelVersion=versions) == [
        (
            "ESA123",
            "esaChannelVersion must be a mapping of keys, found a list",
            "write the keys of the current version below it, without hyphens; EnergyCAP keeps the earlier ones",
        )
    ]


def test_one_and_zero_get_true_and_false() -> None:
    assert [fix for value in (1, 0) for _, _, fix in in_channel(isPrimaryValue=value)] == [
        "write  isPrimaryValue: true",
        "write  isPrimaryValue: false",
    ]


def test_an_unknown_key_without_a_similar_one_shows_all_known_keys() -> None:
    assert explain(Format.PROJECT, {"definitions": "channels", "guards": {"q": 1}}).problems == (
        FileProblem(
            "ESA121",
            ("guards", "q"),
            "unknown key q in guards",
            "known here: maxChanges, historyRewrites, blocked",
            at_key=True,
        ),
    )


@pytest.mark.parametrize(
    ("key", "value", "fix"),
    [
        ("north-use", {"channelInfo": "x"}, "if it is a channel, write it under channels:, two spaces further right"),
        ("channelInfo", "x", "write it beside esaChannelVersion:, under the channel's name"),
        ("guards", {}, "known here: dataPoint, defaults, channels, feeds"),
    ],
)
def test_an_unknown_key_at_the_top_gets_its_right_place(key: str, value: object, fix: str) -> None:
    (problem,) = explain(Format.CHANNELS, {"channels": {"use": {"channelId": 1}}, key: value}).problems

    assert (problem.code, problem.message) == ("ESA121", f"unknown key {key} in the file")
    assert problem.fix == fix or key == "guards"


@pytest.mark.parametrize("key", ["apiKey", "API_KEY", "eci-api-key", "key", "token", "password", "secret"])
def test_a_key_for_a_secret_is_refused_without_showing_its_value(key: str) -> None:
    assert in_environment(**{key: "a.b.c"}) == [("ESA142", f"secrets must not be stored in files, found {key}", "")]


@pytest.mark.parametrize(
    ("url", "message", "fix"),
    [
        (
            "http://app.energycap.com",
            'must start with https:// unless it names this machine, found "http://app.energycap.com"',
            "write  url: https://app.energycap.com",
        ),
        (
            "app.energycap.com",
            'must start with https://, found "app.energycap.com"',
            "write  url: https://app.energycap.com",
        ),
        (
            "https://me:key@app.energycap.com",
            "must not contain a user name or password",
            "name the variable with the key in apiKeyEnv instead",
        ),
        (
            "me:key@app",
            "must not contain a user name or password",
            "name the variable with the key in apiKeyEnv instead",
        ),
        (
            "https://app.energycap.com?key=abc",
            'must not contain a query, found "https://app.energycap.com" and more',
            "",
        ),
        ("https://app.energycap.com#abc", 'must not contain a query, found "https://app.energycap.com" and more', ""),
        ("https://[::1", 'must be an address, or the word sandbox, found "https://[::1"', ""),
        ("http://::1", 'must start with https:// unless it names this machine, found "http://::1"', ""),
        (
            "https://-app.energycap.com",
            'must be an address, or the word sandbox, found "https://-app.energycap.com"',
            "",
        ),
        (
            "//app.energycap.com",
            'must start with https://, found "//app.energycap.com"',
            "write  url: https://app.energycap.com",
        ),
        (
            "HTTP://LocalHost:8080/Eci",
            'must begin in lower case, found "HTTP://LocalHost:8080/Eci"',
            "write  url: http://localhost:8080/Eci",
        ),
        (
            "https://app.\u0435nergycap.com",
            'must contain only ASCII characters, found "https://app.\u0435nergycap.com" with U+0435',
            "",
        ),
        ("ftp://app.energycap.com", 'must be an address, or the word sandbox, found "ftp://app.energycap.com"', ""),
        ("sandbx", 'must be an address, or the word sandbox, found "sandbx"', ""),
        ("sandbox\n", 'must be an address, or the word sandbox, found "sandbox\\n"', ""),
        (
            "http://localhost.evil.com",
            'must start with https:// unless it names this machine, found "http://localhost.evil.com"',
            "write  url: https://localhost.evil.com",
        ),
    ],
)
def test_an_address_must_be_safe(url: str, message: str, fix: str) -> None:
    assert in_environment(url=url) == [("ESA141", f"url {message}", fix)]


@pytest.mark.parametrize("host", ["http://localhost", "http://[::1]", "https://app.energycap.com", "https://[::1]"])
@pytest.mark.parametrize("port", ["0", "65536", "99999", "00080", "+443", "-1", "x", "", "443 "])
def test_an_invalid_port_is_named(host: str, port: str) -> None:
    message = f'the port in url must be a number from 1 to 65535, found "{port}"'

    assert in_environment(url=f"{host}:{port}/eci") == [
        ("ESA141", message, f"correct the port, or leave it out:  url: {host}/eci")
    ]


@pytest.mark.parametrize("port", ["1", "80", "8443", "59999", "64999", "65499", "65529", "65535"])
def test_every_valid_port_is_accepted(port: str) -> None:
    assert in_environment(url=f"https://app.energycap.com:{port}") == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "sandbox",
            "https://app.energycap.com",
            "https://app.energycap.com/",
            "https://a-b.c:8443/path",
            "https://[2001:db8::1]",
        ),
        *(
            "http://localhost",
            "http://localhost:8080",
            "http://127.0.0.1:8080/x",
            "http://127.8.8.8",
            "http://[::1]:80",
        ),
    ],
)
def test_safe_addresses_are_accepted(url: str) -> None:
    assert in_environment(url=url) == []


def test_an_invalid_variable_name_is_not_shown_because_it_may_be_the_key() -> None:
    assert in_environment(apiKeyEnv="aGVs.bG8g.d29y") == [
        (
            "ESA142",
            "apiKeyEnv must be the name of a variable: letters, digits and underscores",
            "write a name like ECI_API_KEY, and put the key into that variable",
        )
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("AWS_SECRET_ACCESS_KEY", ", found AWS_SECRET_ACCESS_KEY"),
        ("GITHUB_TOKEN", ", found GITHUB_TOKEN"),
        ("ECI_", ""),
        ("ECI_api_key", ""),
        ("eci_api_key", ", found eci_api_key"),
        ("XECI_API_KEY", ", found XECI_API_KEY"),
        ("PATH", ""),
        ("q7Zk2Lw9", ""),
    ],
)
def test_only_a_variable_for_keys_of_energycap_may_be_named(name: str, found: str) -> None:
    message = f"apiKeyEnv must begin with ECI_, and have only upper-case letters, digits and underscores{found}"
    assert in_environment(apiKeyEnv=name) == [("ESA146", message, "")]


@pytest.mark.parametrize("name", ["ECI_API_KEY", "ECI_API_KEY_PRODUCTION", "ECI_KEY2", "ECI__"])
def test_variables_for_keys_of_energycap_are_accepted(name: str) -> None:
    assert in_environment(apiKeyEnv=name) == []


@pytest.mark.parametrize("share", ["30", "a third", "101%", "-1%", "30 %", "30%\n"])
def test_a_guard_is_a_number_or_a_share(share: str) -> None:
    (problem,) = explain(Format.PROJECT, {"definitions": "channels", "guards": {"maxChanges": share}}).problems

    assert problem.code == "ESA145"


def test_a_guard_is_not_negative() -> None:
    assert explain(Format.PROJECT, {"definitions": "channels", "guards": {"maxChanges": -1}}).problems == (
        FileProblem("ESA126", ("guards", "maxChanges"), "maxChanges must be 0 or more, found -1"),
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("1042", ("ESA127", "a name needs at least one letter, found 1042", "")),
        (
            "a b (c)",
            (
                "ESA127",
                'a name is made of letters, digits, hyphen, underscore and dot, found "a b (c)"',
                "write  a-b-c:",
            ),
        ),
        (
            "x" * 70,
            (
                "ESA125",
                f"the name {'x' * 58} … can have at most 64 characters, found 70",
                "leave out 6 of the 70 characters",
            ),
        ),
    ],
)
def test_an_invalid_name_is_reported_at_its_key(name: str, problem: tuple[str, str, str]) -> None:
    explanation = explain(Format.CHANNELS, {"channels": {name: {"channelId": 1}}})

    (found,) = explanation.problems
    assert (found.keys, found.at_key, (found.code, found.message, found.fix)) == (("channels", name), True, problem)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, FileProblem("ESA113", (), "the file is empty, found {}")),
        ({"channels": {}}, FileProblem("ESA113", ("channels",), "channels is empty, found {}")),
        ({"channels": {"use": {}}}, FileProblem("ESA113", ("channels", "use"), "channel use is empty, found {}")),
        (
            ["a"],
            FileProblem(
                "ESA123",
                (),
                "the file must be a mapping of keys, found a list",
                "write its keys below it, one per line, without hyphens",
            ),
        ),
        (
            {"feeds": {"logger": {"channelId": 1}}},
            FileProblem(
                "ESA122",
                ("feeds", "logger"),
                "feed logger needs expect",
                "write  expect: north-use  (Channel that must get the readings)",
                at_key=True,
            ),
        ),
    ],
)
def test_empty_and_missing_parts_are_problems(document: object, problem: FileProblem) -> None:
    assert explain(Format.CHANNELS, document).problems == (problem,)


@pytest.mark.parametrize(
    ("folders", "problem"),
    [
        ([], FileProblem("ESA113", ("definitions",), "definitions is empty, found []")),
        (
            ["a", 3],
            FileProblem(
                "ESA123",
                ("definitions", "1"),
                "a member of definitions must be text, found 3",
                f'write it in quotes:  1: "{AS_WRITTEN}"',
            ),
        ),
    ],
)
def test_the_folders_are_texts(folders: list[object], problem: FileProblem) -> None:
    (found,) = explain(Format.PROJECT, {"definitions": folders}).problems

    assert (found.code, found.keys, found.message) == (problem.code, problem.keys, problem.message)


def test_a_limited_number_of_members_is_explained_and_the_rest_are_counted() -> None:
    channels = {f"use-{index}": {"channelInfo": index} for index in range(300)}

    explanation = explain(
        Format.CHANNELS, {"channels": channels, "feeds": {"logger": {"channelId": 1, "expect": "use"}}}
    )

    assert (len(explanation.problems), explanation.more) == (200, 100)


def test_a_limited_number_of_problems_of_one_channel_is_explained() -> None:
    explanation = explain(Format.CHANNELS, {"channels": {"use": {f"key-{index}": 1 for index in range(700)}}})

    assert (len(explanation.problems), explanation.more) == (500, 200)
