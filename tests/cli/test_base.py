"""`plan --base`: what this change brings, and what is drift."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.git import is_tracked
from reconciler.errors import ProjectError
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.desk import Desk


def git(desk: Desk, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *words], cwd=desk.root, check=True, capture_output=True)


@pytest.fixture
def committed(desk: Desk) -> Desk:
    """A desk whose first commit names channel 1, and whose files now describe it too."""
    (desk.root / ".git").rmdir()
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    git(desk, "init")
    git(desk, "add", "channels", "reconciler.yaml")
    git(desk, "commit", "-m", "first")
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed", "channelDescription": "Described"}})
    return desk


def origins(desk: Desk, *arguments: str) -> dict[str, str | None]:
    plan = json.loads(desk.run("plan", "--format", "json", *arguments).out)
    return {edit["path"]: edit["origin"] for edit in plan["resource_changes"][0]["edits"]}


def test_what_the_base_said_already_is_drift(committed: Desk) -> None:
    assert origins(committed, "--base", "HEAD") == {"channelInfo": "drift", "channelDescription": "change"}


def test_without_a_base_nothing_is_told_apart(committed: Desk) -> None:
    assert origins(committed) == {"channelInfo": None, "channelDescription": None}


def test_a_base_before_the_folder_makes_everything_this_change(committed: Desk) -> None:
    git(committed, "checkout", "--orphan", "other")
    git(committed, "rm", "-r", "-f", "--cached", "channels")
    git(committed, "commit", "-m", "without channels")
    assert origins(committed, "--base", "HEAD") == {"channelInfo": "change", "channelDescription": "change"}


@pytest.mark.parametrize(
    ("reference", "fix"),
    [
        ("nope", "check the name; in a shallow clone:  git fetch --depth=1 origin nope"),
        ("--output=x", "give a branch, a tag or a commit, such as  origin/main"),
        ("", "give a branch, a tag or a commit, such as  origin/main"),
    ],
)
def test_a_base_that_git_does_not_have_is_said(committed: Desk, reference: str, fix: str) -> None:
    answer = committed.run("plan", f"--base={reference}")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"reconciler: git has no commit {reference!r} in {committed.root}\n  fix: {fix}\n"


@pytest.fixture
def served(committed: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, str, list[str]]]:
    """A desk whose base has an environment `here` at a real address, and the paths that were asked for there."""
    asked: list[str] = []

    def note(path: str, reply: Reply) -> Callable[[], Reply]:
        def answer() -> Reply:
            asked.append(path)
            return reply

        return answer

    channel = make_channel(1)
    replies = {
        LIST: reply_list(channel),
        f"{LIST}/1": Reply(body=channel),
        UNITS: Reply(body=[]),
        TYPES: Reply(body=[]),
    }
    with answering({path: note(path, reply) for path, reply in replies.items()}) as url:
        monkeypatch.setenv("ECI_API_KEY", "base-key-of-a-test")
        monkeypatch.setenv("ECI_API_KEY_WRITE", "another-key-of-a-test")
        committed.write("reconciler.yaml", here(url))
        git(committed, "commit", "-am", "an environment")
        yield committed, url, asked


def here(url: str, more: str = "") -> str:
    return f"definitions: channels\ndefaultEnvironment: here\nenvironments:\n  here:\n    url: {url}\n{more}"


CHANGES = [
    pytest.param(
        lambda url: here(f"{url}/elsewhere"),
        (),
        "the url of here is {url} at HEAD, and {url}/elsewhere now",
        id="url",
    ),
    pytest.param(
        lambda url: here(url, "    apiKeyEnv: ECI_API_KEY_WRITE\n"),
        (),
        "apiKeyEnv of here is ECI_API_KEY at HEAD, and ECI_API_KEY_WRITE now",
        id="variable",
    ),
    pytest.param(
        lambda url: here(url, f"  new:\n    url: {url}\n"), ("-e", "new"), "HEAD has no environment new", id="new"
    ),
    pytest.param(
        lambda url: here(url, f"  new:\n    url: {url}\n").replace("Environment: here", "Environment: new"),
        (),
        "defaultEnvironment is here at HEAD, and new now",
        id="default",
    ),
]


@pytest.mark.parametrize(("change", "arguments", "message"), CHANGES)
def test_a_key_goes_nowhere_that_the_base_does_not_name(
    served: tuple[Desk, str, list[str]], change: Callable[[str], str], arguments: tuple[str, ...], message: str
) -> None:
    desk, url, asked = served
    desk.write("reconciler.yaml", change(url))

    answer = desk.run("plan", "--base", "HEAD", *arguments)

    assert (answer.code, answer.out, answer.err) == (
        1,
        "",
        (
            f"reconciler: no API key is sent: {message.format(url=url)}\n"
            "  fix: merge the change of reconciler.yaml into HEAD alone first; until then plan against a copy:  "
            "reconciler plan --snapshot FILE\n"
        ),
    )
    assert asked == []


@pytest.mark.parametrize(("change", "arguments", "message"), CHANGES)
def test_once_it_is_in_the_base_it_counts(
    served: tuple[Desk, str, list[str]], change: Callable[[str], str], arguments: tuple[str, ...], message: str
) -> None:
    desk, url, _ = served
    desk.write("reconciler.yaml", change(url))
    git(desk, "commit", "-am", message)

    assert "no API key" not in desk.run("plan", "--base", "HEAD", *arguments).err


def test_other_changes_of_the_project_file_do_not_matter(served: tuple[Desk, str, list[str]]) -> None:
    desk, url, asked = served
    desk.write("reconciler.yaml", here(f"{url}/", "guards:\n  maxChanges: 3\n"))

    assert desk.run("plan", "--base", "HEAD", "--detailed-exitcode").code == 2
    assert asked != []


def test_a_plan_against_a_copy_sends_no_key_and_is_made(served: tuple[Desk, str, list[str]]) -> None:
    desk, url, asked = served
    desk.run("snapshot", "--out", "copy.json")
    asked.clear()
    desk.write("reconciler.yaml", here(f"{url}/elsewhere"))

    assert desk.run("plan", "--base", "HEAD", "--snapshot", "copy.json", "--detailed-exitcode").code == 2
    assert asked == []


def test_a_base_without_a_project_file_names_nothing(served: tuple[Desk, str, list[str]]) -> None:
    desk, _, asked = served
    git(desk, "rm", "--cached", "reconciler.yaml")
    git(desk, "commit", "-m", "none")

    answer = desk.run("plan", "--base", "HEAD")

    assert answer.err.startswith("reconciler: no API key is sent: reconciler.yaml is not in HEAD\n")
    assert asked == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "reconciler.yaml has errors at HEAD"),
        ("channels/all.yaml", "reconciler.yaml at HEAD is a link or a folder"),
    ],
    ids=["broken", "link"],
)
def test_a_base_that_cannot_be_read_is_said(
    served: tuple[Desk, str, list[str]], target: str | None, message: str
) -> None:
    desk, url, asked = served
    (desk.root / "reconciler.yaml").unlink()
    if target:
        (desk.root / "reconciler.yaml").symlink_to(target)
    else:
        desk.write("reconciler.yaml", "definitions: [")
    git(desk, "commit", "-am", "odd")
    (desk.root / "reconciler.yaml").unlink()
    desk.write("reconciler.yaml", here(url))

    answer = desk.run("plan", "--base", "HEAD")

    assert (answer.code, answer.err.splitlines()[0]) == (1, f"reconciler: {message}")
    assert asked == []


def test_a_project_in_a_folder_of_the_repository_has_its_own_file_at_the_base(
    served: tuple[Desk, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, url, asked = served
    desk.write("below/channels/all.yaml", (desk.root / "channels" / "all.yaml").read_text())
    desk.write("below/reconciler.yaml", here(f"{url}/elsewhere"))
    monkeypatch.chdir(desk.root / "below")

    answer = desk.run("plan", "--base", "HEAD")

    assert answer.err.startswith("reconciler: no API key is sent: reconciler.yaml is not in HEAD\n")
    assert asked == []


def test_an_object_that_git_lost_is_said(served: tuple[Desk, str, list[str]]) -> None:
    desk, _, asked = served
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD:reconciler.yaml"], cwd=desk.root, check=True, capture_output=True, text=True
    )
    name = answer.stdout.strip()
    (desk.root / ".git" / "objects" / name[:2] / name[2:]).unlink()

    assert desk.run("plan", "--base", "HEAD").err.startswith(f"reconciler: git cat-file failed in {desk.root}: ")
    assert asked == []


@pytest.fixture
def planted(committed: Desk) -> Iterator[Desk]:
    """The desk as a folder of a repository, in which a commit put what git takes for a repository of its own.

    Its first commit is what the files say now, and its settings start a program.
    """
    forged = committed.root / "forged"
    git(committed, "add", "channels")
    git(committed, "commit", "-m", "forged")
    git(committed, "clone", "--bare", ".", str(forged))
    shutil.rmtree(committed.root / ".git")
    for name in ("HEAD", "objects", "refs", "packed-refs"):
        (forged / name).rename(committed.root / name)
    config = (
        f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = touch {forged}/ran\n"
    )
    (committed.root / "config").write_text(config, encoding="utf-8")
    git(committed, "-C", "..", "init")
    git(committed, "-C", "..", "add", "--force", committed.root.name)
    git(committed, "-C", "..", "commit", "-m", "planted")
    yield committed
    # The folder around is that of all tests: none of them may find itself in a repository.
    shutil.rmtree(committed.root.parent / ".git")


def test_files_that_look_like_a_repository_are_not_asked_what_the_base_is(planted: Desk) -> None:
    answer = planted.run("plan", "--base", "HEAD")

    assert (answer.code, answer.out) == (1, "")
    assert "so --base has nothing to compare with" in answer.err
    assert not (planted.root / "forged" / "ran").exists()


def test_files_that_look_like_a_repository_do_not_say_which_commit_a_plan_is_of(planted: Desk) -> None:
    plan = json.loads(planted.run("plan", "--format", "json").out)

    assert plan["definitions"]["commit"] is None
    assert not (planted.root / "forged" / "ran").exists()


def test_a_committed_journal_is_tracked_whatever_looks_like_a_repository_beside_it(planted: Desk) -> None:
    journal = planted.write("old.jsonl", "{}")
    git(planted, "-C", "..", "add", f"{planted.root.name}/old.jsonl")
    with pytest.raises(ProjectError, match=r"git cannot tell whether .* is in it: .*safe\.bareRepository"):
        is_tracked(journal)

    assert not (planted.root / "forged" / "ran").exists()
