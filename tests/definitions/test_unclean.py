"""What keeps the bytes of a file from being read as YAML."""

from __future__ import annotations

import pytest

from reconciler.definitions.unclean import MAX_FOUND, EncodingError, decode_source


@pytest.mark.parametrize("data", ["ä: 1\r\n".encode(), b"\xef\xbb\xbf\xc3\xa4: 1\r\n"])
def test_utf_8_is_read_with_or_without_a_byte_order_mark(data: bytes) -> None:
    assert decode_source(data) == ("ä: 1\r\n", ())


def test_the_first_byte_that_is_not_utf_8_is_named_and_the_rest_shown_replaced() -> None:
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


def test_a_file_of_nothing_else_is_not_counted_to_its_end() -> None:
    assert len(decode_source(b"\0" * 10_000)[1]) == MAX_FOUND
