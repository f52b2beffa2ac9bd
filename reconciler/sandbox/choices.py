"""The closed sets of answers to what the vendor leaves open, one for each setting."""

from __future__ import annotations

from enum import StrEnum


class PutVersionSemantics(StrEnum):
    """Which version a PUT of a channel with several versions changes."""

    LATEST = "latest"
    FIRST = "first"
    IGNORE = "ignore"
    REJECT = "reject"


class MissingVersion(StrEnum):
    """A PUT of a channel in which esaChannelVersion is absent or null."""

    KEEP = "keep"
    REJECT = "reject"


class FirstVersionBeginDate(StrEnum):
    """How the open beginning of a first version reads: null, or 1899-12-30T00:00:00."""

    NULL = "null"
    FLOOR = "floor"


class MissingDefinedKey(StrEnum):
    """A PUT that leaves a "Required (defined)" key out."""

    REJECT = "reject"
    KEEP = "keep"
    SET_NULL = "set_null"


class NullBoolean(StrEnum):
    """Null for isCalculated, isPrimaryValue or isPrimaryDemand in a PUT."""

    REJECT = "reject"
    FALSE = "false"


class SecondPrimary(StrEnum):
    """Setting a primary flag while another channel of the data point has it."""

    DEMOTE = "demote"
    REJECT = "reject"


class ClearLastPrimary(StrEnum):
    """Clearing the only primary value of a data point."""

    REJECT = "reject"
    ALLOW = "allow"


class OdometerNulls(StrEnum):
    """Null for rolloverValue or rollbackAllowance under Odometer: filled with the default, or kept."""

    FILL = "fill"
    ECHO = "echo"


class OdometerOffset(StrEnum):
    """A PUT with an offset under Odometer ("exclusive to the Trip observation rule")."""

    REJECT = "reject"
    ALLOW = "allow"


class IntervalUnit(StrEnum):
    """The unit of `interval` in responses."""

    MINUTES = "minutes"
    SECONDS = "seconds"


class CalculatedInterval(StrEnum):
    """The `interval` of a calculated channel: the longest of its inputs, or null."""

    DERIVED = "derived"
    NULL = "null"


class ListShape(StrEnum):
    """What the rows of the channel list hold: all that a GET of one channel holds; no channelVersions; versions without
    the keys offset, minimumReading and maximumReading; versions in which these three are always null; no isCalculated,
    isPrimaryValue and isPrimaryDemand.
    """

    FULL = "full"
    WITHOUT_VERSIONS = "without_versions"
    WITHOUT_BOUNDS = "without_bounds"
    NULL_BOUNDS = "null_bounds"
    WITHOUT_FLAGS = "without_flags"


class Deletion(StrEnum):
    """DELETE of a channel or version: not offered (405), or as in the legacy API (204)."""

    ABSENT = "absent"
    LEGACY = "legacy"


class DuplicateImportId(StrEnum):
    """A channelImportId that another channel already has."""

    BAD_REQUEST = "400"
    CONFLICT = "409"
    ALLOW = "allow"


class ErrorBody(StrEnum):
    """The body of an error."""

    JSON = "json"
    TEXT = "text"


class EditWithReadings(StrEnum):
    """Changing observation type, interval or observation rule of a channel that has readings."""

    ALLOW = "allow"
    REJECT = "reject"


class V3Overwrite(StrEnum):
    """POST /api/v3/reading at a time that already has a reading."""

    UPSERT = "upsert"
    FAIL = "fail"


class V3SeesEsaChannels(StrEnum):
    """Whether the v3 reading endpoints know ESA channels."""

    YES = "yes"
    NO = "no"


class NoPermissionStatus(StrEnum):
    """The status for a key whose user may not write."""

    UNAUTHORIZED = "401"
    FORBIDDEN = "403"


class FormulaText(StrEnum):
    """How a stored formula reads back: as sent, or without white space."""

    VERBATIM = "verbatim"
    STRIPPED = "stripped"


class VersionBeginInside(StrEnum):
    """POST of a version that begins before the latest one begins (an equal beginDate is always a 400)."""

    SPLIT = "split"
    REJECT = "reject"


class PageOrder(StrEnum):
    """The order of a list without orderBy: by id, or different on each request."""

    STABLE = "stable"
    SHUFFLED = "shuffled"


class TripRegister(StrEnum):
    """What null reads back as for rolloverValue and rollbackAllowance under Trip: null, the defaults, or 0."""

    NULL = "null"
    DEFAULTS = "defaults"
    ZERO = "zero"


class EmptyText(StrEnum):
    """How channelDescription and channelImportId are stored: as sent, null as "", or "" as null."""

    KEPT = "kept"
    TO_EMPTY = "to_empty"
    TO_NULL = "to_null"


class TextBlanks(StrEnum):
    """Blanks around channelInfo, channelDescription and channelImportId: stored as sent, or trimmed."""

    KEPT = "kept"
    TRIMMED = "trimmed"


class NullOffset(StrEnum):
    """How an offset of null reads back, under either observation rule."""

    NULL = "null"
    ZERO = "zero"


class NullFormula(StrEnum):
    """How a formula of null reads back: null, or an empty string."""

    NULL = "null"
    EMPTY = "empty"


class VersionDates(StrEnum):
    """How beginDate and endDate of a version read: wall time in the data point's time zone without a zone, the same
    followed by Z, the same with the zone's offset, or the time in UTC followed by Z.
    """

    NAIVE = "naive"
    Z_WALL_TIME = "z_wall_time"
    OFFSET = "offset"
    UTC = "utc"


class FormulaValidation(StrEnum):
    """The two formula checks: offered, refused (403), not there (404), or a 200 without a body or with true alone."""

    OFFERED = "offered"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"
    EMPTY = "empty"
    TRUE = "true"


class UnitList(StrEnum):
    """GET of the units: offered, refused (403), or not there (404)."""

    OFFERED = "offered"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


class ObservationTypeList(StrEnum):
    """GET of the observation types: offered, refused (403), or not there (404)."""

    OFFERED = "offered"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


class PutAnswer(StrEnum):
    """The answer to a PUT of a channel or version: 200 with it, 200 without a body, or 204."""

    CHANNEL = "channel"
    EMPTY = "empty"
    NO_CONTENT = "no_content"


class PagingHeaders(StrEnum):
    """The headers of a page: all four that are documented, or TotalPages alone."""

    ALL = "all"
    TOTAL_PAGES_ONLY = "total_pages_only"


class PageCap(StrEnum):
    """The most rows that a page holds, whatever pageSize asks for."""

    THOUSAND = "1000"
    QUARTER = "250"


class ReadLag(StrEnum):
    """When a read shows what was written: at once, or only after two more reads of the channel, which show it as it was
    before.
    """

    NONE = "none"
    READS = "reads"


class CalculatedReadings(StrEnum):
    """Whether a calculated channel has summarized readings as soon as all its inputs have readings, or never."""

    SUMMARIZED = "summarized"
    NONE = "none"
