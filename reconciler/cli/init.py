"""`reconciler init`: a working repository, ready for `validate`, `plan` and `import`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli.drafts import TEMP_SUFFIX
from reconciler.cli.exits import ExitCode
from reconciler.cli.files import NotUtf8, Replacement, read_exactly, replace_files
from reconciler.cli.options import output_options
from reconciler.cli.pipelines import Pipeline, list_pipeline
from reconciler.cli.screen import TEXT
from reconciler.cli.standing import find_repository, folder_in_repository
from reconciler.definitions.files import PROJECT_FILE, check_inside
from reconciler.definitions.schema import Format
from reconciler.definitions.writing import place_schema, render_schema
from reconciler.reports.terminal import Style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.cli.screen import Output
    from reconciler.reports.terminal import Styler

_TEMPLATES = Path(__file__).parent / "scaffold"
_GIT_IGNORE = ".gitignore"
_EXAMPLE = "channels/example.yaml"
# What commands leave in a project, and what the tutorial lets them write, is no part of it.
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
    help="Write a pipeline, too: plan for review, apply on merge, find drift.",
)
@output_options(TEXT)
def command(output: Output, folder: Path, pipeline: str) -> ExitCode:
    """Make FOLDER a project: project file, an example, schemas for editors, pre-commit hook.

    What is there already is left as it is; only .gitignore gets the lines that it lacks. Where FOLDER is below the root
    of its git repository, hook and pipelines are written to that root: nobody looks for them elsewhere.
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
    """What belongs into a project: relative path → text. The example only where it is, or where one just begins."""
    is_beginning = not (folder / PROJECT_FILE).exists() or (folder / _EXAMPLE).exists()
    example = {_EXAMPLE: _read("example.yaml")} if is_beginning else {}
    return {
        PROJECT_FILE: _read(PROJECT_FILE),
        **example,
        **{place_schema(format_): render_schema(format_) for format_ in Format},
        _GIT_IGNORE: "".join(f"{line}\n" for line in _IGNORED),
    }


def _list_shared(pipeline: Pipeline, within: str) -> Mapping[str, str]:
    """What belongs into the root of the repository, for a project in the folder `within` of it."""
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
    """The text of the file at `path`; None if it is not UTF-8, so that nobody can tell what it says."""
    try:
        return read_exactly(path)
    except NotUtf8:
        return None


def _make_replacement(path: Path, text: str) -> Replacement | None:
    """What to write; None where the file is there, and says what it needs to."""
    if not path.exists():
        return Replacement(path, None, text)
    if path.name != _GIT_IGNORE:
        return None
    before = _read_text(path)
    if before is None:
        return None
    there = {line.strip().strip("/") for line in before.splitlines()}
    missing = "".join(f"{line}\n" for line in text.splitlines() if line.strip("/") not in there)
    gap = "" if before.endswith("\n") or not before else "\n"
    return Replacement(path, before, f"{before}{gap}{missing}") if missing else None


def _render(folder: Path, replacements: Mapping[Path, Replacement | None], styler: Styler) -> str:
    lines = []
    for path, one in replacements.items():
        if one is None:
            mark, style, note = "= left   ", Style.UNCHANGED, "  (it is there already)"
        else:
            mark, style = ("+ new    ", Style.DONE) if one.before is None else ("~ changed", Style.UPDATE)
            note = ""
        lines.append(f"  {styler(mark, style)}  {path.as_posix()}{note}\n")
    enter = "" if folder.resolve() == Path.cwd() else f"  cd {quote(str(folder))}\n"
    return "".join((*lines, "\n", _NEXT_STEPS.format(enter=enter)))
