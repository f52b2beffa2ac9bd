"""`plan --base` in every state that git and its repository may be in: what git says is passed on, or it is right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.commits import read_base, read_blobs
from reconciler.definitions.git import LOCAL_VARIABLES, find_commit
from reconciler.errors import ProjectError
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.workspace import Workspace

DRIFT = {"channelInfo": "drift", "channelDescription": "change"}
UNKNOWN = {"channelInfo": "unknown", "channelDescription": "unknown"}
BEFORE = "channels:\n  one:\n    channelId: 1\n    channelInfo: Renamed\n"
AFTER = f"{BEFORE}    channelDescription: Described\n"


def git(folder: Path, *words: str) -> str:
    settings = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always")
    answer = subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True, text=True)
    return answer.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "--all", "--force", ".", ":!.reconciler")
    git(folder, "commit", "--allow-empty", "-m", "another")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(workspace: Workspace) -> Workspace:
    """A workspace in a repository whose first commit names channel 1; what is to be committed next describes it too."""
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1)))
    workspace.write("channels/all.yaml", BEFORE)
    git(workspace.root, "init", "--initial-branch=main")
    commit(workspace.root)
    workspace.write("channels/all.yaml", AFTER)
    return workspace


def plan(workspace: Workspace, base: str = "HEAD") -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The origin of each edit, and the findings on git and the base."""
    document = json.loads(workspace.run("plan", f"--base={base}", "--format", "json").out)
    edits = {edit["path"]: edit["origin"] for row in document["resource_changes"] for edit in row["edits"]}
    found = [(one["code"], one["message"]) for one in document["findings"] if one["code"].startswith("ESA15")]
    return edits, found


@pytest.mark.parametrize("filter_", ["blob:none", "tree:0"])
def test_a_partial_clone_without_the_base_is_said_and_nothing_is_fetched(
    repository: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, filter_: str
) -> None:
    commit(repository.root)
    git(repository.root, "config", "uploadpack.allowFilter", "true")
    git(repository.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", f"--filter={filter_}", f"file://{repository.root}", ".")
    monkeypatch.chdir(clone)

    answer = repository.run("plan", "--base", "HEAD^")

    assert (answer.code, answer.out, answer.err) == (
        1,
        "",
        (
            f"reconciler: git lacks some files of the base in {clone}: this clone is partial\n"
            "  fix: fetch the missing files:  git fetch --refetch --no-filter  (actions/checkout: without filter)\n"
        ),
    )
    git(clone, "fetch", "--refetch", "--no-filter")
    assert "git" not in repository.run("plan", "--base", "HEAD^").err


@pytest.mark.parametrize(
    "attributes",
    ["/channels export-ignore", "all.yaml export-ignore", "*.yaml export-subst", "*.yaml filter=none -text"],
)
def test_attributes_have_no_say_in_what_a_commit_holds(repository: Workspace, attributes: str) -> None:
    repository.write(".gitattributes", f"{attributes}\n")
    repository.write("channels/all.yaml", BEFORE.replace("Renamed", "Renamed $Format:%h$"))
    commit(repository.root)
    repository.write("channels/all.yaml", AFTER.replace("Renamed", "Renamed $Format:%h$"))

    assert plan(repository) == (DRIFT, [])


def test_a_replaced_commit_is_the_one_that_was_committed(repository: Workspace) -> None:
    first = git(repository.root, "rev-parse", "HEAD")
    repository.write("channels/all.yaml", "channels: {}\n")
    other = commit(repository.root)
    git(repository.root, "replace", first, other)
    repository.write("channels/all.yaml", AFTER)

    assert plan(repository, first) == (DRIFT, [])


def test_a_graft_changes_no_history(repository: Workspace) -> None:
    head = commit(repository.root)
    repository.write(".git/info/grafts", f"{head}\n")

    assert plan(repository, "HEAD^") == (DRIFT, [])


def test_a_git_that_knows_fewer_options_finds_the_base(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("--end-of-options", "echo 'fatal: Needed a single revision' >&2; exit 128")(repository, monkeypatch)

    assert plan(repository) == (DRIFT, [])


def test_the_project_file_of_the_base_says_where_its_definitions_were(repository: Workspace) -> None:
    git(repository.root, "mv", "channels", "esa")
    repository.write("reconciler.yaml", (repository.root / "reconciler.yaml").read_text().replace("channels", "esa"))

    assert plan(repository) == (DRIFT, [])


def test_a_project_that_moved_is_found(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository.root / "campus").mkdir()
    git(repository.root, "mv", "channels", "reconciler.yaml", "campus")
    monkeypatch.chdir(repository.root / "campus")
    database = repository.root / "campus" / ".reconciler"
    repository.database.parent.rename(database)

    assert plan(repository) == (
        DRIFT,
        [("ESA152", "at the base HEAD the project was in the root of the repository, and it is in campus now")],
    )


def test_a_project_that_may_have_been_in_two_folders_has_unknown_origins(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("campus", "plant"):
        repository.write(f"{folder}/reconciler.yaml", (repository.root / "reconciler.yaml").read_text())
        repository.write(f"{folder}/channels/all.yaml", AFTER)
    commit(repository.root)
    git(repository.root, "mv", "campus", "one")
    git(repository.root, "rm", "-r", "-q", "plant")
    repository.database.parent.rename(repository.root / "one" / ".reconciler")
    monkeypatch.chdir(repository.root / "one")

    assert plan(repository) == (UNKNOWN, [("ESA151", "reconciler.yaml could not be read at the base HEAD")])


def test_a_project_beside_others_that_stayed_is_new(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("new/reconciler.yaml", (repository.root / "reconciler.yaml").read_text())
    repository.write("new/channels/all.yaml", AFTER)
    monkeypatch.chdir(repository.root / "new")
    repository.database.parent.rename(repository.root / "new" / ".reconciler")

    origins, findings = plan(repository)

    assert (set(origins.values()), findings) == ({"change"}, [("ESA153", "HEAD has no reconciler.yaml in new")])


@pytest.mark.parametrize(
    ("past", "why"),
    [
        ("channels:\n  one: [\n", "line "),
        (f"{BEFORE}    multiplier: 3\n", "line 5: "),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 9\n", "line 1: "),
        ("\0GITCRYPT\0", "line 1: "),
        (f"{BEFORE}# {'x' * 5 * 2**20}\n", "it was larger than 5 MiB"),
    ],
    ids=["yaml", "schema", "lfs", "encrypted", "large"],
)
def test_what_could_not_be_read_at_the_base_has_an_unknown_origin(repository: Workspace, past: str, why: str) -> None:
    repository.write("channels/all.yaml", past)
    commit(repository.root)
    repository.write("channels/all.yaml", AFTER)

    assert plan(repository) == (UNKNOWN, [("ESA151", "channels/all.yaml could not be read at the base HEAD")])
    text = repository.run("plan", "--base", "HEAD").out
    assert f"  there: {why}" in text
    assert "[cosmetic, origin unknown]" in text


def test_a_channel_of_two_minds_at_the_base_has_an_unknown_origin(repository: Workspace) -> None:
    repository.write("channels/second.yaml", BEFORE.replace("Renamed", "Otherwise"))
    commit(repository.root)
    (repository.root / "channels" / "second.yaml").unlink()

    assert plan(repository)[0] == UNKNOWN


def test_a_file_that_nothing_depends_on_may_be_broken_at_the_base(repository: Workspace) -> None:
    repository.write("channels/all.yaml", BEFORE)
    repository.write("channels/broken.yaml", "channels: [\n")
    commit(repository.root)
    (repository.root / "channels" / "broken.yaml").unlink()
    repository.write("channels/all.yaml", AFTER)

    assert plan(repository) == (DRIFT, [])


@pytest.mark.parametrize(
    ("link", "target", "right"),
    [
        ("channels/linked.yaml", "all.yaml", DRIFT),
        ("channels/linked.yaml", "/etc/hostname.yaml", UNKNOWN),
        ("channels/linked.yaml", "../../../etc/x.yaml", UNKNOWN),
        ("channels/linked.yaml", "nowhere.yaml", UNKNOWN),
    ],
)
def test_links_at_the_base_are_followed_within_the_definitions_alone(
    repository: Workspace, link: str, target: str, right: dict[str, str]
) -> None:
    if right is UNKNOWN:
        (repository.root / "channels" / "all.yaml").unlink()
    else:
        repository.write("channels/all.yaml", BEFORE)
    (repository.root / link).symlink_to(target)
    commit(repository.root)
    (repository.root / link).unlink()
    repository.write("channels/all.yaml", AFTER)

    assert plan(repository)[0] == right


def test_a_folder_of_definitions_that_was_a_link_is_followed(repository: Workspace) -> None:
    (repository.root / "channels").rename(repository.root / "esa")
    (repository.root / "channels").symlink_to("esa")
    repository.write("esa/all.yaml", BEFORE)
    commit(repository.root)
    (repository.root / "channels").unlink()
    (repository.root / "esa").rename(repository.root / "channels")
    repository.write("channels/all.yaml", AFTER)

    assert plan(repository) == (DRIFT, [])


def test_a_submodule_at_the_base_has_an_unknown_origin(repository: Workspace) -> None:
    git(repository.root, "rm", "-r", "-q", "--cached", "channels")
    head = git(repository.root, "rev-parse", "HEAD")
    git(repository.root, "update-index", "--add", "--cacheinfo", f"160000,{head},channels")
    git(repository.root, "commit", "-m", "as a submodule")

    assert plan(repository) == (UNKNOWN, [("ESA151", "channels could not be read at the base HEAD")])


def test_a_repository_in_the_repository_has_an_unknown_origin(repository: Workspace) -> None:
    git(repository.root, "rm", "-r", "-q", "--cached", "channels")
    git(repository.root, "commit", "-m", "apart")
    git(repository.root / "channels", "init")

    assert plan(repository) == (UNKNOWN, [("ESA151", "channels could not be read at the base HEAD")])


def test_a_file_that_git_ignores_has_an_unknown_origin(repository: Workspace) -> None:
    git(repository.root, "rm", "-q", "--cached", "channels/all.yaml")
    repository.write(".gitignore", "channels/a*\n")
    git(repository.root, "commit", "-m", "ignored")

    assert plan(repository) == (UNKNOWN, [("ESA151", "channels/all.yaml could not be read at the base HEAD")])


def test_a_file_that_is_new_is_from_this_change(repository: Workspace) -> None:
    (repository.root / "channels" / "all.yaml").rename(repository.root / "channels" / "new.yaml")

    assert plan(repository) == ({"channelInfo": "drift", "channelDescription": "change"}, [])
    git(repository.root, "rm", "-q", "--cached", "channels/all.yaml")
    git(repository.root, "commit", "-m", "none")
    assert set(plan(repository)[0].values()) == {"change"}


def test_a_link_and_a_folder_of_one_name_put_no_file_elsewhere(
    repository: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")

    def write(kind: str, text: str) -> str:
        words = ["git", "hash-object", "-w", "-t", kind, "--stdin", "--literally"]
        answer = subprocess.run(
            words, cwd=repository.root, input=text.encode("latin-1"), check=True, capture_output=True
        )
        return answer.stdout.decode().strip()

    def raw(name: str) -> str:
        return bytes.fromhex(name).decode("latin-1")

    link, file = write("blob", str(outside)), write("blob", BEFORE)
    folder = write("tree", f"100644 planted.yaml\0{raw(file)}")
    tree = f"120000 a\0{raw(link)}40000 a\0{raw(folder)}100644 ..\0{raw(file)}"
    channels = write("tree", tree)
    project = git(repository.root, "rev-parse", "HEAD:reconciler.yaml")
    top = write("tree", f"40000 channels\0{raw(channels)}100644 reconciler.yaml\0{raw(project)}")
    base = git(repository.root, "commit-tree", "-m", "odd", top)

    assert repository.run("plan", "--base", base).code == 0
    assert list(outside.iterdir()) == []


VARIABLES = {
    "GIT_DIR": ".git",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "/nowhere",
    "GIT_PREFIX": "x/",
    "GIT_COMMON_DIR": "/nowhere",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere",
    "GIT_CEILING_DIRECTORIES": "/nowhere",
    "GIT_TRACE": "1",
    "GIT_ICASE_PATHSPECS": "1",
    "GIT_GLOB_PATHSPECS": "1",
    "GIT_NAMESPACE": "x",
    "LC_ALL": "de_DE.UTF-8",
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables_of_a_hook_do_not_lead_git_elsewhere(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, VARIABLES[variable])

    assert plan(repository) == (DRIFT, [])


@pytest.mark.parametrize("value", ["/nowhere", "1x", ""])
def test_no_local_variable_of_git_leads_it_elsewhere(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    for variable in git(repository.root, "rev-parse", "--local-env-vars").split():
        monkeypatch.setenv(variable, value)

    assert plan(repository) == (DRIFT, [])


def test_settings_of_the_caller_count(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(repository.root))

    assert plan(repository) == (DRIFT, [])


def test_all_local_variables_of_git_but_its_settings_are_dropped() -> None:
    local = set(git(Path(), "rev-parse", "--local-env-vars").split())
    assert local - LOCAL_VARIABLES == {"GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}


def own_nothing(_: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")


def leave_worktree(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.root / ".git").rename(workspace.root / "gone")
    (workspace.root / ".git").write_text("gitdir: /nowhere/worktrees/one\n", encoding="utf-8")


def damage_head(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    name = git(workspace.root, "rev-parse", "HEAD")
    place = workspace.root / ".git" / "objects" / name[:2] / name[2:]
    place.chmod(0o644)
    place.write_bytes(b"damaged")


def damage_settings(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.root / ".git" / "config").write_text("[core\n", encoding="utf-8")


def make_newer(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    git(workspace.root, "config", "core.repositoryFormatVersion", "99")


def lose_alternates(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.root / ".git" / "objects").rename(workspace.root / "gone")
    (workspace.root / ".git" / "objects" / "info").mkdir(parents=True)
    (workspace.root / ".git" / "objects" / "info" / "alternates").write_text("/nowhere/objects\n", encoding="utf-8")


def damage_name_of_head(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.root / ".git" / "HEAD").write_text("garbage\n", encoding="utf-8")


def look_elsewhere(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    git(workspace.root, "config", "core.worktree", "/usr")


def be_not_executable(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (workspace.root / "bin").mkdir()
    workspace.write("bin/git", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(workspace.root / "bin"))


def damage_index(workspace: Workspace, _: pytest.MonkeyPatch) -> None:
    (workspace.root / ".git" / "index").write_bytes(b"damaged")


def stand_in(words: str, does: str) -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    """A git before the $real one in the PATH: it `does` something if it is asked one of `words`."""

    def put(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        head = f"#!/bin/sh\nreal='{shutil.which('git')}'\n"
        script = f'{head}for word; do case $word in {words}) {does};; esac; done\nexec "$real" "$@"\n'
        folder = workspace.root / ".git" / "stand-in"
        folder.mkdir()
        (folder / "git").write_text(script, encoding="utf-8")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return put


def be_missing(_: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def be_no_program(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    be_not_executable(workspace, monkeypatch)
    workspace.write("bin/git", "").chmod(0o755)
    (workspace.root / "bin" / "git").write_bytes(b"\x7fELF nonsense")


def hang(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("ls-tree", "exec sleep 60")(workspace, monkeypatch)
    monkeypatch.setattr("reconciler.definitions.git.PATIENCE", 2.0)


FAILURES: dict[str, tuple[Callable[[Workspace, pytest.MonkeyPatch], None], str]] = {
    "owner": (own_nothing, "fix: if you trust it:  git config --global --add safe.directory {root}\n"),
    "worktree": (leave_worktree, "not a git repository: /nowhere/worktrees/one"),
    "object": (damage_head, "git cannot read the commit 'HEAD' in {root}: "),
    "index": (damage_index, "git ls-files failed in {root}: "),
    "silent": (stand_in("rev-parse", "exit 127"), ": it printed nothing and exited with code 127\n"),
    "killed": (stand_in("ls-tree", "kill -9 $$"), "git ls-tree failed in {root}: it was terminated by signal 9"),
    "binary": (stand_in("rev-parse", r"printf '\377\376'; exit 0"), "the folder is not in its working tree"),
    "hanging": (
        hang,
        "git ls-tree did not finish in {root} within 2 seconds\n  fix: see what it waits for:  git -C {root} status\n",
    ),
    "no-tree": (
        stand_in("ls-tree", "echo no tree; exit 0"),
        "cannot read the answer of git ls-tree in {root}: 'no tree\\n'",
    ),
    "no-sizes": (stand_in("--batch-check", "exit 0"), "cannot read the answer of git cat-file in {root}: ''"),
    "cut": (
        stand_in("--batch", '$real "$@" | head -c 60; exit 0'),
        "cannot read the answer of git cat-file in {root}: ",
    ),
    "settings": (damage_settings, "bad config line 1 in file "),
    "newer": (make_newer, "repo version"),
    "alternates": (lose_alternates, "/nowhere/objects"),
    "head": (damage_name_of_head, "git cannot read the repository of {root}, so --base has nothing to compare with: "),
    "elsewhere": (look_elsewhere, "the folder is not in its working tree"),
    "not-executable": (
        be_not_executable,
        "git cannot be run: Permission denied, so --base has nothing to compare with",
    ),
    "missing": (be_missing, "git was not found, so --base has nothing to compare with"),
    "no-program": (be_no_program, "git cannot be run: Exec format error, so --base has nothing to compare with"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_git_says_is_passed_on(repository: Workspace, monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    break_it, words = FAILURES[failure]
    break_it(repository, monkeypatch)

    answer = repository.run("plan", "--base", "HEAD")

    assert (answer.code, answer.out) == (1, "")
    assert words.format(root=repository.root) in answer.err


@pytest.mark.parametrize("failure", ["not-executable", "missing", "no-program"])
def test_a_plan_without_a_base_needs_no_git(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    FAILURES[failure][0](repository, monkeypatch)

    document = json.loads(repository.run("plan", "--format", "json").out)

    assert (document["definitions"]["commit"], document["findings"]) == (None, [])
    assert document["summary"]["update"] == 1


@pytest.mark.parametrize("failure", ["owner", "worktree", "settings", "newer", "head", "silent", "binary"])
def test_a_plan_without_a_base_says_why_it_has_no_commit(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    FAILURES[failure][0](repository, monkeypatch)

    document = json.loads(repository.run("plan", "--format", "json").out)

    assert document["definitions"]["commit"] is None
    assert [one["code"] for one in document["findings"]] == ["ESA150"]
    assert (document["errored"], document["summary"]["update"]) == (False, 1)


@pytest.mark.parametrize("words", ["diff", "ls-files"])
def test_a_plan_does_not_pass_for_committed_if_git_cannot_tell(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    stand_in(words, "exit 3")(repository, monkeypatch)

    document = json.loads(repository.run("plan", "--format", "json").out)

    assert document["definitions"]["commit"] == git(repository.root, "rev-parse", "HEAD")
    assert [(one["code"], one["message"]) for one in document["findings"]] == [
        ("ESA150", f"git {words} failed in {repository.root}: it printed nothing and exited with code 3")
    ]


@pytest.mark.parametrize("failure", ["owner", "index", "settings", "object", "head"])
def test_an_update_leaves_all_files_alone_if_git_cannot_tell_what_was_edited(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    FAILURES[failure][0](repository, monkeypatch)

    answer = repository.run("import", "--update")

    assert (answer.code, answer.err.startswith("reconciler: git ")) == (1, True)
    assert (repository.root / "channels" / "all.yaml").read_text() == AFTER


@pytest.mark.parametrize("damage", [be_missing, damage_name_of_head])
def test_projects_below_are_found_though_git_knows_of_no_repository(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Workspace, pytest.MonkeyPatch], None]
) -> None:
    (repository.root / "campus").mkdir()
    git(repository.root, "mv", "channels", "reconciler.yaml", "campus")
    damage(repository, monkeypatch)

    assert repository.run("validate").out == "1 file, 1 channel: no findings.\n"


@pytest.mark.parametrize("failure", ["owner", "worktree", "settings", "newer", "not-executable"])
def test_a_hook_at_the_root_is_not_green_where_git_cannot_tell_what_is_below(
    repository: Workspace, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    (repository.root / "campus").mkdir()
    git(repository.root, "mv", "channels", "reconciler.yaml", "campus")
    FAILURES[failure][0](repository, monkeypatch)

    answer = repository.run("validate")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("reconciler: git ")


def test_a_repository_without_commits_is_said(repository: Workspace) -> None:
    git(repository.root, "checkout", "--orphan", "empty")

    assert repository.run("plan", "--base", "HEAD").err == (
        f"reconciler: no commit is checked out in {repository.root}, so --base has nothing to compare with\n"
        "  fix: commit first, or leave --base out\n"
    )
    assert json.loads(repository.run("plan", "--format", "json").out)["findings"] == []


def test_a_shallow_clone_says_how_to_get_more(
    repository: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository.root)
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--depth=1", f"file://{repository.root}", ".")
    monkeypatch.chdir(clone)

    assert repository.run("plan", "--base", "HEAD^").err == (
        f"reconciler: git has no commit 'HEAD^' in {clone}\n"
        "  fix: this clone is shallow, so fetch more:  git fetch --unshallow  (actions/checkout: fetch-depth)\n"
    )


def test_a_name_of_two_things_is_not_chosen_between(repository: Workspace) -> None:
    git(repository.root, "tag", "both")
    commit(repository.root)
    git(repository.root, "branch", "both")

    assert repository.run("plan", "--base", "both").err == (
        f"reconciler: 'both' names more than one commit or object in {repository.root}: refname 'both' is ambiguous.\n"
        "  fix: write the full name, such as  refs/heads/both, refs/tags/both  or all digits of a commit\n"
    )
    assert plan(repository, "refs/tags/both")[0] == DRIFT


@pytest.mark.parametrize("base", ["", "--output=x", "HEAD..HEAD", "^HEAD", "HEAD:channels", "-1", "HEAD^{tree}"])
def test_what_is_not_a_commit_is_said_and_writes_nothing(repository: Workspace, base: str) -> None:
    before = sorted(repository.root.iterdir())

    answer = repository.run("plan", f"--base={base}")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"reconciler: git has no commit {base!r} in {repository.root}\n")
    assert sorted(repository.root.iterdir()) == before


@pytest.mark.parametrize("lock", ["index.lock", "HEAD.lock", "config.lock"])
def test_a_lock_of_somebody_else_is_not_waited_for(repository: Workspace, lock: str) -> None:
    (repository.root / ".git" / lock).touch()

    assert plan(repository) == (DRIFT, [])


def test_a_linked_worktree_and_a_submodule_are_repositories_like_others(
    repository: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository.root)
    around = tmp_path_factory.mktemp("around")
    git(around, "init")
    git(around, "submodule", "add", str(repository.root), "below")
    git(repository.root, "worktree", "add", str(around / "beside"))
    for folder in (around / "below", around / "beside"):
        monkeypatch.chdir(folder)
        (folder / ".reconciler").mkdir()
        (folder / ".reconciler" / "sandbox.sqlite3").write_bytes(repository.database.read_bytes())
        assert plan(repository, "HEAD^") == (DRIFT, [])


def test_files_that_a_sparse_checkout_leaves_out_are_said(repository: Workspace) -> None:
    repository.write("channels/all.yaml", BEFORE)
    for name in ("a", "b", "c", "d", "e"):
        repository.write(f"channels/{name}/more.yaml", BEFORE.replace("one", name).replace("1", "2"))
    repository.write("channels/notes.txt", "notes")
    commit(repository.root)
    git(repository.root, "sparse-checkout", "set", "--no-cone", "/*", "!/channels/?/", "!/channels/notes.txt")
    repository.write("channels/all.yaml", AFTER)
    names = ", ".join(f"channels/{name}/more.yaml" for name in "abc")

    assert plan(repository) == (
        DRIFT,
        [
            (
                "ESA154",
                f"not checked out, so not in this plan: {names} and 2 more",
            )
        ],
    )


def test_a_partial_clone_that_is_sparse_says_what_it_lacks(
    repository: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("channels/more.yaml", BEFORE.replace("one", "more").replace("1", "2"))
    repository.write(".gitignore", ".reconciler/\n")
    commit(repository.root)
    git(repository.root, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--filter=blob:none", "--no-checkout", f"file://{repository.root}", ".")
    git(clone, "sparse-checkout", "set", "--no-cone", "/reconciler.yaml", "/channels/all.yaml")
    git(clone, "checkout", "main")
    monkeypatch.chdir(clone)

    document = json.loads(repository.run("plan", "--format", "json").out)

    assert document["definitions"]["uncommitted"] is None
    untold, left_out = (one for one in document["findings"] if one["code"].startswith("ESA15"))
    assert (untold["code"], untold["fix"]) == (
        "ESA150",
        "this clone is partial, so fetch what is missing:  git fetch --refetch --no-filter",
    )
    assert left_out["message"] == "not checked out, so not in this plan: channels/more.yaml"


def test_only_what_git_renamed_in_case_is_the_same(repository: Workspace) -> None:
    git(repository.root, "mv", "channels/all.yaml", "channels/All.yaml")
    repository.write("channels/All.yaml", AFTER)

    assert plan(repository) == (DRIFT, [])


def test_no_program_of_the_repository_is_started(repository: Workspace) -> None:
    ran = repository.root / "ran"
    program = repository.write(".git/program", f"#!/bin/sh\ntouch '{ran}'\ncat\n")
    program.chmod(0o755)
    repository.write(".git/info/attributes", "* filter=evil diff=evil\n")
    settings = {
        "filter.evil.smudge": program,
        "filter.evil.clean": program,
        "filter.evil.process": program,
        "filter.evil.required": "true",
        "diff.evil.textconv": program,
        "core.fsmonitor": program,
        "core.pager": program,
        "core.sshCommand": program,
        "core.editor": program,
    }
    for name, value in settings.items():
        git(repository.root, "config", name, str(value))

    assert plan(repository) == (DRIFT, [])
    assert not ran.exists()


def test_a_copy_that_cannot_be_made_is_said(repository: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, "/nowhere")
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")

    assert repository.run("plan", "--base", "HEAD").err == (
        "reconciler: cannot make a copy of the base: No such file or directory\n"
        "  fix: the path, or a part of it, does not exist: check its spelling, and the folder you are in; "
        "or set TMPDIR to another folder for temporary files\n"
    )


def test_a_copy_for_which_there_is_no_room_is_said(repository: Workspace) -> None:
    resource = pytest.importorskip("resource", reason="no limits of this kind on this system")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(ProjectError, match="cannot make a copy of the base: File too large") as failure:
            read_base(repository.root, "HEAD", ["channels"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert failure.value.fix.endswith("; or set TMPDIR to another folder for temporary files")


def test_objects_are_read_byte_for_byte(repository: Workspace) -> None:
    contents = {"channels/a.yaml": b"", "channels/b.yaml": b"\n\n", "channels/c.yaml": bytes(range(256)) * 9}
    for name, content in contents.items():
        (repository.root / name).write_bytes(content)
    head = commit(repository.root)
    names = {name: git(repository.root, "rev-parse", f"HEAD:{name}") for name in contents}

    blobs = read_blobs(repository.root, names.values(), 256)

    assert find_commit(repository.root, "main") == head
    assert [blobs[name] for name in names.values()] == [b"", b"\n\n", None]
