"""Values of the expected shape out of a JSON document, or a sentence that says which is not."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.values import Value

Document: TypeAlias = dict[str, object]
Choice = TypeVar("Choice", bound=Enum)
Record = TypeVar("Record")

_MISSING = object()


class Misshapen(Exception):
    """A value that is not of the expected shape; `path` leads to it from the document at hand."""

    def __init__(self, path: str, expected: str, found: object) -> None:
        super().__init__(path)
        self.path = path
        self.expected = expected
        self.found = found

    def within(self, path: str) -> Misshapen:
        """The same for a document around the one at hand."""
        return Misshapen(f"{path}.{self.path}" if self.path else path, self.expected, self.found)

    def __str__(self) -> str:
        found = "nothing" if self.found is _MISSING else _name_shape(self.found)
        path = self.path if self.path.isprintable() else ascii(self.path)
        return f"{path} must be {self.expected}, found {found}"


def _name_shape(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"' if len(value) <= 40 and value.isprintable() else "another text"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return "a number"


def take_text(document: Document, key: str) -> str:
    value = document.get(key, _MISSING)
    if type(value) is not str:
        raise Misshapen(key, "text", value)
    return value


def take_text_or_null(document: Document, key: str) -> str | None:
    return None if document.get(key, _MISSING) is None else take_text(document, key)


def take_whole(document: Document, key: str) -> int:
    value = document.get(key, _MISSING)
    if type(value) is not int:
        raise Misshapen(key, "a whole number", value)
    return value


def take_whole_or_null(document: Document, key: str) -> int | None:
    return None if document.get(key, _MISSING) is None else take_whole(document, key)


def take_truth(document: Document, key: str) -> bool:
    value = document.get(key, _MISSING)
    if type(value) is not bool:
        raise Misshapen(key, "true or false", value)
    return value


def take_truth_or_null(document: Document, key: str) -> bool | None:
    return None if document.get(key, _MISSING) is None else take_truth(document, key)


def take_value(document: Document, key: str) -> Value:
    value = document.get(key, _MISSING)
    if value is None or isinstance(value, (str, float, int)):
        return value
    raise Misshapen(key, "text, a number, true, false or null", value)


def take_choice(document: Document, key: str, kind: type[Choice]) -> Choice:
    value = document.get(key, _MISSING)
    try:
        return kind(value)
    except ValueError:
        expected = "one of " + ", ".join(str(member.value) for member in kind)
        raise Misshapen(key, expected, value) from None


def take_object(document: Document, key: str) -> Document:
    value = document.get(key, _MISSING)
    if type(value) is not dict:
        raise Misshapen(key, "an object", value)
    return value


def take_list(document: Document, key: str) -> list[object]:
    value = document.get(key, _MISSING)
    if type(value) is not list:
        raise Misshapen(key, "a list", value)
    return value


def take_objects(document: Document, key: str) -> list[Document]:
    rows: list[Document] = []
    for index, row in enumerate(take_list(document, key)):
        if type(row) is not dict:
            raise Misshapen(f"{key}[{index}]", "an object", row)
        rows.append(row)
    return rows


def take_texts(document: Document, key: str) -> tuple[str, ...]:
    values = take_list(document, key)
    for index, value in enumerate(values):
        if type(value) is not str:
            raise Misshapen(f"{key}[{index}]", "text", value)
    return tuple(map(str, values))


def take_record(document: Document, key: str, read: Callable[[Document], Record]) -> Record:
    """What `read` makes of the object at `key`."""
    row = take_object(document, key)
    try:
        return read(row)
    except Misshapen as misshapen:
        raise misshapen.within(key) from None


def take_inner(document: Document, key: str, inner: str, take: Callable[[Document, str], Record]) -> Record:
    """What `take` finds at `inner` in the object at `key`."""
    return take_record(document, key, lambda part: take(part, inner))


def take_record_or_null(document: Document, key: str, read: Callable[[Document], Record]) -> Record | None:
    return None if document.get(key, _MISSING) is None else take_record(document, key, read)


def take_records(document: Document, key: str, read: Callable[[Document], Record]) -> tuple[Record, ...]:
    """What `read` makes of each object of the list at `key`."""
    records = []
    for index, row in enumerate(take_objects(document, key)):
        try:
            records.append(read(row))
        except Misshapen as misshapen:
            raise misshapen.within(f"{key}[{index}]") from None
    return tuple(records)
