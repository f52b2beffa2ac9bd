"""A file of readings: opened as UTF-8 text, its format detected, its groups read."""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from reconciler.definitions.document import WIDE_MARKS
from reconciler.errors import FileError, UsageError, advise_on
from reconciler.readings.csv_header import DELIMITERS, find_unit
from reconciler.readings.csv_layout import CsvLayout, detect_layout
from reconciler.readings.csv_reader import detect_decimal_mark, read_blocks, refuse_split_times
from reconciler.readings.json_reader import read_array, read_lines
from reconciler.readings.reading_rows import BrokenFile, quote
from reconciler.readings.times import TimeParser, make_time_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.readings.csv_layout import CsvOptions
    from reconciler.readings.reading_rows import ReadingGroup


_SAVE_AS_CSV = 'open it in a spreadsheet program, and save the sheet as "CSV UTF-8"'
SAVE_AS_UTF8 = 'save it as UTF-8; in a spreadsheet program, as "CSV UTF-8"'
_UNPACK = "unpack it first:"

# How each format begins, its name, and the fix. Source: the published description of each format.
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls), or another old Office file", _SAVE_AS_CSV),
    (b"\x1f\x8b", "compressed with gzip", f"{_UNPACK}  gunzip FILE.gz"),
    (b"BZh", "compressed with bzip2", f"{_UNPACK}  bunzip2 FILE.bz2"),
    (b"\xfd7zXZ\0", "compressed with xz", f"{_UNPACK}  unxz FILE.xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", f"{_UNPACK}  unzstd FILE.zst"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4", f"{_UNPACK}  unlz4 FILE.lz4"),
    (b"\x1f\x9d", "compressed with compress", f"{_UNPACK}  uncompress FILE.Z"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", f"{_UNPACK}  7z x FILE.7z"),
    (b"Rar!\x1a\x07", "a RAR archive", f"{_UNPACK}  unrar x FILE.rar"),
    (b"%PDF-", "a PDF document", "ask for the readings as CSV where the document came from"),
    (b"PAR1", "a Parquet file", "write it as CSV with the program that made it, or with  duckdb  or  pandas"),
    (b"ARROW1", "an Arrow file", "write it as CSV with the program that made it, or with  duckdb  or  pandas"),
    (b"\x93NUMPY", "a NumPy array", "write it as CSV with the program that made it"),
    (b"\0\1\0\0Standard ", "an Access database", "write its table as CSV in Access"),
    (b"Obj\x01", "an Avro file", "write it as CSV with the program that made it"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "write it as CSV with the program that made it"),
    (b"SQLite format 3\0", "an SQLite database", "write its table as CSV:  sqlite3 -header -csv FILE 'SELECT ...'"),
    (b"{\\rtf", "a rich text document", "save it as plain text in UTF-8"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", "ask for the readings as CSV where the picture came from"),
    (b"GIF89a", "a GIF picture", "ask for the readings as CSV where the picture came from"),
    (b"\xff\xd8\xff", "a JPEG picture", "ask for the readings as CSV where the picture came from"),
)
# Text formats, by how they begin.
_CONVERT = "get the readings as CSV from the same source, or convert the file: one reading per row"
_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"100,NEM1[23],"), "a NEM12 or NEM13 file of Australian meter data", _CONVERT),
    (re.compile(rb"UN[AB]:?\+"), "an EDIFACT message", _CONVERT),
    (re.compile(rb"ISA[*|~^]00[*|~^]"), "an X12 message", _CONVERT),
    # A CSV header may begin like this, too; the lines below it do not.
    (re.compile(rb"ID;P[^\r\n]*[\r\n](?s:.*)[\r\n]C;(?:Y\d+;)?X\d+;"), "a SYLK spreadsheet (.slk)", _SAVE_AS_CSV),
    (re.compile(rb"version https://git-lfs"), "a Git LFS pointer", "get the content:  git lfs pull"),
)
_ARCHIVED = slice(257, 262)
_ZIPPED = (
    (b"xl/", "an Excel workbook (.xlsx)", _SAVE_AS_CSV),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _SAVE_AS_CSV),
    (b"word/", "a Word document (.docx)", "save the readings as plain CSV in UTF-8"),
    (b"[Content_Types].xml", "an Office file, such as an Excel workbook (.xlsx)", _SAVE_AS_CSV),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|div|script)\b", re.IGNORECASE)
# HTML may begin with comments, so the first tag is searched for up to here.
_HTML_PREFIX = 2000
_XML = re.compile(rb"\s*<(?:\?xml|!--|[A-Za-z][\w.:-]*[\s/>])")


def refuse_other_format(head: bytes) -> None:
    """Raise BrokenFile, with the kind of file and the fix, if `head` is neither the beginning of CSV nor of JSON."""
    finders = (_find_zipped, _find_by_sign, _find_wide, _find_markup, _find_text)
    found = next((found for find in finders if (found := find(head))), None)
    if found is not None:
        raise BrokenFile(f"the file is {found[0]}, not CSV or JSON", 1, found[1])


def _find_by_sign(head: bytes) -> tuple[str, str] | None:
    if head[_ARCHIVED] == b"ustar":
        return "a tar archive", f"{_UNPACK}  tar -xf FILE.tar"
    return next(((what, fix) for sign, what, fix in _SIGNATURES if head.startswith(sign)), None)


def _find_text(head: bytes) -> tuple[str, str] | None:
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return next(((what, fix) for form, what, fix in _TEXTS if form.match(begin)), None)


def _find_zipped(head: bytes) -> tuple[str, str] | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    inside = next(((what, fix) for part, what, fix in _ZIPPED if part in head), None)
    return inside or ("a ZIP archive", f"{_UNPACK}  unzip FILE.zip")


def _find_wide(head: bytes) -> tuple[str, str] | None:
    """UTF-16 or UTF-32, by its byte order mark, or by zero bytes between the letters of a header."""
    for mark, name in WIDE_MARKS:
        if head.startswith(mark):
            return f"text in {name}", SAVE_AS_UTF8
    begin = head[:200]
    if len(begin) >= 4 and begin.count(0) * 3 >= len(begin) and any(begin[place::2].count(0) == 0 for place in (0, 1)):
        return "text in UTF-16", SAVE_AS_UTF8
    return None


def _find_markup(head: bytes) -> tuple[str, str] | None:
    begin = head.removeprefix(codecs.BOM_UTF8)
    if begin.lstrip().startswith(b"<") and _HTML.search(begin, 0, _HTML_PREFIX):
        fix = "look at it in a browser: it may ask to sign in; if it shows a table, save that as CSV in a spreadsheet"
        return "a page of HTML", fix
    if _XML.match(begin):
        return "XML", "ask for the readings as CSV or JSON where it came from, or convert it"
    return None


# A row of a thousand columns takes a tenth of that.
MAX_LINE_LENGTH = 2**20
_CHUNK = 2**16


class Source(Struct, frozen=True):
    """A file of readings as it was when first opened; `head` is the text it begins with."""

    path: Path
    head: str
    size: int
    modified: int

    @property
    def name(self) -> str:
        return self.path.as_posix()

    @contextmanager
    def open(self, longest_line: int | None = MAX_LINE_LENGTH) -> Iterator[io.TextIOBase]:
        """The text of the file with its own line endings, without a byte order mark.

        Raises BrokenFile, also while it is read, if the file has changed, is not UTF-8 text, or has a line that is
        longer than `longest_line` bytes; FileError if it cannot be read.
        """
        with _explained(self.path), self.path.open("rb", buffering=0) as file:
            if _measure(file) != (self.size, self.modified):
                raise BrokenFile("the file was changed while it was read", fix="leave the file alone, and try again")
            guard = _LineLimit(file, longest_line)
            with io.TextIOWrapper(cast(BinaryIO, guard), encoding="utf-8-sig", newline="") as text:
                yield text


def open_source(path: Path) -> Source:
    """The file of readings at `path`. Raises BrokenFile if it is not UTF-8 text, FileError if it cannot be read."""
    if path.name == "-" and not path.exists():
        raise FileError("readings cannot come from standard input", "save them to a file: it is read more than once")
    with _explained(path):
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError(f"{path} is not a regular file", "save the readings to a file: it is read more than once")
        with path.open("rb") as file:
            size, modified = _measure(file)
            head = file.read(_CHUNK)
        refuse_other_format(head)
        _refuse_zero_byte(head, 1)
        # The head may end in the middle of a character. Errors further down are found when the file is read.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    return Source(path, text, size, modified)


def _measure(file: BinaryIO | io.FileIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise BrokenFile("the file is not UTF-8 text, found other bytes", _find_odd_line(path), SAVE_AS_UTF8) from None
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error


def _find_odd_line(path: Path) -> int:
    """The number of the first line that is not UTF-8."""
    decoder, lines = codecs.getincrementaldecoder("utf-8-sig")(), 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                lines += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
    return lines


def _refuse_zero_byte(chunk: bytes, line: int) -> None:
    odd = chunk.find(b"\0")
    if odd >= 0:
        fix = "write the file again as UTF-8 text; a logger that lost power may leave zero bytes, which can be deleted"
        raise BrokenFile("the file is not text, found a zero byte", line + chunk.count(b"\n", 0, odd), fix)


class _LineLimit(io.BufferedIOBase):
    """The bytes of a file for a text reader. Raises BrokenFile at a zero byte, and at a line that is too long.

    Each read returns a whole chunk: the text reader asks for 8 KiB, which is too little for a fast read.
    """

    def __init__(self, file: io.FileIO, longest_line: int | None) -> None:
        super().__init__()
        self._file = file
        self._longest = longest_line
        self._lines = 1
        self._length = 0

    def readable(self) -> bool:
        return True

    def read(self, _size: int | None = -1, /) -> bytes:
        return b"".join(iter(self.read1, b""))

    def read1(self, _size: int = -1, /) -> bytes:
        chunk = self._file.read(_CHUNK) or b""
        self._check(chunk)
        return chunk

    def _check(self, chunk: bytes) -> None:
        _refuse_zero_byte(chunk, self._lines)
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._length = self._length + len(chunk) if end < 0 else len(chunk) - end - 1
        self._lines += chunk.count(b"\n")
        if self._longest is not None and self._length > self._longest:
            raise BrokenFile(f"a line is longer than {self._longest:,} bytes", self._lines)


# A header such as [time],[value]; in JSON, only these words are without quotation marks.
_BRACKETED_NAME = re.compile(r"\s*[\[{]\s*(?!null\b|true\b|false\b|NaN\b|Infinity\b)[A-Za-z_]")


class FileFormat(Enum):
    """The formats of files of readings."""

    CSV = "CSV"
    ARRAY = "JSON array"
    LINES = "JSON lines"


class ReadingsFile(Struct, frozen=True):
    """A file of readings and its detected format; `layout` is None for JSON."""

    source: Source
    format: FileFormat
    times: TimeParser
    layout: CsvLayout | None = None

    @property
    def name(self) -> str:
        return self.source.name

    def describe(self) -> str:
        """How the file is read, in words for a report."""
        if self.layout is None:
            return self.format.value
        names = {sign: name for name, sign in DELIMITERS.items()}
        sign = names.get(self.layout.delimiter, quote(self.layout.delimiter))
        words = f"{self.format.value}, columns separated by {sign}, decimal {self.layout.decimal.value}"
        if self.layout.above:
            words += f"; header in line {self.layout.line}, lines above it are not used"
        unused = [quote(header) for header in self.layout.ignored if header.strip()]
        return f"{words}; not used: {', '.join(unused)}" if unused else words

    @property
    def value_unit(self) -> str:
        """The unit that the header of the values names, as in  Energy [MWh]; "" if none."""
        return (find_unit(self.layout.header[self.layout.value]) or "") if self.layout else ""

    def read_groups(self) -> Iterator[ReadingGroup]:
        """All readings of the file, in its order. Raises BrokenFile and FileError, also while they are read."""
        if self.layout is not None:
            for block in read_blocks(self.source, self.layout):
                yield from block.read_groups()
        else:
            read = read_array if self.format is FileFormat.ARRAY else read_lines
            yield from read(self.source, self.times)


def _refuse_options_of_csv(source: Source, csv_options: CsvOptions) -> None:
    given = {
        "--map": csv_options.names,
        "--bad": csv_options.bad,
        "--estimated": csv_options.estimated,
        "--delimiter": csv_options.delimiter,
        "--decimal": csv_options.decimal,
    }
    if option := next((option for option, value in given.items() if value), ""):
        fix = f"remove {option}: JSON has the API's own property names; take bad readings out of the file"
        raise UsageError(f"{option} is for CSV files, but {source.name} is JSON", fix)


def open_readings_file(path: Path, csv_options: CsvOptions) -> ReadingsFile:
    """The file at `path` as what it looks like: [ begins a JSON array, { begins JSON lines, all else is CSV.

    Raises BrokenFile if the content is not valid, FileError if the file cannot be read, and UsageError if `csv_options`
    describe a CSV file but it is JSON.
    """
    source = open_source(path)
    begin = source.head.lstrip()[:1]
    if begin in ("[", "{") and not _BRACKETED_NAME.match(source.head):
        _refuse_options_of_csv(source, csv_options)
        return ReadingsFile(
            source,
            FileFormat.ARRAY if begin == "[" else FileFormat.LINES,
            make_time_parser(csv_options.zone, csv_options.unit),
        )
    if not begin:
        raise BrokenFile("the file is empty, found no reading", 1, "check the program that wrote it")
    layout = detect_layout(source.head, csv_options)
    if first := next(read_blocks(source, layout), None):
        refuse_split_times(layout, first)
    decided = layout if csv_options.decimal else detect_decimal_mark(source, layout)
    return ReadingsFile(source, FileFormat.CSV, layout.times, decided)
