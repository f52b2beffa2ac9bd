"""`apply --undo` and `apply --resume`: what they send, what they ask, and which journals they take."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from reconciler.energycap.client import open_editor
from reconciler.model.project import ChannelEdit
from reconciler.planfile.writing import seal
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.workspace import Workspace

RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}, "two": {"channelId": 2, "channelInfo": "Renamed too"}}
ASKED = "cannot ask for confirmation: stdin is not a terminal"


@pytest.fixture
def applied(workspace: Workspace) -> Path:
    """The journal of an apply that renamed two channels at `workspace`."""
    workspace.load(make_world(make_channel(1), make_channel(2, data_point=2)))
    workspace.define(RENAMED)
    assert workspace.run("apply", "--auto-approve").code == 0
    (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
    return journal


@pytest.fixture
def killed(workspace: Workspace, applied: Path) -> Path:
    """The same, killed before the second write: it has yet to be sent."""
    lines = [json.loads(line) for line in applied.read_text(encoding="utf-8").splitlines()]
    first = next(line for line in lines if line["kind"] == "intent" and line["name"] == "one")
    kept = [line for line in lines if line["kind"] in ("plan", "began") or line.get("number") == first["number"]]
    applied.write_text("".join(f"{json.dumps(line)}\n" for line in kept), encoding="utf-8")
    meddle(workspace, 2, channelInfo="Channel 2")
    return applied


def meddle(workspace: Workspace, channel_id: int, **values: Any) -> None:
    with sandbox.running(workspace.database) as service, open_editor(service.url, "sandbox") as editor:
        editor.edit_channel(editor.read_channel(channel_id), values, ChannelEdit.OMIT_VERSION)


def names(workspace: Workspace) -> list[str]:
    return [workspace.live(channel_id)["channelInfo"] for channel_id in (1, 2)]


def track(workspace: Workspace, path: Path) -> None:
    (workspace.root / ".git").rmdir()
    for words in (("init", "--quiet"), ("add", "--force", str(path))):
        subprocess.run(("git", "-C", str(workspace.root), *words), check=True)


def test_an_undo_puts_back_and_an_undo_of_it_puts_that_back(workspace: Workspace, applied: Path) -> None:
    assert workspace.run("apply", "--auto-approve", "--undo", str(applied)).code == 0
    assert names(workspace) == ["Channel 1", "Channel 2"]

    (undone,) = set(applied.parent.iterdir()) - {applied}
    assert workspace.run("apply", "--auto-approve", "--undo", str(undone)).code == 0
    assert names(workspace) == ["Renamed", "Renamed too"]


def test_an_undo_done_twice_writes_nothing_more(workspace: Workspace, applied: Path) -> None:
    workspace.run("apply", "--auto-approve", "--undo", str(applied))
    written = len(workspace.writes)

    answer = workspace.run("apply", "--auto-approve", "--undo", str(applied))

    assert (answer.code, len(workspace.writes)) == (0, written)


def test_an_undo_overwrites_nothing_that_somebody_changed_since(workspace: Workspace, applied: Path) -> None:
    meddle(workspace, 1, channelInfo="Third")

    answer = workspace.run("apply", "--auto-approve", "--undo", str(applied))

    assert (answer.code, answer.out.splitlines()[-1]) == (5, "Apply: 1 done, 1 stale, 0 failed, 0 not tried.")
    assert names(workspace) == ["Third", "Channel 2"]


@pytest.mark.parametrize("how", ["--undo", "--resume"])
def test_without_a_terminal_nothing_is_undone_or_resumed_unasked(workspace: Workspace, killed: Path, how: str) -> None:
    written = workspace.writes

    answer = workspace.run("apply", how, str(killed))

    assert (answer.code, answer.err.splitlines()[0]) == (64, f"reconciler: {ASKED}")
    assert workspace.writes == written


@pytest.mark.parametrize("how", ["--undo", "--resume"])
def test_a_journal_that_is_not_there_is_said_before_approval(workspace: Workspace, applied: Path, how: str) -> None:
    gone = applied.with_name("gone.jsonl")

    answer = workspace.run("apply", how, str(gone))

    assert (answer.code, answer.err.splitlines()[0]) == (
        1,
        f"reconciler: cannot read {gone}: No such file or directory",
    )


@pytest.mark.parametrize("how", ["--undo", "--resume"])
def test_a_no_at_the_terminal_writes_nothing(
    workspace: Workspace, killed: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = workspace.writes
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: "n")

    answer = workspace.run("apply", how, str(killed))

    assert (answer.code, answer.err.splitlines()[-1]) == (1, "not applied; nothing was written")
    assert "~ update" in answer.out
    assert workspace.writes == written


@pytest.mark.parametrize(
    ("arguments", "name"),
    [(["plan.json"], "FILE"), (["--resume"], "--resume"), (["--only", "o*"], "--only"), (["--base", "HEAD"], "--base")],
)
def test_an_undo_goes_with_nothing_that_picks_something_else(
    workspace: Workspace, applied: Path, arguments: list[str], name: str
) -> None:
    answer = workspace.run("apply", "--auto-approve", "--undo", str(applied), *arguments)

    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        f"reconciler: --undo cannot be combined with {name}",
    )
    assert names(workspace) == ["Renamed", "Renamed too"]


def test_a_saved_inverse_plan_can_be_shown_and_not_applied(workspace: Workspace, applied: Path) -> None:
    assert workspace.run("show", str(applied), "--inverse", "undo.json").code == 0
    assert workspace.run("show", "undo.json").code == 0

    answer = workspace.run("apply", "undo.json")

    assert (answer.code, answer.err.splitlines()[-1]) == (
        1,
        "  fix: give the journal it was made from:  reconciler apply --undo JOURNAL",
    )
    assert names(workspace) == ["Renamed", "Renamed too"]


@pytest.mark.parametrize("how", ["--undo", "--resume"])
@pytest.mark.parametrize("links", [0, 1, 3], ids=["itself", "by a link", "by a link between links"])
def test_a_journal_that_git_tracks_is_refused(workspace: Workspace, killed: Path, how: str, links: int) -> None:
    written = workspace.writes
    given, chain = killed, [killed]
    for number in range(links):
        given = workspace.root / f"link-{number}.jsonl"
        given.symlink_to(chain[-1])
        chain.append(given)
    track(workspace, chain[len(chain) // 2])

    answer = workspace.run("apply", "--auto-approve", how, str(given))

    assert (answer.code, workspace.writes) == (1, written)
    assert answer.err.startswith(f"reconciler: git tracks the journal {given}: anyone who can push may have written it")


def test_the_last_journal_is_refused_too_when_git_tracks_it(workspace: Workspace, killed: Path) -> None:
    track(workspace, killed)

    answer = workspace.run("apply", "--auto-approve", "--resume")

    assert (answer.code, names(workspace)) == (1, ["Renamed", "Channel 2"])


@pytest.mark.parametrize("how", ["--undo", "--resume"])
def test_a_journal_that_git_tracks_is_refused_though_git_is_told_not_to_look_above(
    workspace: Workspace, killed: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    track(workspace, killed)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.root))

    answer = workspace.run("apply", "--auto-approve", how, str(killed))

    assert (answer.code, names(workspace)) == (1, ["Renamed", "Channel 2"])
    assert answer.err.startswith(f"reconciler: git tracks the journal {killed}: ")


@pytest.mark.parametrize("how", ["--undo", "--resume"])
def test_a_journal_is_refused_where_git_does_not_know_its_own_repository(
    workspace: Workspace, killed: Path, how: str
) -> None:
    track(workspace, killed)
    (workspace.root / ".git" / "HEAD").write_text("garbage\n", encoding="utf-8")

    answer = workspace.run("apply", "--auto-approve", how, str(killed))

    assert (answer.code, names(workspace)) == (1, ["Renamed", "Channel 2"])
    assert answer.err.startswith(f"reconciler: git cannot tell whether it tracks {killed}: not a git repository")


def test_what_is_left_is_resumed_while_the_files_ask_for_it(workspace: Workspace, killed: Path) -> None:
    answer = workspace.run("apply", "--auto-approve", "--resume", str(killed))

    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 2 done, 0 stale, 0 failed, 0 not tried.")
    assert "~ update  two" in answer.out
    assert "~ update  one" not in answer.out
    assert names(workspace) == ["Renamed", "Renamed too"]


def test_what_the_files_say_otherwise_by_now_is_stale_and_not_resumed(workspace: Workspace, killed: Path) -> None:
    workspace.define({**RENAMED, "two": {"channelId": 2, "channelInfo": "Third"}})

    answer = workspace.run("apply", "--auto-approve", "--resume", str(killed))

    assert (answer.code, answer.out.splitlines()[-1]) == (5, "Apply: 1 done, 1 stale, 0 failed, 0 not tried.")
    assert names(workspace) == ["Renamed", "Channel 2"]


def test_nothing_is_resumed_while_the_files_have_errors(workspace: Workspace, killed: Path) -> None:
    workspace.write("channels/broken.yaml", "channels: [")

    answer = workspace.run("apply", "--auto-approve", "--resume", str(killed))

    assert (answer.code, names(workspace)) == (1, ["Renamed", "Channel 2"])


def test_an_undo_is_not_resumed_but_done_again(workspace: Workspace, applied: Path) -> None:
    workspace.run("apply", "--auto-approve", "--undo", str(applied))
    (undone,) = set(applied.parent.iterdir()) - {applied}

    answer = workspace.run("apply", "--auto-approve", "--resume", str(undone))

    assert (answer.code, answer.err.splitlines()[-1]) == (
        64,
        "  fix: undo again, with the journal of the apply:  reconciler apply --undo JOURNAL",
    )


def change_the_before_image(lines: list[Any]) -> None:
    lines[2]["before"]["channel"]["channelInfo"] = "Forged"


def change_the_channel(lines: list[Any]) -> None:
    lines[2]["before"]["id"] = 2


def write_another_value(lines: list[Any]) -> None:
    lines[2]["wanted"]["channelDescription"] = "Forged"


def name_another_change(lines: list[Any]) -> None:
    lines[2]["name"] = "nobody"


def answer_nobody(lines: list[Any]) -> None:
    lines[3]["number"] = 99


def find_another_channel(lines: list[Any]) -> None:
    lines[3]["found"]["id"] = 2


def write_it_twice(lines: list[Any]) -> None:
    lines.append({**lines[3], "ending": "failed"})


def end(lines: list[Any], *outcomes: dict[str, Any]) -> None:
    rest = {"ending": "done", "message": "", "fix": "", "requests": 1, "already": False}
    lines.append({"kind": "ended", "at": "", "interrupted": False, "outcomes": [rest | one for one in outcomes]})


def say_that_more_was_written(lines: list[Any]) -> None:
    end(lines, {"name": "one", "channel_id": 1}, {"name": "two", "channel_id": 2})


def tell_of_one_change_twice(lines: list[Any]) -> None:
    end(lines, {"name": "one", "channel_id": 1}, {"name": "one", "channel_id": 1, "ending": "failed"})


def change_the_plan(lines: list[Any]) -> None:
    plan = lines[0]["plan"]
    plan["resource_changes"][0]["change"]["api"]["before"]["channelInfo"] = "Forged"
    plan["digest"] = seal(plan)


@pytest.mark.parametrize(
    "forge",
    [
        change_the_before_image,
        change_the_channel,
        write_another_value,
        name_another_change,
        answer_nobody,
        find_another_channel,
        write_it_twice,
        say_that_more_was_written,
        tell_of_one_change_twice,
        change_the_plan,
    ],
)
def test_a_journal_whose_parts_disagree_is_refused_everywhere(
    workspace: Workspace, killed: Path, forge: Callable[[list[Any]], None]
) -> None:
    written = workspace.writes
    lines = [json.loads(line) for line in killed.read_text(encoding="utf-8").splitlines()]
    forge(lines)
    killed.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")

    answers = [
        workspace.run("show", str(killed)),
        workspace.run("apply", "--auto-approve", "--undo", str(killed)),
        workspace.run("apply", "--auto-approve", "--resume", str(killed)),
    ]

    assert [(answer.code, answer.out) for answer in answers] == [(1, "")] * 3
    assert all("contradicts itself" in answer.err for answer in answers)
    assert workspace.writes == written


@pytest.mark.parametrize(
    "forged", ["NaN", "Infinity", "-1e999", "9" * 400, '1, "isCalculated": false, "isCalculated": 1']
)
def test_a_journal_with_a_number_or_a_key_that_readers_could_take_otherwise_is_refused(
    workspace: Workspace, applied: Path, forged: str
) -> None:
    written = workspace.writes
    text = applied.read_text(encoding="utf-8")
    assert '"isCalculated":false' in text
    applied.write_text(text.replace('"isCalculated":false', f'"isCalculated":{forged}'), encoding="utf-8")

    answers = [
        workspace.run("show", str(applied)),
        workspace.run("apply", "--auto-approve", "--undo", str(applied)),
        workspace.run("apply", "--auto-approve", "--resume", str(applied)),
    ]

    assert [(answer.code, answer.out) for answer in answers] == [(1, "")] * 3
    assert workspace.writes == written


def test_an_undo_leaves_alone_what_the_journal_only_says_it_found(workspace: Workspace, applied: Path) -> None:
    lines = [json.loads(line) for line in applied.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["kind"] == "intent":
            line["before"]["channel"]["channelDescription"] = "Forged"
    applied.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")

    assert workspace.run("apply", "--auto-approve", "--undo", str(applied)).code == 0

    assert workspace.live(1)["channelDescription"] != "Forged"
    assert names(workspace) == ["Channel 1", "Channel 2"]


def test_a_journal_says_why_each_new_version_begins_in_every_format(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    reason = "meter swapped, work order 4711"
    versions = [{"beginDate": None}, {"beginDate": "2026-11-02T08:00:00", "multiplier": 10, "because": reason}]
    workspace.define({"use": {"channelId": 1, "channelVersions": versions}})

    applied = workspace.run("apply", "--auto-approve", "--format", "markdown=applied.md")

    (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
    shown = workspace.run("show", str(journal), *(f"--format={name}={name}" for name in ("markdown", "html", "json")))
    line = f"+ new version  use  from 2026-11-02 08:00\n    {reason}\n"
    assert (line in applied.out, line in shown.out) == (True, True)
    assert f"- `use`, from 2026-11-02 08:00: {reason}\n" in (workspace.root / "applied.md").read_text(encoding="utf-8")
    undo = json.loads((workspace.root / "json").read_text(encoding="utf-8"))
    assert [finding["message"] for finding in undo["findings"]] == [
        (
            f'the version of use from 2026-11-02T08:00:00 ("{reason}") stays: it gets the settings before it; stored '
            "values change only if readings have come in its time since it was planned"
        )
    ]
    for name in ("markdown", "html"):
        assert reason in (workspace.root / name).read_text(encoding="utf-8")
