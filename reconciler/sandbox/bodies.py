"""Request bodies, read property by property; all violations of a body are reported at once."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

_INT32 = 2**31
# A round number below the largest double, 1.8e308.
_LARGEST_DOUBLE = 10**308
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The page of PUT /api/v202406/esachannel/{esaChannelId} gives this scale and precision for each of its decimals.
_LARGEST_SCALE = 15
_LARGEST_PRECISION = 30


class Violation(Struct, frozen=True):
    """A rule that a request breaks, and the property that breaks it, as a path in the body."""

    property: str
    message: str


class ApiError(Exception):
    """A request answered with an error status."""

    def __init__(self, status: int, message: str, violations: tuple[Violation, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.violations = violations


def bad_request(*violations: Violation) -> ApiError:
    """The 400 that names all violations."""
    return ApiError(400, "The request is not valid.", violations)


def parse_json(body: bytes) -> Any:
    """The JSON of a body, its fractions as `Decimal`. Raises `ApiError` for anything that is not JSON."""
    try:
        # A float would lose the digits that the rules for scale and precision count.
        return json.loads(body, parse_float=Decimal, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as failure:
        raise ApiError(400, f"The body is not JSON: {failure}") from failure


def _reject_constant(name: str) -> NoReturn:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


class Presence(Enum):
    """What the vendor's pages say about a property's presence."""

    OPTIONAL = auto()
    REQUIRED = auto()


class Body:
    """A JSON object whose properties are read one by one.

    A property that breaks a rule reads as None or another harmless value, and a violation is added to `violations`,
    which all objects of one request share. Names are case-sensitive; properties that are never read are ignored.
    """

    def __init__(self, values: Mapping[str, Any], path: str, violations: list[Violation]) -> None:
        self.values = values
        self._path = path
        self.violations = violations

    def has(self, name: str) -> bool:
        """Whether the key exists, null or not."""
        return name in self.values

    def is_null(self, name: str) -> bool:
        """Whether the key is absent or null."""
        return self.values.get(name) is None

    def add_violation(self, name: str, message: str) -> None:
        """Records a violation of a property of this object."""
        self.violations.append(Violation(f"{self._path}{name}", message))

    def child(self, name: str) -> Body | None:
        """The object at `name`; None if it is absent, null or something else."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.add_violation(name, "must be an object")
            return None
        return Body(value, f"{self._path}{name}.", self.violations)

    def children(self, name: str) -> list[Body]:
        """The objects in the list at `name`; none if it is absent or null."""
        values = self.values.get(name)
        if values is None:
            return []
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            self.add_violation(name, "must be a list of objects")
            return []
        return [Body(value, f"{self._path}{name}[{index}].", self.violations) for index, value in enumerate(values)]

    def text(self, name: str, longest: int | None = None, presence: Presence = Presence.OPTIONAL) -> str | None:
        """A string or None."""
        value = self._present(name, presence)
        if value is None:
            return None
        if not isinstance(value, str) or not _is_unicode(value):
            self.add_violation(name, "must be a string")
            return None
        if longest is not None and (length := _dot_net_length(value)) > longest:
            self.add_violation(name, f"must be at most {longest} characters, found {length}")
        return value

    def boolean(self, name: str, presence: Presence = Presence.OPTIONAL) -> bool | None:
        """A boolean or None."""
        value = self._present(name, presence)
        if value is None or isinstance(value, bool):
            return value
        self.add_violation(name, "must be true or false")
        return None

    def integer(self, name: str, presence: Presence = Presence.OPTIONAL) -> int | None:
        """An int32 or None."""
        value = self._present(name, presence)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not -_INT32 <= value < _INT32:
            self.add_violation(name, "must be an integer (int32)")
            return None
        return value

    def number(
        self, name: str, bounds: tuple[int, int] | None = None, presence: Presence = Presence.OPTIONAL
    ) -> float | None:
        """A double or None; `bounds` are inclusive. Its scale and precision are checked too."""
        value = self._present(name, presence)
        if value is None:
            return None
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            self.add_violation(name, "must be a number")
            return None
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            self.add_violation(name, f"must be between {bounds[0]} and {bounds[1]}")
        self._check_digits(name, Decimal(value))
        return float(value) if _is_double(value) else 0.0

    def double(self, name: str, presence: Presence = Presence.OPTIONAL) -> float | None:
        """A double or None of any size and precision, as in responses."""
        value = self._present(name, presence)
        if value is None:
            return None
        if not isinstance(value, int | float | Decimal) or isinstance(value, bool) or not _is_double(value):
            self.add_violation(name, "must be a number")
            return None
        return float(value)

    def _check_digits(self, name: str, value: Decimal) -> None:
        scale, precision = _count_digits(value)
        if scale > _LARGEST_SCALE:
            self.add_violation(name, f"must have at most {_LARGEST_SCALE} decimal places")
        if precision > _LARGEST_PRECISION:
            self.add_violation(name, f"must have at most {_LARGEST_PRECISION} digits")

    def local_time(self, name: str, presence: Presence = Presence.OPTIONAL) -> str | None:
        """A date or date-time as wall time. A zone or offset in it is ignored, as the page of PUT says."""
        value = self.text(name, presence=presence)
        if value is None:
            return None
        time = parse_local_time(value)
        if time is None:
            self.add_violation(name, "must be a date and time")
        return time

    def _present(self, name: str, presence: Presence) -> Any:
        value = self.values.get(name)
        if value is None and presence is Presence.REQUIRED:
            self.add_violation(name, "is required")
        return value


def parse_local_time(text: str) -> str | None:
    """An ISO date or date-time as wall time without its zone or offset; None if `text` is neither."""
    if not _DATE.match(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None).isoformat()
    except ValueError:
        return None


def read_body(value: Any, path: str, violations: list[Violation]) -> Body:
    """The body as an object. Raises `ApiError` if it is something else."""
    if not isinstance(value, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return Body(value, path, violations)


def _is_double(value: float | Decimal) -> bool:
    return -_LARGEST_DOUBLE <= value <= _LARGEST_DOUBLE


def _count_digits(value: Decimal) -> tuple[int, int]:
    """Scale and precision; zeros at the end of a fraction do not count."""
    _, all_digits, exponent = value.as_tuple()
    digits = "".join(str(digit) for digit in all_digits).rstrip("0")
    exponent = int(exponent) + len(all_digits) - len(digits) if digits else 0
    scale = max(0, -exponent)
    return scale, max(len(digits) + max(0, exponent), scale)


def _dot_net_length(text: str) -> int:
    # .NET counts UTF-16 code units: two for each character outside the basic plane.
    return len(text.encode("utf-16-le")) // 2


def _is_unicode(text: str) -> bool:
    # JSON can escape half of a character outside the basic plane, which no file can hold.
    return not any("\ud800" <= character <= "\udfff" for character in text)
