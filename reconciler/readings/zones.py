"""The time zones that a user or a header names, or that a data point has."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from reconciler.energycap.time_zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.energycap.client import Reader

# North American standard and summer times by their letters: each has one offset.
_FIXED_ABBREVIATIONS = {
    "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
# Letters that may be meant with or without summer time, or for several zones; with the most likely zone.
_AMBIGUOUS = {
    "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin",
    "WET": "Europe/Lisbon", "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki", "BST": "Europe/London",
    "IST": "Asia/Kolkata", "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "ACST": "Australia/Adelaide",
    "AWST": "Australia/Perth", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland", "JST": "Asia/Tokyo",
    "EPT": "America/New_York", "CPT": "America/Chicago", "MPT": "America/Denver", "PPT": "America/Los_Angeles",
}  # fmt: skip
_NAMES = _AMBIGUOUS | {
    "EST": "America/New_York", "EDT": "America/New_York", "CST": "America/Chicago", "CDT": "America/Chicago",
    "MST": "America/Denver", "MDT": "America/Denver", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "AST": "America/Halifax", "ADT": "America/Halifax", "AKST": "America/Anchorage", "AKDT": "America/Anchorage",
    "HST": "Pacific/Honolulu",
}  # fmt: skip
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE | re.ASCII)
_LARGEST = timedelta(hours=14)
_UNIVERSAL = frozenset(("UTC", "GMT", "Z", "ZULU"))
# Standard time all year, in any zone.
_STANDARD = r"standard[ _]?time|winterzeit|normalzeit|(?:no|without|ohne)[ _]?(?:dst|sommerzeit|summer[ _]?time)|lst"
# In a header: UTC and GMT with or without an offset, also at the end of a word (timeUTC, timestamp_utc); an offset;
# Z in brackets or alone; the name of a zone; its letters; standard time.
_IN_HEADER = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=time)|(?<=date)|(?<=stamp))(?P<universal>(?i:utc|gmt))"
    r"(?:\s*[+-]\d{1,2}(?::?\d{2})?)?(?![A-Za-z])"
    r"|[+-]\d{2}:\d{2}(?!\d)"
    r"|(?<![A-Za-z])(?:Z|(?i:zulu))(?![A-Za-z])"
    r"|(?<![A-Za-z])(?P<name>[A-Z][A-Za-z]+/[A-Z](?:[A-Za-z_/-]|[+-]?\d)+)"
    rf"|(?<![A-Za-z])(?:{'|'.join(_NAMES)}|(?i:{_STANDARD}))(?![A-Za-z])",
    re.ASCII,
)


def parse_zone(text: str) -> tzinfo | None:
    """The zone that a user gives: UTC, an offset, letters like EST, or a name like Europe/Berlin; None if unknown."""
    own = text.strip()
    if own.upper() in _UNIVERSAL:
        return UTC
    if match := _OFFSET.fullmatch(own):
        return _make_offset(*match.groups())
    if own.upper() in _FIXED_ABBREVIATIONS:
        return timezone(timedelta(hours=_FIXED_ABBREVIATIONS[own.upper()]), own.upper())
    return None if own.upper() in _AMBIGUOUS else load_zone(own)


def explain_zone(text: str) -> str:
    """What to write instead of a zone that is unknown or ambiguous."""
    name = _NAMES.get(text.strip().upper())
    return f"give an offset, such as +01:00, or a name, such as {name or 'America/New_York'}"


def read_zones(reader: Reader, data_point_ids: Sequence[int]) -> dict[int, tzinfo]:
    """The zones of data points by id, if the service has a code for them that is known here."""
    return find_zones(reader.read_zone_codes(data_point_ids), data_point_ids)


def find_zones(codes: Mapping[int, str], data_point_ids: Sequence[int]) -> dict[int, tzinfo]:
    """The zones of data points by id, for those with a code that is known here."""
    found = {one: load_zone(code) for one in data_point_ids if (code := codes.get(one))}
    return {one: zone for one, zone in found.items() if zone is not None}


def find_zone_in_header(header: str) -> str | None:
    """The part of `header` that names the zone of its column; None if there is none."""
    match = _IN_HEADER.search(header)
    if match is None or (match["name"] and load_zone(match["name"]) is None):
        return None
    return match[0].strip()


def strip_zone(header: str) -> str:
    """`header` without the part that names a zone, and without the signs around it."""
    zone_text = find_zone_in_header(header)
    return header if zone_text is None else header.replace(zone_text, "", 1).strip(" ()[]{}_-,;:/.\t")


def is_unambiguous(zone_text: str) -> bool:
    """Whether the zone in a header is unambiguous: letters such as EST may be meant with summer time."""
    return zone_text.upper() not in _NAMES and parse_zone(zone_text) is not None


def is_abbreviation(text: str) -> bool:
    """Whether `text` is the abbreviation of a zone, such as EST or CET."""
    return text.upper() in _NAMES


def is_standard_time(zone_text: str) -> bool:
    """Whether a header says standard time all year, without naming the zone."""
    return re.fullmatch(_STANDARD, zone_text, re.IGNORECASE) is not None


def suggest_zones(zone_text: str) -> tuple[str, str]:
    """For letters in a header: the zone without summer time, "" if that is unknown, and the zone with it."""
    letters = zone_text.upper()
    return (letters if letters in _FIXED_ABBREVIATIONS else ""), _NAMES.get(letters, "UTC")


def may_be_zone(zone_text: str, zone: tzinfo) -> bool:
    """Whether `zone` may be the one in a header: with the same offset all year, or for letters at some time of it."""
    own = parse_zone(zone_text) or load_zone(_NAMES.get(zone_text.upper(), ""))
    days = [datetime(2025, month, 15) for month in (1, 7)]  # noqa: DTZ001 - local times have no zone
    if own is None:
        return True
    pairs = [(zone.utcoffset(day), own.utcoffset(day)) for day in days]
    matching = [one == other for one, other in pairs]
    return any(matching) if zone_text.upper() in _NAMES else all(matching)


def _make_offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _LARGEST or int(minutes or 0) > 59:
        return None
    return timezone(-size if sign == "-" else size)
