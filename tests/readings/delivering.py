"""The sandbox for readings, with faults, and readings to send to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
from msgspec import Struct, field

from reconciler.energycap.client import open_sender
from reconciler.model.identifiers import V3_NAMES
from reconciler.planning.identification import make_index
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.delivery import Delivery, make_batches
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from reconciler.sandbox import Options, parse_faults, parse_settings, running
from tests.readings.bench import CHANNELS, write
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.energycap.client import Sender
    from reconciler.model.identifiers import IdentifierNames
    from reconciler.readings.delivery import OutgoingReading
    from reconciler.sandbox import Service

WORLD = make_world(make_channel(1), make_channel(2), make_channel(3, {"formula": "channel(1)"}, isCalculated=True))
READINGS = "/api/v3/reading"


@contextmanager
def serving(folder: Path, *faults: str, settings: Sequence[str] = ()) -> Iterator[tuple[Service, Sender]]:
    """The sandbox with the simple channels IMP-1 and IMP-2 and the calculated IMP-3, and a sender to it."""
    options = Options(parse_settings(settings), faults=parse_faults(faults))
    with (
        running(folder / "sandbox.sqlite3", WORLD, options) as service,
        open_sender(service.url, "sandbox") as sender,
    ):
        yield service, sender


@contextmanager
def answering(answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[Sender]:
    """A sender to a service that is one function."""
    with open_sender("https://a.energycap.com", "sandbox", httpx.MockTransport(answer)) as sender:
        yield sender


class Pauses(Struct):
    """Counts pauses instead of making them."""

    count: int = 0

    def __call__(self) -> None:
        self.count += 1


class Courier(Struct):
    """A delivery by `sender`, and its pauses."""

    sender: Sender
    identifier_names: IdentifierNames = V3_NAMES
    pauses: Pauses = field(default_factory=Pauses)

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.sender, self.identifier_names, self.pauses)


def load(folder: Path, text: str, sender: Sender | None = None) -> list[OutgoingReading]:
    """The readings of a CSV file that can be sent: to the channels of `sender`, or of the bench."""
    channels = make_index(sender.list_channels()) if sender else CHANNELS
    groups = open_readings_file(write(folder, text), CsvOptions()).read_groups()
    return [one for batch in make_batches(groups, Router(channels), _refuse) for one in batch]


def kept(sender: Sender, channel_id: int) -> list[tuple[str, float | None]]:
    """The readings of a channel in 2026, by local time."""
    readings = sender.read_readings(channel_id, "2026-01-01T00:00:00", "2026-12-31T00:00:00")
    return [(reading.time[:16], reading.value) for reading in readings]


def receipt(*groups: Mapping[str, Any], imported: int = 0) -> httpx.Response:
    """The documented response to readings, with these failed groups."""
    failed = sum(len(group["readings"]) for group in groups)
    body = {"failedReadings": list(groups), "failedReadingsCount": failed, "importedReadingsCount": imported}
    return httpx.Response(200, json=body)


def _refuse(*_: object) -> None:
    raise AssertionError("a reading of this test cannot be sent")
