"""The second pass over a file: sends it in batches, accounts for every reading, and writes the rejects."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct, field

from reconciler.errors import FileError, UsageError, advise_on
from reconciler.masking import open_masked
from reconciler.readings.clock_changes import ClockChanges
from reconciler.readings.csv_header import DELIMITERS
from reconciler.readings.csv_layout import ERROR_COLUMN
from reconciler.readings.delivery import BATCH_SIZE, make_batches
from reconciler.readings.json_reader import READINGS
from reconciler.readings.reading_rows import BrokenFile, RowError
from reconciler.readings.readings_file import FileFormat
from reconciler.readings.storage_check import StorageCheck, StorageChecker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path
    from threading import Event as Signal

    from reconciler.errors import ReconcilerError
    from reconciler.model.findings import Finding
    from reconciler.readings.csv_layout import CsvLayout
    from reconciler.readings.delivery import Delivery, OutgoingReading
    from reconciler.readings.duplicates import Duplicates
    from reconciler.readings.reading_rows import ReadingGroup, ReadingRow
    from reconciler.readings.readings_file import ReadingsFile
    from reconciler.readings.routing import Router


class RejectsFile:
    """The readings that were not imported; the file is created with the first one."""

    def __init__(self, path: Path, file: ReadingsFile) -> None:
        self.path = path
        self.count = 0
        self._file = file
        self._text: TextIO | None = None
        self._group: ReadingGroup | None = None
        self._pending: list[tuple[ReadingRow, str]] = []

    def add(self, group: ReadingGroup, row: ReadingRow, reason: str) -> None:
        """Write a reading and the reason why it was not imported. Raises FileError."""
        self.count += 1
        if group is not self._group:
            self._flush()
            self._group = group
        self._pending.append((row, reason))

    def close(self) -> None:
        """Write the rest, and close the file; a second call has no effect. Raises FileError."""
        self._flush()
        text, self._text = self._text, None
        if text is not None:
            with self._explained(), text:
                text.write("\n]\n" if self._file.format is FileFormat.ARRAY else "")

    def _flush(self) -> None:
        group, pending = self._group, self._pending
        self._group, self._pending = None, []
        if group is None:
            return
        with self._explained():
            is_first = self._text is None
            text = self._open()
            if self._file.layout is not None:
                for row, reason in pending:
                    _write_cells(text, self._file.layout, row.written, reason)
            elif self._file.format is FileFormat.ARRAY:
                text.write(("" if is_first else ",\n") + json.dumps(_group_to_json(group, pending)))
            else:
                text.write(json.dumps(_group_to_json(group, pending)) + "\n")

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
    padded = list(cells) if isinstance(cells, list) else []
    # Pad a short row, so that the reason is below its header.
    padded += [""] * (len(layout.header) - len(padded))
    place = next(
        (column for column, name in enumerate(layout.header) if name.strip().casefold() == ERROR_COLUMN), len(padded)
    )
    padded[place : place + 1] = [reason]
    csv.writer(text, delimiter=layout.delimiter, lineterminator="\n").writerow(padded)


def _group_to_json(group: ReadingGroup, pending: list[tuple[ReadingRow, str]]) -> object:
    """A group as it is in the file, with only the readings of `pending`, and the reasons."""
    written = group.written
    if not isinstance(written, dict):
        return written
    if READINGS not in written or not isinstance(written[READINGS], list) or pending[0][0].written is written:
        return {**written, ERROR_COLUMN: pending[0][1]}
    reasons = {reason for _, reason in pending}
    own = [_reading_to_json(row.written, reason) for row, reason in pending]
    shared = {ERROR_COLUMN: reasons.pop()} if len(reasons) == 1 else {}
    return {**written, **shared, READINGS: own}


def _reading_to_json(written: object, reason: str) -> object:
    return {**written, ERROR_COLUMN: reason} if isinstance(written, dict) else written


# Of all findings, and of those with the same reason: the file of rejects has every one.
_MAX_SHOWN, _MAX_SHOWN_ALIKE = 50, 5


class ImportResult(Struct):
    """The counts of an import: each reading of the file is in one of them.

    `left_out` have errors in the file, `failed` were rejected by the service, `unknown` may be stored or not.
    `not_sent` did not reach the service, because the import was stopped by `stop_reason` or by the user. `findings` has
    the first failed readings for each reason, and the first that are not stored as they were sent, which `storage`
    counts. `rejects_written` says whether the file of rejects has all readings that were not imported.
    """

    imported: int = 0
    failed: int = 0
    unknown: int = 0
    not_sent: int = 0
    left_out: int = 0
    findings: list[Finding] = field(default_factory=list)
    stop_reason: ReconcilerError | None = None
    was_interrupted: bool = False
    rejects_written: bool = True
    storage: StorageCheck = field(default_factory=StorageCheck)

    @property
    def readings(self) -> int:
        return self.imported + self.failed + self.unknown + self.not_sent + self.left_out

    @property
    def is_complete(self) -> bool:
        return self.imported == self.readings and self.stop_reason is None and not self.storage.differing


class SendOptions(Struct, frozen=True):
    """How an import is carried out.

    `stop` ends it after the current batch. `on_batch` gets the number of readings that are done after each batch.
    `duplicates` with different values are left out. `clock_changes` are the decisions on the hours that clocks skip or
    repeat. Times with an offset are sent in the zone of their data point; `zones` has it by id.
    """

    stop: Signal
    on_batch: Callable[[int], None]
    batch_size: int = BATCH_SIZE
    duplicates: Duplicates | None = None
    clock_changes: ClockChanges = field(default_factory=ClockChanges)
    zones: Mapping[int, tzinfo] = field(default_factory=dict)


def send_file(
    file: ReadingsFile, router: Router, delivery: Delivery, rejects: RejectsFile, options: SendOptions
) -> ImportResult:
    """Send the readings of `file` that can be sent, and write those that were not imported to `rejects`.

    The import stops if the file can no longer be read, or the file of rejects not be written.
    """
    run = _Importer(file.name, delivery, rejects, options)
    try:
        groups = options.clock_changes.read_groups(file, router)
        marked = groups if options.duplicates is None else options.duplicates.mark(groups)
        for batch in make_batches(marked, router, run.leave_out, options.batch_size, options.zones):
            run.take(batch)
        rejects.close()
    except BrokenFile as error:
        run.stop(FileError(error.row_error.message, error.row_error.fix))
    except FileError as error:
        run.stop(error)
    run.check()
    return run.result


class _Importer:
    """One import while it runs."""

    def __init__(self, file: str, delivery: Delivery, rejects: RejectsFile, options: SendOptions) -> None:
        self.result = ImportResult()
        self._file = file
        self._delivery = delivery
        self._rejects = rejects
        self._options = options
        self._reasons: Counter[str] = Counter()
        self._storage_checker = StorageChecker(delivery, options.zones, options.stop, _MAX_SHOWN)
        self.result.storage = self._storage_checker.storage

    def check(self) -> None:
        """Check that the imported readings are stored."""
        self._storage_checker.check()
        for line, error in self.result.storage.errors:
            self.result.findings.append(error.at(self._file, line))

    def stop(self, error: FileError) -> None:
        """Stop the import: the rest of the file is neither read nor written to the rejects."""
        self.result.stop_reason = error
        self.result.rejects_written = False

    def leave_out(self, group: ReadingGroup, row: ReadingRow, reason: str) -> None:
        self.result.left_out += 1
        self._rejects.add(group, row, reason)

    def take(self, batch: Sequence[OutgoingReading]) -> None:
        result = self.result
        result.was_interrupted = result.was_interrupted or self._options.stop.is_set()
        if result.was_interrupted or result.stop_reason is not None:
            result.not_sent += len(batch)
            self._write_rejects(batch, "not sent: the import was stopped before")
        else:
            self._send(batch)
        self._options.on_batch(result.readings)

    def _send(self, batch: Sequence[OutgoingReading]) -> None:
        try:
            result, batch_result = self.result, self._delivery.send_batch(batch)
        except KeyboardInterrupt:
            # The request may have reached the service.
            self._write_rejects(batch, "unknown whether it was imported: the import was stopped at once")
            raise
        result.stop_reason = batch_result.error
        result.failed += len(batch_result.rejected)
        result.unknown += len(batch_result.unknown)
        result.not_sent += len(batch_result.not_delivered)
        imported = batch_result.pick_imported(batch)
        result.imported += len(imported)
        for outgoing, reason in batch_result.rejected:
            self._reject(outgoing, reason)
        self._storage_checker.add(imported)
        why = "" if batch_result.error is None else batch_result.error.message
        self._write_rejects(batch_result.unknown, f"unknown whether it was imported: {why}")
        self._write_rejects(batch_result.not_delivered, f"not imported: {why}")

    def _reject(self, outgoing: OutgoingReading, reason: str) -> None:
        self._rejects.add(outgoing.group, outgoing.row, reason)
        if len(self.result.findings) == _MAX_SHOWN:
            return
        self._reasons[reason] += 1
        if self._reasons[reason] <= _MAX_SHOWN_ALIKE:
            error = RowError("ESA619", f"the service rejected the reading: {reason}")
            self.result.findings.append(error.at(self._file, outgoing.row.line))

    def _write_rejects(self, readings: Iterable[OutgoingReading], reason: str) -> None:
        for outgoing in readings:
            self._rejects.add(outgoing.group, outgoing.row, reason)
