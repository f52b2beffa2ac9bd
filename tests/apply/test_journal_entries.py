from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.journal_entries import (
    Entry,
    RunFinished,
    RunStarted,
    WriteFinished,
    WriteIntended,
    decode_entry,
    encode_entry,
    render_line,
)
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.writes import WriteResult
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.planfile.rows import Damage
from tests.apply.records import INFO, MULTIPLIER, make_live

AT = "2026-11-21T12:00:00.000+00:00"
BEFORE = make_live({INFO: "Übersicht \u2028 \ud800", MULTIPLIER: 0.1}, versions=2)
INTENT = WriteIntended(AT, 1, "main", Write(WriteTarget.VERSION, {MULTIPLIER: -2.5}), BEFORE)


@pytest.mark.parametrize(
    "entry",
    [
        RunStarted(AT),
        INTENT,
        replace(INTENT, write=Write(WriteTarget.CHANNEL, {INFO: None})),
        WriteFinished(AT, 1, WriteResult(OutcomeStatus.DONE, found=BEFORE)),
        WriteFinished(AT, 1, WriteResult(OutcomeStatus.FAILED, "no", "yes", was_sent=False)),
        RunFinished(
            AT,
            ApplyResult(
                (Outcome("main", 1, OutcomeStatus.MISMATCH, "so", "look", 2, was_already_applied=True),),
                interrupted=True,
            ),
        ),
        RunFinished(AT, ApplyResult((), aborted_because="so")),
        RunFinished(AT, ApplyResult(())),
    ],
    ids=["began", "version", "channel", "done", "failed", "ended", "aborted", "ended empty"],
)
def test_an_entry_reads_back_as_it_was_written(entry: Entry) -> None:
    line = render_line(encode_entry(entry))

    assert line.count(b"\n") == 1
    assert decode_entry(json.loads(line)) == entry


def test_a_result_in_an_older_journal_was_not_aborted_and_has_no_remarks() -> None:
    result = ApplyResult((Outcome("main", 1, OutcomeStatus.DONE),))
    document: dict[str, Any] = encode_entry(RunFinished(AT, result))
    del document["halted"]
    for key in ("remark", "unread"):
        del document["outcomes"][0][key]

    assert decode_entry(document) == RunFinished(AT, result)


def test_a_number_that_json_does_not_have_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_line({"multiplier": float("nan")})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"kind": "began"}, "at is missing"),
        ({"kind": "oops", "at": AT}, 'kind must be a word that this reconciler knows, found "oops"'),
        ({"kind": [], "at": AT}, "kind must be text, found a list"),
        ({"at": AT}, "kind is missing"),
        (encode_entry(INTENT) | {"part": "all"}, 'part must be a word that this reconciler knows, found "all"'),
        (
            encode_entry(INTENT) | {"wanted": {"hue": None}},
            'wanted must be made of fields that this reconciler knows, found "hue"',
        ),
        (
            encode_entry(INTENT) | {"before": {"id": 1, "data_point": 1, "channel": {}, "versions": []}},
            "before.versions must be a list with at least one value, found a list",
        ),
    ],
    ids=["no time", "kind", "no text", "no kind", "part", "path", "no version"],
)
def test_what_is_not_an_entry_is_refused(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(Damage) as raised:
        decode_entry(document)

    assert str(raised.value) == complaint
