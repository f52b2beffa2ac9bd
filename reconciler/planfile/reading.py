"""Saved plans back into records, or a refusal of what was done to the file in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from msgspec import convert, to_builtins
from msgspec.structs import replace

from reconciler.errors import PlanFileError
from reconciler.model.channels import new_channel_id
from reconciler.model.fields import VERSION
from reconciler.model.findings import Finding, TemplateValue
from reconciler.model.plan import Action, Blocker, Change, Edit, FeedRoute, Plan, VersionChange
from reconciler.model.registers import RegisterFall
from reconciler.model.values import has_zone, is_time
from reconciler.planfile.agreement import find_disagreement
from reconciler.planfile.rows import (
    ChangeRow,
    Damage,
    PlanRow,
    VersionedRow,
    address_of,
    check_spec,
    decode,
    make_damage,
    name_at,
)
from reconciler.planfile.writing import FORMAT_VERSION, find_json_factor, seal, seal_parts
from reconciler.strict_json import KeyTwice, OutOfBounds, is_too_deep, parse_json

if TYPE_CHECKING:
    from collections.abc import Container

    from reconciler.model.values import Spec
    from reconciler.planfile.rows import Document, EditRow, VersionChangeRow

_BY_REST = "what the rest of the plan gives"
_MAKE_AGAIN = "make the plan again:  reconciler plan --out FILE"


def read_plan(text: str) -> Plan:
    """The plan that `render_plan_file` wrote; keys that it does not know are left alone.

    Raises PlanFileError if `text` is not such a plan, is of another major version, or was changed after it was made: by
    its digest, or because its parts contradict each other.
    """
    try:
        document = _parse(text)
        # First, because another major version may have another shape and another digest.
        _check_version(document)
        _check_seal(document, text)
        row = decode(document, PlanRow)
        plan = _decode_plan(row)
        _check_derived(row, plan)
    except Damage as damage:
        raise PlanFileError(f"the saved plan is damaged: {damage}", _MAKE_AGAIN) from None
    if disagreement := find_disagreement(plan):
        raise PlanFileError(f"the saved plan contradicts itself: {disagreement}", _MAKE_AGAIN)
    return plan


def _parse(text: str) -> Document:
    # Python's parser would raise RecursionError.
    if is_too_deep(text):
        raise PlanFileError("the file is not a saved plan: its JSON is nested too deeply", _MAKE_AGAIN)
    try:
        document = parse_json(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        message = f"the file is not a saved plan, or was cut short: no JSON at {where}"
        raise PlanFileError(message, _MAKE_AGAIN) from None
    except KeyTwice as twice:
        raise PlanFileError(f"the saved plan contradicts itself: {twice}", _MAKE_AGAIN) from None
    except OutOfBounds as flaw:
        raise PlanFileError(f"the file is not a saved plan: {flaw}", _MAKE_AGAIN) from None
    if type(document) is not dict or "resource_changes" not in document or "digest" not in document:
        raise PlanFileError("the file is JSON, but not a plan that reconciler saved", _MAKE_AGAIN)
    return document


def _check_version(document: Document) -> None:
    version = decode(document, VersionedRow).format_version
    known = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != known:
        message = f"the plan's format_version is {version!a}; this reconciler reads {known}.x"
        fix = "make the plan again, or use the version of reconciler that made it (tool_version)"
        raise PlanFileError(message, fix)


def _check_seal(document: Document, text: str) -> None:
    # The digest of the unchanged text is quick to make. The other one also fits a file that jq, for example, formatted.
    digest = document["digest"]
    if _seal_text(text) != digest and seal(document) != digest:
        message = "the plan was changed after it was made: its digest does not fit its content"
        raise PlanFileError(message, _MAKE_AGAIN)


def _seal_text(text: str) -> str:
    rows = text.removeprefix("{\n").removesuffix("\n}\n").split('\n"')
    parts = (row.removeprefix('"').partition('":') for row in rows)
    return seal_parts({key: part.removesuffix(",") for key, _, part in parts})


def _decode_plan(row: PlanRow) -> Plan:
    changes = [_decode_change(one, f"resource_changes[{i}]") for i, one in enumerate(row.resource_changes)]
    falls = _decode_falls(row, {change.name for change in changes})
    return Plan(
        tool_version=row.tool_version,
        environment=row.environment.name,
        url=row.environment.url,
        created=row.created,
        commit=row.definitions.commit,
        uncommitted=row.definitions.uncommitted,
        definitions_digest=row.definitions.digest,
        folder=row.definitions.folder,
        snapshot=row.snapshot,
        managed=row.managed,
        filter=row.filter,
        changes=tuple(
            replace(change, register_fall=falls[change.name]) if change.name in falls else change for change in changes
        ),
        unmanaged=row.summary.unmanaged,
        findings=convert(row.findings, tuple[Finding, ...], from_attributes=True),
        released=row.no_longer_managed,
        left_out=row.left_out,
        feeds=convert(row.feeds, tuple[FeedRoute, ...], from_attributes=True),
        formula_links=row.formula_links,
    )


def _decode_falls(row: PlanRow, names: Container[str]) -> dict[str, RegisterFall]:
    """The falls by the names of their changes. They are not sealed, so anybody may have written them."""
    falls = {}
    for index, one in enumerate(row.register_falls):
        place = f"register_falls[{index}]"
        if name_at(one.address) not in names:
            raise make_damage(f"{place}.address", "that of a change of the plan", one.address)
        for key, time in (("last_time", one.last_time), ("first_time", one.first_time)):
            if not is_time(time) or has_zone(time):
                raise make_damage(f"{place}.{key}", "a local date and time", time)
        falls[name_at(one.address)] = convert(one, RegisterFall, from_attributes=True)
    return falls


def _decode_change(document: Document, place: str) -> Change:
    row = decode(document, ChangeRow, place)
    _check_change(row, place)
    values = row.change
    before = _flatten(values.before, f"{place}.change.before")
    # Most changes are no-ops: what is the same before and after is kept once.
    is_kept = values.actions == (Action.NO_OP,) and values.before == values.after
    return Change(
        name=row.name,
        channel_id=new_channel_id(row.name) if row.channel_id is None else row.channel_id,
        channel_info=row.channel_info,
        data_point=row.data_point,
        file=row.source.file,
        line=row.source.line,
        action=values.actions[0],
        edits=tuple(map(_decode_edit, row.edits)),
        before=before,
        after=before if is_kept else _flatten(values.after, f"{place}.change.after"),
        live=_flatten(values.api.before, f"{place}.change.api.before") if values.api else {},
        target_values=_flatten(values.api.after, f"{place}.change.api.after") if values.api else {},
        version_id=row.version.id,
        version_count=row.version.count,
        verdict=row.verdict,
        blocked_by=tuple(convert(blocker, Blocker, from_attributes=True) for blocker in row.blocked_by),
        depends_on=tuple(map(name_at, row.depends_on)),
        feeds=row.feeds,
        fingerprint=row.fingerprint,
        history=row.history,
        versions=tuple(
            _decode_version(version, f"{place}.change.versions[{index}]")
            for index, version in enumerate(values.versions)
        ),
    )


def _decode_edit(row: EditRow) -> Edit:
    edit = convert(row, Edit, from_attributes=True)
    source = row.template and convert(row.template, TemplateValue, from_attributes=True)
    return replace(edit, source=source) if source else edit


def _decode_version(row: VersionChangeRow, place: str) -> VersionChange:
    parts = {
        "before": row.before,
        "after": row.after,
        "inherited": row.inherited,
        "api.before": row.api.before,
        "api.after": row.api.after,
    }
    specs = {
        name: check_spec({f"{VERSION}.{key}": value for key, value in part.items()}, f"{place}.{name}")
        for name, part in parts.items()
    }
    return VersionChange(
        action=row.action,
        begin=row.begin or "",
        version_id=row.id,
        end=row.end,
        before=specs["before"],
        after=specs["after"],
        inherited=specs["inherited"],
        live=specs["api.before"],
        target_values=specs["api.after"],
        first_reading=row.first_reading,
        last_reading=row.last_reading,
        because=row.because,
        swap=row.swap,
    )


def _flatten(document: Document, place: str) -> Spec:
    spec: Document = {}
    for key, value in document.items():
        if isinstance(value, dict):
            spec.update((f"{key}.{part}", inner) for part, inner in value.items())
        else:
            spec[key] = value
    return check_spec(spec, place)


def _check_change(row: ChangeRow, place: str) -> None:
    if row.address != address_of(row.name):
        raise make_damage(f"{place}.address", _BY_REST, row.address)
    if (row.channel_id is None) != (row.change.actions == (Action.CREATE,)):
        raise make_damage(f"{place}.channel_id", "null for a channel to be created, else its id", row.channel_id)
    for index, edit in enumerate(row.edits):
        if edit.factor != find_json_factor(edit):
            raise make_damage(f"{place}.edits[{index}].factor", _BY_REST, edit.factor)


def _check_derived(row: PlanRow, plan: Plan) -> None:
    for key, value in (("complete", plan.is_complete), ("errored", plan.has_errors), ("summary", plan.summary)):
        if getattr(row, key) != value:
            raise make_damage(key, "what the changes and findings add up to", to_builtins(getattr(row, key)))
    dependents = plan.blocked_dependents
    for index, (change, document) in enumerate(zip(plan.changes, row.resource_changes, strict=True)):
        waiting = [address_of(dependent.name) for dependent in dependents.get(change.name, ())]
        if document["blocked_dependents"] != waiting:
            place = f"resource_changes[{index}].blocked_dependents"
            raise make_damage(place, _BY_REST, document["blocked_dependents"])
        moved = cast("Document", document["change"]).get("moved")
        # The first plans of this format do not say it.
        if moved is not None and moved != to_builtins(change.moved_span):
            raise make_damage(f"resource_changes[{index}].change.moved", _BY_REST, moved)
