"""The modules that `validate` imports: only those that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.definitions.places import write

if TYPE_CHECKING:
    from pathlib import Path

NEVER = "asyncio", "deepdiff", "httpx", "jinja2", "rich", "ruamel", "starlette", "stamina"
# Modules that take longer to import than valid files take to read.
FOR_FINDINGS = (
    "click",
    "dataclasses",
    "difflib",
    # Loads OpenSSL.
    "hashlib",
    "inspect",
    "json",
    "jsonschema",
    "reconciler.cli.file_io",
    "reconciler.definitions.schema_errors",
    "reconciler.planning.formula_checks",
    "reconciler.rules.catalogue",
    # Releases of jsonschema before 4.26 import it.
    "socket",
)
PROGRAM = """\
import sys
from reconciler.cli.main import main
main(["validate"])
print(*sorted(sys.modules), file=sys.stderr)
"""


def import_all(root: Path) -> set[str]:
    """The modules and packages that `reconciler validate` has imported at its end."""
    (root / "reconciler.yaml").write_text("definitions: channels\n")
    # The tool that measures coverage would import modules of its own.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, env=variables, capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "text", ["channels: {use: {channelId: 1}}\n", "channels: {use: {chanelId: 1}}\n"], ids=["valid", "bad"]
)
def test_validate_never_imports_what_other_commands_need(text: str, tmp_path: Path) -> None:
    assert import_all(write(tmp_path, a=text)) & set(NEVER) == set()


def test_files_of_plain_lines_are_validated_without_a_yaml_parser(tmp_path: Path) -> None:
    imported = import_all(write(tmp_path, a="channels:\n  use: {channelId: 1}\n"))

    assert "yaml" not in imported


def test_valid_files_are_validated_without_the_modules_that_explain_findings(tmp_path: Path) -> None:
    imported = import_all(write(tmp_path, a="channels: {use: {channelId: 1}}\n"))

    assert imported & set(FOR_FINDINGS) == set()
