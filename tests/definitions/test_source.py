"""The bytes of a file as text."""

from __future__ import annotations

import pytest

from reconciler.definitions.source import decode, is_clean


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_a_byte_order_mark_is_no_part_of_the_text(data: bytes) -> None:
    assert decode(data) == "ä: 1\r\n"


def test_what_is_not_utf_8_is_no_text() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(b"\xff")


@pytest.mark.parametrize(
    ("text", "clean"), [("a: ä", True), ("a:\t1", False), ("a: \x85", False), ("a: \u2028ä", False)]
)
def test_clean_text_has_no_tabs_and_no_control_characters(text: str, clean: bool) -> None:
    assert is_clean(text) == clean
