"""Saved plans read back, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.errors import PlanFileError
from reconciler.model.plan import VersionAction, VersionChange
from reconciler.model.registers import RegisterFall, SwapFacts
from reconciler.planfile.reading import read_plan
from reconciler.planfile.rows import VersionChangeRow, decode
from reconciler.planfile.writing import render_plan_file, seal
from tests.reports.plans import PLANS, RENAME, make_change, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.plan import Plan

MAKE_AGAIN = "make the plan again:  reconciler plan --out FILE"
TEXT = render_plan_file(PLANS["mixed"])


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_plan_reads_back_as_it_was(plan: Plan) -> None:
    assert read_plan(render_plan_file(plan)) == plan


@pytest.mark.parametrize("name", PLANS)
def test_a_golden_file_reads_as_its_plan(name: str) -> None:
    text = (Path(__file__).parent / "golden" / f"plan-{name}.json").read_text(encoding="utf-8")
    assert render_plan_file(read_plan(text)) == text


def test_a_plan_laid_out_again_is_still_the_same() -> None:
    assert read_plan(json.dumps(json.loads(TEXT), indent=4, sort_keys=True)) == PLANS["mixed"]


def test_the_time_of_planning_is_not_sealed() -> None:
    document = json.loads(TEXT) | {"created": "2026-11-22T00:00:00Z"}
    assert read_plan(json.dumps(document)).created == "2026-11-22T00:00:00Z"


FALL = {
    "address": "esa_channel.nb-elec-use",
    "last_time": "2026-11-02T08:00:00",
    "last_value": 48213,
    "first_time": "2026-11-02T08:15:00",
    "first_value": 12,
}


def test_a_guess_from_readings_is_kept_and_not_sealed() -> None:
    plan = read_plan(json.dumps(json.loads(TEXT) | {"register_falls": [FALL]}))

    falls = {change.name: change.register_fall for change in plan.changes if change.register_fall}
    assert falls == {"nb-elec-use": RegisterFall("2026-11-02T08:00:00", 48213, "2026-11-02T08:15:00", 12)}
    assert json.loads(render_plan_file(plan)) == json.loads(TEXT) | {"register_falls": [FALL]}


@pytest.mark.parametrize(
    ("fall", "complaint"),
    [
        (
            {"address": "esa_channel.x"},
            'register_falls[0].address must be that of a change of the plan, found "esa_cha',
        ),
        ({"last_time": "soon"}, 'register_falls[0].last_time must be a local date and time, found "soon"'),
        ({"first_time": "2026-11-02Z"}, 'register_falls[0].first_time must be a local date and time, found "2026-11-'),
        ({"last_value": "1"}, "register_falls[0].last_value must be a number, found"),
    ],
)
def test_an_impossible_guess_is_damage(fall: dict[str, object], complaint: str) -> None:
    document = json.loads(TEXT) | {"register_falls": [FALL | fall]}

    with pytest.raises(PlanFileError) as caught:
        read_plan(json.dumps(document))

    assert caught.value.message.startswith(f"the saved plan is damaged: {complaint}")


def test_the_facts_of_a_swap_are_kept() -> None:
    begin = "2026-11-02T08:00:00"
    swapped = VersionChange(
        VersionAction.UPDATE, "", 70, begin, {}, {}, {}, {}, {}, because="swapped", swap=SwapFacts(48213, None)
    )
    document = json.loads(render_plan_file(make_plan(replace(make_change("use", RENAME), versions=(swapped,)))))

    (version,) = document["resource_changes"][0]["change"]["versions"]
    assert version["swap"] == {"final": 48213, "initial": None}
    assert decode(version, VersionChangeRow).swap == SwapFacts(48213, None)
    assert decode({key: value for key, value in version.items() if key != "swap"}, VersionChangeRow).swap is None


def test_keys_that_a_later_version_added_are_left_alone() -> None:
    document = json.loads(TEXT) | {"format_version": "1.7", "added": [1]}
    document["resource_changes"][0]["added"] = {}
    assert read_plan(_sealed(document)) == PLANS["mixed"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is not a saved plan, or was cut short: no JSON at line 1, column 1"),
        (
            TEXT[:-200],
            "the file is not a saved plan, or was cut short: no JSON at line",
        ),
        ("[]", "the file is JSON, but not a plan that reconciler saved"),
        ('{"format_version": "1.2", "resource_changes": []}', "the file is JSON, but not a plan that reconciler saved"),
        ("9" * 5000, "the file is not a saved plan: it holds NaN, Infinity or a number too large to store"),
        ("1e999", "the file is not a saved plan: it holds NaN, Infinity or a number too large to store"),
        ("[NaN]", "the file is not a saved plan: it holds NaN, Infinity or a number too large to store"),
        ("[" * 100_000, "the file is not a saved plan: its JSON is nested too deeply"),
        (
            TEXT.replace('"url":', '"new":' + "[" * 500 + "]" * 500 + ',"url":'),
            "the file is not a saved plan: its JSON is nested",
        ),
        (
            TEXT.replace('"multiplier":0.001', '"multiplier":0.01'),
            "the plan was changed after it was made: its digest does not fit its content",
        ),
    ],
    ids=["empty", "cut", "a list", "terraform", "huge", "infinite", "no number", "deep", "deep within", "edited"],
)
def test_what_is_no_plan_or_was_changed_is_refused_with_a_way_out(text: str, message: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(text)
    assert caught.value.message.startswith(message)
    assert caught.value.fix == MAKE_AGAIN


def test_a_plan_of_another_major_version_is_refused() -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(_sealed(json.loads(TEXT) | {"format_version": "2.0"}))
    assert (caught.value.message, caught.value.fix) == (
        "the plan's format_version is '2.0'; this reconciler reads 1.x",
        "make the plan again, or use the version of reconciler that made it (tool_version)",
    )


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return edit


def _drop(*path: str | int) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]

    return edit


CHANGE = ("resource_changes", 0)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (_set("format_version", to=1), "format_version must be text, found a number"),
        (_drop("environment", "url"), "environment.url is missing"),
        (_set("environment", to=[]), "environment must be an object, found a list"),
        (_set("filter", to=[1]), "filter[0] must be text, found a number"),
        (_set("resource_changes", to={}), "resource_changes must be a list, found an object"),
        (_set("resource_changes", to=[1]), "resource_changes[0] must be an object, found a number"),
        (
            _set(*CHANGE, "channel_id", to=True),
            "resource_changes[0].channel_id must be a whole number or null, found true",
        ),
        (
            _set(*CHANGE, "channel_id", to="x" * 99),
            "resource_changes[0].channel_id must be a whole number or null, found another text",
        ),
        (
            _set(*CHANGE, "data_point", "code", to=1),
            "resource_changes[0].data_point.code must be text or null, found a number",
        ),
        (
            _set(*CHANGE, "verdict", to="fine"),
            'resource_changes[0].verdict must be a word that this reconciler knows, found "fine"',
        ),
        (
            _set(*CHANGE, "change", "actions", to=["delete"]),
            'resource_changes[0].change.actions[0] must be a word that this reconciler knows, found "delete"',
        ),
        (
            _set(*CHANGE, "change", "actions", to=[]),
            "resource_changes[0].change.actions must be a list with one value, found a list",
        ),
        (
            _set(*CHANGE, "change", "after", "channelInfo", to=[]),
            "resource_changes[0].change.after.channelInfo must be text, a number, true, false or null, found a list",
        ),
        (
            _set(*CHANGE, "change", "api", "after", "colour", to=1),
            'resource_changes[0].change.api.after must be made of fields that this reconciler knows, found "colour"',
        ),
        (
            _set(*CHANGE, "depends_on", to=["nb-elec-net"]),
            'resource_changes[0].depends_on[0] must be text that starts with esa_channel., found "nb-elec-net"',
        ),
        (
            _set(*CHANGE, "edits", 0, "origin", to="magic"),
            'resource_changes[0].edits[0].origin must be a word that this reconciler knows, found "magic"',
        ),
        (
            _set(*CHANGE, "history", "has_readings", to="no"),
            'resource_changes[0].history.has_readings must be true or false or null, found "no"',
        ),
        (_set("feeds", 0, "before", to=1.5), "feeds[0].before must be a whole number or null, found a number"),
        (_set("formula_links", 0, "after", to=None), "formula_links[0].after must be true or false, found null"),
        (_set("summary", "update", to=0), "summary must be what the changes and findings add up to, found an object"),
        (_set("complete", to=False), "complete must be what the changes and findings add up to, found false"),
    ],
    ids=lambda value: value.partition(" must")[0] if isinstance(value, str) else "",
)
def test_a_damaged_plan_is_refused_with_the_place_of_the_damage(edit: Callable[[Any], None], complaint: str) -> None:
    document = json.loads(TEXT)
    edit(document)
    with pytest.raises(PlanFileError) as caught:
        read_plan(_sealed(document))
    assert (caught.value.message, caught.value.fix) == (f"the saved plan is damaged: {complaint}", MAKE_AGAIN)


def _sealed(document: dict[str, object]) -> str:
    return json.dumps({**document, "digest": seal(document)})


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ({"channels": ["nb-elec-use"], "feeds": []}, 'left_out names "nb-elec-use", and so does resource_changes'),
        ({"channels": [], "feeds": ["logger"]}, "left_out has feeds, but no channel that they expect"),
    ],
    ids=["a channel that is planned", "feeds alone"],
)
def test_what_is_left_out_must_fit_the_changes(left_out: dict[str, list[str]], complaint: str) -> None:
    document = json.loads(TEXT) | {"left_out": left_out}

    with pytest.raises(PlanFileError, match=re.escape(f"the saved plan contradicts itself: {complaint}")):
        read_plan(_sealed(document))
