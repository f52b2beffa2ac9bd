"""A file of readings opened as text, and its format."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import os
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest

from reconciler.errors import FileError
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.readings_file import MAX_LINE_LENGTH, FileFormat, open_readings_file, open_source
from tests.readings.bench import write

CSV = b"channelImportId,time,value\nUSE,2026-01-01T00:15,1\n"
AS_CSV = 'open it in a spreadsheet program, and save the sheet as "CSV UTF-8"'
AS_UTF8 = 'save it as UTF-8; in a spreadsheet program, as "CSV UTF-8"'
AS_TABLE = "look at it in a browser: it may ask to sign in; if it shows a table, save that as CSV in a spreadsheet"
AS_ROWS = "get the readings as CSV from the same source, or convert the file: one reading per row"
CONVERT = "ask for the readings as CSV or JSON where it came from, or convert it"


def zip_up(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CSV)
    return buffer.getvalue()


def tar_up() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("readings.csv"))
    return buffer.getvalue()


def make_database(folder: Path) -> bytes:
    path = folder / "readings.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE readings (time, value)")
    connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "what", "fix"),
    [
        (zip_up("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook (.xlsx)", AS_CSV),
        (zip_up("[Content_Types].xml"), "an Office file, such as an Excel workbook (.xlsx)", AS_CSV),
        (zip_up("readings.csv"), "a ZIP archive", "unpack it first:  unzip FILE.zip"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
            "an Excel workbook (.xls), or another old Office file",
            AS_CSV,
        ),
        (gzip.compress(CSV), "compressed with gzip", "unpack it first:  gunzip FILE.gz"),
        (bz2.compress(CSV), "compressed with bzip2", "unpack it first:  bunzip2 FILE.bz2"),
        (lzma.compress(CSV), "compressed with xz", "unpack it first:  unxz FILE.xz"),
        (b"%PDF-1.7\n%", "a PDF document", "ask for the readings as CSV where the document came from"),
        (
            b"PAR1\x15\x04",
            "a Parquet file",
            "write it as CSV with the program that made it, or with  duckdb  or  pandas",
        ),
        (b"\x04\x22\x4d\x18abc", "compressed with LZ4", "unpack it first:  unlz4 FILE.lz4"),
        (b"\x1f\x9d\x90abc", "compressed with compress", "unpack it first:  uncompress FILE.Z"),
        (tar_up(), "a tar archive", "unpack it first:  tar -xf FILE.tar"),
        (b"\0\1\0\0Standard ACE DB\0", "an Access database", "write its table as CSV in Access"),
        (b"100,NEM12,202603010000,MDP,RET\n", "a NEM12 or NEM13 file of Australian meter data", AS_ROWS),
        (b"UNA:+.? 'UNB+UNOC:3+1:14'", "an EDIFACT message", AS_ROWS),
        (b"UNB+UNOC:3+1:14'", "an EDIFACT message", AS_ROWS),
        (b"ISA*00*          *", "an X12 message", AS_ROWS),
        (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"time"\r\n', "a SYLK spreadsheet (.slk)", AS_CSV),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            "a Git LFS pointer",
            "get the content:  git lfs pull",
        ),
        (CSV.decode().encode("utf-16"), "text in UTF-16", AS_UTF8),
        (CSV.decode().encode("utf-16-le"), "text in UTF-16", AS_UTF8),
        (CSV.decode().encode("utf-16-be"), "text in UTF-16", AS_UTF8),
        (CSV.decode().encode("utf-32"), "text in UTF-32", AS_UTF8),
        (b"<!DOCTYPE html>\n<html>", "a page of HTML", AS_TABLE),
        (codecs.BOM_UTF8 + b"\n <TABLE border=1>", "a page of HTML", AS_TABLE),
        (b"<!-- saved -->\n<html><table>", "a page of HTML", AS_TABLE),
        (b'<?xml version="1.0"?>\n<Workbook>', "XML", CONVERT),
        (b"<feed xmlns='http://naesb.org/espi'>", "XML", CONVERT),
    ],
    # Compressed content contains the time, so each worker would give these tests other names.
    ids=lambda value: value[:40] if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_file_of_another_format_is_refused_by_its_name(content: bytes, what: str, fix: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as caught:
        open_readings_file(write(tmp_path, content), CsvOptions())

    error = caught.value.row_error
    assert (caught.value.line, error.code, error.message, error.fix) == (
        1,
        "ESA611",
        f"the file is {what}, not CSV or JSON",
        fix,
    )


def test_a_database_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as caught:
        open_readings_file(write(tmp_path, make_database(tmp_path)), CsvOptions())

    assert caught.value.row_error.message == "the file is an SQLite database, not CSV or JSON"


def test_text_that_only_begins_like_another_format_is_read(tmp_path: Path) -> None:
    text = "PAR,time,value,channelImportId\nx,2026-01-01T00:15,1,USE\n"

    assert open_readings_file(write(tmp_path, text), CsvOptions()).layout is not None


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"\x03\x7a\x01\x01\n\0\0\0\0\0\0\0\0", "the file is not text, found a zero byte", 2),
        (b"MZ\x90\x03", "the file is not UTF-8 text, found other bytes", 1),
        (b"\x80\x04\x95.", "the file is not UTF-8 text, found other bytes", 1),
    ],
)
def test_bytes_that_are_not_text_are_not_read_as_a_header(
    content: bytes, message: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(BrokenFile) as caught:
        open_readings_file(write(tmp_path, content), CsvOptions())

    assert (caught.value.row_error.message, caught.value.line) == (message, line)


@pytest.mark.parametrize("header", ["ISA", "ORCHARD", "GIF8", "ID;Phase", "100", "PK", "MZ", "UNA"])
def test_text_that_begins_like_a_signature_is_read(header: str, tmp_path: Path) -> None:
    sign = ";" if ";" in header else ","
    columns = [*header.split(sign), "time", "value", "channelImportId"]
    cells = [*["C"] * (len(columns) - 3), "2026-01-01T00:15", "1", "USE"]

    assert (
        open_readings_file(write(tmp_path, f"{sign.join(columns)}\n{sign.join(cells)}\n"), CsvOptions()).layout
        is not None
    )


def read(path: Path, longest_line: int | None = MAX_LINE_LENGTH) -> str:
    with open_source(path).open(longest_line) as text:
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
def test_text_is_unchanged_except_for_the_byte_order_mark(tmp_path: Path, content: bytes, expected: str) -> None:
    path = write(tmp_path, content)

    assert read(path) == expected
    assert open_source(path).head == expected[: len(open_source(path).head)]
    assert open_source(path).name == path.as_posix()


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("time".encode("utf-16"), 1, "the file is text in UTF-16, not CSV or JSON"),
        (b"a\nb\nz\xe4hler\n", 3, "the file is not UTF-8 text, found other bytes"),
        (b"a\n" * 70_000 + b"b\n\xff\n", 70_002, "the file is not UTF-8 text, found other bytes"),
        (b"a\nb\n\xe4", 3, "the file is not UTF-8 text, found other bytes"),
        (b"a\nb\0c", 2, "the file is not text, found a zero byte"),
        (b"a\n" * 70_000 + b"\0", 70_001, "the file is not text, found a zero byte"),
        (b"a\nb" + b"x" * 3 * MAX_LINE_LENGTH, 2, "a line is longer than 1,048,576 bytes"),
    ],
    ids=["UTF-16", "Latin-1", "late", "cut", "zero", "late zero", "long line"],
)
def test_content_that_is_not_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, line: int, message: str
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(BrokenFile) as caught:
        read(path)

    assert (caught.value.line, caught.value.row_error.code, caught.value.row_error.message) == (line, "ESA611", message)


def test_json_may_be_one_long_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"x" * 3 * MAX_LINE_LENGTH)

    assert len(read(path, longest_line=None)) == 3 * MAX_LINE_LENGTH


def test_a_file_that_changed_since_it_was_opened_is_refused(tmp_path: Path) -> None:
    source = open_source(write(tmp_path, "time,value\n"))
    write(tmp_path, "time,value,note\n")

    with pytest.raises(BrokenFile, match="the file was changed while it was read"), source.open():
        pass


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path, message in (
        (tmp_path / "no.csv", f"cannot read {tmp_path / 'no.csv'}: No such file or directory"),
        (tmp_path, f"{tmp_path} is not a regular file"),
        (Path("-"), "readings cannot come from standard input"),
        (pipe, f"{pipe} is not a regular file"),
    ):
        with pytest.raises(FileError) as caught:
            open_source(path)
        assert caught.value.message == message


def test_a_deleted_file_is_an_error(tmp_path: Path) -> None:
    source = open_source(write(tmp_path, "time,value\n"))
    source.path.unlink()

    with pytest.raises(FileError, match="cannot read"), source.open():
        pass


@pytest.mark.parametrize(
    ("text", "kind", "words", "lines"),
    [
        (
            "time;value;channelId;site;\n2026-01-01;1,5;7;A;\n",
            FileFormat.CSV,
            'CSV, columns separated by semicolon, decimal comma; not used: "site"',
            [2],
        ),
        (
            "time,value,channelId\n2026-01-01T00:00,1,7\n",
            FileFormat.CSV,
            "CSV, columns separated by comma, decimal dot",
            [2],
        ),
        ('\n [{"readings": []}, {"readings": []}]', FileFormat.ARRAY, "JSON array", [2, 2]),
        ('{"readings": []}\n{"readings": []}', FileFormat.LINES, "JSON lines", [1, 2]),
    ],
)
def test_the_format_is_detected_from_the_content(
    tmp_path: Path, text: str, kind: FileFormat, words: str, lines: list[int]
) -> None:
    path = write(tmp_path, text)

    file = open_readings_file(path, CsvOptions())

    assert (file.format, file.describe(), file.name) == (kind, words, path.as_posix())
    assert [group.line for group in file.read_groups()] == lines


def test_an_odd_delimiter_is_shown_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "time:value:channelId\n")

    assert (
        open_readings_file(path, CsvOptions(delimiter=":")).describe() == 'CSV, columns separated by ":", decimal dot'
    )


def test_a_header_in_brackets_is_not_json(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="a column name is almost channelId"):
        open_readings_file(write(tmp_path, "[channelId],[time],[value]\n7,2026-01-01,1\n"), CsvOptions())


def test_an_empty_file_has_no_format(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="the file is empty, found no reading"):
        open_readings_file(write(tmp_path, " \n"), CsvOptions())
