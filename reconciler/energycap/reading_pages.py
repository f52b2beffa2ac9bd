"""Pages of stored readings: rows by names that may vary, with all digits of their values, and what tells them apart.

What is not understood for certain is a flaw of its channel: a wrong value would be worse than none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, defstruct, field

from reconciler.energycap.responses import UnexpectedType, bad_response, has_too_many_values

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from reconciler.energycap.responses import Document

# In lower case: the filters of the page spell some names in another way than its other calls.
_CHANNEL_NAMES = ("esachannelid", "channelid")
_CHANNEL_OBJECTS = ("esachannel", "channel")
_TIME_NAMES = ("timestamp", "time", "readingdate")
_RAW_NAMES = ("rawvalue",)
_ID_NAMES = ("esareadingid", "readingid", "observationid")
# A value of the service has up to 30 digits. Source: EsaChannelVersionEdit, "precision 30".
_DIGITS = 60
_PLAUSIBLE = Context(prec=_DIGITS, Emax=_DIGITS - 1, Emin=-400, traps=[Inexact, InvalidOperation, Overflow])
_BRIEF = Context(prec=6, traps=[])
# A service may ignore the page size that was asked for, but does not send ten times as many rows.
_MOST_ROWS = 10_000
# A page of 1,000 rows has about 200,000 bytes; rows of so many take little memory, however short they are.
_LARGE = 2**20
# Rows have about ten properties. Those of a service that invents new ones are read one by one.
_MOST_NAMES = 64


class RowKind(Struct, frozen=True):
    """What the rows of a list are, and what the property with their value may be called, in lower case.

    Rows without a channel are in a response that names it once.
    """

    noun: str
    value_names: tuple[str, ...]
    needs_value: bool = False
    has_channel: bool = True


STORED = RowKind("readings", ("processedvalue", "value"))
SUMMARIZED = RowKind("summarized readings", ("summarizedvalue", "value"), needs_value=True)
OF_ONE_CHANNEL = RowKind("readings", ("value", "processedvalue"), has_channel=False)


class StoredRow(Struct, gc=False):
    """A row as it came: `time` may still have a zone, and `value` is the computed value.

    `channel` is 0 where its response names it once for all rows.
    """

    channel: int
    time: str
    raw: Decimal | None
    value: Decimal | None
    estimated: bool | None
    id: int | str | None


class RowSet(Struct, frozen=True):
    """The rows of a page, and by the ids of their channels why some are not understood."""

    rows: Sequence[StoredRow]
    flaws: Mapping[int, str] = field(default_factory=dict)


class RowReader:
    """Reads rows of one kind, from any number of threads.

    The rows of a list are not documented. So the first page is read value by value, and later ones by a decoder of its
    properties, in a tenth of the time. A page that has another property is read value by value again.
    """

    def __init__(self, kind: RowKind) -> None:
        self._kind = kind
        self._names: frozenset[str] = frozenset()
        self._decoder: _Decoder | None = None

    def decode(self, body: bytes) -> RowSet | None:
        """The rows of the page in `body`; None if they have to be read value by value."""
        decoder = self._decoder
        if decoder is None or (len(body) > _LARGE and has_too_many_values(body)):
            return None
        rows = decoder.decode(body)
        return None if rows is None or len(rows) > _MOST_ROWS else RowSet(rows)

    def read(self, documents: Sequence[Document]) -> RowSet:
        """The rows of a page with exact numbers. Raises UnexpectedType if it does not say of which channel one is."""
        if len(documents) > _MOST_ROWS:
            raise bad_response(f"a page of {self._kind.noun} holds {len(documents):,} rows")
        self._learn(documents)
        flaws: dict[int, str] = {}
        return RowSet([self._read_row(_fold_names(document), flaws) for document in documents], flaws)

    def _learn(self, documents: Iterable[Document]) -> None:
        names = self._names.union(*documents)
        if names != self._names:
            self._names = names
            self._decoder = _make_decoder(self._kind, names) if len(names) <= _MOST_NAMES else None

    def _read_row(self, row: Mapping[str, object], flaws: dict[int, str]) -> StoredRow:
        channel = _find_channel(row) if self._kind.has_channel else 0
        own_id = next((value for name in _ID_NAMES if isinstance(value := row.get(name), int | str)), None)
        try:
            time, raw, value = _find_time(row), _find_number(row, _RAW_NAMES), _find_number(row, self._kind.value_names)
            if self._kind.needs_value and not row.keys() & {*self._kind.value_names}:
                raise UnexpectedType("the value of a reading", "a number", None)  # noqa: TRY301 - as for the others
        except UnexpectedType as odd:
            flaws.setdefault(channel, str(odd))
            return StoredRow(channel, "", None, None, None, _digest(row) if own_id is None else own_id)
        estimated = row.get("estimated")
        return StoredRow(channel, time, raw, value, estimated if isinstance(estimated, bool) else None, own_id)


def tell_apart(rows: Sequence[StoredRow], *, is_alone: bool) -> Sequence[Hashable]:
    """What tells the rows of a page from others of its list: their ids, or all that they hold.

    A page that `is_alone` needs neither, as it cannot overlap another.
    """
    ids = [row.id for row in rows]
    if None not in ids:
        return ids
    if is_alone:
        return range(len(rows))
    seen: Counter[Hashable] = Counter()
    found: list[Hashable] = []
    for row in rows:
        content = (row.channel, row.time, row.raw, row.value, row.estimated, row.id)
        # On one page, two such rows are not one that came twice: clocks repeat an hour each year.
        found.append((content, seen[content]) if content in seen else content)
        seen[content] += 1
    return found


class _Decoder(Struct, frozen=True):
    """Decodes rows whose properties all have a known name; `text_values` find numbers that are text."""

    decoder: Any
    text_values: tuple[re.Pattern[bytes], ...]

    def decode(self, body: bytes) -> list[StoredRow] | None:
        if any(pattern.search(body) for pattern in self.text_values):
            return None
        plus = _PLAUSIBLE.plus
        try:
            rows = [
                StoredRow(row.channel, row.time, row.raw, row.value, row.estimated, row.id)
                for row in self.decoder.decode(body)
            ]
            for row in rows:
                if row.raw is not None:
                    plus(row.raw)
                if row.value is not None:
                    plus(row.value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, DecimalException):
            return None
        return rows


def _make_decoder(kind: RowKind, names: Iterable[str]) -> _Decoder | None:
    """A decoder of rows that have no other properties than `names`; None if two of them may mean the same."""
    roles = {"channel": _CHANNEL_NAMES, "time": _TIME_NAMES, "raw": _RAW_NAMES, "value": kind.value_names}
    roles |= {"id": _ID_NAMES, "estimated": ("estimated",)}
    spellings = {role: [name for name in names if name.casefold() in known] for role, known in roles.items()}
    needed = {"time", *(["channel"] if kind.has_channel else []), *(["value"] if kind.needs_value else [])}
    if any(len(found) > 1 for found in spellings.values()) or not all(spellings[role] for role in needed):
        return None
    rename = {role: found[0] for role, found in spellings.items() if found}
    others = {f"other_{index}": name for index, name in enumerate(sorted({*names} - {*rename.values()}))}
    record = defstruct(
        "_Row",
        [*(_make_field(role, kind) for role in rename), *((other, msgspec.Raw, msgspec.Raw()) for other in others)],
        namespace={role: 0 if role == "channel" else None for role in spellings.keys() - rename.keys()},
        rename={**rename, **others},
        gc=False,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    # To msgspec, a text of digits is a Decimal too.
    numbers = [json.dumps(rename[role])[1:] for role in ("raw", "value") if role in rename]
    # Without the quote before the name, which begins each string, the search takes a third of the time.
    patterns = tuple(re.compile(rf'{re.escape(name)}\s*:\s*"'.encode()) for name in numbers)
    return _Decoder(msgspec.json.Decoder(list[record]), patterns)  # type: ignore[valid-type]


def _make_field(role: str, kind: RowKind) -> tuple[Any, ...]:
    """The field of a decoder for one property: its name, its type and, if a row may lack it, its default."""
    match role:
        case "channel":
            return role, int
        case "time":
            return role, str
        case "id":
            return role, int | str
        case "value" if kind.needs_value:
            return role, Decimal | None
        case "estimated":
            return role, bool | None, None
        case _:
            return role, Decimal | None, None


def _fold_names(document: Document) -> dict[str, object]:
    return {name.casefold(): value for name, value in document.items()}


def _find_channel(row: Mapping[str, object]) -> int:
    """The id of the channel of a reading, in the row itself or in an object for the channel."""
    places = [row, *(_fold_names(value) for name in _CHANNEL_OBJECTS if isinstance(value := row.get(name), dict))]
    found = next((place[name] for place in places for name in _CHANNEL_NAMES if place.get(name) is not None), None)
    if type(found) is not int:
        raise UnexpectedType("the channel of a reading", "an id", found)
    return found


def _find_time(row: Mapping[str, object]) -> str:
    given = {value for name in _TIME_NAMES if isinstance(value := row.get(name), str)}
    if len(given) != 1:
        raise UnexpectedType("the time of a reading", "one date and time", None)
    return given.pop()


def _find_number(row: Mapping[str, object], names: Sequence[str]) -> Decimal | None:
    """The number at the first of `names` that is there; None if it is null, or if there is none of them."""
    for name in names:
        value = row.get(name)
        if value is None:
            continue
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise UnexpectedType(f"{name} of a reading", "a number", value)
        number = Decimal(value)
        try:
            _PLAUSIBLE.plus(number)
        except DecimalException:
            brief = _BRIEF.plus(number)
            raise UnexpectedType(f"{name} of a reading", f"a number of at most {_DIGITS} digits", brief) from None
        return number
    return None


def _digest(row: Mapping[str, object]) -> str:
    return blake2b(json.dumps(row, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()
