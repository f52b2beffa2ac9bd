"""Journal entries as JSON lines, and back."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, assert_never, cast

from msgspec import Meta, Struct, convert, to_builtins

from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.writes import WriteResult
from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.planfile.rows import Document, check_spec, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.fields import Field
    from reconciler.model.values import Spec


class RunStarted(Struct, frozen=True):
    """A run of the plan began."""

    at: str


class WriteIntended(Struct, frozen=True):
    """A write that is about to be sent for the change `name`, and its channel as it read right before.

    `number` is its own in the whole journal. For a new channel, `holders` are the other channels of its data point that
    had a primary flag, by the path of the flag.
    """

    at: str
    number: int
    name: str
    write: Write
    before: Live
    holders: Mapping[str, int] = MappingProxyType({})


class WriteFinished(Struct, frozen=True):
    """What became of the write whose intent has this `number`."""

    at: str
    number: int
    result: WriteResult


class RunFinished(Struct, frozen=True):
    """A run ended, with this result. A run without one was killed."""

    at: str
    result: ApplyResult


# `at` is an ISO date and time in UTC.
Entry: TypeAlias = RunStarted | WriteIntended | WriteFinished | RunFinished


_dump = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def render_line(document: Document) -> bytes:
    """`document` as one line of ASCII."""
    return f"{_dump(document)}\n".encode("ascii")


class _VersionRow(Struct, frozen=True):
    id: int
    begin_date: str | None
    end_date: str | None
    values: Document


class _LiveRow(Struct, frozen=True):
    id: int
    data_point: int
    channel: Document
    versions: Annotated[tuple[_VersionRow, ...], Meta(min_length=1)]


class _StartedRow(Struct, frozen=True, tag_field="kind", tag="began"):
    at: str


class _IntendedRow(Struct, frozen=True, tag_field="kind", tag="intent"):
    at: str
    number: int
    name: str
    part: WriteTarget
    wanted: Document
    before: _LiveRow
    # The first journals of this format know no version but the current one.
    version_id: int = 0
    begin: str = ""
    # Nor new channels.
    holders: dict[str, int] = {}


class _FinishedRow(Struct, frozen=True, tag_field="kind", tag="landed"):
    at: str
    number: int
    ending: OutcomeStatus
    message: str
    fix: str
    sent: bool
    found: _LiveRow | None


class _OutcomeRow(
    Struct, frozen=True, rename={"status": "ending", "was_already_applied": "already", "was_created": "created"}
):
    name: str
    channel_id: int
    status: OutcomeStatus
    message: str
    fix: str
    requests: int
    was_already_applied: bool
    # The first journals of this format have none of the next two.
    remark: str = ""
    unread: bool = False
    # Nor this.
    was_created: bool = False


class _EndedRow(Struct, frozen=True, kw_only=True, tag_field="kind", tag="ended"):
    at: str
    interrupted: bool
    # Nor do they have this.
    halted: str = ""
    outcomes: tuple[_OutcomeRow, ...]


_Row: TypeAlias = _StartedRow | _IntendedRow | _FinishedRow | _EndedRow


def encode_entry(entry: Entry) -> Document:
    """`entry` as JSON has it; its kind is in `kind`."""
    row: Document = to_builtins(_make_row(entry))
    return row


def _make_row(entry: Entry) -> _Row:
    match entry:
        case RunStarted(at):
            return _StartedRow(at)
        case WriteIntended(at, number, name, write, before, holders):
            row, version = _make_live_row(before), (write.version_id, write.begin)
            return _IntendedRow(at, number, name, write.part, dict(write.wanted), row, *version, dict(holders))
        case WriteFinished(at, number, result):
            found = _make_live_row(result.found) if result.found else None
            return _FinishedRow(at, number, result.status, result.message, result.fix, result.was_sent, found)
        case RunFinished(at, result):
            outcomes = convert(result.outcomes, tuple[_OutcomeRow, ...], from_attributes=True)
            return _EndedRow(at=at, interrupted=result.interrupted, halted=result.aborted_because, outcomes=outcomes)
        case never:
            assert_never(never)


def _make_live_row(live: Live) -> _LiveRow:
    versions = (
        _VersionRow(version.id, version.begin_date, version.end_date, _pick(version.values, VERSION_FIELDS))
        for version in live.versions
    )
    return _LiveRow(live.id, live.data_point.id, _pick(live.values, CHANNEL_FIELDS), tuple(versions))


def _pick(values: Spec, fields: Iterable[Field]) -> Document:
    return {field.path: values.get(field.path) for field in fields}


def decode_entry(document: Document) -> Entry:
    """The entry that `encode_entry` was given. Raises Damage."""
    row: _Row = decode(document, cast(Any, _Row))
    match row:
        case _StartedRow(at):
            return RunStarted(at)
        case _IntendedRow(at, number, name, part, wanted, before, version_id, begin, holders):
            write = Write(part, check_spec(wanted, "wanted"), version_id, begin)
            return WriteIntended(at, number, name, write, _make_live(before, "before"), holders)
        case _FinishedRow(at, number, ending, message, fix, sent, found):
            live = _make_live(found, "found") if found else None
            return WriteFinished(at, number, WriteResult(ending, message, fix, live, was_sent=sent))
        case _EndedRow():
            outcomes = convert(row.outcomes, tuple[Outcome, ...], from_attributes=True)
            return RunFinished(row.at, ApplyResult(outcomes, row.interrupted, row.halted))
        case never:
            assert_never(never)


def _make_live(row: _LiveRow, place: str) -> Live:
    versions = tuple(
        Version(one.id, one.begin_date, one.end_date, check_spec(one.values, f"{place}.versions[{index}].values"))
        for index, one in enumerate(row.versions)
    )
    values = {**check_spec(row.channel, f"{place}.channel"), **versions[-1].values}
    return Live(row.id, values, versions, DataPoint(row.data_point))
