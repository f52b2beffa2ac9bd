"""A plan for a command: drift and the base, released channels, and the commit it says it is from."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.definitions.git import is_tracked
from reconciler.errors import ProjectError
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.workspace import Workspace


@pytest.fixture
def committed(workspace: Workspace) -> Workspace:
    """A workspace whose first commit names channel 1, and whose files now describe it too."""
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    git(workspace, "init")
    git(workspace, "add", "channels", "reconciler.yaml")
    git(workspace, "commit", "-m", "first")
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed", "channelDescription": "Described"}})
    return workspace


def origins(workspace: Workspace, *arguments: str) -> dict[str, str | None]:
    plan = json.loads(workspace.run("plan", "--format", "json", *arguments).out)
    return {edit["path"]: edit["origin"] for edit in plan["resource_changes"][0]["edits"]}


def test_what_the_base_said_already_is_drift(committed: Workspace) -> None:
    assert origins(committed, "--base", "HEAD") == {"channelInfo": "drift", "channelDescription": "change"}


def test_without_a_base_no_edit_has_an_origin(committed: Workspace) -> None:
    assert origins(committed) == {"channelInfo": None, "channelDescription": None}


def test_a_base_before_the_folder_makes_everything_this_change(committed: Workspace) -> None:
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
def test_a_base_that_git_does_not_have_is_said(committed: Workspace, reference: str, fix: str) -> None:
    answer = committed.run("plan", f"--base={reference}")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"reconciler: git has no commit {reference!r} in {committed.root}\n  fix: {fix}\n"


@pytest.fixture
def served(committed: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workspace, str, list[str]]]:
    """A workspace whose base has an environment `here` at a real address, and the paths that were asked for there."""
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
    served: tuple[Workspace, str, list[str]], change: Callable[[str], str], arguments: tuple[str, ...], message: str
) -> None:
    workspace, url, asked = served
    workspace.write("reconciler.yaml", change(url))

    answer = workspace.run("plan", "--base", "HEAD", *arguments)

    assert (answer.code, answer.out, answer.err) == (
        1,
        "",
        (
            f"reconciler: no API key is sent: {message.format(url=url)}\n"
            "  fix: merge the change to reconciler.yaml into HEAD first, on its own; until then, plan against a copy:  "
            "reconciler plan --snapshot FILE\n"
        ),
    )
    assert asked == []


@pytest.mark.parametrize(("change", "arguments", "message"), CHANGES)
def test_once_it_is_in_the_base_it_counts(
    served: tuple[Workspace, str, list[str]], change: Callable[[str], str], arguments: tuple[str, ...], message: str
) -> None:
    workspace, url, _ = served
    workspace.write("reconciler.yaml", change(url))
    git(workspace, "commit", "-am", message)

    assert "no API key" not in workspace.run("plan", "--base", "HEAD", *arguments).err


def test_other_changes_of_the_project_file_do_not_matter(served: tuple[Workspace, str, list[str]]) -> None:
    workspace, url, asked = served
    workspace.write("reconciler.yaml", here(f"{url}/", "guards:\n  maxChanges: 3\n"))

    assert workspace.run("plan", "--base", "HEAD", "--detailed-exitcode").code == 2
    assert asked != []


def test_a_plan_against_a_copy_sends_no_key_and_is_made(served: tuple[Workspace, str, list[str]]) -> None:
    workspace, url, asked = served
    workspace.run("snapshot", "--out", "copy.json")
    asked.clear()
    workspace.write("reconciler.yaml", here(f"{url}/elsewhere"))

    assert workspace.run("plan", "--base", "HEAD", "--snapshot", "copy.json", "--detailed-exitcode").code == 2
    assert asked == []


def test_a_base_without_a_project_file_names_nothing(served: tuple[Workspace, str, list[str]]) -> None:
    workspace, _, asked = served
    git(workspace, "rm", "--cached", "reconciler.yaml")
    git(workspace, "commit", "-m", "none")

    answer = workspace.run("plan", "--base", "HEAD")

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
    served: tuple[Workspace, str, list[str]], target: str | None, message: str
) -> None:
    workspace, url, asked = served
    (workspace.root / "reconciler.yaml").unlink()
    if target:
        (workspace.root / "reconciler.yaml").symlink_to(target)
    else:
        workspace.write("reconciler.yaml", "definitions: [")
    git(workspace, "commit", "-am", "odd")
    (workspace.root / "reconciler.yaml").unlink()
    workspace.write("reconciler.yaml", here(url))

    answer = workspace.run("plan", "--base", "HEAD")

    assert (answer.code, answer.err.splitlines()[0]) == (1, f"reconciler: {message}")
    assert asked == []


def test_a_project_in_a_folder_of_the_repository_has_its_own_file_at_the_base(
    served: tuple[Workspace, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, url, asked = served
    workspace.write("below/channels/all.yaml", (workspace.root / "channels" / "all.yaml").read_text())
    workspace.write("below/reconciler.yaml", here(f"{url}/elsewhere"))
    monkeypatch.chdir(workspace.root / "below")

    answer = workspace.run("plan", "--base", "HEAD")

    assert answer.err.startswith("reconciler: no API key is sent: reconciler.yaml is not in HEAD\n")
    assert asked == []


def test_an_object_that_git_lost_is_said(served: tuple[Workspace, str, list[str]]) -> None:
    workspace, _, asked = served
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD:reconciler.yaml"], cwd=workspace.root, check=True, capture_output=True, text=True
    )
    name = answer.stdout.strip()
    (workspace.root / ".git" / "objects" / name[:2] / name[2:]).unlink()

    assert workspace.run("plan", "--base", "HEAD").err.startswith(
        f"reconciler: git cat-file failed in {workspace.root}: "
    )
    assert asked == []


@pytest.fixture
def planted(committed: Workspace) -> Iterator[Workspace]:
    """The workspace as a folder of a repository, in which a commit put what git takes for a repository of its own.

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


def test_files_that_look_like_a_repository_are_not_asked_what_the_base_is(planted: Workspace) -> None:
    answer = planted.run("plan", "--base", "HEAD")

    assert (answer.code, answer.out) == (1, "")
    assert "so --base has nothing to compare with" in answer.err
    assert not (planted.root / "forged" / "ran").exists()


def test_files_that_look_like_a_repository_do_not_say_which_commit_a_plan_is_of(planted: Workspace) -> None:
    plan = json.loads(planted.run("plan", "--format", "json").out)

    assert plan["definitions"]["commit"] is None
    assert not (planted.root / "forged" / "ran").exists()


def test_a_committed_journal_is_tracked_even_if_something_beside_it_looks_like_a_repository(planted: Workspace) -> None:
    journal = planted.write("old.jsonl", "{}")
    git(planted, "-C", "..", "add", f"{planted.root.name}/old.jsonl")
    with pytest.raises(ProjectError, match=r"git cannot tell whether it tracks .*: .*safe\.bareRepository"):
        is_tracked(journal)

    assert not (planted.root / "forged" / "ran").exists()


MANAGED = {"channelId": 1, "channelInfo": "Channel 1", "esaChannelVersion": {"multiplier": 1, "unitCode": "KWH"}}
TWO = {"channelId": 2, "channelInfo": "Channel 2"}
FEED = {"dataPointImportId": "DPI-1", "observationTypeCode": "ELECUSE", "expect": "one"}
KEPT = "nothing to do if you meant this: EnergyCAP keeps them as they are; if not, put them back into the files"


@pytest.fixture
def based(workspace: Workspace) -> Workspace:
    """A workspace whose first commit has two channels and a feed."""
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1), make_channel(2, type="ELECDEM")))
    workspace.define({"one": MANAGED, "two": TWO}, feeds={"logger": FEED})
    git(workspace, "init")
    git(workspace, "add", "channels", "reconciler.yaml")
    git(workspace, "commit", "-m", "first")
    return workspace


def released_findings(workspace: Workspace, *arguments: str) -> list[tuple[str, str, list[str]]]:
    """What a plan says of the base: code, message and lines."""
    plan = json.loads(workspace.run("plan", "--base", "HEAD", "--format", "json", *arguments).out)
    found = [finding for finding in plan["findings"] if finding["code"] in ("ESA518", "ESA519", "ESA520")]
    return [(finding["code"], finding["message"], finding["detail"]) for finding in found]


def test_files_that_lose_nothing_say_nothing(based: Workspace) -> None:
    assert released_findings(based) == []


def test_channels_settings_and_feeds_that_are_taken_out_are_named(based: Workspace) -> None:
    based.define({"one": {"channelId": 1, "esaChannelVersion": {"unitCode": "KWH"}}})
    assert released_findings(based) == [
        ("ESA518", "1 channel is no longer managed because of this change", ["two, in channels/all.yaml"]),
        ("ESA518", "1 feed is no longer managed because of this change", ["logger, in channels/all.yaml"]),
        (
            "ESA518",
            "2 settings are no longer managed because of this change",
            [
                'channelInfo of one, which was "Channel 1"',
                "esaChannelVersion.multiplier of one, which was 1",
            ],
        ),
    ]


def test_a_channel_that_only_leaves_out_here_is_no_longer_managed_here(based: Workspace) -> None:
    based.write("reconciler.yaml", f"{PROJECT}  other: {{url: sandbox}}\n")
    based.define({"one": MANAGED, "two": {**TWO, "only": ["other"]}}, feeds={"logger": FEED})

    assert released_findings(based) == [
        ("ESA518", "1 channel is no longer managed because of this change", ["two, in channels/all.yaml"])
    ]
    assert released_findings(based, "-e", "other") == []


def test_a_channel_that_selectin_finds_elsewhere_counts_as_another_one_there(based: Workspace) -> None:
    based.write("reconciler.yaml", f"{PROJECT}  other: {{url: sandbox}}\n")
    moved = {"channelId": 2, "only": ["sandbox"]}
    based.define({"one": {**MANAGED, "selectIn": {"other": {"channelId": 2}}}, "two": moved}, feeds={"logger": FEED})

    assert [code for code, _, _ in released_findings(based)] == ["ESA518"]
    assert [(code, lines) for code, _, lines in released_findings(based, "-e", "other")][-1] == (
        "ESA520",
        ['one: 1 "Channel 1" → 2 "Channel 2"'],
    )


def test_machines_find_them_under_a_key_of_their_own(based: Workspace) -> None:
    based.define({"one": {**MANAGED, "esaChannelVersion": {"unitCode": "KWH"}}})
    plan = json.loads(based.run("plan", "--base", "HEAD", "--format", "json").out)
    file = "channels/all.yaml"
    assert plan["no_longer_managed"] == [
        {"kind": "channel", "name": "two", "file": file, "path": None, "value": None},
        {"kind": "feed", "name": "logger", "file": file, "path": None, "value": None},
        {"kind": "setting", "name": "one", "file": file, "path": "esaChannelVersion.multiplier", "value": 1},
    ]


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_format_names_them(based: Workspace, name: str) -> None:
    based.define({"one": MANAGED}, feeds={"logger": FEED})
    out = based.run("plan", "--base", "HEAD", "--format", name).out
    assert "1 channel is no longer managed because of this change" in out
    assert "two, in channels/all.yaml" in out.replace("`", "")
    assert "1 warning" in out


def test_a_file_that_is_deleted_takes_its_channels_along(based: Workspace) -> None:
    (based.root / "channels/all.yaml").unlink()
    based.write("channels/other.yaml", "channels: {two: {channelId: 2, channelInfo: Channel 2}}\n")
    assert [message for _, message, _ in released_findings(based)] == [
        "1 channel is no longer managed because of this change",
        "1 feed is no longer managed because of this change",
    ]


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(MANAGED, id="same select"),
        pytest.param({**MANAGED, "channelId": None, "select": {"channelImportId": "IMP-1"}}, id="another select"),
    ],
)
def test_another_name_is_a_rename_and_keeps_its_origins(based: Workspace, now: dict[str, Any]) -> None:
    renamed = {key: value for key, value in now.items() if value is not None}
    based.define({"north": renamed, "two": TWO}, feeds={"logger": {**FEED, "expect": "north"}})
    assert released_findings(based) == [
        ("ESA519", "1 channel has another name because of this change", ["one → north"])
    ]


def test_what_drifted_is_drift_under_another_name_too(based: Workspace) -> None:
    based.load(make_world(make_channel(1, channelInfo="Drifted"), make_channel(2, type="ELECDEM")))
    based.define({"north": MANAGED, "two": TWO}, feeds={"logger": {**FEED, "expect": "north"}})
    plan = json.loads(based.run("plan", "--base", "HEAD", "--format", "json").out)
    (edit,) = (edit for change in plan["resource_changes"] for edit in change["edits"])
    assert (edit["path"], edit["origin"]) == ("channelInfo", "drift")


def test_a_setting_under_its_other_key_is_still_managed(based: Workspace) -> None:
    unit = based.live(1)["channelVersions"][0]["unit"]["unitId"]
    based.define(
        {"one": {**MANAGED, "esaChannelVersion": {"multiplier": 1, "unitId": unit}}, "two": TWO}, feeds={"logger": FEED}
    )
    assert released_findings(based) == []


def test_what_the_defaults_of_a_file_say_no_more_is_named_for_each_channel(based: Workspace) -> None:
    based.define({"one": MANAGED, "two": TWO}, defaults={"isPrimaryDemand": False}, feeds={"logger": FEED})
    git(based, "commit", "-am", "defaults")
    based.define({"one": MANAGED, "two": TWO}, feeds={"logger": FEED})
    assert released_findings(based) == [
        (
            "ESA518",
            "2 settings are no longer managed because of this change",
            ["isPrimaryDemand of one, which was false", "isPrimaryDemand of two, which was false"],
        )
    ]


def test_another_name_of_a_feed_is_nothing_taken_out(based: Workspace) -> None:
    based.define({"one": MANAGED, "two": TWO}, feeds={"meter": FEED})
    assert released_findings(based) == []


def test_a_filter_picks_among_them(based: Workspace) -> None:
    based.define({"one": {"channelId": 1, "channelInfo": "Channel 1"}}, feeds={"logger": FEED})
    assert [lines for _, _, lines in released_findings(based, "--only", "o*")] == [
        ["esaChannelVersion.multiplier of one, which was 1", 'esaChannelVersion.unitCode of one, which was "KWH"']
    ]


def test_a_folder_that_is_no_longer_one_of_definitions_counts(based: Workspace) -> None:
    project = (based.root / "reconciler.yaml").read_text()
    based.write("more/three.yaml", "channels: {three: {select: {channelImportId: IMP-2}}}\n")
    based.define({"one": MANAGED}, feeds={"logger": FEED})
    based.write("reconciler.yaml", project.replace("definitions: channels", "definitions: [channels, more]"))
    git(based, "add", ".")
    git(based, "commit", "-m", "two folders")
    based.write("reconciler.yaml", project)
    assert released_findings(based) == [
        ("ESA518", "1 channel is no longer managed because of this change", ["three, in more/three.yaml"])
    ]


def test_a_name_that_selects_another_channel_is_reported(based: Workspace) -> None:
    based.define({"one": {**MANAGED, "channelId": 2}, "two": {**TWO, "channelId": 1}}, feeds={"logger": FEED})
    lines = ['one: 1 "Channel 1" → 2 "Channel 2"', 'two: 2 "Channel 2" → 1 "Channel 1"']
    message = "names now select another channel in EnergyCAP because of this change"

    assert released_findings(based) == [("ESA520", f"2 {message}", lines)]
    assert released_findings(based, "--only", "one") == [
        ("ESA520", f"1 {message.replace('names now select', 'name now selects')}", lines[:1])
    ]


def test_another_way_to_find_the_same_channel_is_not(based: Workspace) -> None:
    one = {key: value for key, value in MANAGED.items() if key != "channelId"}
    based.define({"one": {"select": {"channelImportId": "IMP-1"}, **one}, "two": TWO}, feeds={"logger": FEED})

    assert released_findings(based) == []


ONE = "channels:\n  one:\n    channelId: 1\n    channelInfo: Renamed\n"


def git(workspace: Workspace, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=workspace.root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clean(workspace: Workspace) -> Workspace:
    """A project in a repository whose only commit has all its files."""
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1), make_channel(2)))
    workspace.write("channels/one.yaml", ONE)
    workspace.write(".gitignore", ".reconciler\nchannels/mine.yaml\n")
    git(workspace, "init")
    git(workspace, "add", ".")
    git(workspace, "commit", "-m", "first")
    return workspace


def commit_in_plan(workspace: Workspace) -> dict[str, object]:
    definitions = json.loads(workspace.run("plan", "--format", "json").out)["definitions"]
    return {key: definitions[key] for key in ("commit", "uncommitted")}


def test_a_clean_tree_is_the_commit(clean: Workspace) -> None:
    assert commit_in_plan(clean) == {"commit": git(clean, "rev-parse", "HEAD"), "uncommitted": False}
    assert "uncommitted" not in clean.run("plan").out


def test_a_change_that_is_not_committed_is_said_in_every_format(clean: Workspace) -> None:
    clean.write("channels/one.yaml", ONE.replace("Renamed", "Again"))
    commit = git(clean, "rev-parse", "HEAD")

    text = clean.run("plan", "--format", "text", "--format", "markdown=plan.md", "--format", "html=plan.html").out

    assert f"Planned from commit {commit[:7]} + uncommitted changes.\n" in text
    assert f" from commit `{commit}` + uncommitted changes at " in (clean.root / "plan.md").read_text()
    assert f"<code>{commit}</code> + uncommitted changes" in (clean.root / "plan.html").read_text()
    assert commit_in_plan(clean) == {"commit": commit, "uncommitted": True}


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize(
    ("file", "text"), [("channels/one.yaml", ONE.replace("Renamed", "Again")), ("reconciler.yaml", "# mine\n")]
)
def test_a_change_that_git_is_told_to_overlook_is_not_committed(
    clean: Workspace, option: str, file: str, text: str
) -> None:
    git(clean, "update-index", option, "channels/one.yaml", "reconciler.yaml")
    assert commit_in_plan(clean)["uncommitted"] is False

    clean.write(file, (clean.root / file).read_text() + text if text.startswith("#") else text)

    assert commit_in_plan(clean)["uncommitted"] is True


def test_a_deleted_file_counts_as_uncommitted_even_if_git_is_told_to_ignore_it(clean: Workspace) -> None:
    clean.write("channels/two.yaml", ONE.replace("one", "two").replace(": 1", ": 2"))
    git(clean, "add", ".")
    git(clean, "commit", "-m", "second")
    git(clean, "update-index", "--assume-unchanged", "channels/two.yaml")
    (clean.root / "channels" / "two.yaml").unlink()

    assert commit_in_plan(clean)["uncommitted"] is True


def test_line_ends_that_git_converts_count_as_committed(clean: Workspace) -> None:
    git(clean, "config", "core.autocrlf", "true")
    git(clean, "update-index", "--assume-unchanged", "channels/one.yaml")
    (clean.root / "channels" / "one.yaml").write_bytes(ONE.replace("\n", "\r\n").encode())

    assert commit_in_plan(clean)["uncommitted"] is False


@pytest.mark.parametrize(
    ("file", "uncommitted"),
    [
        ("channels/deeper/two.yml", True),
        ("channels/Two.YAML", True),
        ("channels/mine.yaml", False),
        ("channels/notes.txt", False),
        ("channels/.hidden/two.yaml", False),
        ("plan.yaml", False),
    ],
)
def test_a_file_that_git_does_not_track_counts_where_it_defines_channels(
    clean: Workspace, file: str, uncommitted: bool
) -> None:
    clean.write(file, ONE.replace("one", "two").replace(": 1", ": 2"))
    assert commit_in_plan(clean)["uncommitted"] is uncommitted


@pytest.mark.parametrize(
    "words",
    [
        ("add", "channels"),
        ("rm", "--cached", "channels/one.yaml"),
        ("mv", "channels/one.yaml", "channels/new.yaml"),
    ],
)
def test_what_is_only_in_the_index_is_not_committed(clean: Workspace, words: tuple[str, ...]) -> None:
    clean.write("channels/two.yaml", ONE.replace("one", "two").replace(": 1", ": 2"))
    git(clean, *words)
    assert commit_in_plan(clean)["uncommitted"] is True


def test_the_project_file_counts_and_files_of_others_do_not(clean: Workspace) -> None:
    clean.write(".gitignore", ".reconciler\n")
    assert commit_in_plan(clean)["uncommitted"] is False
    clean.write("reconciler.yaml", (clean.root / "reconciler.yaml").read_text() + "# more\n")
    assert commit_in_plan(clean)["uncommitted"] is True


def test_a_project_below_the_root_of_its_repository_answers_for_itself_alone(clean: Workspace) -> None:
    (clean.root / "site").mkdir()
    for name in ("channels", "reconciler.yaml", ".reconciler"):
        (clean.root / name).rename(clean.root / "site" / name)
    git(clean, "add", "--all", ".")
    git(clean, "commit", "-m", "moved")
    clean.write("channels/other.yaml", "channels: {}\n")

    def plan() -> object:
        return json.loads(clean.run("plan", "--format", "json").out)["definitions"]["uncommitted"]

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clean.root / "site")
        assert plan() is False
        clean.write("site/channels/one.yaml", ONE.replace("Renamed", "Again"))
        assert plan() is True


def test_without_a_repository_nothing_is_said(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1)))
    workspace.write("channels/one.yaml", ONE)
    assert commit_in_plan(workspace) == {"commit": None, "uncommitted": None}


LAST_SECOND = "2026-11-01T01:59:59"
GAP, TWICE = "2027-03-14T02:30:00", "2027-11-07T01:30:00"


def define_begins(workspace: Workspace) -> None:
    """A new version, a new channel with one, and a moved one, each from an hour in which clocks in New York change."""
    begun = [make_version(20, endDate="2025-01-01T00:00:00"), make_version(21, beginDate="2025-01-01T00:00:00")]
    workspace.load(make_world(make_channel(1, isPrimaryValue=True), make_channel(2, versions=begun)))
    new = {
        "create": True,
        "channelInfo": "New",
        "channelImportId": "NEW",
        "dataPointId": 1,
        "intervalMinutes": 15,
        "isCalculated": False,
        "isPrimaryDemand": False,
        "isPrimaryValue": False,
        "observationTypeCode": "ELECUSE",
        "summarizationMethod": "Sum",
    }
    settings = {"multiplier": 1, "observationRule": "Trip", "unitCode": "KWH", "isValuePositive": True}
    workspace.define(
        {
            "listed": {
                "channelId": 1,
                "channelVersions": [{"beginDate": None}, {"beginDate": GAP, "multiplier": 3}],
            },
            "moved": {"channelId": 2, "esaChannelVersion": {"beginDate": LAST_SECOND}},
            "new": {**new, "channelVersions": [{"beginDate": None, **settings}, {"beginDate": TWICE, "multiplier": 5}]},
        }
    )


@pytest.mark.parametrize("taken", [False, True], ids=["live", "snapshot"])
def test_a_begin_in_an_hour_that_clocks_skip_or_repeat_is_a_warning(workspace: Workspace, *, taken: bool) -> None:
    define_begins(workspace)
    if taken:
        workspace.run("snapshot", "--time-zones", "--out", "copy.json")

    answer = workspace.run("plan", "--format", "json", *(["--snapshot", "copy.json"] if taken else []))

    findings = json.loads(answer.out)["findings"]
    assert [(one["message"], one["fix"]) for one in findings if one["code"] == "ESA537"] == [
        (
            (
                f"the version would begin at {GAP}, which does not exist in America/New_York, where the clocks go from "
                "2027-03-14T02:00:00 to 2027-03-14T03:00:00"
            ),
            "write a beginDate before 2027-03-14T02:00:00, or  2027-03-14T03:00:00  or later",
        ),
        (
            f"the version would begin at {LAST_SECOND}, which occurs twice in America/New_York, at -04:00 and -05:00",
            "write a beginDate before 2026-11-01T01:00:00, or  2026-11-01T02:00:00  or later",
        ),
        (
            f"the version would begin at {TWICE}, which occurs twice in America/New_York, at -04:00 and -05:00",
            "write a beginDate before 2027-11-07T01:00:00, or  2027-11-07T02:00:00  or later",
        ),
    ]


def test_a_begin_whose_time_zone_is_not_in_the_snapshot_is_not_judged(workspace: Workspace) -> None:
    define_begins(workspace)
    workspace.run("snapshot", "--out", "copy.json")

    assert "ESA537" not in workspace.run("plan", "--snapshot", "copy.json").out
