"""What a schema cannot say of a channel file."""

from __future__ import annotations

import pytest

from reconciler.definitions.problems import FileProblem
from reconciler.definitions.slips import check_consistency


def twice(keys: tuple[str, ...], one: str, other: str, where: str) -> FileProblem:
    message = f"{one} and {other} say one thing twice in {where}"
    return FileProblem("ESA129", (*keys, other), message, f"keep {one} and delete {other}, or the reverse", at_key=True)


def test_nothing_is_said_of_a_sound_file() -> None:
    assert (
        check_consistency({"channels": {"use": {"select": {"channelId": 1}, "esaChannelVersion": {"unitId": 1}}}}) == ()
    )


@pytest.mark.parametrize(
    "document", [None, "text", [], {"channels": None}, {"feeds": 3}, {"channels": {"use": []}}, {}]
)
def test_nothing_is_said_of_what_has_not_even_the_right_shape(document: object) -> None:
    assert check_consistency(document) == ()


def test_one_thing_said_twice_is_found_wherever_it_can_be_said() -> None:
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


def test_a_day_that_does_not_exist_is_found() -> None:
    assert check_consistency({"defaults": {"esaChannelVersion": {"beginDate": "2023-02-29"}}, "channels": {}}) == (
        FileProblem(
            "ESA128",
            ("defaults", "esaChannelVersion", "beginDate"),
            "beginDate must be a day that exists, found 2023-02-29",
        ),
    )


def test_a_leap_day_exists() -> None:
    assert (
        check_consistency({"defaults": {"esaChannelVersion": {"beginDate": "2024-02-29T06:00"}}, "channels": {}}) == ()
    )


def test_a_file_without_channels_and_feeds_says_nothing() -> None:
    assert check_consistency({"dataPoint": "NB-ELEC-01"}) == (
        FileProblem("ESA113", (), "the file has neither channels nor feeds", "write the channels under  channels:"),
    )
