"""Excerpts without secrets."""

from __future__ import annotations

import pytest

from reconciler.definitions.document import redact_line
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import load_project
from tests.definitions.places import write

TYPE = "aGVsbG8.d29ybGQ.c2VjcmV0"


@pytest.mark.parametrize(
    "line",
    [
        "apiKey: hunter2",
        "    eci-api-key: hunter2",
        '  "ECI_ApiKey" : hunter2',
        "password: [a",
        "db_password: x",
        "clientSecret: x",
        "accessToken: x",
        "AWS_SECRET_ACCESS_KEY=x",
        "{a: 1, token: x}",
        "apiKeyEnv: aGVs.bG8g.d29y",
        "apiKeyEnv: q7Zk2Lw9",
        "apiKeyEnv: hunter2",
        "url: https://me:pw@app.energycap.com",
        "url: https://app.energycap.com?key=x",
    ],
)
def test_a_line_that_names_a_secret_is_not_shown(line: str) -> None:
    assert redact_line(line, []) == ""


@pytest.mark.parametrize(
    "line",
    [
        "apiKeyEnv: ECI_API_KEY_PRODUCTION",
        "apiKeyEnv: AWS_SECRET_ACCESS_KEY # why",
        "  far: {url: sandbox, apiKeyEnv: ECI_API_KEY}",
        "channelInfo: Keyed",
        "north.campus.electric:",
        "observationRule: Trip",
    ],
)
def test_other_lines_are_shown(line: str) -> None:
    assert redact_line(line, []) == line


def test_text_that_looks_like_a_key_is_masked() -> None:
    assert redact_line(f"  channelInfo: {TYPE} # a", []) == f"  channelInfo: {'*' * len(TYPE)} # a"


@pytest.mark.parametrize(
    ("line", "above"),
    [
        ("  hunter2", ["password: |"]),
        ("  hunter2", ["  more", "", "password: >-"]),
        ("hunter2", ["password:"]),
        ("    hunter2", ["  value:", "apiKey: # a"]),
        ("  - hunter2", ["secrets:"]),
    ],
)
def test_a_line_within_the_value_of_a_secret_is_not_shown(line: str, above: list[str]) -> None:
    assert redact_line(line, above) == ""


@pytest.mark.parametrize(
    ("line", "above"),
    [("channels:", ["  x", "password: |"]), ("  more: 1", ["  a: 1", "channels:"]), ("  b", ["  token: x", "a:"])],
)
def test_a_line_after_the_value_of_a_secret_is_shown(line: str, above: list[str]) -> None:
    assert redact_line(line, above) == line


def test_no_finding_of_a_project_file_repeats_a_possible_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("project")
    lines = [
        f"definitions: {TYPE}/..",
        f"defaultEnvironment: {TYPE}",
        "environments:",
        f"  a: {{url: 'ftp://{TYPE}', apiKeyEnv: hunter2}}",
        "  b:",
        "    url: sandbox",
        "    password:",
        "      hunter2",
        f"    channelEdit: {TYPE}",
        f"guards: {{maxChanges: {TYPE}}}",
    ]
    (root / "reconciler.yaml").write_text("\n".join(lines) + "\n")

    project, findings = load_project(root)

    assert project is None
    assert len(findings) >= 7
    assert [found for found in findings if TYPE in repr(found) or "hunter2" in repr(found)] == []


def test_no_finding_of_a_channel_file_repeats_a_possible_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("project")
    text = f"apiKey: hunter2\nchannels:\n  one:\n    channelId: {TYPE}\n    {TYPE}: 1\n    token: [hunter2]\n"
    findings = load_definitions(write(root, bad=text), ["channels"]).findings

    assert len(findings) >= 4
    shown = [f"{found.message} {found.fix} {found.location.excerpt if found.location else ''}" for found in findings]
    assert [text for text in shown if TYPE in text] == []
    assert [found for found in findings if "hunter2" in repr(found)] == []
