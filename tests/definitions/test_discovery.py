"""The definition files on disk."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.discovery import find_files, read_file
from reconciler.model.findings import Finding
from tests.definitions.places import show, validate, write

if TYPE_CHECKING:
    from collections.abc import Iterator


IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
GOOD = "channels:\n  use:\n    channelId: 1\n"


@pytest.fixture
def no_rights(tmp_path: Path) -> Iterator[Path]:
    """A folder and a file without read permission, which is restored so that they can be deleted."""
    if IS_ROOT:
        pytest.skip("the superuser may read everything")
    write(tmp_path, closed=GOOD)
    folder = tmp_path / "channels" / "folder"
    folder.mkdir()
    for path in (folder, tmp_path / "channels" / "closed.yaml"):
        path.chmod(0)
    yield tmp_path
    folder.chmod(0o700)


@pytest.fixture
def deep() -> Iterator[Path]:
    """Folders one in the other, longer than a path may be; removed by `rm`, as Python's own way would recurse.

    Not in pytest's own folder: whichever session of pytest clears that next would stumble over them.
    """
    root = tempfile.mkdtemp()
    here = os.open(root, os.O_RDONLY)
    for _ in range(2100):
        os.mkdir("a", dir_fd=here)
        below = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    yield Path(root)
    subprocess.run(["rm", "-rf", root], check=True)


def touch(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(GOOD)


def test_files_are_found_in_all_folders_in_the_order_of_their_paths(tmp_path: Path) -> None:
    touch(tmp_path, "b/z.yaml", "b/a/c.yml", "b/A.YAML", "b/notes.md", "b/.hidden.yaml", "b/.git/x.yaml", "a/y.yaml")

    found = find_files(tmp_path, ["b", "a/"])

    assert (found.files, found.findings) == (("a/y.yaml", "b/A.YAML", "b/a/c.yml", "b/z.yaml"), ())


def test_the_project_file_is_not_a_definition_file(tmp_path: Path) -> None:
    touch(tmp_path, "reconciler.yaml", "a.yaml", "b/reconciler.yaml")

    assert find_files(tmp_path, ["."]).files == ("a.yaml", "b/reconciler.yaml")


@pytest.mark.parametrize("folders", [["a", "a/b"], ["a/b", "a"], ["a", "a"]])
def test_a_file_in_overlapping_folders_is_read_once(folders: list[str], tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.yaml", "a/d.yaml")

    found = find_files(tmp_path, folders)

    assert (found.files, found.findings) == (("a/b/c.yaml", "a/d.yaml"), ())


def test_links_within_the_definitions_are_followed_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.yaml", "other/d.yaml")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "linked").symlink_to("../other", target_is_directory=True)
    (tmp_path / "a" / "same.yaml").symlink_to(tmp_path / "a" / "b" / "c.yaml")

    found = find_files(tmp_path, ["a", "other"])

    assert (found.files, found.findings) == (("a/linked/d.yaml", "a/same.yaml"), ())


def test_links_out_of_the_definitions_are_refused_once_each_and_not_read(tmp_path: Path) -> None:
    touch(tmp_path, "a/b/c.yaml", "secret.yaml", "elsewhere/d.yaml", "a/.hidden/e.yaml", "README.md")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "elsewhere").symlink_to("../elsewhere", target_is_directory=True)
    (tmp_path / "a" / "hidden.yaml").symlink_to(".hidden/e.yaml")
    (tmp_path / "a" / "b" / "secret.yaml").symlink_to("../../secret.yaml")
    (tmp_path / "a" / "README.md").symlink_to("../README.md")

    found = find_files(tmp_path, ["a"])

    assert (found.files, show(found.findings)) == (
        ("a/b/c.yaml",),
        [
            "a/elsewhere:1:1 ESA101 the link leads out of the definitions, found ../elsewhere",
            "a/hidden.yaml:1:1 ESA101 the link leads out of the definitions, found .hidden/e.yaml",
            "a/b/secret.yaml:1:1 ESA101 the link leads out of the definitions, found ../../secret.yaml",
        ],
    )


def test_a_file_outside_the_project_is_not_quoted(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("password: hunter2\n")
    (tmp_path / "project" / "channels").mkdir(parents=True)
    (tmp_path / "project" / "channels" / "a.yaml").symlink_to(outside)

    assert validate(tmp_path / "project") == [
        f"a.yaml:1:1 ESA101 the link leads out of the definitions, found {outside}"
    ]


def test_a_definitions_folder_may_itself_be_hidden(tmp_path: Path) -> None:
    touch(tmp_path, ".esa/channels/a.yaml")
    (tmp_path / ".esa" / "channels" / "b.yaml").symlink_to("a.yaml")

    found = find_files(tmp_path, [".esa/channels"])

    assert (found.files, found.findings) == ((".esa/channels/a.yaml",), ())


def test_a_definitions_folder_that_is_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "outside/a.yaml", "project/inside/b.yaml")
    (tmp_path / "project" / "channels").symlink_to("../outside", target_is_directory=True)
    (tmp_path / "project" / "linked").symlink_to("inside", target_is_directory=True)

    found = find_files(tmp_path / "project", ["channels", "linked"])

    message = "a definitions folder must be inside the project, found channels, a link out of it"
    assert (found.files, show(found.findings)) == (("linked/b.yaml",), [f"reconciler.yaml:0:0 ESA144 {message}"])


@pytest.mark.parametrize(
    "name", ["a.yam", "a.ymal", "a.Yalm", "a.yl", "a.yamll", "a.yaml.txt", "a.YML.TXT", "a.yaml ", "north building.ym"]
)
def test_a_file_with_a_misspelt_suffix_is_a_warning(name: str, tmp_path: Path) -> None:
    touch(tmp_path, f"channels/{name}", "channels/good.yaml")

    assert validate(tmp_path) == [f'{name}:1:1 ESA118 only files that end in .yaml or .yml are read, found "{name}"']


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml~",
        "a.yaml.bak",
        "a.yaml.orig",
        ".a.yaml.swp",
        "#a.yaml#",
        "a.json",
        "a.xml",
        "a.yang",
        "y",
        "yaml",
        "a.txt",
    ],
)
def test_backups_of_editors_and_other_files_are_skipped(name: str, tmp_path: Path) -> None:
    touch(tmp_path, f"channels/{name}", "channels/good.yaml")

    assert validate(tmp_path) == []


def test_a_folder_with_only_misspelt_suffixes_has_no_definitions(tmp_path: Path) -> None:
    touch(tmp_path, "channels/a.yam")

    assert show(find_files(tmp_path, ["channels"]).findings) == [
        'a.yam:1:1 ESA118 only files that end in .yaml or .yml are read, found "a.yam"',
        "reconciler.yaml:0:0 ESA102 the definitions folder contains no *.yaml files: channels",
    ]


def test_a_name_that_is_not_a_regular_file_is_always_reported(tmp_path: Path) -> None:
    touch(tmp_path, "a/good.yaml")
    (tmp_path / "a" / "folder.yaml").mkdir()
    (tmp_path / "a" / "gone.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "a" / "gone").symlink_to("nowhere")
    (tmp_path / "a" / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "a" / "pipe.yaml")

    found = find_files(tmp_path, ["a"])

    assert (found.files, show(found.findings)) == (
        ("a/good.yaml",),
        [
            "a/folder.yaml:1:1 ESA101 a folder is named like a definition file",
            "a/gone:1:1 ESA101 the file cannot be read: No such file or directory",
            "a/gone.yaml:1:1 ESA101 the file cannot be read: No such file or directory",
            "a/loop.yaml:1:1 ESA101 the file cannot be read: Too many levels of symbolic links",
            "a/pipe.yaml:1:1 ESA101 only regular files are read, found a pipe, a socket or a device",
        ],
    )


def test_a_file_without_read_permission_is_a_finding(no_rights: Path) -> None:
    assert validate(no_rights) == [
        "closed.yaml:1:1 ESA101 the file cannot be read: Permission denied",
        "folder:1:1 ESA101 the folder cannot be read: Permission denied",
    ]


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("chanels", "definitions folder not found: chanels"),
        ("empty", "the definitions folder contains no *.yaml files: empty"),
        ("file.yaml", "the definitions path is not a folder: file.yaml"),
    ],
)
def test_a_folder_without_definitions_is_an_error(folder: str, message: str, tmp_path: Path) -> None:
    touch(tmp_path, "file.yaml", "empty/notes.md")

    assert show(find_files(tmp_path, [folder]).findings) == [f"reconciler.yaml:0:0 ESA102 {message}"]


def test_folders_nested_deeper_than_the_stack_are_read_up_to_the_longest_path(deep: Path) -> None:
    (finding,) = find_files(deep, ["a"]).findings

    assert finding.message == "the file cannot be read: File name too long"


@pytest.mark.parametrize("name", ["a\nb.yaml", "::error::.yaml", "\x1b[31mred.yaml", "-rf.yaml", "ä ö.yaml"])
def test_names_of_any_kind_are_read(name: str, tmp_path: Path) -> None:
    touch(tmp_path, f"channels/{name}")

    assert find_files(tmp_path, ["channels"]).files == (f"channels/{name}",)


def test_a_name_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / os.fsdecode(b"\xff.yaml")).write_text("channels:\n  a b: {channelId: 1}\n")

    assert validate(tmp_path)[0].endswith(
        ':2:3 ESA127 a name is made of letters, digits, hyphen, underscore and dot, found "a b"'
    )


def test_a_deleted_file_is_a_finding(tmp_path: Path) -> None:
    finding = read_file(tmp_path, "gone.yaml")

    assert isinstance(finding, Finding)
    assert show([finding]) == ["gone.yaml:1:1 ESA101 the file cannot be read: No such file or directory"]


def test_a_file_of_5_mib_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (5 * 1024 * 1024))
    (tmp_path / "b.yaml").write_bytes(b"#" * (5 * 1024 * 1024 + 1))

    read, refused = read_file(tmp_path, "a.yaml"), read_file(tmp_path, "b.yaml")

    assert isinstance(read, bytes)
    assert isinstance(refused, Finding)
    assert show([refused]) == ["b.yaml:1:1 ESA103 the file is larger than 5 MiB, found 5,242,881 bytes"]
