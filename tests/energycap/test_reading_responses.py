"""Receipts for readings, and the readings that a channel has."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.energycap.reading_responses import (
    FailedGroup,
    FailedReading,
    ImportResponse,
    StoredReading,
    is_import_response,
    parse_import_response,
    parse_stored_readings,
)
from reconciler.errors import BadResponse

FAILED = {"time": "2026-03-30T00:15:00", "value": 1.5, "estimated": False, "note": None, "error": "too\nlate"}


def answer(*groups: Any, imported: Any = 1, failed: Any = 0) -> dict[str, Any]:
    return {"failedReadings": list(groups), "importedReadingsCount": imported, "failedReadingsCount": failed}


def test_a_receipt_counts_and_names_what_was_not_taken() -> None:
    group = {"channelId": None, "meterImportId": "NB-ELEC-01", "error": "no channel", "readings": [FAILED, {}]}

    assert parse_import_response(answer(group, imported=3, failed=2)) == ImportResponse(
        imported=3,
        failed=2,
        groups=(
            FailedGroup(
                identifiers={"channelId": None, "meterImportId": "NB-ELEC-01"},
                error="no channel",
                readings=(FailedReading("2026-03-30T00:15:00", 1.5, "too late"), FailedReading(None, None, "")),
            ),
        ),
    )


def test_nothing_failed_where_the_list_is_missing_or_null() -> None:
    counts = {"importedReadingsCount": 7, "failedReadingsCount": 0}

    assert parse_import_response(counts) == ImportResponse(7, 0, ())
    assert parse_import_response({**counts, "failedReadings": None}) == ImportResponse(7, 0, ())


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        ([], "the answer should be a list of objects, found a list of other things"),
        ({}, "importedReadingsCount should be an id, found nothing"),
        (answer(imported=True), "importedReadingsCount should be an id, found true"),
        (answer({"readings": "x"}, failed=1), "failedReadings.readings should be a list of objects, found text"),
        (answer({"readings": [{"value": "1"}]}, failed=1), "value should be a number, found text"),
        (answer({"readings": [{"value": True}]}, failed=1), "value should be a number, found true"),
        (answer({"readings": [FAILED]}, failed=2000), "2,000 readings failed, but 1 are named"),
        (answer(failed=1), "1 readings failed, but 0 are named"),
    ],
)
def test_what_is_no_receipt_or_does_not_add_up_is_refused(document: Any, flaw: str) -> None:
    with pytest.raises(BadResponse) as caught:
        parse_import_response(document)

    assert caught.value.message.endswith(flaw)


def test_a_receipt_is_known_by_its_count() -> None:
    assert is_import_response(answer())
    assert not is_import_response({"taskId": 7})
    assert not is_import_response(None)


def test_kept_readings_have_the_value_that_was_sent() -> None:
    readings = [
        {"time": "2026-03-30T00:15:00-04:00", "value": 0.5, "rawValue": 500},
        {"time": "2026-03-30T00:30:00-04:00", "value": 0.25},
        {"time": "2026-03-30T00:45:00-04:00"},
    ]

    assert parse_stored_readings({"channelId": 7, "readings": readings}) == (
        StoredReading("2026-03-30T00:15:00-04:00", 500),
        StoredReading("2026-03-30T00:30:00-04:00", 0.25, is_raw=False),
        StoredReading("2026-03-30T00:45:00-04:00", None, is_raw=False),
    )
    assert parse_stored_readings({"readings": None}) == ()


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        (7, "the answer should be a list of objects, found a list of other things"),
        ({"readings": [{"value": 1}]}, "readings.time should be a date and time, found nothing"),
        ({"readings": [{"time": 7}]}, "time should be text, found 7"),
    ],
)
def test_kept_readings_of_another_shape_are_refused(document: Any, flaw: str) -> None:
    with pytest.raises(BadResponse) as caught:
        parse_stored_readings(document)

    assert caught.value.message.endswith(flaw)
