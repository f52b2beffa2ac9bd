"""Routes and import results as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.errors import FileError, Unreachable
from reconciler.planning.identification import make_index
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.file_check import FileCheck
from reconciler.readings.import_file import ImportResult
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.readings_report import (
    describe_times,
    encode_group,
    encode_import_result,
    render_import_result,
    render_routes,
)
from reconciler.readings.routing import Router
from reconciler.readings.storage_check import StorageCheck
from reconciler.reports.terminal import no_style
from tests.planning.tenant import make_live
from tests.readings.bench import count, write

HEADER = "channelImportId,meterImportId,observationTypeCode,time,value\n"


def render(path: Path, router: Router | None = None) -> str:
    check, _ = count(path, router)
    return render_routes(open_readings_file(path, CsvOptions()), check, no_style)


def test_each_channel_has_the_steps_of_its_resolution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    demand = "".join(f",NB-ELEC-01,ELECDEMAND,2026-01-0{day}T00:00,1\n" for day in (1, 2))
    rows = f"USE,,,2026-01-01T00:00,1\n{demand}NO,,,2026-01-01T00:00,1\n"

    path = write(tmp_path, HEADER + rows).relative_to(tmp_path)

    assert render(path) == (
        "readings.csv\n"
        "  CSV, columns separated by comma, decimal dot.\n"
        "  Times have no offset: read as local time of the data point, by EnergyCAP.\n"
        "\n"
        '  1 "Use", import id "USE", ELECUSE, KWH, 15 minutes\n'
        "      ← 1 reading, the first in line 2\n"
        '      channelImportId "USE": 1 channel\n'
        '  3 "Use", import id "C-3", ELECDEMAND, KWH, 15 minutes\n'
        "      ← 2 readings, the first in line 3\n"
        '      meterImportId "NB-ELEC-01": 4 channels\n'
        '      observationTypeCode "ELECDEMAND": 1 channel\n'
        "\n"
        "Readings: 3 go to 2 channels, 1 cannot be sent.\n"
    )


def test_only_counts_are_shown_if_no_reading_has_a_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, HEADER + "NO,,,soon,1\n").relative_to(tmp_path)

    assert render(path) == (
        "readings.csv\n"
        "  CSV, columns separated by comma, decimal dot.\n"
        "\n"
        "Readings: 0 go to 0 channels, 1 cannot be sent.\n"
    )


def test_the_first_of_many_groups_are_shown(tmp_path: Path) -> None:
    rows = "".join(f"C-{number},,,2026-01-01T00:00,1\n" for number in range(1, 251))
    router = Router(make_index(make_live(number) for number in range(1, 251)))

    text = render(write(tmp_path, HEADER + rows), router)

    assert text.count("← 1 reading") == 200
    assert "\nand 50 more sets of identifiers; --format json lists all.\n\nReadings: 250 go to 250" in text


def test_names_of_the_service_are_escaped(tmp_path: Path) -> None:
    odd = Router(make_index([make_live(1, {"channelInfo": "::error::\x1b[31m", "channelImportId": "a\u202eb"})]))

    text = render(write(tmp_path, HEADER + "a\u202eb,,,2026-01-01T00:00,1\n"), odd)

    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("is_naive", "sentence"),
    [
        ({True}, "Times have no offset: read as local time of the data point, by EnergyCAP."),
        ({False}, "Times have an offset, and are sent with it."),
        (
            {True, False},
            (
                "Some times have an offset, and are sent with it; "
                "the others are read as local time of the data point, by EnergyCAP."
            ),
        ),
        (set(), ""),
    ],
    ids=str,
)
def test_the_report_says_how_times_are_read(is_naive: set[bool], sentence: str) -> None:
    assert describe_times(FileCheck(is_naive=is_naive)) == sentence


def test_a_group_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    rows = "USE,,2026-01-01T00:00,1\n,NB-ELEC-01,2026-01-01T00:00,1\nNOPE,,2026-01-01T00:00,1\n,,2026-01-01T00:00,1\n"

    _, groups = count(write(tmp_path, f"channelImportId,meterImportId,time,value\n{rows}"))

    assert [json.loads(encode_group(group)) for group in groups] == [
        {
            "group": 0,
            "channel_id": 1,
            "decided_by": "channelImportId",
            "candidates": [1],
            "problem": None,
            "line": 2,
            "readings": 1,
            "findings": [],
        },
        {
            "group": 1,
            "channel_id": None,
            "decided_by": None,
            "candidates": [1, 2, 3, 4],
            "problem": "ambiguous",
            "line": 3,
            "readings": 1,
            "findings": ["ESA616"],
        },
        {
            "group": 2,
            "channel_id": None,
            "decided_by": None,
            "candidates": [],
            "problem": "unmatched",
            "line": 4,
            "readings": 1,
            "findings": ["ESA615"],
        },
        {
            "group": 3,
            "channel_id": None,
            "decided_by": None,
            "candidates": [],
            "problem": "no identifier",
            "line": 5,
            "readings": 1,
            "findings": ["ESA614"],
        },
    ]


FAILED = Path("readings.failed.csv")
STOPPED = Unreachable("no answer from https://a.example: POST /api/v3/reading: silence for 60 s", "check the network")


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (ImportResult(imported=35_040), ["Import: 35,040 imported, 0 failed, 0 unknown, 0 not sent, 0 left out."]),
        (
            ImportResult(imported=1, failed=1, left_out=1),
            [
                "2 readings with the reason in readings.failed.csv: fix and import that file.",
                "Import: 1 imported, 1 failed, 0 unknown, 0 not sent, 1 left out.",
            ],
        ),
        (
            ImportResult(
                imported=5,
                storage=StorageCheck(stored=1, differing=2, unchecked=1, overwritten=1, unchecked_reason="no"),
            ),
            [
                "2 imported readings are not stored as they were sent",
                "whether 1 imported reading is stored could not be checked: no",
                "2 remain: of several at one time, EnergyCAP keeps the last",
                "Import: 5 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.",
            ],
        ),
        (
            ImportResult(imported=1, unknown=1, not_sent=1, stop_reason=STOPPED),
            [
                "stopped: no answer from https://a.example: POST /api/v3/reading: silence for 60",
                "  s",
                "  fix: check the network",
                "1 reading may or may not be stored: check their channels before sending them",
                "  again",
                "2 readings with the reason in readings.failed.csv: fix and import that file.",
                "Import: 1 imported, 0 failed, 1 unknown, 1 not sent, 0 left out.",
            ],
        ),
        (
            ImportResult(imported=1, stop_reason=FileError("cannot write no.csv"), rejects_written=False),
            [
                "stopped: cannot write no.csv",
                "readings.failed.csv is not complete: import the original file again.",
                "Import: 1 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.",
            ],
        ),
    ],
    ids=["whole", "in part", "not stored so", "stopped", "not written down"],
)
def test_a_result_ends_with_its_counts(result: ImportResult, lines: list[str]) -> None:
    assert render_import_result(result, FAILED, no_style).splitlines() == lines


def test_an_error_without_a_fix_shows_none() -> None:
    result = ImportResult(stop_reason=Unreachable("no answer"))

    assert render_import_result(result, FAILED, no_style).splitlines()[:1] == ["stopped: no answer"]
    assert "fix" not in render_import_result(result, FAILED, no_style)


def test_a_result_as_json() -> None:
    assert json.loads(encode_import_result(ImportResult(imported=1, unknown=2, stop_reason=STOPPED), FAILED)) == {
        "format_version": "1.0",
        "readings": 3,
        "imported": 1,
        "failed": 0,
        "unknown": 2,
        "not_sent": 0,
        "left_out": 0,
        "stored": 0,
        "differing": 0,
        "unchecked": 0,
        "failed_file": "readings.failed.csv",
        "error": "no answer from https://a.example: POST /api/v3/reading: silence for 60 s",
    }
    for result in (ImportResult(imported=1), ImportResult(failed=1, rejects_written=False)):
        assert json.loads(encode_import_result(result, FAILED))["failed_file"] is None
