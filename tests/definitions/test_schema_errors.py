"""Schema violations as messages."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definitions.file_problems import AS_WRITTEN, FileProblem
from reconciler.definitions.schema import Format
from reconciler.definitions.schema_errors import Explanation, explain
from tests.definitions.places import in_channel, in_environment, in_version


def test_a_valid_file_has_no_explanation() -> None:
    assert explain(Format.CHANNELS, {"channels": {"use": {"channelId": 1}}}) == Explanation()


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
            ("ESA125", "unitCode can have at most 16 characters, found 20", "shorten it by 4 characters"),
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


def test_an_unknown_key_without_a_similar_one_shows_all_known_keys() -> None:
    assert explain(Format.PROJECT, {"definitions": "channels", "guards": {"q": 1}}).problems == (
        FileProblem(
            "ESA121",
            ("guards", "q"),
            "unknown key q in guards",
            "known here: maxChanges, maxCreates, historyRewrites, blocked, notFound",
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
        ("sandbox:", 'must be an address, or the word sandbox, found "sandbox:"', ""),
        ("sandbox:../x", 'must be an address, or the word sandbox, found "sandbox:../x"', ""),
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
                "shorten it by 6 characters",
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
