"""Files decoded to text, and excerpts without secrets."""

from __future__ import annotations

import pytest

from reconciler.definitions.document import MAX_FOUND, EncodingError, decode_source, redact_line
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


@pytest.mark.parametrize(
    ("text", "clean"), [("a: ä", True), ("a:\t1", False), ("a: \x85", False), ("a: \u2028ä", False)]
)
def test_clean_text_has_no_tabs_and_no_control_characters(text: str, clean: bool) -> None:
    assert (decode_source(text.encode())[1] == ()) == clean


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(data: bytes) -> None:
    assert decode_source(data) == ("ä: 1\r\n", ())


def test_the_first_byte_that_is_not_utf_8_is_named_and_the_rest_is_replaced() -> None:
    assert decode_source(b"a: n\xf6rd\n") == (
        "a: n�rd\n",
        (EncodingError("ESA104", "the file is not UTF-8, found the byte 0xF6", 4),),
    )


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_other_encodings_are_named_by_their_mark(encoding: str, name: str) -> None:
    assert decode_source("a: 1".encode(encoding))[1] == (
        EncodingError("ESA104", f"the file is not UTF-8, found {name}"),
    )


def test_every_control_character_and_the_first_tab_of_a_line_are_found() -> None:
    assert decode_source(b"a\0\x1b\tb\t\n\tc\t")[1] == (
        EncodingError("ESA105", "control characters are not allowed, found U+0000", 1),
        EncodingError("ESA105", "control characters are not allowed, found U+001B", 2),
        EncodingError("ESA106", "tabs are not allowed", 3),
        EncodingError("ESA106", "tabs are not allowed", 7),
    )


def test_the_number_of_encoding_errors_is_limited() -> None:
    assert len(decode_source(b"\0" * 10_000)[1]) == MAX_FOUND
