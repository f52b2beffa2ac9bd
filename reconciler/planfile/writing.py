"""Plans into JSON shaped like Terraform's, sealed with a digest; `schemas/plan.schema.json` describes every key."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from msgspec import convert, to_builtins
from msgspec.structs import replace

from reconciler.masking import KEYS
from reconciler.model.plan import Verdict
from reconciler.model.units import find_factor
from reconciler.model.values import canonical_number
from reconciler.planfile.rows import RESOURCE_TYPE, FeedRow, FindingRow, address_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.plan import Blocker, Change, Edit, FeedRoute, FeedStep, Plan, VersionChange
    from reconciler.model.values import Spec
    from reconciler.planfile.rows import Document

FORMAT_VERSION = "1.0"
# JSON has no number beyond the largest double, about 1.8e308.
_LARGEST_FACTOR = 10**300
# A guess from readings is not what is reviewed: it may differ although the plan is the same.
_UNSEALED = ("digest", "created", "register_falls")

_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def render_plan_file(plan: Plan) -> str:
    """`plan` as JSON: a line for each key and for each change, ASCII only; the same plan gives the same bytes."""
    # Keys are masked before the digest is made; otherwise it would not fit the text that is written.
    parts = {key: KEYS.hide(_lay_out(value)) for key, value in _encode_unsealed(plan).items()}
    parts["digest"] = _dump(seal_parts(parts))
    lines = ",\n".join(f'"{key}":{part}' for key, part in parts.items())
    # `##[name]` is a command to GitHub's runner anywhere in a log. In JSON ## stands only inside texts.
    return f"{{\n{lines}\n}}\n".replace("##", "\\u0023#")


def encode_plan(plan: Plan) -> Document:
    """`plan` as the document of contract section 6, its digest included."""
    document = _encode_unsealed(plan)
    parts = {key: _dump(value) for key, value in document.items()}
    hidden = {key: KEYS.hide(part) for key, part in parts.items()}
    if hidden != parts:
        document = {key: json.loads(part) for key, part in hidden.items()}
    return {**document, "digest": seal_parts(hidden)}


def seal(document: Mapping[str, object]) -> str:
    """`sha256:…` over the canonical JSON of all but what is not sealed: keys sorted, no spaces, ASCII only."""
    return seal_parts({key: _dump(value) for key, value in document.items()})


def seal_parts(parts: Mapping[str, str]) -> str:
    """The same for a document whose values are already canonical JSON, except for the line breaks of the file."""
    sealed = (f'"{key}":{part}' for key, part in sorted(parts.items()) if key not in _UNSEALED)
    canonical = "{" + ",".join(sealed).replace("\n", "") + "}"
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def _lay_out(value: object) -> str:
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        rows = ",\n".join(map(_dump, value))
        return f"[\n{rows}\n]"
    return _dump(value)


def _encode_unsealed(plan: Plan) -> Document:
    dependents = plan.blocked_dependents
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": plan.tool_version,
        "environment": {"name": plan.environment, "url": plan.url},
        "created": plan.created,
        "definitions": {
            "commit": plan.commit,
            "uncommitted": plan.uncommitted,
            "digest": plan.definitions_digest,
            "folder": plan.folder,
        },
        "snapshot": plan.snapshot,
        "managed": plan.managed,
        "filter": plan.filter,
        "complete": plan.is_complete,
        "errored": plan.has_errors,
        "summary": to_builtins(plan.summary),
        "findings": to_builtins(convert(plan.findings, list[FindingRow], from_attributes=True)),
        "no_longer_managed": to_builtins(plan.released),
        "feeds": [_encode_feed(feed) for feed in plan.feeds],
        "formula_links": to_builtins(plan.formula_links),
        **({"left_out": to_builtins(plan.left_out)} if plan.left_out.channels else {}),
        **_encode_falls(plan),
        "resource_changes": [_encode_change(change, dependents.get(change.name, ())) for change in plan.changes],
    }


def _encode_falls(plan: Plan) -> Document:
    falls = [
        {"address": address_of(change.name), **to_builtins(change.register_fall)}
        for change in plan.changes
        if change.register_fall
    ]
    return {"register_falls": falls} if falls else {}


def _encode_change(change: Change, dependents: Sequence[Change]) -> Document:
    row = {
        "address": address_of(change.name),
        "type": RESOURCE_TYPE,
        "mode": "managed",
        "name": change.name,
        "channel_id": None if change.is_creation else change.channel_id,
        "channel_info": change.channel_info,
        "data_point": change.data_point,
        "source": {"file": change.file, "line": change.line},
        "change": _encode_values(change),
        "edits": [_encode_edit(edit) for edit in change.edits],
        "verdict": change.verdict,
        "blocked_by": [_encode_blocker(blocker) for blocker in change.blocked_by],
        "blocked_dependents": [address_of(dependent.name) for dependent in dependents],
        "depends_on": [address_of(name) for name in change.depends_on],
        "feeds": change.feeds,
        "version": {"id": change.version_id, "count": change.version_count},
        "history": change.history,
        "fingerprint": change.fingerprint,
    }
    return cast("Document", to_builtins(row))


def _encode_edit(edit: Edit) -> Document:
    row: Document = {**to_builtins(edit), "factor": find_json_factor(edit)}
    del row["source"]
    if source := edit.source:
        place = {"name": source.template, "file": source.file, "line": source.line, "keys": source.path}
        row["template"] = {**place, "with": dict(source.given)}
    return row


def _encode_values(change: Change) -> Document:
    before = _nest(change.before)
    # The same object for a no-op, as most changes are.
    after = before if change.after is change.before else _nest(change.after)
    values: Document = {"actions": [change.action], "before": before, "after": after}
    if change.live or change.target_values:
        values["api"] = {"before": _nest(change.live), "after": _nest(change.target_values)}
    if moved := change.moved_span:
        values["moved"] = to_builtins(moved)
    if change.versions:
        values["versions"] = [_encode_version(version) for version in change.versions]
    return values


def _nest(spec: Spec) -> Document:
    nested: dict[str, Any] = {}
    for path, value in spec.items():
        # The begin of a version, which may be in its path, may have a fraction of a second.
        group, dot, key = path.rpartition(".")
        if dot:
            nested.setdefault(group, {})[key] = value
        else:
            nested[path] = value
    return nested


def _encode_version(version: VersionChange) -> Document:
    return {
        "action": version.action.value,
        "begin": version.begin or None,
        "end": version.end,
        "id": version.version_id,
        "before": _list_settings(version.before),
        "after": _list_settings(version.after),
        "inherited": _list_settings(version.inherited),
        "api": {"before": _list_settings(version.live), "after": _list_settings(version.target_values)},
        "first_reading": version.first_reading,
        "last_reading": version.last_reading,
        "because": version.because,
        **({"swap": to_builtins(version.swap)} if version.swap else {}),
    }


def _list_settings(spec: Spec) -> Document:
    return {path.rpartition(".")[2]: value for path, value in spec.items()}


def find_json_factor(edit: Edit) -> int | float | None:
    """What `edit` multiplies all values by, if that is known and JSON can hold it."""
    factor = find_factor(edit.path, edit.before, edit.after)
    return None if factor is None or abs(factor) >= _LARGEST_FACTOR else canonical_number(float(factor))


def _encode_blocker(blocker: Blocker) -> Document:
    return {
        "rule": blocker.rule,
        "message": blocker.message,
        "evidence": blocker.evidence,
        "unblock": blocker.unblock,
        "verdict": Verdict.UNKNOWN if blocker.is_unknown else Verdict.BLOCKED,
    }


def _encode_feed(feed: FeedRoute) -> Document:
    row = convert(replace(feed, steps=()), FeedRow, from_attributes=True)
    return {**to_builtins(row), "moves": [_encode_step(step) for step in feed.steps]}


def _encode_step(step: FeedStep) -> Document:
    problem = step.failure.value if step.failure else None
    return {
        "address": address_of(step.change),
        "paths": step.paths,
        "channel_id": step.channel_id,
        "problem": problem,
    }
