"""Groups as the list of the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.readings.route_json import render_group
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_group_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    rows = "USE,,2026-01-01T00:00,1\n,NB-ELEC-01,2026-01-01T00:00,1\nNOPE,,2026-01-01T00:00,1\n,,2026-01-01T00:00,1\n"

    _, groups = count(write(tmp_path, f"channelImportId,meterImportId,time,value\n{rows}"))

    assert [json.loads(render_group(group)) for group in groups] == [
        {
            "group": 0,
            "channel_id": 1,
            "decided_by": "channelImportId",
            "candidates": [1],
            "problem": None,
            "line": 2,
            "readings": 1,
            "findings": [],
        },
        {
            "group": 1,
            "channel_id": None,
            "decided_by": None,
            "candidates": [1, 2, 3, 4],
            "problem": "ambiguous",
            "line": 3,
            "readings": 1,
            "findings": ["ESA616"],
        },
        {
            "group": 2,
            "channel_id": None,
            "decided_by": None,
            "candidates": [],
            "problem": "unmatched",
            "line": 4,
            "readings": 1,
            "findings": ["ESA615"],
        },
        {
            "group": 3,
            "channel_id": None,
            "decided_by": None,
            "candidates": [],
            "problem": "no identifier",
            "line": 5,
            "readings": 1,
            "findings": ["ESA614"],
        },
    ]
