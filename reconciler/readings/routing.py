"""The channel that a group of readings goes to, or why there is none."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, MULTIPLIER, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.findings import Severity
from reconciler.model.identifiers import V3_NAMES, Resolution, ResolutionFailure, ResolutionStep
from reconciler.model.units import find_measure, fold, is_near
from reconciler.planning.diff import find_swap
from reconciler.planning.feed_paths import format_given_identifiers
from reconciler.planning.identification import resolve
from reconciler.planning.messages import describe_channel, find_nearest, show_value
from reconciler.readings.reading_rows import BrokenFile, RowError, parse_key, quote, trim
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import IdentifierNames, Identifiers
    from reconciler.model.units import Measure
    from reconciler.model.values import Value
    from reconciler.planning.identification import Index
    from reconciler.readings.reading_rows import GroupKey, ReadingGroup


_MAX_CANDIDATES = 10
_NEXT_IDENTIFIER = {
    ResolutionStep.ONLY_CHANNEL: "observationTypeCode",
    ResolutionStep.OBSERVATION_TYPE_CODE: "unitCode",
    ResolutionStep.UNIT_CODE: "channelIntervalInSeconds",
}


def find_routing_errors(
    identifiers: Identifiers, route: Resolution, index: Index, *, suggests: bool
) -> tuple[RowError, ...]:
    """The error if readings have no channel, or a calculated one; with a similar identifier if it `suggests`."""
    match route.failure:
        case ResolutionFailure.NO_IDENTIFIER:
            given = format_given_identifiers(identifiers)
            found = f"only {given}" if given else "no identifier at all"
            return (RowError("ESA614", f"readings do not say which channel they are for, found {found}"),)
        case ResolutionFailure.UNMATCHED:
            near = _suggest(identifiers, route, index) if suggests else ()
            detail = (*near, *_list_candidates(route, index))
            return (
                RowError(
                    "ESA615", f"readings match no channel: none has {_format_matched(identifiers, route)}", "", detail
                ),
            )
        case ResolutionFailure.AMBIGUOUS:
            following = _NEXT_IDENTIFIER.get(route.remaining_by_step[-1][0])
            fix = f"add {following}, or give channelImportId" if following else "give channelId"
            message = f"readings match {len(route.candidates)} channels: {_format_matched(identifiers, route)}"
            return (RowError("ESA616", message, fix, tuple(_list_candidates(route, index))),)
        case None:
            return tuple(_check_calculated(route, index))
        case _:
            assert_never(route.failure)


def find_routing_warnings(identifiers: Identifiers, channel: Live) -> tuple[RowError, ...]:
    """A warning if some of `identifiers` contradict the channel that the others resolved to."""
    has: tuple[tuple[str, Value, Value], ...] = (
        (V3_NAMES.channel_import_id, identifiers.channel_import_id, channel.values.get(CHANNEL_IMPORT_ID)),
        (V3_NAMES.meter_import_id, identifiers.meter_import_id, channel.data_point.import_id),
        (V3_NAMES.observation_type_code, identifiers.observation_type_code, channel.values.get(OBSERVATION_TYPE_CODE)),
        (V3_NAMES.interval, identifiers.interval_seconds, _seconds(channel)),
    )
    # EnergyCAP ignores identifiers that it does not need for the match.
    odd = [(name, given, own) for name, given, own in has if given not in (None, "", own)]
    if not odd:
        return ()
    texts = [f"{name} says {show_value(given)}, not {show_value(own)}" for name, given, own in odd]
    where = f"channel {channel.id} {show_value(channel.name)}"
    message = f"readings go to {where}, although {texts[0]}"
    return (RowError("ESA617", message, "", tuple(texts[1:])),)


def _format_matched(identifiers: Identifiers, route: Resolution) -> str:
    """The identifiers that were used, up to the step at which the resolution ended."""
    names = dict(V3_NAMES.items(identifiers))
    return ", ".join(
        f"{STEP_NAMES[step]} {show_value(names.get(STEP_NAMES[step]))}" for step, _ in route.remaining_by_step
    )


STEP_NAMES = {
    ResolutionStep.CHANNEL_ID: V3_NAMES.channel_id,
    ResolutionStep.CHANNEL_IMPORT_ID: V3_NAMES.channel_import_id,
    ResolutionStep.ONLY_CHANNEL: V3_NAMES.meter_import_id,
    ResolutionStep.OBSERVATION_TYPE_CODE: V3_NAMES.observation_type_code,
    ResolutionStep.UNIT_CODE: V3_NAMES.unit_code,
    ResolutionStep.INTERVAL: V3_NAMES.interval,
}


def _check_calculated(route: Resolution, index: Index) -> Iterator[RowError]:
    channel = index.by_id[route.candidates[0]]
    if channel.is_calculated:
        message = f"channel {channel.id} {show_value(channel.name)} is calculated and takes no readings"
        yield RowError("ESA618", message)


def _suggest(identifiers: Identifiers, route: Resolution, index: Index) -> Iterator[str]:
    match route.remaining_by_step[-1][0]:
        case ResolutionStep.CHANNEL_IMPORT_ID:
            near = find_nearest(str(identifiers.channel_import_id), index.by_import_id)
            if near is not None:
                yield f"nearest: {describe_channel(index.by_import_id[near][0])}"
        case ResolutionStep.ONLY_CHANNEL:
            near = find_nearest(str(identifiers.meter_import_id), index.by_meter)
            if near is not None:
                yield f"nearest: meterImportId {show_value(near)}, {len(index.by_meter[near])} channels"
        case _:
            pass


def _list_candidates(route: Resolution, index: Index) -> Iterator[str]:
    for id_ in islice(route.candidates, _MAX_CANDIDATES):
        yield f"candidate: {describe_channel(index.by_id[id_])}"
    if len(route.candidates) > _MAX_CANDIDATES:
        yield f"and {len(route.candidates) - _MAX_CANDIDATES} more"


def _seconds(channel: Live) -> int | None:
    minutes = channel.values.get(INTERVAL_MINUTES)
    return minutes * 60 if isinstance(minutes, int) else None


def find_unit_spelling(unit: str, codes: Iterable[str]) -> str:
    """`unit` as one of `codes` spells it, if they differ only in letter case, blanks and the like."""
    alike = {code for code in codes if fold(code) == fold(unit)}
    return unit if unit in alike or len(alike) != 1 else alike.pop()


def find_unit_error(unit: str, where: str, channel: Live) -> RowError | None:
    """The error of readings in `unit` on `channel`; `where` says what names the unit, such as unitCode.

    There is none if the channel has another unit of the same kind and its multiplier converts between the two.
    """
    own = channel.values.get(UNIT_CODE)
    if not isinstance(own, str) or not unit or fold(own) == fold(unit):
        return None
    given, stored = find_measure(unit), find_measure(own)
    name = f"channel {channel.id} {show_value(channel.name)}"
    if given is None:
        message = f"{where} says {quote(unit)}, which is not a known unit; {name} has {own}"
        return RowError("ESA631", message, f"write a unit of EnergyCAP, such as  {own}")
    if stored is None:
        return RowError("ESA617", f"readings go to {name}, although {where} says {quote(unit)}, not {quote(own)}")
    return _compare(f"{where} says {quote(unit)}, but {name} has {own}", (given, stored), channel)


def _compare(message: str, pair: tuple[Measure, Measure], channel: Live) -> RowError | None:
    given, stored = pair
    number = channel.values.get(MULTIPLIER)
    # repr, because the fraction of the double 0.1 is not 1/10.
    multiplier = Fraction(repr(number)) if isinstance(number, int | float) else Fraction(1)
    if given.kind != stored.kind:
        text = f"{message}: {given.kind} is not {stored.kind}"
        # A multiplier may convert one kind of quantity into another, so with one this is only a warning.
        if multiplier == 1:
            return RowError("ESA630", text, "send the readings to a channel with their unit, or correct the unit")
        return RowError("ESA617", f"{text}; its multiplier is {float(multiplier):g}")
    factor = given.size / stored.size
    if factor == 1 or is_near(multiplier, factor):
        return None
    how = f"{_show(factor)} times too small" if factor > 1 else f"{_show(1 / factor)} times too large"
    fix = f"multiply the values by {_show(factor)} and write the channel's unit, or correct the unit"
    return RowError("ESA630", f"{message}: the values would be {how}", fix)


def _show(factor: Fraction) -> str:
    if factor.denominator == 1:
        return f"{factor.numerator:,}"
    return f"{float(factor):.6g}"


# More channels than any environment has; each key takes half a kilobyte.
MAX_KEYS = 200_000
# If more keys match no channel, the environment is wrong, not the spelling; comparing all would take minutes.
_MAX_SUGGESTIONS = 20
_UNRESOLVED = Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ())


class Destination(Struct, frozen=True):
    """Where readings with one set of identifiers go, and why.

    `errors` stop them from being sent, `warnings` do not. `channel` is None if there are errors.
    """

    identifiers: Identifiers
    route: Resolution
    channel: Live | None
    errors: tuple[RowError, ...] = ()
    warnings: tuple[RowError, ...] = ()


class Router:
    """Finds the channels of an environment for readings that are sent by the call that has `identifier_names`.

    `value_unit` is the unit of all values according to the file, "" if it does not name one.
    """

    def __init__(
        self,
        index: Index,
        identifier_names: IdentifierNames = V3_NAMES,
        most_keys: int = MAX_KEYS,
        *,
        value_unit: str = "",
    ) -> None:
        self._index = index
        self._most_keys = most_keys
        self._identifier_names = identifier_names
        self._value_unit = value_unit
        self._units = {unit for live in index.by_id.values() if isinstance(unit := live.values.get(UNIT_CODE), str)}
        self._destinations: dict[GroupKey, Destination] = {}
        self._failed_count = 0

    def find(self, key: GroupKey) -> Destination:
        """Where readings with the identifiers `key` go. Raises BrokenFile if the file has too many different keys."""
        destination = self._destinations.get(key)
        if destination is None:
            if len(self._destinations) >= self._most_keys:
                raise BrokenFile(f"the file names more than {self._most_keys:,} channels", fix="split the file")
            destination = self._destinations[key] = self._look_up(key)
        return destination

    def _look_up(self, key: GroupKey) -> Destination:
        identifiers, wrong = parse_key(key)
        identifiers = self._spell_unit(identifiers)
        wrong = (*wrong, *_check_interval(identifiers, self._identifier_names))
        if wrong:
            return Destination(identifiers, _UNRESOLVED, None, wrong)
        found = resolve(identifiers, self._index)
        if found.failure is ResolutionFailure.UNMATCHED and (trimmed := _trim(identifiers)) != identifiers:
            # Blanks at the ends usually come from the file, so they are removed only if the exact text matches nothing.
            identifiers, found = trimmed, resolve(trimmed, self._index)
        self._failed_count += found.failure is not None
        errors = find_routing_errors(identifiers, found, self._index, suggests=self._failed_count <= _MAX_SUGGESTIONS)
        channel = None if errors or found.channel_id is None else self._index.by_id[found.channel_id]
        if channel is None:
            return Destination(identifiers, found, None, errors)
        units = self._check_units(identifiers, channel)
        if wrong := tuple(error for error in units if RULES[error.code].severity is Severity.ERROR):
            return Destination(identifiers, found, None, wrong)
        swap = find_swap(channel)
        warnings = (
            *find_routing_warnings(identifiers, channel),
            *units,
            *((RowError("ESA634", swap),) if swap else ()),
        )
        return Destination(identifiers, found, channel, (), warnings)

    def _spell_unit(self, identifiers: Identifiers) -> Identifiers:
        """`identifiers` with the unit as the channels spell it, because EnergyCAP compares it exactly."""
        unit = identifiers.unit_code
        return identifiers if not unit else replace(identifiers, unit_code=find_unit_spelling(unit, self._units))

    def _check_units(self, identifiers: Identifiers, channel: Live) -> tuple[RowError, ...]:
        units = ((identifiers.unit_code, "unitCode"), (self._value_unit, "the header of the values"))
        errors = (find_unit_error(unit, where, channel) for unit, where in units if unit)
        return tuple(error for error in errors if error is not None)


def _trim(identifiers: Identifiers) -> Identifiers:
    return replace(
        identifiers,
        channel_import_id=_trim_text(identifiers.channel_import_id),
        meter_import_id=_trim_text(identifiers.meter_import_id),
        observation_type_code=_trim_text(identifiers.observation_type_code),
        unit_code=_trim_text(identifiers.unit_code),
    )


def _trim_text(text: str | None) -> str | None:
    return None if text is None else trim(text) or None


def _check_interval(identifiers: Identifiers, identifier_names: IdentifierNames) -> Iterator[RowError]:
    seconds = identifiers.interval_seconds
    if seconds is not None and seconds % identifier_names.interval_seconds:
        yield RowError("ESA613", f"{identifier_names.interval} must be whole minutes, found {seconds} seconds")


DAY_MINUTES = 1440


def refuse_bare_dates(group: ReadingGroup, router: Router) -> None:
    """Reject the readings of `group` that have only a date, if the interval of the channel is shorter than a day."""
    dated = [row for row in group.rows if row.is_date and row.reading is not None]
    if not dated or group.key is None or group.errors:
        return
    channel = router.find(group.key).channel
    minutes = None if channel is None else channel.values.get(INTERVAL_MINUTES)
    # All readings of the day would be at midnight, and overwrite each other.
    if channel is not None and isinstance(minutes, int) and minutes < DAY_MINUTES:
        message = f"a channel with an interval of {minutes} minutes needs a time of day, found only the date"
        for row in dated:
            day = row.reading.time[:10] if row.reading else ""
            fix = f"write the time of day, too:  {day}T00:00  if it is midnight"
            error = RowError("ESA623", f"{message} {day}", fix, (f"channel {channel.id}",))
            row.errors, row.reading = (*row.errors, error), None
