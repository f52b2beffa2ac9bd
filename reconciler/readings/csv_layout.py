"""The layout of a CSV file: delimiter, decimal mark, and the meaning of each column."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.readings.csv_header import (
    FlagColumn,
    detect_column_zone,
    find_bad_flags,
    find_factor,
    find_header,
    is_flag,
    list_words,
    make_flag_columns,
    refuse_zone_columns,
    says_good,
)
from reconciler.readings.reading_rows import (
    ESTIMATED,
    NOTE,
    PROPERTIES,
    TIME,
    VALUE,
    BrokenFile,
    DecimalMark,
    format_option,
    quote,
    trim,
)
from reconciler.readings.times import EpochUnit, TimeParser, make_time_parser
from reconciler.readings.zones import strip_zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set
    from datetime import tzinfo


# The column for reasons in a file of rejects. It is ignored when that file is imported; no logger uses this name.
ERROR_COLUMN = "reconciler:error"
_READING = (TIME, VALUE, ESTIMATED, NOTE)
# The properties that a column can have.
PROPERTY_NAMES = (*PROPERTIES, *_READING)
_KNOWN = {name.casefold(): name for name in PROPERTY_NAMES} | {ERROR_COLUMN: ""}
# No column has such a name, so the line is not a header.
_TIME = re.compile(r"\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d)", re.ASCII)
# The user is asked about such columns: a unitCode decides which channel gets the readings, and is sent.
_UNITS = frozenset(("unit", "units", "uom", "einheit", "unit\xe9", "unite", "unidad", "unidade", "unit\xe0"))
_IDENTIFIER = "channelId, channelImportId or meterImportId"
# Columns of values, one for each hour or interval of the day.
_TIME_SLOT = re.compile(
    r"\d{1,2}[:.]\d\d(?::\d\d)?(?:\s*[ap]\.?m\.?)?(?:\s*[-\u2013]\s*\d{1,2}[:.]\d\d)?"
    r"|(?:h|hr|he|hour|stunde|heure|hora|int|interval|period|q|v|val|value)?[ _.-]*(?:\d{1,2}|[0-2]\d[0-5]\d)",
    re.IGNORECASE | re.ASCII,
)
_MIN_SLOTS = 12
# Below this, a header is another word, not a misspelt property.
_MIN_SIMILARITY = 0.8


class CsvOptions(Struct, frozen=True):
    """How the user says a file is written; None if it should be detected.

    `zone` is for times without an offset, `unit` for times that are numbers since 1970. `names` maps headers of the
    file to names of the API, or to "" to ignore a column. `bad` and `estimated` map headers to the values, in lower
    case, that mark a reading as bad or estimated.
    """

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    names: Mapping[str, str] | None = None
    zone: tzinfo | None = None
    bad: Mapping[str, frozenset[str]] = field(default_factory=dict)
    estimated: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unit: EpochUnit | None = None


class DecimalEvidence(Struct, frozen=True):
    """A value in `line` that is unambiguous, and so decides the decimal mark of the others."""

    line: int
    text: str


class CsvLayout(Struct, frozen=True):
    """How a CSV file is written.

    `identifiers` holds the column of each field of a group key, None if there is none; `interval_unit_seconds` is the
    length of one unit of the interval column. `ignored` are the headers that are not used. The header is in `line`,
    with `above` other lines before it. `evidence` is the value that decided the decimal mark, None if the user gave
    the mark or no value has one. `flag_columns` are unused columns that may say that a reading is not good;
    `bad_flags` and `estimated_flags` are the columns that mark readings as bad or estimated.
    """

    delimiter: str
    decimal: DecimalMark
    header: tuple[str, ...]
    identifiers: tuple[int | None, ...]
    interval_unit_seconds: int
    time: int
    value: int
    estimated: int | None
    note: int | None
    ignored: tuple[str, ...]
    times: TimeParser
    line: int = 1
    above: int = 0
    flag_columns: tuple[int, ...] = ()
    bad_flags: tuple[FlagColumn, ...] = ()
    estimated_flags: tuple[FlagColumn, ...] = ()
    evidence: DecimalEvidence | None = None


def detect_layout(head: str, csv_options: CsvOptions) -> CsvLayout:
    """The layout of the CSV file that begins with `head`, with a decimal dot unless `csv_options` give another mark.

    Raises BrokenFile if columns are missing, ambiguous or misspelt.
    """
    names = {header.casefold(): name for header, name in (csv_options.names or {}).items()}
    found = find_header(head, csv_options.delimiter, partial(_name, names=names))
    header = found.cells
    try:
        columns, times = _read_header(header, csv_options, names)
    except BrokenFile as broken:
        broken.line = found.line
        raise
    places = {PROPERTIES[name][0]: column for name, column in columns.items() if name in PROPERTIES}
    unused = {column for column, text in enumerate(header) if _name(text, names) is None}
    bad_flags, estimated_flags = _find_flags(header, csv_options, unused)
    used = {flag.column for flag in (*bad_flags, *estimated_flags)}
    flag_columns = tuple(column for column in sorted(unused) if _may_flag(header[column], is_used=column in used))
    unused -= used
    return CsvLayout(
        delimiter=found.delimiter,
        decimal=csv_options.decimal or DecimalMark.DOT,
        header=header,
        identifiers=tuple(places.get(place) for place in range(6)),
        interval_unit_seconds=max(PROPERTIES[name][1] for name in columns if name in PROPERTIES),
        time=columns[TIME],
        value=columns[VALUE],
        estimated=None if columns.get(ESTIMATED) in used else columns.get(ESTIMATED),
        note=columns.get(NOTE),
        ignored=tuple(header[column] for column in sorted(unused)),
        times=times,
        line=found.line,
        above=found.above,
        flag_columns=flag_columns,
        bad_flags=bad_flags,
        estimated_flags=estimated_flags,
    )


def _read_header(
    header: Sequence[str], csv_options: CsvOptions, names: Mapping[str, str]
) -> tuple[dict[str, int], TimeParser]:
    """The column of each property, and how times are read. Raises BrokenFile, without the line."""
    _refuse_unmapped(header, csv_options.names or {})
    _refuse_missing_flags(header, csv_options)
    columns = _find_columns(header, names)
    _refuse_factor(header[columns[VALUE]])
    times = make_time_parser(detect_column_zone(header[columns[TIME]], csv_options.zone), csv_options.unit)
    refuse_zone_columns((text for text in header if _name(text, names) is None), times.zone)
    return columns, times


def _may_flag(header: str, *, is_used: bool) -> bool:
    """Whether a column may have values, beside those that are known, that mark readings as not good."""
    return is_flag(header) and (says_good(header) or not is_used)


def _find_flags(
    header: Sequence[str], csv_options: CsvOptions, unused: Set[int]
) -> tuple[tuple[FlagColumn, ...], tuple[FlagColumn, ...]]:
    """The columns that mark a reading as bad, by the user or by their name, and those that mark it as estimated."""
    bad = make_flag_columns(header, csv_options.bad)
    estimated = make_flag_columns(header, csv_options.estimated)
    given = {flag.column for flag in (*bad, *estimated)}
    return (*bad, *find_bad_flags(header, unused - given)), estimated


def _name(header: str, names: Mapping[str, str]) -> str | None:
    """The property of a column called `header`, "" if the column is ignored, None if it is unknown."""
    own = trim(header)
    folded = own.casefold()
    if folded in names:
        return names[folded]
    # `time (UTC)` is the time.
    return TIME if strip_zone(own).casefold() == TIME else _KNOWN.get(folded)


def _find_columns(header: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    """The column of each property. Raises BrokenFile if one is missing, there twice, or misspelt."""
    if not header:
        raise BrokenFile("the file has no header, found an empty line", 1)
    if any(map(_TIME.match, header)):
        fix = "put a line with the names of the columns above it, such as  channelImportId,time,value"
        raise BrokenFile("the file has no header: its first line is a reading", 1, fix)
    known = [(name, column) for column, text in enumerate(header) if (name := _name(text, names))]
    columns = dict(known)
    _refuse_slots([text for text in header if _name(text, names) is None])
    _refuse_twice([(_field(name), trim(header[column])) for name, column in known])
    _refuse_misspelt(header, columns, names)
    _refuse_unit_columns(header, names)
    missing = [name for name in (TIME, VALUE) if name not in columns]
    if not any(PROPERTIES[name][0] <= 2 for name in columns if name in PROPERTIES):
        missing.append(_IDENTIFIER)
    if missing:
        found = ", ".join(quote(text) for text in header[:20])
        fix = "name the columns as the API names its properties, or say what they are with  --map HEADER=PROPERTY"
        if missing[-1] == _IDENTIFIER:
            fix += ";  each row needs its channel, so add a column  channelImportId  if there is none"
        if any(sum(word.casefold() in _KNOWN for word in re.split(r"[^\w:]+", text)) > 1 for text in header):
            fix = "separate all columns by the same sign: a comma, a semicolon, a tab or |"
        raise BrokenFile(f"no column for {' and '.join(missing)}, found {found}", 1, fix)
    return columns


def _refuse_slots(header: Sequence[str]) -> None:
    slots = [text.strip() for text in header if _TIME_SLOT.fullmatch(text.strip())]
    if len(slots) >= _MIN_SLOTS:
        found = ", ".join(map(quote, slots[:3]))
        message = f"{len(slots)} columns each hold readings, found {found} ..."
        raise BrokenFile(message, 1, "write one reading per row, under a header such as  channelImportId,time,value")


def _field(name: str) -> str:
    """The same text for the two names that the two calls have for an identifier."""
    return str(PROPERTIES[name][0]) if name in PROPERTIES else name


def _refuse_unmapped(header: Sequence[str], names: Mapping[str, str]) -> None:
    folded = {trim(text).casefold() for text in header}
    for text, name in names.items():
        if header and text.casefold() not in folded:
            raise BrokenFile(
                f"no column {quote(text)}, which --map names", 1, f"correct  {format_option('--map', text, name)}"
            )


def _refuse_missing_flags(header: Sequence[str], csv_options: CsvOptions) -> None:
    for option, flags in (("--bad", csv_options.bad), ("--estimated", csv_options.estimated)):
        for text in flags:
            if not make_flag_columns(header, {text: frozenset()}):
                raise BrokenFile(
                    f"no column {quote(text)}, which {option} names", 1, f"correct  {format_option(option, text)}"
                )


def _refuse_twice(columns: Sequence[tuple[str, str]]) -> None:
    for one, number in Counter(name for name, _ in columns).items():
        if number > 1:
            names = [name for name in PROPERTY_NAMES if _field(name) == one]
            texts = {text for name, text in columns if name == one}
            # One of them may be the date and the other the time of day.
            fix = "write the whole time in one column" if one == TIME else "leave one of them"
            fix += f",  or ignore one with  {format_option('--map', min(texts))}" if len(texts) > 1 else ""
            raise BrokenFile(f"{number} columns for {' or '.join(names)}", 1, fix)


def _refuse_misspelt(header: Sequence[str], columns: Mapping[str, int], names: Mapping[str, str]) -> None:
    free = {name.casefold(): name for name in PROPERTY_NAMES if name not in columns}
    for text in header:
        if _name(text, names) is None and (
            near := get_close_matches(text.strip().casefold(), free, 1, _MIN_SIMILARITY)
        ):
            own, nothing = format_option("--map", text, "PROPERTY"), format_option("--map", text)
            fix = f"write  {free[near[0]]},  or say what it is with  {own},  or ignore it with  {nothing}"
            raise BrokenFile(f"a column name is almost {free[near[0]]}, found {quote(text)}", 1, fix)


def _refuse_factor(header: str) -> None:
    if factor := find_factor(header):
        message = (
            f"the header of the values has the factor {quote(factor)}, which is not applied, found {quote(header)}"
        )
        raise BrokenFile(message, 1, "multiply the values, and remove the factor from the header")


def _refuse_unit_columns(header: Sequence[str], names: Mapping[str, str]) -> None:
    for text in header:
        words = list_words(text)
        is_unit = bool(words) and (words[-1] in _UNITS or "uom" in words or words[:2] == ["unit", "of"])
        if is_unit and _name(text, names) is None:
            unit, nothing = format_option("--map", text, "unitCode"), format_option("--map", text)
            fix = f"give  {unit}  if it has the units of the values, or  {nothing}  if it does not matter"
            raise BrokenFile(f"a column may say in which units values are, found {quote(text)}", 1, fix)
