"""Bad files of every kind: always findings and exit 1, never a traceback, too much memory or an escape sequence."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import FileError
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.file_check import check_file
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.cases import mostly, note_case
from tests.readings.bench import CHANNELS, count, write
from tests.readings.hostile import CORPUS, HEADER, SOUND, Bad
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.readings.file_check import FileCheck
    from reconciler.readings.readings_file import ReadingsFile

MIB = 2**20
# The memory for a small file, most of it for the libraries.
LARGEST = 512 * MIB


def find(path: Path) -> set[tuple[str, int]]:
    """The code and line of each finding in a file."""
    try:
        check, _ = count(path)
    except BrokenFile as broken:
        return {(broken.row_error.code, broken.line)}
    return {(finding.code, finding.location.line) for finding in check.findings if finding.location}


def run_route(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`reconciler readings route` in a copy of a small world, in a process with little memory."""
    (folder / "copy.json").write_text(json.dumps(make_world(make_channel(1, channelImportId="USE"))))
    return subprocess.run(
        [sys.executable, "-m", "reconciler", "readings", "route", "--snapshot", "copy.json", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST)),
    )


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_a_bad_file_gives_a_finding_at_its_line(bad: Bad, tmp_path: Path) -> None:
    assert (bad.code, bad.line) in find(write(tmp_path, bad.content))


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len({bad.name for bad in CORPUS}) == len(CORPUS) >= 120


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize("name", ["row_escape", "row_override", "row_command", "escape_in_header", "group_surrogate"])
def test_no_report_passes_escape_sequences_to_the_terminal(name: str, format_: str, tmp_path: Path) -> None:
    bad = next(bad for bad in CORPUS if bad.name == name)
    write(tmp_path, bad.content)

    done = run_route(tmp_path, "readings.csv", "--format", format_)

    said = done.stdout + done.stderr
    assert (done.returncode, "Traceback" in said) == (1, False)
    assert all(character.isprintable() or character == "\n" for character in said)
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())


@pytest.mark.parametrize(
    ("line", "times"),
    [
        (HEADER + '"', 200 * MIB),
        ("x", 200 * MIB),
        ('[{"channelId": "', 200 * MIB),
        ("[" + " " * 10, 200 * MIB),
    ],
    ids=["an open quotation mark", "one line", "an open text", "spaces"],
)
def test_a_file_of_any_size_takes_no_more_memory(line: str, times: int, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(line)
        for _ in range(times // MIB):
            file.write((" " if line.endswith(" ") else "x") * MIB)

    done = run_route(tmp_path, "readings.csv")

    assert (done.returncode, "ESA611" in done.stdout, "Traceback" in done.stderr) == (1, True, False)


def test_file_names_are_escaped(tmp_path: Path) -> None:
    name = "\x1b[31m\n::error::red\u202e.csv"
    (tmp_path / name).write_text(HEADER + SOUND + "NOPE,2026-01-01T00:00,1,\n")

    done = run_route(tmp_path, name)

    assert done.returncode == 1
    assert all(character.isprintable() or character == "\n" for character in done.stdout + done.stderr)
    assert not any(line.lstrip().startswith("::") for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", ["missing", "folder", "loop", "device"])
def test_a_path_that_is_not_a_regular_file_is_an_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.symlink_to({"loop": str(path), "device": os.devnull}[kind])

    with pytest.raises(FileError):
        open_readings_file(path, CsvOptions())


_ROWS = "".join(SOUND.replace("00:15", f"{hour:02}:15") for hour in range(24))
_VALID_FILES = (
    (HEADER + _ROWS).encode(),
    (HEADER + _ROWS).replace(",", ";").encode(),
    (HEADER + _ROWS).replace("\n", "\r\n").encode("utf-8-sig"),
    b'[{"channelId": 1, "readings": [{"time": "2026-01-01T00:00", "value": 1}]}]',
)
_PIECES = st.sampled_from(
    [
        *(
            b"channelId",
            b"channelImportId",
            b"time",
            b"value",
            b"readings",
            b"USE",
            b"2026-01-01T00:00",
            b"1",
            b"1,5",
            b"null",
        ),
        *(b",", b";", b"\t", b"\n", b"\r\n", b'"', b'""', b"{", b"}", b"[", b"]", b":", b" ", b"\\u", b"\0", b"\xff"),
        HEADER.encode(),
        SOUND.encode(),
        b'[{"channelId": 1, "readings": [{"time": "2026-01-01T00:00", "value": 1}]}]',
    ]
)


@st.composite
def _hurt(draw: st.DrawFn) -> bytes:
    """A valid file with a few pieces replaced or inserted."""
    content = draw(st.sampled_from(_VALID_FILES))
    for _ in range(draw(st.integers(1, 2))):
        start = len(content) - draw(st.integers(0, len(content)))
        content = content[:start] + draw(_PIECES) + content[start + draw(st.integers(0, 3)) :]
    return content


@given(mostly(_hurt(), st.lists(_PIECES, max_size=12).map(b"".join) | st.binary(max_size=200)))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.mktemp("fuzz"), content)

    check = None
    with suppress(BrokenFile):
        file = open_readings_file(path, CsvOptions())
        check = check_file(file, Router(CHANNELS), lambda _: None, lambda _: None)
        check_census(file, check)
    note_case(reached=check and check.readings)


def check_census(file: ReadingsFile, check: FileCheck) -> None:
    assert check.is_valid is not any(finding.severity.value == "error" for finding in check.findings)
    assert 0 <= check.invalid <= check.readings
    valid = [row for group in file.read_groups() for row in group.rows if row.reading is not None]
    assert len(valid) >= check.readings - check.invalid
