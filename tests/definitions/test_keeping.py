"""What counts as kept when a file is changed."""

from __future__ import annotations

import pytest

from reconciler.definitions.keeping import preserves_content

TEXT = """\
# head
channels:
  a:   # about a
    channelInfo: 'A # no comment'

    channelDescription: |  # why
      # no comment either
  b: {channelId: 2}   # about b
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'A # no comment'", "B"),
        ("      # no comment either", "      other"),
        ("{channelId: 2}", "{channelId: 3, channelInfo: x}"),
        ("  b:", "\n  c:\n    channelId: 3\n  b:"),
        ("    channelInfo:", "    channelId: 1\n    channelInfo:"),
        ("   # about b", " # about b"),
    ],
)
def test_values_may_change_and_keys_may_come(old: str, new: str) -> None:
    assert preserves_content(TEXT, TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# head\n", ""),
        ("   # about b", ""),
        ("  # why", ""),
        ("# about a", "# about b"),
        ("# head\n", "# head\n# head\n"),
        ("   # about b\n", "\n  # about b\n"),
        ("\n\n", "\n"),
        ("  b: {channelId: 2}   # about b\n", "  # about b\n  b: {channelId: 2}\n"),
        ("    channelInfo: 'A # no comment'\n", ""),
        ("\n", "\r\n"),
        ("# head\n", "# head\r\n"),
    ],
    ids=[
        "a comment", "at the end", "of a text", "another one", "twice", "on another line", "an empty line", "elsewhere",
        "a key", "other line breaks", "line breaks of two kinds",
    ],
)  # fmt: skip
def test_nothing_else_may_go_change_or_move(old: str, new: str) -> None:
    assert old in TEXT
    assert not preserves_content(TEXT, TEXT.replace(old, new))
