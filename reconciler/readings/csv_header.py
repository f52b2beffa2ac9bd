"""The header of a CSV file: its line, the unit, factor and time zone that it names, and columns that flag readings."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.units import find_measure, fold
from reconciler.readings.reading_rows import TIME, VALUE, BrokenFile, RowError, format_option, quote, trim
from reconciler.readings.zones import (
    find_zone_in_header,
    is_standard_time,
    is_unambiguous,
    may_be_zone,
    parse_zone,
    suggest_zones,
)
from reconciler.reports.formatting import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.readings.csv_layout import CsvLayout
    from reconciler.readings.csv_reader import Block


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
# Programs write about a dozen lines above the header, not more.
_MAX_LINES_ABOVE = 50
# Excel writes this line, and follows it.
_SEP = re.compile(r'\s*"?sep=(?P<sign>[^"\r\n]?)"?\s*[,;\t|]*\s*', re.IGNORECASE)


class Header(Struct, frozen=True):
    """The names of the columns, their line, and how many other lines that are not blank are above it."""

    cells: tuple[str, ...]
    delimiter: str
    line: int = 1
    above: int = 0


def find_header(head: str, delimiter: str | None, name: Callable[[str], str | None]) -> Header:
    """The first line of `head` with columns for time and value; if there is none, the first line that is not blank.

    `name` gives the property of a column. The delimiter is the one with which most columns have a property; if several
    are equal, that of a line  sep=;  above the header comes first.
    """
    lines = list(islice(io.StringIO(head, newline=""), _MAX_LINES_ABOVE * 2))
    filled = [place for place, line in enumerate(lines) if line.strip("\ufeff \t\r\n")]
    signs = [delimiter] if delimiter else list(DELIMITERS.values())
    if filled and (match := _SEP.fullmatch(lines[filled[0]])) and len(filled) > 1:
        filled = filled[1:]
        signs = signs if delimiter or not match["sign"] else [match["sign"], *signs]
    headers = [
        _split(lines, place, signs, above, name) for above, place in enumerate(filled[: _MAX_LINES_ABOVE + 1])
    ] or [Header((), signs[0])]
    return next((header for header in headers if {TIME, VALUE} <= set(map(name, header.cells))), headers[0])


def list_words(header: str) -> list[str]:
    """The words of a header in lower case: lowAlarm, Low_Alarm and low-alarm are two words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", header).casefold().split()


def _split(
    lines: Sequence[str], place: int, signs: Sequence[str], above: int, name: Callable[[str], str | None]
) -> Header:
    headers = [Header(_read_row(lines, place, sign), sign, place + 1, above) for sign in signs]
    return max(headers, key=lambda header: sum(name(cell) is not None for cell in header.cells))


def _read_row(lines: Sequence[str], place: int, delimiter: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader(islice(lines, place, None), delimiter=delimiter, skipinitialspace=delimiter != "\t"), [])
    except csv.Error:
        return ()
    return tuple(row)


_BRACKETED = re.compile(r"[\[(]([^\[\]()]{1,30})[\])]")
_BLANKS = re.compile(r"[\s_:,;|]+")
_RUN_ON = re.compile(r"(?<=[a-z])(?:[kKMGT]?W[hH]|[km]wh)$")
_FACTOR = re.compile(
    r"(?:(?<![a-z])x|[\xd7*])\s*1(?:0+(?:\^\d)?|(?:[ ,.']000)+)(?![\w.])|(?<![\w.,])'?000s?\b"
    r"|\b(?:1[ ,.']?000s|thousands?|millions?|tausend|milliers?)\b",
    re.IGNORECASE,
)


def find_unit(header: str) -> str | None:
    """The unit that the header of a column names, as in  Energy [MWh],  kWh (kWh)  or  value_kwh;  None if none."""
    return next((text for text in _list_units(header) if find_measure(text)), None)


def _list_units(header: str) -> Iterator[str]:
    yield from (text.strip() for text in reversed(_BRACKETED.findall(header)))
    unbracketed = _BRACKETED.sub(" ", header).strip()
    # A unit is usually the last word, as in Energy kWh.
    words = _BLANKS.split(unbracketed)[::-1]
    # A single letter is rarely a unit.
    yield from (text for text in (unbracketed, *words) if len(fold(text)) > 1)
    yield from (unit for word in words if (unit := _unit_suffix(word)))


def _unit_suffix(word: str) -> str:
    """The unit that a word ends with, as in  Energie/kWh  or  totalMWh;  "" if none."""
    quantity, slash, unit = word.partition("/")
    if slash and not find_measure(quantity):
        return unit if len(fold(unit)) > 1 else ""
    match = _RUN_ON.search(word)
    return match[0] if match else ""


def find_factor(header: str) -> str:
    """The factor for the values that their header names, as in  kWh (x1000);  "" if none."""
    match = _FACTOR.search(header)
    return match[0] if match else ""


_CODE = "ESA627"
# Headers of columns with the time zone of each row.
_ZONES = re.compile(
    r"(?:time ?)?(?:zone|tz)(?: ?(?:id|name|code|info))?|zeitzone|fuseau(?: horaire)?"
    r"|(?:(?:utc|gmt|tz|(?:time ?)?zone|time) ?)?offset(?: ?(?:utc|gmt))?"
    r"(?: (?:in )?(?:h|hours?|min|minutes?|s|sec|seconds?))?"
)


def detect_column_zone(header: str, zone: tzinfo | None) -> tzinfo | None:
    """The zone of the times under `header`: `zone`, which the user gives, or the header's; None for local time.

    Raises BrokenFile if the two contradict each other, and if the header has only letters that are ambiguous.
    """
    zone_text = find_zone_in_header(header)
    if zone_text is None:
        return zone
    if zone is not None and not may_be_zone(zone_text, zone):
        message = f"the header of the times does not agree with --zone {zone}, found {quote(header)}"
        raise BrokenFile(message, 1, "leave --zone out, or correct the header", _CODE)
    if zone is not None or is_unambiguous(zone_text):
        return zone or parse_zone(zone_text)
    if is_standard_time(zone_text):
        message = f"the header of the times says {zone_text}, but not of which zone, found {quote(header)}"
        fix = "give its offset, such as  --zone +01:00,  or its letters, such as  --zone EST"
        raise BrokenFile(message, 1, fix, _CODE)
    standard, summer = suggest_zones(zone_text)
    choices = [f"--zone {standard}  if clocks stay on standard time"] if standard else []
    choices.append(f"--zone {summer}  if clocks change in summer")
    message = f"the header of the times says {zone_text}, with or without summer time, found {quote(header)}"
    raise BrokenFile(message, 1, f"say  {',  or  '.join(choices)}", _CODE)


def refuse_zone_columns(ignored: Iterable[str], zone: tzinfo | None) -> None:
    """Raise BrokenFile if an unused column has the zones of times, and the user does not give one."""
    for header in ignored:
        if zone is None and _ZONES.fullmatch(re.sub(r"[\W_]+", " ", header).strip().casefold()):
            message = f"a column names the time zone of each time, but is not used, found {quote(header)}"
            ignore = format_option("--map", header)
            fix = f"give  --zone  if all times are in one zone, or ignore the column with  {ignore}"
            raise BrokenFile(message, 1, fix, _CODE)


_FLAG_WORDS = re.compile(
    r"errors?|err|faults?|fehler|fehlercode|erreur|erro|alarms?|low ?alarm|high ?alarm|status|state|zustand|statut"
    r"|estado|stato|flags?|quality|qual|qualit\xe4t|qualit\xe9|calidad|qualidade|qualit\xe0|dq|qc|qa|valid|validity|validated"
    r"|invalid"
    r"|g\xfcltig|ung\xfcltig|g\xfcltigkeit|plausib\w+|unplausib\w+|good|bad|ok|usable|trusted|confidence|reliability"
    r"|estimate|estimated|est|is ?estimated|estim\xe9|estimado|gesch\xe4tzt|ersatzwert|substituted?|replaced|imputed"
    r"|interpolated|filled|manual|forced|overridden|simulated|stale|missing|questionable|suspect|suspicious|uncertain"
    r"|anomal\w+|outliers?|offline|code|reason|event|events|exception|read ?type|reading ?type|gap|gaps|dst|suppressed"
    r"|void"
    r"|provisional|preliminary|deleted|comments?|remarks?|bemerkung|hinweis|kommentar|commentaire|comentario"
)
# Columns with a factor for the values; only 1 has no effect.
_FACTORS = re.compile(
    r"(?:meter |channel )?(?:multiplier|mult|factor|scale|scaling|constant|faktor|wandlerfaktor|coefficient|facteur)"
    r"|(?:ct|pt|vt) ?(?:ratio|factor)?|[cpv]tr|k ?factor|scale ?factor"
)
_ONE = re.compile(r"\+?0*1(?:[.,]0*)?|")
# Columns with the direction in which energy flows.
_DIRECTIONS = re.compile(r"(?:flow |energy )?(?:direction|sign|richtung|vorzeichen|sens)|energierichtung|vorzeichen")
# Columns with text for people.
_COMMENTS = re.compile(r"comments?|remarks?|bemerkung|hinweis|kommentar|commentaire|comentario")
# Columns that mark a reading as bad by their name, if they have any value for it.
_BAD = re.compile(
    r"(?:is )?(?:errors?|err|faults?|fehler|invalid|bad|missing|void|deleted|suppressed)(?: ?(?:code|flag))?"
)
# Columns that mark a reading as good by their name.
_GOOD = re.compile(r"(?:is )?(?:valid|good|ok|usable|trusted|g\xfcltig|plausibel|plausible)")
# The values of a flag column for a good reading; further ones if the column is named bad, or good.
_FINE = frozenset(
    (
        "",
        "ok",
        "good",
        "valid",
        "normal",
        "false",
        "no",
        "none",
        "n/a",
        "nan",
        "null",
        "-",
        "actual",
        "measured",
        "reliable",
    )
)
_FINE_IF_BAD = frozenset(("n", "f", "nein", "non", "no error", "no errors", "no fault", "no faults"))
_ZERO = re.compile(r"[+-]?0*\.?0*|0x0+")
_YES = frozenset(("", "1", "true", "yes", "y", "t", "ja", "oui", "si", "ok", "good", "valid"))
_NO = frozenset(("0", "false", "no", "n", "f", "nein", "non", "bad", "invalid", "not ok"))
_MAX_SHOWN = 5
# Distinct values that are counted for each column; a flag has few.
_MAX_VALUES = 1000


def is_flag(header: str) -> bool:
    """Whether a column called `header` may mark a reading as not good; one without a name may."""
    words = list_words(header)
    if any(form.fullmatch(" ".join(words)) for form in (_FACTORS, _DIRECTIONS)):
        return True
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return not words or any(map(_FLAG_WORDS.fullmatch, (*words, *pairs)))


def says_good(header: str) -> bool:
    """Whether a column called `header` marks readings as good."""
    return _GOOD.fullmatch(_normalise(header)) is not None


class FlagColumn(Struct, frozen=True):
    """A column that flags readings: by any of `values`, or if these are None, by any value that is not fine."""

    column: int
    header: str
    values: frozenset[str] | None = None

    def applies(self, text: str) -> bool:
        """Whether the cell `text` flags its reading."""
        own = trim(text).casefold()
        return not is_fine(self.header, own) if self.values is None else own in self.values


def is_fine(header: str, text: str) -> bool:
    """Whether `text` in a flag column called `header` means that nothing is wrong."""
    own = trim(text).casefold().strip("{}[]()")
    if _FACTORS.fullmatch(_normalise(header)):
        return _ONE.fullmatch(own) is not None
    if says_good(header):
        # A reading that is not good is an error of its own (ESA633), so the value is not reported again.
        return own in _YES or own in _NO
    if own in _FINE_IF_BAD and _BAD.fullmatch(_normalise(header)):
        return True
    return own in _FINE or _ZERO.fullmatch(own) is not None


def make_flag_columns(header: Sequence[str], given: Mapping[str, frozenset[str]]) -> tuple[FlagColumn, ...]:
    """The flags that `given` names by the headers of their columns; headers that do not exist are left out."""
    values = {trim(text).casefold(): own for text, own in given.items()}
    return tuple(
        FlagColumn(column, text, values[folded])
        for column, text in enumerate(header)
        if (folded := trim(text).casefold()) in values
    )


def find_bad_flags(header: Sequence[str], columns: Iterable[int]) -> Iterator[FlagColumn]:
    """A flag for each of `columns` that marks readings as bad by its name, or as good, in which case "no" means bad."""
    for column in sorted(columns):
        if _BAD.fullmatch(_normalise(header[column])):
            yield FlagColumn(column, header[column])
        elif says_good(header[column]):
            yield FlagColumn(column, header[column], _NO)


def _normalise(header: str) -> str:
    return " ".join(list_words(header))


class FlagValues:
    """The values of the flag columns of a file, counted."""

    def __init__(self, layout: CsvLayout | None) -> None:
        self._layout = layout
        self._counts: dict[int, Counter[str]] = {
            column: Counter() for column in (layout.flag_columns if layout else ())
        }

    def add(self, block: Block) -> None:
        """Count the values of the rows of `block` that are as long as the header."""
        for column, counts in self._counts.items():
            if len(counts) < _MAX_VALUES:
                counts.update(block.list_cells(column))

    def list_errors(self) -> Iterator[RowError]:
        """An error for each flag column with a value that does not mean that a reading is good."""
        for column, counts in self._counts.items():
            header = self._layout.header[column] if self._layout else ""
            if not list_words(header) and _are_row_numbers(counts):
                continue
            if odd := Counter({text: number for text, number in counts.items() if not is_fine(header, text)}):
                yield _unused_flag(trim(header), column, odd)


def _are_row_numbers(counts: Mapping[str, int]) -> bool:
    """Whether a column has the numbers of its rows, as pandas writes them."""
    numbers = [int(text) for text in counts if text.isascii() and text.isdecimal() and len(text) < 20]
    return len(counts) > 1 and numbers == list(range(numbers[0], numbers[0] + len(counts))) if numbers else False


def _unused_flag(header: str, column: int, odd: Counter[str]) -> RowError:
    shown = ", ".join(f"{quote(text)} ({number:,})" for text, number in odd.most_common(_MAX_SHOWN))
    more = f", and {len(odd) - _MAX_SHOWN:,} more values" if len(odd) > _MAX_SHOWN else ""
    name = f"column {quote(header)}" if header else f"column {column + 1}, which has no name,"
    many = "at least " if len(odd) >= _MAX_VALUES else ""
    message = f"{name} is not used, but says something about {many}{count(odd.total(), 'reading')}: {shown}{more}"
    bad, estimated = (format_option(option, header, "VALUES") for option in ("--bad", "--estimated"))
    fix = (
        f"give its meaning with  {bad}  or  {estimated};  give  {format_option('--map', header)}  if it does not matter"
    )
    if _FACTORS.fullmatch(_normalise(header)):
        nothing = format_option("--map", header)
        fix = f"multiply the values, or give  {nothing}  if the channel's own multiplier already does that"
    if _COMMENTS.fullmatch(_normalise(header)):
        note, nothing = format_option("--map", header, "note"), format_option("--map", header)
        fix = f"give  {note}  to send it as a note, or  {nothing}  if it does not matter"
    if not header:
        fix = "name the column, or remove it"
    return RowError("ESA632", message, fix)
