"""`reconciler init`: a repository that works as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler import __version__
from reconciler.cli import init

if TYPE_CHECKING:
    from tests.cli.desk import Desk

PIPELINES = Path(__file__).parents[2] / "docs" / "ci"
IGNORED = ".reconciler/\n*.reconciler-tmp\nplan.json\nplan.html\nplan.md\nundo.json\n"
WORKFLOWS = ("apply", "drift", "plan")


@pytest.fixture
def bare(desk: Desk) -> Desk:
    """An empty folder."""
    (desk.root / "reconciler.yaml").unlink()
    return desk


def test_a_new_repository_validates_and_plans_at_once(bare: Desk) -> None:
    answer = bare.run("init")

    assert (answer.code, answer.err, answer.out) == (
        0,
        "",
        """\
  + new      reconciler.yaml
  + new      channels/example.yaml
  + new      schemas/channels.schema.json
  + new      schemas/project.schema.json
  + new      .pre-commit-config.yaml
  + new      .gitignore

Next, see what is there to see:
  reconciler plan
  reconciler import --dry-run
""",
    )
    assert bare.run("validate").out == "1 file, 2 channels: no findings.\n"
    plan = bare.run("plan", "--detailed-exitcode")
    assert (plan.code, plan.out.splitlines()[-1]) == (0, "Plan: 0 to update, 0 blocked, 2 unchanged, 58 unmanaged.")


def test_what_the_example_suggests_to_try_is_a_change_that_may_be_applied(bare: Desk) -> None:
    bare.run("init")
    example = bare.root / "channels" / "example.yaml"
    example.write_text(example.read_text().replace("multiplier: 1 ", "multiplier: 0.001 "))
    bare.run("plan", "--out", "plan.json")

    assert bare.run("apply", "plan.json").code == 0


def test_the_next_command_it_names_takes_the_rest_over(bare: Desk) -> None:
    bare.run("init")

    assert bare.run("import").code == 0
    assert bare.run("plan").out.splitlines()[-1] == "Plan: 0 to update, 0 blocked, 60 unchanged, 0 unmanaged."


def test_first_lines_lead_editors_to_the_schemas(bare: Desk) -> None:
    bare.run("init")
    for name in ("reconciler.yaml", "channels/example.yaml"):
        first = (bare.root / name).read_text().partition("\n")[0]
        assert (bare.root / name).parent.joinpath(first.partition("=")[2]).resolve().is_file()


def test_what_is_there_is_left_as_it_is(bare: Desk) -> None:
    bare.write("reconciler.yaml", "definitions: mine\n")
    bare.write(".pre-commit-config.yaml", "repos: []\n")
    bare.write(".gitignore", "*.log")

    answer = bare.run("init", "--ci", "gitlab")

    assert answer.out.splitlines()[:6] == [
        "  = left     reconciler.yaml  (it is there already)",
        "  + new      schemas/channels.schema.json",
        "  + new      schemas/project.schema.json",
        "  = left     .pre-commit-config.yaml  (it is there already)",
        "  ~ changed  .gitignore",
        "  + new      .gitlab-ci.yml",
    ]
    assert (bare.root / "reconciler.yaml").read_text() == "definitions: mine\n"
    assert (bare.root / ".gitignore").read_text() == f"*.log\n{IGNORED}"
    assert not (bare.root / "channels").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", IGNORED),
        ("/.reconciler\nplan.html\n", "/.reconciler\nplan.html\n*.reconciler-tmp\nplan.json\nplan.md\nundo.json\n"),
        (IGNORED, IGNORED),
    ],
)
def test_git_is_told_to_ignore_what_it_does_not_yet(bare: Desk, before: str, after: str) -> None:
    bare.write(".gitignore", before)

    bare.run("init")

    assert (bare.root / ".gitignore").read_text() == after


def test_an_example_that_was_deleted_does_not_come_back(bare: Desk) -> None:
    bare.run("init")
    (bare.root / "channels" / "example.yaml").unlink()

    assert "example.yaml" not in bare.run("init").out


def test_a_second_run_leaves_everything(bare: Desk) -> None:
    bare.run("init", "new", "--ci", "github")
    before = {path: path.read_bytes() for path in (bare.root / "new").rglob("*") if path.is_file()}

    answer = bare.run("init", "new", "--ci", "github")

    assert "new/.github/workflows/reconciler-plan.yml  (it is there already)" in answer.out
    assert "new/channels/example.yaml  (it is there already)" in answer.out
    assert "+ new " not in answer.out
    assert {path: path.read_bytes() for path in (bare.root / "new").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("pipeline", "written"),
    [
        (
            "github",
            {f".github/workflows/reconciler-{name}.yml": f"github/reconciler-{name}.yml" for name in WORKFLOWS},
        ),
        ("gitlab", {".gitlab-ci.yml": "gitlab/reconciler.gitlab-ci.yml"}),
    ],
)
def test_a_pipeline_is_the_one_of_the_docs(bare: Desk, pipeline: str, written: dict[str, str]) -> None:
    before = {path for path in bare.root.rglob("*") if path.is_file()}
    bare.run("init", ".", "--ci", pipeline)

    pipelines = {path for path in bare.root.rglob("*") if path.suffix == ".yml" and path not in before}
    assert {path.relative_to(bare.root).as_posix() for path in pipelines} == set(written)
    for name, source in written.items():
        assert (bare.root / name).read_bytes() == (PIPELINES / source).read_bytes()


def test_the_hook_is_pinned_to_this_version(bare: Desk) -> None:
    bare.run("init")
    (hook,) = yaml.safe_load((bare.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]

    assert hook["additional_dependencies"] == [f"esa-reconciler=={__version__}"]


def test_pipelines_are_found_in_a_wheel_and_beside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "reconciler"
    assert init.find_pipelines(package) == tmp_path / "docs" / "ci"
    (package / "ci").mkdir(parents=True)
    assert init.find_pipelines(package) == package / "ci"


def test_the_hook_is_the_one_that_this_project_offers(bare: Desk) -> None:
    bare.run("init")
    (offered,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    (hook,) = yaml.safe_load((bare.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]

    del offered["description"], hook["additional_dependencies"]
    assert hook == offered
