"""Findings in the order in which they are shown."""

from __future__ import annotations

from reconciler.model.findings import Finding, Location, Severity


def test_what_has_no_place_comes_first_and_then_files_and_lines() -> None:
    first = Finding("ESA2", Severity.ERROR, "no place")
    others = [Finding("ESA1", Severity.ERROR, "placed", Location(file, line, 1)) for file, line in (("a", 2), ("b", 1))]

    assert sorted([*reversed(others), first], key=lambda finding: finding.order) == [first, *others]


def test_what_is_about_a_whole_file_or_a_whole_line_comes_before_what_is_in_it() -> None:
    places = [None, Location("a"), Location("a", 1), Location("a", 1, 1), Location("a", 1, 2), Location("a", 2)]
    # The later the place, the lower the code, which decides only where the place is the same.
    findings = [Finding(f"ESA{9 - number}", Severity.ERROR, "it", place) for number, place in enumerate(places)]
    same = Finding("ESA9", Severity.ERROR, "at", places[0])

    assert sorted([*reversed(findings), same], key=lambda finding: finding.order) == [same, *findings]
