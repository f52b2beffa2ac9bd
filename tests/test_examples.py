"""Examples as files: the valid ones pass, the invalid ones give exactly the text beside them.

An example is a channel file, or a folder of them; a folder with a project file of its own is a whole project.
A new text is written by hand, or with `reconciler validate` in a project that holds the example, and then read.
"""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.command_line import commands
from reconciler.cli.exit_codes import ExitCode
from reconciler.rules.channel_rules import DOMAIN_RULES, OFFLINE_REFERENCE_RULES
from reconciler.rules.file_rules import FILE_RULES

EXAMPLES = Path(__file__).parent / "examples"
ROOT = Path(__file__).parents[1]
PROJECT = "definitions: channels\nenvironments:\n  sandbox:\n    url: sandbox\n"

# Codes that no file in git can give rise to.
WITHOUT_EXAMPLE = {
    "ESA101",  # git keeps no file that may not be read
    "ESA103",  # nor should it keep one of more than 5 MiB
    *("ESA150", "ESA151", "ESA152", "ESA153", "ESA154"),  # only a plan asks git, and looks at a base
    "ESA199",  # 51 findings in one file are tested with the loader
}


def list_examples(kind: str) -> list[Path]:
    return sorted(path for path in (EXAMPLES / kind).iterdir() if path.is_dir() or path.suffix == ".yaml")


def validate(example: Path, folder: Path) -> tuple[ExitCode, str]:
    """Exit and output of `reconciler validate` in a project at `folder` that holds nothing but `example`."""
    channels = folder / "channels"
    if (example / "reconciler.yaml").exists():
        shutil.copytree(example, folder, dirs_exist_ok=True)
    elif example.is_dir():
        shutil.copytree(example, channels)
    else:
        channels.mkdir()
        shutil.copy(example, channels)
    if not (folder / "reconciler.yaml").exists():
        (folder / "reconciler.yaml").write_text(PROJECT)
    with chdir(folder):
        outcome = CliRunner().invoke(commands, ["validate"], catch_exceptions=False, standalone_mode=False)
    return outcome.return_value, outcome.stdout


@pytest.mark.parametrize("example", list_examples("valid"), ids=lambda path: path.stem)
def test_valid_examples_have_no_findings(example: Path, tmp_path: Path) -> None:
    exit_, output = validate(example, tmp_path)

    assert (exit_, output.partition(": ")[2]) == (ExitCode.DONE, "no findings.\n")


@pytest.mark.parametrize("example", list_examples("invalid"), ids=lambda path: path.stem)
def test_invalid_examples_give_the_text_beside_them(example: Path, tmp_path: Path) -> None:
    _, output = validate(example, tmp_path)

    assert output == example.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", list_examples("invalid"), ids=lambda path: path.stem)
def test_invalid_examples_give_the_code_of_their_name(example: Path) -> None:
    code = example.stem.partition("-")[0].upper()
    assert code in example.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_rule_that_validate_knows_has_an_invalid_example() -> None:
    known = {rule.code for rule in (*FILE_RULES, *DOMAIN_RULES, *OFFLINE_REFERENCE_RULES)} | {"ESA406"}
    texts = "".join(path.read_text(encoding="utf-8") for path in EXAMPLES.glob("invalid/*.txt"))

    assert sorted(code for code in known if f"  {code}  " not in texts) == sorted(WITHOUT_EXAMPLE)


def test_every_text_belongs_to_an_example() -> None:
    texts = {path.stem for path in EXAMPLES.glob("invalid/*.txt")}

    assert texts == {path.stem for path in list_examples("invalid")}


CHANNEL_FILES = [path for path in sorted(EXAMPLES.glob("valid/**/*.yaml")) if path.name != "reconciler.yaml"]


@pytest.mark.parametrize("path", CHANNEL_FILES, ids=lambda path: path.stem)
def test_valid_examples_name_their_schema_for_editors(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]

    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == ROOT / "schemas" / "channels.schema.json"
