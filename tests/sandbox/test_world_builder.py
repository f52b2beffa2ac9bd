"""Sample channels in few words, and the channels that they become."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.sandbox.properties import ODOMETER, TRIP
from reconciler.sandbox.world_builder import (
    LAST_READING,
    SampleChannel,
    SampleDataPoint,
    SampleVersion,
    make_observation_types,
    make_summarization_methods,
    make_units,
    make_world,
    observation_type_id,
    summarization_method_id,
    unit_id,
)

POINT = SampleDataPoint(1, "P-1", "Main meter", "North Building", "ELECTRIC")
SAMPLE = SampleChannel(10, POINT, "Use", "P-1-USE", "ELECUSE", 15, (SampleVersion("KWH", TRIP),))


def test_a_sample_becomes_a_channel_with_its_codes_as_ids() -> None:
    (channel,) = make_world([POINT], [SAMPLE])["channels"]

    assert channel["channelInfo"] == "Use"
    assert channel["dataPoint"]["dataPointCode"] == "P-1"
    assert channel["observationType"]["observationTypeCode"] == "ELECUSE"
    assert channel["summarizationMethod"]["summarizationMethodInfo"] == "Sum"
    assert channel["channelVersions"][0]["unit"]["unitCode"] == "KWH"


def test_a_sample_without_a_last_value_has_no_readings() -> None:
    with_readings = replace(SAMPLE, channel_id=11, last_value=7.5)

    channels = make_world([POINT], [SAMPLE, with_readings])["channels"]

    assert [(one["hasReadings"], one["lastReadingDate"]) for one in channels] == [(False, None), (True, LAST_READING)]
    assert channels[1]["lastReadingValue"]["value"] == 7.5


def test_only_an_odometer_has_register_settings() -> None:
    odometer = replace(SAMPLE, channel_id=11, versions=(SampleVersion("KWH", ODOMETER),))

    versions = [one["channelVersions"][0] for one in make_world([POINT], [SAMPLE, odometer])["channels"]]

    assert [(one["rolloverValue"], one["rollbackAllowance"]) for one in versions] == [
        (None, None),
        (999999999999999, 0.1),
    ]


def test_a_sample_without_an_interval_is_calculated() -> None:
    version = SampleVersion("KWH", TRIP, formula="channel(10) * 2")
    calculated = replace(SAMPLE, channel_id=11, interval=None, versions=(version,))

    channels = make_world([POINT], [SAMPLE, calculated])["channels"]

    assert [one["isCalculated"] for one in channels] == [False, True]
    assert channels[1]["interval"] == 15


def test_codes_are_those_of_the_lists() -> None:
    assert {unit["unitCode"]: unit["unitId"] for unit in make_units()}["KW"] == unit_id("KW")
    types = {one["observationTypeCode"]: one["observationTypeId"] for one in make_observation_types()}
    assert types["WATFLOW"] == observation_type_id("WATFLOW")
    methods = {one["summarizationMethodInfo"]: one["summarizationMethodId"] for one in make_summarization_methods()}
    assert methods["Max"] == summarization_method_id("Max")
