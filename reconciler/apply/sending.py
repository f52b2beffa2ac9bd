"""Writes on their way: each stands in the journal before it is sent, and what became of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.patience import Patience
from reconciler.apply.writing import RESUME, Attempt, Landing, find_silence, read_patiently, send, settle, settle_late
from reconciler.apply.written import Written
from reconciler.errors import FileError, ServiceError
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from reconciler.apply.entries import Intent
    from reconciler.apply.journal import Journal
    from reconciler.apply.writing import Write
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.project import ChannelEdit

_UNANSWERED = "the run that sent it had no answer"


class Sender(Struct, frozen=True):
    """Sends writes from any number of threads, through `journal` where there is one.

    With `patience` channels are read again that do not show a write yet; what was seen done is noted in `written`.
    """

    editor: Editor
    channel_edit: ChannelEdit
    journal: Journal | None = None
    patience: Patience = field(default_factory=Patience)
    written: Written = field(default_factory=Written)

    def send(self, name: str, write: Write, before: Fetched) -> Landing:
        """What became of `write`, sent for the change `name` to the channel that read as `before` a moment ago.

        Nothing is sent that is not in the journal first; a journal that cannot be written halts the run.
        """
        try:
            number = self.journal.intend(name, write, before) if self.journal else 0
        except FileError as error:
            message = f"nothing was sent: {error.message}"
            return Landing(OutcomeStatus.FAILED, message, error.fix, was_sent=False, halt=error.message)
        landing = send(write, before, self.editor, self.channel_edit, self.patience)
        landing = self._note(Attempt(number, write, before), landing)
        if landing.ending is OutcomeStatus.FAILED and landing.was_sent:
            return replace(landing, attempt=Attempt(number, write, before))
        return landing

    def settle(self, intent: Intent) -> Landing:
        """What became of a write of an earlier run, found out by reading its channel; not sent again."""
        attempt = Attempt(intent.number, intent.write, intent.before)
        try:
            found = read_patiently(attempt, self.editor, self.patience)
        except ServiceError as error:
            message = f"may have been done by an earlier run, and the channel cannot be read: {error.message}"
            silence = find_silence(error)
            return Landing(OutcomeStatus.FAILED, message, RESUME, was_sent=False, is_open=True, silence=silence)
        return self._note(attempt, settle(intent.write, intent.before, found, _UNANSWERED))

    def settle_late(self, attempt: Attempt, found: Live | None, earlier: Landing) -> Landing:
        """What became of a write that failed, by how its channel is `found` at the end; `earlier` without news."""
        landing = settle_late(attempt, found, earlier)
        return landing if landing is earlier else self._note(attempt, landing)

    def _note(self, attempt: Attempt, landing: Landing) -> Landing:
        if landing.ending is OutcomeStatus.DONE:
            self.written.note(attempt.before, attempt.write.wanted)
        if self.journal is None or landing.is_open:
            return landing
        try:
            self.journal.land(attempt.number, landing)
        except FileError as error:
            return replace(landing, halt=error.message)
        return landing
