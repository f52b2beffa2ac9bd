"""What a precondition was judged by, in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.reports.harmless import escape_text
from reconciler.reports.wording import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plan import Evidence

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def describe_evidence(evidence: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each thing that was read with what was found, harmless: `last reading`, `2026-10-31 23:45`.

    Whether there are any comes first, all else by name, as a saved plan keeps no other order. A list has a text for
    each of its members. A channel is shown as the files name it and where, or else by id and by its name in EnergyCAP.
    """
    for name, value in sorted(evidence.items(), key=_has_first):
        values = value if isinstance(value, list | tuple) and value else (value,)
        # A version without a begin date is the first of its channel.
        is_first = name.startswith("begin_date") and value is None
        yield _evidence_name(name), ("the beginning",) if is_first else tuple(map(_format_evidence, values))


def _has_first(thing: tuple[str, object]) -> tuple[bool, str]:
    return not thing[0].startswith("has_"), thing[0]


def _evidence_name(name: str) -> str:
    return escape_text(name).replace("_", " ")


def _format_evidence(value: object) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case str():
            return escape_text(format_time(value) if _TIME.fullmatch(value) else value)
        case Mapping():
            return _format_record(value)
        case tuple() | list():
            return ", ".join(map(_format_evidence, value)) or "none"
        case _:
            return str(value)


def _format_record(thing: Mapping[str, object]) -> str:
    if "channel_id" in thing:
        return _format_channel(thing)
    if "version_id" in thing:
        return f"{thing['version_id']}, {_format_version_span(thing.get('begin_date'), thing.get('end_date'))}"
    return ", ".join(f"{_evidence_name(name)} {_format_evidence(value)}" for name, value in thing.items())


def _format_version_span(begin: object, end: object) -> str:
    start = f"from {_format_evidence(begin)}" if begin else "from the beginning"
    return f"{start} to {_format_evidence(end)}" if end else f"{start} on"


def _format_channel(channel: Mapping[str, object]) -> str:
    name, file = channel.get("managed_as"), channel.get("file")
    if name:
        text = f"{name} ({file}:{channel.get('line')})" if file else f"{name}"
    else:
        text = f'{channel["channel_id"]} "{channel.get("name") or ""}" (not managed here)'
    return escape_text(text) + (", freed by this plan" if channel.get("freed_by_plan") else "")
