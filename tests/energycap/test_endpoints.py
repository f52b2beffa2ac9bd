"""The calls: their requests as they are sent, and what may leave a reader, an editor and a sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.endpoints import (
    CREATE_CHANNEL,
    CREATE_ESA_READINGS,
    CREATE_READINGS,
    CREATE_VERSION,
    EDIT_CHANNEL,
    EDIT_VERSION,
    LIST_CHANNELS,
    LIST_OBSERVATION_TYPES,
    LIST_READINGS,
    LIST_UNITS,
    READ_CHANNEL,
    READS,
    SENDS,
    VALIDATE_FORMULA,
    WRITES,
    Endpoint,
    Request,
)

if TYPE_CHECKING:
    import re


def test_a_request_fills_in_ids_query_and_body() -> None:
    request = EDIT_VERSION.request(7, 8, query={"a": "b"}, body={"formula": "ä\ud800", "multiplier": 0.1})

    assert request == Request(
        EDIT_VERSION,
        "/api/v202406/esachannel/7/version/8",
        (("a", "b"),),
        b'{"formula": "\\u00e4\\ud800", "multiplier": 0.1}',
    )
    assert str(request) == "PUT /api/v202406/esachannel/7/version/8"
    assert str(EDIT_VERSION) == "PUT /api/v202406/esachannel/{id}/version/{id}"


def test_numbers_that_json_cannot_have_are_never_sent() -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        EDIT_CHANNEL.request(7, body={"multiplier": float("nan")})


@pytest.mark.parametrize(
    "call", [LIST_CHANNELS, READ_CHANNEL, LIST_UNITS, LIST_OBSERVATION_TYPES, LIST_READINGS, VALIDATE_FORMULA], ids=str
)
def test_a_reader_an_editor_and_a_sender_may_send_reads(call: Endpoint) -> None:
    request = str(call.request(7))

    assert call.is_read
    assert READS.fullmatch(request)
    assert WRITES.fullmatch(request)
    assert SENDS.fullmatch(request)


@pytest.mark.parametrize("call", [EDIT_CHANNEL, EDIT_VERSION, CREATE_CHANNEL, CREATE_VERSION], ids=str)
def test_only_an_editor_may_send_edits_and_creations(call: Endpoint) -> None:
    request = str(call.request(7, 8))

    assert not call.is_read
    assert not READS.fullmatch(request)
    assert WRITES.fullmatch(request)
    assert not SENDS.fullmatch(request)


@pytest.mark.parametrize(("call", "is_read"), [(CREATE_READINGS, False), (CREATE_ESA_READINGS, True)], ids=str)
def test_only_a_sender_may_send_readings_and_only_one_kind_may_be_repeated(call: Endpoint, is_read: bool) -> None:
    request = str(call.request(body=[]))

    assert call.is_read is is_read
    assert not READS.fullmatch(request)
    assert not WRITES.fullmatch(request)
    assert SENDS.fullmatch(request)


@pytest.mark.parametrize("allowed", [READS, WRITES, SENDS], ids=["reader", "editor", "sender"])
@pytest.mark.parametrize(
    "request_line",
    [
        "DELETE /api/v202406/esachannel/7",
        "POST /api/v202406/esachannel/",
        "POST /api/v202406/esachannel/7",
        "POST /api/v202406/esachannel?dataPointId=7",
        "POST /api/v202406/esachannel/7/version/8",
        "POST /api/v202405/formula/validate/7",
        "PUT /api/v202406/esachannel",
        "PUT /api/v202406/esachannel/7/reading",
        "PATCH /api/v202406/esachannel/7",
        "PUT /api/v3/reading/7",
        "POST /api/v3/reading/7",
        "DELETE /api/v3/reading",
        "POST /api/v202407/esaReading/delete",
        "GET http://elsewhere.example/",
    ],
)
def test_nothing_else_may_be_sent(allowed: re.Pattern[str], request_line: str) -> None:
    assert not allowed.fullmatch(request_line)
