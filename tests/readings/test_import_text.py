"""The account of an import, for people and machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.errors import FileError, Unreachable
from reconciler.readings.import_text import encode_account, render_account
from reconciler.readings.sending import ImportAccount
from reconciler.readings.stored import Tally
from reconciler.reports.terminal import no_style

FAILED = Path("readings.failed.csv")
STOPPED = Unreachable("no answer from https://a.example: POST /api/v3/reading: silence for 60 s", "check the network")


@pytest.mark.parametrize(
    ("account", "lines"),
    [
        (ImportAccount(imported=35_040), ["Import: 35,040 imported, 0 failed, 0 unknown, 0 not sent, 0 left out."]),
        (
            ImportAccount(imported=1, failed=1, left_out=1),
            [
                "2 readings with the reason in readings.failed.csv: mend and import that file.",
                "Import: 1 imported, 1 failed, 0 unknown, 0 not sent, 1 left out.",
            ],
        ),
        (
            ImportAccount(imported=5, tally=Tally(stored=1, differing=2, unchecked=1, overwritten=1, unread="no")),
            [
                "2 imported readings are not stored as they were sent",
                "whether 1 imported reading is stored could not be checked: no",
                "2 remain: of those at one time the last counts",
                "Import: 5 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.",
            ],
        ),
        (
            ImportAccount(imported=1, unknown=1, not_sent=1, stopped=STOPPED),
            [
                "stopped: no answer from https://a.example: POST /api/v3/reading: silence for 60",
                "  s",
                "  fix: check the network",
                "of 1 reading it is not known whether the service took them: look at their",
                "  channels before they are sent again",
                "2 readings with the reason in readings.failed.csv: mend and import that file.",
                "Import: 1 imported, 0 failed, 1 unknown, 1 not sent, 0 left out.",
            ],
        ),
        (
            ImportAccount(imported=1, stopped=FileError("cannot write no.csv"), is_written_down=False),
            [
                "stopped: cannot write no.csv",
                "readings.failed.csv does not hold all that was not imported: import the first file again.",
                "Import: 1 imported, 0 failed, 0 unknown, 0 not sent, 0 left out.",
            ],
        ),
    ],
    ids=["whole", "in part", "not stored so", "stopped", "not written down"],
)
def test_an_account_ends_with_its_counts(account: ImportAccount, lines: list[str]) -> None:
    assert render_account(account, FAILED, no_style).splitlines() == lines


def test_a_failure_without_a_way_out_says_none() -> None:
    account = ImportAccount(stopped=Unreachable("no answer"))

    assert render_account(account, FAILED, no_style).splitlines()[:1] == ["stopped: no answer"]
    assert "fix" not in render_account(account, FAILED, no_style)


def test_an_account_as_json() -> None:
    assert json.loads(encode_account(ImportAccount(imported=1, unknown=2, stopped=STOPPED), FAILED)) == {
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
    for account in (ImportAccount(imported=1), ImportAccount(failed=1, is_written_down=False)):
        assert json.loads(encode_account(account, FAILED))["failed_file"] is None
