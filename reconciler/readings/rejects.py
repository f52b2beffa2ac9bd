"""The file of the readings that were not imported, with a reason for each."""

from __future__ import annotations

import csv
import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from reconciler.errors import FileError, UsageError, advise_on
from reconciler.masking import open_masked
from reconciler.readings.csv_header import DELIMITERS
from reconciler.readings.csv_layout import ERROR_COLUMN
from reconciler.readings.json_reader import READINGS
from reconciler.readings.readings_file import FileFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.readings.csv_layout import CsvLayout
    from reconciler.readings.reading_rows import ReadingGroup, ReadingRow
    from reconciler.readings.readings_file import ReadingsFile


class RejectsFile:
    """The readings that were not imported; the file is created with the first one."""

    def __init__(self, path: Path, file: ReadingsFile) -> None:
        self.path = path
        self.count = 0
        self._file = file
        self._text: TextIO | None = None
        self._group: ReadingGroup | None = None
        self._held: list[tuple[ReadingRow, str]] = []

    def add(self, group: ReadingGroup, row: ReadingRow, reason: str) -> None:
        """Write a reading and the reason why it was not imported. Raises FileError."""
        self.count += 1
        if group is not self._group:
            self._flush()
            self._group = group
        self._held.append((row, reason))

    def close(self) -> None:
        """Write the rest, and close the file; a second call has no effect. Raises FileError."""
        self._flush()
        text, self._text = self._text, None
        if text is not None:
            with self._explained(), text:
                text.write("\n]\n" if self._file.format is FileFormat.ARRAY else "")

    def _flush(self) -> None:
        group, held = self._group, self._held
        self._group, self._held = None, []
        if group is None:
            return
        with self._explained():
            is_first = self._text is None
            text = self._open()
            if self._file.layout is not None:
                for row, reason in held:
                    _write_cells(text, self._file.layout, row.written, reason)
            elif self._file.format is FileFormat.ARRAY:
                text.write(("" if is_first else ",\n") + json.dumps(_group_to_json(group, held)))
            else:
                text.write(json.dumps(_group_to_json(group, held)) + "\n")

    def _open(self) -> TextIO:
        if self._text is None:
            # Never overwrite an older file: it may have readings that nobody has fixed yet.
            self._text = open_masked(self.path, "x", newline="")
            if self._file.format is FileFormat.ARRAY:
                self._text.write("[\n")
            elif self._file.layout is not None:
                if self._file.layout.delimiter not in DELIMITERS.values():
                    # No reader would detect this delimiter.
                    self._text.write(f"sep={self._file.layout.delimiter}\n")
                _write_cells(self._text, self._file.layout, list(self._file.layout.header), ERROR_COLUMN)
        return self._text

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot write {self.path}: {error.strerror}"
            raise FileError(message, f"{advise_on(error)}; --failed names another file") from error


@contextmanager
def open_rejects_file(path: Path, file: ReadingsFile) -> Iterator[RejectsFile]:
    """The file at `path` for the readings of `file` that are not imported.

    Raises UsageError if it exists or cannot be written: that must be certain before the first reading is sent.
    """
    if os.path.lexists(path):
        raise UsageError(
            f"{path} already exists", "move it away after its readings are imported, or name another file with --failed"
        )
    try:
        # A name that is too long fails here, not at the first rejected reading.
        _stat(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", "name another file with --failed") from error
    if not os.access(path.parent, os.W_OK | os.X_OK) or not path.parent.is_dir():
        raise UsageError(
            f"{path} cannot be written: no file can be created in {path.parent}", "name another file with --failed"
        )
    rejects = RejectsFile(path, file)
    try:
        yield rejects
    finally:
        # The write that failed has already raised.
        with suppress(FileError):
            rejects.close()


def _stat(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.lstat()


def _write_cells(text: TextIO, layout: CsvLayout, cells: object, reason: str) -> None:
    told = list(cells) if isinstance(cells, list) else []
    # Pad a short row, so that the reason is below its header.
    told += [""] * (len(layout.header) - len(told))
    place = next(
        (column for column, name in enumerate(layout.header) if name.strip().casefold() == ERROR_COLUMN), len(told)
    )
    told[place : place + 1] = [reason]
    csv.writer(text, delimiter=layout.delimiter, lineterminator="\n").writerow(told)


def _group_to_json(group: ReadingGroup, held: list[tuple[ReadingRow, str]]) -> object:
    """A group as it is in the file, with only the readings of `held`, and the reasons."""
    written = group.written
    if not isinstance(written, dict):
        return written
    if READINGS not in written or not isinstance(written[READINGS], list) or held[0][0].written is written:
        return {**written, ERROR_COLUMN: held[0][1]}
    reasons = {reason for _, reason in held}
    own = [_reading_to_json(row.written, reason) for row, reason in held]
    shared = {ERROR_COLUMN: reasons.pop()} if len(reasons) == 1 else {}
    return {**written, **shared, READINGS: own}


def _reading_to_json(written: object, reason: str) -> object:
    return {**written, ERROR_COLUMN: reason} if isinstance(written, dict) else written
