"""`reconciler init`: a repository that works as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler import __version__
from reconciler.cli.init import find_pipelines

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace

PIPELINES = Path(__file__).parents[2] / "docs" / "ci"
IGNORED = ".reconciler/\n*.reconciler-tmp\nplan.json\nplan.html\nplan.md\nundo.json\n"
WORKFLOWS = ("apply", "drift", "plan")


@pytest.fixture
def bare(workspace: Workspace) -> Workspace:
    """An empty folder."""
    (workspace.root / "reconciler.yaml").unlink()
    return workspace


def test_a_new_repository_validates_and_plans_at_once(bare: Workspace) -> None:
    answer = bare.run("init")

    assert (answer.code, answer.err, answer.out) == (
        0,
        "",
        """\
  + new      reconciler.yaml
  + new      channels/example.yaml
  + new      schemas/channels.schema.json
  + new      schemas/project.schema.json
  + new      .gitignore
  + new      .pre-commit-config.yaml

Next steps:
  reconciler plan
  reconciler import --dry-run
""",
    )
    assert bare.run("validate").out == "1 file, 2 channels: no findings.\n"
    plan = bare.run("plan", "--detailed-exitcode")
    assert (plan.code, plan.out.splitlines()[-1]) == (0, "Plan: 0 to update, 0 blocked, 2 unchanged, 58 unmanaged.")


def test_what_the_example_suggests_to_try_is_a_change_that_may_be_applied(bare: Workspace) -> None:
    bare.run("init")
    example = bare.root / "channels" / "example.yaml"
    example.write_text(example.read_text().replace("multiplier: 1 ", "multiplier: 0.001 "))
    bare.run("plan", "--out", "plan.json")

    assert bare.run("apply", "plan.json").code == 0


def test_the_next_command_it_names_takes_the_rest_over(bare: Workspace) -> None:
    bare.run("init")

    assert bare.run("import").code == 0
    assert bare.run("plan").out.splitlines()[-1] == "Plan: 0 to update, 0 blocked, 60 unchanged, 0 unmanaged."


def test_first_lines_name_the_schemas_for_editors(bare: Workspace) -> None:
    bare.run("init")
    for name in ("reconciler.yaml", "channels/example.yaml"):
        first = (bare.root / name).read_text().partition("\n")[0]
        assert (bare.root / name).parent.joinpath(first.partition("=")[2]).resolve().is_file()


def test_what_is_there_is_left_as_it_is(bare: Workspace) -> None:
    bare.write("reconciler.yaml", "definitions: mine\n")
    bare.write(".pre-commit-config.yaml", "repos: []\n")
    bare.write(".gitignore", "*.log")

    answer = bare.run("init", "--ci", "gitlab")

    assert answer.out.splitlines()[:6] == [
        "  = kept     reconciler.yaml  (already exists)",
        "  + new      schemas/channels.schema.json",
        "  + new      schemas/project.schema.json",
        "  ~ changed  .gitignore",
        "  = kept     .pre-commit-config.yaml  (already exists)",
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
def test_git_is_told_to_ignore_what_it_does_not_yet(bare: Workspace, before: str, after: str) -> None:
    bare.write(".gitignore", before)

    bare.run("init")

    assert (bare.root / ".gitignore").read_text() == after


def test_an_example_that_was_deleted_does_not_come_back(bare: Workspace) -> None:
    bare.run("init")
    (bare.root / "channels" / "example.yaml").unlink()

    assert "example.yaml" not in bare.run("init").out


def test_a_second_run_leaves_everything(bare: Workspace) -> None:
    bare.run("init", "new", "--ci", "github")
    before = {path: path.read_bytes() for path in bare.root.rglob("*") if path.is_file()}

    answer = bare.run("init", "new", "--ci", "github")

    assert ".github/workflows/reconciler-plan-new.yml  (already exists)" in answer.out
    assert "new/channels/example.yaml  (already exists)" in answer.out
    assert "+ new " not in answer.out
    assert {path: path.read_bytes() for path in bare.root.rglob("*") if path.is_file()} == before


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
def test_a_pipeline_is_the_one_of_the_docs(bare: Workspace, pipeline: str, written: dict[str, str]) -> None:
    before = {path for path in bare.root.rglob("*") if path.is_file()}
    bare.run("init", ".", "--ci", pipeline)

    pipelines = {path for path in bare.root.rglob("*") if path.suffix == ".yml" and path not in before}
    assert {path.relative_to(bare.root).as_posix() for path in pipelines} == set(written)
    for name, source in written.items():
        assert (bare.root / name).read_bytes() == (PIPELINES / source).read_bytes()


@pytest.mark.parametrize("stand", [".", "sites"])
def test_below_the_root_hook_and_pipelines_are_at_the_root_and_name_the_folder(
    bare: Workspace, monkeypatch: pytest.MonkeyPatch, stand: str
) -> None:
    (bare.root / "sites").mkdir()
    monkeypatch.chdir(bare.root / stand)
    folder = "sites/my north" if stand == "." else "my north"

    answer = bare.run("init", folder, "--ci", "github")

    written = {path.relative_to(bare.root).as_posix() for path in bare.root.rglob("*") if path.is_file()}
    assert written == {
        *(f".github/workflows/reconciler-{name}-sites-my-north.yml" for name in WORKFLOWS),
        ".pre-commit-config.yaml",
        *(
            f"sites/my north/{name}"
            for name in (
                "reconciler.yaml",
                "channels/example.yaml",
                "schemas/channels.schema.json",
                "schemas/project.schema.json",
                ".gitignore",
            )
        ),
    }
    up = "" if stand == "." else "../"
    assert f"  + new      {up}.pre-commit-config.yaml\n" in answer.out
    assert answer.out.endswith(f"Next steps:\n  cd '{folder}'\n  reconciler plan\n  reconciler import --dry-run\n")
    assert answer.err == (
        "sites/my north is not the root of its git repository. pre-commit and the CI system look only at the root, so "
        "the files are there.\n"
    )
    (hook,) = yaml.safe_load((bare.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert (hook["entry"], hook["args"]) == ("reconciler validate", ["sites/my north"])


def test_in_a_workflow_below_the_root_every_step_with_the_project_is_in_its_folder(bare: Workspace) -> None:
    bare.run("init", "energy", "--ci", "github")

    workflows = [yaml.safe_load(path.read_text()) for path in (bare.root / ".github" / "workflows").iterdir()]
    steps = [step for workflow in workflows for job in workflow["jobs"].values() for step in job["steps"]]
    within = [step["name"] for step in steps if step.get("working-directory") == "energy"]
    assert {"Validate", "Plan", "Compare", "Apply"} <= set(within)
    for step in steps:
        calls = "reconciler " in step.get("run", "").replace("-m reconciler", "") and step["name"] != "Install"
        assert step.get("working-directory") == (
            "energy" if calls and "ECI_API_KEY" in step.get("env", {"ECI_API_KEY": 0}) else None
        )


def test_what_is_to_be_put_into_files_that_are_there_is_said(bare: Workspace) -> None:
    bare.write(".pre-commit-config.yaml", "repos: []\n")
    bare.write(".gitlab-ci.yml", "stages: [mine]\n")

    answer = bare.run("init", "energy", "--ci", "gitlab")

    assert "  = kept     .pre-commit-config.yaml  (already exists)\n" in answer.out
    assert (
        ".pre-commit-config.yaml already exists and was not changed. Add this to it:\n\n  - repo: local\n" in answer.err
    )
    assert '        args: ["energy"]\n' in answer.err
    assert ".gitlab-ci.yml already exists and was not changed. Add this to it:\n" in answer.err
    assert (bare.root / ".gitlab-ci.yml").read_text() == "stages: [mine]\n"


@pytest.mark.parametrize("folder", ["a*b", "a'b", 'a"b', "a$b", "a: b", "a#b", "-a", "a,b", "${{ x }}", "a\nb"])
def test_a_folder_whose_name_means_something_in_a_pipeline_is_refused_first(bare: Workspace, folder: str) -> None:
    answer = bare.run("init", "--ci", "github", "--", folder)

    assert (answer.code, answer.out) == (64, "")
    assert "has a name with a character that is special in pipelines" in answer.err
    assert sorted(path.name for path in bare.root.iterdir()) == [".git"]
    assert bare.run("init", "--", folder).code == 0


def test_no_link_leads_what_is_written_out_of_the_repository(
    bare: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (bare.root / ".github").symlink_to(outside)

    answer = bare.run("init", "energy", "--ci", "github")

    assert (answer.code, list(outside.iterdir())) == (1, [])
    assert "is a link that leads out of the project" in answer.err


def test_the_hook_is_pinned_to_this_version(bare: Workspace) -> None:
    bare.run("init")
    (hook,) = yaml.safe_load((bare.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]

    assert hook["additional_dependencies"] == [f"esa-reconciler=={__version__}"]


def test_pipelines_are_found_in_a_wheel_and_beside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "reconciler"
    assert find_pipelines(package) == tmp_path / "docs" / "ci"
    (package / "ci").mkdir(parents=True)
    assert find_pipelines(package) == package / "ci"


def test_the_hook_is_the_one_that_this_project_offers(bare: Workspace) -> None:
    bare.run("init")
    (offered,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    (hook,) = yaml.safe_load((bare.root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]

    del offered["description"], hook["additional_dependencies"]
    assert hook == offered
