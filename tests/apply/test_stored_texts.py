"""Texts that a service stores differently from what was sent: done, nothing left to plan, and reverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.rollback import make_rollback
from reconciler.apply.run import ApplyOptions
from tests.apply.bench import status_by_name, want

if TYPE_CHECKING:
    from pathlib import Path

    from tests.apply.bench import Start

CREATED = "2026-11-22T00:00:00Z"
# One that has a description, one that has none.
FULL, BARE = 1042, 1058


@pytest.mark.parametrize(
    "assignments",
    [
        (),
        ("empty_text=to_empty",),
        ("empty_text=to_null", "put_answer=no_content"),
        ("text_blanks=trimmed",),
        ("text_blanks=trimmed", "empty_text=to_null"),
        ("text_blanks=trimmed", "empty_text=to_empty", "put_answer=no_content"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("wanted", [None, "", " ", "Roof ", " Roof", "Roof\t"], ids=repr)
def test_a_text_is_written_once_and_can_be_put_back(
    start: Start, tmp_path: Path, assignments: tuple[str, ...], wanted: str | None
) -> None:
    bench = start(*assignments)
    before = {channel_id: bench.read(channel_id).values for channel_id in (FULL, BARE)}
    desired = (
        want("full", FULL, channelDescription=wanted, channelInfo="Main "),
        want("bare", BARE, channelDescription=wanted, channelImportId=" B "),
    )
    plan = bench.plan(*desired)

    with open_journal(tmp_path / "journal", plan) as journal:
        result = bench.apply(plan, ApplyOptions(journal=journal))
    assert {(outcome.status.value, outcome.remark) for outcome in result.outcomes} == {("done", "")}
    assert bench.plan(*desired).summary.update == 0

    inverse = make_rollback(read_journal(journal.path), CREATED)
    assert set(status_by_name(bench.apply(inverse)).values()) == {"done"}
    for channel_id, values in before.items():
        after = bench.read(channel_id).values
        assert {path: after[path] or None for path in after} == {path: values[path] or None for path in values}
