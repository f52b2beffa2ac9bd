"""Links, pipes and devices where a project has its files: nothing of what they lead to is read, shown or written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import PROJECT
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

HIDDEN = "hunter2-of-a-test"
RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}}


@pytest.fixture
def outside(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file beyond the project that would be a finding line by line, were it read."""
    desk.load(make_world(make_channel(1)))
    desk.define(RENAMED)
    path = tmp_path_factory.mktemp("outside") / "reconciler.yaml"
    path.write_text(f"password: {HIDDEN}\n")
    return path


def link(desk: Desk, name: str, target: str | Path) -> None:
    (desk.root / name).unlink(missing_ok=True)
    (desk.root / name).symlink_to(target)


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--auto-approve"], ["import"]])
def test_a_project_file_that_leads_out_of_the_project_is_refused_unread(
    desk: Desk, outside: Path, command: list[str]
) -> None:
    link(desk, "reconciler.yaml", outside)

    answer = desk.run(*command)

    assert answer.code == 1
    assert f"reconciler.yaml:1:1  ESA101  the link leads out of the project, found {outside}\n" in answer.out
    assert "  fix: put a copy of what it leads to in its place, or delete the link\n" in answer.out
    assert HIDDEN not in answer.out + answer.err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_environment_of_the_process_is_not_read_as_a_project(desk: Desk, outside: Path) -> None:
    link(desk, "reconciler.yaml", "/proc/self/environ")
    answer = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate"],
        cwd=desk.root,
        env={**os.environ, "ECI_API_KEY": HIDDEN},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (answer.returncode, answer.stdout) == (
        1,
        (
            "reconciler.yaml:1:1  ESA101  the link leads out of the project, found /proc/self/environ\n"
            "  fix: put a copy of what it leads to in its place, or delete the link\n"
            "\n"
            "1 error in 1 file.\n"
        ),
    )
    assert outside.exists()


@pytest.mark.parametrize("target", [".env", ".git/config.yaml", "credentials.json", "nowhere.yaml/../../x.yaml"])
def test_nor_is_what_lies_hidden_in_the_project_or_is_no_yaml(desk: Desk, target: str) -> None:
    desk.write(".env", f"KEY={HIDDEN}\n")
    desk.write(".git/config.yaml", f"{HIDDEN}\n")
    desk.write("credentials.json", f'"{HIDDEN}"\n')
    link(desk, "reconciler.yaml", target)

    answer = desk.run("validate")

    assert answer.code == 1
    assert f"the link leads out of the project, found {target}" in answer.out
    assert HIDDEN not in answer.out


def test_a_link_within_the_project_is_followed(desk: Desk) -> None:
    desk.define(RENAMED)
    desk.write("settings/project.yaml", PROJECT)
    link(desk, "reconciler.yaml", "settings/project.yaml")

    assert desk.run("validate").out == "1 file, 1 channel: no findings.\n"


def test_a_link_to_itself_is_said(desk: Desk) -> None:
    link(desk, "reconciler.yaml", "reconciler.yaml")

    assert "ESA101  the file cannot be read: Too many levels of symbolic links" in desk.run("validate").out


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_a_project(desk: Desk, target: str) -> None:
    link(desk, "reconciler.yaml", target)

    assert f"the link leads out of the project, found {target}" in desk.run("validate").out


def test_a_pipe_is_not_a_project_and_nobody_waits_for_it(desk: Desk) -> None:
    (desk.root / "reconciler.yaml").unlink()
    os.mkfifo(desk.root / "reconciler.yaml")

    assert desk.run("validate").out.startswith(
        "reconciler.yaml:1:1  ESA101  the file cannot be read: it is a pipe, a socket or a device\n"
    )


def test_a_project_above_does_not_stand_in_for_one_that_cannot_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = desk.root / "below"
    below.mkdir()
    (below / "reconciler.yaml").symlink_to("nowhere.yaml")
    monkeypatch.chdir(below)

    answer = desk.run("validate")

    assert answer.out.startswith("reconciler.yaml:1:1  ESA101  the file cannot be read: No such file or directory\n")


def test_channels_that_lead_to_what_is_no_yaml_are_refused(desk: Desk) -> None:
    desk.define(RENAMED)
    desk.write("channels/credentials.json", f'"{HIDDEN}"\n')
    link(desk, "channels/more.yaml", "credentials.json")

    answer = desk.run("validate")

    assert "channels/more.yaml:1:1  ESA101  the link leads out of the definitions, found credentials.json" in answer.out
    assert HIDDEN not in answer.out


def test_a_folder_of_definitions_that_is_a_link_to_what_is_hidden_is_refused(desk: Desk) -> None:
    desk.write(".git/channels/all.yaml", f"{HIDDEN}\n")
    (desk.root / "channels").symlink_to(".git/channels", target_is_directory=True)

    answer = desk.run("validate")

    assert "ESA144  a folder of definitions must be inside the project, found channels, a link out of it" in answer.out
    assert HIDDEN not in answer.out


def test_a_zero_byte_in_the_name_of_a_folder_is_a_finding(desk: Desk) -> None:
    desk.write("reconciler.yaml", 'definitions: "a\\0b"\n')

    assert desk.run("validate").code == 1


@pytest.mark.parametrize("name", [".reconciler", ".reconciler/journal"])
def test_no_journal_is_written_beyond_the_project(desk: Desk, outside: Path, name: str) -> None:
    elsewhere = outside.parent
    if name == ".reconciler":
        desk.database.rename(elsewhere / "sandbox.sqlite3")
        desk.database.parent.rmdir()
    (desk.root / name).symlink_to(elsewhere, target_is_directory=True)
    before = sorted(elsewhere.iterdir())

    answer = desk.run("apply", "--auto-approve")

    assert (answer.code, answer.err.splitlines()[-2:]) == (
        1,
        [
            f"reconciler: {desk.root / name} is a link that leads out of the project",
            "  fix: put an ordinary folder or file in its place",
        ],
    )
    assert sorted(elsewhere.iterdir()) == before


def test_no_schema_is_written_beyond_the_project(desk: Desk, outside: Path) -> None:
    desk.load(make_world(make_channel(1), make_channel(2, data_point=2)))
    (desk.root / "schemas").symlink_to(outside.parent, target_is_directory=True)

    answer = desk.run("import")

    assert answer.err.startswith(f"reconciler: {desk.root / 'schemas'} is a link that leads out of the project\n")
    assert list(outside.parent.iterdir()) == [outside]


@pytest.mark.parametrize("name", [".gitignore", "reconciler.yaml", "schemas", "channels"])
def test_init_writes_nothing_through_a_link(desk: Desk, outside: Path, name: str) -> None:
    place = outside.parent / "new"
    (desk.root / "fresh").mkdir()
    (desk.root / "fresh" / name).symlink_to(place)

    answer = desk.run("init", "fresh")

    assert (answer.code, answer.err.splitlines()[0]) == (
        1,
        f"reconciler: {Path('fresh', name)} is a link that leads out of the project",
    )
    assert not place.exists()


@pytest.mark.parametrize(
    ("command", "code"), [(["plan", "--snapshot"], 1), (["show"], 1), (["apply"], 1)], ids=["snapshot", "show", "apply"]
)
@pytest.mark.parametrize("target", ["/dev/zero", "/dev/tty0"])
def test_a_device_is_neither_a_plan_nor_a_snapshot(
    desk: Desk, outside: Path, command: list[str], code: int, target: str
) -> None:
    if not Path(target).exists():
        pytest.skip(f"there is no {target}")
    link(desk, "given.json", target)

    answer = desk.run(*command, "given.json")

    assert (answer.code, answer.err.splitlines()[0]) == (
        code,
        "reconciler: cannot read given.json: it is a pipe, a socket or a device",
    )
    assert outside.exists()


def test_nothing_of_a_file_that_is_no_snapshot_is_shown(desk: Desk, outside: Path) -> None:
    link(desk, "copy.json", outside)

    answer = desk.run("plan", "--snapshot", "copy.json")

    assert answer.err.startswith("reconciler: the file is no snapshot, or was cut short: it is no JSON\n")
    assert HIDDEN not in answer.out + answer.err


def test_a_base_with_a_link_out_of_the_definitions_is_read_without_it(desk: Desk, outside: Path) -> None:
    (desk.root / ".git").rmdir()
    for words in (["init"], ["add", "channels", "reconciler.yaml"]):
        subprocess.run(["git", *words], cwd=desk.root, check=True, capture_output=True)
    link(desk, "channels/out.yaml", outside)
    link(desk, "channels/up.yaml", "../../up.yaml")
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", "add", "channels"], cwd=desk.root, check=True, capture_output=True)
    subprocess.run(["git", *identity, "commit", "-m", "x"], cwd=desk.root, check=True, capture_output=True)
    for name in ("out.yaml", "up.yaml"):
        (desk.root / "channels" / name).unlink()

    answer = desk.run("plan", "--base", "HEAD", "--format", "json")

    assert [edit["origin"] for edit in json.loads(answer.out)["resource_changes"][0]["edits"]] == ["drift"]
