"""How messages name and quote what is at a key."""

from __future__ import annotations

import pytest

from reconciler.definitions.file_problems import describe_mapping, describe_subject, shorten, show


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ((), "the file"),
        (("channels", "north-use"), "channel north-use"),
        (("feeds", "logger"), "feed logger"),
        (("environments", "production"), "environment production"),
        (("channels", "north-use", "esaChannelVersion"), "esaChannelVersion"),
        (("defaults",), "defaults"),
    ],
)
def test_a_mapping_is_named_by_its_section_and_key(keys: tuple[str, ...], text: str) -> None:
    assert describe_mapping(keys) == text


def test_a_member_of_a_list_is_named_by_the_list() -> None:
    assert describe_subject(("definitions", "0")) == "a member of definitions"
    assert describe_subject(("0",)) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"a": 1}, "a mapping of keys"),
        ([], "[]"),
        ([1], "a list"),
        ("ä", '"ä"'),
        (None, "null"),
        (1.5, "1.5"),
        ("a" * 100, f'"{"a" * 57} …'),
    ],
)
def test_a_value_is_shown_as_a_file_has_it(value: object, text: str) -> None:
    assert show(value) == text


def test_a_possible_key_is_not_shown() -> None:
    assert "c2VjcmV0" not in shorten("aGVsbG8.d29ybGQ.c2VjcmV0")
