"""Sends a file of readings in batches, and accounts for every one of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.errors import FileError
from reconciler.readings.batches import BATCH, load_batches
from reconciler.readings.clock_changes import ClockChanges
from reconciler.readings.flaws import BrokenFile, Flaw
from reconciler.readings.stored import Lookout, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo
    from threading import Event as Signal

    from reconciler.errors import ReconcilerError
    from reconciler.model.findings import Finding
    from reconciler.readings.batches import Load
    from reconciler.readings.delivery import Delivery
    from reconciler.readings.failures import FailedFile
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.repeats import Repeats
    from reconciler.readings.routing import Router
    from reconciler.readings.rows import Parcel, Row

# Of all, and of those that were refused alike: the file of failed readings has every one.
_SHOWN, _SHOWN_ALIKE = 50, 5


class ImportAccount(Struct):
    """What became of the readings of a file: each is in one of the counts.

    `left_out` were wrong in the file, `failed` were not taken, of `unknown` nobody knows, and `not_sent` were not
    taken, or came after that, because of what `stopped` the import, or because the user did. `findings` tell of the
    first that the service did not take, for each reason that it gave, and of the first that are not stored as they were
    sent, as `tally` counts. `is_written_down` says that all that were not
    imported are in the file of the failed ones.
    """

    imported: int = 0
    failed: int = 0
    unknown: int = 0
    not_sent: int = 0
    left_out: int = 0
    findings: list[Finding] = field(default_factory=list)
    stopped: ReconcilerError | None = None
    interrupted: bool = False
    is_written_down: bool = True
    tally: Tally = field(default_factory=Tally)

    @property
    def readings(self) -> int:
        return self.imported + self.failed + self.unknown + self.not_sent + self.left_out

    @property
    def is_whole(self) -> bool:
        return self.imported == self.readings and self.stopped is None and not self.tally.differing


class Conduct(Struct, frozen=True):
    """How an import is carried out.

    `stop` ends it after the batch in flight. `on_batch` is told after each batch how many readings are accounted for.
    Of `repeats`, those that contradict each other are left out. `changes` are what is done about hours that clocks skip
    or repeat, and `zones` those of data points, by their ids, in which times with an offset are sent.
    """

    stop: Signal
    on_batch: Callable[[int], None]
    size: int = BATCH
    repeats: Repeats | None = None
    changes: ClockChanges = field(default_factory=ClockChanges)
    zones: Mapping[int, tzinfo] = field(default_factory=dict)


def send_file(
    file: ReadingsFile, router: Router, delivery: Delivery, failed: FailedFile, conduct: Conduct
) -> ImportAccount:
    """Send what can be sent of `file`, and write down in `failed` what was not taken.

    Where the file can no longer be read, or that of the failed ones not be written, the import is stopped.
    """
    run = _Run(file.name, delivery, failed, conduct)
    try:
        parcels = conduct.changes.read_parcels(file, router)
        marked = parcels if conduct.repeats is None else conduct.repeats.mark(parcels)
        for batch in load_batches(marked, router, run.leave_out, conduct.size, conduct.zones):
            run.take(batch)
        failed.close()
    except BrokenFile as error:
        run.stop(FileError(error.flaw.message, error.flaw.fix))
    except FileError as error:
        run.stop(error)
    run.look()
    return run.account


class _Run:
    """An import on its way."""

    def __init__(self, file: str, delivery: Delivery, failed: FailedFile, conduct: Conduct) -> None:
        self.account = ImportAccount()
        self._file = file
        self._delivery = delivery
        self._failed = failed
        self._conduct = conduct
        self._reasons: Counter[str] = Counter()
        self._lookout = Lookout(delivery, conduct.zones, conduct.stop, _SHOWN)
        self.account.tally = self._lookout.tally

    def look(self) -> None:
        """Look whether what was imported is there."""
        self._lookout.look()
        for line, flaw in self.account.tally.flaws:
            self.account.findings.append(flaw.at(self._file, line))

    def stop(self, error: FileError) -> None:
        """Give up: the rest of the file is neither read nor written down."""
        self.account.stopped = error
        self.account.is_written_down = False

    def leave_out(self, parcel: Parcel, row: Row, reason: str) -> None:
        self.account.left_out += 1
        self._failed.add(parcel, row, reason)

    def take(self, batch: Sequence[Load]) -> None:
        account = self.account
        account.interrupted = account.interrupted or self._conduct.stop.is_set()
        if account.interrupted or account.stopped is not None:
            account.not_sent += len(batch)
            self._write_down(batch, "not sent: the import was stopped before")
        else:
            self._send(batch)
        self._conduct.on_batch(account.readings)

    def _send(self, batch: Sequence[Load]) -> None:
        try:
            account, fate = self.account, self._delivery.deliver(batch)
        except KeyboardInterrupt:
            self._write_down(batch, "not known whether it was taken: the import was stopped at once")
            raise
        account.stopped = fate.error
        account.failed += len(fate.rejected)
        account.unknown += len(fate.unknown)
        account.not_sent += len(fate.untaken)
        account.imported += len(batch) - len(fate.rejected) - len(fate.unknown) - len(fate.untaken)
        for load, reason in fate.rejected:
            self._reject(load, reason)
        out = {id(load) for load in (*(load for load, _ in fate.rejected), *fate.unknown, *fate.untaken)}
        self._lookout.add(load for load in batch if id(load) not in out)
        why = "" if fate.error is None else fate.error.message
        self._write_down(fate.unknown, f"not known whether it was taken: {why}")
        self._write_down(fate.untaken, f"not taken: {why}")

    def _reject(self, load: Load, reason: str) -> None:
        self._failed.add(load.parcel, load.row, reason)
        if len(self.account.findings) == _SHOWN:
            return
        self._reasons[reason] += 1
        if self._reasons[reason] <= _SHOWN_ALIKE:
            flaw = Flaw("ESA619", f"the service did not take the reading: {reason}")
            self.account.findings.append(flaw.at(self._file, load.row.line))

    def _write_down(self, loads: Iterable[Load], reason: str) -> None:
        for load in loads:
            self._failed.add(load.parcel, load.row, reason)
