"""What goes wrong ends in one clear message and the documented exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

SOUND = {"one": {"channelId": 1, "channelInfo": "Renamed"}}
EMPTY = Reply(body=[])


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message", "fix"),
    [
        (["plam"], 64, "No such command 'plam'. Did you mean 'plan'?", "reconciler --help"),
        (
            ["plan", "--enviroment", "x"],
            64,
            "No such option '--enviroment'. Did you mean '--environment'?",
            "reconciler plan --help",
        ),
        (["apply", "--yes"], 64, "No such option '--yes'. Did you mean '--auto-approve'?", "reconciler apply --help"),
        (["plan", "--env", "x"], 64, "No such option '--env'. Did you mean '--environment'?", "reconciler plan --help"),
        (["validate", "--only", "x"], 64, "No such option '--only'.", "reconciler validate --help"),
        (["plan", "--out"], 64, "Option '--out' requires an argument.", "reconciler --help"),
        (
            ["apply", "a.jsonl"],
            64,
            "a.jsonl looks like the journal of an apply (.jsonl), not a plan",
            "continue that apply with  reconciler apply --resume a.jsonl  or reverse it with  --undo a.jsonl",
        ),
        (
            ["plan", "--environment", "SANDBOX"],
            64,
            "no environment 'SANDBOX' in reconciler.yaml",
            "did you mean sandbox? write --environment with one of: sandbox",
        ),
        (
            ["plan", "--environment", "sandbx"],
            64,
            "no environment 'sandbx' in reconciler.yaml",
            "did you mean sandbox? write --environment with one of: sandbox",
        ),
        (
            ["show", "p", "--format", "yaml"],
            64,
            "unknown format 'yaml'",
            "write one of text, markdown, html, json, gitlab-terraform",
        ),
        (
            ["show", "p", "--format", "json="],
            64,
            "--format json= names no file",
            "write --format json, or --format json=FILE",
        ),
        (
            ["show", "p", "--format", "json", "--format", "text"],
            64,
            "two --format outputs go to stdout",
            "give each its own: --format FORMAT=FILE",
        ),
        (["validate", "channels/nope.yaml"], 64, "no such file or folder: channels/nope.yaml", ""),
        (
            ["show", "nope.json"],
            1,
            "cannot read nope.json: No such file or directory",
            "the path, or a part of it, does not exist: check its spelling, and the folder you are in",
        ),
        (
            ["show", "reconciler.yaml"],
            1,
            "the file is not a saved plan, or was cut short: no JSON at line 1, column 1",
            "make the plan again:  reconciler plan --out FILE",
        ),
        (["apply"], 64, "cannot ask for approval: there is no terminal", "apply a saved plan, or add --auto-approve"),
        (
            ["explain", "bogus"],
            64,
            "no rule 'bogus'",
            "reconciler explain  lists all of them",
        ),
        (
            ["plan", "--out", "-"],
            64,
            "no file is called -",
            "give a file; for stdout there is --format, as in  --format json",
        ),
        (
            ["snapshot", "--out=-"],
            64,
            "no file is called -",
            "give a file; for stdout there is --format, as in  --format json",
        ),
        (
            ["plan", "--format", "json=-"],
            64,
            "--format json=- names no file",
            "write --format json, or --format json=FILE",
        ),
        (
            ["plan", "--out", "no/such/folder/plan.json"],
            1,
            "cannot write no/such/folder/plan.json: No such file or directory",
            "the path, or a part of it, does not exist: check its spelling, and the folder you are in",
        ),
        (
            ["sandbox", "serve", "--set", "put_version_semantic=first"],
            64,
            "no setting is called 'put_version_semantic'; did you mean put_version_semantics?",
            "reconciler sandbox settings  lists them",
        ),
    ],
)
def test_a_slip_is_answered_with_a_way_out(
    desk: Desk, arguments: list[str], exit_code: int, message: str, fix: str
) -> None:
    desk.define(SOUND)
    desk.load(make_world(make_channel(1)))
    answer = desk.run(*arguments)
    way_out = f"  fix: {fix}\n" if fix else ""
    assert (answer.code, answer.out, answer.err) == (exit_code, "", f"reconciler: {message}\n{way_out}")


def test_without_a_command_the_help_is_shown(desk: Desk) -> None:
    answer = desk.run()
    assert (answer.code, answer.out) == (64, "")
    assert answer.err.startswith("Usage: reconciler")


def test_without_a_project_only_validate_is_content_and_says_so(desk: Desk) -> None:
    (desk.root / "reconciler.yaml").unlink()
    answer = desk.run("validate")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "0 files, 0 channels: no findings.\n",
        "no reconciler.yaml here, above or below, and no channels/: nothing to validate\n",
    )
    answer = desk.run("plan")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: no reconciler.yaml in {desk.root} or above it, up to the root of its git repository\n"
        "  fix: change into the project's folder, or make this one a project:  reconciler init\n"
    )


def test_a_folder_of_definitions_whose_project_is_gone_is_not_passed_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.define({"one": {"channelId": 1}})
    (desk.root / "channels/north").mkdir()
    (desk.root / "reconciler.yaml").unlink()
    monkeypatch.chdir(desk.root / "channels/north")

    answer = desk.run("validate")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("reconciler: no reconciler.yaml in ")


@pytest.mark.parametrize("name", ["reconciler.yml", "channels"])
def test_definitions_without_a_project_file_are_not_passed_over(desk: Desk, name: str) -> None:
    (desk.root / "reconciler.yaml").rename(desk.root / name)
    answer = desk.run("validate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("reconciler: no reconciler.yaml in ")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (("channels-elsewhere",), "the folder of definitions does not exist, found channels"),
        (("channels",), "the folder of definitions holds no *.yaml, found channels"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_nothing_found_is_never_nothing_there(desk: Desk, folders: tuple[str, ...], message: str, command: str) -> None:
    for folder in folders:
        (desk.root / folder).mkdir()
    answer = desk.run(command)
    assert answer.code == 1
    assert answer.out.splitlines()[0] == f"reconciler.yaml:1:14  ESA102  {message}"


def test_three_mistakes_in_a_file_are_three_messages(desk: Desk) -> None:
    desk.write(
        "channels/north.yaml",
        "channels:\n"
        "  north-use:\n"
        "    channelId: 1\n"
        "    chanelInfo: North use\n"
        "    intervalMinutes: 16\n"
        "    esaChannelVersion:\n"
        '      multiplier: "0.001"\n',
    )
    answer = desk.run("plan")
    assert (answer.code, answer.out, answer.err) == (
        1,
        (
            "channels/north.yaml:4:5  ESA121  unknown key chanelInfo in channel north-use\n"
            "  4 |     chanelInfo: North use\n"
            "    |     ^^^^^^^^^^\n"
            "  fix: did you mean  channelInfo:\n"
            "\n"
            "channels/north.yaml:5:22  ESA201  intervalMinutes must be one of 5, 10, 15, 30, 60, 1440, 10080, 43200, "
            "found 16\n"
            "  5 |     intervalMinutes: 16\n"
            "    |                      ^^\n"
            "  fix: write  intervalMinutes: 30, the next longer one\n"
            "\n"
            'channels/north.yaml:7:19  ESA123  multiplier must be a number, found "0.001"\n'
            '  7 |       multiplier: "0.001"\n'
            "    |                   ^^^^^^^\n"
            "  fix: write  multiplier: 0.001\n"
            "\n"
            "3 errors in 1 file.\n"
        ),
        "reconciler: the definitions have errors; nothing was planned\n  fix: mend what is listed above\n",
    )


@pytest.mark.parametrize("arguments", [["validate"], ["plan"], ["--help"], ["explain", "ESA401"]])
def test_a_full_disk_is_said_and_no_bug(desk: Desk, arguments: list[str]) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define(SOUND)
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert "bug" not in answer.stderr


def test_what_was_done_is_said_on_stderr_where_stdout_is_full(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define(SOUND)
    desk.run("plan", "--out", "plan.json")
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "reconciler", "apply", "plan.json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert answer.returncode == 0
    assert "Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n" in answer.stderr


def test_a_missing_key_is_said_before_any_request(desk: Desk) -> None:
    desk.define(SOUND)
    desk.write("reconciler.yaml", PROJECT.replace("url: sandbox", "url: http://127.0.0.1:9"))
    answer = desk.run("plan")
    assert (answer.code, answer.out, answer.err) == (
        1,
        "",
        (
            "reconciler: no API key: the variable ECI_API_KEY is not set\n"
            "  fix: export ECI_API_KEY=<the key as EnergyCAP showed it>; in CI, a secret of that name\n"
        ),
    )


@pytest.mark.parametrize(
    ("list_reply", "words"),
    [
        pytest.param(Reply(401, {"message": "bad key"}), ["401", "bad key"], id="a wrong key"),
        pytest.param(Reply(302, None, {"Location": "/login"}), ["302"], id="a redirect"),
        pytest.param(Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), ["JSON"], id="a page of HTML"),
        pytest.param(reply_list(make_channel(1), total=2), ["1", "2"], id="a truncated page"),
        pytest.param(reply_list(make_channel(1), make_channel(1)), ["channel"], id="a channel twice"),
        pytest.param(Reply(200, b'[{"channelId": 1'), ["JSON"], id="half a body"),
    ],
)
def test_an_answer_that_cannot_be_used_ends_the_plan(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, list_reply: Reply, words: list[str]
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "a-secret-key")
    desk.define(SOUND)
    with answering({LIST: list_reply, UNITS: EMPTY, TYPES: EMPTY}) as url:
        desk.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        answer = desk.run("plan", "--out", "plan.json")
    assert (answer.code, answer.out) == (1, "")
    assert [word for word in words if word not in answer.err] == []
    assert "  fix: " in answer.err
    assert "a-secret-key" not in answer.err
    assert not (desk.root / "plan.json").exists()


@pytest.mark.parametrize("code", ["401", "esa401", " ESA401"])
def test_a_rule_is_found_by_its_number(desk: Desk, code: str) -> None:
    assert desk.run("explain", code) == desk.run("explain", "ESA401")


@pytest.mark.parametrize("command", [["show", "{}.json"], ["validate", "{}"], ["plan", "--snapshot", "{}"]])
def test_a_name_with_a_line_break_stays_on_its_line(desk: Desk, command: list[str]) -> None:
    desk.define({"one": {"channelId": 1, "channelInfo": "Main"}})

    answer = desk.run(*(word.format("a\nreconciler: b") for word in command))

    assert [line.startswith("reconciler: ") for line in answer.err.splitlines()].count(True) == 1
    assert r"a\nreconciler: b" in answer.err
