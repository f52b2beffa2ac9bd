"""The calls: their requests as they are sent, and what may leave a reader and an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.calls import (
    EDIT_CHANNEL,
    EDIT_VERSION,
    LIST_CHANNELS,
    LIST_OBSERVATION_TYPES,
    LIST_UNITS,
    READ_CHANNEL,
    READS,
    VALIDATE_FORMULA,
    WRITES,
    Call,
    Request,
)

if TYPE_CHECKING:
    import re


def test_a_request_fills_in_ids_query_and_body() -> None:
    request = EDIT_VERSION.to(7, 8, query={"a": "b"}, body={"formula": "ä\ud800", "multiplier": 0.1})

    assert request == Request(
        EDIT_VERSION,
        "/api/v202406/esachannel/7/version/8",
        (("a", "b"),),
        b'{"formula": "\\u00e4\\ud800", "multiplier": 0.1}',
    )
    assert str(request) == "PUT /api/v202406/esachannel/7/version/8"
    assert str(EDIT_VERSION) == "PUT /api/v202406/esachannel/{id}/version/{id}"


def test_numbers_that_json_has_not_are_never_sent() -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        EDIT_CHANNEL.to(7, body={"multiplier": float("nan")})


@pytest.mark.parametrize(
    "call", [LIST_CHANNELS, READ_CHANNEL, LIST_UNITS, LIST_OBSERVATION_TYPES, VALIDATE_FORMULA], ids=str
)
def test_what_reads_may_leave_a_reader_and_an_editor(call: Call) -> None:
    request = str(call.to(7))

    assert call.is_read
    assert READS.fullmatch(request)
    assert WRITES.fullmatch(request)


@pytest.mark.parametrize("call", [EDIT_CHANNEL, EDIT_VERSION], ids=str)
def test_what_edits_may_leave_an_editor_alone(call: Call) -> None:
    request = str(call.to(7, 8))

    assert not call.is_read
    assert not READS.fullmatch(request)
    assert WRITES.fullmatch(request)


@pytest.mark.parametrize("allowed", [READS, WRITES], ids=["reader", "editor"])
@pytest.mark.parametrize(
    "request_line",
    [
        "DELETE /api/v202406/esachannel/7",
        "POST /api/v202406/esachannel",
        "POST /api/v202406/esachannel/7/version",
        "POST /api/v202405/formula/validate/7",
        "PUT /api/v202406/esachannel",
        "PUT /api/v202406/esachannel/7/reading",
        "PATCH /api/v202406/esachannel/7",
        "PUT /api/v3/reading/7",
        "GET http://elsewhere.example/",
    ],
)
def test_everything_else_leaves_neither(allowed: re.Pattern[str], request_line: str) -> None:
    assert not allowed.fullmatch(request_line)
