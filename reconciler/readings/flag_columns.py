"""Columns that are not used, but may say that a reading is bad or estimated."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.readings.csv_header import list_words
from reconciler.readings.reading_rows import RowError, format_option, quote, trim
from reconciler.reports.formatting import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.readings.csv_layout import CsvLayout
    from reconciler.readings.csv_reader import Block


_WORDS = re.compile(
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
    return not words or any(map(_WORDS.fullmatch, (*words, *pairs)))


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
