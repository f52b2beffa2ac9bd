"""Saved plans back into records, whatever was done to the file in between."""

from __future__ import annotations

import json

from reconciler.errors import PlanFileError
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import V3_NAMES, Identifiers, ResolutionFailure
from reconciler.model.plan import ChannelLabel, FeedRoute, FeedStep, FormulaLink, Plan, RemovedDefinition
from reconciler.planfile.agreement import find_disagreement
from reconciler.planfile.reading_changes import read_change, read_name
from reconciler.planfile.shapes import (
    Document,
    Misshapen,
    take_choice,
    take_inner,
    take_objects,
    take_record,
    take_record_or_null,
    take_records,
    take_text,
    take_text_or_null,
    take_texts,
    take_truth,
    take_truth_or_null,
    take_value,
    take_whole,
    take_whole_or_null,
)
from reconciler.planfile.writing import FORMAT_VERSION, encode_derived, encode_derived_of, seal, seal_parts
from reconciler.strict_json import KeyTwice, OutOfBounds, is_too_deep, parse_json

_MAKE_AGAIN = "make the plan again:  reconciler plan --out FILE"


def read_plan(text: str) -> Plan:
    """The plan that `render_plan_file` wrote; keys that it does not know are left alone.

    Raises PlanFileError where `text` is no such plan, is of another major version, or was changed after it was made: by
    its digest, or as its parts contradict each other.
    """
    try:
        document = _parse(text)
        _check_version(document)
        _check_seal(document, text)
        plan = _read_plan(document)
    except Misshapen as misshapen:
        raise PlanFileError(f"the saved plan is damaged: {misshapen}", _MAKE_AGAIN) from None
    if disagreement := find_disagreement(plan):
        raise PlanFileError(f"the saved plan contradicts itself: {disagreement}", _MAKE_AGAIN)
    return plan


def _parse(text: str) -> Document:
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
        raise PlanFileError("the file is JSON, but no plan that reconciler saved", _MAKE_AGAIN)
    return document


def _check_version(document: Document) -> None:
    version = take_text(document, "format_version")
    known = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != known:
        message = f"the plan's format_version is {version!a}; this reconciler reads {known}.x"
        fix = "make the plan again, or use the version of reconciler that made it (tool_version)"
        raise PlanFileError(message, fix)


def _check_seal(document: Document, text: str) -> None:
    # The text as it was written seals in no time; one that was laid out anew, by jq for instance, seals too.
    digest = document["digest"]
    if _seal_text(text) != digest and seal(document) != digest:
        message = "the plan was changed after it was made: its digest does not fit what it says"
        raise PlanFileError(message, _MAKE_AGAIN)


def _seal_text(text: str) -> str:
    rows = text.removeprefix("{\n").removesuffix("\n}\n").split('\n"')
    parts = (row.removeprefix('"').partition('":') for row in rows)
    return seal_parts({key: part.removesuffix(",") for key, _, part in parts})


def _read_plan(document: Document) -> Plan:
    plan = Plan(
        tool_version=take_text(document, "tool_version"),
        environment=take_inner(document, "environment", "name", take_text),
        url=take_inner(document, "environment", "url", take_text),
        created=take_text(document, "created"),
        commit=take_inner(document, "definitions", "commit", take_text_or_null),
        uncommitted=take_inner(document, "definitions", "uncommitted", take_truth_or_null),
        definitions_digest=take_inner(document, "definitions", "digest", take_text),
        folder=take_inner(document, "definitions", "folder", take_text),
        snapshot=take_text_or_null(document, "snapshot"),
        managed=take_whole(document, "managed"),
        filter=take_texts(document, "filter"),
        changes=take_records(document, "resource_changes", read_change),
        unmanaged=take_inner(document, "summary", "unmanaged", take_whole),
        findings=take_records(document, "findings", _read_finding),
        released=take_records(document, "no_longer_managed", _read_released),
        feeds=take_records(document, "feeds", _read_feed),
        formula_links=take_records(document, "formula_links", _read_link),
    )
    for key, value in encode_derived(plan).items():
        if document.get(key) != value:
            raise Misshapen(key, "what the changes and findings add up to", document.get(key))
    _check_rows(plan, document)
    return plan


def _check_rows(plan: Plan, document: Document) -> None:
    dependents = plan.blocked_dependents
    for index, (change, row) in enumerate(zip(plan.changes, take_objects(document, "resource_changes"), strict=True)):
        for key, value in encode_derived_of(change, dependents.get(change.name, ())).items():
            if row.get(key) != value:
                raise Misshapen(f"resource_changes[{index}].{key}", "what the rest of the plan gives", row.get(key))


def _read_released(document: Document) -> RemovedDefinition:
    return RemovedDefinition(
        kind=take_text(document, "kind"),
        name=take_text(document, "name"),
        file=take_text(document, "file"),
        path=take_text_or_null(document, "path"),
        value=take_value(document, "value"),
    )


def _read_finding(document: Document) -> Finding:
    return Finding(
        code=take_text(document, "code"),
        severity=take_choice(document, "severity", Severity),
        message=take_text(document, "message"),
        location=take_record_or_null(document, "place", _read_place),
        detail=take_texts(document, "detail"),
        fix=take_text(document, "fix"),
    )


def _read_place(document: Document) -> Location:
    return Location(
        file=take_text(document, "file"),
        line=take_whole(document, "line"),
        column=take_whole(document, "column"),
        path=take_texts(document, "keys"),
        length=take_whole(document, "length"),
        excerpt=take_text(document, "excerpt"),
    )


def _read_feed(document: Document) -> FeedRoute:
    return FeedRoute(
        name=take_text(document, "name"),
        expect=take_text(document, "expect"),
        before=take_whole_or_null(document, "before"),
        after=take_whole_or_null(document, "after"),
        findings=take_texts(document, "findings"),
        steps=take_records(document, "moves", _read_move),
        is_change_blocked=take_truth(document, "held"),
        identifiers=take_record(document, "identifiers", _read_pointers),
    )


def _read_pointers(document: Document) -> Identifiers:
    return Identifiers(
        channel_id=take_whole_or_null(document, V3_NAMES.channel_id),
        channel_import_id=take_text_or_null(document, V3_NAMES.channel_import_id),
        meter_import_id=take_text_or_null(document, V3_NAMES.meter_import_id),
        observation_type_code=take_text_or_null(document, V3_NAMES.observation_type_code),
        unit_code=take_text_or_null(document, V3_NAMES.unit_code),
        interval_seconds=take_whole_or_null(document, V3_NAMES.interval),
    )


def _read_move(document: Document) -> FeedStep:
    return FeedStep(
        change=read_name(document, "address"),
        paths=take_texts(document, "paths"),
        channel_id=take_whole_or_null(document, "channel_id"),
        failure=None if document.get("problem", "") is None else take_choice(document, "problem", ResolutionFailure),
    )


def _read_link(document: Document) -> FormulaLink:
    return FormulaLink(
        user=take_record(document, "user", _read_label),
        used=take_record(document, "used", _read_label),
        before=take_truth(document, "before"),
        after=take_truth(document, "after"),
    )


def _read_label(document: Document) -> ChannelLabel:
    return ChannelLabel(
        id=take_whole(document, "id"),
        name=take_text_or_null(document, "name"),
        info=take_text(document, "info"),
    )
