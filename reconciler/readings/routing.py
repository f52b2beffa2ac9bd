"""Where the readings of a file land: each set of identifiers is looked at once, however many readings have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import UNIT_CODE
from reconciler.model.findings import Severity
from reconciler.model.identifiers import V3_NAMES, Resolution, ResolutionFailure
from reconciler.planning.diff import find_swap
from reconciler.planning.identification import route
from reconciler.readings.blanks import trim
from reconciler.readings.flaws import BrokenFile, Flaw
from reconciler.readings.identifiers import read_key
from reconciler.readings.landing_flaws import find_doubts, find_landing_flaws
from reconciler.readings.unit_flaws import find_spelling, find_unit_flaw
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import IdentifierNames, Identifiers
    from reconciler.planning.identification import Index
    from reconciler.readings.identifiers import Key

# More than any environment has channels; each takes half a kilobyte.
MOST_KEYS = 200_000
# Where more find nothing the environment is wrong, not the spelling; comparing all would take minutes.
_SUGGESTED = 20
_NOWHERE = Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ())


class Landing(Struct, frozen=True):
    """Where readings with one set of identifiers land, and why.

    `flaws` keep them from being sent, `doubts` do not. `channel` is None where there are flaws.
    """

    pointers: Identifiers
    route: Resolution
    channel: Live | None
    flaws: tuple[Flaw, ...] = ()
    doubts: tuple[Flaw, ...] = ()


class Router:
    """Finds the channels of an environment that readings are for, when they are sent by the call of `dialect`.

    `value_unit` is the unit that the file says all of its values are in, "" where it does not.
    """

    def __init__(
        self, index: Index, dialect: IdentifierNames = V3_NAMES, most_keys: int = MOST_KEYS, *, value_unit: str = ""
    ) -> None:
        self._index = index
        self._most_keys = most_keys
        self._dialect = dialect
        self._value_unit = value_unit
        self._units = {unit for live in index.by_id.values() if isinstance(unit := live.values.get(UNIT_CODE), str)}
        self._landings: dict[Key, Landing] = {}
        self._lost = 0

    def find(self, key: Key) -> Landing:
        """Where readings land whose identifiers are `key`. Raises BrokenFile for more of them than can be meant."""
        landing = self._landings.get(key)
        if landing is None:
            if len(self._landings) >= self._most_keys:
                raise BrokenFile(f"the file names more than {self._most_keys:,} channels", fix="split the file")
            landing = self._landings[key] = self._look_up(key)
        return landing

    def _look_up(self, key: Key) -> Landing:
        pointers, wrong = read_key(key)
        pointers = self._spell_unit(pointers)
        wrong = (*wrong, *_check_interval(pointers, self._dialect))
        if wrong:
            return Landing(pointers, _NOWHERE, None, wrong)
        found = route(pointers, self._index)
        if found.failure is ResolutionFailure.UNMATCHED and (trimmed := _trim(pointers)) != pointers:
            # Blanks at the ends are mostly the file's own, but those that EnergyCAP has, too, count.
            pointers, found = trimmed, route(trimmed, self._index)
        self._lost += found.failure is not None
        flaws = find_landing_flaws(pointers, found, self._index, suggests=self._lost <= _SUGGESTED)
        channel = None if flaws or found.channel_id is None else self._index.by_id[found.channel_id]
        if channel is None:
            return Landing(pointers, found, None, flaws)
        units = self._check_units(pointers, channel)
        if wrong := tuple(flaw for flaw in units if RULES[flaw.code].severity is Severity.ERROR):
            return Landing(pointers, found, None, wrong)
        swap = find_swap(channel)
        doubts = (*find_doubts(pointers, channel), *units, *((Flaw("ESA634", swap),) if swap else ()))
        return Landing(pointers, found, channel, (), doubts)

    def _spell_unit(self, pointers: Identifiers) -> Identifiers:
        """`pointers` with the unit as the channels spell it: EnergyCAP compares it letter by letter."""
        unit = pointers.unit_code
        return pointers if not unit else replace(pointers, unit_code=find_spelling(unit, self._units))

    def _check_units(self, pointers: Identifiers, channel: Live) -> tuple[Flaw, ...]:
        told = ((pointers.unit_code, "unitCode"), (self._value_unit, "the header of the values"))
        flaws = (find_unit_flaw(unit, where, channel) for unit, where in told if unit)
        return tuple(flaw for flaw in flaws if flaw is not None)


def _trim(pointers: Identifiers) -> Identifiers:
    return replace(
        pointers,
        channel_import_id=_trim_text(pointers.channel_import_id),
        meter_import_id=_trim_text(pointers.meter_import_id),
        observation_type_code=_trim_text(pointers.observation_type_code),
        unit_code=_trim_text(pointers.unit_code),
    )


def _trim_text(text: str | None) -> str | None:
    return None if text is None else trim(text) or None


def _check_interval(pointers: Identifiers, dialect: IdentifierNames) -> Iterator[Flaw]:
    seconds = pointers.interval_seconds
    if seconds is not None and seconds % dialect.interval_seconds:
        yield Flaw("ESA613", f"{dialect.interval} must be whole minutes, found {seconds} seconds")
