"""Request bodies, read property by property, and those of channels and versions by the table of properties.

All violations of a body are reported at once.
Source: the page of PUT /api/v202406/esachannel/{esaChannelId}. Not from there: what the pages leave open is a
setting; the properties that the page requires for an edit but not for a create (channelDescription, channelImportId,
isCalculated, the primary flags) default to null and false.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox.properties import (
    CHANNEL_PROPERTIES,
    VERSION_PROPERTIES,
    ChannelSettings,
    Sent,
    VersionSettings,
)
from reconciler.sandbox.settings import MissingDefinedKey, MissingVersion, NullBoolean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import NoReturn

    from reconciler.sandbox.properties import Property
    from reconciler.sandbox.settings import Settings


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

    def text(self, name: str, longest: int | None = None, *, is_required: bool = False) -> str | None:
        """A string or None."""
        value = self._present(name, is_required=is_required)
        if value is None:
            return None
        if not isinstance(value, str) or not _is_unicode(value):
            self.add_violation(name, "must be a string")
            return None
        if longest is not None and (length := _dot_net_length(value)) > longest:
            self.add_violation(name, f"must be at most {longest} characters, found {length}")
        return value

    def boolean(self, name: str, *, is_required: bool = False) -> bool | None:
        """A boolean or None."""
        value = self._present(name, is_required=is_required)
        if value is None or isinstance(value, bool):
            return value
        self.add_violation(name, "must be true or false")
        return None

    def integer(self, name: str, *, is_required: bool = False) -> int | None:
        """An int32 or None."""
        value = self._present(name, is_required=is_required)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not -_INT32 <= value < _INT32:
            self.add_violation(name, "must be an integer (int32)")
            return None
        return value

    def number(self, name: str, bounds: tuple[int, int] | None = None, *, is_required: bool = False) -> float | None:
        """A double or None; `bounds` are inclusive. Its scale and precision are checked too."""
        value = self._present(name, is_required=is_required)
        if value is None:
            return None
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            self.add_violation(name, "must be a number")
            return None
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            self.add_violation(name, f"must be between {bounds[0]} and {bounds[1]}")
        self._check_digits(name, Decimal(value))
        return float(value) if _is_double(value) else 0.0

    def double(self, name: str, *, is_required: bool = False) -> float | None:
        """A double or None of any size and precision, as in responses."""
        value = self._present(name, is_required=is_required)
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

    def local_time(self, name: str, *, is_required: bool = False) -> str | None:
        """A date or date-time as wall time. A zone or offset in it is ignored, as the page of PUT says."""
        value = self.text(name, is_required=is_required)
        if value is None:
            return None
        time = parse_local_time(value)
        if time is None:
            self.add_violation(name, "must be a date and time")
        return time

    def _present(self, name: str, *, is_required: bool) -> Any:
        value = self.values.get(name)
        if value is None and is_required:
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


@contextmanager
def checked_body(value: Any) -> Iterator[Body]:
    """The body as an object. Raises `ApiError` if it is something else, and at the end of the block for violations."""
    if not isinstance(value, dict):
        raise ApiError(400, "The body must be a JSON object.")
    body = Body(value, "", [])
    yield body
    if body.violations:
        raise bad_request(*body.violations)


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


class ChannelEdit(Struct, frozen=True):
    """A body that breaks no rule of its own; `version` is None if the stored versions stay."""

    settings: ChannelSettings
    version: VersionSettings | None


def parse_channel_edit(value: Any, current: ChannelSettings, settings: Settings) -> ChannelEdit:
    """The EsaChannelEdit in a body for the channel that now has `current`. Raises `ApiError` with all violations."""
    with checked_body(value) as body:
        edit = _parse_channel(body, settings, current)
        if edit.version is None and settings.missing_version is MissingVersion.REJECT:
            body.add_violation("esaChannelVersion", "is required")
    return edit


def parse_channel_create(value: Any, settings: Settings) -> tuple[int, ChannelEdit]:
    """The data point and the settings in an EsaChannelCreate. Raises `ApiError` with all violations."""
    with checked_body(value) as body:
        data_point_id = body.integer("dataPointId", is_required=True) or 0
        edit = _parse_channel(body, settings, None)
        if edit.version is None:
            body.add_violation("esaChannelVersion", "is required")
    # EsaChannelVersionCreate is not EsaChannelVersionCreateWithBeginDate: it ignores the date like any other key.
    version = edit.version and replace(edit.version, begin_date=None)
    return data_point_id, replace(edit, version=version)


def parse_version_edit(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionEdit in a body. Raises `ApiError` with all violations."""
    with checked_body(value) as body:
        return _parse_version(body, settings, is_calculated=is_calculated)


def parse_version_create(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionCreateWithBeginDate in a body. Raises `ApiError` with all violations."""
    with checked_body(value) as body:
        # Decided here: only the first version of a channel may have no beginning, and this one is added to others.
        version = _parse_version(body, settings, is_calculated=is_calculated)
        if body.is_null("beginDate"):
            body.add_violation("beginDate", "is required")
    return version


def _parse_channel(body: Body, settings: Settings, current: ChannelSettings | None) -> ChannelEdit:
    values = _read_properties(CHANNEL_PROPERTIES, Sent(body, settings, {}), current)
    channel = ChannelSettings(**values)
    # The page of the edit shows no "Required" at esaChannelVersion.
    child = body.child("esaChannelVersion")
    version = None if child is None else _parse_version(child, settings, is_calculated=channel.is_calculated)
    return ChannelEdit(channel, version)


def _parse_version(body: Body, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    sent = Sent(body, settings, {"isCalculated": is_calculated})
    return VersionSettings(**_read_properties(VERSION_PROPERTIES, sent, None))


def _read_properties(
    properties: tuple[Property, ...], sent: Sent, current: ChannelSettings | None
) -> Mapping[str, Any]:
    """The values to store, by attribute. With `current`, the body is an edit, in which "defined" keys must exist."""
    values = dict(sent.values)
    stored = {}
    for one in properties:
        is_defined = one.traits.is_defined and current is not None
        value = _read_defined(one, sent, current) if is_defined else one.read(sent.body)
        if one.traits.rule is not None:
            value = one.traits.rule(Sent(sent.body, sent.settings, values), one.name, value)
        stored[one.attribute] = values[one.name] = one.fill(value)
    return stored


def _read_defined(one: Property, sent: Sent, current: ChannelSettings | None) -> Any:
    """The value of a "Required (defined)" property: the key must exist, and null is a value."""
    if not sent.body.has(one.name):
        match sent.settings.missing_defined_key:
            case MissingDefinedKey.REJECT:
                sent.body.add_violation(one.name, "must be in the body")
                return None
            case MissingDefinedKey.KEEP:
                return getattr(current, one.attribute)
            case MissingDefinedKey.SET_NULL:
                pass
    if one.is_nullable or not sent.body.is_null(one.name):
        return one.read(sent.body)
    if sent.settings.null_boolean is NullBoolean.REJECT:
        sent.body.add_violation(one.name, "must be true or false, not null")
    return None
