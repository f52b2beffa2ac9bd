"""Mutants that change nothing that a user or a caller could see, each with the reason."""

from __future__ import annotations

# By file, the text before and the text after: lines move.
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "reconciler/planning/feed_findings.py",
        "course.before.channel_id or 0",
        "((course.before.channel_id))",
    ): "a key of a mapping by id: neither 0 nor None is an id",
}
