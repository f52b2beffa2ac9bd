"""The project file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.project_file import find_root, load_project
from reconciler.errors import ProjectError
from reconciler.model.project import (
    ChannelEdit,
    Environment,
    Guards,
    HistoryRewrites,
    MaxChanges,
    OnBlocked,
    OnNotFound,
    PrimaryMove,
    Project,
    VersionDates,
)
from tests.definitions.places import show

if TYPE_CHECKING:
    from pathlib import Path


WHOLE = """\
# yaml-language-server: $schema=schemas/project.schema.json
definitions: [channels, more]
defaultEnvironment: sandbox
environments:
  sandbox:
    url: sandbox
  production:
    url: https://app.energycap.com/
    apiKeyEnv: ECI_API_KEY_PRODUCTION
    primaryMove: giveUpFirst
    channelEdit: echoLatest
    versionDates: utc
guards:
  maxChanges: 30%
  historyRewrites: forbid
  blocked: stop
  notFound: skip
"""


def load(root: Path, text: str) -> tuple[Project | None, list[str]]:
    (root / "reconciler.yaml").write_text(text)
    project, findings = load_project(root)
    return project, show(findings)


def test_the_root_is_the_nearest_folder_with_a_project_file(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "a"):
        (folder / "reconciler.yaml").touch()

    assert [find_root(folder) for folder in (deep, tmp_path / "a", tmp_path)] == [
        tmp_path / "a",
        tmp_path / "a",
        tmp_path,
    ]


@pytest.mark.parametrize("git", ["folder", "file"], ids=["repository", "worktree"])
def test_the_search_ends_at_the_root_of_the_repository(git: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "a").mkdir(parents=True)
    (tmp_path / "reconciler.yaml").touch()
    (repository / ".git").mkdir() if git == "folder" else (repository / ".git").touch()

    with pytest.raises(ProjectError) as caught:
        find_root(repository / "a")

    assert (caught.value.message, caught.value.fix) == (
        f"no reconciler.yaml in {repository / 'a'} or above it, up to the root of its git repository",
        "change into the project's folder, or make this one a project:  reconciler init",
    )


def test_the_search_ends_at_the_top_if_there_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(ProjectError):
        find_root(tmp_path)


def test_a_project_file_becomes_records(tmp_path: Path) -> None:
    assert load(tmp_path, WHOLE) == (
        Project(
            ("channels", "more"),
            (
                Environment("sandbox", "sandbox"),
                Environment(
                    "production",
                    "https://app.energycap.com",
                    "ECI_API_KEY_PRODUCTION",
                    PrimaryMove.GIVE_UP_FIRST,
                    ChannelEdit.ECHO_LATEST,
                    VersionDates.UTC,
                ),
            ),
            "sandbox",
            Guards(MaxChanges(30, is_percent=True), HistoryRewrites.FORBID, OnBlocked.STOP, OnNotFound.SKIP),
        ),
        [],
    )


def test_a_guard_may_say_how_many_channels_are_created(tmp_path: Path) -> None:
    text = "definitions: channels\nenvironments: {there: {url: sandbox}}\nguards: {maxCreates: 40}\n"

    project, findings = load(tmp_path, text)

    assert findings == []
    assert project is not None
    assert project.guards == Guards(max_creates=40)


def test_missing_settings_have_defaults_and_the_only_environment_is_the_default(tmp_path: Path) -> None:
    text = "definitions: channels\nenvironments: {there: {url: sandbox}}\nguards: {maxChanges: 25}\n"

    assert load(tmp_path, text)[0] == Project(
        ("channels",), (Environment("there", "sandbox", "ECI_API_KEY"),), "there", Guards(MaxChanges(25))
    )


def test_without_environments_files_can_still_be_validated(tmp_path: Path) -> None:
    assert load(tmp_path, "definitions: channels\n") == (Project(("channels",), (), None, Guards()), [])


def test_a_project_file_with_anchors_is_read_by_the_full_reader(tmp_path: Path) -> None:
    anchored = WHOLE.replace("[channels, more]", "[&a channels, more]").replace("sandbox:\n", "sandbox: # !\n")

    project, findings = load(tmp_path, anchored)

    assert (project, findings) == (None, ["reconciler.yaml:2:15 ESA110 the anchor &a is never used"])
    assert load(tmp_path, WHOLE + "# !\n") == load(tmp_path, WHOLE)


def test_every_mistake_is_found_in_one_run(tmp_path: Path) -> None:
    text = """\
definitions: [/etc, ../x, C:\\y, ~/z, channels/../.., fine]
defaultEnvironment: sandbx
environments:
  sandbox: {url: sandbox}
  production:
    url: http://app.energycap.com
    apiKey: a.b.c
guards:
  maxChanges: lots
  blocked: never
  historyRewrites:
"""

    assert load(tmp_path, text) == (
        None,
        [
            "reconciler.yaml:1:15 ESA144 a definitions folder must be inside the project, found /etc",
            "reconciler.yaml:1:21 ESA144 a definitions folder must be inside the project, found ../x",
            "reconciler.yaml:1:27 ESA144 a definitions folder must be inside the project, found C:\\y",
            "reconciler.yaml:1:33 ESA144 a definitions folder must be inside the project, found ~/z",
            "reconciler.yaml:1:38 ESA144 a definitions folder must be inside the project, found channels/../..",
            'reconciler.yaml:2:21 ESA143 defaultEnvironment must name one of sandbox, production, found "sandbx"',
            'reconciler.yaml:6:10 ESA141 url must start with https:// unless it names this machine, found "http://app.energycap.com"',
            "reconciler.yaml:7:5 ESA142 secrets must not be stored in files, found apiKey",
            'reconciler.yaml:9:15 ESA145 maxChanges must be a whole number or a percentage, found "lots"',
            'reconciler.yaml:10:12 ESA124 blocked must be one of skip, stop, found "never"',
            "reconciler.yaml:11:3 ESA114 historyRewrites has no value",
        ],
    )


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "1:1 ESA113 the file is empty"),
        ("definitions: @\n", "1:14 ESA107 text that starts with @ must be in quotes"),
        ("[]\n", "1:1 ESA123 the file must be a mapping of keys, found []"),
        ("environments: {a: {url: sandbox}}\n", "1:1 ESA122 the file needs definitions"),
        (
            "definitions: a\ndefaultEnvironment: x\n",
            '2:21 ESA143 defaultEnvironment must name an environment, and there are none, found "x"',
        ),
        (
            "definitions: a\ndefaultEnvironment: " + "x" * 64 + "\n",
            f'2:21 ESA143 defaultEnvironment must name an environment, and there are none, found "{"x" * 57} …',
        ),
    ],
)
def test_a_single_mistake_is_a_single_finding(text: str, finding: str, tmp_path: Path) -> None:
    assert load(tmp_path, text) == (None, [f"reconciler.yaml:{finding}"])


def test_a_project_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").mkdir()

    project, findings = load_project(tmp_path)

    assert (project, show(findings)) == (
        None,
        ["reconciler.yaml:1:1 ESA101 the file cannot be read: Is a directory"],
    )


def test_a_project_file_that_is_not_utf_8_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_bytes(b"definitions: \xff\n")

    assert show(load_project(tmp_path)[1]) == ["reconciler.yaml:1:14 ESA104 the file is not UTF-8, found the byte 0xFF"]
