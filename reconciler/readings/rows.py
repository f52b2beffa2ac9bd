"""Rows of a file of readings, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.readings.cells import Reading
from reconciler.readings.flaws import Flaw

if TYPE_CHECKING:
    from reconciler.readings.identifiers import Key
    from reconciler.readings.times import Time


class Row(Struct):
    """One reading of a file, and the line it is in; `flaws` say why there is no `reading`.

    `written` is what the file says: the cells of a row, or a value of JSON. `is_naive` says that the time has no
    offset, and `is_date` that it is a day without a clock.
    """

    line: int
    reading: Reading | None
    flaws: tuple[Flaw, ...]
    written: object
    is_naive: bool = True
    is_date: bool = False


class Parcel(Struct):
    """Readings that stand together under the same identifiers.

    `flaws` are those of the whole, `doubts` what is odd about it and keeps nothing from being sent. `number` is that of
    a group of the file, counted from 0; None where the file has readings one by one. `key` is None where the flaws
    leave nothing to go by. `own` is the text of a group whose rows do not know their lines yet.
    """

    line: int
    key: Key | None
    rows: list[Row]
    flaws: tuple[Flaw, ...] = ()
    number: int | None = None
    written: object = None
    own: str = ""
    doubts: tuple[Flaw, ...] = ()


def make_row(
    line: int,
    parts: tuple[Time | Flaw, float | Flaw, bool | Flaw, str | Flaw | None],
    written: object,
) -> Row:
    """The row that `parts` make: time, value, whether it is estimated, and the note; or what is wrong with them."""
    time, value, estimated, note = parts
    if isinstance(time, Flaw) or isinstance(value, Flaw) or isinstance(estimated, Flaw) or isinstance(note, Flaw):
        return Row(line, None, tuple(part for part in parts if isinstance(part, Flaw)), written)
    return Row(
        line, Reading(time.at.isoformat(), value, estimated, note), (), written, time.at.tzinfo is None, time.is_date
    )
