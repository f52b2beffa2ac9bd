"""The full reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.channel_file import parse_fully
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.definitions.yaml_syntax import open_events, open_pure
from reconciler.model.findings import Location
from tests.definitions.places import show

if TYPE_CHECKING:
    from reconciler.definitions.document import Document
    from reconciler.definitions.yaml_syntax import OpenEvents


BOTH = pytest.mark.parametrize("opener", [open_events, open_pure], ids=["libyaml", "pure"])


def read(text: str, opener: OpenEvents = open_events) -> Document:
    return parse_yaml("a.yaml", text.encode(), opener)


@BOTH
def test_aliases_have_the_value_of_their_anchor(opener: OpenEvents) -> None:
    document = read("a: &a {b: [1, &c x]}\nd: *a\ne: *c\n", opener)

    assert (document.tree, document.findings) == (
        {"a": {"b": [1, "x"]}, "d": {"b": [1, "x"]}, "e": "x"},
        [],
    )


@BOTH
def test_every_mistake_is_found_in_one_run(opener: OpenEvents) -> None:
    text = """\
channels:
  a:
    channelInfo: !x north
    channelInfo: south
    channelId: 1e999
    "": empty
    <<: {channelId: 2}
    ? [list]
    : 1
    &k select: *nowhere
    formula: &unused 1
    channelDescription:
    members: [~, {a: 1}]
"""

    assert show(read(text, opener).findings) == [
        "a.yaml:3:18 ESA109 tags are not supported, found !x",
        "a.yaml:4:5 ESA108 channelInfo is written twice in a, first on line 3",
        "a.yaml:5:16 ESA116 channelId is too large or too small for a number, found 1e999",
        "a.yaml:6:5 ESA115 keys must be text, found nothing before the colon",
        "a.yaml:7:5 ESA110 merge keys (<<) are not supported",
        "a.yaml:8:7 ESA115 keys must be text, found a list",
        "a.yaml:10:5 ESA110 anchors on keys are not supported, found &k",
        "a.yaml:10:16 ESA110 *nowhere refers to a value marked &nowhere, but there is none",
        "a.yaml:12:5 ESA114 channelDescription has no value",
        "a.yaml:13:15 ESA114 the value is ~, which could mean null or text",
        "a.yaml:11:14 ESA110 the anchor &unused is never used",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "channels:",
        "feeds:\nb: 1",
        "defaults:\nb: 1",
        "channels:\n  use:",
        "feeds:\n  logger:",
        "channels:\n  use:\n    select:",
        "defaults:\n  esaChannelVersion:",
        "environments:\n  sandbox:",
    ],
)
def test_an_empty_mapping_must_be_filled(text: str) -> None:
    (finding,) = read(text).findings

    assert (finding.code, finding.fix) == ("ESA114", "write its keys below it, two spaces further right, or delete it")


def test_an_empty_value_must_be_written() -> None:
    (finding,) = read("channels:\n  use:\n    channelInfo:").findings

    assert finding.fix.startswith("write null to clear the value")


def test_a_key_written_twice_names_both_places_and_keeps_the_first_value() -> None:
    document = read("a: 1\nb: 2\na: 3\n")

    assert (document.tree, document.findings[0].detail) == ({"a": 1, "b": 2}, ("first written at a.yaml:1",))


@pytest.mark.parametrize(
    ("key", "found"),
    [("{a: 1}", "a mapping"), ("[a]", "a list"), ("*a", "the alias *a")],
    ids=["mapping", "list", "alias"],
)
def test_a_key_that_is_not_text_is_named_by_its_kind(key: str, found: str) -> None:
    assert show(read(f"x: &a 1\n? {key}\n: *a\n").findings) == [f"a.yaml:2:3 ESA115 keys must be text, found {found}"]


@pytest.mark.parametrize(
    "text",
    ["&a\n", "a: &a [*a]\n"],
    ids=["nothing but an anchor", "itself"],
)
def test_an_anchor_without_a_value_is_not_a_value(text: str) -> None:
    assert read(text).findings


def test_a_hundred_aliases_are_read_and_one_more_is_not() -> None:
    aliases = [f"{index}: *a\n" for index in range(101)]

    hundred, more = read("a: &a 1\n" + "".join(aliases[:100])), read("a: &a 1\n" + "".join(aliases))

    assert (hundred.findings, show(more.findings)) == (
        [],
        ["a.yaml:102:6 ESA110 a file can have at most 100 aliases, found more"],
    )


def test_a_billion_laughs_end_early() -> None:
    rows = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)]

    assert show(read("a0: &a0 x\n" + "".join(rows)).findings) == [
        "a.yaml:7:10 ESA110 aliases can expand to at most 100,000 values, found more"
    ]


def test_levels_count_through_aliases() -> None:
    nest = "{x: " * 11
    text = f"a: &a {nest}1{'}' * 11}\nb: {nest}*a{'}' * 11}\n"

    assert show(read(text).findings) == ["a.yaml:2:48 ESA111 values must not be nested deeper than 20 levels"]


def test_a_duplicate_name_keeps_its_first_place() -> None:
    document = read("a: 1\nb: 2\na: 3\n")

    assert [document.spans[key,].key_start for key in "ab"] == [0, 5]


def test_aliases_within_twenty_levels_are_read() -> None:
    nest = "{x: " * 8

    assert read(f"a: &a {nest}1{'}' * 8}\nb: {nest}*a{'}' * 8}\nc: {nest}1{'}' * 8}\n").findings == []


@pytest.mark.parametrize(("text", "codes"), [("a: 1\nb: [2]\n", []), ("a: 1\nb: [2, 3]\n", ["ESA103"])])
def test_a_file_with_more_values_than_the_limit_is_refused(
    text: str, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two collections and two scalars.
    monkeypatch.setattr("reconciler.definitions.yaml_reader.MAX_VALUES", 4)

    document = read(text)

    assert ([finding.code for finding in document.findings], document.is_read) == (codes, not codes)


def test_only_places_of_names_are_kept_for_a_huge_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.definitions.yaml_reader.MAX_SPANS", 6)

    document = read("channels:\n  a: {channelId: 1, members: [1, 2, 3]}\n  b: {channelId: 2}\n")

    assert list(document.spans) == [
        (),
        ("channels",),
        ("channels", "a"),
        ("channels", "a", "channelId"),
        ("channels", "a", "members"),
        ("channels", "a", "members", "0"),
        ("channels", "b"),
    ]
    assert document.tree == {"channels": {"a": {"channelId": 1, "members": [1, 2, 3]}, "b": {"channelId": 2}}}


def test_the_number_of_findings_is_limited() -> None:
    assert len(read("a: 1\n" * 10_000).findings) == 500


def test_a_syntax_error_replaces_other_findings_in_its_line() -> None:
    assert show(read("a: *x + 1\n").findings) == ["a.yaml:1:4 ESA107 text that starts with * must be in quotes"]


@BOTH
def test_places_count_characters_from_one_and_show_the_whole_line(opener: OpenEvents) -> None:
    document = read('# é\r\nchannels:\r\n  "ä 😀": {channelId: 10}\r\n', opener)
    keys = ("channels", "ä 😀", "channelId")

    assert document.location(keys) == Location("a.yaml", 3, 22, keys, 2, '  "ä 😀": {channelId: 10}')


@pytest.mark.parametrize(
    ("keys", "at_key", "place"),
    [
        (("channels",), False, (1, 1, 8)),
        (("channels", "a"), False, (2, 3, 1)),
        (("channels", "a", "select"), False, (3, 17, 14)),
        (("channels", "a", "select"), True, (3, 5, 6)),
        (("channels", "a", "formula"), False, (4, 14, 1)),
        (("channels", "a", "nothing"), False, (2, 3, 1)),
        (("nothing",), False, (1, 1, 0)),
        (("channels", "b", "1"), False, (7, 7, 1)),
    ],
)
def test_a_place_is_the_value_or_the_key_of_a_mapping_of_several_lines(
    keys: tuple[str, ...], at_key: bool, place: tuple[int, int, int]
) -> None:
    text = "channels:\n  a:\n    select:     {channelId: 1}\n    formula: |\n      b\n  b: [x,\n      y]\n"
    found = read(text).location(keys, at_key=at_key)

    assert (found.line, found.column, found.length) == place


@pytest.mark.parametrize(
    "line",
    [
        "apiKey: a.b.c",
        '"password": x',
        "token: x",
        "apiKeyEnv: a.b.c",
        "url: https://u:p@x.y",
        "ECI-ApiKey: x",
        "key : x",
    ],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(line: str) -> None:
    place = read(f"{line}\n").location((line.partition(":")[0].strip('" '),))

    assert (place.line, place.column > 0, place.length, place.excerpt) == (1, True, 0, "")


@pytest.mark.parametrize("line", ["token: @abc", "token: 12345678901234567890", 'apiKey: "abc" def', "password:abc"])
def test_no_message_repeats_a_possible_secret(line: str) -> None:
    said = [(finding.message, finding.fix) for finding in read(f"{line}\nx: 1\n").findings]

    assert said
    assert "abc" not in str(said)
    assert "123" not in str(said)


def test_a_line_of_thousands_of_characters_is_not_shown() -> None:
    assert read(f"a: {'x' * 2000}\n").location(("a",)) == Location("a.yaml", 1, 4, ("a",))


@pytest.mark.parametrize("written", ["12345", "1e5", "1.10", "100000.0", "-0.0"])
def test_a_number_that_should_be_text_is_quoted_as_written(written: str) -> None:
    parsed = parse_fully("channels/a.yaml", f"channels:\n  one: {{channelImportId: {written}}}\n".encode())

    assert [finding.fix for finding in parsed.findings] == [f'write it in quotes:  channelImportId: "{written}"']
