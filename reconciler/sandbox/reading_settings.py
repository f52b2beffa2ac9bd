"""The settings of readings: what the vendor's pages leave open about how values are computed, stored and listed."""

from __future__ import annotations

from enum import StrEnum


# The pages say when a version is valid, but the difference between two readings reaches from one version into the next.
class BoundaryDifference(StrEnum):
    """The value of the first register reading after a version begins, the difference to one before it: computed by the
    settings of the new version, or by those of the old one.
    """

    NEW = "new"
    OLD = "old"


class CalculatedReadings(StrEnum):
    """Whether a calculated channel has summarized readings as soon as all its inputs have readings, or never."""

    SUMMARIZED = "summarized"
    NONE = "none"


# The page of the list was only seen as far as its filters.
class ReadingList(StrEnum):
    """GET of the ESA readings: offered, refused (403), or not there (404)."""

    OFFERED = "offered"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


# The filters are called esaChannelID, rawValue and processedValue; GET /api/v3/channel/{id}/reading has rawValue and
# value.
class ReadingRows(StrEnum):
    """The properties of an ESA reading in a list: esaReadingId, esaChannelId, timestamp, rawValue and processedValue;
    esaChannelID, readingDate, rawValue and value; or esaChannelId, timestamp and processedValue, without the raw value.
    """

    FLAT = "flat"
    DATED = "dated"
    PROCESSED = "processed"


# Of firstReadingDate and lastReadingDate the page says that they are valid in the time zone of the meter.
class ReadingTimes(StrEnum):
    """How the time of an ESA reading in a list reads: wall time in the data point's time zone with the zone's offset,
    the same without a zone, the same followed by Z, or the time in UTC followed by Z.
    """

    OFFSET = "offset"
    NAIVE = "naive"
    Z_WALL_TIME = "z_wall_time"
    UTC = "utc"


class ReadingFilter(StrEnum):
    """What the filter beginDate of the list of ESA readings compares: wall time of the data point, or UTC."""

    WALL_TIME = "wall_time"
    UTC = "utc"


# "exclusive to the Trip observation rule" is all that the page says.
class OffsetOrder(StrEnum):
    """The offset of a Trip version: added to the product of raw value and multiplier, or to the raw value before."""

    AFTER = "after"
    BEFORE = "before"


# All decimals of the API have a scale of at most 15.
class ValuePrecision(StrEnum):
    """The arithmetic of values: exact decimals, rounded half up to 15 places; binary floating point; decimals rounded
    to 4 places, half up, or half to even.
    """

    DECIMAL = "decimal"
    DOUBLE = "double"
    HALF_UP_4 = "half_up_4"
    HALF_EVEN_4 = "half_even_4"


# The page calls minimumReading and maximumReading limits of the computed reading.
class ValueBounds(StrEnum):
    """A value outside minimumReading and maximumReading: kept, dropped (null), or clamped to the limit."""

    KEPT = "kept"
    DROPPED = "dropped"
    CLAMPED = "clamped"


class FirstDifference(StrEnum):
    """The value of the first reading of a register: null, 0, or that of the whole register."""

    NULL = "null"
    ZERO = "zero"
    RAW = "raw"


class RollbackBase(StrEnum):
    """What rollbackAllowance is a share of: rolloverValue, or the reading before."""

    ROLLOVER = "rollover"
    READING = "reading"


class RollbackValue(StrEnum):
    """The value of a register that falls within its allowance: negative, or 0."""

    NEGATIVE = "negative"
    ZERO = "zero"


# No page says what becomes of stored values.
class Recompute(StrEnum):
    """When an edit of a version, or another version, changes the values that are stored: now, after the readings of the
    channel were asked for three more times, or never, unless the readings are sent again.
    """

    NOW = "now"
    LATER = "later"
    NEVER = "never"


class SummarizedList(StrEnum):
    """GET of the summarized ESA readings: offered, refused (403), or not there (404)."""

    OFFERED = "offered"
    FORBIDDEN = "forbidden"
    ABSENT = "absent"


# The filters are called esaChannelID, timestamp, summarizedValue and estimated.
class SummarizedRows(StrEnum):
    """The properties of a summarized reading: esaChannelId, timestamp, summarizedValue and estimated; or esaChannelID,
    readingDate, value and estimated.
    """

    FLAT = "flat"
    DATED = "dated"
