"""What speaks against writing the files of an import."""

from __future__ import annotations

from reconciler.planning.importing.updates import verify_import
from tests.planning.tenant import V, make_desired, make_live, plan_of

LIVE = (make_live(1), make_live(2), make_live(3))
USE = make_desired("use", 1, {"channelInfo": "Use"})
DRIFTED = make_desired("drifted", 2, {"channelInfo": "Net"})
BEFORE = plan_of([DRIFTED], LIVE)


def test_an_import_that_changes_nothing_may_be_written() -> None:
    assert verify_import(BEFORE, plan_of([USE, DRIFTED], LIVE), {"use"}) == ()


def test_an_edit_of_what_was_imported_is_told() -> None:
    wrong = make_desired("use", 1, {"channelInfo": "Usage", f"{V}multiplier": 2})

    assert verify_import(BEFORE, plan_of([wrong, DRIFTED], LIVE), {"use"}) == (
        'use: channelInfo  "Use" → "Usage"',
        f"use: {V}multiplier  1 → 2",
    )


def test_what_was_imported_and_is_not_found_is_told() -> None:
    lost = make_desired("use", 99)
    (first, second) = verify_import(BEFORE, plan_of([lost, DRIFTED], LIVE), {"use"})

    assert first == "use: would not be found in EnergyCAP"
    assert second.startswith("use: ESA301 ")


def test_what_an_import_does_to_other_channels_is_told() -> None:
    other = make_desired("drifted", 2, {"channelInfo": "Net", f"{V}multiplier": 3})

    assert verify_import(BEFORE, plan_of([USE, other], LIVE), {"use"}) == (
        'drifted: channelInfo  "Use" → "Net"',
        f"drifted: {V}multiplier  1 → 3",
    )


def test_an_error_that_was_there_before_speaks_against_nothing() -> None:
    lost = make_desired("lost", 99)
    before = plan_of([lost], LIVE)

    assert verify_import(before, plan_of([lost, USE], LIVE), {"use"}) == ()
