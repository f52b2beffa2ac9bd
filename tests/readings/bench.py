"""A few channels that get readings, and files of readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.planning.identification import make_index
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.file_check import check_file
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.planning.tenant import NORTH, SOUTH, V, make_calculated, make_live

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.findings import Finding
    from reconciler.readings.file_check import FileCheck, FindZones, RoutedGroup

# NORTH has a quarter-hourly use in kWh, the same in kW, a demand, and a calculated use; SOUTH has one channel.
CHANNELS = make_index(
    (
        make_live(1, {"channelImportId": "USE"}),
        make_live(2, {"channelImportId": "USE-KW", f"{V}unitId": 2}),
        make_live(3, {"observationTypeId": 11}),
        make_calculated(4, "channel(1)", {"channelImportId": "NET", "observationTypeId": 12}),
        make_live(5, {"channelInfo": "Gas", "channelImportId": None}, data_point=SOUTH),
        make_live(6, {"channelInfo": "Twin"}, data_point=replace(SOUTH, id=300, import_id="TWINS")),
        make_live(7, {"channelInfo": "Twin"}, data_point=replace(SOUTH, id=300, import_id="TWINS")),
    )
)
METER = NORTH.import_id


def write(folder: Path, text: str | bytes, name: str = "readings.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def count(
    path: Path, router: Router | None = None, find_zones: FindZones | None = None, **csv_options: Any
) -> tuple[FileCheck, list[RoutedGroup]]:
    """The check of a file, and the groups that it reported."""
    groups: list[RoutedGroup] = []
    file = open_readings_file(path, CsvOptions(**csv_options))
    return check_file(file, router or Router(CHANNELS), groups.append, lambda _: None, find_zones), groups


def tell(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    """Findings as `line code message`."""
    return [
        f"{finding.location.line if finding.location else 0} {finding.code} {finding.message}" for finding in findings
    ]
