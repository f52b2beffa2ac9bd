"""Findings in the order in which they are shown."""

from __future__ import annotations

from reconciler.model.findings import Finding, Location, Severity


def test_what_has_no_place_comes_first_and_then_files_and_lines() -> None:
    first = Finding("ESA2", Severity.ERROR, "no place")
    others = [Finding("ESA1", Severity.ERROR, "placed", Location(file, line, 1)) for file, line in (("a", 2), ("b", 1))]

    assert sorted([*reversed(others), first], key=lambda finding: finding.order) == [first, *others]
