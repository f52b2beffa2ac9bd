"""Edits where the list of channels leaves out what a read by id gives: nothing of it is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import FIELDS
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from tests.apply.bench import status_by_name, want
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from reconciler.model.channels import Desired
    from tests.apply.bench import Start

SHAPES = ["full", "without_versions", "without_bounds", "null_bounds", "without_flags"]
BOUNDS = {"minimumReading": 1.5, "maximumReading": 900.0}
FEED = Feed(
    "logger",
    Location("channels/demo.yaml", 9),
    Identifiers(meter_import_id="DPI-1", observation_type_code="ELECUSE", unit_code="KWH"),
    "main",
)
CHANNELS = (
    make_channel(1, {"offset": 7.0, **BOUNDS}, isPrimaryValue=True),
    make_channel(2, {"offset": 8.0, "unit": "MWH", **BOUNDS}),
    make_channel(3, {"formula": "channel(1)", **BOUNDS}, isCalculated=True),
)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "desired",
    [
        pytest.param(want("one", 2, channelImportId="NEW"), id="import id"),
        pytest.param(want("one", 3, esaChannelVersion__formula="channel(1) * 2"), id="formula"),
        pytest.param(want("one", 2, isCalculated=True, esaChannelVersion__formula="channel(1)"), id="conversion"),
        pytest.param(want("one", 2, isPrimaryDemand=True), id="primary demand"),
        pytest.param(want("one", 2, intervalMinutes=60), id="interval, with a feed to be watched"),
        pytest.param(want("one", 2, channelInfo="New"), id="name"),
    ],
)
def test_an_edit_keeps_what_a_list_leaves_out(start: Start, shape: str, desired: Desired) -> None:
    bench = start(f"list_shape={shape}", world=make_world(*CHANNELS))
    plan = bench.plan(desired, want("main", 1), feeds=(FEED,))
    assert desired.select is not None
    channel_id = desired.select.channel_id or 0
    before = bench.read(channel_id).values

    assert status_by_name(bench.apply(plan)) == {"one": "done"}

    implied = {"intervalMinutes": None} if desired.spec.get("isCalculated") else {}
    expected = {**before, **implied, **desired.spec}
    after = bench.read(channel_id).values
    assert {field.path: after[field.path] for field in FIELDS} == {field.path: expected[field.path] for field in FIELDS}
