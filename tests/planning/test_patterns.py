"""Patterns that pick, and what to write instead of one that matches nothing."""

from __future__ import annotations

import pytest

from reconciler.planning.plan import advise_pattern, matches_filter

NAMES = ("nb-elec-01-demand", "nb-elec-01-use", "nb-elec-02-use", "nb-elec-03-use", "Whitcombe Library")


@pytest.mark.parametrize(("name", "is_match"), [("nb-use", True), ("NB-use", False), ("use", False)])
def test_patterns_match_whole_names_in_their_letter_case(name: str, *, is_match: bool) -> None:
    assert matches_filter(name, ("nb-*",)) is is_match


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("NB-ELEC-02-USE", "did you mean  --only nb-elec-02-use"),
        (
            "nb-elec-02-us\u0435",
            r"did you mean  --only nb-elec-02-use  (found nb-elec-02-us\u0435, which only looks the same)",
        ),
        ("nb-elec-01", "did you mean  --only nb-elec-01-demand or nb-elec-01-use"),
        ("NB-*", "did you mean  --only nb-elec-01-demand or nb-elec-01-use or nb-elec-02-use, or one of 1 more"),
        ("whitcombe", "did you mean  --only 'Whitcombe Library'"),
        ("nb-elec-01-ues", "did you mean  --only nb-elec-01-use"),
        ("nb-elec-01-use, nb-elec-02*", "write  --only nb-elec-01-use --only 'nb-elec-02*'"),
        ("nb-elec-01-use,steam", "did you mean  --only nb-elec-01-use"),
        ("steam", ""),
    ],
)
def test_what_matches_nothing_is_answered_with_what_is_like_it(pattern: str, advice: str) -> None:
    assert advise_pattern("--only", pattern, NAMES) == advice


def test_what_is_known_to_be_meant_comes_before_what_only_looks_alike() -> None:
    assert (
        advise_pattern("--only", "NB-01-USE", ("nb-01-uses", "nb-main"), ("nb-main",)) == "did you mean  --only nb-main"
    )
