"""At most so many findings of one file."""

from __future__ import annotations

from reconciler.definitions.limit import cap_findings, note_omitted
from reconciler.model.findings import Finding, Location, Severity


def finding(line: int, severity: Severity = Severity.ERROR, file: str = "a.yaml") -> Finding:
    return Finding("ESA121", severity, "unknown key", Location(file, line, 1))


def test_few_findings_are_all_shown_in_order() -> None:
    two, one = finding(2), finding(1, Severity.NOTE)

    picked, rest = cap_findings([two, one], {"a.yaml": 0})

    assert note_omitted(picked, rest) == (one, two)


def test_errors_are_kept_before_all_else() -> None:
    notes = [finding(line, Severity.NOTE) for line in range(1, 51)]
    warning, error = finding(60, Severity.WARNING), finding(61)

    picked, rest = cap_findings([*notes, warning, error], {})

    assert (picked, rest) == ([error, warning, *notes[:48]], {"a.yaml": 2})


def test_what_was_never_made_is_counted_with_the_rest_after_the_last_line() -> None:
    picked, rest = cap_findings([finding(line) for line in range(1, 52)], {"a.yaml": 999})

    *shown, note = note_omitted(picked, rest)

    assert [found.location.line for found in shown if found.location] == list(range(1, 51))
    assert (note.severity, note.message, note.location) == (
        Severity.NOTE,
        "not all findings of this file are shown, 1,000 more",
        Location("a.yaml", 51),
    )


def test_findings_without_a_place_are_counted_as_one_file() -> None:
    nowhere = Finding("ESA102", Severity.ERROR, "no folder")

    note, *_ = note_omitted(*cap_findings([nowhere] * 51, {}))

    assert (note.code, note.location) == ("ESA102", None)
