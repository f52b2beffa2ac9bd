"""`reconciler init`: a working repository, ready for `validate`, `plan` and `import`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import click

from reconciler import __version__
from reconciler.cli.drafts import UNFINISHED
from reconciler.cli.exits import Exit
from reconciler.cli.files import Replacement, read_exactly, replace_files
from reconciler.cli.options import printing
from reconciler.cli.screen import TEXT
from reconciler.definitions.files import PROJECT_FILE, check_inside
from reconciler.definitions.schema import Format
from reconciler.definitions.writing import place_schema, render_schema
from reconciler.reports.paint import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.screen import Screen
    from reconciler.reports.paint import Paint

_TEMPLATES = Path(__file__).parent / "scaffold"
_GIT_IGNORE = ".gitignore"
_EXAMPLE = "channels/example.yaml"
# What commands leave in a project, and what the tutorial lets them write, is no part of it.
_IGNORED = (".reconciler/", f"*{UNFINISHED}", "plan.json", "plan.html", "plan.md", "undo.json")
_GITLAB = "reconciler.gitlab-ci.yml"
_NEXT = """\
Next, see what is there to see:
  reconciler plan
  reconciler import --dry-run
"""


class Pipeline(Enum):
    """The CI system that a workflow is written for."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


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
@printing(TEXT)
def command(screen: Screen, folder: Path, pipeline: str) -> Exit:
    """Make FOLDER a project: project file, an example, schemas for editors, pre-commit hook.

    What is there already is left as it is; only .gitignore gets the lines that it lacks.
    """
    wanted = _list_files(folder, Pipeline(pipeline))
    for name in wanted:
        check_inside(folder, folder / name)
    replacements = {name: _make_replacement(folder / name, text) for name, text in wanted.items()}
    replace_files([one for one in replacements.values() if one is not None])
    screen.show({TEXT: lambda paint: _render(folder, replacements, paint)})
    return Exit.DONE


def _list_files(folder: Path, pipeline: Pipeline) -> Mapping[str, str]:
    """What belongs into a project: relative path → text. The example only where it is, or where one just begins."""
    is_beginning = not (folder / PROJECT_FILE).exists() or (folder / _EXAMPLE).exists()
    example = {_EXAMPLE: _read("example.yaml")} if is_beginning else {}
    return {
        PROJECT_FILE: _read(PROJECT_FILE),
        **example,
        **{place_schema(format_): render_schema(format_) for format_ in Format},
        ".pre-commit-config.yaml": _read("pre-commit-config.yaml"),
        _GIT_IGNORE: "".join(f"{line}\n" for line in _IGNORED),
        **_list_pipeline(pipeline),
    }


def _list_pipeline(pipeline: Pipeline) -> Mapping[str, str]:
    pipelines = find_pipelines(Path(__file__).parent.parent)
    match pipeline:
        case Pipeline.GITHUB:
            return {
                f".github/workflows/{path.name}": path.read_text(encoding="utf-8")
                for path in sorted((pipelines / "github").glob("*.yml"))
            }
        case Pipeline.GITLAB:
            return {".gitlab-ci.yml": (pipelines / "gitlab" / _GITLAB).read_text(encoding="utf-8")}
        case Pipeline.NONE:
            return {}
        case _:
            assert_never(pipeline)


def find_pipelines(package: Path) -> Path:
    """The folder of the pipelines for the package at `package`: within it in a wheel, `docs/ci` in the repository."""
    within = package / "ci"
    return within if within.is_dir() else package.parent / "docs" / "ci"


def _read(template: str) -> str:
    return (_TEMPLATES / template).read_text(encoding="utf-8").replace("@VERSION@", __version__)


def _make_replacement(path: Path, text: str) -> Replacement | None:
    """What to write; None where the file is there, and says what it needs to."""
    if not path.exists():
        return Replacement(path, None, text)
    if path.name != _GIT_IGNORE:
        return None
    before = read_exactly(path)
    there = {line.strip().strip("/") for line in before.splitlines()}
    missing = "".join(f"{line}\n" for line in text.splitlines() if line.strip("/") not in there)
    gap = "" if before.endswith("\n") or not before else "\n"
    return Replacement(path, before, f"{before}{gap}{missing}") if missing else None


def _render(folder: Path, replacements: Mapping[str, Replacement | None], paint: Paint) -> str:
    lines = []
    for name, one in replacements.items():
        if one is None:
            mark, style, note = "= left   ", Style.UNCHANGED, "  (it is there already)"
        else:
            mark, style = ("+ new    ", Style.DONE) if one.before is None else ("~ changed", Style.UPDATE)
            note = ""
        lines.append(f"  {paint(mark, style)}  {(folder / name).as_posix()}{note}\n")
    return "".join((*lines, "\n", _NEXT))
