"""The options of a sandbox: a setting for each thing the vendor's pages leave open, its faults and its keys.

The vendor documents none of the answers. Each setting defaults to the most plausible one; what the vendor says about
something similar is in a comment. `describe_settings` lists them all, for `sandbox serve --set` and the docs.
"""

from __future__ import annotations

from difflib import get_close_matches
from enum import StrEnum
from inspect import getdoc
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, field
from msgspec.structs import fields, replace

from reconciler.sandbox.errors import SettingError
from reconciler.sandbox.reading_settings import (
    BoundaryDifference,
    CalculatedReadings,
    FirstDifference,
    OffsetOrder,
    ReadingFilter,
    ReadingList,
    ReadingRows,
    ReadingTimes,
    Recompute,
    RollbackBase,
    RollbackValue,
    SummarizedList,
    SummarizedRows,
    ValueBounds,
    ValuePrecision,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.faults import Fault


# The body has one version object, without a channelVersionId; each version also has a PUT of its own.
class PutVersionSemantics(StrEnum):
    """Which version a PUT of a channel with several versions changes."""

    LATEST = "latest"
    FIRST = "first"
    IGNORE = "ignore"
    REJECT = "reject"


# The page gives esaChannelVersion no "Required". The legacy API keeps a version that is not in the body.
class MissingVersion(StrEnum):
    """A PUT of a channel in which esaChannelVersion is absent or null."""

    KEEP = "keep"
    REJECT = "reject"


# The body of a create has no beginDate. Dates of the legacy API begin at 1899-12-30.
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


# The help center: each meter that stores interval data needs one primary value channel.
class ClearLastPrimary(StrEnum):
    """Clearing the only primary value of a data point."""

    REJECT = "reject"
    ALLOW = "allow"


# The page gives 999999999999999 and 0.1 as the defaults if the value is absent.
class OdometerNulls(StrEnum):
    """Null for rolloverValue or rollbackAllowance under Odometer: filled with the default, or kept."""

    FILL = "fill"
    ECHO = "echo"


class OdometerOffset(StrEnum):
    """A PUT with an offset under Odometer ("exclusive to the Trip observation rule")."""

    REJECT = "reject"
    ALLOW = "allow"


# The legacy API has minutes in one response (ChannelResponse) and seconds in another (ChannelLatestReading).
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


# No page shows the body of an error, and the vendor's Python package has no type for it.
class ErrorBody(StrEnum):
    """The body of an error."""

    JSON = "json"
    TEXT = "text"


# The page of PUT takes all three; older help pages said to delete the channel and create it again.
class EditWithReadings(StrEnum):
    """Changing observation type, interval or observation rule of a channel that has readings."""

    ALLOW = "allow"
    REJECT = "reject"


# The page of the ESA call says that readings at the same time are overwritten; that of the v3 call says nothing.
class V3Overwrite(StrEnum):
    """POST /api/v3/reading at a time that already has a reading."""

    UPSERT = "upsert"
    FAIL = "fail"


# Documented is only that POST /api/v3/import/reading is forwarded to the ESA service.
class V3SeesEsaChannels(StrEnum):
    """Whether the v3 reading endpoints know ESA channels."""

    YES = "yes"
    NO = "no"


# The vendor's overview gives 401 also for a missing permission, and 403 for a request that is refused.
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


# The legacy API required a rollover value for Trip too.
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


# The examples on the vendor's pages are dates without a time.
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


# The page of PUT shows a 200 with the channel; that of the version shows no response.
class PutAnswer(StrEnum):
    """The answer to a PUT of a channel or version: 200 with it, 200 without a body, or 204."""

    CHANNEL = "channel"
    EMPTY = "empty"
    NO_CONTENT = "no_content"


# No page shows what these two calls answer.
class PostAnswer(StrEnum):
    """The answer to a POST of a channel or version: 200 with it, 201 with it, 200 without a body, or 204."""

    OBJECT = "object"
    CREATED = "created"
    EMPTY = "empty"
    NO_CONTENT = "no_content"


# The vendor's own example of paging reads TotalPages alone.
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
    before, or not at all if it is new.
    """

    NONE = "none"
    READS = "reads"


class Settings(Struct, frozen=True):
    """How the sandbox behaves where the vendor's pages say nothing."""

    put_version_semantics: PutVersionSemantics = PutVersionSemantics.LATEST
    missing_version: MissingVersion = MissingVersion.KEEP
    first_version_begin_date: FirstVersionBeginDate = FirstVersionBeginDate.NULL
    missing_defined_key: MissingDefinedKey = MissingDefinedKey.REJECT
    null_boolean: NullBoolean = NullBoolean.REJECT
    second_primary: SecondPrimary = SecondPrimary.DEMOTE
    clear_last_primary: ClearLastPrimary = ClearLastPrimary.REJECT
    odometer_nulls: OdometerNulls = OdometerNulls.FILL
    odometer_offset: OdometerOffset = OdometerOffset.REJECT
    interval_unit: IntervalUnit = IntervalUnit.MINUTES
    calculated_interval: CalculatedInterval = CalculatedInterval.DERIVED
    list_shape: ListShape = ListShape.FULL
    deletion: Deletion = Deletion.ABSENT
    duplicate_import_id: DuplicateImportId = DuplicateImportId.BAD_REQUEST
    error_body: ErrorBody = ErrorBody.JSON
    edit_with_readings: EditWithReadings = EditWithReadings.ALLOW
    v3_overwrite: V3Overwrite = V3Overwrite.UPSERT
    v3_sees_esa_channels: V3SeesEsaChannels = V3SeesEsaChannels.YES
    no_permission_status: NoPermissionStatus = NoPermissionStatus.UNAUTHORIZED
    formula_text: FormulaText = FormulaText.VERBATIM
    version_begin_inside: VersionBeginInside = VersionBeginInside.SPLIT
    boundary_difference: BoundaryDifference = BoundaryDifference.NEW
    page_order: PageOrder = PageOrder.STABLE
    trip_register: TripRegister = TripRegister.NULL
    empty_text: EmptyText = EmptyText.KEPT
    text_blanks: TextBlanks = TextBlanks.KEPT
    null_offset: NullOffset = NullOffset.NULL
    null_formula: NullFormula = NullFormula.NULL
    version_dates: VersionDates = VersionDates.NAIVE
    formula_validation: FormulaValidation = FormulaValidation.OFFERED
    unit_list: UnitList = UnitList.OFFERED
    observation_type_list: ObservationTypeList = ObservationTypeList.OFFERED
    put_answer: PutAnswer = PutAnswer.CHANNEL
    post_answer: PostAnswer = PostAnswer.OBJECT
    paging_headers: PagingHeaders = PagingHeaders.ALL
    page_cap: PageCap = PageCap.THOUSAND
    read_lag: ReadLag = ReadLag.NONE
    calculated_readings: CalculatedReadings = CalculatedReadings.SUMMARIZED
    reading_list: ReadingList = ReadingList.OFFERED
    reading_rows: ReadingRows = ReadingRows.FLAT
    reading_times: ReadingTimes = ReadingTimes.OFFSET
    reading_filter: ReadingFilter = ReadingFilter.WALL_TIME
    offset_order: OffsetOrder = OffsetOrder.AFTER
    value_precision: ValuePrecision = ValuePrecision.DECIMAL
    value_bounds: ValueBounds = ValueBounds.KEPT
    first_difference: FirstDifference = FirstDifference.NULL
    rollback_base: RollbackBase = RollbackBase.ROLLOVER
    rollback_value: RollbackValue = RollbackValue.NEGATIVE
    recompute: Recompute = Recompute.NOW
    summarized_list: SummarizedList = SummarizedList.OFFERED
    summarized_rows: SummarizedRows = SummarizedRows.FLAT


# The answers that a whole process gives in place of the defaults: tests run under each of them.
PROCESS_ANSWERS: dict[str, StrEnum] = {}


def default_settings() -> Settings:
    """The defaults, or what this process gives in place of them."""
    return Settings(**cast("dict[str, Any]", PROCESS_ANSWERS))


class SettingRow(Struct, frozen=True):
    """One line of the table of settings."""

    name: str
    values: tuple[str, ...]
    default: str
    question: str


def describe_settings() -> tuple[SettingRow, ...]:
    """Every setting with its values, its default and the question it answers, in the order of `Settings`."""
    return tuple(
        SettingRow(name, _values(type(default)), default.value, " ".join((getdoc(type(default)) or "").split()))
        for name, default in _defaults().items()
    )


def parse_settings(assignments: Iterable[str]) -> Settings:
    """`default_settings`, changed by each `NAME=VALUE`; of several with one name, the last counts.

    Raises `SettingError` for an unknown name or value, naming the nearest known name or all values.
    """
    chosen: dict[str, Any] = dict(_parse(assignment) for assignment in assignments)
    return replace(default_settings(), **chosen)


def _parse(assignment: str) -> tuple[str, StrEnum]:
    name, equals, value = assignment.partition("=")
    if not equals:
        msg = f"a setting is written NAME=VALUE, found {assignment!r}"
        raise SettingError(msg)
    defaults = _defaults()
    if name not in defaults:
        raise SettingError(_unknown_name(name, tuple(defaults)))
    choice = type(defaults[name])
    if value not in _values(choice):
        msg = f"{name} must be one of {', '.join(_values(choice))}, found {value!r}"
        raise SettingError(msg)
    return name, choice(value)


def _defaults() -> dict[str, StrEnum]:
    defaults = Settings()
    return {one.name: getattr(defaults, one.name) for one in fields(Settings)}


def _values(choice: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in choice)


def _unknown_name(name: str, known: tuple[str, ...]) -> str:
    nearest = get_close_matches(name, known, n=1)
    if nearest:
        return f"no setting is called {name!r}; did you mean {nearest[0]}?"
    return f"no setting is called {name!r}; there are {', '.join(known)}"


class Keys(Struct, frozen=True):
    """The key of a user who may do everything, and the key of one who may only read."""

    write: str = "sandbox"
    read: str = "sandbox-read"


class Options(Struct, frozen=True):
    """The settings, faults and keys of a sandbox."""

    settings: Settings = field(default_factory=default_settings)
    faults: tuple[Fault, ...] = ()
    keys: Keys = field(default_factory=Keys)
