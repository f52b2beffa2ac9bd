"""One row of a saved plan back into the change it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.channels import DataPoint
from reconciler.model.fields import FIELD_AT, Impact
from reconciler.model.plan import Action, Blocker, Change, Edit, History, Origin, Verdict, VersionSpan
from reconciler.planfile.shapes import (
    Document,
    Misshapen,
    take_choice,
    take_inner,
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
from reconciler.planfile.writing import RESOURCE_TYPE, encode_derived_of_edit

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value

    Pair = tuple[Spec, Spec]


def read_change(document: Document) -> Change:
    """The change that a row of `resource_changes` holds. Raises Misshapen."""
    action, (before, after), (live, wanted) = take_record(document, "change", _read_values)
    return Change(
        name=take_text(document, "name"),
        channel_id=take_whole(document, "channel_id"),
        channel_info=take_text(document, "channel_info"),
        data_point=take_record(document, "data_point", _read_data_point),
        file=take_inner(document, "source", "file", take_text),
        line=take_inner(document, "source", "line", take_whole),
        action=action,
        edits=take_records(document, "edits", _read_edit),
        before=before,
        after=after,
        live=live,
        target_values=wanted,
        version_id=take_inner(document, "version", "id", take_whole),
        version_count=take_inner(document, "version", "count", take_whole),
        verdict=take_choice(document, "verdict", Verdict),
        blocked_by=take_records(document, "blocked_by", _read_block),
        depends_on=_read_names(document),
        feeds=take_texts(document, "feeds"),
        fingerprint=take_text(document, "fingerprint"),
        history=take_record_or_null(document, "history", _read_history),
    )


def _read_values(document: Document) -> tuple[Action, Pair, Pair]:
    action = _read_action(document)
    api = take_record(document, "api", _read_pair) if "api" in document else ({}, {})
    if action is Action.NO_OP and document.get("before") == document.get("after"):
        # Most changes are no-ops: what is the same before and after is read and kept once.
        spec = take_record(document, "before", _flatten)
        return action, (spec, spec), api
    return action, _read_pair(document), api


def _read_pair(document: Document) -> Pair:
    return take_record(document, "before", _flatten), take_record(document, "after", _flatten)


def _flatten(document: Document) -> dict[str, Value]:
    spec: dict[str, Value] = {}
    for key, value in document.items():
        if type(value) is dict:
            for part in value:
                spec[f"{key}.{part}"] = take_value(value, part)
        else:
            spec[key] = take_value(document, key)
    if not spec.keys() <= FIELD_AT.keys():
        raise Misshapen("", "made of fields that this reconciler knows", min(spec.keys() - FIELD_AT.keys()))
    return spec


def _read_action(values: Document) -> Action:
    actions = take_list(values, "actions")
    if len(actions) != 1:
        raise Misshapen("actions", "a list of one action", actions)
    return take_choice({"actions": actions[0]}, "actions", Action)


def read_name(document: Document, key: str) -> str:
    """The name of the channel whose address stands at `key`. Raises Misshapen."""
    return _strip_address(key, take_text(document, key))


def _read_names(document: Document) -> tuple[str, ...]:
    addresses = take_texts(document, "depends_on")
    return tuple(_strip_address(f"depends_on[{index}]", address) for index, address in enumerate(addresses))


def _strip_address(path: str, address: str) -> str:
    prefix = f"{RESOURCE_TYPE}."
    if not address.startswith(prefix):
        raise Misshapen(path, f"an address that starts with {prefix}", address)
    return address.removeprefix(prefix)


def _read_edit(document: Document) -> Edit:
    edit = Edit(
        path=take_text(document, "path"),
        before=take_value(document, "before"),
        after=take_value(document, "after"),
        impact=take_choice(document, "impact", Impact),
        implied_by=take_text_or_null(document, "implied_by"),
        origin=None if document.get("origin", "") is None else take_choice(document, "origin", Origin),
        warnings=take_texts(document, "warnings"),
    )
    for key, value in encode_derived_of_edit(edit).items():
        if key not in document or document[key] != value:
            raise Misshapen(key, "what the rest of the edit gives", document.get(key))
    return edit


def _read_block(document: Document) -> Blocker:
    return Blocker(
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
