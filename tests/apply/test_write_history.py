"""Reads that lag behind confirmed writes, and journals that say which writes no read has shown yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.apply.journal_entries import RunFinished
from reconciler.apply.journal_reader import JournalContent
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.write_history import WriteHistory, find_written
from reconciler.model.channels import new_channel_id
from reconciler.model.fields import IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from tests.apply.records import INFO, MULTIPLIER, make_live
from tests.apply.test_journal_reader import (
    AT,
    BEFORE,
    CONFIRMED,
    DONE_OUTCOME,
    FAILED,
    PLAN_OF_TWO_WRITES,
    REFUSED,
    STARTED,
    end_run,
    finish,
    intend,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.apply.journal_entries import Entry
    from reconciler.model.channels import Live
    from reconciler.model.values import Value

VALUE, DEMAND = IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND


def note_all(*writes: tuple[Live, Mapping[str, Value]]) -> WriteHistory:
    history = WriteHistory()
    for before, wanted in writes:
        history.note(before, Write(WriteTarget.CHANNEL, wanted), None)
    return history


@pytest.mark.parametrize(
    ("values", "is_late"),
    [
        ({}, True),
        ({INFO: "North"}, True),
        ({MULTIPLIER: 2}, True),
        ({INFO: "North", MULTIPLIER: 2}, False),
        ({INFO: "North", MULTIPLIER: 3}, False),
        ({INFO: "Annex", MULTIPLIER: 3}, False),
    ],
    ids=["before both", "before the second", "before the first", "after both", "edited since", "edited since twice"],
)
def test_a_read_is_late_that_shows_a_value_from_before_a_write(values: Mapping[str, Value], *, is_late: bool) -> None:
    history = note_all((make_live(), {INFO: "North"}), (make_live({INFO: "North"}), {MULTIPLIER: 2}))
    other = make_live(channel_id=2)

    assert history.is_late([make_live(values)]) is is_late
    assert history.is_late([other, make_live(values)]) is is_late
    assert not history.is_late([other])


TOOK = (make_live(), {VALUE: True})


@pytest.mark.parametrize(
    ("writes", "shown", "is_late"),
    [
        ((TOOK,), make_live({VALUE: True}, channel_id=2), True),
        ((TOOK,), make_live({VALUE: False}, channel_id=2), False),
        ((TOOK,), make_live({VALUE: None}, channel_id=2), False),
        ((TOOK,), make_live({DEMAND: True}, channel_id=2), False),
        ((TOOK,), make_live({VALUE: True}, channel_id=2, point=2), False),
        ((TOOK,), make_live({VALUE: True}), False),
        ((TOOK, (make_live(), {INFO: "North"})), make_live({VALUE: True}, channel_id=2), True),
        ((TOOK, (make_live(channel_id=3), {VALUE: False})), make_live({VALUE: True}, channel_id=2), True),
        ((TOOK, (make_live({VALUE: True}), {VALUE: False})), make_live({VALUE: True}, channel_id=2), False),
        ((TOOK, (make_live(channel_id=3), {VALUE: True})), make_live({VALUE: True}, channel_id=2), True),
        (((make_live(), {VALUE: False}),), make_live({VALUE: True}, channel_id=2), False),
    ],
    ids=[
        "of the former holder",
        "moved",
        "not said",
        "the other flag",
        "another data point",
        "of its taker",
        "and then another write",
        "given up by the former holder",
        "given up by its taker",
        "taken twice",
        "not taken",
    ],
)
def test_a_read_is_late_that_shows_a_primary_flag_which_another_channel_took(
    writes: tuple[tuple[Live, Mapping[str, Value]], ...], shown: Live, *, is_late: bool
) -> None:
    assert note_all(*writes).is_late([shown]) is is_late


WRITTEN = (STARTED, intend(), finish(1))


@pytest.mark.parametrize(
    ("entries", "is_late"),
    [
        ((STARTED,), False),
        ((STARTED, intend()), False),
        ((STARTED, intend(), finish(1, FAILED)), False),
        (WRITTEN, True),
        ((*WRITTEN, end_run(DONE_OUTCOME)), False),
        ((*WRITTEN, end_run(CONFIRMED)), True),
        ((*WRITTEN, end_run(Outcome("main", 1, OutcomeStatus.MISMATCH))), False),
        ((*WRITTEN, end_run(REFUSED)), True),
        ((*WRITTEN, RunFinished(AT, ApplyResult(()))), True),
        ((*WRITTEN, end_run(DONE_OUTCOME), STARTED, intend(2), finish(2)), True),
    ],
    ids=[
        "nothing sent",
        "open",
        "failed",
        "killed",
        "read back",
        "not read back",
        "read back otherwise",
        "failed later",
        "not mentioned",
        "written again",
    ],
)
def test_a_later_run_waits_for_confirmed_writes_that_no_run_has_read_back(
    entries: tuple[Entry, ...], *, is_late: bool
) -> None:
    content = JournalContent(PLAN_OF_TWO_WRITES, entries)

    assert find_written(content).is_late([BEFORE]) is is_late


def test_without_a_journal_no_read_is_late() -> None:
    assert not find_written(None).is_late([BEFORE])


def test_a_list_lacks_a_channel_that_was_created_on_its_data_point() -> None:
    history = WriteHistory()
    created, other = make_live(channel_id=7, point=3), make_live(channel_id=8, point=3)
    history.note(make_live(channel_id=new_channel_id("new"), point=3), Write(WriteTarget.NEW_CHANNEL, {}), created)

    assert history.lacks_new(3, (other,))
    assert not history.lacks_new(3, (other, created))
    assert not history.lacks_new(4, ())


def test_a_new_channel_takes_the_flags_that_it_is_created_with() -> None:
    history = WriteHistory()
    created, former = make_live(channel_id=7), make_live({VALUE: True}, channel_id=8)
    history.note(make_live(channel_id=new_channel_id("new")), Write(WriteTarget.NEW_CHANNEL, {VALUE: True}), created)

    assert history.is_late([former])
    assert not history.is_late([make_live({VALUE: True}, channel_id=7)])
