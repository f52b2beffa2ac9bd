"""From the values of a file to desired channels and feeds."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.definitions.build import FileContent, make_content
from reconciler.model.channels import Desired
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers


def build_one(channel: dict[str, Any], **others: Any) -> Desired:
    """The only channel of a file that has `others` beside it."""
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
    ("channel", "pointers"),
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
def test_the_live_channel_is_found_by_select_else_id_else_import_id(
    channel: dict[str, Any], pointers: Identifiers | None
) -> None:
    assert build_one(channel).select == pointers


def test_defaults_reach_each_channel_that_does_not_say_otherwise_the_version_key_by_key() -> None:
    defaults = {"intervalMinutes": 15, "esaChannelVersion": {"unitCode": "KWH", "multiplier": 1}}
    channel = {"intervalMinutes": 60, "esaChannelVersion": {"multiplier": 0.1, "offset": None}}

    assert build_one(channel, defaults=defaults).spec == {
        "intervalMinutes": 60,
        "esaChannelVersion.unitCode": "KWH",
        "esaChannelVersion.multiplier": 0.1,
        "esaChannelVersion.offset": None,
    }


def test_a_default_gives_way_to_the_same_thing_said_in_the_other_way() -> None:
    defaults = {"observationTypeId": 1, "esaChannelVersion": {"unitCode": "KWH", "observationRuleId": 1}}
    channel = {"observationTypeCode": "ELECUSE", "esaChannelVersion": {"unitId": 7}}

    assert build_one(channel, defaults=defaults).spec == {
        "observationTypeCode": "ELECUSE",
        "esaChannelVersion.unitId": 7,
        "esaChannelVersion.observationRuleId": 1,
    }


@pytest.mark.parametrize(("channel", "reaches"), [({"isCalculated": True}, False), ({"isCalculated": False}, True)])
def test_a_default_interval_does_not_reach_a_calculated_channel(channel: dict[str, Any], reaches: bool) -> None:
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
