"""Describes what an edit does, and the evidence that a precondition was judged by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FORMULA,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    VERSION,
    Impact,
)
from reconciler.model.formulas import find_references
from reconciler.model.units import find_factor, format_factor
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import format_time, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Change, ChannelLabel, Edit, Evidence, History


_STRUCTURE = {
    (IS_CALCULATED, True): "becomes calculated: its values come from the formula, and it takes no readings",
    (IS_CALCULATED, False): "becomes simple: its values come from readings, no longer from a formula",
    (IS_PRIMARY_VALUE, True): "becomes the channel whose values its data point shows and passes on to totals",
    (IS_PRIMARY_VALUE, False): "is no longer the channel whose values its data point shows and passes on to totals",
    (IS_PRIMARY_DEMAND, True): "becomes the channel whose values its data point shows as demand",
    (IS_PRIMARY_DEMAND, False): "is no longer the channel whose values its data point shows as demand",
}


def describe_effect(edit: Edit, changes: Sequence[Change] = ()) -> str:
    """What `edit` may do to stored values, to future readings, or to the data point; "" if nothing.

    Each of `changes` has this edit. The dates of stored values are given only for a single change.
    """
    match edit.impact:
        case Impact.COSMETIC | Impact.FORWARD:
            return _describe_first_begin(edit, changes)
        case Impact.ROUTING:
            return _describe_routing(edit)
        case Impact.STRUCTURAL:
            return _STRUCTURE.get((edit.path, edit.after is True), "")
        case Impact.HISTORY:
            history = changes[0].history if len(changes) == 1 else None
            return _describe_rewrite(edit, history, is_calculated=is_any_calculated(changes))
        case _:
            assert_never(edit.impact)


def format_factor_note(edit: Edit) -> str:
    """The factor by which the edit of a multiplier changes values, as ` (×1,000)`; "" for any other edit."""
    factor = find_factor(edit.path, edit.before, edit.after)
    return "" if factor is None else f" ({format_factor(factor)})"


def describe_inputs(edit: Edit) -> str:
    """The channels that a formula edit adds and drops; "" for none, and for any other edit."""
    if edit.path != FORMULA:
        return ""
    before, after = (
        set(find_references(text)) if isinstance(text, str) else set() for text in (edit.before, edit.after)
    )
    changes = (("adds", after - before), ("drops", before - after))
    return "; ".join(f"{verb} {join_words(sorted(map(escape_text, names)))}" for verb, names in changes if names)


def format_label(label: ChannelLabel) -> str:
    """A channel by its name in the files, or else by id and by its name in EnergyCAP."""
    return escape_text(label.name) if label.name else f'{label.id} "{escape_text(label.info)}"'


def is_any_calculated(changes: Iterable[Change]) -> bool:
    """Whether one of the channels of `changes` is calculated now."""
    return any(change.live.get(IS_CALCULATED) is True for change in changes)


def _describe_rewrite(edit: Edit, history: History | None, *, is_calculated: bool) -> str:
    if edit.path == BEGIN_DATE:
        return "moves the begin of this version; stored values in between may be recomputed"
    is_versioned = edit.path.startswith(VERSION)
    text = f"may rewrite stored values{_format_rewritten_span(history, is_versioned=is_versioned)}"
    # Calculated channels cannot be versioned.
    is_splittable = is_versioned and edit.path != FORMULA and not is_calculated
    return f"{text}; to keep past values, make a new version in EnergyCAP" if is_splittable else text


def _format_rewritten_span(history: History | None, *, is_versioned: bool) -> str:
    if history is None:
        return ""
    begin = history.versions[-1].begin_date if is_versioned and history.versions else None
    # Local times in one format sort as texts.
    start = max(filter(None, (begin, history.first_reading)), default=None)
    if start and history.last_reading and start > history.last_reading:
        return ""
    times = [start, history.last_reading]
    words = [
        f"{word} {escape_text(format_time(time))}" for word, time in zip(("from", "to"), times, strict=True) if time
    ]
    return f" ({' '.join(words)})" if words else ""


def _describe_first_begin(edit: Edit, changes: Sequence[Change]) -> str:
    """What the begin of the only version means for future readings."""
    is_first = all(change.version_count == 1 for change in changes)
    if edit.path != BEGIN_DATE or not is_first or not isinstance(edit.after, str):
        return ""
    return f"readings up to {escape_text(format_time(edit.after))} would belong to no version"


def _describe_routing(edit: Edit) -> str:
    if edit.path != CHANNEL_IMPORT_ID:
        return (
            "readings that identify their channel by this setting may go to another channel, or start going to this one"
        )
    if edit.before is None:
        return "readings sent with this import id would go to this channel"
    return "readings sent with the old import id would no longer go to this channel"


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def describe_evidence(evidence: Evidence) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each piece of evidence as its name and its values, escaped: `last reading`, `2026-10-31 23:45`.

    Names that begin with has_ come first, the others by name, because a saved plan keeps no other order. A list has a
    text for each of its members. A channel is shown by its name and location in the files, or else by its id and its
    name in EnergyCAP.
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
