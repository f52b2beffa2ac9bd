"""What goes wrong ends in one clear message and the documented exit code, whatever state the streams are in."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_signals import SlowService, applying
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.workspace import Workspace


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
            "--format json= has no file",
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
        (
            ["apply"],
            64,
            "cannot ask for confirmation: stdin is not a terminal",
            "apply a saved plan, or add --auto-approve",
        ),
        (
            ["explain", "bogus"],
            64,
            "no rule 'bogus'",
            "reconciler explain  lists all of them",
        ),
        (
            ["plan", "--out", "-"],
            64,
            "- is not a file name here",
            "give a file; for stdout use --format, as in  --format json",
        ),
        (
            ["snapshot", "--out=-"],
            64,
            "- is not a file name here",
            "give a file; for stdout use --format, as in  --format json",
        ),
        (
            ["plan", "--format", "json=-"],
            64,
            "--format json=- has no file",
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
    workspace: Workspace, arguments: list[str], exit_code: int, message: str, fix: str
) -> None:
    workspace.define(SOUND)
    workspace.load(make_world(make_channel(1)))
    answer = workspace.run(*arguments)
    way_out = f"  fix: {fix}\n" if fix else ""
    assert (answer.code, answer.out, answer.err) == (exit_code, "", f"reconciler: {message}\n{way_out}")


def test_without_a_command_the_help_is_shown(workspace: Workspace) -> None:
    answer = workspace.run()
    assert (answer.code, answer.out) == (64, "")
    assert answer.err.startswith("Usage: reconciler")


def test_without_a_project_only_validate_is_content_and_says_so(workspace: Workspace) -> None:
    (workspace.root / "reconciler.yaml").unlink()
    answer = workspace.run("validate")
    assert (answer.code, answer.out, answer.err) == (
        0,
        "0 files, 0 channels: no findings.\n",
        "no reconciler.yaml here, above or below, and no channels/: nothing to validate\n",
    )
    answer = workspace.run("plan")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: no reconciler.yaml in {workspace.root} or above it, up to the root of its git repository\n"
        "  fix: change into the project's folder, or make this one a project:  reconciler init\n"
    )


def test_a_folder_of_definitions_whose_project_is_gone_is_not_passed_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.define({"one": {"channelId": 1}})
    (workspace.root / "channels/north").mkdir()
    (workspace.root / "reconciler.yaml").unlink()
    monkeypatch.chdir(workspace.root / "channels/north")

    answer = workspace.run("validate")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("reconciler: no reconciler.yaml in ")


@pytest.mark.parametrize("name", ["reconciler.yml", "channels"])
def test_definitions_without_a_project_file_are_not_passed_over(workspace: Workspace, name: str) -> None:
    (workspace.root / "reconciler.yaml").rename(workspace.root / name)
    answer = workspace.run("validate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("reconciler: no reconciler.yaml in ")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (("channels-elsewhere",), "definitions folder not found: channels"),
        (("channels",), "the definitions folder contains no *.yaml files: channels"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_nothing_found_is_never_nothing_there(
    workspace: Workspace, folders: tuple[str, ...], message: str, command: str
) -> None:
    for folder in folders:
        (workspace.root / folder).mkdir()
    answer = workspace.run(command)
    assert answer.code == 1
    assert answer.out.splitlines()[0] == f"reconciler.yaml:1:14  ESA102  {message}"


def test_three_mistakes_in_a_file_are_three_messages(workspace: Workspace) -> None:
    workspace.write(
        "channels/north.yaml",
        "channels:\n"
        "  north-use:\n"
        "    channelId: 1\n"
        "    chanelInfo: North use\n"
        "    intervalMinutes: 16\n"
        "    esaChannelVersion:\n"
        '      multiplier: "0.001"\n',
    )
    answer = workspace.run("plan")
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
        "reconciler: the definitions have errors; nothing was planned\n  fix: fix the errors listed above\n",
    )


@pytest.mark.parametrize("arguments", [["validate"], ["plan"], ["--help"], ["explain", "ESA401"]])
def test_a_full_disk_is_said_and_no_bug(workspace: Workspace, arguments: list[str]) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define(SOUND)
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


def test_what_was_done_is_said_on_stderr_where_stdout_is_full(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define(SOUND)
    workspace.run("plan", "--out", "plan.json")
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


def test_a_missing_key_is_said_before_any_request(workspace: Workspace) -> None:
    workspace.define(SOUND)
    workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", "url: http://127.0.0.1:9"))
    answer = workspace.run("plan")
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
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, list_reply: Reply, words: list[str]
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "a-secret-key")
    workspace.define(SOUND)
    with answering({LIST: list_reply, UNITS: EMPTY, TYPES: EMPTY}) as url:
        workspace.write("reconciler.yaml", PROJECT.replace("url: sandbox", f"url: {url}"))
        answer = workspace.run("plan", "--out", "plan.json")
    assert (answer.code, answer.out) == (1, "")
    assert [word for word in words if word not in answer.err] == []
    assert "  fix: " in answer.err
    assert "a-secret-key" not in answer.err
    assert not (workspace.root / "plan.json").exists()


@pytest.mark.parametrize("code", ["401", "esa401", " ESA401"])
def test_a_rule_is_found_by_its_number(workspace: Workspace, code: str) -> None:
    assert workspace.run("explain", code) == workspace.run("explain", "ESA401")


@pytest.mark.parametrize("command", [["show", "{}.json"], ["validate", "{}"], ["plan", "--snapshot", "{}"]])
def test_a_name_with_a_line_break_stays_on_its_line(workspace: Workspace, command: list[str]) -> None:
    workspace.define({"one": {"channelId": 1, "channelInfo": "Main"}})

    answer = workspace.run(*(word.format("a\nreconciler: b") for word in command))

    assert [line.startswith("reconciler: ") for line in answer.err.splitlines()].count(True) == 1
    assert r"a\nreconciler: b" in answer.err


CHANNELS = range(1, 111)
ACCOUNT = "Apply: 110 done, 0 stale, 0 failed, 0 not tried."


@pytest.fixture
def busy(workspace: Workspace) -> Workspace:
    """A saved plan of so many changes that an apply of it says twice on stderr how far it is."""
    workspace.load(make_world(*(make_channel(number, data_point=number) for number in CHANNELS)))
    workspace.define({f"c{number}": {"channelId": number, "channelInfo": f"New {number}"} for number in CHANNELS})
    assert workspace.run("plan", "--quiet", "--out", "plan.json").code == 0
    return workspace


@contextmanager
def broken(how: str) -> Iterator[int]:
    """The descriptor of a stream that cannot be written to."""
    if how == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, descriptor = os.pipe()
        os.close(reading)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def run(*arguments: str, out: int = subprocess.PIPE, err: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reconciler", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True, check=False)


def is_progress(line: str) -> bool:
    """Whether a line is not about a read that takes long, as any may on a busy machine."""
    return not line.startswith("reading all channels")


def write_readings(workspace: Workspace, count: int) -> None:
    rows = (f"1,2026-01-{1 + index // 24:02}T{index % 24:02}:00,{index}\n" for index in range(count))
    workspace.write("readings.csv", "channelId,time,value\n" + "".join(rows))


def test_a_reader_of_stderr_that_leaves_in_the_middle_does_not_end_an_apply(busy: Workspace) -> None:
    command = [sys.executable, "-m", "reconciler", "apply", "plan.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert next(filter(is_progress, process.stderr)) == "applied 50/110 changes\n"
        process.stderr.close()
        assert process.stdout is not None
        out = process.stdout.read()

    assert (process.returncode, out.splitlines()[-1]) == (0, ACCOUNT)
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_the_exit_code_of_an_apply_does_not_depend_on_stderr(busy: Workspace, how: str) -> None:
    with broken(how) as err:
        answer = run("apply", "plan.json", err=err)

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, ACCOUNT)
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_a_message_that_cannot_be_said_changes_no_exit_code(workspace: Workspace, how: str) -> None:
    with broken(how) as err:
        answer = run("plan", "--environment", "nope", err=err)

    assert (workspace.root.is_dir(), answer.returncode, answer.stdout) == (True, 64, "")


@pytest.mark.parametrize("name", ["json", "text"])
def test_a_reader_of_stdout_that_leaves_does_not_end_an_apply(busy: Workspace, name: str) -> None:
    with broken("left") as out:
        answer = run("apply", "plan.json", "--format", name, out=out)

    progress = "".join(filter(is_progress, answer.stderr.splitlines(keepends=True)))
    assert (answer.returncode, progress) == (0, "applied 50/110 changes\napplied 100/110 changes\n")
    assert len(busy.writes) == 110


def test_if_the_disk_behind_the_events_is_full_the_result_goes_to_stderr(busy: Workspace) -> None:
    with broken("full") as out:
        answer = run("apply", "plan.json", "--format", "json", out=out)

    assert (answer.returncode, answer.stderr.splitlines()[0], answer.stderr.splitlines()[-2]) == (
        0,
        "cannot write more events; the journal has all of them: cannot write to stdout: No space left on device",
        ACCOUNT,
    )
    assert len(busy.writes) == 110


@pytest.mark.parametrize("name", ["json", "markdown"])
def test_a_full_disk_behind_a_file_does_not_lose_the_result(busy: Workspace, name: str) -> None:
    answer = run("apply", "plan.json", "--format", f"{name}=/dev/full")

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, ACCOUNT)
    assert "cannot write /dev/full: No space left on device" in answer.stderr
    assert len(busy.writes) == 110


@pytest.mark.parametrize("how", ["full", "left"])
def test_the_exit_code_of_an_import_of_readings_does_not_depend_on_stderr(workspace: Workspace, how: str) -> None:
    workspace.load(make_world(make_channel(1)))
    write_readings(workspace, 40)
    with broken(how) as err:
        answer = run("readings", "import", "readings.csv", "--batch", "2", "--format", "json", err=err)

    account = json.loads(answer.stdout)
    assert (answer.returncode, account["imported"], account["not_sent"]) == (0, 40, 0)


def test_readings_that_were_not_taken_are_written_down_though_nobody_reads_stderr(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    write_readings(workspace, 4)
    with (workspace.root / "readings.csv").open("a") as file:
        file.write("1,2026-01-09T00:00,much\n")
    with broken("left") as err:
        answer = run("readings", "import", "readings.csv", "--skip-bad", "--batch", "1", err=err)

    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (
        6,
        "Import: 4 imported, 0 failed, 0 unknown, 0 not sent, 1 left out.",
    )
    assert "much" in (workspace.root / "readings.failed.csv").read_text()


def test_the_result_of_an_import_goes_to_stderr_if_stdout_is_full(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    write_readings(workspace, 2)
    with broken("full") as out:
        answer = run("readings", "import", "readings.csv", out=out)

    assert answer.returncode == 0
    assert answer.stderr.splitlines()[-2] == "cannot write to stdout: No space left on device"


def test_a_signal_counts_even_if_no_message_can_be_printed(workspace: Workspace) -> None:
    service = SlowService()
    with broken("left") as err, applying(workspace, service, err=err) as process:
        # The second ends the process at once: if the remark of the first failed, this would not be its exit code.
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            # One at a time: signals in a row may count as one, and one on the way out ends Python itself.
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)

    assert process.returncode == 130


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["explain", "ESA401"], ["plan"], ["validate"]])
@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_stream_that_was_closed_from_the_start_is_no_bug(busy: Workspace, closed: int, arguments: list[str]) -> None:
    command = f'exec "$@" {closed}{"<" if closed == 0 else ">"}&-'
    answer = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-m", "reconciler", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, "Traceback" in answer.stderr) == (0, False)
    assert busy.root.is_dir()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["apply"], 64, "cannot ask for confirmation: stdin is not a terminal"),
        (["show", "-"], 1, "stdin is empty"),
    ],
)
def test_with_a_closed_stdin_the_message_says_what_is_missing(
    workspace: Workspace, arguments: list[str], code: int, message: str
) -> None:
    answer = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "reconciler", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stderr.splitlines()[0]) == (code, f"reconciler: {message}")
    assert workspace.root.is_dir()


def test_a_file_never_takes_the_number_of_a_closed_stream(busy: Workspace) -> None:
    """Else what is said on stderr would go into a journal."""
    subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "reconciler", "apply", "plan.json"],
        check=True,
    )

    (journal,) = Path(busy.root, ".reconciler", "journal").iterdir()
    assert [line[:1] for line in journal.read_text().splitlines()].count("{") == len(journal.read_text().splitlines())


IGNORED = ".reconciler/\n*.reconciler-tmp\nplan.json\nplan.html\nplan.md\nundo.json\n"


@pytest.mark.parametrize(
    "arguments",
    [["validate"], ["plan"], ["plan", "--out", "p.json"], ["apply"], ["import"], ["snapshot", "--out", "s.json"]],
)
def test_a_working_folder_that_is_gone_is_said(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "gone").mkdir()
    answer = subprocess.run(
        ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", sys.executable, "-P", "-m", "reconciler", *arguments],
        cwd=tmp_path / "gone",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    message = (
        "reconciler: cannot ask for confirmation: stdin is not a terminal\n"
        "  fix: apply a saved plan, or add --auto-approve\n"
        if arguments == ["apply"]
        else "reconciler: the folder you are in no longer exists\n  fix: change to one that exists:  cd FOLDER\n"
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (64 if arguments == ["apply"] else 1, "", message)


def test_a_git_that_may_not_be_run_counts_as_none_unless_it_is_needed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    workspace.write("bin/git", "")
    monkeypatch.setenv("PATH", str(workspace.root / "bin"))

    assert workspace.run("plan").code == 0
    answer = workspace.run("plan", "--base", "main")
    assert (answer.code, answer.err.splitlines()[0].startswith("reconciler: git cannot be run: Permission denied")) == (
        1,
        True,
    )


@pytest.mark.parametrize("content", [b"# f\xfcr\n", "*.log\n".encode("utf-16")], ids=["latin-1", "UTF-16"])
def test_a_gitignore_in_another_encoding_is_left_alone_and_said(workspace: Workspace, content: bytes) -> None:
    (workspace.root / "new").mkdir()
    (workspace.root / "new" / ".gitignore").write_bytes(content)

    answer = workspace.run("init", "new")

    assert (workspace.root / "new" / ".gitignore").read_bytes() == content
    assert (answer.code, "  = kept     new/.gitignore  (already exists)\n" in answer.out) == (0, True)
    assert ("new/.gitignore is not UTF-8 text and was not changed. Add these lines to it:\n\n" + IGNORED) in answer.err


def test_a_hook_file_in_another_encoding_is_left_alone_too(workspace: Workspace) -> None:
    (workspace.root / "new").mkdir()
    (workspace.root / ".pre-commit-config.yaml").write_bytes(b"# f\xfcr\n")

    assert workspace.run("init", "new").code == 0
    assert (workspace.root / ".pre-commit-config.yaml").read_bytes() == b"# f\xfcr\n"


@pytest.fixture
def impatient(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project whose sandbox waits for nobody."""
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    monkeypatch.setattr("reconciler.sandbox.store._LOCK_TIMEOUT_SECONDS", 0)
    return workspace


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "--auto-approve"], ["sandbox", "reset"]])
def test_a_sandbox_that_another_program_uses_is_said(impatient: Workspace, arguments: list[str]) -> None:
    with closing(sqlite3.connect(impatient.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = impatient.run(*arguments)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: {impatient.database} is in use by another program: database is locked; "
        "try again when that is done\n"
    )


def damage(database: Path) -> None:
    """Keep the header, so that SQLite takes it for its own."""
    content = bytearray(database.read_bytes())
    content[200:] = os.urandom(len(content) - 200)
    database.write_bytes(content)


def test_a_damaged_sandbox_is_said(impatient: Workspace) -> None:
    with closing(sqlite3.connect(impatient.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(impatient.database)

    answer = impatient.run("plan")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: {impatient.database} is damaged: database disk image is malformed; "
        "remove it, and the sandbox starts again\n"
    )


def test_a_machine_without_room_for_temporary_files_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.load(make_world(make_channel(1)))
    (workspace.root / "channels").mkdir()
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")

    answer = workspace.run("import")

    assert (answer.code, answer.out, list((workspace.root / "channels").iterdir())) == (1, "", [])
    assert answer.err.splitlines()[0] == (
        "reconciler: cannot make a temporary copy of the files to plan them first: Not a directory"
    )


def test_a_name_too_long_for_failed_readings_is_said_before_anything_is_sent(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    name = f"{'n' * 246}.csv"
    workspace.write(name, "channelId,time,value\n1,2026-01-01T00:00,7\n")

    answer = workspace.run("readings", "import", name)

    failed = f"{'n' * 246}.failed.csv"
    assert (answer.code, answer.err.splitlines()[-2]) == (
        64,
        f"reconciler: {failed} cannot be written: File name too long",
    )
    assert workspace.writes == []


@pytest.mark.parametrize("command", ["validate {}", "init {}", "apply --undo {} --auto-approve"])
def test_a_path_that_the_file_system_does_not_take_is_no_bug(workspace: Workspace, command: str) -> None:
    workspace.load(make_world(make_channel(1)))
    path = "n" * 300

    answer = workspace.run(*command.format(path).split())

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith(
        ": File name too long\n  fix: the name is too long for this file system: use a shorter one\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_an_output_need_not_be_readable(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1}})
    workspace.write("plan.json", "").chmod(0o200)

    assert workspace.run("plan", "--out", "plan.json").code == 0
