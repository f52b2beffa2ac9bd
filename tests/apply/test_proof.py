from __future__ import annotations

from msgspec.structs import replace

from reconciler.apply.read_back import expected_after, find_changes, find_mismatches
from reconciler.model.fields import OBSERVATION_RULE_ID, ODOMETER, ROLLOVER_VALUE
from tests.apply.records import INFO, MULTIPLIER, make_live


def test_what_was_written_is_expected_and_all_else_as_it_was() -> None:
    found = make_live({INFO: "North", MULTIPLIER: 2})

    assert find_mismatches(expected_after(make_live(), {INFO: "North", MULTIPLIER: 2}), found) == ()


def test_a_value_that_reads_otherwise_is_a_difference() -> None:
    expected = expected_after(make_live(), {MULTIPLIER: 2})

    assert find_mismatches(expected, make_live({INFO: "Annex"})) == (
        'channelInfo is "Annex", expected "Main"',
        "esaChannelVersion.multiplier is 1, expected 2",
    )


def test_what_the_service_fills_in_is_no_difference() -> None:
    expected = expected_after(make_live(), {OBSERVATION_RULE_ID: ODOMETER})
    found = make_live({OBSERVATION_RULE_ID: ODOMETER, ROLLOVER_VALUE: 999_999_999_999_999})

    assert find_mismatches(expected, found) == ()


def test_an_older_version_that_changed_is_a_difference() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, values={**older.values, MULTIPLIER: 5}), current))

    assert find_mismatches(before, found) == ("in version 10, esaChannelVersion.multiplier is 5, expected 1",)


def test_a_version_that_came_or_went_is_a_difference() -> None:
    assert find_mismatches(make_live(), make_live(versions=2)) == ("its versions are [10, 11], expected [10]",)


def test_an_older_version_may_end_where_the_edited_one_now_begins() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, end_date="2026-01-01T00:00:00"), current))

    assert find_mismatches(before, found) == ()


def test_what_changed_since_a_write_is_told_from_then_to_now() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, values={**older.values, MULTIPLIER: 5}), current))

    assert find_changes(make_live(), make_live({INFO: "Annex"}, versions=2)) == (
        'channelInfo from "Main" to "Annex"',
        "the versions from [10] to [10, 11]",
    )
    assert find_changes(before, found) == ("in version 10, esaChannelVersion.multiplier from 1 to 5",)
    assert find_changes(before, before) == ()
