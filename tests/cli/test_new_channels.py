"""`create: true` from the file to the service and back: plan, apply, resume, undo and guards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from reconciler.sandbox.demo_world import make_demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.workspace import Answer, Workspace

CREATE, VERSION = "/api/v202406/esachannel", "/api/v202406/esachannel/1102/version"
LEVEL: dict[str, Any] = {
    "create": True,
    "channelImportId": "NB-WATER-01-LEVEL",
    "channelInfo": "Cistern level",
    "observationTypeCode": "WATUSE",
    "intervalMinutes": 60,
    "summarizationMethod": "Sum",
    "esaChannelVersion": {"unitCode": "GAL", "observationRule": "Odometer", "multiplier": 2},
}
NET: dict[str, Any] = {
    **LEVEL,
    "channelImportId": "NB-WATER-01-NET",
    "channelInfo": "Water without the cistern",
    "isCalculated": True,
    "intervalMinutes": None,
    "esaChannelVersion": {
        "unitCode": "GAL",
        "observationRule": "Trip",
        "multiplier": 1,
        "formula": "channel(1048) - channel(level)",
    },
}
SWAPPED = {
    **{key: value for key, value in LEVEL.items() if key != "esaChannelVersion"},
    "channelVersions": [
        {"beginDate": None, "unitCode": "GAL", "observationRule": "Odometer", "multiplier": 2},
        {"beginDate": "2027-01-01T08:00:00", "multiplier": 7},
    ],
}
BOTH = {"level": LEVEL, "net": NET}


@pytest.fixture
def campus(workspace: Workspace) -> Workspace:
    """A workspace on the demo world."""
    workspace.load(make_demo_world())
    return workspace


def define(campus: Workspace, channels: dict[str, Any]) -> None:
    campus.define(channels, dataPoint="NB-WATER-01")


def find_journal(campus: Workspace) -> Path:
    (journal,) = (campus.root / ".reconciler" / "journal").iterdir()
    return journal


def posts(campus: Workspace) -> list[str]:
    return [path for method, path in campus.writes if method == "POST"]


def cut(journal: Path, kinds: int) -> None:
    """Leave the plan and the first lines after it, as if the process had been killed then."""
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: kinds + 1]))


def is_clean(campus: Workspace) -> bool:
    return campus.run("plan", "--detailed-exitcode").code == 0


def test_new_channels_are_planned_reviewed_applied_and_then_need_nothing(campus: Workspace) -> None:
    define(campus, BOTH)
    planned = campus.run("plan", "--out", "plan.json")

    applied = campus.run("apply", "plan.json")

    assert planned.code == 0
    assert (applied.code, applied.out) == (
        0,
        """\
2 of 2 changes done in sandbox, 2 channels created.

+ created  level  1102
+ created  net  1103

Apply: 2 done, 0 stale, 0 failed, 0 not tried.
""",
    )
    assert posts(campus) == [CREATE, CREATE]
    assert campus.live(1103)["channelVersions"][0]["formula"] == "channel(1048) - channel(1102)"
    assert is_clean(campus)


def test_events_and_markdown_name_the_new_ids(campus: Workspace) -> None:
    define(campus, {"level": LEVEL})

    answer = campus.run("apply", "--auto-approve", "--format", "json", "--format", "markdown=result.md")

    events = [json.loads(line) for line in answer.out.splitlines()]
    started = next(event for event in events if event["type"] == "apply_start")
    finished = next(event for event in events if event["type"] == "apply_complete")
    assert started["channel_id"] is None
    assert finished == {
        "type": "apply_complete",
        "@level": "info",
        "@message": "level: created channel 1102",
        "address": "esa_channel.level",
        "name": "level",
        "channel_id": 1102,
        "ending": "done",
        "requests": 1,
        "created": True,
        "already": False,
        "remark": None,
        "unread": False,
    }
    text = (campus.root / "result.md").read_text(encoding="utf-8")
    assert "- `level`: channel 1102\n" in text


def test_a_saved_plan_whose_channel_was_created_meanwhile_is_already_done(campus: Workspace) -> None:
    define(campus, BOTH)
    campus.run("plan", "--out", "plan.json")
    campus.run("apply", "--auto-approve", "--only", "level")

    answer = campus.run("apply", "plan.json")

    assert (answer.code, answer.out.splitlines()[0]) == (
        0,
        "2 of 2 changes done in sandbox, 1 of them already applied, 1 channel created.",
    )
    assert posts(campus) == [CREATE, CREATE]
    assert is_clean(campus)


@pytest.mark.parametrize("lines", range(1, 6))
@pytest.mark.parametrize("channels", [BOTH, {"level": SWAPPED}], ids=["two channels", "two versions"])
def test_an_apply_that_was_killed_is_resumed_and_sends_only_the_rest(
    campus: Workspace, channels: dict[str, Any], lines: int
) -> None:
    define(campus, channels)
    campus.run("apply", "--auto-approve", "--parallelism", "1")
    sent = posts(campus)
    # As if it had been killed there: the journal ends, and what was sent later never came.
    answered = (lines >= 3) + (lines >= 5)
    cut(find_journal(campus), lines)
    rewind(campus, answered)

    shown = campus.run("show", str(find_journal(campus)))
    answer = campus.run("apply", "--resume", "--auto-approve", "--parallelism", "1")

    assert (answer.code, answer.out.splitlines()[-1].partition(",")[2]) == (0, " 0 stale, 0 failed, 0 not tried.")
    # What the killed run created is named as created by what goes on, too.
    assert answer.out.count("+ created  ") == len(channels)
    assert shown.out.count("+ created  ") == min(answered, len(channels))
    assert "in part" not in shown.out or answered < len(sent)
    assert posts(campus) == sent[answered:]
    assert is_clean(campus)


def rewind(campus: Workspace, count: int) -> None:
    """Put the sandbox back to how it was after the first so many of two requests."""
    with sandbox.running(campus.database) as service:
        world = service.export()
    kept = [channel for channel in world["channels"] if channel["channelId"] < 1102 + count]
    for created in [channel for channel in kept if channel["channelId"] == 1102]:
        versions = created["channelVersions"][:count]
        created["channelVersions"] = [*versions[:-1], {**versions[-1], "endDate": None}]
    campus.load({**world, "channels": kept})


def test_a_filtered_apply_goes_on_once_the_channel_that_it_waited_for_is_there(campus: Workspace) -> None:
    define(campus, BOTH)
    campus.run("plan", "--only", "net", "--out", "plan.json")
    saved = json.loads((campus.root / "plan.json").read_text())["filter"]
    campus.run("apply", "--auto-approve", "--only", "level")

    answer = campus.run("apply", "plan.json")

    assert (saved, answer.code, posts(campus)) == (["net"], 0, [CREATE, CREATE])
    assert is_clean(campus)


def test_the_resume_of_a_filtered_apply_shows_the_filter_as_it_was_written(campus: Workspace) -> None:
    define(campus, BOTH)
    campus.run("apply", "--auto-approve", "--only", "net", "--parallelism", "1")
    # As if it had been killed between the two creations.
    cut(find_journal(campus), 3)
    rewind(campus, 1)

    answer = campus.run("apply", "--resume", "--auto-approve")

    assert (answer.code, posts(campus)) == (0, [CREATE])
    assert "only channels that match net, with what they depend on;" in " ".join(answer.out.split())
    assert is_clean(campus)


def test_a_resume_does_not_go_on_with_another_channel_that_got_the_import_id(campus: Workspace) -> None:
    define(campus, {"level": SWAPPED})
    campus.run("apply", "--auto-approve")
    cut(find_journal(campus), 3)
    with sandbox.running(campus.database) as service:
        world = service.export()
    created = next(channel for channel in world["channels"] if channel["channelId"] == 1102)
    theirs = {**created, "channelId": 1103, "channelVersions": [{**created["channelVersions"][0], "endDate": None}]}
    theirs["channelVersions"][0]["channelVersionId"] = 999_999
    created["channelImportId"] = "OTHER"
    campus.load({**world, "channels": [*world["channels"], theirs]})

    answer = campus.run("apply", "--resume", "--auto-approve")

    said = " ".join(answer.out.split())
    assert answer.code == 5
    assert "channel 1102, which this plan created, no longer has its import id: channel 1103 has it now" in said
    assert "decide in EnergyCAP which of the two is meant, and delete the other" in said
    assert "delete it there if it is not wanted" not in said
    assert campus.writes == []
    assert campus.run("show", str(find_journal(campus))).code == 0


def test_what_somebody_else_created_with_other_values_makes_the_plan_stale(campus: Workspace) -> None:
    define(campus, {"level": {**LEVEL, "channelInfo": "Theirs"}})
    campus.run("apply", "--auto-approve")
    with sandbox.running(campus.database) as service:
        theirs = service.export()
    campus.load(make_demo_world())
    define(campus, {"level": LEVEL})
    campus.run("plan", "--out", "plan.json")
    campus.load(theirs)

    answer = campus.run("apply", "plan.json")

    assert answer.code == 5
    assert "is now channel 1102, which was created since and has other values" in answer.out
    assert posts(campus) == []


def test_an_undo_says_what_it_leaves_and_reverts_the_rest(campus: Workspace) -> None:
    define(
        campus,
        {
            "level": {**LEVEL, "isPrimaryValue": True},
            "use": {"select": {"channelId": 1048}, "channelInfo": "Water", "isPrimaryValue": False},
        },
    )
    assert campus.run("apply", "--auto-approve").code == 0
    journal = find_journal(campus)

    shown = campus.run("show", str(journal))
    undone = campus.run("apply", "--undo", str(journal), "--auto-approve")

    assert "+ created  level  1102\n" in shown.out
    for answer in (shown, undone):
        assert (
            "ESA715  warning: channel 1102 was created; it cannot be deleted by this tool\n"
            "  fix: delete it in EnergyCAP by hand if it is not wanted"
        ) in answer.out
    assert undone.code == 0
    assert (campus.live(1048)["channelInfo"], campus.live(1048)["isPrimaryValue"]) == ("North Building water use", True)
    assert (campus.live(1102)["channelInfo"], campus.live(1102)["isPrimaryValue"]) == ("Cistern level", False)


def test_an_undo_of_new_channels_alone_sends_nothing(campus: Workspace) -> None:
    define(campus, BOTH)
    campus.run("apply", "--auto-approve")

    answer = campus.run("apply", "--undo", str(find_journal(campus)), "--auto-approve")

    assert answer.code == 0
    assert answer.out.count("ESA715") == 2
    assert " ".join(answer.out.split()).startswith(
        "2 channels that were created stay: delete them in EnergyCAP by hand if you do not want them. The journal has "
        "no value to put back in sandbox. 2 warnings."
    )
    assert posts(campus) == [CREATE, CREATE]


@pytest.mark.parametrize(
    ("guard", "stop"),
    [
        ("maxCreates: 1", "ESA535  the plan creates 2 channels, guards.maxCreates is 1"),
        ("maxCreates: 2", None),
        ("blocked: skip", None),
    ],
)
def test_a_guard_limits_how_many_channels_are_created(campus: Workspace, guard: str, stop: str | None) -> None:
    define(campus, BOTH)
    project = campus.root / "reconciler.yaml"
    campus.write("reconciler.yaml", f"{project.read_text(encoding='utf-8')}guards:\n  {guard}\n")

    planned, applied = campus.run("plan"), campus.run("apply", "--auto-approve")

    assert planned.code == 0
    assert applied.code == (0 if stop is None else 4)
    assert ("apply will stop" in planned.out) is (stop is not None)
    assert stop is None or stop in applied.out
    assert len(posts(campus)) == (2 if stop is None else 0)


def test_the_question_says_how_many_channels_are_created(campus: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    define(campus, {"level": LEVEL, "use": {"select": {"channelId": 1048}, "channelInfo": "Water"}})
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[str] = []

    def say_no(prompt: str) -> str:
        asked.append(prompt)
        return "n"

    monkeypatch.setattr("click.termui.visible_prompt_func", say_no)
    answer: Answer = campus.run("apply")

    assert answer.code == 1
    assert "Create 1 channel and change 1 channel in sandbox (sandbox)?" in "".join(asked) + answer.err
    assert campus.writes == []


@pytest.mark.parametrize(
    ("lines", "found"),
    [(2, "sent its creation, and had no answer"), (3, "created it as channel 1102")],
    ids=["without an answer", "with one"],
)
def test_a_resumed_apply_says_what_became_of_a_channel_that_the_files_want_no_more(
    campus: Workspace, lines: int, found: str
) -> None:
    define(campus, {"level": LEVEL})
    campus.run("apply", "--auto-approve")
    cut(find_journal(campus), lines)
    define(campus, {"level": {**LEVEL, "channelImportId": "ANOTHER"}})

    answer = campus.run("apply", "--resume", "--auto-approve")

    said = " ".join(answer.out.split())
    assert answer.code == 5
    assert f"but an earlier run {found}" in said
    assert f"look in EnergyCAP for a channel with import id {json.dumps(LEVEL['channelImportId'])}" in said
    assert posts(campus) == [CREATE]
