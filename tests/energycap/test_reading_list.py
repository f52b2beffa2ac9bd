from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.energycap.client import open_reader, open_sender
from reconciler.energycap.mapping import live_from_response
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized
from reconciler.model.project import VersionDates
from reconciler.model.registers import ChannelReading, ReadingSpan
from reconciler.sandbox import Options, parse_faults, parse_settings, running
from reconciler.sandbox.demo_world import make_demo_world
from tests.energycap import documents
from tests.energycap.fake_network import make_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reconciler.energycap.client import Reader
    from reconciler.model.channels import Live

KEY = "sandbox"
URL = "https://a.energycap.com"
# A channel of the demo with quarter hours, whose data point is in New York, and which has no readings.
CHANNEL = 1067
LIVE = live_from_response(documents.make_channel())
NOON = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - local times have no zone
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def reading(
    folder: Path, rows: list[tuple[str, float]], *assignments: str, dates: VersionDates | None = None, faults: str = ""
) -> Iterator[tuple[Reader, Live]]:
    """A reader of a sandbox in which the channel has these readings, and the channel."""
    options = Options(settings=parse_settings(assignments), faults=parse_faults([faults] if faults else []))
    with running(folder / "sandbox.sqlite3", make_demo_world(), options) as service:
        with open_sender(service.url, KEY) as sender:
            group = [{"time": time, "value": value, "estimated": False, "note": None} for time, value in rows]
            sender.send_esa_readings([{"esaChannelId": CHANNEL, "readings": group}])
        with open_reader(service.url, KEY, version_dates=dates) as reader:
            yield reader, reader.read_channel(CHANNEL)


def make_quarters(count: int, begin: datetime = NOON) -> list[tuple[str, float]]:
    return [((begin + index * timedelta(minutes=15)).isoformat(), float(index)) for index in range(count)]


def raws(readings: Iterable[ChannelReading] | ServiceError) -> list[tuple[str, float | None]]:
    assert not isinstance(readings, ServiceError)
    return [(one.time, None if one.raw is None else float(one.raw)) for one in readings]


ROWS = [("2026-07-01T11:45:00", 1.0), ("2026-07-01T12:00:00", 3.0), ("2026-07-01T12:15:00", 4.0)]


def test_readings_come_with_both_values_in_local_time_of_the_data_point(tmp_path: Path) -> None:
    with reading(tmp_path, ROWS) as (reader, live):
        found = list(reader.list_readings(live, at("2026-07-01T12:00:00"), at("2026-07-01T12:15:00")))

    assert found == [
        ChannelReading("2026-07-01T12:00:00", Decimal(3), Decimal(2), estimated=False),
        ChannelReading("2026-07-01T12:15:00", Decimal(4), Decimal(1), estimated=False),
    ]


@pytest.mark.parametrize(
    ("assignments", "dates"),
    [
        ((), None),
        (("reading_times=naive",), None),
        (("reading_times=utc",), VersionDates.UTC),
        (("reading_times=z_wall_time",), VersionDates.WALL_TIME),
        (("reading_rows=dated",), None),
        (("reading_filter=utc",), None),
        (("page_order=shuffled",), None),
        (("page_cap=250", "paging_headers=total_pages_only"), None),
        (("page_cap=250", "reading_rows=dated", "reading_times=utc", "reading_filter=utc"), VersionDates.UTC),
    ],
    ids=str,
)
def test_however_the_service_writes_readings_the_same_ones_come(
    tmp_path: Path, assignments: tuple[str, ...], dates: VersionDates | None
) -> None:
    rows = make_quarters(700)

    with reading(tmp_path, rows, *assignments, dates=dates) as (reader, live):
        found = raws(reader.list_readings(live, NOON + timedelta(hours=1), NOON + 5 * DAY))
        streamed = list(reader.stream_readings([ReadingSpan(live, NOON + timedelta(hours=1), NOON + 5 * DAY)]))

    assert found == rows[4:481]
    # With the last one before the span.
    assert [(channel_id, raws(readings)) for channel_id, readings in streamed] == [(CHANNEL, rows[3:481])]


def test_the_newest_come_first_if_asked_for_and_no_more_is_read_than_taken(tmp_path: Path) -> None:
    rows = make_quarters(96 * 40)

    with reading(tmp_path, rows) as (reader, live):
        backward = reader.list_readings(live, NOON, NOON + 40 * DAY, newest_first=True)
        first = next(backward)
        requests = reader.requests["GET /api/v202407/esaReading"]
        rest = raws(backward)

    assert raws(iter([first])) == rows[-1:]
    assert rest == rows[-2::-1]
    assert requests < reader.requests["GET /api/v202407/esaReading"]


@pytest.mark.parametrize("dates", [VersionDates.UTC, None])
@pytest.mark.parametrize("times", ["offset", "utc"])
def test_readings_of_the_hour_that_clocks_repeat_come_as_they_were_taken(
    tmp_path: Path, times: str, dates: VersionDates | None
) -> None:
    # 1:00 to 2:00 in New York, before and after the clocks went back on 1 November 2026.
    rows = [(f"2026-11-01T0{hour}:{minute:02}:00Z", hour * 60.0 + minute) for hour in (5, 6) for minute in (0, 30)]

    with reading(tmp_path, rows, f"reading_times={times}", dates=dates) as (reader, live):
        listed = reader.list_readings(live, at("2026-11-01T00:00:00"), at("2026-11-01T03:00:00"))
        if times == "utc" and dates is None:
            with pytest.raises(BadResponse) as failure:
                list(listed)
            assert failure.value.message == (
                "the service's answer cannot be used: channel 1067: a reading is at 2026-11-01T05:00:00Z, "
                "and nothing says whether that is local time"
            )
        else:
            assert raws(listed) == [
                ("2026-11-01T01:00:00", 300),
                ("2026-11-01T01:30:00", 330),
                ("2026-11-01T01:00:00", 360),
                ("2026-11-01T01:30:00", 390),
            ]


def test_rows_without_a_raw_value_have_none(tmp_path: Path) -> None:
    with reading(tmp_path, ROWS, "reading_rows=processed") as (reader, live):
        found = list(reader.list_readings(live, NOON, NOON))

    assert found == [ChannelReading("2026-07-01T12:00:00", None, Decimal(2), estimated=False)]


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [
        ("reading_list=forbidden", Unauthorized, "answered 403"),
        ("reading_list=absent", Rejected, "answered 404"),
        ("page_order=shuffled", BadResponse, "readings came twice"),
    ],
)
def test_a_list_that_is_not_complete_is_an_error(
    tmp_path: Path, setting: str, error: type[ServiceError], words: str
) -> None:
    assignments = (setting, "page_cap=250")

    with (
        reading(tmp_path, make_quarters(2000), *assignments) as (reader, live),
        pytest.raises(error, match=words),
    ):
        list(reader.list_readings(live, NOON, NOON + 20 * DAY))


def test_a_page_that_lacks_rows_is_an_error(tmp_path: Path) -> None:
    with (
        reading(tmp_path, ROWS, faults="GET /api/v202407/esaReading truncated-page every=1") as (reader, live),
        pytest.raises(BadResponse, match="page 1 of 1 holds 1 readings instead of 3"),
    ):
        list(reader.list_readings(live, NOON, NOON))


def list_rows(*rows: object) -> list[ChannelReading]:
    """What is made of an answer of these rows."""
    return list_answer(make_page(rows))


def list_answer(answer: httpx.Response) -> list[ChannelReading]:
    with open_reader(URL, KEY, httpx.MockTransport(lambda _request: answer)) as reader:
        return list(reader.list_readings(LIVE, at("2026-01-01"), at("2026-01-02")))


def list_number(text: str) -> list[ChannelReading]:
    """What is made of an answer of one row with this raw value."""
    body = json.dumps([ROW]).replace('"rawValue": 5', f'"rawValue": {text}')
    return list_answer(
        httpx.Response(200, content=body, headers={"TotalNumberOfRecords": "1", "Content-Type": "application/json"})
    )


TWO, FIVE = Decimal(2), Decimal(5)
ROW = {"esaChannelId": LIVE.id, "timestamp": "2026-01-01T10:00:00", "rawValue": 5}


@pytest.mark.parametrize(
    ("row", "raw", "processed"),
    [
        (ROW, FIVE, None),
        ({"channelId": LIVE.id, "time": "2026-01-01 10:00", "rawValue": 5, "value": 2}, FIVE, TWO),
        (
            {"EsaChannelID": LIVE.id, "ReadingDate": "2026-01-01T10:00", "RawValue": None, "ProcessedValue": 2},
            None,
            TWO,
        ),
        ({"esaChannel": {"esaChannelId": LIVE.id}, "timestamp": "2026-01-01T10:00:00.000", "value": 2}, None, TWO),
        (ROW | {"time": "2026-01-01T10:00:00", "estimated": "no", "more": [1]}, FIVE, None),
    ],
)
def test_names_are_read_in_each_plausible_spelling(row: object, raw: Decimal | None, processed: Decimal | None) -> None:
    assert list_rows(row) == [ChannelReading("2026-01-01T10:00:00", raw, processed)]


@pytest.mark.parametrize(
    "text", ["0.1234567890123456789012345678", "123456789012345678901234567890", "5.680E-14", "-0.0"]
)
def test_a_number_keeps_all_of_its_digits(text: str) -> None:
    (found,) = list_number(text)

    assert str(found.raw) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1e400", "rawvalue of a reading should be a number of at most 60 digits, found 1E\\+400"),
        ("1e-500", "rawvalue of a reading should be a number of at most 60 digits, found 1E-500"),
        (f"0.{'3' * 61}", "rawvalue of a reading should be a number of at most 60 digits, found 0.333333"),
        ("1e99999999999999999999", "the exponent of 1e99999999999999999999 is too large"),
        ("NaN", "NaN is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
    ],
)
def test_a_number_that_no_meter_shows_is_an_error(text: str, words: str) -> None:
    with pytest.raises(BadResponse, match=words):
        list_number(text)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("text", "page 1 of the readings should be a list of objects"),
        ({}, "the channel of a reading should be an id, found nothing"),
        (ROW | {"esaChannelId": 7}, f"the channel of a reading should be the id {LIVE.id}, found 7"),
        (ROW | {"timestamp": None}, "the time of a reading should be one date and time, found nothing"),
        (ROW | {"timestamp": "yesterday"}, "the time of a reading should be one date and time, found text"),
        (ROW | {"timestamp": "2026-02-30"}, "the time of a reading should be one date and time, found text"),
        (ROW | {"time": "2026-01-01T10:15:00"}, "the time of a reading should be one date and time, found nothing"),
        (ROW | {"rawValue": "5"}, "rawvalue of a reading should be a number, found text"),
        (ROW | {"value": True}, "value of a reading should be a number, found true"),
        (ROW | {"timestamp": "2026-01-01T10:00:00Z"}, "nothing says whether that is local time"),
    ],
)
def test_a_row_that_is_not_understood_is_an_error(row: object, words: str) -> None:
    with pytest.raises(BadResponse, match=words):
        list_rows(row)


def test_nothing_is_asked_for_a_span_that_ends_before_it_begins() -> None:
    with open_reader(URL, KEY, httpx.MockTransport(lambda _request: httpx.Response(500))) as reader:
        assert list(reader.list_readings(LIVE, NOON, NOON - DAY)) == []


@pytest.mark.parametrize("minutes", [2**31 - 1, -(2**31)])
def test_an_impossible_interval_does_not_keep_readings_from_being_read(minutes: int) -> None:
    live = replace(LIVE, values={**LIVE.values, "intervalMinutes": minutes})
    empty = httpx.MockTransport(lambda _request: make_page([], total=0))
    with open_reader(URL, KEY, empty) as reader:
        assert list(reader.list_readings(live, NOON, NOON + DAY)) == []


class Service:
    """A service with one channel, whose readings it filters by the span that is asked for; it keeps the spans."""

    def __init__(self, times: list[datetime]) -> None:
        self._times = times
        self.most = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        words = request.url.params["filter"].split("'")
        begin, end = at(words[3]), at(words[5])
        rows = [ROW | {"timestamp": time.isoformat()} for time in self._times if begin <= time <= end]
        page = int(request.url.params["pageNumber"])
        self.most = max(self.most, len(rows))
        return make_page(rows[(page - 1) * 1000 : page * 1000], total=len(rows))


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 600 * 24), max_size=40, unique=True),
    st.integers(-10, 600 * 24),
    st.integers(-10, 600 * 24),
    st.booleans(),
)
def test_every_reading_of_the_span_comes_once_and_in_order(
    hours: list[int], one: int, other: int, newest_first: bool
) -> None:
    times = [NOON + timedelta(hours=hour) for hour in sorted(hours)]
    begin, end = (NOON + timedelta(hours=hour) for hour in sorted((one, other)))

    with open_reader(URL, KEY, httpx.MockTransport(Service(times))) as reader:
        found = [reading.time for reading in reader.list_readings(LIVE, begin, end, newest_first=newest_first)]

    expected = [time.isoformat() for time in times if begin <= time <= end]
    assert found == (expected[::-1] if newest_first else expected)


def test_a_year_of_readings_is_never_held_at_once() -> None:
    service = Service([NOON + index * timedelta(minutes=15) for index in range(96 * 365)])

    with open_reader(URL, KEY, httpx.MockTransport(service)) as reader:
        count = sum(1 for _ in reader.list_readings(LIVE, NOON, NOON + 365 * DAY))

    assert count == 96 * 365
    assert service.most < 1_100
