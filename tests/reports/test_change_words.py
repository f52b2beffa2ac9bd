"""How risky a change is, what its edits do, and what a precondition was judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import FIELDS, Impact
from reconciler.model.plan import Change, ChannelLabel, Edit, History, VersionAction, VersionChange, VersionSpan
from reconciler.reports.change_words import (
    RISK_WORDS,
    Risk,
    describe_effect,
    describe_evidence,
    describe_inputs,
    describe_timeline,
    find_risk,
    find_risks,
    format_label,
    list_impact_risks,
    render_legend,
)
from tests.reports.plans import FORMULA, PLANS, READ, REIDENTIFY, RENAME, RESCALE, UNCLEAR, UNREAD, USED, make_change

if TYPE_CHECKING:
    from reconciler.model.plan import Change


@pytest.mark.parametrize(
    ("change", "risk"),
    [
        (make_change("a", RENAME), Risk.COSMETIC),
        (make_change("a", RENAME, REIDENTIFY), Risk.ROUTING),
        (make_change("a", RENAME, RESCALE, REIDENTIFY), Risk.HISTORY),
        (make_change("a", RENAME, blocked_by=[USED]), Risk.BLOCKED),
        (make_change("a", RENAME, blocked_by=[UNCLEAR]), Risk.BLOCKED),
        (make_change("a"), Risk.COSMETIC),
    ],
    ids=["names", "routing", "history", "blocked", "unknown", "nothing"],
)
def test_the_most_severe_one_counts(change: Change, risk: Risk) -> None:
    assert find_risk(change) is risk


def test_the_risks_of_edits_are_listed_the_worst_first() -> None:
    change = make_change("a", RENAME, REIDENTIFY, RESCALE, RESCALE)
    assert find_risks(change) == (Risk.HISTORY, Risk.ROUTING, Risk.COSMETIC)


def test_every_impact_is_a_risk_and_the_order_is_theirs() -> None:
    assert [risk.value for risk in list_impact_risks()] == [impact.value for impact in reversed(Impact)]


def test_every_risk_has_a_sign_and_words_of_its_own() -> None:
    assert set(RISK_WORDS) == set(Risk)
    assert len({words.sign for words in RISK_WORDS.values()}) == len(Risk)


def test_the_words_of_a_plan_are_explained_the_riskiest_first() -> None:
    assert render_legend(PLANS["mixed"]) == (
        "Legend: history = may rewrite stored values; structural = changes what a channel is; "
        "routing = may send readings elsewhere; cosmetic = names and descriptions; null = not set; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_drift_is_explained_if_a_base_was_given() -> None:
    assert render_legend(PLANS["drift-and-change"]) == (
        "Legend: history = may rewrite stored values; cosmetic = names and descriptions; drift = not from this change; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_a_plan_without_edits_needs_no_words() -> None:
    assert render_legend(PLANS["empty"]) == ""


def change_of(edit: Edit, history: History) -> Change:
    """A change with `edit` alone, of a channel with that `history`."""
    return replace(make_change("use", edit), history=history)


ALTERNATIVE = "to keep past values, list a new version under channelVersions"


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (RENAME, ""),
        (Edit("esaChannelVersion.multiplier", 1, 2, Impact.FORWARD), ""),
        (
            RESCALE,
            "may rewrite stored values (from 2024-01-01 to 2026-10-31 23:45)",
        ),
        (
            Edit("summarizationMethod", "Sum", "Average", Impact.HISTORY),
            "may rewrite stored values (from 2022-05-01 to 2026-10-31 23:45)",
        ),
        (
            Edit(FORMULA, "channel(a)", "channel(b)", Impact.HISTORY),
            "may rewrite stored values (from 2024-01-01 to 2026-10-31 23:45)",
        ),
        (
            Edit("esaChannelVersion.beginDate", None, "2024-01-01T00:00:00", Impact.HISTORY),
            "this version would begin at another time; stored values in between may be recomputed",
        ),
        (REIDENTIFY, "readings sent with the old import id would no longer go to this channel"),
        (
            Edit("channelImportId", None, "A", Impact.ROUTING),
            "readings sent with this import id would go to this channel",
        ),
        (
            Edit("intervalMinutes", 15, 30, Impact.ROUTING),
            (
                "readings that identify their channel by this setting may go to another channel, "
                "or start going to this one"
            ),
        ),
        (
            Edit("isCalculated", before=True, after=False, impact=Impact.STRUCTURAL),
            "becomes simple: its values come from readings, no longer from a formula",
        ),
        (
            Edit("isPrimaryValue", before=False, after=True, impact=Impact.STRUCTURAL),
            "becomes the channel whose values its data point shows and passes on to totals",
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Edit) else "",
)
def test_a_risky_edit_has_a_consequence_in_words(edit: Edit, sentence: str) -> None:
    assert describe_effect(edit, [change_of(edit, READ)]) == sentence


def test_the_past_of_a_calculated_channel_cannot_be_split() -> None:
    change = change_of(RESCALE, History((VersionSpan(72, None, None),), first_reading="2024-01-01T00:00:00"))
    calculated = replace(change, live={**change.live, "isCalculated": True})

    assert describe_effect(RESCALE, [calculated]) == "may rewrite stored values (from 2024-01-01)"
    assert describe_effect(RESCALE, [calculated, change]) == "may rewrite stored values"


def test_without_a_history_the_sentence_holds_for_any_channel() -> None:
    assert describe_effect(RESCALE) == f"may rewrite stored values; {ALTERNATIVE}"


@pytest.mark.parametrize(
    ("history", "sentence"),
    [(UNREAD, "may rewrite stored values"), (History(versions=()), f"may rewrite stored values; {ALTERNATIVE}")],
    ids=["no readings", "nothing known"],
)
def test_unknown_dates_of_a_history_are_left_out(history: History, sentence: str) -> None:
    assert describe_effect(RESCALE, [change_of(RESCALE, history)]) == sentence


BEGIN = "esaChannelVersion.beginDate"


@pytest.mark.parametrize(
    ("begin", "impact", "effect"),
    [
        (
            "2024-02-01T08:30:00",
            Impact.HISTORY,
            (
                "readings after 2024-01-01 up to 2024-02-01 08:30 move from this version to the one before it; stored "
                "values may be recomputed"
            ),
        ),
        (
            "2023-12-01T00:00:00",
            Impact.HISTORY,
            (
                "readings after 2023-12-01 up to 2024-01-01 move from the version before to this one; stored values "
                "may be recomputed"
            ),
        ),
        (
            "2027-01-01T00:00:00",
            Impact.FORWARD,
            (
                "readings after 2024-01-01 up to 2027-01-01 move from this version to the one before it; none are "
                "stored so far"
            ),
        ),
        (
            None,
            Impact.HISTORY,
            "this version would begin at another time; stored values in between may be recomputed",
        ),
    ],
)
def test_a_begin_that_moves_between_two_versions_says_which_readings_change_hands(
    begin: str | None, impact: Impact, effect: str
) -> None:
    edit = Edit(BEGIN, "2024-01-01T00:00:00", begin, impact)
    change = make_change("use", edit)

    assert describe_effect(edit, (change,)) == effect
    # The same edit of a channel without a version before it is another matter.
    only = replace(change, version_count=1, history=replace(READ, versions=READ.versions[1:]))
    assert " move from " not in describe_effect(edit, (change, only))


def test_the_time_line_shows_the_version_that_moves() -> None:
    moved = make_change("use", Edit(BEGIN, "2024-01-01T00:00:00", "2024-02-01T08:30:00", Impact.HISTORY))

    assert describe_timeline(moved) == (
        "versions now: from the beginning and from 2024-01-01",
        "versions planned: from the beginning and from 2024-02-01 08:30 (moved)",
    )


def test_a_setting_of_a_version_that_moves_is_felt_from_its_new_begin_on() -> None:
    change = make_change("use", Edit(BEGIN, "2024-01-01T00:00:00", "2024-02-01T00:00:00", Impact.HISTORY), RESCALE)

    assert describe_effect(RESCALE, (change,)) == ("may rewrite stored values (from 2024-02-01 to 2026-10-31 23:45)")


def test_the_span_starts_at_the_first_reading_if_the_version_begins_earlier() -> None:
    history = History((VersionSpan(1, "2020-01-01T00:00:00", None),), first_reading="2022-05-01T00:15:00")
    assert "(from 2022-05-01 00:15)" in describe_effect(RESCALE, [change_of(RESCALE, history)])


def test_every_field_with_a_risk_has_a_sentence() -> None:
    risky = [field for field in FIELDS if field.impact in (Impact.HISTORY, Impact.ROUTING, Impact.STRUCTURAL)]
    edits = [Edit(field.path, before=False, after=True, impact=field.impact) for field in risky]
    assert [edit.path for edit in edits if not describe_effect(edit)] == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("channel(a) + channel(b)", "channel(a) - channel(c) * channel(d)", "starts to use c and d; no longer uses b"),
        (None, "channel(1042)", "starts to use 1042"),
        ("channel(a)", None, "no longer uses a"),
        ("channel(a)", "channel(a) * 2", ""),
    ],
)
def test_a_formula_edit_says_which_inputs_come_and_go(before: str | None, after: str | None, words: str) -> None:
    assert describe_inputs(Edit(FORMULA, before, after, Impact.HISTORY)) == words


def test_no_other_edit_has_inputs() -> None:
    assert describe_inputs(RENAME) == ""


def test_a_channel_is_named_as_the_files_do_or_by_id() -> None:
    labels = (ChannelLabel(1, "nb-use", "North use"), ChannelLabel(2, None, "Campus\ntotal"))
    assert [format_label(label) for label in labels] == ["nb-use", '2 "Campus\\ntotal"']


MANAGED = {"channel_id": 1, "name": "North net", "managed_as": "nb-net", "file": "a.yaml", "line": 3}
UNMANAGED = {"channel_id": 2, "name": "Campus", "managed_as": None, "file": None, "line": None}


@pytest.mark.parametrize(
    ("evidence", "lines"),
    [
        ({"has_readings": True}, [("has readings", ("yes",))]),
        (
            {"first_reading": "2021-07-01T00:15:00", "has_readings": True},
            [("has readings", ("yes",)), ("first reading", ("2021-07-01 00:15",))],
        ),
        ({"is_convertible": False}, [("is convertible", ("no",))]),
        ({"unit_type": None}, [("unit type", ("not known",))]),
        ({"versions": 2}, [("versions", ("2",))]),
        ({"used_by": []}, [("used by", ("none",))]),
        ({"ids": [[1, 2], []]}, [("ids", ("1, 2", "none"))]),
        (
            {"used_by": [{**MANAGED, "freed_by_plan": True}, {**UNMANAGED, "freed_by_plan": False}]},
            [("used by", ("nb-net (a.yaml:3), freed by this plan", '2 "Campus" (not managed here)'))],
        ),
        ({"held_by": {**MANAGED, "file": None}}, [("held by", ("nb-net",))]),
        (
            {"versions": ({"version_id": 7, "begin_date": None, "end_date": "2024-01-01"}, {"version_id": 8})},
            [("versions", ("7, from the beginning to 2024-01-01", "8, from the beginning on"))],
        ),
        (
            {"begin_date": None, "begin_date_of_previous_version": None},
            [("begin date", ("the beginning",)), ("begin date of previous version", ("the beginning",))],
        ),
        (
            {"live_begin_dates": [None, "2024-01-01T08:00:00"]},
            [("live begin dates", ("the beginning", "2024-01-01 08:00"))],
        ),
        ({"version": {"version_id": 8, "begin_date": "2024-01-01"}}, [("version", ("8, from 2024-01-01 on",))]),
        ({"limits": {"low_end": 1, "top": None}}, [("limits", ("low end 1, top not known",))]),
        ({"na\nme": "\x1b"}, [("na\\nme", ("\\x1b",))]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_evidence_is_shown_in_words(evidence: dict[str, object], lines: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(describe_evidence(evidence)) == lines


SWAP = "2026-11-02T08:00:00"
FIRST = History((VersionSpan(7, None, None),), has_readings=True, first_reading="2024-01-01T00:15:00")


def make_version(action: VersionAction = VersionAction.CREATE, **others: object) -> VersionChange:
    version = VersionChange(action, SWAP, None, None, {}, {}, {}, {}, {}, SWAP, "2026-11-20T00:00:00", "swapped")
    return replace(version, **others)


@pytest.mark.parametrize(
    ("edit", "version", "sentence"),
    [
        (
            Edit(f"channelVersions[{SWAP}].beginDate", None, SWAP, Impact.HISTORY),
            make_version(inherited={"esaChannelVersion.unitCode": "CCF", "esaChannelVersion.multiplier": 10}),
            (
                'a new version, for readings after 2026-11-02 08:00, which takes over unitCode "CCF" and multiplier 10 '
                "(swapped)"
            ),
        ),
        (
            Edit(f"channelVersions[{SWAP}].beginDate", None, SWAP, Impact.FORWARD),
            make_version(because=""),
            "a new version, for readings after 2026-11-02 08:00",
        ),
        (
            Edit(f"channelVersions[{SWAP}].multiplier", 10, 1, Impact.HISTORY),
            make_version(),
            "may rewrite stored values (from 2026-11-02 08:00 to 2026-11-20)",
        ),
        (
            Edit(f"channelVersions[{SWAP}].multiplier", 10, 1, Impact.HISTORY),
            make_version(first_reading=None, last_reading=None),
            "may rewrite stored values",
        ),
        (Edit(f"channelVersions[{SWAP}].multiplier", 10, 1, Impact.FORWARD), make_version(), ""),
        (
            Edit("channelVersions[null].beginDate", None, None, Impact.FORWARD),
            make_version(begin="", because=""),
            "a new first version",
        ),
    ],
    ids=["inherits", "nothing taken over", "rewrites", "unknown times", "forward", "first"],
)
def test_an_edit_of_another_version_says_what_it_does(edit: Edit, version: VersionChange, sentence: str) -> None:
    change = replace(change_of(edit, FIRST), versions=(version,))

    assert describe_effect(edit, [change]) == sentence


def test_the_dates_of_a_version_are_those_of_one_channel_alone() -> None:
    edit = Edit(f"channelVersions[{SWAP}].multiplier", 10, 1, Impact.HISTORY)
    change = replace(change_of(edit, FIRST), versions=(make_version(),))

    assert describe_effect(edit, [change, change]) == "may rewrite stored values"


def test_the_versions_are_listed_as_they_are_and_as_they_are_planned() -> None:
    change = replace(change_of(RESCALE, FIRST), versions=(make_version(),))

    assert describe_timeline(change) == (
        "versions now: from the beginning",
        "versions planned: from the beginning and from 2026-11-02 08:00 (new)",
    )
    assert describe_timeline(replace(change, versions=(make_version(VersionAction.UPDATE),))) == ()
    assert describe_timeline(replace(change, history=None)) == ()


def test_an_edit_of_the_current_version_reaches_up_to_the_version_that_follows() -> None:
    read = replace(FIRST, last_reading="2026-11-20T00:00:00")
    change = replace(change_of(RESCALE, read), versions=(make_version(),))

    assert describe_effect(RESCALE, [change]) == "may rewrite stored values (from 2024-01-01 00:15 to 2026-11-02 08:00)"
