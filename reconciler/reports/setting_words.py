"""Settings and their values in the words of somebody who reads meters, not APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import BEGIN_DATE, FIELD_AT, FORMULA, Kind
from reconciler.model.lookalikes import distinguish
from reconciler.reports.wording import format_value

if TYPE_CHECKING:
    from reconciler.model.values import Value


class ValueText(Struct, frozen=True):
    """A value as a reader sees it; `is_word` where a word of this report stands for it, and not the value itself."""

    text: str
    is_word: bool = False


def setting_name(path: str) -> str:
    """The name of the setting at `path`; its key where the table of fields does not know the path."""
    field = FIELD_AT.get(path)
    return field.help.label if field else path.rpartition(".")[2]


def describe_value(path: str, value: Value) -> ValueText:
    """`value` of the setting at `path`, so that null, the empty text and the word "null" are told apart."""
    match value:
        case None:
            return ValueText("from the beginning" if path == BEGIN_DATE else "not set", is_word=True)
        case bool():
            return ValueText("yes" if value else "no", is_word=True)
        case "":
            return ValueText("empty text", is_word=True)
        case str():
            return ValueText(_quote_text(path, value))
        case _:
            return ValueText(format_value(value))


def describe_values(path: str, one: Value, other: Value) -> tuple[ValueText, ValueText]:
    """Two values of the setting at `path` side by side, so that they look different if they are."""
    if isinstance(one, str) and isinstance(other, str):
        one, other = distinguish(one, other)
    return describe_value(path, one), describe_value(path, other)


def format_time(time: str) -> str:
    """A local time without what says nothing: 2024-03-01, 2024-03-01 06:15, 2024-03-01 06:15:30."""
    day, _, clock = time.partition("T")
    clock = clock.removesuffix(":00")
    return f"{day} {clock}" if clock and clock != "00:00" else day


def _quote_text(path: str, text: str) -> str:
    if path == BEGIN_DATE:
        return format_time(text)
    is_code = path == FORMULA or (path in FIELD_AT and FIELD_AT[path].kind is not Kind.TEXT)
    return text if is_code and text.strip() == text else f"“{text}”"
