"""Files that are nested too deeply, with each YAML parser."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.fast_reader import MAX_DEPTH
from reconciler.definitions.yaml_events import find_deep_bracket, open_events, open_pure
from reconciler.definitions.yaml_reader import parse_yaml
from tests.cases import mostly, note_case
from tests.definitions.hostile import STRICT

if TYPE_CHECKING:
    from reconciler.definitions.yaml_events import NextEvent, OpenEvents


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
