"""The vendor's own Python package against the sandbox, and against what this tool sends and reads.

Runs where the package EnergyCapSdk is installed: `make sdk`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.planning.identification import make_index
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.import_file import SendOptions, open_rejects_file, send_file
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.readings.bench import write
from tests.readings.delivering import Courier, kept, serving

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox import Service

# The package was generated years ago, and gives deprecation warnings.
pytestmark = [pytest.mark.filterwarnings("ignore")]
HEADERS = {"ECI-ApiKey": "sandbox"}
MOMENT = datetime(2026, 3, 30, 0, 15, tzinfo=UTC)


@pytest.fixture
def sdk() -> Any:
    return pytest.importorskip("energycap.sdk", reason="the package EnergyCapSdk is not installed")


def make_client(sdk: Any, service: Service) -> Any:
    return sdk.EnergyCapApi(base_url=service.url)


def make_group(sdk: Any, *readings: Any, **identifiers: Any) -> Any:
    return sdk.energy_cap_api.models.ReadingCreate(readings=list(readings), **identifiers)


def make_reading(sdk: Any, time: datetime, value: float) -> Any:
    return sdk.energy_cap_api.models.Reading(time=time, value=value, estimated=False, note="")


def test_the_package_sends_readings_and_reads_the_receipt(sdk: Any, tmp_path: Path) -> None:
    with serving(tmp_path) as (service, sender):
        receipt = make_client(sdk, service).create_readings(
            [
                make_group(sdk, make_reading(sdk, MOMENT, 1.5), channel_import_id="IMP-1"),
                make_group(sdk, make_reading(sdk, MOMENT, 2.5), channel_import_id="IMP-9"),
            ],
            custom_headers=HEADERS,
        )
        (there,) = sender.read_readings(1, "2026-03-01T00:00:00", "2026-04-30T00:00:00")

    assert (receipt.imported_readings_count, receipt.failed_readings_count) == (1, 1)
    (group,) = receipt.failed_readings
    assert (group.channel_import_id, group.error) == ("IMP-9", "no channel has the import id 'IMP-9'")
    assert [(reading.time, reading.value) for reading in group.readings] == [(MOMENT, 2.5)]
    assert (datetime.fromisoformat(there.time), there.value) == (MOMENT, 1.5)


def test_the_package_reads_what_this_tool_sent(sdk: Any, tmp_path: Path) -> None:
    file = open_readings_file(
        write(tmp_path, "channelImportId,time,value\nIMP-1,2026-03-30T00:15Z,1.5\n"), CsvOptions()
    )
    with serving(tmp_path) as (service, sender):
        router = Router(make_index(sender.list_channels()))
        with open_rejects_file(tmp_path / "failed.csv", file) as failed:
            send_file(file, router, Courier(sender).delivery, failed, SendOptions(Event(), lambda _: None))
        found = make_client(sdk, service).get_readings(1, custom_headers=HEADERS)
        own = kept(sender, 1)

    assert [(reading.time, reading.raw_value) for reading in found.readings] == [(MOMENT, 1.5)]
    assert [value for _, value in own] == [1.5]
