"""Time zones of data points, and version dates in them.

Source of the Windows names: Unicode CLDR, supplemental data "windowsZones", territory 001.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec.structs import replace

from reconciler.energycap.endpoints import READ_DATA_POINT
from reconciler.energycap.mapping import version_order
from reconciler.energycap.responses import UnexpectedType, read_object, read_text
from reconciler.errors import ServiceError
from reconciler.model.fields import BEGIN_DATE
from reconciler.model.project import VersionDates
from reconciler.model.values import BEGINNING, canonical_time, has_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor

    from reconciler.energycap.responses import Document
    from reconciler.energycap.session import Session
    from reconciler.model.channels import Live, Version

    FindZone = Callable[[int], ZoneInfo | None]


WINDOWS_ZONES: Mapping[str, str] = {
    "AUS Central Standard Time": "Australia/Darwin",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Afghanistan Standard Time": "Asia/Kabul",
    "Alaskan Standard Time": "America/Anchorage",
    "Alberta Standard Time": "America/Edmonton",
    "Aleutian Standard Time": "America/Adak",
    "Altai Standard Time": "Asia/Barnaul",
    "Arab Standard Time": "Asia/Riyadh",
    "Arabian Standard Time": "Asia/Dubai",
    "Arabic Standard Time": "Asia/Baghdad",
    "Argentina Standard Time": "America/Buenos_Aires",
    "Astrakhan Standard Time": "Europe/Astrakhan",
    "Atlantic Standard Time": "America/Halifax",
    "Aus Central W. Standard Time": "Australia/Eucla",
    "Azerbaijan Standard Time": "Asia/Baku",
    "Azores Standard Time": "Atlantic/Azores",
    "Bahia Standard Time": "America/Bahia",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "Belarus Standard Time": "Europe/Minsk",
    "Bougainville Standard Time": "Pacific/Bougainville",
    "British Columbia Standard Time": "America/Vancouver",
    "Canada Central Standard Time": "America/Regina",
    "Cape Verde Standard Time": "Atlantic/Cape_Verde",
    "Caucasus Standard Time": "Asia/Yerevan",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "Central America Standard Time": "America/Guatemala",
    "Central Asia Standard Time": "Asia/Bishkek",
    "Central Brazilian Standard Time": "America/Cuiaba",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Pacific Standard Time": "Pacific/Guadalcanal",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Chatham Islands Standard Time": "Pacific/Chatham",
    "China Standard Time": "Asia/Shanghai",
    "Cuba Standard Time": "America/Havana",
    "Dateline Standard Time": "Etc/GMT+12",
    "E. Africa Standard Time": "Africa/Nairobi",
    "E. Australia Standard Time": "Australia/Brisbane",
    "E. Europe Standard Time": "Europe/Chisinau",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Easter Island Standard Time": "Pacific/Easter",
    "Eastern Standard Time": "America/New_York",
    "Eastern Standard Time (Mexico)": "America/Cancun",
    "Egypt Standard Time": "Africa/Cairo",
    "Ekaterinburg Standard Time": "Asia/Yekaterinburg",
    "FLE Standard Time": "Europe/Kiev",
    "Fiji Standard Time": "Pacific/Fiji",
    "GMT Standard Time": "Europe/London",
    "GTB Standard Time": "Europe/Bucharest",
    "Georgian Standard Time": "Asia/Tbilisi",
    "Greenland Standard Time": "America/Godthab",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "Haiti Standard Time": "America/Port-au-Prince",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "India Standard Time": "Asia/Calcutta",
    "Iran Standard Time": "Asia/Tehran",
    "Israel Standard Time": "Asia/Jerusalem",
    "Jordan Standard Time": "Asia/Amman",
    "Kaliningrad Standard Time": "Europe/Kaliningrad",
    "Korea Standard Time": "Asia/Seoul",
    "Libya Standard Time": "Africa/Tripoli",
    "Line Islands Standard Time": "Pacific/Kiritimati",
    "Lord Howe Standard Time": "Australia/Lord_Howe",
    "Magadan Standard Time": "Asia/Magadan",
    "Magallanes Standard Time": "America/Punta_Arenas",
    "Manitoba Standard Time": "America/Winnipeg",
    "Marquesas Standard Time": "Pacific/Marquesas",
    "Mauritius Standard Time": "Indian/Mauritius",
    "Middle East Standard Time": "Asia/Beirut",
    "Montevideo Standard Time": "America/Montevideo",
    "Morocco Standard Time": "Africa/Casablanca",
    "Mountain Standard Time": "America/Denver",
    "Mountain Standard Time (Mexico)": "America/Mazatlan",
    "Myanmar Standard Time": "Asia/Rangoon",
    "N. Central Asia Standard Time": "Asia/Novosibirsk",
    "Namibia Standard Time": "Africa/Windhoek",
    "Nepal Standard Time": "Asia/Katmandu",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Newfoundland Standard Time": "America/St_Johns",
    "Norfolk Standard Time": "Pacific/Norfolk",
    "North Asia East Standard Time": "Asia/Irkutsk",
    "North Asia Standard Time": "Asia/Krasnoyarsk",
    "North Korea Standard Time": "Asia/Pyongyang",
    "Omsk Standard Time": "Asia/Omsk",
    "Pacific SA Standard Time": "America/Santiago",
    "Pacific Standard Time": "America/Los_Angeles",
    "Pacific Standard Time (Mexico)": "America/Tijuana",
    "Pakistan Standard Time": "Asia/Karachi",
    "Paraguay Standard Time": "America/Asuncion",
    "Qyzylorda Standard Time": "Asia/Qyzylorda",
    "Romance Standard Time": "Europe/Paris",
    "Russia Time Zone 10": "Asia/Srednekolymsk",
    "Russia Time Zone 11": "Asia/Kamchatka",
    "Russia Time Zone 3": "Europe/Samara",
    "Russian Standard Time": "Europe/Moscow",
    "SA Eastern Standard Time": "America/Cayenne",
    "SA Pacific Standard Time": "America/Bogota",
    "SA Western Standard Time": "America/La_Paz",
    "SE Asia Standard Time": "Asia/Bangkok",
    "Saint Pierre Standard Time": "America/Miquelon",
    "Sakhalin Standard Time": "Asia/Sakhalin",
    "Samoa Standard Time": "Pacific/Apia",
    "Sao Tome Standard Time": "Africa/Sao_Tome",
    "Saratov Standard Time": "Europe/Saratov",
    "Singapore Standard Time": "Asia/Singapore",
    "South Africa Standard Time": "Africa/Johannesburg",
    "South Sudan Standard Time": "Africa/Juba",
    "Sri Lanka Standard Time": "Asia/Colombo",
    "Sudan Standard Time": "Africa/Khartoum",
    "Syria Standard Time": "Asia/Damascus",
    "Taipei Standard Time": "Asia/Taipei",
    "Tasmania Standard Time": "Australia/Hobart",
    "Tocantins Standard Time": "America/Araguaina",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Tomsk Standard Time": "Asia/Tomsk",
    "Tonga Standard Time": "Pacific/Tongatapu",
    "Transbaikal Standard Time": "Asia/Chita",
    "Turkey Standard Time": "Europe/Istanbul",
    "Turks And Caicos Standard Time": "America/Grand_Turk",
    "US Eastern Standard Time": "America/Indianapolis",
    "US Mountain Standard Time": "America/Phoenix",
    "UTC": "Etc/UTC",
    "UTC+12": "Etc/GMT-12",
    "UTC+13": "Etc/GMT-13",
    "UTC-02": "Etc/GMT+2",
    "UTC-08": "Etc/GMT+8",
    "UTC-09": "Etc/GMT+9",
    "UTC-11": "Etc/GMT+11",
    "Ulaanbaatar Standard Time": "Asia/Ulaanbaatar",
    "Venezuela Standard Time": "America/Caracas",
    "Vladivostok Standard Time": "Asia/Vladivostok",
    "Volgograd Standard Time": "Europe/Volgograd",
    "W. Australia Standard Time": "Australia/Perth",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "W. Europe Standard Time": "Europe/Berlin",
    "W. Mongolia Standard Time": "Asia/Hovd",
    "West Asia Standard Time": "Asia/Tashkent",
    "West Bank Standard Time": "Asia/Hebron",
    "West Pacific Standard Time": "Pacific/Port_Moresby",
    "Yakutsk Standard Time": "Asia/Yakutsk",
    "Yukon Standard Time": "America/Whitehorse",
}


# Real names are half as long. Python looks a name up folder by folder, and fails if it has hundreds of them.
_LONGEST_NAME = 64
_ALWAYS_UTC = frozenset(("UTC", "Etc/UTC", "GMT", "Etc/GMT"))


class DataPoints:
    """Data points as the service shows them, each read once, from any number of threads."""

    def __init__(self, session: Session, executor: Executor) -> None:
        self._session = session
        self._executor = executor
        self._read: dict[int, Document] = {}

    def read(self, ids: Iterable[int]) -> dict[int, Document]:
        """The data points with these ids, read in parallel; one that cannot be read is empty."""
        asked = sorted(set(ids))
        wanted = [data_point_id for data_point_id in asked if data_point_id not in self._read]
        self._read |= zip(wanted, self._executor.map(partial(read_point, self._session), wanted), strict=True)
        return {data_point_id: self._read[data_point_id] for data_point_id in asked}

    def find_zone(self, data_point_id: int) -> ZoneInfo | None:
        """The time zone of a data point; None if not known. The request is sent in the calling thread."""
        if data_point_id not in self._read:
            self._read[data_point_id] = read_point(self._session, data_point_id)
        return find_time_zone(self._read[data_point_id])


def read_point(session: Session, data_point_id: int) -> Document:
    """The data point with this id as the service shows it; empty if it cannot be read."""
    try:
        document = session.read(READ_DATA_POINT.request(data_point_id))
    except ServiceError:
        # Without it, the dates are unknown, which blocks only edits that need them.
        return {}
    return document if isinstance(document, dict) else {}


def find_time_zone(data_point: Document) -> ZoneInfo | None:
    """The time zone of a data point, as GET /api/v202406/datapoint/{dataPointId} describes it; None if not known.

    The format of its timeZoneCode is not documented: names of the IANA database and of Windows are recognized. A code
    such as EST is not, because it may mean a zone with or without daylight saving time.
    """
    try:
        zone = read_object(data_point, "dataPointTimeZone")
        names = [read_text(zone, key) for key in ("timeZoneCode", "timeZoneInfo")]
    except UnexpectedType:
        return None
    # Code and info may both be names, but of one zone.
    found = {known.key: known for name in names if name and (known := _find_by_name(name.strip()))}
    return next(iter(found.values())) if len(found) == 1 else None


def find_zone_code(data_point: Document) -> str:
    """The code that the service gives for the time zone of a data point; "" if it gives none."""
    try:
        return read_text(read_object(data_point, "dataPointTimeZone"), "timeZoneCode") or ""
    except UnexpectedType:
        return ""


def _find_by_name(name: str) -> ZoneInfo | None:
    # EST5EDT, EST and the like are in the IANA database too, without a slash.
    key = WINDOWS_ZONES.get(name, name)
    return load_zone(key) if "/" in key or key in _ALWAYS_UTC else None


def load_zone(name: str) -> ZoneInfo | None:
    """The zone with this name in the IANA database or in Windows; None if there is none."""
    if len(name) > _LONGEST_NAME:
        return None
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_dated_in_zone(live: Live) -> bool:
    """Whether any version of `live` begins or ends at a date with a zone."""
    # Nearly all channels have one version without dates.
    for version in live.versions:
        begin, end = version.begin_date, version.end_date
        if (begin and has_zone(begin)) or (end and has_zone(end)):
            return True
    return False


def needs_zone(live: Live, meaning: VersionDates | None) -> bool:
    """Whether the time zone of its data point is needed to read the dates of `live`.

    A Z can only be read if the project file says what it means. An offset can be read if it is that of the zone itself:
    wall time and instant are the same then.
    """
    if meaning is VersionDates.WALL_TIME or not is_dated_in_zone(live):
        return False
    dates = (date for version in live.versions for date in (version.begin_date, version.end_date) if date)
    return meaning is VersionDates.UTC or any(has_zone(date) and not date.endswith("Z") for date in dates)


def read_dates(live: Live, meaning: VersionDates | None, find_zone: FindZone) -> Live:
    """`live` with the dates of its versions in local time of its data point; a date that cannot be read keeps its zone.

    Source: EsaChannelVersionEdit.beginDate: "The time zone of this date will match the data point's time zone.
    Therefore, if any time zone information is provided, it will be ignored." So a date is sent in local time. What a
    zone in a response means is not documented.
    """
    if not is_dated_in_zone(live):
        return live
    zone = find_zone(live.data_point.id) if needs_zone(live, meaning) else None
    versions = tuple(sorted((_read_version(version, meaning, zone) for version in live.versions), key=version_order))
    return live.with_versions(versions)


def _read_version(version: Version, meaning: VersionDates | None, zone: ZoneInfo | None) -> Version:
    begin, end = (date and read_date(date, meaning, zone) for date in (version.begin_date, version.end_date))
    values = {**version.values, BEGIN_DATE: None if begin == BEGINNING else begin}
    return replace(version, begin_date=begin, end_date=end, values=values)


def read_date(date: str, meaning: VersionDates | None, zone: ZoneInfo | None) -> str:
    """`date` in local time of the data point whose zone is `zone`; unchanged, with its zone, if that is not known."""
    if not has_zone(date):
        return date
    local = canonical_time(date)
    if meaning is VersionDates.WALL_TIME:
        return local
    # In the project file, versionDates says what a Z or an offset means.
    in_zone = _convert(date, zone) if zone else None
    if meaning is VersionDates.UTC:
        return in_zone or date
    return local if in_zone == local and not date.endswith("Z") else date


def _convert(date: str, zone: ZoneInfo) -> str | None:
    try:
        return canonical_time(datetime.fromisoformat(date).astimezone(zone).replace(tzinfo=None).isoformat())
    except (ValueError, OverflowError):
        return None
