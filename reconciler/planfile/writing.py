"""Plans into JSON shaped like Terraform's, sealed with a digest; `schemas/plan.schema.json` describes every key."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from reconciler.masking import KEYS
from reconciler.model.identifiers import V3_NAMES
from reconciler.model.plan import Verdict
from reconciler.model.units import find_factor
from reconciler.model.values import canonical_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.channels import DataPoint
    from reconciler.model.findings import Finding, Location
    from reconciler.model.plan import (
        Blocker,
        Change,
        ChannelLabel,
        Edit,
        FeedRoute,
        FeedStep,
        FormulaLink,
        History,
        Plan,
        RemovedDefinition,
    )
    from reconciler.model.values import Spec

FORMAT_VERSION = "1.0"
RESOURCE_TYPE = "esa_channel"
# Beyond it a factor may be no number of JSON.
_LARGEST_FACTOR = 10**300
_UNSEALED = ("digest", "created")

_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def render_plan_file(plan: Plan) -> str:
    """`plan` as JSON: a line for each key and for each change, ASCII only; the same plan gives the same bytes."""
    # Keys are hidden before the digest is made, as what is written would not fit it.
    parts = {key: KEYS.hide(_lay_out(value)) for key, value in _encode_unsealed(plan).items()}
    parts["digest"] = _dump(seal_parts(parts))
    lines = ",\n".join(f'"{key}":{part}' for key, part in parts.items())
    # `##[name]` is a command to GitHub's runner anywhere in a log. In JSON ## stands only inside texts.
    return f"{{\n{lines}\n}}\n".replace("##", "\\u0023#")


def encode_plan(plan: Plan) -> dict[str, object]:
    """`plan` as the document of contract section 6, its digest included."""
    document = _encode_unsealed(plan)
    parts = {key: _dump(value) for key, value in document.items()}
    hidden = {key: KEYS.hide(part) for key, part in parts.items()}
    if hidden != parts:
        document = {key: json.loads(part) for key, part in hidden.items()}
    return {**document, "digest": seal_parts(hidden)}


def seal(document: Mapping[str, object]) -> str:
    """`sha256:…` over the canonical JSON of all but `digest` and `created`: keys sorted, no spaces, ASCII only."""
    return seal_parts({key: _dump(value) for key, value in document.items()})


def seal_parts(parts: Mapping[str, str]) -> str:
    """The same for a document whose values are canonical JSON already, but for the line breaks of the file."""
    sealed = (f'"{key}":{part}' for key, part in sorted(parts.items()) if key not in _UNSEALED)
    canonical = "{" + ",".join(sealed).replace("\n", "") + "}"
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def _encode_unsealed(plan: Plan) -> dict[str, object]:
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
        "filter": list(plan.filter),
        **encode_derived(plan),
        "findings": [_encode_finding(finding) for finding in plan.findings],
        "no_longer_managed": [_encode_released(one) for one in plan.released],
        "feeds": [_encode_feed(feed) for feed in plan.feeds],
        "formula_links": [_encode_link(link) for link in plan.formula_links],
        "resource_changes": [_encode_change(change, dependents.get(change.name, ())) for change in plan.changes],
    }


def encode_derived(plan: Plan) -> dict[str, object]:
    """What the plan file says of the plan as a whole, and what follows from the rest of it."""
    summary = plan.summary
    return {
        "complete": plan.is_complete,
        "errored": plan.has_errors,
        "summary": {
            "update": summary.update,
            "blocked": summary.blocked,
            "no_op": summary.no_op,
            "unmanaged": summary.unmanaged,
            "drift": summary.drift,
        },
    }


def encode_derived_of(change: Change, dependents: Sequence[Change]) -> dict[str, object]:
    """What the plan file says of a change that follows from the rest; `dependents` are blocked and wait for it."""
    return {
        "address": _address(change.name),
        "type": RESOURCE_TYPE,
        "mode": "managed",
        "blocked_dependents": [_address(dependent.name) for dependent in dependents],
    }


def _lay_out(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        rows = ",\n".join(map(_dump, value))
        return f"[\n{rows}\n]"
    return _dump(value)


def _encode_change(change: Change, dependents: Sequence[Change]) -> dict[str, object]:
    return {
        **encode_derived_of(change, dependents),
        "name": change.name,
        "channel_id": change.channel_id,
        "channel_info": change.channel_info,
        "data_point": _encode_data_point(change.data_point),
        "source": {"file": change.file, "line": change.line},
        "change": _encode_values(change),
        "edits": [_encode_edit(edit) for edit in change.edits],
        "verdict": change.verdict.value,
        "blocked_by": [_encode_block(block) for block in change.blocked_by],
        "depends_on": [_address(name) for name in change.depends_on],
        "feeds": list(change.feeds),
        "version": {"id": change.version_id, "count": change.version_count},
        "history": _encode_history(change.history) if change.history else None,
        "fingerprint": change.fingerprint,
    }


def _address(name: str) -> str:
    return f"{RESOURCE_TYPE}.{name}"


def _encode_values(change: Change) -> dict[str, object]:
    before = _nest(change.before)
    after = before if change.after is change.before else _nest(change.after)
    values: dict[str, object] = {"actions": [change.action.value], "before": before, "after": after}
    if change.live or change.target_values:
        values["api"] = {"before": _nest(change.live), "after": _nest(change.target_values)}
    return values


def _nest(spec: Spec) -> dict[str, object]:
    nested: dict[str, object] = {}
    groups: dict[str, dict[str, object]] = {}
    for path, value in spec.items():
        group, dot, key = path.partition(".")
        if dot:
            nested[group] = groups.setdefault(group, {})
            groups[group][key] = value
        else:
            nested[path] = value
    return nested


def _encode_edit(edit: Edit) -> dict[str, object]:
    return {
        "path": edit.path,
        "before": edit.before,
        "after": edit.after,
        "impact": edit.impact.value,
        "origin": edit.origin.value if edit.origin else None,
        "implied_by": edit.implied_by,
        **encode_derived_of_edit(edit),
        "warnings": list(edit.warnings),
    }


def encode_derived_of_edit(edit: Edit) -> dict[str, object]:
    """What the plan file says of an edit that follows from the rest."""
    factor = find_factor(edit.path, edit.before, edit.after)
    if factor is None or abs(factor) >= _LARGEST_FACTOR:
        return {"factor": None}
    return {"factor": canonical_number(float(factor))}


def _encode_block(block: Blocker) -> dict[str, object]:
    return {
        "rule": block.rule,
        "message": block.message,
        "evidence": block.evidence,
        "unblock": block.unblock,
        "verdict": (Verdict.UNKNOWN if block.is_unknown else Verdict.BLOCKED).value,
    }


def _encode_data_point(data_point: DataPoint) -> dict[str, object]:
    return {
        "id": data_point.id,
        "code": data_point.code,
        "name": data_point.name,
        "import_id": data_point.import_id,
        "commodity": data_point.commodity,
        "place_code": data_point.place_code,
        "place_name": data_point.place_name,
    }


def _encode_history(history: History) -> dict[str, object]:
    return {
        "versions": [
            {"id": version.id, "begin_date": version.begin_date, "end_date": version.end_date}
            for version in history.versions
        ],
        "has_readings": history.has_readings,
        "first_reading": history.first_reading,
        "last_reading": history.last_reading,
    }


def _encode_finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "detail": list(finding.detail),
        "fix": finding.fix,
        "place": _encode_place(finding.location) if finding.location else None,
    }


def _encode_place(place: Location) -> dict[str, object]:
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "keys": list(place.path),
        "length": place.length,
        "excerpt": place.excerpt,
    }


def _encode_feed(feed: FeedRoute) -> dict[str, object]:
    return {
        "name": feed.name,
        "expect": feed.expect,
        "before": feed.before,
        "after": feed.after,
        "findings": list(feed.findings),
        "moves": [_encode_move(move) for move in feed.steps],
        "held": feed.is_change_blocked,
        "identifiers": dict(zip(V3_NAMES.names, astuple(feed.identifiers), strict=True)),
    }


def _encode_move(move: FeedStep) -> dict[str, object]:
    return {
        "address": _address(move.change),
        "paths": list(move.paths),
        "channel_id": move.channel_id,
        "problem": move.failure.value if move.failure else None,
    }


def _encode_link(link: FormulaLink) -> dict[str, object]:
    return {
        "user": _encode_label(link.user),
        "used": _encode_label(link.used),
        "before": link.before,
        "after": link.after,
    }


def _encode_released(one: RemovedDefinition) -> dict[str, object]:
    return {"kind": one.kind, "name": one.name, "file": one.file, "path": one.path, "value": one.value}


def _encode_label(label: ChannelLabel) -> dict[str, object]:
    return {"id": label.id, "name": label.name, "info": label.info}
