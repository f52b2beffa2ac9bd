"""`readings route` and `readings import` through the command line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from tests.cli.workspace import PROJECT
from tests.stub import LIST, STUCK, Reply, answering, reply_list
from tests.worlds import make_channel, make_data_point, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.sandbox import Service
    from tests.cli.workspace import Workspace

WORLD = make_world(
    make_channel(1, channelImportId="USE"),
    make_channel(2, channelImportId="DEMAND", type="ELECDEM"),
    make_channel(3, {"formula": "channel(1)"}, isCalculated=True, channelImportId="NET", type="ELECCOST"),
)
NEW_YORK = {"timeZoneId": 1, "timeZoneCode": "America/New_York", "timeZoneInfo": "Eastern Time"}
WORLD["dataPoints"] = [make_data_point(1) | {"dataPointTimeZone": NEW_YORK}]
HEADER = "meterImportId,observationTypeCode,time,value\n"
SOUND = f"{HEADER}DPI-1,ELECUSE,2026-12-01T00:15,1.5\nDPI-1,ELECDEM,2026-12-01T00:15,7\n"
BAD = f"{HEADER}DPI-1,ELECUSE,soon,1.5\nDPI-1,ELECDEM,2026-12-01T00:15,7\nDPI-2,,2026-12-01T00:15,7\n"


@pytest.fixture
def tenant(workspace: Workspace) -> Workspace:
    workspace.load(WORLD)
    return workspace


def sent(workspace: Workspace) -> list[str]:
    return [path for _, path in workspace.writes]


def kept(workspace: Workspace, channel_id: int) -> Any:
    """The first and last reading of a channel, and the value of the last."""
    live = workspace.live(channel_id)
    value = live["lastReadingValue"]
    return live["firstReadingDate"], live["lastReadingDate"], value["value"] if value else None


def test_route_says_which_channel_each_group_goes_to_and_why(tenant: Workspace) -> None:
    tenant.write("readings.csv", SOUND)

    answer = tenant.run("readings", "route", "readings.csv")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        "readings.csv\n"
        "  CSV, columns separated by comma, decimal dot.\n"
        "  Times have no offset: read as local time of the data point, by EnergyCAP.\n"
        "\n"
        '  1 "Channel 1", import id "USE", ELECUSE, KWH, 15 minutes\n'
        "      ← 1 reading, the first in line 2\n"
        '      meterImportId "DPI-1": 3 channels\n'
        '      observationTypeCode "ELECUSE": 1 channel\n'
        '  2 "Channel 2", import id "DEMAND", ELECDEM, KWH, 15 minutes\n'
        "      ← 1 reading, the first in line 3\n"
        '      meterImportId "DPI-1": 3 channels\n'
        '      observationTypeCode "ELECDEM": 1 channel\n'
        "\n"
        "Readings: 2 go to 2 channels, 0 cannot be sent.\n"
    )
    assert sent(tenant) == []


def test_route_finds_all_that_is_wrong_and_fails(tenant: Workspace) -> None:
    tenant.write("readings.csv", BAD)

    answer = tenant.run("readings", "route", "readings.csv")

    assert answer.code == 1
    assert answer.out.startswith(
        'readings.csv:2  ESA612  time must be a date and time in ISO 8601, found "soon"\n'
        "  fix: write it as in  2026-03-30T00:15:00\n"
        "\n"
        'readings.csv:4  ESA615  readings match no channel: none has meterImportId "DPI-2"\n'
        '  nearest: meterImportId "DPI-1", 3 channels\n'
        "  fix: correct the identifiers in the file, or the channel's settings in EnergyCAP\n"
        "\n"
        "2 errors in 1 file.\n"
    )
    assert answer.out.endswith("Readings: 1 go to 1 channel, 2 cannot be sent.\n")


def test_route_as_json_is_the_list_of_the_contract_and_nothing_else(tenant: Workspace) -> None:
    tenant.write("readings.csv", BAD)

    answer = tenant.run("readings", "route", "readings.csv", "--format", "json")

    assert answer.code == 1
    assert [(entry["group"], entry["channel_id"], entry["readings"]) for entry in json.loads(answer.out)] == [
        (0, 1, 0),
        (1, 2, 1),
        (2, None, 1),
    ]
    assert "ESA612" in answer.err


def test_route_tells_groups_as_they_come_also_into_a_file(tenant: Workspace) -> None:
    groups = [{"channelId": 1, "readings": [{"time": "2026-12-01T00:00", "value": 1}]}] * 2
    tenant.write("readings.json", json.dumps(groups))

    answer = tenant.run("readings", "route", "readings.json", "--format", "json=routes.json")

    assert answer.code == 0
    assert "Readings: 2 go to 1 channel" in answer.out
    listed = json.loads((tenant.root / "routes.json").read_text(encoding="utf-8"))
    assert [entry["group"] for entry in listed] == [0, 1]


def test_a_list_is_whole_also_where_the_file_is_not(tenant: Workspace) -> None:
    tenant.write("readings.json", '[{"channelId": 1, "readings": []},')

    answer = tenant.run("readings", "route", "readings.json", "--format", "json")

    assert (answer.code, [entry["channel_id"] for entry in json.loads(answer.out)]) == (1, [1])
    assert answer.err.startswith(
        "readings.json:1  ESA611  the file is not a complete JSON array, found its end instead of ]"
    )


@pytest.mark.parametrize("text", ["time,value\n", "[", "\0"])
def test_a_file_that_cannot_be_read_has_a_finding(tenant: Workspace, text: str) -> None:
    tenant.write("readings.csv", text)

    answers = [tenant.run("readings", verb, "readings.csv") for verb in ("route", "import")]

    assert [answer.code for answer in answers] == [1, 1]
    assert all(answer.out.startswith("readings.csv:1  ESA611  ") for answer in answers)
    assert sent(tenant) == []


def test_an_empty_list_is_still_a_list(tenant: Workspace) -> None:
    tenant.write("readings.json", "[]")

    assert tenant.run("readings", "route", "readings.json", "--format", "json").out == "[]\n"


def test_a_list_that_cannot_be_written_is_said(tenant: Workspace) -> None:
    tenant.write("readings.csv", SOUND)

    answer = tenant.run("readings", "route", "readings.csv", "--format", "json=no/routes.json")

    assert (answer.code, answer.err.splitlines()[0]) == (
        1,
        "reconciler: cannot write no/routes.json: No such file or directory",
    )


def test_route_needs_no_service_where_there_is_a_copy_of_it(tenant: Workspace) -> None:
    tenant.run("snapshot", "--out", "copy.json")
    tenant.write("readings.csv", SOUND)
    tenant.write("reconciler.yaml", "environments: {}\n")

    assert tenant.run("readings", "route", "readings.csv", "--snapshot", "copy.json").code == 0


def test_columns_are_as_the_options_say(tenant: Workspace) -> None:
    tenant.write("readings.csv", "Meter;Typ;Zeit;Wert;Ort\nDPI-1;ELECUSE;2026-12-01T00:15;1,234;A\n")
    names = [f"--map={pair}" for pair in ("Meter=meterImportId", "Typ=observationTypeCode", "Zeit=time", "Wert=value")]

    answer = tenant.run("readings", "route", "readings.csv", *names, "--decimal", "comma", "--delimiter", "semicolon")

    assert answer.code == 0
    assert 'CSV, columns separated by semicolon, decimal comma; not used: "Ort".' in answer.out


@pytest.mark.parametrize("pair", ["time", "=time"])
def test_a_pair_that_maps_nothing_is_wrong_usage(tenant: Workspace, pair: str) -> None:
    answer = tenant.run("readings", "route", "readings.csv", "--map", pair)

    assert (answer.code, answer.err) == (
        64,
        f"reconciler: --map {pair} does not name a column\n  fix: write  --map HEADER=PROPERTY\n",
    )


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("tim", "did you mean  time"),
        (
            "Zeit",
            (
                "known are channelId, channelImportId, meterImportId, observationTypeCode, unitCode, "
                "channelIntervalInSeconds, esaChannelId, esaChannelImportId, dataPointImportId, "
                "esaChannelIntervalMinutes, time, value, estimated, note"
            ),
        ),
    ],
)
def test_a_pair_that_names_no_property_is_wrong_usage(tenant: Workspace, name: str, fix: str) -> None:
    answer = tenant.run("readings", "route", "readings.csv", "--map", f"When={name}")

    assert (answer.code, answer.err) == (
        64,
        f"reconciler: --map When={name} does not name a property of the API\n  fix: {fix}\n",
    )


def test_properties_may_be_named_in_any_letters(tenant: Workspace) -> None:
    tenant.write("readings.csv", "Logger,When,value\nUSE,2026-12-01T00:00,1\n")

    answer = tenant.run("readings", "route", "readings.csv", "--map", "logger=CHANNELIMPORTID", "--map", "When=Time")

    assert answer.code == 0


def test_long_files_say_how_far_they_are(tenant: Workspace) -> None:
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone
    times = ((start + timedelta(minutes=number)).isoformat() for number in range(1_000_100))
    tenant.write("readings.csv", HEADER + "".join(f"DPI-1,ELECUSE,{time},1.5\n" for time in times))

    answer = tenant.run("readings", "route", "readings.csv")

    assert answer.err == "checked 1,000,100 readings ...\n"


@pytest.mark.parametrize(
    ("endpoint", "path"), [("v3", "/api/v3/reading"), ("esa", "/api/v202407/esareading")], ids=["v3", "esa"]
)
def test_import_sends_valid_readings_and_reports_them(tenant: Workspace, endpoint: str, path: str) -> None:
    tenant.write("readings.csv", SOUND)

    answer = tenant.run("readings", "import", "readings.csv", "--endpoint", endpoint)

    assert (answer.code, answer.out) == (0, "Import: 2 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.\n")
    assert answer.err == (
        "CSV, columns separated by comma, decimal dot. "
        "Times have no offset: read as local time of the data point, by EnergyCAP.\n"
        "accounted for 2 of 2 readings\n"
    )
    assert sent(tenant) == [path]
    assert kept(tenant, 1)[2] == 1.5
    assert not (tenant.root / "readings.failed.csv").exists()


def test_import_sends_nothing_while_anything_is_wrong(tenant: Workspace) -> None:
    tenant.write("readings.csv", BAD)

    answer = tenant.run("readings", "import", "readings.csv")

    assert (answer.code, answer.err) == (1, "nothing was sent; --skip-bad sends the valid readings\n")
    assert answer.out.count("ESA61") == 2
    assert sent(tenant) == []


def test_import_may_skip_what_is_wrong_and_keeps_it_to_be_mended(tenant: Workspace) -> None:
    tenant.write("readings.csv", BAD)

    answer = tenant.run("readings", "import", "readings.csv", "--skip-bad")

    assert (answer.code, answer.out.splitlines()[-2:]) == (
        6,
        [
            "2 readings with the reason in readings.failed.csv: fix and import that file.",
            "Import: 1 imported, 0 failed, 0 unknown, 0 not sent, 2 left out.",
        ],
    )
    fixed = (tenant.root / "readings.failed.csv").read_text(encoding="utf-8")
    tenant.write("readings.failed.csv", fixed.replace("soon", "2026-12-02T00:00").replace("DPI-2,", "DPI-1,ELECUSE"))
    again = tenant.run("readings", "import", "readings.failed.csv")
    assert (again.code, again.out) == (0, "Import: 2 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.\n")


def test_readings_that_contradict_each_other_are_kept_to_be_mended(tenant: Workspace) -> None:
    tenant.write("readings.csv", SOUND + "DPI-1,ELECUSE,2026-12-01T00:15,2\nDPI-1,ELECUSE,2026-12-01T00:30,3\n")

    refused = tenant.run("readings", "import", "readings.csv")
    skipping = tenant.run("readings", "import", "readings.csv", "--skip-bad")

    assert (refused.code, refused.out.splitlines()) == (
        1,
        [
            "readings.csv:4  ESA620  one channel gets two values for one time, found 2 here and 1.5 in line 2",
            '  at 2026-12-01T00:15:00 on channel 1 "Channel 1"',
            "  fix: keep the one that is right; in the hour that clocks repeat, give times with their offset",
            "",
            "1 error in 1 file.",
        ],
    )
    assert skipping.out.splitlines()[-1] == "Import: 2 imported, 0 failed, 0 unknown, 0 not sent, 2 left out."
    assert (skipping.code, kept(tenant, 1)[2]) == (6, 3)
    reason = '"ESA620 one channel gets two values for one time, the first of them in line 2"'
    assert (tenant.root / "readings.failed.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        f"DPI-1,ELECUSE,2026-12-01T00:15,1.5,{reason}",
        f"DPI-1,ELECUSE,2026-12-01T00:15,2,{reason}",
    ]


def test_an_older_file_of_failed_readings_is_never_overwritten(tenant: Workspace) -> None:
    tenant.write("readings.csv", SOUND)
    tenant.write("readings.failed.csv", "not mended yet\n")

    answer = tenant.run("readings", "import", "readings.csv")

    assert (answer.code, sent(tenant)) == (64, [])
    assert tenant.run("readings", "import", "readings.csv", "--failed", "other.csv").code == 0


@contextmanager
def served(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *faults: str, setting: str = "v3_overwrite=fail"
) -> Iterator[Service]:
    """The sandbox over HTTP as the workspace's service, with faults."""
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    options = sandbox.Options(sandbox.parse_settings([setting]), faults=sandbox.parse_faults(faults))
    with sandbox.running(workspace.root / "served.sqlite3", WORLD, options) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        yield service


def test_readings_that_the_service_rejects_are_reported_row_by_row(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("earlier.csv", HEADER + "DPI-1,ELECUSE,2026-12-01T00:30,2\n")
    workspace.write("readings.csv", SOUND + "DPI-1,ELECUSE,2026-12-01T00:30,2\n")
    with served(workspace, monkeypatch):
        workspace.run("readings", "import", "earlier.csv")
        answer = workspace.run("readings", "import", "readings.csv")

    assert (answer.code, answer.out.splitlines()) == (
        6,
        [
            "readings.csv:4  ESA619  the service rejected the reading: the channel has a reading at this time",
            "  fix: correct the rows in the file of rejected readings, and import that file",
            "",
            "1 error in 1 file.",
            "1 reading with the reason in readings.failed.csv: fix and import that file.",
            "Import: 2 imported, 1 failed, 0 unknown, 0 not sent, 0 left out.",
        ],
    )


def test_further_readings_rejected_for_the_same_reason_are_counted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"DPI-1,ELECUSE,2026-12-01T0{hour}:00,1\n" for hour in range(8))
    workspace.write("readings.csv", HEADER + rows)
    with served(workspace, monkeypatch, "POST 400"):
        answer = workspace.run("readings", "import", "readings.csv")

    assert answer.code == 6
    assert answer.out.splitlines()[-4:] == [
        "5 errors in 1 file.",
        "and 3 more that the service did not accept",
        "8 readings with the reason in readings.failed.csv: fix and import that file.",
        "Import: 0 imported, 8 failed, 0 unknown, 0 not sent, 0 left out.",
    ]


@pytest.mark.parametrize(("fault", "code", "imported"), [("POST 401", 1, 0), ("POST 401 @2", 6, 1)])
def test_a_service_that_refuses_stops_the_import(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fault: str, code: int, imported: int
) -> None:
    workspace.write("readings.csv", SOUND)
    with served(workspace, monkeypatch, fault):
        answer = workspace.run("readings", "import", "readings.csv", "--batch", "1", "--format", "json")

    account = json.loads(answer.out)
    assert (answer.code, account["imported"], account["not_sent"]) == (code, imported, 2 - imported)
    assert account["failed_file"] == "readings.failed.csv"
    assert account["error"].startswith("the service refused access: POST /api/v3/reading answered 401")


def test_what_is_not_stored_as_it_was_sent_is_a_loud_error(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "key")
    monkeypatch.setattr("reconciler.cli.readings._CHECK_DELAY_SECONDS", 0.0)
    workspace.write("readings.csv", SOUND)
    replies: dict[str, Reply | Callable[[], Reply]] = {
        LIST: reply_list(*WORLD["channels"]),
        "/api/v202406/datapoint/1": Reply(body=WORLD["dataPoints"][0]),
        "POST /api/v3/reading": Reply(
            body={"importedReadingsCount": 2, "failedReadingsCount": 0, "failedReadings": []}
        ),
        "/api/v3/channel/1/reading": Reply(body={"readings": [{"time": "2026-12-01T00:15:00", "rawValue": 1.5}]}),
        "/api/v3/channel/2/reading": Reply(body={"readings": []}),
    }
    with answering(replies) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        answer = workspace.run("readings", "import", "readings.csv")

    assert (answer.code, answer.out.splitlines()) == (
        7,
        [
            "readings.csv:3  ESA628  an imported reading is not stored as it was sent, found none",
            '  at 2026-12-01T00:15:00 on channel 2 "Channel 2"',
            ("  fix: look at this time in EnergyCAP; if readings are hours off, check the time zone of the data point"),
            "",
            "1 error in 1 file.",
            "1 imported reading is not stored as it was sent",
            "Import: 2 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.",
        ],
    )


def test_where_readings_may_not_be_read_it_is_said_that_nobody_looked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write("readings.csv", SOUND)
    with served(workspace, monkeypatch, setting="v3_sees_esa_channels=no"):
        answer = workspace.run("readings", "import", "readings.csv", "--endpoint", "esa")

    assert answer.code == 0
    assert "whether 2 imported readings are stored could not be checked: " in answer.out
    assert "404" in answer.out


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_zone_holds_for_route_and_import_and_each_format(tenant: Workspace, suffix: str) -> None:
    reading = {"time": "2026-12-01 05:15", "value": 1.5}
    texts = {
        "csv": f"{HEADER}DPI-1,ELECUSE,{reading['time']},1.5\n",
        "json": json.dumps([{"channelId": 1, "readings": [reading]}]),
    }
    tenant.write(f"readings.{suffix}", texts[suffix])

    routed = tenant.run("readings", "route", f"readings.{suffix}", "--zone", "UTC")
    imported = tenant.run("readings", "import", f"readings.{suffix}", "--zone", "UTC")

    assert (routed.code, imported.code) == (0, 0)
    assert "Times without an offset are read in UTC, and sent with their offset." in routed.out
    assert kept(tenant, 1)[0] == "2026-12-01T00:15:00-05:00"


def test_seconds_since_1970_are_read_where_that_is_said(tenant: Workspace) -> None:
    tenant.write("readings.csv", f"{HEADER}DPI-1,ELECUSE,1764566100,1.5\n")

    refused = tenant.run("readings", "import", "readings.csv")
    imported = tenant.run("readings", "import", "readings.csv", "--time-format", "seconds")

    assert (refused.code, imported.code) == (1, 0)
    assert "Times are seconds since 1970." in imported.err
    assert "fix: write it as  2025-12-01T05:15:00Z;  or say  --time-format seconds" in refused.out
    assert kept(tenant, 1)[0] == "2025-12-01T00:15:00-05:00"


def test_a_zone_that_may_be_several_is_wrong_usage(tenant: Workspace) -> None:
    answer = tenant.run("readings", "route", "readings.csv", "--zone", "CET")

    assert (answer.code, answer.err) == (
        64,
        (
            "reconciler: --zone CET is not a time zone, or is ambiguous\n"
            "  fix: give an offset, such as +01:00, or a name, such as Europe/Berlin\n"
        ),
    )


def test_a_copy_has_no_time_zones_unless_it_is_asked_for(tenant: Workspace) -> None:
    tenant.write("readings.csv", f"{HEADER}DPI-1,ELECUSE,2026-03-08T02:30,1.5\n")
    tenant.run("snapshot", "--out", "without.json")
    tenant.run("snapshot", "--time-zones", "--out", "with.json")

    without = tenant.run("readings", "route", "readings.csv", "--snapshot", "without.json")
    live = tenant.run("readings", "route", "readings.csv")
    copied = tenant.run("readings", "route", "readings.csv", "--snapshot", "with.json")

    assert without.code == 0
    assert "ESA626  warning: the time zone of a data point is not known" in without.out
    assert "made with  snapshot --time-zones" in without.out
    assert "ESA624  the local time 2026-03-08T02:30:00 does not exist in America/New_York" in copied.out
    assert (copied.code, copied.out) == (live.code, live.out)


def test_a_terminal_has_a_bar(tenant: Workspace) -> None:
    tenant.write("readings.csv", SOUND)
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "reconciler", "readings", "import", "readings.csv"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, check=False)
    os.close(terminal)

    assert done.returncode == 0
    assert b"sending" in os.read(controller, 4096)


class SlowService:
    """A channel, and a POST of readings that is answered only when it may be."""

    def __init__(self) -> None:
        self.is_sending = Event()
        self.may_answer = Event()

    @property
    def replies(self) -> dict[str, Reply | Callable[[], Reply]]:
        return {LIST: reply_list(*WORLD["channels"]), "POST /api/v3/reading": self._take}

    def _take(self) -> Reply:
        self.is_sending.set()
        self.may_answer.wait(STUCK)
        return Reply(body={"importedReadingsCount": 1, "failedReadingsCount": 0, "failedReadings": []})


@contextmanager
def importing(workspace: Workspace, service: SlowService) -> Iterator[subprocess.Popen[str]]:
    """An import in a process of its own, interrupted while its first batch waits for an answer."""
    workspace.write("readings.csv", SOUND)
    command = [sys.executable, "-m", "reconciler", "readings", "import", "readings.csv", "--batch", "1"]
    variables = {**os.environ, "ECI_API_KEY": "key"}
    with answering(service.replies) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        try:
            with subprocess.Popen(
                command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            ) as process:
                assert service.is_sending.wait(STUCK)
                process.send_signal(signal.SIGINT)
                assert process.stderr is not None
                assert any(line.startswith("interrupted: finishing") for line in process.stderr)
                yield process
        finally:
            service.may_answer.set()


def test_an_interrupt_finishes_the_batch_in_flight_and_keeps_the_rest(workspace: Workspace) -> None:
    service = SlowService()
    with importing(workspace, service) as process:
        service.may_answer.set()
        out, _ = process.communicate(timeout=STUCK)

    assert (process.returncode, out.splitlines()[-1]) == (
        130,
        "Import: 1 imported, 0 failed, 0 unknown, 1 not sent, 0 left out.",
    )
    assert "the import was stopped before" in (workspace.root / "readings.failed.csv").read_text(encoding="utf-8")


def test_a_second_interrupt_stops_at_once_and_keeps_what_was_in_flight(workspace: Workspace) -> None:
    service = SlowService()
    with importing(workspace, service) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=STUCK)

    assert process.returncode == 130
    assert "stopped: readings.failed.csv holds the readings in flight" in err
    kept_rows = (workspace.root / "readings.failed.csv").read_text(encoding="utf-8").splitlines()
    assert len(kept_rows) == 2
    assert kept_rows[1].endswith("unknown whether it was imported: the import was stopped at once")


def test_what_a_file_calls_bad_or_estimated_is_said_on_the_command_line(tenant: Workspace) -> None:
    rows = ["2026-12-01T00:15,1,0,A", "2026-12-01T00:30,0,139,A", "2026-12-01T00:45,3,7,E"]
    tenant.write("readings.csv", "channelImportId,time,value,error,status\n" + "".join(f"USE,{row}\n" for row in rows))
    marks = ["--bad", "error=139,160", "--estimated", "status=E"]

    refused = tenant.run("readings", "import", "readings.csv", *marks)
    assert (refused.code, sent(tenant)) == (1, [])
    assert 'readings.csv:3  ESA633  the file says that this reading is bad: error is "139"' in refused.out

    taken = tenant.run("readings", "import", "readings.csv", *marks, "--skip-bad")
    assert (taken.code, taken.out.splitlines()[-1]) == (
        6,
        "Import: 2 imported, 0 failed, 0 unknown, 0 not sent, 1 left out.",
    )
    assert (tenant.root / "readings.failed.csv").read_text(encoding="utf-8") == (
        "channelImportId,time,value,error,status,reconciler:error\n"
        'USE,2026-12-01T00:30,0,139,A,"ESA633 the file says that this reading is bad: error is ""139"""\n'
    )


@pytest.mark.parametrize("pair", ["error", "error=", "=139"])
def test_a_mark_needs_a_column_and_a_value(tenant: Workspace, pair: str) -> None:
    tenant.write("readings.csv", SOUND)

    answer = tenant.run("readings", "route", "readings.csv", "--bad", pair)

    assert answer.code == 64
    assert f"--bad {pair} does not name a column and values" in answer.err


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--map", "x=value"),
        ("--bad", "quality=bad"),
        ("--estimated", "status=E"),
        ("--delimiter", "comma"),
        ("--decimal", "comma"),
    ],
)
@pytest.mark.parametrize("text", ['[{"channelId": 1, "readings": []}]', '{"channelId": 1, "readings": []}'])
def test_what_says_how_csv_is_written_says_nothing_of_json(
    tenant: Workspace, option: str, value: str, text: str
) -> None:
    tenant.write("readings.json", text)

    answers = [tenant.run("readings", verb, "readings.json", option, value) for verb in ("route", "import")]

    assert [answer.code for answer in answers] == [64, 64]
    assert answers[0].err == answers[1].err
    assert answers[0].err.startswith(
        f"reconciler: {option} is for CSV files, but readings.json is JSON\n  fix: remove "
    )


def test_a_table_that_was_written_as_json_arrives(tenant: Workspace) -> None:
    rows = [{"channelImportId": "USE", "time": f"2026-12-01T00:{minute}", "value": 1.5} for minute in (15, 30, 45)]
    tenant.write("readings.json", json.dumps([*rows, {**rows[0], "time": "2026-12-01T01:00", "value": float("nan")}]))

    refused = tenant.run("readings", "import", "readings.json")
    assert (refused.code, sent(tenant)) == (1, [])

    taken = tenant.run("readings", "import", "readings.json", "--skip-bad")
    assert (taken.code, taken.out.splitlines()[-1]) == (
        6,
        "Import: 3 imported, 0 failed, 0 unknown, 0 not sent, 1 left out.",
    )
    assert len(json.loads((tenant.root / "readings.failed.json").read_text(encoding="utf-8"))) == 1


@pytest.mark.parametrize("header", ["Energy Unit", "Bob's (kWh) unit", "time zone", "Trend Flags", "$HOME status"])
def test_an_option_in_a_fix_can_be_copied_into_a_shell(tenant: Workspace, header: str) -> None:
    tenant.write("readings.csv", f"channelImportId,time,value,{header}\nUSE,2026-12-01T00:15,1,x\n")

    told = tenant.run("readings", "route", "readings.csv").out
    option = told.rpartition("--map ")[2].splitlines()[0].partition("  if")[0]
    again = tenant.run("readings", "route", "readings.csv", "--map", *shlex.split(option))

    assert "fix:" in told
    assert (again.code, "fix:" in again.out) == (0, False), again.out


def test_each_advice_of_a_refused_file_leads_further(tenant: Workspace) -> None:
    """What a message says to do is done, step by step, until the file arrives."""
    header = "channelImportId;Zeit;Energie [Wh];unit;error\n"
    rows = "USE;2026-12-01T00:15;1.234;Wh;139\nUSE;2026-12-01T00:30;1.500;Wh;0\n"
    tenant.write("readings.csv", header + rows + "Total;2.734\n")
    steps = [
        (["--map", "unit="], "a column may say in which units values are"),
        (["--map", "Zeit=time"], "no column for time and value"),
        (["--map", "Energie [Wh]=value"], "no column for value"),
        (["--decimal", "comma"], "the values can be read in two ways"),
    ]
    options: list[str] = []
    for more, message in steps:
        answer = tenant.run("readings", "route", "readings.csv", *options)
        assert (answer.code, message in answer.out) == (1, True), answer.out
        options += more

    answer = tenant.run("readings", "route", "readings.csv", *options)
    assert [line.split("  ")[1] for line in answer.out.splitlines() if line.startswith("readings.csv:")] == [
        "ESA630",
        "ESA633",
        "ESA611",
    ]

    converted = rows.replace(";1.234;Wh", ";1,234;KWH").replace(";1.500;Wh", ";1,5;KWH")
    tenant.write("readings.csv", header.replace("[Wh]", "[kWh]") + converted)
    options[options.index("Energie [Wh]=value")] = "Energie [kWh]=value"
    done = tenant.run("readings", "import", "readings.csv", *options[:-2], "--skip-bad")
    assert done.out.splitlines()[-1] == "Import: 1 imported, 0 failed, 0 unknown, 0 not sent, 1 left out."
