"""Files as text: what may be read, and what is refused before it does harm."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest

from reconciler.errors import FileError
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.source import LONGEST_LINE, look_at
from tests.readings.bench import write


def read(path: Path, longest_line: int | None = LONGEST_LINE) -> str:
    with look_at(path).open(longest_line) as text:
        return text.read()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"time,value\r\n2026-01-01T00:00,1\n", "time,value\r\n2026-01-01T00:00,1\n"),
        (codecs.BOM_UTF8 + "zähler,5".encode(), "zähler,5"),
        (b"", ""),
        (b"a\rb\r" + b"x" * 100_000, "a\rb\r" + "x" * 100_000),
    ],
    ids=["as it is", "marked", "empty", "longer than a piece"],
)
def test_text_comes_as_it_is_but_for_the_mark(tmp_path: Path, content: bytes, expected: str) -> None:
    path = write(tmp_path, content)

    assert read(path) == expected
    assert look_at(path).head == expected[: len(look_at(path).head)]
    assert look_at(path).name == path.as_posix()


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("time".encode("utf-16"), 1, "the file is text in UTF-16, not CSV or JSON"),
        (b"a\nb\nz\xe4hler\n", 3, "the file is not UTF-8 text, found other bytes"),
        (b"a\n" * 70_000 + b"b\n\xff\n", 70_002, "the file is not UTF-8 text, found other bytes"),
        (b"a\nb\n\xe4", 3, "the file is not UTF-8 text, found other bytes"),
        (b"a\nb\0c", 2, "the file is not text, found a zero byte"),
        (b"a\n" * 70_000 + b"\0", 70_001, "the file is not text, found a zero byte"),
        (b"a\nb" + b"x" * 3 * LONGEST_LINE, 2, "a line is longer than 1,048,576 bytes"),
    ],
    ids=["UTF-16", "Latin-1", "late", "cut", "zero", "late zero", "long line"],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    path = write(tmp_path, content)

    with pytest.raises(BrokenFile) as caught:
        read(path)

    assert (caught.value.line, caught.value.flaw.code, caught.value.flaw.message) == (line, "ESA611", message)


def test_json_may_be_one_long_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"x" * 3 * LONGEST_LINE)

    assert len(read(path, longest_line=None)) == 3 * LONGEST_LINE


def test_a_file_that_changed_since_it_was_looked_at_is_refused(tmp_path: Path) -> None:
    source = look_at(write(tmp_path, "time,value\n"))
    write(tmp_path, "time,value,note\n")

    with pytest.raises(BrokenFile, match="the file was changed while it was read"), source.open():
        pass


def test_a_missing_file_and_one_that_is_none_are_said(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path, message in (
        (tmp_path / "no.csv", f"cannot read {tmp_path / 'no.csv'}: No such file or directory"),
        (tmp_path, f"{tmp_path} is no ordinary file"),
        (Path("-"), "readings cannot come from standard input"),
        (pipe, f"{pipe} is no ordinary file"),
    ):
        with pytest.raises(FileError) as caught:
            look_at(path)
        assert caught.value.message == message


def test_a_file_that_vanishes_is_said(tmp_path: Path) -> None:
    source = look_at(write(tmp_path, "time,value\n"))
    source.path.unlink()

    with pytest.raises(FileError, match="cannot read"), source.open():
        pass
