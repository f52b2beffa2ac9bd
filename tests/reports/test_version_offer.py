"""What is offered beside an edit that rewrites stored values, with the guess of a date or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.plan import Edit, History
from reconciler.model.registers import RegisterFall
from reconciler.reports.version_offer import describe_guess, introduce_offer, offer_on_one_line, offer_versions
from tests.reports.plans import FORMULA, RENAME, RESCALE, make_change
from tests.reports.test_change_words import FIRST, SWAP, change_of

if TYPE_CHECKING:
    from reconciler.model.plan import Change


def test_an_edit_that_rewrites_comes_with_the_lines_to_make_it_from_a_date_on() -> None:
    kept = {"channelInfo": "Use", "esaChannelVersion.multiplier": 1, "esaChannelVersion.unitCode": "KWH"}
    change = replace(change_of(RESCALE, FIRST), before=kept)

    assert offer_versions(change) == (
        "channelVersions:",
        "  - beginDate: null",
        '    unitCode: "KWH"',
        "    multiplier: 1",
        '  - beginDate: "YYYY-MM-DDThh:mm:ss"',
        "    multiplier: 0.001",
    )
    assert offer_on_one_line(change) == (
        'channelVersions: [{beginDate: null, unitCode: "KWH", multiplier: 1}, '
        '{beginDate: "YYYY-MM-DDThh:mm:ss", multiplier: 0.001}]'
    )


@pytest.mark.parametrize(
    "change",
    [
        change_of(RENAME, FIRST),
        change_of(Edit("esaChannelVersion.multiplier", 1, 2, Impact.FORWARD), FIRST),
        change_of(RESCALE, History(())),
        replace(change_of(RESCALE, FIRST), history=None),
        replace(make_change("use", RESCALE, Edit("esaChannelVersion.beginDate", None, SWAP, Impact.HISTORY))),
        make_change("use", RESCALE, Edit(FORMULA, None, "channel(1)", Impact.HISTORY)),
        make_change("use", RESCALE, Edit("isCalculated", before=False, after=True, impact=Impact.STRUCTURAL)),
        replace(change_of(RESCALE, FIRST), live={"isCalculated": True}),
        replace(change_of(replace(RESCALE, implied_by="channelInfo"), FIRST)),
    ],
    ids=["name", "forward", "no versions", "no history", "begin", "formula", "conversion", "calculated", "implied"],
)
def test_nothing_is_offered_if_no_edit_rewrites_or_the_version_cannot_be_split(change: Change) -> None:
    assert offer_versions(change) == ()


FALL = RegisterFall("2026-11-02T08:00:00", 48213, "2026-11-02T08:15:00", 12.5)


def test_without_a_guess_the_date_is_left_to_fill_in() -> None:
    change = change_of(RESCALE, FIRST)

    assert describe_guess(change) == ""
    assert introduce_offer(change) == (
        "to keep past values, write this in place of esaChannelVersion, and fill in the local time from which the new "
        "values apply:"
    )


def test_a_fall_of_the_register_gives_the_date_and_says_that_it_is_a_guess() -> None:
    kept = {"esaChannelVersion.multiplier": 1}
    change = replace(change_of(RESCALE, FIRST), before=kept, register_fall=FALL)

    assert introduce_offer(change) == (
        "to keep past values, write this in place of esaChannelVersion, and check the date, which is a guess: "
        "the register falls from 48,213 to 12.5 between 2026-11-02 08:00 and 2026-11-02 08:15, so the version would "
        "begin at 2026-11-02 08:00:"
    )
    assert offer_versions(change) == (
        "channelVersions:",
        "  - beginDate: null",
        "    multiplier: 1",
        '  - beginDate: "2026-11-02T08:00:00"  # a guess: check it',
        "    multiplier: 0.001",
    )
    assert offer_on_one_line(change) == (
        'channelVersions: [{beginDate: null, multiplier: 1}, {beginDate: "2026-11-02T08:00:00", multiplier: 0.001}]'
    )
