"""The content of a journal: its plan, its writes, the result so far; and whether its entries fit the plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.journal_entries import RunFinished, RunStarted, WriteFinished, WriteIntended, decode_entry
from reconciler.apply.remaining import (
    Write,
    WriteTarget,
    at_version,
    find_writes,
)
from reconciler.apply.writes import RESUME
from reconciler.errors import FileError, PlanFileError, advise_on
from reconciler.model.canonical import is_same
from reconciler.model.channels import is_new_id
from reconciler.model.fields import FIELD_AT, FORMULA, OBSERVATION_RULE_ID
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.planfile.reading import read_plan
from reconciler.planfile.rows import Damage, VersionedRow, decode
from reconciler.planning.creation import fill_in_formula, fill_in_ids
from reconciler.planning.identification import find_inputs
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
    statuses: dict[int, OutcomeStatus] = {}
    written: set[str] = set()
    created: dict[int, int] = {}
    for entry in entries:
        match entry:
            case WriteIntended():
                if entry.number in intents:
                    yield f"two intents have the number {entry.number}"
                yield from _check_intent(entry, changes.get(entry.name), created)
                intents[entry.number] = entry
                written.add(entry.name)
            case WriteFinished():
                yield from _check_finished(entry, intents.get(entry.number), statuses.get(entry.number))
                statuses[entry.number] = entry.result.status
                created |= _find_creation(intents.get(entry.number), entry.result)
            case RunFinished():
                yield from _check_result(entry, changes, written)
            case _:
                pass


def _find_creation(intent: WriteIntended | None, result: WriteResult | None) -> Mapping[int, int]:
    """The id of the channel that a write created, by the one that stands for it; empty if it created none."""
    is_done = intent is not None and intent.write.part is WriteTarget.NEW_CHANNEL and _is_done(result)
    return {intent.before.id: result.found.id} if is_done and intent and result and result.found else {}


def _check_intent(intent: WriteIntended, change: Change | None, created: Mapping[int, int]) -> Iterator[str]:
    """A write must belong to a sendable change, go to its channel, send its values, and replace those the plan saw."""
    named = f"intent {intent.number}, of {show_value(intent.name)},"
    if change is None or not change.is_sendable:
        yield f"{named} is not for a change that its plan may send"
        return
    place, planned = (intent.before.id, intent.before.data_point.id), (change.channel_id, change.data_point.id)
    is_new = intent.write.part is WriteTarget.NEW_CHANNEL
    if change.is_creation and not is_new and not is_new_id(intent.before.id):
        # Without a creation in the journal, somebody else made the channel.
        planned = created.get(change.channel_id, intent.before.id), change.data_point.id
    if place != planned:
        yield "{} is for channel {} on data point {}, but in its plan it is channel {} on {}".format(
            named, *place, *planned
        )
    planned_values = _find_planned(intent.write, change)
    if planned_values is None:
        yield f"{named} is for a version that its plan does not write"
        return
    wanted, seen = planned_values
    wanted = _fill_in_written(wanted, intent.write.wanted, created)
    before = at_version(intent.before, intent.write.version_id) or intent.before
    rule_id = before.values.get(OBSERVATION_RULE_ID)
    for path, value in intent.write.wanted.items():
        if path not in wanted or not is_same(path, wanted[path], value, rule_id):
            yield f"{named} writes {path}, but not with an edit of its plan"
        elif intent.write.part not in _NEW and not any(
            # Somebody may have set what is wanted in between.
            is_same(path, one, before.values.get(path), rule_id)
            for one in (wanted[path], seen.get(path))
        ):
            yield f"{named} found another {path} than its plan saw"
        elif intent.write.part in _OF_VERSIONS and not FIELD_AT[path].is_versioned:
            yield f"{named} writes {path} to a version, which has no such value"


_NEW = (WriteTarget.NEW_VERSION, WriteTarget.NEW_CHANNEL)
_OF_VERSIONS = (WriteTarget.VERSION, WriteTarget.NEW_VERSION)


def _fill_in_written(planned: Spec, written: Spec, created: Mapping[int, int]) -> Spec:
    """The `planned` values with the ids of new channels in the formula, as it was `written`."""
    formulas = (planned.get(FORMULA), written.get(FORMULA))
    used = [find_inputs((formula,)) if isinstance(formula, str) else () for formula in formulas]
    ids = {one: other for one, other in zip(*used, strict=False) if is_new_id(one)}
    return fill_in_formula(planned, {**ids, **created})


def _find_planned(write: Write, change: Change) -> tuple[Spec, Spec] | None:
    """What `change` wants where it may send such a write, and what the plan saw there; None without such a version."""
    if write.part is WriteTarget.NEW_CHANNEL:
        return (change.target_values, {}) if change.is_creation else None
    if write.part is WriteTarget.NEW_VERSION:
        versions = [one for one in change.created_versions if one.begin == write.begin]
    elif change.is_creation:
        return None
    elif write.part is WriteTarget.CHANNEL or write.version_id in {0, change.version_id}:
        return change.target_values, change.live
    else:
        versions = [one for one in change.versions if one.version_id == write.version_id]
    return next(((one.target_values, one.live) for one in versions), None)


def _check_finished(
    finished: WriteFinished, intent: WriteIntended | None, earlier: OutcomeStatus | None
) -> Iterator[str]:
    if intent is None:
        yield f"a result has the number {finished.number}, but no intent before it has that number"
    elif finished.result.found is not None and not _is_its(finished.result.found, intent):
        found = finished.result.found
        yield f"the result of intent {finished.number} is for channel {found.id}, not {intent.before.id}"
    # A write that failed may turn out to be done later; a write that is done stays done.
    elif earlier not in (None, OutcomeStatus.FAILED):
        yield f"intent {finished.number} has another result after it ended as {earlier.value}"


def _is_its(found: Live, intent: WriteIntended) -> bool:
    if intent.write.part is WriteTarget.NEW_CHANNEL and not is_new_id(found.id):
        # Its id is known only now.
        return found.data_point.id == intent.before.data_point.id
    return found.id == intent.before.id


def _check_result(finished: RunFinished, changes: Mapping[str, Change], written: Collection[str]) -> Iterator[str]:
    """A run's result has one outcome for a change, and "done" only after a write, or if the change was live already."""
    reported: set[str] = set()
    for outcome in finished.result.outcomes:
        change, named = changes.get(outcome.name), show_value(outcome.name)
        is_known = change is not None and (change.channel_id == outcome.channel_id or change.is_creation)
        if not is_known:
            yield f"a result has {named} on channel {outcome.channel_id}, but its plan does not"
        elif outcome.name in reported:
            yield f"a result has {named} twice"
        elif outcome.status is OutcomeStatus.DONE and not outcome.was_already_applied and outcome.name not in written:
            yield f"a result says that {named} was written, but the journal has no earlier intent for it"
        reported.add(outcome.name)


FORMAT_VERSION = "1.0"
# With new channels, which no reader of 1.0 understands.
_NEWER_VERSION = "2.0"


def find_format(plan: Plan) -> str:
    """The version of the format of a journal of `plan`."""
    return _NEWER_VERSION if any(change.is_creation for change in plan.changes) else FORMAT_VERSION


_NO_JOURNAL = (
    "give a journal, as in .reconciler/journal; if this is one, its apply ended before it sent anything: just plan "
    "again"
)
_MOVE_AWAY = "keep the file for the record under another name, and plan again: reconciler plan"


class JournalContent(Struct, frozen=True):
    """The content of a journal: the plan, and what happened to it, in order."""

    plan: Plan
    entries: tuple[Entry, ...] = ()

    @property
    def writes(self) -> tuple[tuple[WriteIntended, WriteResult | None], ...]:
        """The writes that were about to be sent, with their results; None if the result is unknown."""
        results = {entry.number: entry.result for entry in self.entries if isinstance(entry, WriteFinished)}
        return tuple((entry, results.get(entry.number)) for entry in self.entries if isinstance(entry, WriteIntended))

    @property
    def writes_by_name(self) -> Mapping[str, Sequence[tuple[WriteIntended, WriteResult | None]]]:
        """The same by the name of their change, for all changes of the plan."""
        by_name: dict[str, list[tuple[WriteIntended, WriteResult | None]]] = {
            change.name: [] for change in self.plan.changes
        }
        for intent, result in self.writes:
            by_name[intent.name].append((intent, result))
        return by_name

    @property
    def open(self) -> tuple[WriteIntended, ...]:
        """The writes whose result is unknown."""
        return tuple(intent for intent, result in self.writes if result is None)

    @property
    def created(self) -> Mapping[int, int]:
        """The ids of the channels that were created, by those that stand for them in the plan."""
        return {
            stand_in: channel_id
            for intent, result in self.writes
            for stand_in, channel_id in _find_creation(intent, result).items()
        }

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
    """The complete lines of a journal: their content, and their length in bytes."""

    content: JournalContent
    length: int


def read_journal(path: Path) -> JournalContent:
    """The content of the journal at `path`, even if another process is using it.

    Raises FileError if it cannot be read, is not a journal, is damaged before its last line, or contradicts itself.
    """
    if content := read_if_started(path):
        return content
    raise FileError(f"{path} is not a journal: its first line is incomplete", _NO_JOURNAL)


def read_if_started(path: Path) -> JournalContent | None:
    """As `read_journal`, but None if not even the first line is complete, so that no write was sent from it."""
    try:
        data = read_regular(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    parsed = parse_journal(data, path)
    return parsed.content if parsed else None


def parse_journal(data: bytes, path: Path) -> ParsedJournal | None:
    """The journal in `data`, without an incomplete last line; None if even the first line is incomplete.

    A line is on disk before anything follows from it, so an incomplete intent was never sent, and the write of an
    incomplete result is open. Raises FileError if a line before the last is damaged, or does not fit the others.
    """
    lines = data.splitlines(keepends=True)
    documents = [_parse_line(line) for line in lines]
    while documents and documents[-1] is None:
        documents.pop()
    if not documents:
        return None
    if None in documents:
        raise FileError(f"{path} is damaged at line {documents.index(None) + 1}", _MOVE_AWAY)
    header, *rest = (document for document in documents if document is not None)
    content = _decode_content(header, rest, path)
    return ParsedJournal(content, sum(map(len, lines[: len(documents)])))


def _parse_line(line: bytes) -> Document | None:
    if not line.endswith(b"\n"):
        return None
    try:
        document = None if is_too_deep(line) else parse_json(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _decode_content(header: Document, rest: list[Document], path: Path) -> JournalContent:
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
    known = [one.partition(".")[0] for one in (FORMAT_VERSION, _NEWER_VERSION)]
    if version.partition(".")[0] not in known:
        readable = " and ".join(f"{number}.x" for number in known)
        message = f"{path} has the format_version {version!a}; this reconciler reads {readable}"
        raise FileError(message, "use the version of reconciler that wrote it")


_NOT_READ_AGAIN = "EnergyCAP confirmed the write, but the run was killed before the channel was read again at the end"
_CHECK = "check that nothing is left to do: reconciler plan"


def result_from_journal(content: JournalContent) -> ApplyResult:
    """The outcome of every sendable change, with the writes of all runs counted together.

    A run that ended has left its result. If the last run was killed, the outcomes follow from its writes, and the
    result is that of an interrupted run.
    """
    run_results = [entry.result for entry in content.entries if isinstance(entry, RunFinished)]
    last = run_results[-1] if run_results else ApplyResult(())
    is_killed = not isinstance(content.entries[-1] if content.entries else None, RunFinished)
    reported = {outcome.name: outcome for outcome in last.outcomes}
    if is_killed:
        # What an earlier run completed stays done, unless the killed run began to write it again.
        since = {entry.name for entry in content.last_run if isinstance(entry, WriteIntended)}
        reported = {
            name: reported[name] for name in reported.keys() - since if reported[name].status is OutcomeStatus.DONE
        }
    writes, created = content.writes_by_name, content.created
    outcomes = (
        _name_created(_combine(change, [result for _, result in writes[change.name]], reported), change, created)
        for change in (fill_in_ids(change, created) for change in content.plan.sendable)
    )
    return ApplyResult(
        tuple(outcomes),
        interrupted=is_killed or last.interrupted,
        aborted_because="" if is_killed else last.aborted_because,
    )


def _name_created(outcome: Outcome, change: Change, created: Mapping[int, int]) -> Outcome:
    channel_id = created.get(change.channel_id)
    return replace(outcome, channel_id=channel_id, was_created=True) if channel_id else outcome


def _combine(change: Change, results: Sequence[WriteResult | None], reported: Mapping[str, Outcome]) -> Outcome:
    sent = sum(result is None or result.was_sent for result in results)
    if None in results:
        outcome = _end(change, OutcomeStatus.FAILED, "may have been written, and has not been read since", RESUME)
    else:
        outcome = reported.get(change.name) or _judge_last(change, results[-1] if results else None)
    return replace(outcome, requests=sent, was_already_applied=outcome.was_already_applied and not sent)


def _judge_last(change: Change, last: WriteResult | None) -> Outcome:
    """The outcome of a change by the last of its writes, after which the run was killed."""
    if last is None:
        return _end(change, OutcomeStatus.NOT_TRIED, "the run was killed before it came to this", RESUME)
    # Of several writes to a channel only the first ones were sent.
    if last.status is OutcomeStatus.DONE and last.found and find_writes(change, last.found):
        return _end(change, OutcomeStatus.FAILED, "was written in part before the run was killed", RESUME)
    if last.status is OutcomeStatus.DONE:
        return replace(_end(change, OutcomeStatus.DONE, "", _CHECK), remark=_NOT_READ_AGAIN, unread=True)
    return _end(change, last.status, last.message, last.fix)


def _end(change: Change, status: OutcomeStatus, message: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, status, message, fix)


def _is_done(result: WriteResult | None) -> bool:
    return result is not None and result.status is OutcomeStatus.DONE
