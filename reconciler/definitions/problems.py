"""What is wrong at a value or a key, before its place in the text is known."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

# From the top of a file to a value in it: the keys of mappings, the numbers of list members.
Keys: TypeAlias = tuple[str, ...]
# Stands in a fix for the value as its file has it: 1e5 and 1.10 may be ids, and their numbers look otherwise.
AS_WRITTEN = "\0"


class FileProblem(Struct, frozen=True):
    """Something wrong at a value, or at its key; what a finding is before its place is known."""

    code: str
    keys: Keys
    message: str
    fix: str = ""
    detail: tuple[str, ...] = ()
    at_key: bool = False
