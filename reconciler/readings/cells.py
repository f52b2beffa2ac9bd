"""One value of a reading: a number, a flag, a note, as text of a CSV file or as a value of JSON."""

from __future__ import annotations

from math import isfinite, isnan

from msgspec import Struct

from reconciler.readings.flaws import Flaw, quote
from reconciler.readings.numerals import LEAVE_OUT, beyond, read_whole

TIME, VALUE, ESTIMATED, NOTE = "time", "value", "estimated", "note"

FLAGS = {
    **dict.fromkeys(("true", "1", "yes", "y", "t"), True),
    **dict.fromkeys(("false", "0", "no", "n", "f", ""), False),
}
_SAY_ESTIMATED = "write true or false, or say which values mean estimated with  --estimated HEADER=VALUES"


class Reading(Struct, frozen=True):
    """A reading as it is sent: `time` is ISO 8601, with an offset where the file has one."""

    time: str
    value: float
    estimated: bool = False
    note: str | None = None

    def at(self, time: str) -> Reading:
        """The same reading at another time."""
        return Reading(time, self.value, self.estimated, self.note)


def read_flag(text: str) -> bool | Flaw:
    """Whether `text` says yes; nothing says no."""
    flag = FLAGS.get(text.strip().casefold())
    if flag is None:
        return Flaw("ESA612", f"estimated must be true or false, found {quote(text)}", _SAY_ESTIMATED)
    return flag


def take_number(value: object) -> float | Flaw:
    """The number that `value` of a JSON document is."""
    if isinstance(value, str):
        return Flaw(
            "ESA612",
            f"value must be a number, found {show_json(value)}",
            "write it without quotation marks, as in  12.5",
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Flaw("ESA612", f"value must be a number, found {show_json(value)}")
    if isinstance(value, int):
        return read_whole(value)
    if isnan(value):
        return Flaw("ESA612", "value must be a number, found NaN, which means no value", LEAVE_OUT)
    return value if isfinite(value) else beyond(str(value))


def take_flag(value: object) -> bool | Flaw:
    """The flag that `value` of a JSON document is; null is no."""
    if value is None or isinstance(value, bool):
        return bool(value)
    return Flaw("ESA612", f"estimated must be true or false, found {show_json(value)}")


def take_note(value: object) -> str | Flaw | None:
    """The note that `value` of a JSON document is, or null."""
    if value is None or isinstance(value, str):
        return value
    return Flaw("ESA612", f"note must be text or null, found {show_json(value)}")


def show_json(value: object) -> str:
    """What `value` of a JSON document is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value)
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
