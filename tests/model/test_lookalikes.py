"""Texts that look alike are told apart where they are shown side by side."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.lookalikes import distinguish, look, tell_apart
from reconciler.reports.formatting import format_values
from tests.cases import note_case


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("Z\xfcrich", "Zu\u0308rich", (r"Z\xfcrich", r"Zu\u0308rich")),
        ("\u2764", "\u2764\ufe0f", ("\u2764", r"❤\ufe0f")),
        ("Main", "Main ", ("Main", r"Main\x20")),
        ("Main", " Main", ("Main", r"\x20Main")),
        ("Main meter", "Main  meter", ("Main meter", r"Main\x20 meter")),
        ("Main meter", "Main\xa0meter", (r"Main\x20meter", r"Main\xa0meter")),
        ("Main", "Ma\u200bin", ("Main", r"Ma\u200bin")),
        ("Main", "M\u0430in", ("Main", r"M\u0430in")),
        ("A-1", "A\u20131", ("A-1", r"A\u20131")),
        ("Main", "Main\u3164", ("Main", r"Main\u3164")),
        ("\u212b", "\xc5", (r"\u212b", r"\xc5")),
        ("Main", "M\xe4in", ("Main", "M\xe4in")),
        ("Z\xfcrich", "Z\xfcrich 2", ("Z\xfcrich", "Z\xfcrich 2")),
        ("North", "North wing", ("North", "North wing")),
        ("Main meter", "Main  meters", ("Main meter", "Main  meters")),
        ("e  ", "  e", (r"e\x20\x20", r"\x20\x20e")),
        ("caf\xe9 1", "cafe\u0301 2", (r"caf\xe9 1", r"cafe\u0301 2")),
    ],
)
def test_only_what_a_reader_could_not_see_is_escaped(one: str, other: str, shown: tuple[str, str]) -> None:
    assert distinguish(one, other) == shown


@pytest.mark.parametrize(
    "name",
    [
        "COMBINING GRAPHEME JOINER",
        "HANGUL CHOSEONG FILLER",
        "HANGUL JUNGSEONG FILLER",
        "KHMER VOWEL INHERENT AQ",
        "KHMER VOWEL INHERENT AA",
        "MONGOLIAN FREE VARIATION SELECTOR ONE",
        "MONGOLIAN FREE VARIATION SELECTOR TWO",
        "MONGOLIAN FREE VARIATION SELECTOR THREE",
        "MONGOLIAN FREE VARIATION SELECTOR FOUR",
        "BRAILLE PATTERN BLANK",
        "HANGUL FILLER",
        "HALFWIDTH HANGUL FILLER",
        "VARIATION SELECTOR-1",
        "VARIATION SELECTOR-16",
        "VARIATION SELECTOR-17",
        "VARIATION SELECTOR-256",
    ],
)
def test_a_character_without_ink_is_not_seen(name: str) -> None:
    assert look(f"Ma{unicodedata.lookup(name)}in") == "Main"


@pytest.mark.parametrize("character", ["\ufe10", "\U000e01f0"], ids=["a comma", "not assigned"])
def test_the_characters_after_the_variation_selectors_are_seen(character: str) -> None:
    assert look(f"Ma{character}in") == f"Ma{character}in"


@pytest.mark.parametrize(
    ("found", "meant", "told"),
    [
        ("M\u0430in", "Main", r"  (found M\u0430in, which only looks the same)"),
        ("Main ", "Main", r"  (found Main\x20, which only looks the same)"),
        ("Main", "Main", ""),
        ("Mein", "Main", ""),
    ],
)
def test_a_suggestion_says_how_a_name_is_spelt_that_looks_like_it(found: str, meant: str, told: str) -> None:
    assert tell_apart(found, meant) == told


def test_equal_texts_are_unchanged() -> None:
    assert distinguish("Zu\u0308rich ", "Zu\u0308rich ") == ("Zu\u0308rich ", "Zu\u0308rich ")


def test_long_texts_that_look_alike_are_distinguished_too() -> None:
    text = "ü" * 500

    one, other = distinguish(text, unicodedata.normalize("NFD", text))

    assert (one, other) == (r"\xfc" * 500, r"u\u0308" * 500)


@pytest.mark.parametrize(
    ("length", "before"), [(399, "ü"), (400, r"\xfc")], ids=["400 piece by piece", "401 as a whole"]
)
def test_a_long_text_is_escaped_as_a_whole(length: int, before: str) -> None:
    text = "ü" * length

    assert distinguish(f"{text}a", f"{text}\u0430") == (f"{before * length}a", rf"{before * length}\u0430")


def test_of_a_long_text_of_one_letter_only_the_difference_is_escaped() -> None:
    text = "\xfc" * 300

    assert distinguish(f"a{text}", f"\u0430{text}") == (f"a{text}", rf"\u0430{text}")


def test_a_value_and_its_own_escape_look_different() -> None:
    one, other = format_values("a\u200b", r"a\u200b")

    assert one != other


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_different_texts_never_look_the_same(one: str, other: str) -> None:
    shown = distinguish(one, other)

    assert (look(shown[0]) == look(shown[1])) is (one == other)


ALIKE = st.sampled_from(["e", "\xe9", "e\u0301", " ", "  ", "\ufe0f", "\u200b", "\u0430", "a", "\xa0", "\\"])


# Two spellings of what the eye takes for the same, by hand.
SPELLINGS = st.sampled_from(
    [("e\u0301", "\xe9"), ("\u0430", "a"), (" ", "\xa0"), ("", "\u200b"), ("", "\ufe0f"), ("-", "\u2011"), ("x", "x")]
)


@settings(deadline=None)
@given(st.lists(st.tuples(SPELLINGS, st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=6))
def test_what_only_looks_the_same_is_shown_with_an_escape(drawn: list[tuple[tuple[str, str], int, int]]) -> None:
    one, other = ("".join(spelling[which[side]] for spelling, *which in drawn) for side in (0, 1))

    shown = distinguish(one, other)

    note_case(reached=one != other)
    assert ("\\" in "".join(shown)) is (one != other)
    assert (look(shown[0]) == look(shown[1])) is (one == other)


@settings(deadline=None)
@given(st.lists(ALIKE, max_size=6), st.lists(ALIKE, max_size=6))
def test_different_texts_of_characters_that_look_alike_never_look_the_same(one: list[str], other: list[str]) -> None:
    shown = distinguish("".join(one), "".join(other))

    assert (look(shown[0]) == look(shown[1])) is ("".join(one) == "".join(other))
