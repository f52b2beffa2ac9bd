"""YAML parsers as streams of events, and syntax errors as messages."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.fast_reader import MAX_DEPTH
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.definitions.yaml_syntax import find_deep_bracket, open_events, open_pure
from tests.cases import mostly, note_case
from tests.definitions.hostile import STRICT

if TYPE_CHECKING:
    from reconciler.definitions.yaml_syntax import NextEvent, OpenEvents


DEEP = [bad for bad in STRICT if bad.code == "ESA111"]


def open_timid(most: int) -> OpenEvents:
    """A parser that reads on after each bracket, and fails `most` levels deep, as libyaml 0.2.6 does at 1,000."""

    def open_events_of(text: str) -> NextEvent:
        next_event = open_events(text)
        last: Any = None

        def next_event_if_shallow() -> Any:
            nonlocal last
            if isinstance(last, yaml.CollectionStartEvent) and last.flow_style:
                end = last.end_mark.index  # type: ignore[union-attr]
                depth = accumulate((sign in "[{") - (sign in "]}") for sign in text[end : end + 1024])
                place = next((end + place for place, level in enumerate(depth) if level >= most), None)
                if place is not None:
                    mark = yaml.Mark("", place, 0, place, "", 0)
                    raise yaml.MarkedYAMLError("while increasing flow level", mark, "exceeded maximum depth", mark)
            last = next_event()
            return last

        return next_event_if_shallow

    return open_events_of


def find(text: bytes, opener: OpenEvents) -> list[tuple[str, int, int]]:
    findings = parse_yaml("a.yaml", text, opener).findings
    return [(found.code, found.location.line, found.location.column) for found in findings if found.location]


@pytest.mark.parametrize("bad", DEEP, ids=lambda bad: bad.name)
@pytest.mark.parametrize("opener", [open_pure, open_timid(30), open_timid(1000)], ids=["pure", "at 30", "at 1000"])
def test_every_parser_gives_the_same_place(bad: Any, opener: OpenEvents) -> None:
    assert find(bad.content, opener) == find(bad.content, open_events)


_LEAVES = st.sampled_from(["a", '"["', "'{'", '"[[[["', "[]", "{}", "'}'", "&a b", "[ # [[[\n ]"])
_ANYHOW = st.lists(st.sampled_from(["[", "{", "]", "}", ", ", "a", "a: ", '"["', "'{'", "# [\n", "\n", "&a ", "*a "]))


@st.composite
def flows(draw: st.DrawFn) -> str:
    """A valid file about as deep as allowed, with brackets in texts and comments."""
    text = draw(_LEAVES)
    for _ in range(draw(st.integers(MAX_DEPTH - 3, MAX_DEPTH + 2))):
        beside = draw(_LEAVES)
        text = draw(st.sampled_from([f"[{text}, {beside}]", f"{{a: {beside}, b: {text}}}", f"[\n {text} # }}]\n ]"]))
    return text


@given(mostly(flows(), _ANYHOW.map("".join)))
def test_brackets_of_a_valid_file_are_counted_like_the_parser_does(text: str) -> None:
    depth = deepest = 0
    try:
        events = open_events(text)
        while not isinstance(event := events(), yaml.StreamEndEvent):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            deepest = max(deepest, depth)
    except yaml.YAMLError:
        note_case(reached=False)
        return
    note_case(reached=abs(deepest - MAX_DEPTH) <= 3)
    assert (find_deep_bracket(text, 0, len(text), []) is not None) <= (deepest >= MAX_DEPTH)


IN_QUOTES = "text that starts with {} must be in quotes"
NOT_CLOSED = "close it; if it belongs to a text, put the text in quotes of the other kind"
NO_BREAK = "non-standard space where YAML needs an ordinary one, found no-break space (U+00A0)"
CONFLICT = (
    "a merge conflict is not resolved",
    "merge the two sides, and delete the lines that start with <<<<<<<, ======= and >>>>>>>",
)
TRAPS = [
    ("formula: @north", "1:10", IN_QUOTES.format("@"), 'write  formula: "@north"'),
    ("formula: `north`", "1:10", IN_QUOTES.format("`"), 'write  formula: "`north`"'),
    ("formula: %north", "1:10", IN_QUOTES.format("%"), 'write  formula: "%north"'),
    ("formula: [a] * 2  # note", "1:10", IN_QUOTES.format("["), 'write  formula: "[a] * 2"'),
    ("formula: {a} + 1", "1:10", IN_QUOTES.format("{"), 'write  formula: "{a} + 1"'),
    ("formula: * 2", "1:10", IN_QUOTES.format("*"), 'write  formula: "* 2"'),
    ("formula: - 2", "1:10", IN_QUOTES.format("-"), 'write  formula: "- 2"'),
    ("formula: | 2", "1:10", IN_QUOTES.format("|"), 'write  formula: "| 2"'),
    ("formula: !a!b c", "1:10", IN_QUOTES.format("!"), 'write  formula: "!a!b c"'),
    (f"formula: @{'x' * 70}", "1:10", IN_QUOTES.format("@"), "put the whole text in quotes"),
    (
        "formula: {{ x }} * 2",
        "1:10",
        "a template, {{ … }}, is not filled in",
        "write the value itself; if the braces belong to a text, put the text in quotes",
    ),
    (
        "channelInfo: Building: North",
        "1:14",
        "text with a colon and a space in it must be in quotes",
        'write  channelInfo: "Building: North"',
    ),
    ('a: "x" y', "1:4", "text continues after the closing quote", 'write  a: "\\"x\\" y"'),
    ("a: 'North's use'", "1:4", "text continues after the closing quote", "write  a: \"'North's use'\""),
    ('a: "x\nb: 1', "1:4", "this quote is never closed", NOT_CLOSED),
    ('a: "x\nb: "y"\nc: 1', "1:4", "this quote is never closed", NOT_CLOSED),
    (
        "a: [b\nc: 1",
        "1:4",
        "this bracket is never closed",
        "close the bracket; if it belongs to a text, put the text in quotes",
    ),
    ("a:\n  b:c\n  d: 1", "2:3", "missing space after a colon", "write  b: c"),
    ("a: 1\nnorth", "2:1", "missing colon and value after a key", "write  north: …"),
    ("a:\n  b: 1\n  c = 0.5\n\nd: 2", "3:3", "a key is followed by = instead of a colon", "write  c: 0.5"),
    ("a:\n  b: 1\n  c = 0.5\n  d: 2", "3:3", "a key is followed by = instead of a colon", "write  c: 0.5"),
    ("north side\nb: 1", "1:1", "missing colon and value after a key", "write  north: …"),
    ("a:\n  b\n    c: 2", "2:3", "missing colon after a key", "write  b:"),
    ("a:\n  b: 1\n  north-use\n    c: 2\n    d: 3", "3:3", "missing colon after a key", "write  north-use:"),
    ("a:\n  b:\n    c: 1\n  north-use\n    d: {e: 3}", "4:3", "missing colon after a key", "write  north-use:"),
    ("channels\n  a:\n    b: 2", "1:1", "missing colon after a key", "write  channels:"),
    ("a:\n  b: 1\n  c:\u00a0x\n  d: 1", "3:5", NO_BREAK, "write ordinary spaces instead"),
    ("a:\n  b: 1\n \u00a0c: x\n  d: 1", "3:2", NO_BREAK, "write ordinary spaces instead"),
    (
        "a:\n  d: 1\n\u2003b: 1\n  c: 2",
        "3:1",
        NO_BREAK.replace("no-break space (U+00A0", "em space (U+2003"),
        "write ordinary spaces instead",
    ),
    ("a:\n<<<<<<< HEAD\n  b: 1\n=======\n  b: 2\n>>>>>>> x\n", "2:1", *CONFLICT),
    ("a: 1\n=======\r\nb: 2\n>>>>>>> x", "2:1", *CONFLICT),
    ("a: 1\n||||||| base\nb: 2", "2:1", *CONFLICT),
    (
        "a:\n  b: one\n    two\n      c: 2",
        "4:7",
        "the indentation matches none of the lines above",
        "align the keys of one mapping, two spaces to the right of the key above them",
    ),
    (
        "a:\n  b: one\n    two\n    three\n      c: 2",
        "5:7",
        "the indentation matches none of the lines above",
        "align the keys of one mapping, two spaces to the right of the key above them",
    ),
    (
        "a:\n  b: 1\n    c: 2",
        "3:5",
        "the indentation matches none of the lines above",
        "align the keys of one mapping, two spaces to the right of the key above them",
    ),
    (
        "a:\n  b: 1\n\n  # note\n c: 2",
        "5:2",
        "the indentation matches none of the lines above",
        "align the keys of one mapping, two spaces to the right of the key above them",
    ),
]
BOTH = pytest.mark.parametrize("opener", [open_events, open_pure], ids=["libyaml", "pure"])


@BOTH
@pytest.mark.parametrize(
    ("text", "place", "message", "fix"), TRAPS, ids=[text.replace("\n", "|")[:30] for text, *_ in TRAPS]
)
def test_a_usual_mistake_is_named_at_its_place_with_the_fix(
    text: str, place: str, message: str, fix: str, opener: OpenEvents
) -> None:
    (finding,) = parse_yaml("a.yaml", text.encode(), opener).findings

    assert finding.location is not None
    found = f"{finding.location.line}:{finding.location.column}"
    assert (finding.code, found, finding.message, finding.fix) == ("ESA107", place, message, fix)


@BOTH
@pytest.mark.parametrize("text", [r'a: "\d"', r'a: "\x1"', r'a: "\U00110000"', r'a: "\U83871978"'])
def test_an_invalid_escape_is_named(text: str, opener: OpenEvents) -> None:
    (finding,) = parse_yaml("a.yaml", text.encode(), opener).findings

    assert finding.message == "invalid escape sequence in double quotes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n...\nb: 2", "not YAML: did not find expected <document start>"),
        ("a: 1\n%b: 2", "not YAML: found unexpected non-alphabetical character"),
        ("a: |x\n", "not YAML: did not find expected comment or line break"),
    ],
)
def test_any_other_error_has_the_parsers_message(text: str, message: str) -> None:
    (finding,) = parse_yaml("a.yaml", text.encode()).findings

    assert finding.message == message
