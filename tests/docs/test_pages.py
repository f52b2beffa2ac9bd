"""What documents name exists: links, anchors, codes, commands, options, settings, variables, pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler.rules import RULES
from reconciler.sandbox import describe_settings
from tests.docs.markdown import find_anchors, find_commands, find_links, find_yaml, strip_code
from tests.docs.pictures import PICTURES, draw_terminals
from tests.docs.sessions import ROOT, lay_out_demo, run_command

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.name != "CHANGELOG.md"
)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_VARIABLE = re.compile(r"environ(?:\.get\(|\[)\"(\w+)\"")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def read_reference() -> str:
    return read("docs/reference/commands.md")


@pytest.mark.parametrize("name", PAGES)
def test_links_have_targets(name: str) -> None:
    dead = [link for link in find_links(read(name)) if not leads_somewhere(name, link)]

    assert dead == []


def leads_somewhere(name: str, link: str) -> bool:
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    target = ROOT / name if not path else (ROOT / name).parent / path
    if not target.exists() or ROOT not in target.resolve().parents:
        return False
    return not anchor or anchor in find_anchors(target.read_text(encoding="utf-8"))


def test_every_page_can_be_found_from_the_index_or_the_readme() -> None:
    listed = {
        (ROOT / start).parent.joinpath(link.partition("#")[0]).resolve()
        for start in ("README.md", "docs/index.md")
        for link in find_links(read(start))
    }
    pages = {ROOT / name for name in PAGES if name.startswith("docs/") and not name.startswith("docs/ci/")}

    assert pages - listed - {ROOT / "docs/index.md"} == set()


@pytest.mark.parametrize("name", PAGES)
def test_codes_are_in_the_catalogue(name: str) -> None:
    named = set(re.findall(r"\bESA\d{3}\b", read(name)))

    assert named - set(RULES) == set()


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_their_options_exist(name: str) -> None:
    known = set(re.findall(r"^## reconciler ?(.*)$", read_reference(), re.MULTILINE))
    options = set(_OPTION.findall(read_reference()))
    unknown = []
    for words in find_commands(read(name)):
        if words[0].islower() and words.partition(" ")[0] not in known:
            unknown.append(words)
        unknown += [option for option in _OPTION.findall(words) if option not in options]

    assert unknown == []


def test_every_question_and_answer_of_the_sandbox_is_on_the_page_of_unknowns(tmp_path: Path) -> None:
    listed = re.findall(r"^(\w+)=(.+)$", run_command("reconciler sandbox settings", tmp_path), re.MULTILINE)
    page = read("docs/explanation/unknowns.md")

    assert len(listed) == len(describe_settings())
    for setting, values in listed:
        answers = ", ".join(f"`{value}`" for value in values.replace(" (default)", "").split(", "))
        assert f"`{setting}`: {answers} |" in page


def test_every_variable_that_is_read_is_on_the_page_of_variables() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "reconciler").rglob("*.py"))
    read_by_us = {variable for source in sources for variable in _VARIABLE.findall(source)}

    assert {
        variable for variable in read_by_us if variable not in read("docs/reference/environment-variables.md")
    } == set()


def test_every_picture_is_shown_and_small() -> None:
    shown = {Path(link).name for name in PAGES for link in find_links(read(name)) if "pictures/" in link}

    assert {path.name for path in PICTURES.iterdir()} == shown
    assert [path.name for path in PICTURES.iterdir() if path.stat().st_size > 200_000] == []


def test_pictures_of_the_terminal_show_what_is_printed(tmp_path: Path) -> None:
    lay_out_demo(tmp_path)

    drawn = draw_terminals(tmp_path)

    assert drawn == {name: (PICTURES / f"{name}.svg").read_text(encoding="utf-8") for name in drawn}


def test_code_is_not_taken_for_a_link() -> None:
    assert strip_code("a `[b](c)` d\n```sh\n[e](f)\n```\ng") == "a  d\n\ng"
    assert find_anchors("# A `b` c\n## A b c\n```\n# no\n```\n") == {"a-b-c", "a-b-c-1"}


@pytest.mark.parametrize("name", PAGES)
def test_parts_of_files_on_pages_are_valid(name: str) -> None:
    schemas = {kind: json.loads(read(f"schemas/{kind}.schema.json")) for kind in ("project", "channels")}
    del schemas["project"]["required"]  # a piece of a project file may leave the folders out
    problems = []
    for piece in find_yaml(read(name)):
        kind, document = tell_kind(yaml.safe_load(piece), schemas)
        problems += [error.message for error in jsonschema.Draft7Validator(schemas[kind]).iter_errors(document)]

    assert problems == []


def tell_kind(document: dict[str, object], schemas: dict[str, Any]) -> tuple[str, object]:
    """Of which kind of file `document` is, or is a piece: with nothing else to go by, channels by name."""
    for kind, schema in schemas.items():
        if document.keys() <= schema["properties"].keys():
            return kind, document
    return "channels", {"channels": document}


@pytest.mark.parametrize("name", PAGES)
def test_files_of_the_code_exist(name: str) -> None:
    named = re.findall(r"`((?:\w+/)+(?:\w+\.(?:py|json))?)`", read(name))

    assert [path for path in named if not any((root / path).exists() for root in (ROOT, ROOT / "reconciler"))] == []
