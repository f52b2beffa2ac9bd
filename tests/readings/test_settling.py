"""A day without a clock, and the channels that take one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.planning.identification import make_index
from reconciler.readings.batches import load_batches
from reconciler.readings.files import recognise
from reconciler.readings.layout import Habits
from reconciler.readings.routing import Router
from tests.planning.tenant import make_live
from tests.readings.bench import count, tell, write

if TYPE_CHECKING:
    from pathlib import Path

CSV = "channelId,time,value\n1,2026-01-01,1\n"
JSON = json.dumps([{"channelId": 1, "readings": [{"time": "2026-01-01", "value": 1}]}])


@pytest.mark.parametrize("text", [CSV, JSON], ids=["csv", "json"])
@pytest.mark.parametrize(("minutes", "is_taken"), [(5, False), (60, False), (1440, True), (43200, True)])
def test_a_day_alone_is_taken_for_an_interval_of_a_day(text: str, minutes: int, is_taken: bool, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    router = Router(make_index([make_live(1, {INTERVAL_MINUTES: minutes})]))

    census, _ = count(path, router)

    message = f"a channel with an interval of {minutes} minutes needs a time of day, found only the date 2026-01-01"
    assert tell(census.findings) == ([] if is_taken else [f"{2 if text == CSV else 1} ESA623 {message}"])
    parcels = census.changes.read_parcels(recognise(path, Habits()), router)
    batches = load_batches(parcels, router, lambda *_: None)
    assert [load.reading.time for batch in batches for load in batch] == ["2026-01-01T00:00:00"] * is_taken
