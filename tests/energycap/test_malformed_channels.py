"""Channels whose answer is odd: what can be read of them, and what cannot."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.energycap.client import open_reader
from reconciler.energycap.malformed_channels import identify_row, live_from_row
from reconciler.energycap.mapping import live_from_response
from reconciler.errors import BadResponse
from reconciler.model.channels import DataPoint, Version
from reconciler.model.fields import FIELDS
from tests.energycap.documents import make_channel, make_version
from tests.energycap.fake_network import make_page

URL = "https://a.energycap.com"
VERSIONED = {path for field in FIELDS if field.is_versioned for path in (field.path, field.alias) if path}


def test_a_valid_row_is_a_channel_without_a_flaw() -> None:
    assert live_from_row(make_channel()) == live_from_response(make_channel())


@pytest.mark.parametrize(
    ("odd", "flaw", "unread"),
    [
        ({"channelInfo": 7}, "channelInfo should be text, found 7", {"channelInfo"}),
        ({"isCalculated": "true"}, "isCalculated should be true or false, found text", {"isCalculated"}),
        (
            {"observationType": "ELECUSE"},
            "observationType should be an object, found text",
            {"observationTypeId", "observationTypeCode"},
        ),
        ({"hasReadings": 1}, "hasReadings should be true or false, found 1", set()),
        ({"dataPoint": None}, "dataPointId should be an id, found nothing", set()),
        ({"dataPoint": []}, "dataPoint should be an object, found an empty list", {"dataPoint"}),
        ({"channelVersions": []}, "channelVersions should be one version or more, found an empty list", VERSIONED),
        ({"channelId": 1042.0}, "channelId should be an id, found 1042.0", set()),
    ],
    ids=["text", "flag", "object", "readings", "no data point", "data point", "no versions", "id"],
)
def test_what_can_be_read_of_a_malformed_row_is_kept(odd: dict[str, Any], flaw: str, unread: set[str]) -> None:
    sound, found = live_from_response(make_channel()), live_from_row(make_channel(**odd))

    assert (found.id, found.flaw, set(found.unread)) == (1042, flaw, unread)
    assert found.values == {path: None if path in unread else value for path, value in sound.values.items()}


def test_one_malformed_value_of_a_version_leaves_the_others() -> None:
    found = live_from_row(make_channel(channelVersions=[make_version(multiplier="1.5")]))
    sound = live_from_response(make_channel(channelVersions=[make_version()])).current

    assert found.flaw == "multiplier should be a number, found text"
    assert found.unread == {"esaChannelVersion.multiplier"}
    assert found.current == Version(
        sound.id, sound.begin_date, sound.end_date, {**sound.values, "esaChannelVersion.multiplier": None}
    )


def test_a_data_point_that_is_read_in_part_still_says_which_it_is() -> None:
    found = live_from_row(make_channel(dataPoint={"dataPointId": 301, "dataPointImportId": "P", "parentPlace": []}))

    assert (found.data_point, found.unread) == (DataPoint(301, import_id="P"), frozenset())


@pytest.mark.parametrize("row", [None, "1042", {}, {"channelId": None}, {"channelId": 1.5}, {"channelId": True}])
def test_a_row_without_an_id_is_not_a_channel(row: object) -> None:
    with pytest.raises(BadResponse, match="a channel comes without its channelId"):
        identify_row(row)


@pytest.mark.parametrize("given", [1042, 1042.0, "1042"])
def test_an_id_of_any_type_says_which_channel_it_is(given: object) -> None:
    assert identify_row({"channelId": given}) == (1042, {"channelId": given})


@pytest.mark.parametrize(
    ("answer", "flaw"),
    [
        (
            httpx.Response(200, json=make_channel(channelVersions=[])),
            "channelVersions should be one version or more, found an empty list",
        ),
        (
            httpx.Response(200, html="<title>Sorry</title>"),
            (
                "the service's answer cannot be used: GET /api/v202406/esachannel/1042 answered 200 OK with "
                'text/html; charset=utf-8 instead of JSON: a page titled "Sorry"'
            ),
        ),
        (
            httpx.Response(200, json=make_channel(channelId=7)),
            "the service's answer cannot be used: channel 1042 was requested, but channel 7 came",
        ),
    ],
    ids=["odd", "a page", "another channel"],
)
def test_a_row_that_is_completed_by_a_malformed_response_is_a_channel_with_a_flaw(
    answer: httpx.Response, flaw: str
) -> None:
    page = make_page([make_channel(channelVersions=None), make_channel(channelId=7)])

    def reply(request: httpx.Request) -> httpx.Response:
        other = httpx.Response(200, json=make_channel(channelId=7))
        return {"1042": answer, "7": other}.get(request.url.path.rpartition("/")[2], page)

    with open_reader(URL, "sandbox", httpx.MockTransport(reply)) as reader:
        found = {live.id: live.flaw for live in reader.list_channels()}

    assert found == {7: "", 1042: flaw}
