"""Typed looks into a JSON document, tolerant of what is missing and strict about what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]


class UnexpectedType(Exception):
    """A value that is not of its documented type; its place and what was found are the message."""

    def __init__(self, place: str, expected: str, found: object) -> None:
        super().__init__(f"{place} should be {expected}, found {_describe(found)}")


def read_object(document: Document, name: str) -> Document:
    """The object at `name`, empty where it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UnexpectedType(name, "an object", found)
    return found


def read_text(document: Document, name: str) -> str | None:
    """The text at `name`, None where it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None or isinstance(found, str):
        return found
    raise UnexpectedType(name, "text", found)


def read_flag(document: Document, name: str) -> bool | None:
    """The truth value at `name`, None where it is missing or null. Raises UnexpectedType."""
    found = document.get(name)
    if found is None or isinstance(found, bool):
        return found
    raise UnexpectedType(name, "true or false", found)


def read_id(document: Document, name: str) -> int:
    """The id at `name`. Raises UnexpectedType, also where it is missing or null."""
    found = document.get(name)
    if type(found) is int:
        return found
    raise UnexpectedType(name, "an id", found)


def read_objects(found: object, place: str) -> list[Document]:
    """`found` as a list of objects. Raises UnexpectedType."""
    if isinstance(found, list) and all(isinstance(member, dict) for member in found):
        return found
    raise UnexpectedType(place, "a list of objects", found)


def _describe(found: object) -> str:
    match found:
        case None:
            return "nothing"
        case bool():
            return "true" if found else "false"
        case str():
            return "text"
        case list():
            return "a list of other things" if found else "an empty list"
        case dict():
            return "an object"
        case _:
            return str(found)
