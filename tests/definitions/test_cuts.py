"""Texts that a # cut short."""

from __future__ import annotations

import pytest

from reconciler.definitions.cuts import find_truncating_comments


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("    channelInfo: Building #3 use\n", "#3 use"),
        ("dataPoint: NB #1", "#1"),
        ("- formula: channel(a) #b #c\n", "#b #c"),
    ],
)
def test_a_word_behind_a_number_sign_is_the_rest_of_the_text(text: str, rest: str) -> None:
    assert [text[start:end] for start, end in find_truncating_comments(text)] == [rest]


@pytest.mark.parametrize(
    "text",
    [
        "channelInfo: North # the main meter",
        'channelInfo: "Building #3 use"',
        "channelInfo: Building#3 use",
        "intervalMinutes: 15 #minutes",
        "# channelInfo: Building #3",
        "formula: |",
        "channelInfo: #3",
    ],
)
def test_a_comment_is_a_comment(text: str) -> None:
    assert find_truncating_comments(text) == ()
