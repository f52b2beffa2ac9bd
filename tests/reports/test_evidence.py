"""What a precondition was judged by."""

from __future__ import annotations

import pytest

from reconciler.reports.evidence import describe_evidence

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
            {"begin_date": None, "begin_date_before": None},
            [("begin date", ("the beginning",)), ("begin date before", ("the beginning",))],
        ),
        ({"version": {"version_id": 8, "begin_date": "2024-01-01"}}, [("version", ("8, from 2024-01-01 on",))]),
        ({"limits": {"low_end": 1, "top": None}}, [("limits", ("low end 1, top not known",))]),
        ({"na\nme": "\x1b"}, [("na\\nme", ("\\x1b",))]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_evidence_is_told_in_words(evidence: dict[str, object], lines: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(describe_evidence(evidence)) == lines
