"""Where readings land, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.planning.identification import make_index
from reconciler.readings.census import Census
from reconciler.readings.files import recognise
from reconciler.readings.layout import Habits
from reconciler.readings.route_text import describe_times, render_routes
from reconciler.readings.routing import Router
from reconciler.reports.terminal import no_style
from tests.planning.tenant import make_live
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "channelImportId,meterImportId,observationTypeCode,time,value\n"


def render(path: Path, router: Router | None = None) -> str:
    census, _ = count(path, router)
    return render_routes(recognise(path, Habits()), census, no_style)


def test_each_channel_has_the_way_that_leads_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        "Readings: 3 land on 2 channels, 1 cannot be sent.\n"
    )


def test_where_nothing_lands_only_the_counts_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, HEADER + "NO,,,soon,1\n").relative_to(tmp_path)

    assert render(path) == (
        "readings.csv\n"
        "  CSV, columns separated by comma, decimal dot.\n"
        "\n"
        "Readings: 0 land on 0 channels, 1 cannot be sent.\n"
    )


def test_of_very_many_the_first_are_shown(tmp_path: Path) -> None:
    rows = "".join(f"C-{number},,,2026-01-01T00:00,1\n" for number in range(1, 251))
    router = Router(make_index(make_live(number) for number in range(1, 251)))

    text = render(write(tmp_path, HEADER + rows), router)

    assert text.count("← 1 reading") == 200
    assert "\nand 50 more sets of identifiers; --format json lists all.\n\nReadings: 250 land on 250" in text


def test_names_from_elsewhere_can_do_no_harm(tmp_path: Path) -> None:
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
def test_it_is_said_how_times_are_read(is_naive: set[bool], sentence: str) -> None:
    assert describe_times(Census(is_naive=is_naive)) == sentence
