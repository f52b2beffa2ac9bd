from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.energycap.client import open_reader
from reconciler.energycap.reading_streams import make_groups
from reconciler.errors import Rejected, ServiceError, Unauthorized, Unavailable
from reconciler.model.registers import SummarizedReading
from tests.cases import note_case
from tests.energycap.fake_network import make_page
from tests.energycap.reading_service import (
    DAY,
    KEY,
    NOON,
    QUARTER,
    URL,
    ReadingService,
    make_row,
    make_span,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.energycap.client import Reader
    from reconciler.model.registers import Readings, ReadingSpan

LIST = "GET /api/v202407/esaReading"


@contextmanager
def serving(service: Callable[[httpx.Request], httpx.Response]) -> Iterator[Reader]:
    with open_reader(URL, KEY, httpx.MockTransport(service)) as reader:
        yield reader


def make_quarters(count: int, begin: datetime = NOON) -> list[datetime]:
    return [begin + index * QUARTER for index in range(count)]


def collect(stream: Iterable[Readings]) -> dict[int, list[str] | str]:
    """The times of each channel, or the message of its error."""
    found: dict[int, list[str] | str] = {}
    for channel_id, readings in stream:
        before = found.setdefault(channel_id, [])
        assert isinstance(before, list), "something came after an error"
        if isinstance(readings, ServiceError):
            found[channel_id] = readings.message.removeprefix("the service's answer cannot be used: ")
        else:
            before += [reading.time for reading in readings]
    return found


def texts(times: Iterable[datetime]) -> list[str]:
    return [time.isoformat() for time in times]


def test_both_ends_of_a_span_and_the_last_reading_before_it_come() -> None:
    service = ReadingService({1: make_quarters(10), 2: make_quarters(3, NOON - QUARTER)})
    spans = [make_span(1, NOON + 2 * QUARTER, NOON + 4 * QUARTER), make_span(2, NOON, NOON + DAY)]

    with serving(service) as reader:
        found = collect(reader.stream_readings(spans))
        rows = reader.reading_rows

    assert found == {1: texts(make_quarters(4, NOON + QUARTER)), 2: texts(make_quarters(3, NOON - QUARTER))}
    assert (len(service.requests), rows) == (1, 13)


def test_readings_have_all_digits_of_both_values() -> None:
    row = json.dumps(make_row(1, NOON, 0)).replace('"rawValue": 0', '"rawValue": 0.12345678901234567890')
    body = f"[{row}]".encode()
    answer = httpx.Response(
        200, content=body, headers={"TotalNumberOfRecords": "1", "Content-Type": "application/json"}
    )

    with serving(lambda _request: answer) as reader:
        ((_, readings),) = reader.stream_readings([make_span(1, NOON, NOON)])

    assert not isinstance(readings, ServiceError)
    assert [(one.raw, one.processed, one.estimated) for one in readings] == [
        (Decimal("0.12345678901234567890"), Decimal(0), False)
    ]


def test_channels_without_readings_or_with_an_empty_span_give_nothing() -> None:
    service = ReadingService({})

    with serving(service) as reader:
        assert list(reader.stream_readings([])) == []
        assert collect(reader.stream_readings([make_span(1, NOON, NOON - DAY)])) == {}
        assert service.requests == []
        assert collect(reader.stream_readings([make_span(1, NOON, NOON + DAY)])) == {}


def test_two_spans_of_one_channel_are_a_bug() -> None:
    with serving(ReadingService({})) as reader, pytest.raises(ValueError, match="two spans are of one channel"):
        list(reader.stream_readings([make_span(1, NOON, NOON), make_span(1, NOON, NOON + DAY)]))


def test_the_last_reading_before_a_gap_is_searched_for_if_there_is_an_earlier_one() -> None:
    long_ago = NOON - 700 * DAY
    service = ReadingService({channel_id: [long_ago - QUARTER, long_ago, NOON] for channel_id in (1, 2, 3)})
    first = {"first_reading": long_ago.isoformat()}
    spans = [
        make_span(1, NOON, NOON + DAY, **first),
        make_span(2, NOON, NOON + DAY, first_reading=NOON.isoformat()),
        make_span(3, NOON, NOON + DAY),
    ]

    with serving(service) as reader:
        found = collect(reader.stream_readings(spans))

    assert found == {1: texts([long_ago, NOON]), 2: texts([NOON]), 3: texts([NOON])}
    assert {text for text in service.requests[1:] if "'2'" in text or "'3'" in text} == set()


def test_an_earlier_reading_that_cannot_be_read_is_an_error_of_its_channel() -> None:
    def answer(text: str, response: httpx.Response) -> httpx.Response:
        return response if f"'{(NOON - DAY - QUARTER).isoformat()}'" in text else make_page([], total=7)

    service = ReadingService({1: [NOON], 2: [NOON]}, answer=answer)
    spans = [make_span(1, NOON, NOON, first_reading="2020-01-01T00:00:00"), make_span(2, NOON, NOON)]

    with serving(service) as reader:
        found = collect(reader.stream_readings(spans))

    assert found == {
        1: "the list of readings could not be read in full, in two attempts: page 1 of 1 holds 0 readings instead of 7",
        2: texts([NOON]),
    }


def group_ids(spans: Sequence[ReadingSpan], most: int = 150) -> list[list[int]]:
    tasks = [group.take(()) for group in make_groups(spans, most)]
    return [[span.live.id for span in task.spans] for task in tasks if task]


def test_channels_of_one_interval_with_similar_spans_are_asked_together() -> None:
    month = NOON + 31 * DAY
    spans = [
        make_span(1, NOON, month),
        make_span(2, NOON, month, minutes=1440),
        make_span(3, NOON + QUARTER, month + QUARTER),
        make_span(4, NOON - 400 * DAY, month - 400 * DAY, minutes=1440),
        make_span(5, NOON, month, minutes=1440),
        make_span(6, NOON, month, minutes=None),
        make_span(7, NOON, month - 15 * DAY, minutes=1440),
    ]

    assert group_ids(spans) == [[6], [1, 3], [4], [7], [2, 5]]


def test_few_enough_channels_are_asked_together_for_one_part() -> None:
    quarters = [make_span(channel_id, NOON, NOON + 31 * DAY) for channel_id in range(1, 8)]
    days = [make_span(channel_id, NOON, NOON + 31 * DAY, minutes=1440) for channel_id in range(1, 400)]

    assert [len(ids) for ids in group_ids(quarters)] == [3, 3, 1]
    assert [len(ids) for ids in group_ids(days)] == [150, 150, 99]
    assert [len(ids) for ids in group_ids(days[:3], most=1)] == [1, 1, 1]


def test_an_address_of_many_channels_stays_short() -> None:
    seen: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(len(str(request.url)))
        return make_page([], total=0)

    spans = [make_span(2_147_483_000 + number, NOON, NOON + DAY, minutes=1440) for number in range(200)]
    with serving(answer) as reader:
        assert list(reader.stream_readings(spans)) == []

    assert 2_000 < max(seen) < 4_000


@pytest.mark.parametrize("minutes", [5, 15, 60, 1440])
def test_over_thirteen_months_the_margins_are_a_small_share_of_the_rows(minutes: int) -> None:
    spans = [make_span(channel_id, NOON, NOON + 395 * DAY, minutes=minutes) for channel_id in range(1, 30)]
    asked = timedelta()
    most = 0.0
    for group in make_groups(spans, 150):
        while task := group.take(()):
            asked += len(task.spans) * (task.part.end - task.part.begin + 2 * group.pace.margin)
            most = max(most, task.expected)

    assert asked / (29 * 395 * DAY) < 1.031
    assert most <= 20_000


def test_a_long_span_is_read_ahead_but_never_held_at_once() -> None:
    times = make_quarters(96 * 1000)
    service = ReadingService({1: times, 2: times[:100]})
    span = make_span(1, NOON, times[-1])

    with serving(service) as reader:
        stream = reader.stream_readings([span, make_span(2, NOON, times[99])])
        next(stream)
        next(stream)
        ahead = reader.reading_rows
        found = collect(stream)

    assert len(found[1]) > 70_000
    assert ahead <= 60_000 + 2 * 10_200
    assert service.most <= 10_500


def test_a_channel_with_many_more_readings_than_its_interval_says_is_read_in_shorter_parts() -> None:
    times = [NOON + index * timedelta(minutes=1) for index in range(1440 * 30)]
    service = ReadingService({1: times, 2: times[:10]})
    spans = [make_span(1, NOON, times[-1], minutes=1440), make_span(2, NOON, times[-1], minutes=1440)]

    with serving(service) as reader:
        found = collect(reader.stream_readings(spans))

    assert found == {1: texts(times), 2: texts(times[:10])}
    # Each part that had too many was given up after its first page.
    assert reader.requests[LIST] < 80


def test_a_service_that_ignores_the_span_is_an_error() -> None:
    def answer(_text: str, _response: httpx.Response) -> httpx.Response:
        return make_page([make_row(1, NOON, 1)] * 1000, total=500_000)

    with serving(ReadingService({}, answer=answer)) as reader:
        found = collect(reader.stream_readings([make_span(1, NOON, NOON + DAY)]))

    assert found == {
        1: "the list of readings has 500,000 of 2026-07-01T12:00:00 to 2026-07-02T12:00:00, "
        "which is more than any channel has"
    }


def change_row(channel_id: int, **changes: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: row | changes if row["esaChannelId"] == channel_id else row


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rawValue": "5"}, "the readings of channel 2: rawvalue of a reading should be a number, found text"),
        (
            {"timestamp": None},
            "the readings of channel 2: the time of a reading should be one date and time, found nothing",
        ),
        (
            {"timestamp": "soon"},
            "the readings of channel 2: the time of a reading should be one date and time, found text",
        ),
        (
            {"timestamp": "2026-07-01T12:00:00Z"},
            "channel 2: a reading is at 2026-07-01T12:00:00Z, and nothing says whether that is local time",
        ),
        (
            {"esaChannelId": 77},
            "the readings of channel 2: the channel of a reading should be the id 2, found 77",
        ),
        ({"esaChannelId": None}, "the list of readings: the channel of a reading should be an id, found nothing"),
        (
            {"esaReadingId": 5},
            (
                "the list of readings could not be read in full, in two attempts: 3 of 4 readings came twice, "
                "so as many are missing"
            ),
        ),
    ],
    ids=str,
)
def test_a_channel_whose_readings_are_not_understood_ends_with_an_error_and_the_others_go_on(
    changes: dict[str, object], message: str
) -> None:
    times = make_quarters(4)
    service = ReadingService(dict.fromkeys((1, 2, 3), times), change=change_row(2, **changes))

    with serving(service) as reader:
        found = collect(reader.stream_readings([make_span(one, NOON, times[-1]) for one in (1, 2, 3)]))

    assert found == {1: texts(times), 2: message, 3: texts(times)}


def test_a_channel_may_become_unreadable_in_the_middle_of_its_span() -> None:
    times = [NOON + day * DAY for day in range(300)]

    def answer(text: str, response: httpx.Response) -> httpx.Response:
        return make_page([], total=3) if "'1'" in text and "'2027-04" in text else response

    service = ReadingService({1: times, 2: times}, answer=answer)
    with serving(service) as reader:
        batches = list(reader.stream_readings([make_span(one, NOON, times[-1]) for one in (1, 2)]))

    assert [isinstance(found, ServiceError) for channel_id, found in batches if channel_id == 1] == [False, True]
    assert collect(batches)[2] == texts(times)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (403, Unauthorized), (404, Rejected), (503, Unavailable)]
)
def test_a_refusal_of_all_is_raised_once(status: int, error: type[ServiceError]) -> None:
    spans = [make_span(one, NOON, NOON + 395 * DAY) for one in range(1, 9)]

    with serving(lambda _request: httpx.Response(status)) as reader:
        with pytest.raises(error, match=f"answered {status}"):
            list(reader.stream_readings(spans))
        assert reader.requests == {LIST: 5 if status == 503 else 1}


def test_a_refusal_in_between_ends_all_channels_that_are_not_complete() -> None:
    times = make_quarters(4)

    def answer(text: str, response: httpx.Response) -> httpx.Response:
        return response if "'1'" in text else httpx.Response(403)

    service = ReadingService(dict.fromkeys((1, 2, 3), times), answer=answer)
    spans = [make_span(one, NOON, times[-1], minutes=minutes) for one, minutes in ((1, 5), (2, 10), (3, 15))]
    with serving(service) as reader:
        found = collect(reader.stream_readings(spans))

    refusal = "the service refused access: GET /api/v202407/esaReading answered 403 Forbidden"
    assert found == {1: texts(times), 2: refusal, 3: refusal}


def test_if_none_of_the_first_channels_can_be_read_the_others_are_not_tried() -> None:
    spans = [make_span(one, NOON, NOON + 395 * DAY) for one in range(1, 40)]

    with serving(lambda _request: httpx.Response(400)) as reader:
        found = collect(reader.stream_readings(spans))
        assert reader.requests == {LIST: 4}

    assert found == dict.fromkeys(
        range(1, 40), "the service refused: GET /api/v202407/esaReading answered 400 Bad Request"
    )


def test_readings_may_be_left_unread(recwarn: pytest.WarningsRecorder) -> None:
    times = make_quarters(96 * 395)

    with serving(ReadingService({1: times})) as reader:
        stream = reader.stream_readings([make_span(1, NOON, times[-1])])
        _, first = next(stream)
        stream.close()  # type: ignore[attr-defined]

    assert not isinstance(first, ServiceError)
    assert len(first) > 7_000
    assert not recwarn.list


def make_summarized_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "esaChannelId": row["esaChannelId"],
        "timestamp": row["timestamp"],
        "summarizedValue": None if row["rawValue"] == 2 else row["rawValue"],
        "estimated": True,
    }


@pytest.mark.parametrize(
    "names", [{}, {"summarizedValue": "value", "timestamp": "readingDate", "esaChannelId": "esaChannelID"}]
)
def test_summarized_readings_come_from_their_own_list_and_span_alone(names: Mapping[str, str]) -> None:
    times = make_quarters(6)
    paths = set()

    def rename(row: dict[str, Any]) -> dict[str, Any]:
        return {names.get(name, name): value for name, value in make_summarized_row(row).items()}

    def answer(text: str, response: httpx.Response) -> httpx.Response:
        paths.add(text.partition(" and ")[2].partition("'")[0])
        return response

    with serving(ReadingService({1: times}, change=rename, answer=answer)) as reader:
        ((channel_id, readings),) = reader.stream_summarized([make_span(1, times[1], times[4])])
        requests = reader.requests

    # A null says that there is no value.
    expected = [SummarizedReading(times[place].isoformat(), Decimal(place), estimated=True) for place in (1, 3, 4)]
    assert (channel_id, readings) == (1, expected)
    assert paths == {"timestamp between "}
    assert requests == {"GET /api/v202410/esaReading/summarized": 1}


def drop_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "esaReadingId"}


HOURS = st.lists(st.integers(0, 24 * 500), max_size=30, unique=True)
LIES = st.fixed_dictionaries(
    {
        "cap": st.sampled_from([3, 250, 1000]),
        "ahead": st.sampled_from([-14, 0, 5, 12]).map(lambda hours: timedelta(hours=hours)),
        "shuffled": st.booleans(),
    }
)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(HOURS, st.integers(-5, 24 * 500), st.integers(0, 24 * 500)), min_size=1, max_size=5),
    LIES,
    st.booleans(),
)
def test_every_reading_of_each_span_comes_once_and_in_order(
    channels: list[tuple[list[int], int, int]], lies: dict[str, Any], has_ids: bool
) -> None:
    times = {
        number: [NOON + timedelta(hours=hour) for hour in sorted(hours)]
        for number, (hours, _, _) in enumerate(channels)
    }
    spans = []
    for number, (_, at, length) in enumerate(channels):
        begin, (first, *_) = NOON + timedelta(hours=at), [*texts(times[number]), None]
        spans.append(make_span(number, begin, begin + timedelta(hours=length), first_reading=first))
    note_case(reached=any(hours for hours, _, _ in channels))

    with serving(ReadingService(times, change=(lambda row: row) if has_ids else drop_id, **lies)) as reader:
        found = collect(reader.stream_readings(spans))

    expected = {}
    for span in spans:
        own = times[span.live.id]
        inside = [time for time in own if span.begin <= time <= span.end]
        before = [time for time in own if time < span.begin][-1:]
        if before or inside:
            expected[span.live.id] = texts([*before, *inside])
    assert found == expected
