"""Where something stands in a file of definitions."""

from __future__ import annotations

from reconciler.model.record import record


@record
class Place:
    """A place in a file: a file, and in it a line, a column, a piece of text.

    `file` is relative to the project's root, with forward slashes. `line` and `column` count from 1 in characters; 0 is
    "not known". `keys` leads there through the file's mappings, so that a place made by pure code, which has no text at
    hand, can be pinpointed later; `piece` is the part of the value that is meant, where it is not all of it. `excerpt`
    is the whole line, `length` how many of its characters are meant.
    """

    file: str
    line: int = 0
    column: int = 0
    keys: tuple[str, ...] = ()
    length: int = 0
    excerpt: str = ""
    piece: str = ""
