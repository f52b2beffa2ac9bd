from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bench import CHANNELS

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("channelId equals '1042'", [1042]),
        ("channelId less than '1044'", [1042, 1043]),
        ("channelId less than equal '1044'", [1042, 1043, 1044]),
        ("channelId greater than '1100'", [1101]),
        ("channelId greater than equal '1100'", [1100, 1101]),
        ("channelId between '1050'|'1052'", [1050, 1051, 1052]),
        ("channelId one of '1042' | '1101'|'7'", [1042, 1101]),
        ("channelId not one of '1042' and channelId less than '1044'", [1043]),
        ("channelId not equals '1042' and channelId less than '1044'", [1043]),
        ("channelInfo equals 'campus TOTAL'", [1101]),
        ("channelInfo like 'feeder'", [1043, 1057, 1058, 1059]),
        ("channelInfo like 'e' and channelInfo not like 'building' and dataPointCode equals 'CAMPUS-ELEC'", []),
        ("channelInfo like '%'", []),
        ("dataPointCode one of 'NB-GAS-01'|'sc-gas-01'", [1046, 1047, 1064, 1065]),
        ("dataPointId equals '302'", [1046, 1047]),
        ("dataPointInfo like 'library gas'", [1076]),
        ("DATAPOINTID EQUALS '302' AND channelID NOT   EQUALS '1046'", [1047]),
        ("isPrimaryValue equals 'true' and dataPointId equals '301'", [1042]),
        ("isPrimaryValue equals 'False' and dataPointId equals '301'", [1043, 1044, 1045]),
        ("eligibleForCalculatedMeter equals 'true' and channelId greater than '1090'", [1094]),
        ("observationTypeCode equals 'WATFLOW'", [1079]),
        ("observationTypeId one of '5'", [1079]),
        ("lastReadingDate equals '2026-11-20T23:45:00-05:00' and dataPointId equals '309'", [1066]),
        ("lastReadingDate less than '2026-11-20'", []),
        ("lastReadingDate between '2026-11-20'|'2026-11-21' and dataPointId equals '309'", [1066]),
        ("lastReadingDate not between '2026-11-20'|'2026-11-21'", []),
        ("  channelId equals '1042'  ", [1042]),
        ("channelId equals '1042' and channelId equals '1043'", []),
    ],
)
def test_a_filter_finds_what_its_words_say(demo: Bench, text: str, found: list[int]) -> None:
    response = demo.client.get(CHANNELS, params={"filter": text}).raise_for_status()

    assert [channel["channelId"] for channel in response.json()] == found
    assert response.headers["TotalNumberOfRecords"] == str(len(found))


def test_an_empty_filter_finds_everything(demo: Bench) -> None:
    assert len(demo.client.get(CHANNELS, params={"filter": " "}).json()) == 60


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("channelImportId equals 'x'", "channelImportId is not a field to filter by"),
        (
            "isPrimaryValue like 'true'",
            "isPrimaryValue has no operator 'like'; there are equals",
        ),
        ("channelId equals 'x'", "'x' is not a value of channelId"),
        ("isPrimaryValue equals '1'", "'1' is not a value of isPrimaryValue"),
        ("lastReadingDate equals 'today'", "'today' is not a value of lastReadingDate"),
        ("channelId between '1'", "channelId between takes 2 values, found 1"),
        ("channelId equals '1'|'2'", "channelId equals takes 1 values, found 2"),
        ("channelId equals 1", "expected field operator 'value' at column 1"),
        ("channelId equals '1' or channelId equals '2'", "expected and, or the end, at column 22"),
        ("channelId equals '1' and", "expected field operator 'value' at column 25"),
        ("channelInfo equals 'it''s'", "expected and, or the end, at column 24"),
    ],
)
def test_a_filter_without_meaning_is_refused(demo: Bench, text: str, complaint: str) -> None:
    response = demo.client.get(CHANNELS, params={"filter": text})

    assert (response.status_code, response.json()) == (
        400,
        {"message": f"The filter is not valid: {complaint}.", "errors": []},
    )
