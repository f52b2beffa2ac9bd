"""Texts that have not the form of their property, in words: names, dates, addresses, variables, shares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.problems import FileProblem
from reconciler.definitions.subjects import shorten, show
from reconciler.definitions.wording_urls import word_url
from reconciler.masking import hide_likely

if TYPE_CHECKING:
    from reconciler.definitions.problems import Keys

_ZONED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?)\s*(?:[Zz]|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{3,4})")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_WORDS = re.compile(r"[A-Z]+(_[A-Z]+)+|[a-z]+(_[a-z]+)+", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


def word_pattern(keys: Keys, text: str, *, is_name: bool) -> FileProblem:
    """That `text`, to which `keys` lead or which with `is_name` is the last of them, has not the form it must have."""
    if is_name:
        return _word_name(keys, text)
    match keys[-1]:
        case "beginDate":
            return _word_date(keys, text)
        case "url":
            return FileProblem("ESA141", keys, *word_url(text))
        case "apiKeyEnv":
            return _word_variable(keys, text)
        case _:
            message = f"maxChanges must be a whole number or a share in percent, found {show(text)}"
            return FileProblem("ESA145", keys, message)


def _word_name(keys: Keys, name: str) -> FileProblem:
    if name.isascii() and name.isdigit():
        message = f"a name needs at least one letter, found {shorten(name)}"
    else:
        message = f"a name is made of letters, digits, hyphen, underscore and dot, found {show(name)}"
    proposal = _NOT_IN_NAMES.sub("-", name[:64]).strip("-_.")
    is_usable = any(character.isalpha() for character in proposal) and hide_likely(name) == name
    fix = f"write  {proposal}:" if is_usable else ""
    return FileProblem("ESA127", keys, message, fix, at_key=True)


def _word_date(keys: Keys, text: str) -> FileProblem:
    zoned = _ZONED.fullmatch(text)
    if zoned:
        message = f"beginDate must have no zone or offset, found {text}"
        return FileProblem("ESA128", keys, message, f"write local time of the data point:  beginDate: {zoned[1]}")
    return FileProblem("ESA128", keys, f"beginDate must be a date, or a date and time, found {show(text)}")


def _word_variable(keys: Keys, text: str) -> FileProblem:
    # What stands there may be the key itself, so it is shown only where it is made of words.
    if not _VARIABLE.fullmatch(text):
        message = "apiKeyEnv must be the name of a variable: letters, digits and underscore"
        return FileProblem("ESA142", keys, message, "write a name like ECI_API_KEY, and put the key into that variable")
    found = f", found {shorten(text)}" if _WORDS.fullmatch(text) else ""
    message = f"apiKeyEnv must begin with ECI_, and hold only upper case letters, digits and underscore{found}"
    return FileProblem("ESA146", keys, message)
