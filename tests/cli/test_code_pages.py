"""What commands say to a stdout that is not in UTF-8: formats for programs stay readable, text never fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.cli.desk import Desk

CODE_PAGES = ["cp1252", "ascii", "utf-16"]
WRONG = {"nürnberg-ströme": {"channelId": 1, "channelInfo": "Wärme → 電力", "unknöwn": 1}}
SOUND = {"nb": {"select": {"channelImportId": "NB-ELEC-01-USE"}, "channelDescription": "Wärme → 電力"}}


def run(desk: Desk, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=desk.root,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1800000000", **environment},
        input=stdin,
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("format_name", ["json", "junit", "sarif", "gitlab", "github"])
def test_findings_for_programs_are_the_same_bytes_in_every_code_page(desk: Desk, format_name: str) -> None:
    desk.define(WRONG)
    expected = run(desk, "validate", "--format", format_name, PYTHONIOENCODING="utf-8")

    assert expected[0] == 1
    assert "nürnberg" in expected[1].decode("utf-8") or b"\\u00fc" in expected[1]
    for page in CODE_PAGES:
        assert run(desk, "validate", "--format", format_name, PYTHONIOENCODING=page) == expected


@pytest.mark.parametrize("format_name", ["json", "markdown", "html"])
def test_plans_for_programs_are_the_same_bytes_in_every_code_page(desk: Desk, format_name: str) -> None:
    desk.define(SOUND)
    expected = run(desk, "plan", "--format", format_name, PYTHONIOENCODING="utf-8")

    assert expected[0] == 0
    for page in ("cp1252", "ascii"):
        assert run(desk, "plan", "--format", format_name, PYTHONIOENCODING=page)[1] == expected[1]


def test_what_a_code_page_gives_can_be_parsed(desk: Desk) -> None:
    desk.define(WRONG)

    junit, report = (
        run(desk, "validate", "--format", name, PYTHONIOENCODING="cp1252")[1] for name in ("junit", "json")
    )

    assert "nürnberg" in ET.tostring(ET.fromstring(junit), encoding="unicode")  # noqa: S314 - our own
    assert "nürnberg" in json.dumps(json.loads(report), ensure_ascii=False)


@pytest.mark.parametrize("page", CODE_PAGES)
def test_text_escapes_what_a_code_page_lacks(desk: Desk, page: str) -> None:
    desk.define(SOUND)

    code, out, err = run(desk, "plan", PYTHONIOENCODING=page)

    shown = out.decode(page)
    assert (code, "Traceback" in shown + err.decode(page)) == (0, False)
    assert ("電力" if page == "utf-16" else "\\u96fb\\u529b") in shown


def test_text_in_a_plain_locale_never_fails(desk: Desk) -> None:
    desk.define(SOUND)

    code, out, _ = run(desk, "plan", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")

    assert (code, b"\\u96fb\\u529b" in out) == (0, True)


def test_a_plan_on_stdin_is_read_as_its_file_is(desk: Desk) -> None:
    desk.define(SOUND)
    run(desk, "plan", "--out", "plan.json")
    content = (desk.root / "plan.json").read_bytes()

    shown = [run(desk, "show", "-", stdin=content, PYTHONIOENCODING=f"{page}:strict") for page in ("utf-8", "cp1252")]

    assert [code for code, _, _ in shown] == [0, 0]
    assert "Wärme" in shown[0][1].decode("utf-8")
    assert "Wärme" in shown[1][1].decode("cp1252")


def test_bytes_on_stdin_that_are_no_text_are_an_error(desk: Desk) -> None:
    code, _, err = run(desk, "show", "-", stdin=b"\xff\xfe", PYTHONIOENCODING="utf-8:surrogateescape")

    assert (code, err.decode()) == (
        1,
        "reconciler: - is not UTF-8 text\n  fix: give a file that reconciler wrote: plan --out, snapshot\n",
    )
