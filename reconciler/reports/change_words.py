"""The words for a change: how risky it is, what its edits do, and what a precondition was judged by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FORMULA,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    VERSION,
    Impact,
    find_version,
)
from reconciler.model.formulas import find_references
from reconciler.model.plan import Origin, Verdict
from reconciler.model.registers import format_register
from reconciler.model.units import find_factor, format_factor
from reconciler.model.values import begin_key
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import format_time, format_value, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.plan import Change, ChannelLabel, Edit, Evidence, History, Plan, VersionChange
    from reconciler.model.registers import SwapFacts


class Risk(Enum):
    """The worst that a change may do, the worst first."""

    BLOCKED = "blocked"
    HISTORY = "history"
    STRUCTURAL = "structural"
    ROUTING = "routing"
    CREATION = "creation"
    FORWARD = "forward"
    COSMETIC = "cosmetic"


class RiskWords(Struct, frozen=True):
    """The words for a risk: a sign and a label for each change, a heading and a sentence for all of them."""

    sign: str
    label: str
    heading: str
    meaning: str


RISK_WORDS = {
    Risk.BLOCKED: RiskWords(
        "!",
        "blocked",
        "Blocked",
        "These changes are not sent: a precondition is not met in EnergyCAP, or cannot be checked. Each says what "
        "would unblock it.",
    ),
    Risk.HISTORY: RiskWords(
        "▲",
        "may rewrite history",
        "May rewrite stored values",
        "Values that are already stored may change, and with them the reports made from them. To change only future "
        "values, list a new version under channelVersions.",
    ),
    Risk.STRUCTURAL: RiskWords(
        "◆",
        "what the channel is",
        "Changes what a channel is",
        "A channel becomes calculated (values from a formula) or simple (from readings), or its data point shows the "
        "values of another channel.",
    ),
    Risk.ROUTING: RiskWords(
        "⇄",
        "where readings go",
        "May send readings elsewhere",
        "Loggers and imports identify a channel by these settings. Check what sends readings to it.",
    ),
    Risk.CREATION: RiskWords(
        "+",
        "new channel",
        "Creates channels",
        "EnergyCAP does not have these channels yet.",
    ),
    Risk.FORWARD: RiskWords(
        "→",
        "future values",
        "Affects future values",
        "Stored values do not change.",
    ),
    Risk.COSMETIC: RiskWords(
        "✎",
        "name or text",
        "Names and descriptions",
        "No value changes.",
    ),
}

_VERDICT_WORDS = {
    Verdict.ALLOWED: ("~", "update"),
    Verdict.BLOCKED: ("!", "blocked"),
    Verdict.UNKNOWN: ("?", "unknown"),
}


def verdict_words(change: Change) -> tuple[str, str]:
    """A sign and a word for what happens to `change`; the same as in the text report (`change_label`)."""
    is_created = change.is_creation and change.verdict is Verdict.ALLOWED
    return ("+", "create") if is_created else _VERDICT_WORDS[change.verdict]


_ORDER = tuple(Risk)


def find_risk(change: Change) -> Risk:
    """The worst about `change`: that it may not be sent, or else the worst impact of its edits."""
    match change.verdict:
        case Verdict.BLOCKED | Verdict.UNKNOWN:
            return Risk.BLOCKED
        case Verdict.ALLOWED:
            return min(find_risks(change), default=Risk.COSMETIC, key=_ORDER.index)
        case _:
            assert_never(change.verdict)


def find_risks(change: Change) -> tuple[Risk, ...]:
    """The risks of the edits of `change`, each once, the worst first."""
    risks = {risk_of(edit.impact) for edit in list_judged(change)} | ({Risk.CREATION} if change.is_creation else set())
    return tuple(sorted(risks, key=_ORDER.index))


def list_judged(change: Change) -> tuple[Edit, ...]:
    """The edits of `change` whose impact matters: all, but of a new channel only what it changes for its data point."""
    if not change.is_creation:
        return change.edits
    return tuple(edit for edit in change.edits if edit.impact is not Impact.FORWARD)


def list_impact_risks() -> tuple[Risk, ...]:
    """The risks that an edit can have, the worst first."""
    return tuple(sorted(map(risk_of, Impact), key=_ORDER.index))


def risk_of(impact: Impact) -> Risk:
    return Risk(impact.value)


def render_legend(plan: Plan) -> str:
    """The meaning of each short word in the edits of `plan`; "" if there is none."""
    words = [f"{word} = {meaning}" for word, meaning in _list_terms(plan)]
    return f"Legend: {'; '.join(words)}." if words else ""


def _list_terms(plan: Plan) -> Iterator[tuple[str, str]]:
    edits = [edit for change in plan.changes if not change.is_creation for edit in change.edits]
    found = {risk_of(edit.impact) for change in plan.changes for edit in list_judged(change)}
    for risk in list_impact_risks():
        if risk in found:
            heading = RISK_WORDS[risk].heading
            yield risk.value, heading[0].lower() + heading[1:]
    if any(edit.origin is Origin.DRIFT for edit in edits):
        yield "drift", "not from this change"
    if any(edit.origin is Origin.UNKNOWN for edit in edits):
        yield "origin unknown", "from this change or drift: a file could not be read at the base"
    if any(value is None for edit in edits for value in (edit.before, edit.after)):
        yield "null", "not set"
    if edits and plan.unmanaged:
        yield "unmanaged", "in EnergyCAP, in no file here, never touched"


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
    if (begin := find_version(edit.path)) is not None:
        return _describe_version_effect(edit, begin, changes)
    match edit.impact:
        case Impact.COSMETIC | Impact.FORWARD:
            return _describe_begin(edit, changes)
        case Impact.ROUTING:
            return _describe_routing(edit)
        case Impact.STRUCTURAL:
            return _STRUCTURE.get((edit.path, edit.after is True), "")
        case Impact.HISTORY:
            if edit.path == BEGIN_DATE:
                return _describe_begin(edit, changes)
            history = _end_history(changes[0]) if len(changes) == 1 else None
            return _describe_rewrite(edit, history, is_calculated=is_any_calculated(changes))
        case _:
            assert_never(edit.impact)


def format_factor_note(edit: Edit) -> str:
    """The factor by which the edit of a multiplier changes values, as ` (×1,000)`; "" for any other edit."""
    factor = find_factor(edit.path, edit.before, edit.after)
    return "" if factor is None else f" ({format_factor(factor)})"


def describe_inputs(edit: Edit) -> str:
    """The channels that a formula starts to use and no longer uses; "" for none, and for any other edit."""
    if edit.path != FORMULA:
        return ""
    before, after = (
        set(find_references(text)) if isinstance(text, str) else set() for text in (edit.before, edit.after)
    )
    changes = (("starts to use", after - before), ("no longer uses", before - after))
    return "; ".join(f"{verb} {join_words(sorted(map(escape_text, names)))}" for verb, names in changes if names)


def describe_sources(edits: Iterable[Edit]) -> tuple[str, ...]:
    """A sentence for each template that gives values of `edits`: where it is, and what of it with which values."""
    paths: dict[str, list[str]] = {}
    for edit in edits:
        if edit.source:
            given = ", ".join(f"{escape_text(name)} {format_value(value)}" for name, value in edit.source.given)
            where = f"{escape_text(edit.source.file)}:{edit.source.line}"
            template = f"from template {escape_text(edit.source.template)}, {where}"
            paths.setdefault(template, []).append(f"{escape_text(edit.path)}{f' with {given}' if given else ''}")
    return tuple(f"{template}: {'; '.join(named)}" for template, named in paths.items())


def format_channel_id(change: Change) -> str:
    """The id of the channel of `change`, which a new channel gets when it is created."""
    return "id known after apply" if change.is_creation else str(change.channel_id)


def format_label(label: ChannelLabel) -> str:
    """A channel by its name in the files, or else by id and by its name in EnergyCAP."""
    return escape_text(label.name) if label.name else f'{label.id} "{escape_text(label.info)}"'


def is_any_calculated(changes: Iterable[Change]) -> bool:
    """Whether one of the channels of `changes` is calculated now."""
    return any(change.live.get(IS_CALCULATED) is True for change in changes)


def describe_timeline(change: Change) -> tuple[str, ...]:
    """The versions of a channel as they are and as they are planned, each in a line; none if they stay."""
    moved = change.moved_span
    if change.history is None or not (moved or change.created_versions):
        return ()
    now = [begin_key(span.begin_date) for span in change.history.versions]
    notes = dict.fromkeys(now, "") | {one.begin: " (new)" for one in change.created_versions}
    if moved:
        del notes[now[-1]]
        notes[moved.up_to if now[-1] == moved.after else moved.after] = " (moved)"
    return (
        f"versions now: {join_words([say_begin(begin) for begin in now])}",
        f"versions planned: {join_words([f'{say_begin(begin)}{note}' for begin, note in sorted(notes.items())])}",
    )


def say_begin(begin: str) -> str:
    """Since when a version holds, by its begin as in VersionChange."""
    return f"from {escape_text(format_time(begin))}" if begin else "from the beginning"


def _end_history(change: Change) -> History | None:
    """The history of the channel in the time that its current version will have: from its begin as planned, up to
    where a new version takes over from it.
    """
    history = change.history
    if history is None:
        return None
    begins = [one.begin for one in change.created_versions]
    if history.last_reading and begins:
        history = replace(history, last_reading=min(history.last_reading, *begins))
    moved = next((edit for edit in change.edits if edit.path == BEGIN_DATE), None)
    if moved is None or not history.versions:
        return history
    current = replace(history.versions[-1], begin_date=begin_key(moved.after) or None)
    return replace(history, versions=(*history.versions[:-1], current))


def _describe_rewrite(edit: Edit, history: History | None, *, is_calculated: bool) -> str:
    is_versioned = edit.path.startswith(VERSION)
    text = f"may rewrite stored values{_format_rewritten_span(history, is_versioned=is_versioned)}"
    # Calculated channels cannot be versioned.
    is_splittable = is_versioned and edit.path != FORMULA and not is_calculated
    # For a single channel the lines to paste say it.
    is_offered = is_splittable and not (history and history.versions)
    return f"{text}; to keep past values, list a new version under channelVersions" if is_offered else text


def _describe_version_effect(edit: Edit, begin: str, changes: Sequence[Change]) -> str:
    """What an edit of a version beside the current one does; of a new version its begin says what the version is."""
    version = next((one for change in changes[:1] for one in change.versions if one.begin == begin), None)
    is_new = FIELD_AT[edit.path].path == BEGIN_DATE
    if is_new:
        return _introduce_version(version, begin)
    if edit.impact is not Impact.HISTORY:
        return ""
    span = _format_span((version.first_reading, version.last_reading)) if version and len(changes) == 1 else ""
    return f"may rewrite stored values{span}"


def _introduce_version(version: VersionChange | None, begin: str) -> str:
    text = f"a new version, for readings after {escape_text(format_time(begin))}" if begin else "a new first version"
    if version is None:
        return text
    if version.inherited:
        settings = [f"{path.rpartition('.')[2]} {format_value(value)}" for path, value in version.inherited.items()]
        text += f", which takes over {join_words(settings)}"
    told = describe_reason(version)
    return f"{text} ({told})" if told else text


def describe_reason(version: VersionChange) -> str:
    """Why a version begins, as its file says: the reason, and what the registers showed; "" if it does not."""
    return "; ".join(filter(None, [escape_text(version.because), _describe_swap(version.swap)]))


def _describe_swap(swap: SwapFacts | None) -> str:
    values = {"final": swap.final, "initial": swap.initial} if swap else {}
    facts = [f"{name} {format_register(value)}" for name, value in values.items() if value is not None]
    return f"meter swapped: {', '.join(facts)}" if facts else ""


def _format_rewritten_span(history: History | None, *, is_versioned: bool) -> str:
    if history is None:
        return ""
    begin = history.versions[-1].begin_date if is_versioned and history.versions else None
    # Local times in one format sort as texts.
    start = max(filter(None, (begin, history.first_reading)), default=None)
    if begin and history.last_reading and begin >= history.last_reading:
        # This is a rollback, which is planned without reading the readings.
        return f" (only if readings after {_format_begin(begin)} have come since)"
    return _format_span((start, history.last_reading))


def _format_span(times: tuple[str | None, str | None]) -> str:
    words = [
        f"{word} {escape_text(format_time(time))}" for word, time in zip(("from", "to"), times, strict=True) if time
    ]
    return f" ({' '.join(words)})" if words else ""


def _describe_begin(edit: Edit, changes: Sequence[Change]) -> str:
    """Which readings another begin of the current version gives to it, or takes from it; "" for any other edit."""
    if edit.path != BEGIN_DATE:
        return ""
    is_felt = edit.impact is Impact.HISTORY
    moved = next((change.moved_span for change in changes), None)
    if moved and all(change.moved_span for change in changes):
        span = f"readings after {_format_begin(moved.after)} up to {_format_begin(moved.up_to)}"
        # The same begins, but each channel has versions of its own.
        is_later = begin_key(edit.after) == moved.up_to
        where = "from this version to the one before it" if is_later else "from the version before to this one"
        return f"{span} move {where}; {'stored values may be recomputed' if is_felt else 'none are stored so far'}"
    if is_felt:
        return "this version would begin at another time; stored values in between may be recomputed"
    is_first = all(change.version_count == 1 for change in changes)
    is_first_date = is_first and isinstance(edit.after, str)
    return f"readings up to {_format_begin(begin_key(edit.after))} would belong to no version" if is_first_date else ""


def _format_begin(begin: str) -> str:
    return escape_text(format_time(begin))


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
    # Whether there are readings says more than their dates, so it comes first.
    for name, value in sorted(evidence.items(), key=_has_first):
        values = value if isinstance(value, list | tuple) and value else (value,)
        # A version without a begin date is the first of its channel.
        is_begin = name.startswith(("begin_date", "live_begin_date"))
        texts = ("the beginning" if is_begin and one is None else _format_evidence(one) for one in values)
        yield _evidence_name(name), tuple(texts)


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
