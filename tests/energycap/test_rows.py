"""Rows that are unpacked in part make the same channels, and the same complaints, as rows that are unpacked whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.answers import Answer, decode
from reconciler.energycap.calls import LIST_CHANNELS
from reconciler.energycap.documents import Odd, read_objects
from reconciler.energycap.rows import unpack_rows
from reconciler.energycap.wire import live_from_response
from reconciler.errors import BadResponse
from tests.cases import note_case
from tests.energycap.documents import make_channel, make_data_point, make_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.energycap.calls import Request
    from reconciler.model.channels import Live
    from tests.energycap.documents import Document

REQUEST = LIST_CHANNELS.to()
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just([]), st.just({}), st.just([7])
)


def answer_of(body: bytes) -> Answer:
    return Answer(200, {"content-type": "application/json"}, body)


def read(document: object) -> list[Live] | str:
    try:
        return [live_from_response(row) for row in read_objects(document, "the list")]
    except (BadResponse, Odd) as error:
        return str(error)


def outcome(unpack: Callable[[Request, Answer], object], body: bytes) -> list[Live] | str:
    try:
        return read(unpack(REQUEST, answer_of(body)))
    except BadResponse as error:
        return str(error)


@st.composite
def damaged(draw: st.DrawFn) -> Document:
    """A channel of which one property, at any depth, is missing or holds something odd."""
    channel: Document = json.loads(json.dumps(make_channel(channelVersions=[make_version(), make_version()])))
    around, inside = channel, draw(st.sampled_from(sorted(channel)))
    while draw(st.booleans()):
        found = around[inside]
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict) or not found:
            break
        around, inside = found, draw(st.sampled_from(sorted(found)))
    if draw(st.booleans()):
        del around[inside]
    else:
        around[inside] = draw(ODD)
    return channel


@given(st.lists(damaged(), max_size=3))
def test_whatever_is_odd_in_a_row_the_same_is_made_of_it(rows: list[Document]) -> None:
    body = json.dumps(rows).encode()
    made = outcome(decode, body)
    note_case(reached=made)
    assert outcome(unpack_rows, body) == made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[1]",
        b"{}",
        b"null",
        b"[null]",
        b'\xef\xbb\xbf[{"channelId": 7}]',
        b'[{"channelId": NaN}]',
        b'[{"channelId": 7, "channelId": "8"}]',
        b'[{"channelId": 123456789012345678901234567890}]',
        b'[{"channelId": 7, "channelInfo": "\\ud800"}]',
        b'[{"channelId": 7, "channelInfo": "\xff"}]',
        b'[{"dataPoint": ' + b"[" * 100_000,
        b"<html>Sign in</html>",
    ],
)
def test_a_body_that_is_no_list_of_channels_is_refused_in_the_same_words(body: bytes) -> None:
    assert outcome(unpack_rows, body) == outcome(decode, body)


def test_what_no_channel_is_made_of_is_not_unpacked() -> None:
    channel = make_channel(channelVersions=[make_version(resolvedFormula="(1)")], dataPoint=make_data_point())
    (row,) = read_objects(unpack_rows(REQUEST, answer_of(json.dumps([channel]).encode())), "the list")
    assert "resolvedFormula" not in row["channelVersions"][0]
    assert "commodityId" not in row["dataPoint"]["commodity"]
