"""What a journal says: its plan, what was written, the result so far; and whether its entries fit the plan."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.journal_entries import RunFinished, RunStarted, WriteFinished, WriteIntended, decode_entry
from reconciler.apply.recheck import find_remaining
from reconciler.apply.writes import RESUME, WriteTarget
from reconciler.errors import FileError, PlanFileError, advise_on
from reconciler.model.canonical import is_same
from reconciler.model.fields import FIELD_AT, IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE, OBSERVATION_RULE_ID
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.planfile.reading import read_plan
from reconciler.planfile.rows import Damage, VersionedRow, decode
from reconciler.planning.messages import show_value
from reconciler.regular_files import read_regular
from reconciler.strict_json import is_too_deep, parse_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.apply.journal_entries import Entry
    from reconciler.apply.writes import WriteResult
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, Plan
    from reconciler.model.values import Spec
    from reconciler.planfile.rows import Document


def find_disagreement(plan: Plan, entries: Sequence[Entry]) -> str | None:
    """The first entry that does not fit `plan` or the entries before it, in a sentence; None if all fit."""
    return next(_list_disagreements(plan, entries), None)


def _list_disagreements(plan: Plan, entries: Sequence[Entry]) -> Iterator[str]:
    changes = {change.name: change for change in plan.changes}
    intents: dict[int, WriteIntended] = {}
    endings: dict[int, OutcomeStatus] = {}
    written: set[str] = set()
    for entry in entries:
        match entry:
            case WriteIntended():
                if entry.number in intents:
                    yield f"two intents have the number {entry.number}"
                yield from _check_intent(entry, changes.get(entry.name))
                intents[entry.number] = entry
                written.add(entry.name)
            case WriteFinished():
                yield from _check_landed(entry, intents.get(entry.number), endings.get(entry.number))
                endings[entry.number] = entry.result.ending
            case RunFinished():
                yield from _check_ended(entry, changes, written)
            case _:
                pass


def _check_intent(intent: WriteIntended, change: Change | None) -> Iterator[str]:
    """A write is of a change that may be sent, to its channel, of its values, and over those that the plan saw."""
    named = f"intent {intent.number}, of {show_value(intent.name)},"
    if change is None or not change.is_sendable:
        yield f"{named} is not for a change that its plan may send"
        return
    if (intent.before.id, intent.before.data_point.id) != (change.channel_id, change.data_point.id):
        yield f"{named} is for channel {intent.before.id}, but in its plan it is channel {change.channel_id}"
    rule_id = intent.before.values.get(OBSERVATION_RULE_ID)
    for path, value in intent.write.wanted.items():
        if path not in change.target_values or not is_same(path, value, change.target_values[path], rule_id):
            yield f"{named} writes {path}, but not with an edit of its plan"
        elif not _is_foreseen(change, path, intent.before):
            yield f"{named} found another {path} than its plan saw"
        elif intent.write.part is WriteTarget.VERSION and not FIELD_AT[path].is_versioned:
            yield f"{named} writes {path} to a version, which has no such value"


def _is_foreseen(change: Change, path: str, before: Live) -> bool:
    """Whether a write found what the plan saw, or what it wants: somebody may have set that in between."""
    rule_id, found = before.values.get(OBSERVATION_RULE_ID), before.values.get(path)
    return any(is_same(path, value, found, rule_id) for value in (change.live.get(path), change.target_values[path]))


def _check_landed(landed: WriteFinished, intent: WriteIntended | None, earlier: OutcomeStatus | None) -> Iterator[str]:
    if intent is None:
        yield f"an outcome has the number {landed.number}, but no intent before it has it"
    elif landed.result.found is not None and landed.result.found.id != intent.before.id:
        yield f"the outcome of intent {landed.number} is of channel {landed.result.found.id}, not {intent.before.id}"
    # A write that failed may turn out to be done; what is done stays so.
    elif earlier not in (None, OutcomeStatus.FAILED):
        yield f"intent {landed.number} has another outcome after it ended as {earlier.value}"


def _check_ended(ended: RunFinished, changes: Mapping[str, Change], written: Collection[str]) -> Iterator[str]:
    """An account has one outcome for a change, and "done" only if a write before it says so, or it was done already."""
    told: set[str] = set()
    for outcome in ended.result.outcomes:
        change, named = changes.get(outcome.name), show_value(outcome.name)
        if change is None or change.channel_id != outcome.channel_id:
            yield f"an account has {named} on channel {outcome.channel_id}, but its plan does not"
        elif outcome.name in told:
            yield f"an account has {named} twice"
        elif outcome.status is OutcomeStatus.DONE and not outcome.was_already_applied and outcome.name not in written:
            yield f"an account says that {named} was written, but the journal has no earlier intent for it"
        told.add(outcome.name)


FORMAT_VERSION = "1.0"

_NO_JOURNAL = (
    "give a journal, as in .reconciler/journal; if this is one, its apply ended before it sent anything: just plan "
    "again"
)
_MOVE_AWAY = "keep the file for the record under another name, and plan again: reconciler plan"


class JournalContent(Struct, frozen=True):
    """What a journal tells: the plan, and what happened to it, in order."""

    plan: Plan
    entries: tuple[Entry, ...] = ()

    @property
    def writes(self) -> tuple[tuple[WriteIntended, WriteResult | None], ...]:
        """The writes that were about to be sent, with what became of them; None where nobody knows."""
        landings = {entry.number: entry.result for entry in self.entries if isinstance(entry, WriteFinished)}
        return tuple((entry, landings.get(entry.number)) for entry in self.entries if isinstance(entry, WriteIntended))

    @property
    def writes_by_name(self) -> Mapping[str, Sequence[tuple[WriteIntended, WriteResult | None]]]:
        """The same by the name of the change that they belong to; all changes of the plan are there."""
        by_name: dict[str, list[tuple[WriteIntended, WriteResult | None]]] = {
            change.name: [] for change in self.plan.changes
        }
        for intent, result in self.writes:
            by_name[intent.name].append((intent, result))
        return by_name

    @property
    def open(self) -> tuple[WriteIntended, ...]:
        """The writes of which nobody knows whether they were done."""
        return tuple(intent for intent, result in self.writes if result is None)

    @property
    def last_run(self) -> tuple[Entry, ...]:
        """The entries of the last run."""
        begins = [index for index, entry in enumerate(self.entries) if isinstance(entry, RunStarted)]
        return self.entries[begins[-1] :] if begins else ()

    @property
    def is_finished(self) -> bool:
        """Whether the last run tried all that it could, and nothing is open."""
        last = self.last_run[-1] if self.last_run else None
        if not isinstance(last, RunFinished) or self.open:
            return False
        return not (last.result.interrupted or last.result.aborted_because)


class _HeaderRow(Struct, frozen=True):
    plan: dict[str, object]


class ParsedJournal(NamedTuple):
    """A journal as far as it is whole: what it tells, and how many bytes that takes."""

    chronicle: JournalContent
    length: int


def read_journal(path: Path) -> JournalContent:
    """The content of the journal at `path`, even if another process is using it.

    Raises FileError if it cannot be read, is not a journal, is damaged before its last line, or contradicts itself.
    """
    if chronicle := read_if_started(path):
        return chronicle
    raise FileError(f"{path} is not a journal: its first line is incomplete", _NO_JOURNAL)


def read_if_started(path: Path) -> JournalContent | None:
    """As `read_journal`, but None where not even the first line is whole, so that nothing was written by it."""
    try:
        content = read_regular(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    sound = parse_journal(content, path)
    return sound.chronicle if sound else None


def parse_journal(content: bytes, path: Path) -> ParsedJournal | None:
    """The journal in `content`, without an incomplete last line; None if even the first line is incomplete.

    A line is written in one go and made durable before anything follows from it: what a torn one spoke of did not
    happen, or is settled by its intent. Raises FileError where a line in between is damaged, or fits no other.
    """
    lines = content.splitlines(keepends=True)
    documents = [_parse_line(line) for line in lines]
    while documents and documents[-1] is None:
        documents.pop()
    if not documents:
        return None
    if None in documents:
        raise FileError(f"{path} is damaged at line {documents.index(None) + 1}", _MOVE_AWAY)
    header, *rest = (document for document in documents if document is not None)
    chronicle = _read_chronicle(header, rest, path)
    return ParsedJournal(chronicle, sum(map(len, lines[: len(documents)])))


def _parse_line(line: bytes) -> Document | None:
    if not line.endswith(b"\n"):
        return None
    try:
        document = None if is_too_deep(line) else parse_json(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _read_chronicle(header: Document, rest: list[Document], path: Path) -> JournalContent:
    try:
        _check_version(header, path)
        plan = read_plan(json.dumps(decode(header, _HeaderRow).plan))
        entries = tuple(decode_entry(document) for document in rest)
    except Damage as damage:
        raise FileError(f"{path} is damaged, or no journal: {damage}", _MOVE_AWAY) from None
    except PlanFileError as error:
        raise FileError(f"{path}: {error.message}", _MOVE_AWAY) from None
    if disagreement := find_disagreement(plan, entries):
        raise FileError(f"{path} contradicts itself: {disagreement}", _MOVE_AWAY)
    return JournalContent(plan, entries)


def _check_version(header: Document, path: Path) -> None:
    version = decode(header, VersionedRow).format_version
    known = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != known:
        message = f"{path} has the format_version {version!a}; this reconciler reads {known}.x"
        raise FileError(message, "use the version of reconciler that wrote it")


_NOT_READ_AGAIN = "EnergyCAP confirmed the write, but the run was killed before the channel was read again at the end"
_CHECK = "check that nothing is left to do: reconciler plan"


def result_from_journal(chronicle: JournalContent) -> ApplyResult:
    """What became of every sendable change, the writes of all runs counted together.

    A run that came to its end left an account. Of one that was killed the writes tell what is known, and the account is
    one of an interrupted run.
    """
    accounts = [entry.result for entry in chronicle.entries if isinstance(entry, RunFinished)]
    last = accounts[-1] if accounts else ApplyResult(())
    is_killed = not isinstance(chronicle.entries[-1] if chronicle.entries else None, RunFinished)
    told = {outcome.name: outcome for outcome in last.outcomes}
    if is_killed:
        since = {entry.name for entry in chronicle.last_run if isinstance(entry, WriteIntended)}
        told = {name: told[name] for name in told.keys() - since if told[name].status is OutcomeStatus.DONE}
    writes = chronicle.writes_by_name
    outcomes = (
        _recount(change, [result for _, result in writes[change.name]], told) for change in chronicle.plan.sendable
    )
    return ApplyResult(
        tuple(outcomes),
        interrupted=is_killed or last.interrupted,
        aborted_because="" if is_killed else last.aborted_because,
    )


def _recount(change: Change, landings: Sequence[WriteResult | None], told: Mapping[str, Outcome]) -> Outcome:
    sent = sum(result is None or result.was_sent for result in landings)
    if None in landings:
        outcome = _end(change, OutcomeStatus.FAILED, "may have been written, and nobody has looked since", RESUME)
    else:
        outcome = told.get(change.name) or _judge(change, landings[-1] if landings else None)
    return replace(outcome, requests=sent, was_already_applied=outcome.was_already_applied and not sent)


def _judge(change: Change, last: WriteResult | None) -> Outcome:
    """What became of a change by the last of its writes, after which the run was killed."""
    if last is None:
        return _end(change, OutcomeStatus.NOT_TRIED, "the run was killed before it came to this", RESUME)
    if last.ending is OutcomeStatus.DONE and last.found and find_remaining(change.target_values, last.found):
        return _end(change, OutcomeStatus.FAILED, "was written in part before the run was killed", RESUME)
    if last.ending is OutcomeStatus.DONE:
        return replace(_end(change, OutcomeStatus.DONE, "", _CHECK), remark=_NOT_READ_AGAIN, unread=True)
    return _end(change, last.ending, last.message, last.fix)


def _end(change: Change, ending: OutcomeStatus, message: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, ending, message, fix)


_FLAGS = (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND)


class _SeenWrite(Struct, frozen=True):
    """What was written to one channel, by one write or several, and how it read before the first."""

    before: Live
    wanted: Spec


class WriteHistory:
    """The writes that a run has seen done, for any number of threads.

    A service may answer a read from before a write that it has confirmed. What such a read shows must neither be taken
    for somebody else's edit nor be sent back, which would undo the write. Nor is it a reason to send again what
    the service did by itself, as when a primary flag moves.
    """

    def __init__(self) -> None:
        self._writes: dict[int, _SeenWrite] = {}
        # The channel that took a primary flag of a data point, by the id of that and the path of the flag.
        self._takers: dict[tuple[int, str], int] = {}
        self._lock = Lock()

    def note(self, before: Live, wanted: Spec) -> None:
        """Take note that `wanted` was written to the channel that read as `before`."""
        with self._lock:
            earlier = self._writes.get(before.id, _SeenWrite(before, {}))
            self._writes[before.id] = _SeenWrite(earlier.before, {**earlier.wanted, **wanted})
            for flag in _FLAGS:
                key = before.data_point.id, flag
                if wanted.get(flag) is True:
                    self._takers[key] = before.id
                elif wanted.get(flag) is False and self._takers.get(key) == before.id:
                    del self._takers[key]

    def is_late(self, channels: Sequence[Live]) -> bool:
        """Whether one of `channels` still reads as it did before a write that was seen done."""
        return any(self._shows_former(live) or self._lost_a_flag(live) for live in channels)

    def _lost_a_flag(self, live: Live) -> bool:
        """Whether `live` shows a primary flag though another channel of its data point took it."""
        with self._lock:
            takers = {flag: self._takers.get((live.data_point.id, flag), live.id) for flag in _FLAGS}
        return any(taker != live.id and live.values.get(flag) is True for flag, taker in takers.items())

    def _shows_former(self, live: Live) -> bool:
        with self._lock:
            write = self._writes.get(live.id)
        if write is None:
            return False
        before, rule_id = write.before.values, live.values.get(OBSERVATION_RULE_ID)
        remaining = find_remaining(write.wanted, live)
        return any(is_same(path, before.get(path), live.values.get(path), rule_id) for path in remaining)


def find_written(chronicle: JournalContent | None) -> WriteHistory:
    """What earlier runs of a plan have seen done, as far as none of them was there to see a read show it."""
    written = WriteHistory()
    for intent in _list_unshown(chronicle) if chronicle else ():
        written.note(intent.before, intent.write.wanted)
    return written


def _list_unshown(chronicle: JournalContent) -> tuple[WriteIntended, ...]:
    """The confirmed writes of changes that no run has read at its end."""
    landings = {intent.number: result for intent, result in chronicle.writes}
    unshown: list[WriteIntended] = []
    for entry in chronicle.entries:
        if isinstance(entry, WriteIntended) and _is_done(landings[entry.number]):
            unshown.append(entry)
        elif isinstance(entry, RunFinished):
            shown = {outcome.name for outcome in entry.result.outcomes if _was_read(outcome)}
            unshown = [intent for intent in unshown if intent.name not in shown]
    return tuple(unshown)


def _is_done(result: WriteResult | None) -> bool:
    return result is not None and result.ending is OutcomeStatus.DONE


def _was_read(outcome: Outcome) -> bool:
    return outcome.status in {OutcomeStatus.DONE, OutcomeStatus.MISMATCH} and not outcome.unread
