"""What holds of reading and writing channels whatever they are."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.endpoints import EDIT_CHANNEL
from reconciler.energycap.malformed_channels import live_from_row
from reconciler.energycap.mapping import channel_body, live_from_response, version_body
from reconciler.energycap.paging import ListPage, ListRow, read_all_pages
from reconciler.energycap.reference import units_from_response
from reconciler.energycap.responses import escape_unprintable, extract_error_text
from reconciler.errors import BadResponse
from reconciler.model.canonical import clear_exclusive
from reconciler.model.fields import CHANNEL_FIELDS, FIELDS, INTERVALS, VERSION_FIELDS, Field, Kind
from reconciler.model.project import ChannelEdit
from tests.cases import note_case
from tests.energycap.documents import ODOMETER, TRIP, make_channel, make_version

if TYPE_CHECKING:
    from tests.energycap.documents import Document

TEXTS = st.text(max_size=8)
DECIMALS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)
IDS = st.integers(1, 9)
DATES = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds"))


def nullable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


VERSIONS = st.fixed_dictionaries(
    {
        "formula": nullable(TEXTS),
        "isValuePositive": nullable(st.booleans()),
        "maximumReading": nullable(DECIMALS),
        "minimumReading": nullable(DECIMALS),
        "multiplier": DECIMALS,
        "offset": nullable(DECIMALS),
        "unit": st.builds(lambda number: {"unitId": number, "unitCode": f"U{number}"}, IDS),
    }
).flatmap(
    lambda version: st.one_of(
        st.fixed_dictionaries({"rolloverValue": nullable(DECIMALS), "rollbackAllowance": nullable(DECIMALS)}).map(
            lambda odometer: version | odometer | {"observationRule": ODOMETER}
        ),
        st.just(version | {"rolloverValue": None, "rollbackAllowance": None, "observationRule": TRIP}),
    )
)


@st.composite
def channels(draw: st.DrawFn) -> Document:
    """A channel as the service may hold it: the rules about null are kept, versions follow one another."""
    bounds = sorted(draw(st.sets(DATES, max_size=2)))
    begins = [draw(st.sampled_from([None, "1899-12-30T00:00:00"])), *bounds]
    versions = [
        make_version(**draw(VERSIONS), channelVersionId=number, beginDate=begin, endDate=end)
        for number, (begin, end) in enumerate(zip(begins, [*bounds, None], strict=True))
    ]
    is_calculated = draw(st.booleans())
    return make_channel(
        channelInfo=draw(TEXTS),
        channelDescription=draw(nullable(TEXTS)),
        channelImportId=draw(nullable(TEXTS)),
        isCalculated=is_calculated,
        isPrimaryValue=draw(st.booleans()),
        isPrimaryDemand=draw(st.booleans()),
        interval=None if is_calculated else draw(st.sampled_from(INTERVALS)),
        channelVersions=draw(st.permutations(versions)),
    )


def wishes(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Values for some of these fields, as a plan may want them."""
    kinds: dict[Kind, st.SearchStrategy[Any]] = {
        Kind.TEXT: TEXTS,
        Kind.FORMULA: TEXTS,
        Kind.BOOLEAN: st.booleans(),
        Kind.WHOLE: IDS,
        Kind.DECIMAL: st.integers(-1000, 1000) | st.sampled_from([0.5, 0.001]),
        Kind.LOCAL_TIME: DATES,
    }
    values = {
        field.path: nullable(kinds[field.kind]) if field.nullable else kinds[field.kind]
        for field in fields
        if field.key not in {"isCalculated", "observationRuleId"}  # they force others: seen to in test_bodies
    }
    some = st.lists(st.sampled_from(sorted(values)), min_size=1, unique=True)
    return some.flatmap(lambda paths: st.fixed_dictionaries({path: values[path] for path in paths}))


def put(document: Document, body: dict[str, Any]) -> Document:
    """The channel after an EsaChannelEdit, as the simplest service would answer."""
    answer = write(document, {key: value for key, value in body.items() if key != "esaChannelVersion"})
    if "esaChannelVersion" in body:
        latest = live_from_response(document).current.id
        answer["channelVersions"] = [
            write(version, body["esaChannelVersion"]) if version["channelVersionId"] == latest else version
            for version in document["channelVersions"]
        ]
    return answer


# By hand, from EsaChannelEdit and EsaChannelResponse: where a response holds what has another name in a request.
ANSWERED_AT = {
    "observationTypeId": ("observationType", "observationTypeId"),
    "summarizationMethodId": ("summarizationMethod", "summarizationMethodId"),
    "intervalMinutes": ("interval",),
    "unitId": ("unit", "unitId"),
    "observationRuleId": ("observationRule", "observationRuleId"),
}


def write(document: Document, body: dict[str, Any]) -> Document:
    """`document` with each value of `body` where the response holds it."""
    answer = dict(document)
    for key, value in body.items():
        head, *tail = ANSWERED_AT.get(key, (key,))
        assert head in answer, f"no response has {key}"
        answer[head] = {**answer[head], tail[0]: value} if tail else value
    return answer


def sent(body: dict[str, object]) -> dict[str, Any]:
    """`body` as it arrives at the service."""
    arrived: dict[str, Any] = json.loads(EDIT_CHANNEL.request(1, body=body).body or b"")
    return arrived


@given(channels(), st.sampled_from(ChannelEdit))
def test_a_body_without_wanted_values_changes_nothing(document: Document, channel_edit: ChannelEdit) -> None:
    live = live_from_response(document)
    note_case(reached=len(live.versions) > 1)

    assert live_from_response(put(document, sent(channel_body(live, {}, channel_edit)))) == live


@given(channels(), wishes(CHANNEL_FIELDS), st.sampled_from(ChannelEdit))
def test_a_body_changes_exactly_what_is_wanted_of_the_channel(
    document: Document, wanted: dict[str, Any], channel_edit: ChannelEdit
) -> None:
    live = live_from_response(document)
    if live.is_calculated:
        wanted.pop("intervalMinutes", None)
    note_case(reached=any(value != live.values[path] for path, value in wanted.items()))

    after = live_from_response(put(document, sent(channel_body(live, wanted, channel_edit))))

    assert {field.path: after.values[field.path] for field in FIELDS} == {
        field.path: wanted.get(field.path, live.values[field.path]) for field in FIELDS
    }
    assert after.versions == live.versions


@given(channels(), wishes(VERSION_FIELDS))
def test_a_version_body_changes_exactly_what_is_wanted_of_the_version(
    document: Document, wanted: dict[str, Any]
) -> None:
    live = live_from_response(document)
    if live.values["esaChannelVersion.observationRuleId"] == 2:
        wanted = {path: value for path, value in wanted.items() if "roll" not in path}
    note_case(reached=any(value != live.values[path] for path, value in wanted.items()))
    channel = sent(channel_body(live, {}, ChannelEdit.OMIT_VERSION))
    version = sent(version_body(live, wanted))

    after = put(document, channel | {"esaChannelVersion": version})

    changed = {entry["channelVersionId"]: entry for entry in after["channelVersions"]}
    (current,) = live_from_response(after | {"channelVersions": [changed.pop(live.current.id)]}).versions
    expected = {field.path: wanted.get(field.path, live.values[field.path]) for field in VERSION_FIELDS}
    assert {field.path: current.values[field.path] for field in VERSION_FIELDS} == clear_exclusive(
        expected, is_calculated=live.is_calculated
    )
    assert list(changed.values()) == [
        entry for entry in document["channelVersions"] if entry["channelVersionId"] != live.current.id
    ]


@given(
    channels(),
    st.randoms(use_true_random=False),
    st.dictionaries(st.text(min_size=1).map("x-".__add__), st.integers(), min_size=1),
)
def test_neither_order_nor_unknown_properties_matter(document: Document, random: Any, unknown: Document) -> None:
    names = list(document)
    random.shuffle(names)
    versions = [dict(reversed((version | unknown).items())) for version in document["channelVersions"]]
    random.shuffle(versions)

    note_case(reached=unknown and len(versions) > 1)
    other = {name: document[name] for name in names} | unknown | {"channelVersions": versions}

    assert live_from_response(other) == live_from_response(document)


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    note_case(reached=not text.isprintable())
    assert escape_unprintable(text).isprintable()


@given(st.binary(), st.sampled_from(["application/json", "text/html", ""]))
def test_text_is_found_in_any_bytes(body: bytes, content_type: str) -> None:
    found = extract_error_text(body, content_type)
    note_case(reached=found)
    assert isinstance(found, str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@given(JSON)
def test_any_json_as_any_property_is_read_or_refused(value: object) -> None:
    read, refused = set(), set()
    for name in make_channel():
        channel = make_channel(**{name: value})
        try:
            assert live_from_response(channel).id == channel["channelId"]
            read.add(name)
        except BadResponse:
            refused.add(name)
    # Whatever it is: it is not a data point, and when the first reading was may be anything.
    assert "dataPoint" in refused
    note_case(reached=read)


@given(JSON)
def test_any_json_as_any_property_of_a_row_is_a_channel_read_whole_or_with_a_flaw(value: object) -> None:
    flawed = set()
    for name in make_channel().keys() - {"channelId"}:
        row = make_channel(**{name: value})
        found = live_from_row(row)
        try:
            whole = live_from_response(row)
        except BadResponse:
            assert found.id == 1042
            assert found.flaw
            flawed.add(name)
        else:
            assert found == whole
    assert "dataPoint" in flawed


@given(JSON)
def test_any_json_as_any_property_of_a_version_is_a_channel_read_whole_or_with_a_flaw(value: object) -> None:
    rows = [make_channel(channelVersions=[make_version(), make_version(**{name: value})]) for name in make_version()]
    found = [live_from_row(row) for row in rows]

    assert [(live.id, len(live.versions)) for live in found] == [(1042, 2)] * len(make_version())
    note_case(reached=any(live.flaw for live in found))


@given(JSON)
def test_any_json_as_a_list_of_units_is_read_or_reported(value: object) -> None:
    listed = units_from_response(value)
    note_case(reached=value and isinstance(value, list))
    assert listed.unread or isinstance(value, list)


@given(
    st.sets(IDS, max_size=9) | st.sets(st.integers(), min_size=8, max_size=30),
    st.integers(1, 7),
    st.randoms(use_true_random=False),
)
def test_a_list_is_complete_or_refused(ids: set[int], size: int, random: Any) -> None:
    order = list(ids)
    random.shuffle(order)
    note_case(reached=len(order) > size)

    def read_page(number: int, shown: list[int]) -> ListPage[object]:
        rows = shown[size * (number - 1) : size * number]
        return ListPage(number, tuple(ListRow(channel_id, None) for channel_id in rows), len(order), size)

    with ThreadPoolExecutor(2) as executor:
        rows = read_all_pages(lambda number: read_page(number, order), executor)
        assert [row.id for row in rows] == sorted(ids)
        for place in range(len(order)):
            lost = order[:place] + order[place + 1 :]
            doubled = [*lost, order[place - 1]]
            for broken in (lost, doubled) if len(order) > 1 else (lost,):
                with pytest.raises(BadResponse):
                    read_all_pages(lambda number, shown=broken: read_page(number, shown), executor)  # type: ignore[misc]
