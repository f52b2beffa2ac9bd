"""Lists of channels that leave something out: found out by a read or a few, and read one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.energycap.client import open_reader
from reconciler.energycap.listing import find_missing
from reconciler.energycap.mapping import live_from_response
from reconciler.errors import BadResponse
from tests.energycap.documents import TRIP, make_channel, make_data_point, make_version
from tests.energycap.fake_network import make_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.channels import Live
    from tests.energycap.documents import Document

    Change = Callable[[Document], Document]

LIST, READ = "GET /api/v202406/esachannel", "GET /api/v202406/esachannel/{id}"
BOUNDED = make_version(observationRule=TRIP, offset=1, minimumReading=0, maximumReading=9)
TOLD = "the list of channels leaves out values: reading {} channels one by one ..."


def make_town(count: int) -> list[Document]:
    """Channels of which every twentieth has an offset, a minimum and a maximum, and two versions."""
    former = make_version(channelVersionId=1, endDate="2026-01-01T00:00:00")
    latest = BOUNDED | {"beginDate": "2026-01-01T00:00:00"}
    return [
        make_channel(channelId=number, channelVersions=[former, latest] if number % 20 == 0 else [make_version()])
        for number in range(1, count + 1)
    ]


class Service:
    """A service that gives `channels` by id as they are, and in lists as `in_list` makes them."""

    def __init__(self, channels: list[Document], in_list: Change, by_id: Change = dict) -> None:
        self.channels = {channel["channelId"]: channel for channel in channels}
        self._in_list = in_list
        self.by_id = by_id

    def __call__(self, request: httpx.Request) -> httpx.Response:
        last = request.url.path.rpartition("/")[2]
        if last == "esachannel":
            return make_page([self._in_list(channel) for channel in self.channels.values()], len(self.channels))
        found = self.channels.get(int(last))
        return httpx.Response(404) if found is None else httpx.Response(200, json=self.by_id(found))


def read(service: Service) -> tuple[tuple[Live, ...], dict[str, int], list[str]]:
    told: list[str] = []
    with open_reader("https://a.energycap.com", "sandbox", httpx.MockTransport(service), told.append) as reader:
        return reader.list_channels(), reader.requests, told


def of_versions(change: Change) -> Change:
    return lambda channel: {**channel, "channelVersions": [change(version) for version in channel["channelVersions"]]}


def without(*names: str) -> Change:
    return lambda document: {name: value for name, value in document.items() if name not in names}


def nulled(*names: str) -> Change:
    return lambda document: {**document, **dict.fromkeys(names)}


def without_nulls(document: Document) -> Document:
    """A channel as a service writes it that leaves out every property that is null."""
    kept = {name: value for name, value in document.items() if value is not None}
    kept["channelVersions"] = [
        {name: value for name, value in version.items() if value is not None} for version in document["channelVersions"]
    ]
    return kept


PARTIAL: dict[str, Change] = {
    "without bounds": of_versions(without("offset", "minimumReading", "maximumReading")),
    "null bounds": of_versions(nulled("offset", "minimumReading", "maximumReading")),
    "without an offset": of_versions(without("offset")),
    "without begin and end": of_versions(without("beginDate", "endDate")),
    "without registers": of_versions(without("rolloverValue", "rollbackAllowance")),
    "without units": of_versions(nulled("unit")),
    "without flags": without("isCalculated", "isPrimaryValue", "isPrimaryDemand"),
    "null flags": nulled("isCalculated", "isPrimaryValue", "isPrimaryDemand"),
    "without import ids": without("channelImportId"),
    "null import ids": nulled("channelImportId"),
    "without an interval": without("interval"),
    "without what is said of readings": nulled("hasReadings", "lastReadingDate"),
    "the latest version alone": lambda channel: {**channel, "channelVersions": channel["channelVersions"][-1:]},
    "a data point without codes": lambda channel: {**channel, "dataPoint": {"dataPointId": 301}},
    "without versions": without("channelVersions"),
    "without data points": nulled("dataPoint"),
}


@pytest.mark.parametrize("in_list", PARTIAL.values(), ids=PARTIAL)
def test_channels_of_a_list_that_leaves_something_out_are_read_one_by_one(in_list: Change) -> None:
    channels = make_town(60)

    found, requests, told = read(Service(channels, in_list))

    assert found == tuple(map(live_from_response, channels))
    assert requests[READ] >= 60
    assert told == [TOLD.format(60)]


def within(name: str, change: Change) -> Change:
    return lambda document: {**document, name: change(document[name])}


IN_OBJECTS: dict[str, Change] = {
    "an empty unit": of_versions(within("unit", without("unitId", "unitCode"))),
    "a unit without its code": of_versions(within("unit", without("unitCode"))),
    "a unit whose id is null": of_versions(within("unit", nulled("unitId"))),
    "an empty observation rule": of_versions(lambda version: {**version, "observationRule": {}}),
    "an empty observation type": lambda channel: {**channel, "observationType": {}},
    "an observation type without its id": within("observationType", without("observationTypeId")),
    "an empty summarization method": lambda channel: {**channel, "summarizationMethod": {}},
}


@pytest.mark.parametrize("change", IN_OBJECTS.values(), ids=IN_OBJECTS)
def test_a_single_row_with_a_gap_in_an_object_is_read_by_its_id(change: Change) -> None:
    channels = make_town(60)

    found, requests, told = read(Service(channels, lambda row: change(row) if row["channelId"] == 33 else row))

    assert (found, told) == (tuple(map(live_from_response, channels)), [])
    assert requests[READ] == 3


def test_rows_that_are_malformed_by_their_ids_too_are_tried_once_and_only_a_few() -> None:
    channels = [make_channel(channelId=number, channelInfo=number) for number in range(1, 61)]
    service = Service(channels, dict)

    with open_reader("https://a.energycap.com", "sandbox", httpx.MockTransport(service)) as reader:
        first = reader.list_channels()
        before = reader.requests.copy()
        assert reader.list_channels() == first

    assert [live.flaw for live in first] == [f"channelInfo should be text, found {number}" for number in range(1, 61)]
    assert before[READ] < 60
    assert reader.requests - before == {LIST: 1}


REFUSALS = {
    "a page": httpx.Response(200, html="<title>Sign in</title>"),
    "another channel": httpx.Response(200, json=make_channel(channelId=1)),
    "not allowed": httpx.Response(403),
    "too large a request": httpx.Response(413),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("gap", [without("interval"), without("channelVersions")], ids=["a gap", "no versions"])
def test_a_single_channel_that_cannot_be_completed_stops_no_other(gap: Change, refusal: httpx.Response) -> None:
    channels = make_town(60)
    service = Service(channels, lambda row: gap(row) if row["channelId"] == 33 else row)
    network = httpx.MockTransport(
        lambda request: refusal if request.url.path.endswith("/33") else service(request),
    )

    with open_reader("https://a.energycap.com", "sandbox", network) as reader:
        found = reader.list_channels()

    assert [live.id for live in found if live.flaw] == [33]
    assert [live for live in found if not live.flaw] == [
        live_from_response(channel) for channel in channels if channel["channelId"] != 33
    ]


def test_a_channel_that_cannot_be_completed_has_the_values_of_its_row() -> None:
    channels = make_town(60)
    service = Service(channels, lambda row: without("interval")(row) if row["channelId"] == 33 else row)
    network = httpx.MockTransport(
        lambda request: httpx.Response(403) if request.url.path.endswith("/33") else service(request)
    )

    with open_reader("https://a.energycap.com", "sandbox", network) as reader:
        (found,) = [live for live in reader.list_channels() if live.id == 33]

    whole = live_from_response(channels[32])
    assert {path: found.values[path] for path in whole.values if path not in found.unread} == {
        path: value for path, value in whole.values.items() if path not in found.unread
    }
    assert "intervalMinutes" in found.unread
    assert "channelImportId" not in found.unread


def test_a_list_that_shows_all_that_may_be_null_is_compared_with_one_read() -> None:
    channels = make_town(60)

    found, requests, told = read(Service(channels, dict))

    assert (found, told) == (tuple(map(live_from_response, channels)), [])
    assert requests == {LIST: 1, READ: 1}


@pytest.mark.parametrize(("count", "reads"), [(5, 5), (600, 25)])
def test_a_list_that_shows_nothing_of_that_is_compared_with_a_few(count: int, reads: int) -> None:
    channels = [make_channel(channelId=number) for number in range(count)]

    _, requests, told = read(Service(channels, dict))

    assert (requests, told) == ({LIST: 1, READ: reads}, [])


def test_a_service_that_never_sends_null_sends_whole_rows() -> None:
    channels = make_town(60)

    found, requests, told = read(Service(channels, without_nulls, without_nulls))

    assert (found, told) == (tuple(map(live_from_response, channels)), [])
    assert requests[READ] < 60


def test_an_edit_between_the_list_and_the_read_makes_no_list_partial() -> None:
    service = Service(make_town(60), dict)
    listed: list[int] = []

    def edit_once(channel: Document) -> Document:
        if not listed:
            listed.append(channel["channelId"])
            service.channels[channel["channelId"]] = {**channel, "channelInfo": "Edited"}
        return service.channels[channel["channelId"]]

    service.by_id = edit_once

    _, requests, told = read(service)

    assert (requests, told) == ({LIST: 2, READ: 2}, [])


def test_a_channel_that_is_deleted_when_it_is_compared_proves_nothing_about_the_list() -> None:
    service = Service(make_town(60), dict)
    rows = list(service.channels.values())
    del service.channels[20]
    network = httpx.MockTransport(
        lambda request: make_page(rows, 60) if request.url.path.endswith("esachannel") else service(request)
    )

    with open_reader("https://a.energycap.com", "sandbox", network) as reader:
        assert len(reader.list_channels()) == 60

    assert reader.requests == {LIST: 1, READ: 2}


def test_channels_that_are_all_deleted_when_they_are_compared_are_taken_as_listed() -> None:
    rows = make_town(60)
    network = httpx.MockTransport(
        lambda request: make_page(rows, 60) if request.url.path.endswith("esachannel") else httpx.Response(404)
    )

    with open_reader("https://a.energycap.com", "sandbox", network) as reader:
        assert reader.list_channels() == tuple(map(live_from_response, rows))

    assert reader.requests == {LIST: 1, READ: 3}


@pytest.mark.parametrize("hidden", ["channelVersions", "interval"])
def test_rows_with_gaps_that_no_read_can_complete_are_refused(hidden: str) -> None:
    rows = [without(hidden)(channel) for channel in make_town(60)]
    network = httpx.MockTransport(
        lambda request: make_page(rows, 60) if request.url.path.endswith("esachannel") else httpx.Response(404)
    )

    with pytest.raises(BadResponse) as failure, open_reader("https://a.energycap.com", "sandbox", network) as reader:
        reader.list_channels()

    assert failure.value.message == (
        "the service's answer cannot be used: the list of channels holds channels that cannot be read by their ids"
    )


def test_a_second_list_of_one_run_is_not_compared_again() -> None:
    service = Service(make_town(60), of_versions(without("offset")))

    with open_reader("https://a.energycap.com", "sandbox", httpx.MockTransport(service)) as reader:
        first = reader.list_channels()
        before = reader.requests.copy()
        assert reader.list_channels() == first

    assert reader.requests - before == {LIST: 1, READ: 60}


def test_a_snapshot_file_holds_what_a_list_leaves_out() -> None:
    channels = make_town(60)
    service = Service(channels, of_versions(nulled("offset", "minimumReading", "maximumReading")))

    def answer(request: httpx.Request) -> httpx.Response:
        is_channel = "esachannel" in request.url.path
        return service(request) if is_channel else httpx.Response(200, json=[])

    with open_reader("https://a.energycap.com", "sandbox", httpx.MockTransport(answer)) as reader:
        assert reader.read_raw_snapshot()["channels"] == channels


@pytest.mark.parametrize(
    ("document", "lacking"),
    [
        (make_channel(), set()),
        (without("interval", "hasReadings")(make_channel()), {"interval", "hasReadings"}),
        (make_channel(hasReadings=None), set()),
        (make_channel(channelVersions=[without("endDate")(make_version())]), {"channelVersions.endDate"}),
        (make_channel(isCalculated=True), {"channelVersions.formula"}),
        (make_channel(dataPoint=without("commodity")(make_data_point())), {"dataPoint.commodity"}),
        (make_channel(observationType=None), {"observationType"}),
        (make_channel(channelImportId=None, interval=None), set()),
        (make_channel(channelVersions="odd", dataPoint=[]), set()),
    ],
)
def test_missing_properties_of_a_row_are_named(document: dict[str, Any], lacking: set[str]) -> None:
    assert find_missing(document) == lacking
