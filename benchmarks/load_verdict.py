"""Judges a load run by the service's own journal: what was lost, overwritten, or told otherwise than it happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct, field

from benchmarks.applies import name_wanted
from benchmarks.load_watch import Signature
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.load_watch import Watch
    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.values import Spec
    from reconciler.sandbox import LoggedRequest

_MANAGED = "channelInfo"


class Foreign(Struct, frozen=True):
    """Somebody else's edit, and when it was begun and over, by the clock of the client."""

    channel_id: int
    path: str
    value: str
    begin: float
    end: float


class Run(Struct, frozen=True):
    """One apply: the last ids in the service's journal before its plan was made, before it began, and at its end.

    `seen` are the values that the plan shows as live, of each channel that it changes.
    """

    planned: int
    begun: int
    ended: int
    account: ApplyResult
    seen: Mapping[int, Spec] = field(default_factory=dict)


class Put(Struct, frozen=True):
    """A write that the service carried out: its id in the journal, its channel, what it said, and whose it was."""

    id: int
    channel_id: int
    body: str
    values: Mapping[str, object]
    is_ours: bool


def read_puts(requests: Sequence[LoggedRequest]) -> tuple[Put, ...]:
    """The writes of a service's journal that were carried out; those that bear the signature are somebody else's."""
    return tuple(
        Put(
            request.id,
            int(request.path.split("/")[4]),
            request.body,
            json.loads(request.body),
            not request.body.endswith(Signature.MARK),
        )
        for request in requests
        if 200 <= request.status < 300
    )


class Evidence(Struct, frozen=True):
    """All that is known of a load run at its end; `live` are the values of the channels by their ids."""

    runs: Sequence[Run]
    puts: Sequence[Put]
    edits: Sequence[Foreign]
    live: Mapping[int, Spec]
    watch: Watch

    def find_lost(self) -> Iterator[str]:
        """Values that an account calls done and that are not live, though nobody wrote the channel later."""
        done = {one.channel_id for run in self.runs for one in run.account.with_status(OutcomeStatus.DONE)}
        last = {put.channel_id: put for put in self.puts}
        for channel_id in sorted(done):
            is_overruled = channel_id in last and not last[channel_id].is_ours
            name = self.live[channel_id][_MANAGED]
            if name != name_wanted(channel_id) and not is_overruled:
                yield f"{channel_id}: {name}, and nobody else wrote it last"
        for channel_id, put in last.items():
            if any(put.values[path] != self.live[channel_id][path] for path in (_MANAGED, "channelDescription")):
                yield f"{channel_id}: the service has something else than was written last"

    def find_overwritten(self) -> Iterator[tuple[str, bool]]:
        """Other people's edits that a later write of an apply undid, each with whether its window allowed for it.

        Whoever planned after such an edit, or whose plan shows it, knew of it and meant to undo it.
        """
        for edit in self.edits:
            its = [put for put in self.puts if put.channel_id == edit.channel_id]
            number = next(put.id for put in its if not put.is_ours and put.values[edit.path] == edit.value)
            for put in its:
                if put.id <= number:
                    continue
                if put.values[edit.path] != edit.value:
                    if put.is_ours and not (edit.path == _MANAGED and self._was_known(put, edit, number)):
                        yield f"{edit}, by the write {put.id}", self._is_in_window(put, edit)
                    break

    def find_unaccounted(self) -> Iterator[str]:
        """Outcomes that say something else than the service's own journal does of that run."""
        for run in self.runs:
            for outcome in run.account.outcomes:
                done = sum(
                    put.is_ours and put.channel_id == outcome.channel_id and run.begun < put.id <= run.ended
                    for put in self.puts
                )
                if done not in _count_possible(outcome):
                    yield f"{done} done, but {outcome}"

    def _was_known(self, put: Put, edit: Foreign, number: int) -> bool:
        """Whether the plan of the write knew the edit: a plan that reads every channel by its id takes a while."""
        return any(
            run.begun < put.id <= run.ended
            and (number <= run.planned or run.seen.get(edit.channel_id, {}).get(edit.path) == edit.value)
            for run in self.runs
        )

    def _is_in_window(self, put: Put, edit: Foreign) -> bool:
        """Whether the write may have been made from what was read before the edit was over."""
        windows = self.watch.windows(put.channel_id, put.body)
        return any(window.read_sent < edit.end and edit.begin < window.put_answered for window in windows)


def _count_possible(outcome: Outcome) -> tuple[int, ...]:
    """How many writes may have been carried out for a change that ended so; there is one write for each change."""
    sent = outcome.requests
    match outcome.status:
        case OutcomeStatus.DONE:
            return (0,) if outcome.was_already_applied else (sent,)
        case OutcomeStatus.STALE | OutcomeStatus.NOT_TRIED:
            return (0,)
        case OutcomeStatus.MISMATCH:
            # Of a lost answer and another person's edit together nobody can tell whether the write was done.
            return sent - 1, sent
        case OutcomeStatus.FAILED if "may have been done" in outcome.message:
            return sent - 1, sent
        case OutcomeStatus.FAILED:
            return (0,)
