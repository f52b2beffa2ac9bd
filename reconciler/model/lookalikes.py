"""Different texts that look alike, shown with their difference escaped."""

from __future__ import annotations

import unicodedata

# Invisible characters that Python calls printable: variation selectors and fillers.
_FILLERS = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0)
_UNSEEN = frozenset(map(chr, (*_FILLERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# Letters and signs of other alphabets that fonts draw as these. Source: Unicode's confusables.txt, the common part.
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονμ‐‑‒–—−‘’ʼ´“”",  # noqa: RUF001 - the very thing
    "ABESIJKMHOPCTYXaesijopcyxhdqwABEZHIKMNOPTYXovµ------''''\"\"",
)
# The time of the comparison below grows with the square of the length.
_LONGEST = 400


def look(text: str) -> str:
    """What a reader sees of `text`. Two texts with the same look look the same to the eye."""
    if text.isascii():
        return " ".join(text.split())
    seen = "".join(character for character in unicodedata.normalize("NFC", text) if not _is_unseen(character))
    return " ".join(unicodedata.normalize("NFC", seen).translate(_ALIKE).split())


def tell_apart(found: str, meant: str) -> str:
    r"""How `found` is spelled, for a suggestion to write `meant`, if the two only look the same; else ""."""
    if found == meant or look(found) != look(meant):
        return ""
    return f"  (found {distinguish(found, meant)[0]}, which only looks the same)"


def distinguish(one: str, other: str) -> tuple[str, str]:
    r"""Both texts, with the parts of their difference that a reader cannot see escaped: `\u0301`, `\x20`."""
    if one == other:
        return one, other
    if _print(one) == _print(other):
        # One has a character, the other the text of its escape.
        return one.replace("\\", r"\\"), other.replace("\\", r"\\")
    is_alike = look(one) == look(other)
    if max(len(one), len(other)) > _LONGEST:
        return (_escape(one), _escape(other)) if is_alike else (one, other)
    # Imported late, because a hook that finds nothing shows no values and should not wait for it.
    from difflib import SequenceMatcher  # noqa: PLC0415

    pieces, other_pieces = [], []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        piece, other_piece = one[start:end], other[other_start:other_end]
        if tag != "equal" and (is_alike or _is_hidden(piece, other_piece)):
            piece, other_piece = _escape(piece), _escape(other_piece)
        pieces.append(piece)
        other_pieces.append(other_piece)
    shown, other_shown = "".join(pieces), "".join(other_pieces)
    # A difference may still look the same, as in "e  " and "  e": then all is escaped.
    return (_escape(one), _escape(other)) if look(shown) == look(other_shown) else (shown, other_shown)


def _is_hidden(piece: str, other: str) -> bool:
    # A reader sees that there are blanks between words, but not how many.
    return look(piece) == look(other) and not (piece + other).isspace()


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) == "Cf"


def _escape(text: str) -> str:
    return "".join(
        character if "!" <= character <= "~" else r"\x20" if character == " " else escape_character(character)
        for character in text
    )


def _print(text: str) -> str:
    return "".join(character if character.isprintable() else escape_character(character) for character in text)


def escape_character(character: str) -> str:
    r"""`character` as Python writes it in ASCII: `\x1b`, `\u202e`."""
    return character.encode("unicode_escape").decode("ascii")
