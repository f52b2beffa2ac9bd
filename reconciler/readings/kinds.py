"""Recognises files that are neither CSV nor JSON by how they begin, and says how to get readings out of them."""

from __future__ import annotations

import codecs
import re

from reconciler.readings.flaws import BrokenFile

_AS_CSV = 'open it in a spreadsheet program, and save the sheet as "CSV UTF-8"'
AS_UTF8 = 'save it as UTF-8; in a spreadsheet program, as "CSV UTF-8"'
_UNPACK = "unpack it first:"
# UTF-32 first: its mark begins with that of UTF-16.
_WIDE = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

# How each begins, what it is, and the way out. Source: the published description of each format.
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls), or another old Office file", _AS_CSV),
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
# Text in formats of its own, by how it begins.
_AS_TABLE = "get the readings as CSV from the same source, or convert the file: one reading per row"
_TEXTS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"100,NEM1[23],"), "a NEM12 or NEM13 file of Australian meter data", _AS_TABLE),
    (re.compile(rb"UN[AB]:?\+"), "an EDIFACT message", _AS_TABLE),
    (re.compile(rb"ISA[*|~^]00[*|~^]"), "an X12 message", _AS_TABLE),
    # A header may begin so as well; the cells below it do not.
    (re.compile(rb"ID;P[^\r\n]*[\r\n](?s:.*)[\r\n]C;(?:Y\d+;)?X\d+;"), "a SYLK spreadsheet (.slk)", _AS_CSV),
    (re.compile(rb"version https://git-lfs"), "a Git LFS pointer", "get the content:  git lfs pull"),
)
_ARCHIVED = slice(257, 262)
_ZIPPED = (
    (b"xl/", "an Excel workbook (.xlsx)", _AS_CSV),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _AS_CSV),
    (b"word/", "a Word document (.docx)", "save the readings as plain CSV in UTF-8"),
    (b"[Content_Types].xml", "an Office file, such as an Excel workbook (.xlsx)", _AS_CSV),
)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|div|script)\b", re.IGNORECASE)
# A page may begin with comments.
_BEGIN = 2000
_XML = re.compile(rb"\s*<(?:\?xml|!--|[A-Za-z][\w.:-]*[\s/>])")


def refuse_odd_kind(head: bytes) -> None:
    """Raise BrokenFile, with the kind of file and the way out, if `head` begins neither CSV nor JSON."""
    finders = (_find_zipped, _find_by_sign, _find_wide, _find_markup, _find_text)
    found = next((found for find in finders if (found := find(head))), None)
    if found is not None:
        raise BrokenFile(f"the file is {found[0]}, not CSV or JSON", 1, found[1])


def _find_by_sign(head: bytes) -> tuple[str, str] | None:
    if head[_ARCHIVED] == b"ustar":
        return "a tar archive", f"{_UNPACK}  tar -xf FILE.tar"
    return next(((what, fix) for sign, what, fix in _KINDS if head.startswith(sign)), None)


def _find_text(head: bytes) -> tuple[str, str] | None:
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return next(((what, fix) for form, what, fix in _TEXTS if form.match(begin)), None)


def _find_zipped(head: bytes) -> tuple[str, str] | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    inside = next(((what, fix) for part, what, fix in _ZIPPED if part in head), None)
    return inside or ("a ZIP archive", f"{_UNPACK}  unzip FILE.zip")


def _find_wide(head: bytes) -> tuple[str, str] | None:
    """UTF-16 or UTF-32, by its mark, or by zero bytes beside the letters of a header."""
    for mark, name in _WIDE:
        if head.startswith(mark):
            return f"text in {name}", AS_UTF8
    begin = head[:200]
    if len(begin) >= 4 and begin.count(0) * 3 >= len(begin) and any(begin[place::2].count(0) == 0 for place in (0, 1)):
        return "text in UTF-16", AS_UTF8
    return None


def _find_markup(head: bytes) -> tuple[str, str] | None:
    begin = head.removeprefix(codecs.BOM_UTF8)
    if begin.lstrip().startswith(b"<") and _HTML.search(begin, 0, _BEGIN):
        fix = "look at it in a browser: it may ask to sign in; if it shows a table, save that as CSV in a spreadsheet"
        return "a page of HTML", fix
    if _XML.match(begin):
        return "XML", "ask for the readings as CSV or JSON where it came from, or convert it"
    return None
