"""Journal entries as JSON lines, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias, assert_never

from msgspec import Struct

from reconciler.apply.writes import Write, WriteResult, WriteTarget
from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import CHANNEL_FIELDS, FIELD_AT, VERSION_FIELDS
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.planfile.shapes import (
    Document,
    Misshapen,
    take_choice,
    take_object,
    take_record,
    take_record_or_null,
    take_records,
    take_text,
    take_text_or_null,
    take_truth,
    take_value,
    take_whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.fields import Field
    from reconciler.model.values import Spec


class RunStarted(Struct, frozen=True):
    """A run of the plan began."""

    at: str


class WriteIntended(Struct, frozen=True):
    """A write that is about to be sent for the change `name`, and its channel as it read right before.

    `number` is its own in the whole journal.
    """

    at: str
    number: int
    name: str
    write: Write
    before: Live


class WriteFinished(Struct, frozen=True):
    """What became of the write whose intent has this `number`."""

    at: str
    number: int
    result: WriteResult


class RunFinished(Struct, frozen=True):
    """A run came to its end, with this account. A run without one was killed."""

    at: str
    account: ApplyResult


# `at` is an ISO date and time in UTC.
Entry: TypeAlias = RunStarted | WriteIntended | WriteFinished | RunFinished


_dump = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def render_line(document: Document) -> bytes:
    """`document` as one line of ASCII."""
    return f"{_dump(document)}\n".encode("ascii")


def encode_entry(entry: Entry) -> Document:
    """`entry` as JSON has it; its kind is in `kind`."""
    match entry:
        case RunStarted():
            return {"kind": "began", "at": entry.at}
        case WriteIntended():
            return {
                "kind": "intent",
                "at": entry.at,
                "number": entry.number,
                "name": entry.name,
                "part": entry.write.part.value,
                "wanted": dict(entry.write.wanted),
                "before": _encode_live(entry.before),
            }
        case WriteFinished():
            return {"kind": "landed", "at": entry.at, "number": entry.number, **_encode_landing(entry.result)}
        case RunFinished():
            return {"kind": "ended", "at": entry.at, **_encode_account(entry.account)}
        case never:
            assert_never(never)


def decode_entry(document: Document) -> Entry:
    """The entry that `encode_entry` was given. Raises Misshapen."""
    at = take_text(document, "at")
    match document.get("kind"):
        case "began":
            return RunStarted(at)
        case "intent":
            write = Write(take_choice(document, "part", WriteTarget), _take_spec(document, "wanted"))
            before = take_record(document, "before", _decode_live)
            return WriteIntended(at, take_whole(document, "number"), take_text(document, "name"), write, before)
        case "landed":
            return WriteFinished(at, take_whole(document, "number"), _decode_landing(document))
        case "ended":
            return RunFinished(at, _decode_account(document))
        case kind:
            raise Misshapen("kind", "one of began, intent, landed, ended", kind)


def _encode_live(live: Live) -> Document:
    return {
        "id": live.id,
        "data_point": live.data_point.id,
        "channel": _pick(live.values, CHANNEL_FIELDS),
        "versions": [
            {
                "id": version.id,
                "begin_date": version.begin_date,
                "end_date": version.end_date,
                "values": _pick(version.values, VERSION_FIELDS),
            }
            for version in live.versions
        ],
    }


def _decode_live(document: Document) -> Live:
    versions = take_records(document, "versions", _decode_version)
    if not versions:
        raise Misshapen("versions", "one version or more", [])
    return Live(
        id=take_whole(document, "id"),
        values={**_take_spec(document, "channel"), **versions[-1].values},
        versions=versions,
        data_point=DataPoint(take_whole(document, "data_point")),
    )


def _decode_version(document: Document) -> Version:
    return Version(
        id=take_whole(document, "id"),
        begin_date=take_text_or_null(document, "begin_date"),
        end_date=take_text_or_null(document, "end_date"),
        values=_take_spec(document, "values"),
    )


def _encode_landing(result: WriteResult) -> Document:
    return {
        "ending": result.ending.value,
        "message": result.message,
        "fix": result.fix,
        "sent": result.was_sent,
        "found": _encode_live(result.found) if result.found else None,
    }


def _decode_landing(document: Document) -> WriteResult:
    return WriteResult(
        ending=take_choice(document, "ending", OutcomeStatus),
        message=take_text(document, "message"),
        fix=take_text(document, "fix"),
        found=take_record_or_null(document, "found", _decode_live),
        was_sent=take_truth(document, "sent"),
    )


def _encode_account(account: ApplyResult) -> Document:
    outcomes = [
        {
            "name": outcome.name,
            "channel_id": outcome.channel_id,
            "ending": outcome.status.value,
            "message": outcome.message,
            "fix": outcome.fix,
            "requests": outcome.requests,
            "already": outcome.was_already_applied,
            "remark": outcome.remark,
            "unread": outcome.unread,
        }
        for outcome in account.outcomes
    ]
    return {"interrupted": account.interrupted, "halted": account.aborted_because, "outcomes": outcomes}


def _decode_account(document: Document) -> ApplyResult:
    outcomes = take_records(document, "outcomes", _decode_outcome)
    # The first journals of this format have no such key.
    halted = take_text({"halted": "", **document}, "halted")
    return ApplyResult(outcomes, take_truth(document, "interrupted"), halted)


def _decode_outcome(document: Document) -> Outcome:
    # The first journals of this format have no remarks.
    document = {"remark": "", "unread": False, **document}
    return Outcome(
        name=take_text(document, "name"),
        channel_id=take_whole(document, "channel_id"),
        status=take_choice(document, "ending", OutcomeStatus),
        message=take_text(document, "message"),
        fix=take_text(document, "fix"),
        requests=take_whole(document, "requests"),
        was_already_applied=take_truth(document, "already"),
        remark=take_text(document, "remark"),
        unread=take_truth(document, "unread"),
    )


def _pick(values: Spec, fields: Iterable[Field]) -> Document:
    return {field.path: values.get(field.path) for field in fields}


def _take_spec(document: Document, key: str) -> Spec:
    spec = take_object(document, key)
    for path in spec:
        if path not in FIELD_AT:
            raise Misshapen(f"{key}.{path}", "a path of EsaChannelEdit", spec[path])
    return {path: take_value(spec, path) for path in spec}
