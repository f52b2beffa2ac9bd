"""Dates of versions with a zone: local time where that can be known, and else left as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.energycap.client import open_reader
from reconciler.energycap.time_zones import find_time_zone
from reconciler.model.project import VersionDates
from tests.energycap.documents import make_channel, make_version, make_versions
from tests.energycap.fake_network import make_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.channels import Live

POINT = "GET /api/v202406/datapoint/{id}"
NEW_YORK, LONDON = "America/New_York", "Europe/London"
WALL, UTC = VersionDates.WALL_TIME, VersionDates.UTC


def serve(document: object, zone: object) -> httpx.MockTransport:
    """A service with one channel, whose data point has this time zone; without the data point where that is None."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "datapoint" in request.url.path:
            shown = {"dataPointId": 301, "dataPointTimeZone": zone}
            return httpx.Response(404) if zone is None else httpx.Response(200, json=shown)
        is_list = request.url.path.endswith("esachannel")
        return make_page([document]) if is_list else httpx.Response(200, json=document)

    return httpx.MockTransport(answer)


def read(document: object, zone: object, meaning: VersionDates | None) -> tuple[Live, Mapping[str, int]]:
    url = "https://a.energycap.com"
    with open_reader(url, "sandbox", serve(document, zone), version_dates=meaning) as reader:
        live = reader.read_channel(1042)
        assert reader.list_channels() == (live,)
        return live, reader.requests


def code(name: str) -> dict[str, Any]:
    return {"timeZoneId": 1, "timeZoneCode": name, "timeZoneInfo": "Some time"}


@pytest.mark.parametrize(
    ("meaning", "written", "zone", "begin"),
    [
        (None, "2024-07-01T04:00:00Z", NEW_YORK, "2024-07-01T04:00:00Z"),
        (None, "2024-01-01T00:00:00Z", LONDON, "2024-01-01T00:00:00Z"),
        (None, "2024-07-01T00:00:00-04:00", NEW_YORK, "2024-07-01T00:00:00"),
        (None, "2024-01-01T00:00:00-05:00", NEW_YORK, "2024-01-01T00:00:00"),
        (None, "2024-01-01T00:00:00-04:00", NEW_YORK, "2024-01-01T00:00:00-04:00"),
        (None, "2024-01-01T00:00:00+00:00", LONDON, "2024-01-01T00:00:00"),
        (None, "2024-07-01T00:00:00+00:00", LONDON, "2024-07-01T00:00:00+00:00"),
        (None, "2024-07-01T00:00:00-04:00", "Nowhere", "2024-07-01T00:00:00-04:00"),
        (None, "2024-07-01T00:00:00", NEW_YORK, "2024-07-01T00:00:00"),
        (WALL, "2024-07-01T04:00:00Z", NEW_YORK, "2024-07-01T04:00:00"),
        (WALL, "2024-07-01T00:00:00+09:00", "Nowhere", "2024-07-01T00:00:00"),
        (UTC, "2024-07-01T04:00:00Z", NEW_YORK, "2024-07-01T00:00:00"),
        (UTC, "2024-01-01T05:00:00.0000000Z", NEW_YORK, "2024-01-01T00:00:00"),
        (UTC, "2024-07-01T00:00:00+01:00", LONDON, "2024-07-01T00:00:00"),
        (UTC, "2024-07-01T04:00:00Z", "Eastern Standard Time", "2024-07-01T00:00:00"),
        (UTC, "2024-07-01T04:00:00Z", "EST", "2024-07-01T04:00:00Z"),
        (UTC, "2024-07-01T00:00:00", NEW_YORK, "2024-07-01T00:00:00"),
        (UTC, "0001-01-01T00:00:00Z", NEW_YORK, "0001-01-01T00:00:00Z"),
        (UTC, "1899-12-30T05:00:00Z", NEW_YORK, "1899-12-30T00:00:00"),
    ],
)
def test_a_date_is_local_time_if_its_meaning_is_known(
    meaning: VersionDates | None, written: str, zone: str, begin: str
) -> None:
    live, _ = read(make_versions(make_version(beginDate=written)), code(zone), meaning)

    expected = None if begin.startswith("1899") else begin
    assert (live.current.begin_date, live.values["esaChannelVersion.beginDate"]) == (begin, expected)


def test_the_end_of_a_version_is_read_as_the_begin_of_the_next() -> None:
    swap = "2024-07-01T04:00:00Z"
    document = make_versions(
        make_version(channelVersionId=1, beginDate="1899-12-30T05:00:00Z", endDate=swap), make_version(beginDate=swap)
    )

    live, _ = read(document, code(NEW_YORK), UTC)

    assert [(version.begin_date, version.end_date) for version in live.versions] == [
        ("1899-12-30T00:00:00", "2024-07-01T00:00:00"),
        ("2024-07-01T00:00:00", None),
    ]


@pytest.mark.parametrize(
    ("meaning", "written", "asked"),
    [
        (None, "2024-07-01T04:00:00Z", 0),
        (None, "2024-07-01T00:00:00-04:00", 1),
        (WALL, "2024-07-01T04:00:00Z", 0),
        (UTC, "2024-07-01T04:00:00Z", 1),
        (UTC, "2024-07-01T00:00:00", 0),
        (UTC, "1899-12-30T05:00:00Z", 0),
    ],
)
def test_a_data_point_is_read_once_and_only_if_its_zone_is_needed(
    meaning: VersionDates | None, written: str, asked: int
) -> None:
    _, requests = read(make_versions(make_version(beginDate=written)), code(NEW_YORK), meaning)

    assert requests[POINT] == asked


@pytest.mark.parametrize("zone", [None, {}, "New York", {"timeZoneCode": 5}, {"timeZoneCode": "America/Nowhere"}])
def test_without_a_known_zone_a_date_in_utc_stays_as_it_came(zone: object) -> None:
    live, _ = read(make_versions(make_version(beginDate="2024-07-01T04:00:00Z")), zone, UTC)

    assert live.current.begin_date == "2024-07-01T04:00:00Z"


def test_readings_have_no_part_in_this() -> None:
    live, _ = read(make_channel(), None, None)

    assert (live.first_reading, live.last_reading) == ("2021-07-01T00:15:00", "2026-11-20T23:45:00")


@pytest.mark.parametrize(
    ("zone", "key"),
    [
        ({"timeZoneCode": "America/New_York"}, NEW_YORK),
        ({"timeZoneCode": " Eastern Standard Time "}, NEW_YORK),
        ({"timeZoneCode": "EST", "timeZoneInfo": "America/New_York"}, NEW_YORK),
        ({"timeZoneCode": "GMT Standard Time", "timeZoneInfo": "Europe/London"}, LONDON),
        ({"timeZoneCode": "UTC"}, "Etc/UTC"),
        ({"timeZoneCode": "America/New_York", "timeZoneInfo": "America/Chicago"}, None),
        ({"timeZoneCode": "Eastern"}, None),
        ({"timeZoneCode": "../etc/passwd"}, None),
        ({"timeZoneCode": "/etc/localtime"}, None),
        ({}, None),
    ],
)
def test_a_zone_is_known_by_its_name_in_iana_or_windows(zone: object, key: str | None) -> None:
    found = find_time_zone({"dataPointTimeZone": zone})

    assert (found and found.key) == key
