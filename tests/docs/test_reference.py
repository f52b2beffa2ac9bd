"""Pages of the reference that are made are what their sources say.

To write them again:  make docs
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import ExitCode
from tests.docs.command_pages import render_commands
from tests.docs.field_schema import update_text
from tests.docs.rule_pages import render_rules
from tests.docs.schema_pages import render_files, render_plan_json
from tests.docs.sessions import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def check_page(name: str, made: str) -> None:
    path = ROOT / "docs" / name
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_the_page_of_commands_is_their_help_texts(tmp_path: Path) -> None:
    check_page("reference/commands.md", render_commands(tmp_path))


def test_the_schema_of_channel_files_follows_the_table_of_fields() -> None:
    path = ROOT / "schemas" / "channels.schema.json"

    check_page("../schemas/channels.schema.json", update_text(path.read_text(encoding="utf-8")))


def test_the_page_of_files_is_what_the_schemas_say() -> None:
    check_page("reference/files.md", render_files())


def test_the_page_of_plans_is_what_the_schema_says() -> None:
    check_page("reference/plan-json.md", render_plan_json())


def test_the_page_of_rules_is_what_the_catalogue_says() -> None:
    check_page("rules.md", render_rules())


def find_exit_codes(name: str) -> list[tuple[str, str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^\| (\d+) \| (.+) \|$", text, re.MULTILINE)


def test_exit_codes_are_those_of_the_program_and_read_alike_in_the_readme() -> None:
    codes = find_exit_codes("docs/reference/exit-codes.md")

    assert [int(code) for code, _ in codes] == list(ExitCode)
    assert codes == find_exit_codes("README.md")
