"""A key that stands where it should not: in names, values, files and answers. No output shows it, and nothing masked is
written to EnergyCAP."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from reconciler import sandbox
from reconciler.masking import MASK
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.workspace import Answer, Workspace

LONG = "aGVsbG8td29ybGQx.c2VjcmV0-Zk9Qw3.b2Zma2V5"
SHORT = "k3Y"
EVERY_FORMAT = [f"--format={name}=plan.{name}" for name in ("markdown", "html", "json", "gitlab-terraform")]
FINDINGS = ("concise", "github", "gitlab", "json", "junit", "sarif")


@pytest.fixture(params=[LONG, SHORT], ids=["long", "short"])
def key(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ECI_API_KEY", request.param)
    return str(request.param)


@pytest.fixture
def planted(workspace: Workspace, key: str) -> Iterator[Workspace]:
    """A workspace whose service takes `key`, and whose files and channels hold it in every text there is."""
    calculated = make_channel(2, {"formula": f"channel(1) * 2 + {key}"}, isCalculated=True)
    world = make_world(make_channel(1, channelInfo=f"live {key}", channelDescription=f"live {key}"), calculated)
    options = sandbox.Options(keys=sandbox.Keys(write=key))
    with sandbox.running(workspace.root.parent / f"{workspace.root.name}.sqlite3", world, options) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        channels: dict[str, Any] = {
            f"one-{key}": {"channelId": 1, "channelInfo": f"new {key}", "channelDescription": "Described"},
            "two": {
                "channelId": 2,
                "channelDescription": f"file {key}",
                "esaChannelVersion": {"formula": f"channel(1) * 3 + {key}"},
            },
        }
        workspace.define(channels)
        yield workspace


def leaks(workspace: Workspace, key: str, answers: list[Answer]) -> list[str]:
    """Where the key, or base64 of it, is shown or kept; what the test itself wrote is not looked at."""
    own = {workspace.root / "reconciler.yaml", *(workspace.root / "channels").rglob("*")}
    files = [path for path in workspace.root.rglob("*") if path.is_file() and path not in own]
    texts = {path.name: path.read_bytes().decode("latin-1") for path in files}
    texts |= {f"answer {number}": answer.out + answer.err for number, answer in enumerate(answers)}
    spellings = (key, base64.b64encode(key.encode()).decode().rstrip("="))
    return [name for name, text in texts.items() if any(spelling in text for spelling in spellings)]


def test_no_output_and_no_file_of_any_command_shows_it(planted: Workspace, key: str) -> None:
    run = planted.run
    answers = [
        run("validate"),
        *(run("validate", f"--format={name}=found.{name}") for name in FINDINGS),
        run("plan", "-v", "--out", "plan.json", *EVERY_FORMAT),
        run("show", "plan.json"),
        run("apply", "plan.json", "-v", "--format", "json"),
        run("apply", "--auto-approve", "-v", "--format", "json=events.jsonl", "--format", "markdown=done.md"),
        run("plan"),
        run("snapshot", "--out", "copy.json"),
        run("plan", "--snapshot", "copy.json"),
        run("import", "--update"),
    ]
    for journal in sorted((planted.root / ".reconciler").glob("journal/*.jsonl")):
        answers += [run("show", str(journal)), run("apply", "--undo", str(journal), "--auto-approve")]

    assert leaks(planted, key, answers) == []
    assert any(MASK in answer.out for answer in answers)


@pytest.mark.parametrize(
    "text",
    [
        "channels:\n  {}:\n    channelId: 1\n",
        "%{}\n---\nchannels: {{}}\n",
        "channels:\n  one:\n    channelId: 1\n    {}\n",
        "channels:\n  one:\n    channelInfo: = {}\n    a = {}\n",
        "channels:\n  one:\n    channelInfo: {}: x\n",
        "feeds:\n  {}:\n    expect: one\n",
    ],
    ids=["name", "directive", "no colon", "equals", "two colons", "feed"],
)
@pytest.mark.parametrize("encode", [str, lambda key: base64.b64encode(key.encode()).decode()], ids=["plain", "base64"])
def test_no_fix_is_made_of_a_piece_of_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, text: str, encode: Callable[[str], str]
) -> None:
    key = "aGVsbG8td29ybGQx+/=.c2VjcmV0Wms5UXczQQ==.b2Zma2V5b2Zma2V5/x_-9"
    monkeypatch.setenv("ECI_API_KEY", key)
    workspace.write("channels/all.yaml", text.format(encode(key), encode(key)))

    answers = [workspace.run("validate", "--format", name) for name in ("text", *FINDINGS)]

    assert [answer.code for answer in answers] == [1] * len(answers)
    assert all(encode(key)[20:32] not in answer.out + answer.err for answer in answers)


@pytest.mark.parametrize("formula", ["channel(1) + {}", "{} +", "{}%", "= {}", "{} // 2", "1,5 * {}"])
def test_no_finding_of_a_formula_quotes_a_piece_of_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, formula: str
) -> None:
    key = "aGVsbG8td29ybGQx+/=.c2VjcmV0Wms5UXcz**=.b2Zma2V5b2Zma2V5//"
    monkeypatch.setenv("ECI_API_KEY", key)
    pieces = ("aGVsbG8td29ybGQx", "c2VjcmV0Wms5UXcz", "b2Zma2V5b2Zma2V5")
    for written in (key, quote(quote(key, safe=""), safe="")):
        workspace.define({"one": {"channelId": 1, "esaChannelVersion": {"formula": formula.format(written)}}})

        answers = [workspace.run("validate", "--format", name) for name in ("text", *FINDINGS)]

        assert [piece for piece in pieces if any(piece in answer.out + answer.err for answer in answers)] == []


def test_a_saved_plan_in_which_it_was_hidden_is_read_and_is_stale(planted: Workspace, key: str) -> None:
    planted.run("plan", "--out", "plan.json")

    assert planted.run("show", "plan.json").code in (0, 3)
    assert planted.run("apply", "plan.json").code == 5
    assert key not in (planted.root / "plan.json").read_text()


def test_what_was_hidden_in_a_journal_is_not_put_back(workspace: Workspace, key: str) -> None:
    world = make_world(make_channel(1, channelInfo=f"live {key}"))
    options = sandbox.Options(keys=sandbox.Keys(write=key))
    with sandbox.running(workspace.root.parent / f"{workspace.root.name}.sqlite3", world, options) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        workspace.define({"one": {"channelId": 1, "channelInfo": "New"}})
        assert workspace.run("apply", "--auto-approve").code == 0
        (journal,) = (workspace.root / ".reconciler").glob("journal/*.jsonl")
        shown = workspace.run("show", str(journal))
        workspace.run("apply", "--undo", str(journal), "--auto-approve")
        (channel,) = service.export()["channels"]

    assert "ESA725 cannot revert channelInfo: a key was masked in the value that the journal holds" in " ".join(
        shown.out.split()
    )
    assert channel["channelInfo"] == "New"


def test_no_channel_file_gets_it_from_an_import(workspace: Workspace, key: str) -> None:
    world = make_world(make_channel(1, channelInfo=f"live {key}"))
    options = sandbox.Options(keys=sandbox.Keys(write=key))
    with sandbox.running(workspace.root.parent / f"{workspace.root.name}.sqlite3", world, options) as service:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {service.url}"))
        answers = [workspace.run("import", "--dry-run"), workspace.run("import")]

    assert answers[1].code == 1
    assert " would contain an API key that is in use; nothing was written\n" in answers[1].err
    assert leaks(workspace, key, answers) == []
    assert list(workspace.root.rglob("channels/*")) == []


def echo_everywhere(key: str) -> list[Reply]:
    packed = base64.b64encode(f"user:{key}".encode()).decode()
    return [
        Reply(400, {"message": f"you sent {key} and {packed}"}),
        Reply(500, f"<html><title>{key}</title><p>No {packed}.</p></html>".encode(), {"Content-Type": "text/html"}),
        Reply(302, b"", {"Location": f"https://elsewhere.example/{key}?key={key}"}),
        Reply(200, [], {"ECI-Deprecated": f"use {key}", "TotalNumberOfRecords": "0"}),
    ]


@pytest.mark.parametrize("number", range(4), ids=["json", "html", "redirect", "header"])
def test_a_service_that_says_it_is_not_repeated(workspace: Workspace, key: str, number: int) -> None:
    sound = {LIST: reply_list(make_channel(1)), UNITS: Reply(body=[]), TYPES: Reply(body=[])}
    with answering({**sound, LIST: echo_everywhere(key)[number]}) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}/{key}"))
        workspace.define({"one": {"channelId": 1, "channelInfo": "New"}})
        answers = [
            workspace.run("plan", "-v", "--format", "json=plan.json"),
            workspace.run("snapshot", "--out", "copy.json"),
        ]

    assert leaks(workspace, key, answers) == []


@pytest.mark.parametrize("command", [["plan"], ["validate"]], ids=lambda command: command[0])
def test_it_is_hidden_in_arguments_and_names_of_files(workspace: Workspace, key: str, command: list[str]) -> None:
    workspace.define({"one": {"channelId": 1}})
    workspace.write(f"channels/{key}.yaml", f"channels:\n  {key}: {{channelId: {key}, x: [\n")

    answers = [workspace.run(*command), workspace.run(*command, f"--{key}"), workspace.run("show", f"{key}.json")]

    assert leaks(workspace, key, answers) == []


def test_it_is_hidden_under_a_variable_that_only_the_project_file_names(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECI_OTHER", SHORT)
    workspace.write("reconciler.yaml", PROJECT + "  far: {url: 'https://app.energycap.com', apiKeyEnv: ECI_OTHER}\n")
    workspace.define({"one": {"channelId": f"x {SHORT}"}})

    out = workspace.run("validate").out

    assert SHORT not in out
    assert f'found "x {MASK}"' in out


def test_it_is_hidden_where_the_project_file_cannot_be_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECI_OTHER", SHORT)
    workspace.write("reconciler.yaml", f"definitions: [{SHORT}\n")

    answer = workspace.run("validate")

    assert answer.code == 1
    assert SHORT not in answer.out


def test_the_traceback_of_a_bug_does_not_show_it(workspace: Workspace, key: str) -> None:
    code = "import reconciler.cli.main as m, os\ndef bug(_): raise RuntimeError(os.environ['ECI_API_KEY'])\n"
    answer = subprocess.run(
        [sys.executable, "-c", f"{code}m._call = bug\nm.run()"],
        cwd=workspace.root,
        env={**os.environ, "ECI_API_KEY": key},
        check=False,
        capture_output=True,
        text=True,
    )

    assert f"RuntimeError: {MASK}\n" in answer.stderr
    assert "This is a bug in reconciler" in answer.stderr
    assert key not in answer.stdout + answer.stderr


def test_readings_that_were_not_taken_are_kept_without_it(workspace: Workspace, key: str) -> None:
    rows = f"channelImportId,time,value,note\nnobody-{key},2024-01-01T00:00:00,1,{key}\n"
    workspace.write("readings.csv", rows)
    workspace.load(make_world(make_channel(1)))

    answers = [workspace.run("readings", "import", "readings.csv"), workspace.run("readings", "route", "readings.csv")]
    (workspace.root / "readings.csv").unlink()

    assert leaks(workspace, key, answers) == []


def test_the_key_of_the_sandbox_is_no_secret(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "New"}})

    plan = json.loads(workspace.run("plan", "--format", "json").out)

    assert plan["environment"] == {"name": "sandbox", "url": "sandbox"}


@pytest.mark.parametrize("value", ["ab", "x"])
def test_a_key_too_short_to_be_hidden_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ECI_API_KEY", value)
    workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", "url: https://app.energycap.com"))
    workspace.define({"one": {"channelId": 1}})

    assert workspace.run("plan").err.splitlines()[0] == (
        "reconciler: no usable API key: the variable ECI_API_KEY is shorter than 3 characters, and could not be hidden "
        "in what is shown"
    )
