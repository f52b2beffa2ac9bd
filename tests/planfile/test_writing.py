"""A plan as JSON."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from msgspec.structs import replace

from reconciler.errors import PlanFileError
from reconciler.model.fields import Impact
from reconciler.model.plan import Edit, VersionAction, VersionChange
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import encode_plan, render_plan_file, seal
from tests.golden import compare_golden
from tests.reports.plans import PLANS, READ, RENAME, make_change, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.plan import Plan

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/plan.schema.json").read_text(encoding="utf-8"))
GOLDEN = Path(__file__).parent / "golden"
every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_saved_as_in_its_golden_file(name: str) -> None:
    compare_golden(GOLDEN / f"plan-{name}.json", render_plan_file(PLANS[name]))


def test_a_change_has_the_keys_of_the_contract() -> None:
    plan = make_plan(make_change("nb-elec-use", RENAME, depends_on=["nb-elec-net"]))
    (change,) = json.loads(render_plan_file(plan))["resource_changes"]
    assert change == {
        "address": "esa_channel.nb-elec-use",
        "type": "esa_channel",
        "name": "nb-elec-use",
        "mode": "managed",
        "channel_id": 1042,
        "channel_info": "nb-elec-use in EnergyCAP",
        "data_point": {
            "id": 7,
            "code": "NB-ELEC-01",
            "name": "North electricity",
            "import_id": "DP-7",
            "commodity": "ELECTRIC",
            "place_code": "NORTH",
            "place_name": "North Campus",
        },
        "source": {"file": "channels/north.yaml", "line": 7},
        "change": {
            "actions": ["update"],
            "before": {"channelInfo": "NB use"},
            "after": {"channelInfo": "North Building use"},
            "api": {"before": {"channelInfo": "NB use"}, "after": {"channelInfo": "North Building use"}},
        },
        "edits": [
            {
                "path": "channelInfo",
                "before": "NB use",
                "after": "North Building use",
                "impact": "cosmetic",
                "origin": None,
                "implied_by": None,
                "factor": None,
                "warnings": [],
            }
        ],
        "verdict": "allowed",
        "blocked_by": [],
        "depends_on": ["esa_channel.nb-elec-net"],
        "blocked_dependents": [],
        "feeds": [],
        "version": {"id": 71, "count": 2},
        "history": {
            "versions": [
                {"id": version.id, "begin_date": version.begin_date, "end_date": version.end_date}
                for version in READ.versions
            ],
            "has_readings": True,
            "first_reading": "2022-05-01T00:00:00",
            "last_reading": "2026-10-31T23:45:00",
        },
        "fingerprint": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    }


def test_a_change_names_the_blocked_ones_that_wait_for_it() -> None:
    changes = json.loads(render_plan_file(PLANS["in-vain"]))["resource_changes"]
    assert [change["blocked_dependents"] for change in changes] == [["esa_channel.nb-elec-losses"], [], []]


def test_a_no_op_has_its_values_and_no_edit() -> None:
    (change,) = json.loads(render_plan_file(make_plan(make_change("nb-elec-use"))))["resource_changes"]
    settings = {"channelInfo": "North Building use", "esaChannelVersion": {"multiplier": 0.001}}
    assert change["change"] == {"actions": ["no-op"], "before": settings, "after": settings}
    assert (change["edits"], change["history"]) == ([], None)


def test_a_begin_that_moves_between_two_versions_is_saved_with_the_time_that_changes_hands() -> None:
    moved = make_change(
        "use",
        Edit("esaChannelVersion.beginDate", "2024-01-01T00:00:00", "2024-02-01T00:00:00", Impact.HISTORY),
    )
    document = json.loads(render_plan_file(make_plan(moved)))

    (change,) = document["resource_changes"]
    assert change["change"]["moved"] == {
        "after": "2024-01-01T00:00:00",
        "up_to": "2024-02-01T00:00:00",
        "from_version": 71,
        "to_version": 70,
    }
    jsonschema.validate(document, SCHEMA)
    change["change"]["moved"]["up_to"] = "2024-01-02T00:00:00"
    document["digest"] = seal(document)
    with pytest.raises(PlanFileError, match=r"change\.moved must be what the rest of the plan gives"):
        read_plan(json.dumps(document))


def test_the_plan_as_a_whole_says_what_it_was_planned_against() -> None:
    document = json.loads(render_plan_file(PLANS["filtered"]))
    digest = document.pop("digest")
    assert len(digest) == len("sha256:") + 64
    assert {key: value for key, value in document.items() if key not in ("resource_changes", "findings")} == {
        "format_version": "1.0",
        "tool_version": "0.1.0",
        "environment": {"name": "production", "url": "https://app.energycap.com"},
        "created": "2026-11-21T12:00:00Z",
        "definitions": {
            "commit": "8d5957b",
            "folder": "",
            "uncommitted": False,
            "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
        "snapshot": None,
        "managed": 2,
        "filter": ["nb-elec-u*", "nb-elec-n*"],
        "complete": False,
        "errored": True,
        "summary": {"update": 1, "blocked": 0, "no_op": 1, "unmanaged": 4, "drift": 0, "create": 0},
        "no_longer_managed": [],
        "feeds": [],
        "formula_links": [],
    }


@every_plan
def test_the_document_and_the_file_are_the_same(plan: Plan) -> None:
    assert json.loads(render_plan_file(plan)) == json.loads(json.dumps(encode_plan(plan)))


@every_plan
def test_the_digest_is_that_of_the_canonical_json(plan: Plan) -> None:
    document = json.loads(render_plan_file(plan))
    sealed = {key: value for key, value in document.items() if key not in ("digest", "created")}
    canonical = json.dumps(sealed, sort_keys=True, separators=(",", ":"))
    assert document["digest"] == f"sha256:{sha256(canonical.encode()).hexdigest()}"


@every_plan
def test_the_file_is_as_its_schema_says(plan: Plan) -> None:
    assert list(jsonschema.Draft7Validator(SCHEMA).iter_errors(json.loads(render_plan_file(plan)))) == []


def test_the_schema_is_sound_and_explains_every_key() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert [path for path, part in _parts(SCHEMA, "#") if not (part.get("title") and part.get("description"))] == []


@every_plan
def test_the_schema_knows_every_key_that_is_written(plan: Plan) -> None:
    assert list(jsonschema.Draft7Validator(_closed(SCHEMA)).iter_errors(json.loads(render_plan_file(plan)))) == []


def test_the_schema_knows_a_version_beside_the_current_one() -> None:
    begin = "2026-11-02T08:00:00"
    own = {f"channelVersions[{begin}].multiplier": 10}
    settings = {"esaChannelVersion.multiplier": 10}
    version = VersionChange(VersionAction.CREATE, begin, None, None, settings, settings, settings, settings, settings)
    change = replace(make_change("nb-elec-use", RENAME), before=own, after=own, versions=(version,))
    document = json.loads(render_plan_file(make_plan(change)))

    (written,) = document["resource_changes"][0]["change"]["versions"]
    assert (written["action"], written["begin"], written["inherited"]) == ("create", begin, {"multiplier": 10})
    assert list(jsonschema.Draft7Validator(_closed(SCHEMA)).iter_errors(document)) == []


def _parts(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every schema within `schema` but for references, with its path."""
    if "$ref" in schema:
        return
    yield path, schema
    for word in ("properties", "patternProperties", "definitions"):
        for key, part in schema.get(word, {}).items():
            yield from _parts(part, f"{path}/{word}/{key}")
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from _parts(schema[word], f"{path}/{word}")


def _closed(schema: Any) -> Any:
    """`schema` with no other keys allowed than those it knows."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
