"""Where groups of readings land, as the list of contract section 11."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.readings.census import Group


def render_group(group: Group) -> str:
    """One entry of the list: what the contract names, and the line, the count and the rules that are broken."""
    landing = group.landing
    found = landing.route
    return json.dumps(
        {
            "group": group.number,
            "channel_id": found.channel_id,
            "decided_by": found.decided_by.value if found.decided_by else None,
            "candidates": list(found.candidates),
            "problem": found.failure.value if found.failure else None,
            "line": group.line,
            "readings": group.readings,
            "findings": [flaw.code for flaw in (*landing.flaws, *landing.doubts)],
        }
    )
