"""One channel file: its content, its consistency, and comments that cut a value short."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definitions.channel_file import FileContent, find_truncating_comments, make_content
from reconciler.definitions.consistency import check_consistency
from reconciler.definitions.file_problems import FileProblem
from reconciler.model.channels import Desired, DesiredVersion
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers


def build_one(channel: dict[str, Any], **others: Any) -> Desired:
    """The only channel of a file that has `others` as well."""
    return make_content("a.yaml", {"channels": {"use": channel}, **others}, {"channels": {"use": 3}}).channels[0]


def test_a_file_becomes_its_channels_and_feeds() -> None:
    tree = {
        "dataPoint": "NB-ELEC-01",
        "channels": {
            "use": {
                "select": {"channelId": 1042},
                "channelDescription": None,
                "esaChannelVersion": {"unitCode": "KWH", "multiplier": 0.001},
            },
            "losses": {"isCalculated": True, "channelId": 1043},
        },
        "feeds": {"logger": {"meterImportId": "NB-ELEC-01", "channelIntervalInSeconds": 900, "expect": "use"}},
    }
    lines = {"channels": {"use": 3, "losses": 9}, "feeds": {"logger": 12}}
    spec = {"channelDescription": None, "esaChannelVersion.unitCode": "KWH", "esaChannelVersion.multiplier": 0.001}

    assert make_content("a.yaml", tree, lines) == FileContent(
        (
            Desired("use", "a.yaml", 3, Identifiers(channel_id=1042), spec, "NB-ELEC-01"),
            Desired("losses", "a.yaml", 9, Identifiers(channel_id=1043), {"isCalculated": True}, "NB-ELEC-01"),
        ),
        (
            Feed(
                "logger",
                Location("a.yaml", 12, path=("feeds", "logger")),
                Identifiers(meter_import_id="NB-ELEC-01", interval_seconds=900),
                "use",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("channel", "identifiers"),
    [
        ({"channelImportId": "A", "select": {"channelImportId": "B"}}, Identifiers(channel_import_id="B")),
        ({"channelImportId": "A", "channelId": 7}, Identifiers(channel_id=7)),
        ({"channelImportId": "A"}, Identifiers(channel_import_id="A")),
        ({"channelImportId": None}, None),
        ({"channelImportId": ""}, None),
        ({"channelInfo": "North"}, None),
        (
            {
                "select": {
                    "dataPointImportId": "A",
                    "observationTypeCode": "ELECUSE",
                    "unitCode": "KWH",
                    "intervalMinutes": 15,
                }
            },
            Identifiers(meter_import_id="A", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900),
        ),
    ],
)
def test_the_live_channel_is_found_by_select_or_else_by_id_or_import_id(
    channel: dict[str, Any], identifiers: Identifiers | None
) -> None:
    assert build_one(channel).select == identifiers


def test_defaults_apply_to_each_channel_key_by_key_also_in_the_version() -> None:
    defaults = {"intervalMinutes": 15, "esaChannelVersion": {"unitCode": "KWH", "multiplier": 1}}
    channel = {"intervalMinutes": 60, "esaChannelVersion": {"multiplier": 0.1, "offset": None}}

    assert build_one(channel, defaults=defaults).spec == {
        "intervalMinutes": 60,
        "esaChannelVersion.unitCode": "KWH",
        "esaChannelVersion.multiplier": 0.1,
        "esaChannelVersion.offset": None,
    }


def test_a_default_does_not_apply_if_the_channel_has_the_alternative_key() -> None:
    defaults = {"observationTypeId": 1, "esaChannelVersion": {"unitCode": "KWH", "observationRuleId": 1}}
    channel = {"observationTypeCode": "ELECUSE", "esaChannelVersion": {"unitId": 7}}

    assert build_one(channel, defaults=defaults).spec == {
        "observationTypeCode": "ELECUSE",
        "esaChannelVersion.unitId": 7,
        "esaChannelVersion.observationRuleId": 1,
    }


@pytest.mark.parametrize(("channel", "reaches"), [({"isCalculated": True}, False), ({"isCalculated": False}, True)])
def test_a_default_interval_does_not_apply_to_a_calculated_channel(channel: dict[str, Any], reaches: bool) -> None:
    assert ("intervalMinutes" in build_one(channel, defaults={"intervalMinutes": 15}).spec) == reaches


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-07-01", "2024-07-01T00:00:00"),
        ("2024-07-01 06:30", "2024-07-01T06:30:00"),
        (None, None),
    ],
)
def test_a_begin_date_is_local_wall_time_to_the_second(written: str | None, read: str | None) -> None:
    assert build_one({"esaChannelVersion": {"beginDate": written}}).spec == {"esaChannelVersion.beginDate": read}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("    channelInfo: Building #3 use\n", "#3 use"),
        ("dataPoint: NB #1", "#1"),
        ("- formula: channel(a) #b #c\n", "#b #c"),
    ],
)
def test_a_word_directly_after_a_number_sign_was_meant_as_text(text: str, rest: str) -> None:
    assert [text[start:end] for start, end in find_truncating_comments(text)] == [rest]


@pytest.mark.parametrize(
    "text",
    [
        "channelInfo: North # the main meter",
        'channelInfo: "Building #3 use"',
        "channelInfo: Building#3 use",
        "intervalMinutes: 15 #minutes",
        "# channelInfo: Building #3",
        "formula: |",
        "channelInfo: #3",
    ],
)
def test_a_comment_is_a_comment(text: str) -> None:
    assert find_truncating_comments(text) == ()


def twice(keys: tuple[str, ...], one: str, other: str, where: str) -> FileProblem:
    message = f"{one} and {other} mean the same, and both are set in {where}"
    return FileProblem("ESA129", (*keys, other), message, f"keep {one} and delete {other}, or the reverse", at_key=True)


def test_a_valid_file_has_no_problems() -> None:
    assert (
        check_consistency({"channels": {"use": {"select": {"channelId": 1}, "esaChannelVersion": {"unitId": 1}}}}) == ()
    )


@pytest.mark.parametrize(
    "document", [None, "text", [], {"channels": None}, {"feeds": 3}, {"channels": {"use": []}}, {}]
)
def test_values_of_the_wrong_type_are_left_to_the_schema(document: object) -> None:
    assert check_consistency(document) == ()


def test_two_keys_for_one_setting_are_a_problem_in_every_mapping() -> None:
    document = {
        "defaults": {"observationTypeCode": "ELECUSE", "observationTypeId": 1},
        "channels": {
            "use": {
                "channelId": 1,
                "select": {"meterImportId": "A", "dataPointImportId": "A"},
                "summarizationMethod": "Sum",
                "summarizationMethodId": 1,
                "esaChannelVersion": {
                    "unitCode": "KWH",
                    "unitId": 1,
                    "observationRule": "Trip",
                    "observationRuleId": 2,
                },
            }
        },
        "feeds": {"logger": {"meterImportId": "A", "dataPointImportId": "B"}},
    }
    use, version = ("channels", "use"), ("channels", "use", "esaChannelVersion")

    assert check_consistency(document) == (
        twice(("defaults",), "observationTypeCode", "observationTypeId", "defaults"),
        twice(use, "summarizationMethod", "summarizationMethodId", "channel use"),
        twice(use, "select", "channelId", "channel use"),
        twice(version, "unitCode", "unitId", "esaChannelVersion"),
        twice(version, "observationRule", "observationRuleId", "esaChannelVersion"),
        twice((*use, "select"), "meterImportId", "dataPointImportId", "select"),
        twice(("feeds", "logger"), "meterImportId", "dataPointImportId", "feed logger"),
    )


def test_a_date_that_does_not_exist_is_a_problem() -> None:
    assert check_consistency({"defaults": {"esaChannelVersion": {"beginDate": "2023-02-29"}}, "channels": {}}) == (
        FileProblem(
            "ESA128",
            ("defaults", "esaChannelVersion", "beginDate"),
            "beginDate must be an existing date, found 2023-02-29",
        ),
    )


def test_a_leap_day_exists() -> None:
    assert (
        check_consistency({"defaults": {"esaChannelVersion": {"beginDate": "2024-02-29T06:00"}}, "channels": {}}) == ()
    )


def test_a_file_without_channels_and_feeds_is_a_problem() -> None:
    assert check_consistency({"dataPoint": "NB-ELEC-01"}) == (
        FileProblem(
            "ESA113", (), "the file has no channels, feeds or templates", "write the channels under  channels:"
        ),
    )


def test_listed_versions_are_kept_and_the_last_one_is_the_channel() -> None:
    versions = [
        {"beginDate": None, "multiplier": 10},
        {"beginDate": "2026-11-02 08:00", "unitCode": "CCF", "because": "swap"},
    ]

    desired = build_one({"channelId": 7, "channelInfo": "Gas", "channelVersions": versions})

    assert desired.versions == (
        DesiredVersion("", 0, {"esaChannelVersion.multiplier": 10}),
        DesiredVersion("2026-11-02T08:00:00", 1, {"esaChannelVersion.unitCode": "CCF"}, "swap"),
    )
    assert desired.spec == {"channelInfo": "Gas", "esaChannelVersion.unitCode": "CCF"}
    assert desired.locate("esaChannelVersion.unitCode").path == ("channels", "use", "channelVersions", "1", "unitCode")
    assert desired.locate("channelVersions[null].multiplier").path == (
        *("channels", "use", "channelVersions", "0", "multiplier"),
    )


def test_defaults_are_those_of_the_last_version_alone() -> None:
    defaults = {"esaChannelVersion": {"unitCode": "KWH", "multiplier": 1, "beginDate": "2020-01-01"}}
    versions = [{"beginDate": None}, {"beginDate": "2026-01-01", "multiplier": 2}]

    desired = build_one({"channelId": 7, "channelVersions": versions}, defaults=defaults)

    wanted = {"esaChannelVersion.unitCode": "KWH", "esaChannelVersion.multiplier": 2}
    assert [one.spec for one in desired.versions] == [{}, wanted]
    assert desired.spec == wanted
