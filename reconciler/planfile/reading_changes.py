"""One row of a saved plan back into the change it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import FIELD_AT, Impact
from reconciler.model.live import DataPoint
from reconciler.model.plan import Action, Block, Change, Edit, History, Origin, Verdict, VersionSpan
from reconciler.planfile.shapes import (
    Document,
    Misshapen,
    take_choice,
    take_list,
    take_object,
    take_record,
    take_record_or_null,
    take_records,
    take_text,
    take_text_or_null,
    take_texts,
    take_truth_or_null,
    take_value,
    take_whole,
)
from reconciler.planfile.writing import RESOURCE_TYPE

if TYPE_CHECKING:
    from reconciler.model.values import Value


def read_change(document: Document) -> Change:
    """The change that a row of `resource_changes` holds. Raises Misshapen."""
    source = take_object(document, "source")
    values = take_object(document, "change")
    before, after = _read_pair(values, "change")
    live, wanted = _read_pair(take_object(values, "api"), "change.api") if "api" in values else ({}, {})
    version = take_object(document, "version")
    return Change(
        name=take_text(document, "name"),
        channel_id=take_whole(document, "channel_id"),
        channel_info=take_text(document, "channel_info"),
        data_point=take_record(document, "data_point", _read_data_point),
        file=take_text(source, "file"),
        line=take_whole(source, "line"),
        action=_read_action(values),
        edits=take_records(document, "edits", _read_edit),
        before=before,
        after=after,
        live=live,
        wanted=wanted,
        version_id=take_whole(version, "id"),
        version_count=take_whole(version, "count"),
        verdict=take_choice(document, "verdict", Verdict),
        blocked_by=take_records(document, "blocked_by", _read_block),
        depends_on=_read_names(document),
        fingerprint=take_text(document, "fingerprint"),
        history=take_record_or_null(document, "history", _read_history),
    )


def _read_pair(document: Document, path: str) -> tuple[dict[str, Value], dict[str, Value]]:
    before = take_object(document, "before")
    after = take_object(document, "after")
    spec = _flatten(before, f"{path}.before")
    # Most changes are no-ops: the same values are read and kept once.
    return spec, spec if after == before else _flatten(after, f"{path}.after")


def _flatten(document: Document, path: str) -> dict[str, Value]:
    spec: dict[str, Value] = {}
    try:
        for key, value in document.items():
            if type(value) is dict:
                for part in value:
                    spec[f"{key}.{part}"] = take_value(value, part)
            else:
                spec[key] = take_value(document, key)
    except Misshapen as misshapen:
        raise misshapen.within(path) from None
    if not spec.keys() <= FIELD_AT.keys():
        unknown = min(spec.keys() - FIELD_AT.keys())
        raise Misshapen(path, "made of fields that this reconciler knows", unknown)
    return spec


def _read_action(values: Document) -> Action:
    actions = take_list(values, "actions")
    if len(actions) != 1:
        raise Misshapen("change.actions", "a list of one action", actions)
    return take_choice({"change.actions": actions[0]}, "change.actions", Action)


def _read_names(document: Document) -> tuple[str, ...]:
    addresses = take_texts(document, "depends_on")
    prefix = f"{RESOURCE_TYPE}."
    for index, address in enumerate(addresses):
        if not address.startswith(prefix):
            raise Misshapen(f"depends_on[{index}]", f"an address that starts with {prefix}", address)
    return tuple(address.removeprefix(prefix) for address in addresses)


def _read_edit(document: Document) -> Edit:
    return Edit(
        path=take_text(document, "path"),
        before=take_value(document, "before"),
        after=take_value(document, "after"),
        impact=take_choice(document, "impact", Impact),
        implied_by=take_text_or_null(document, "implied_by"),
        origin=None if document.get("origin", "") is None else take_choice(document, "origin", Origin),
    )


def _read_block(document: Document) -> Block:
    return Block(
        rule=take_text(document, "rule"),
        message=take_text(document, "message"),
        evidence=take_object(document, "evidence"),
        unblock=take_text(document, "unblock"),
        is_unknown=take_choice(document, "verdict", Verdict) is Verdict.UNKNOWN,
    )


def _read_data_point(document: Document) -> DataPoint:
    return DataPoint(
        id=take_whole(document, "id"),
        code=take_text_or_null(document, "code"),
        name=take_text_or_null(document, "name"),
        import_id=take_text_or_null(document, "import_id"),
        commodity=take_text_or_null(document, "commodity"),
        place_code=take_text_or_null(document, "place_code"),
        place_name=take_text_or_null(document, "place_name"),
    )


def _read_history(document: Document) -> History:
    return History(
        versions=take_records(document, "versions", _read_version),
        has_readings=take_truth_or_null(document, "has_readings"),
        first_reading=take_text_or_null(document, "first_reading"),
        last_reading=take_text_or_null(document, "last_reading"),
    )


def _read_version(document: Document) -> VersionSpan:
    return VersionSpan(
        id=take_whole(document, "id"),
        begin_date=take_text_or_null(document, "begin_date"),
        end_date=take_text_or_null(document, "end_date"),
    )
