"""`reconciler init`: a working repository, ready for `validate`, `plan` and `import`, with its pipelines."""

from __future__ import annotations

import json
import os
import re
from enum import Enum
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, assert_never

import click

from reconciler import __version__
from reconciler.cli.command_line import output_options
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.file_io import TEMP_SUFFIX, NotUtf8, Replacement, read_exactly, replace_files
from reconciler.cli.output import TEXT
from reconciler.cli.paths import find_repository, folder_in_repository
from reconciler.definitions.channel_writer import place_schema, render_schema
from reconciler.definitions.discovery import PROJECT_FILE, check_inside
from reconciler.definitions.schema import Format
from reconciler.errors import UsageError
from reconciler.reports.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.cli.output import Output
    from reconciler.reports.terminal import Styler


_GITLAB = "reconciler.gitlab-ci.yml"
# The steps that work in the folder of the project. Others run before the checkout, or for the whole repository.
_STEPS = ("Validate", "Plan", "Show the reviewed plan, or plan again", "Apply", "Compare")
# Names that must differ between projects: workflow files, artifacts, concurrency groups.
_PER_PROJECT = re.compile(r"(?<![\w-])reconciler-(?:plan|apply|drift|journal)(?!\w)")
# Other characters have a meaning in patterns, settings or lists of paths.
_SAFE_FOLDER = re.compile(r"[\w.][\w .+@-]*(?:/[\w.][\w .+@-]*)*")


class Pipeline(Enum):
    """The CI system that a workflow is written for."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


def list_pipeline(pipeline: Pipeline, folder: str) -> Mapping[str, str]:
    """The files of `pipeline` for a project in `folder`, by their paths from the root of the repository.

    Raises UsageError if the name of the folder cannot be written in a pipeline.
    """
    pipelines = find_pipelines(Path(__file__).parent.parent)
    if folder and pipeline is not Pipeline.NONE and not _SAFE_FOLDER.fullmatch(folder):
        raise UsageError(
            f"the folder {folder} has a name with a character that is special in pipelines",
            "rename the folder, or leave --ci out and write your own pipeline",
        )
    match pipeline:
        case Pipeline.GITHUB:
            files = {path.name: _read_pipeline(path) for path in sorted((pipelines / "github").glob("*.yml"))}
            return {
                f".github/workflows/{_rename(name, folder)}": _fit_github(text, folder) for name, text in files.items()
            }
        case Pipeline.GITLAB:
            return {".gitlab-ci.yml": _fit_gitlab(_read_pipeline(pipelines / "gitlab" / _GITLAB), folder)}
        case Pipeline.NONE:
            return {}
        case _:
            assert_never(pipeline)


def find_pipelines(package: Path) -> Path:
    """The folder of the pipelines for the package at `package`: within it in a wheel, `docs/ci` in the repository."""
    within = package / "ci"
    return within if within.is_dir() else package.parent / "docs" / "ci"


def _read_pipeline(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _rename(text: str, folder: str) -> str:
    """`text` with the folder added to each name that must differ between projects."""
    if not folder:
        return text
    label = re.sub("[^A-Za-z0-9._]+", "-", folder).strip("-.") or "project"
    return _PER_PROJECT.sub(lambda match: f"{match.group()}-{label}", text)


def _fit_github(text: str, folder: str) -> str:
    if not folder:
        return text
    # GitHub lists workflows by their names, so those of two projects must differ.
    text = re.sub(
        r"(?m)^name: (.+)$", lambda match: f"name: {json.dumps(f'{match[1]} ({folder})')}", _rename(text, folder)
    )
    text = text.replace("“Apply channels”", f"“Apply channels ({folder})”")
    for step in _STEPS:
        text = text.replace(
            f"      - name: {step}\n", f"      - name: {step}\n        working-directory: {json.dumps(folder)}\n"
        )
    return text.replace("path: .reconciler/journal", f"path: {json.dumps(f'{folder}/.reconciler/journal')}")


def _fit_gitlab(text: str, folder: str) -> str:
    if not folder:
        return text
    # A commit could turn part of the path into a link, and the next steps would delete and read outside the project.
    lines = (f'test "$(cd "{folder}" && pwd -P)" = "$(pwd -P)/{folder}"', f'cd "{folder}"')
    enter = "".join(f"    - {json.dumps(line)}\n" for line in lines)
    text = re.sub(r"(?m)^  before_script:\n", lambda match: f"{match.group()}{enter}", text)
    text = re.sub(
        r"(codequality|terraform): (\S+)", lambda match: f"{match[1]}: {json.dumps(f'{folder}/{match[2]}')}", text
    )
    return re.sub(r"(paths|exists): \[(.+?)\]", lambda match: f"{match[1]}: [{_below(match[2], folder)}]", text)


def _below(paths: str, folder: str) -> str:
    return ", ".join(json.dumps(f"{folder}/{path}") for path in paths.split(", "))


_TEMPLATES = Path(__file__).parent / "scaffold"
_GIT_IGNORE = ".gitignore"
_EXAMPLE = "channels/example.yaml"
# Files that commands and the tutorial write into a project, and that are not part of it.
_IGNORED = (".reconciler/", f"*{TEMP_SUFFIX}", "plan.json", "plan.html", "plan.md", "undo.json")
_HOOK = ".pre-commit-config.yaml"
_NEXT_STEPS = """\
Next steps:
{enter}  reconciler plan
  reconciler import --dry-run
"""


@click.command("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--ci",
    "pipeline",
    type=click.Choice([pipeline.value for pipeline in Pipeline]),
    default=Pipeline.NONE.value,
    show_default=True,
    help="Also write a pipeline: plan for review, apply on merge, detect drift.",
)
@output_options(TEXT)
def command(output: Output, folder: Path, pipeline: str) -> ExitCode:
    """Make FOLDER a project: project file, an example, schemas for editors, pre-commit hook.

    Files that already exist stay unchanged, but missing lines are added to .gitignore. If FOLDER is below the root of
    its git repository, the hook and the pipelines are written to that root, because they are only found there.
    """
    within = folder_in_repository(folder) or ""
    top = Path(os.path.relpath(find_repository(folder) or folder)) if within else folder
    own, shared = _list_files(folder), _list_shared(Pipeline(pipeline), within)
    for home, files in ((folder, own), (top, shared)):
        for name in files:
            check_inside(home, home / name)
    wanted = {folder / name: text for name, text in own.items()} | {top / name: text for name, text in shared.items()}
    replacements = {path: _make_replacement(path, text) for path, text in wanted.items()}
    replace_files([one for one in replacements.values() if one is not None])
    output.render({TEXT: lambda styler: _render(folder, replacements, styler)})
    for remark in _list_remarks(top, shared, within, replacements):
        output.log(remark)
    ignored = folder / _GIT_IGNORE
    if replacements[ignored] is None and _read_text(ignored) is None:
        lines = own[_GIT_IGNORE]
        output.log(f"{ignored.as_posix()} is not UTF-8 text and was not changed. Add these lines to it:\n\n{lines}")
    return ExitCode.DONE


def _list_files(folder: Path) -> Mapping[str, str]:
    """The files of a project: relative path → text. The example only for a new project, or if it exists."""
    # In a project that has files of its own, the channels of the example would be planned with them.
    is_beginning = not (folder / PROJECT_FILE).exists() or (folder / _EXAMPLE).exists()
    example = {_EXAMPLE: _read("example.yaml")} if is_beginning else {}
    return {
        PROJECT_FILE: _read(PROJECT_FILE),
        **example,
        **{place_schema(format_): render_schema(format_) for format_ in Format},
        _GIT_IGNORE: "".join(f"{line}\n" for line in _IGNORED),
    }


def _list_shared(pipeline: Pipeline, within: str) -> Mapping[str, str]:
    """The files for the root of the repository, if the project is in the folder `within`."""
    # pre-commit runs hooks at the root of the repository, where `validate` would check all projects.
    hook = _read("pre-commit-config.yaml")
    if within:
        entry = "        entry: reconciler validate\n"
        hook = hook.replace(entry, f"{entry}        args: [{json.dumps(within)}]\n")
    return {_HOOK: hook, **list_pipeline(pipeline, within)}


def _list_remarks(
    top: Path, shared: Mapping[str, str], within: str, replacements: Mapping[Path, Replacement | None]
) -> Iterator[str]:
    """What the user should know about the files in the root of the repository."""
    if within:
        readers = "pre-commit and the CI system look" if len(shared) > 1 else "pre-commit looks"
        yield f"{within} is not the root of its git repository. {readers} only at the root, so the files are there."
    for name, text in shared.items():
        path = top / name
        if replacements[path] is None and (within or "reconciler") not in (_read_text(path) or ""):
            lines = text.partition("repos:\n")[2] if name == _HOOK else text
            yield f"{path.as_posix()} already exists and was not changed. Add this to it:\n\n{lines}"


def _read(template: str) -> str:
    return (_TEMPLATES / template).read_text(encoding="utf-8").replace("@VERSION@", __version__)


def _read_text(path: Path) -> str | None:
    """The text of the file at `path`; None if it is not UTF-8."""
    try:
        return read_exactly(path)
    except NotUtf8:
        return None


def _make_replacement(path: Path, text: str) -> Replacement | None:
    """What to write; None if the file exists and has all it needs."""
    if not path.exists():
        return Replacement(path, None, text)
    if path.name != _GIT_IGNORE:
        return None
    before = _read_text(path)
    if before is None:
        return None
    # `/.reconciler`, `.reconciler` and `.reconciler/` all ignore the folder.
    there = {line.strip().strip("/") for line in before.splitlines()}
    missing = "".join(f"{line}\n" for line in text.splitlines() if line.strip("/") not in there)
    gap = "" if before.endswith("\n") or not before else "\n"
    return Replacement(path, before, f"{before}{gap}{missing}") if missing else None


def _render(folder: Path, replacements: Mapping[Path, Replacement | None], styler: Styler) -> str:
    lines = []
    for path, one in replacements.items():
        if one is None:
            mark, style, note = "= kept   ", Style.UNCHANGED, "  (already exists)"
        else:
            mark, style = ("+ new    ", Style.DONE) if one.before is None else ("~ changed", Style.UPDATE)
            note = ""
        lines.append(f"  {styler(mark, style)}  {path.as_posix()}{note}\n")
    enter = "" if folder.resolve() == Path.cwd() else f"  cd {quote(str(folder))}\n"
    return "".join((*lines, "\n", _NEXT_STEPS.format(enter=enter)))
