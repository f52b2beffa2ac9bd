"""The time zone that the header of a time column gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.readings.flaws import BrokenFile, quote, say_option
from reconciler.readings.zones import agree, find_in_header, is_certain, is_standard, parse_zone, suggest_zones

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

_CODE = "ESA627"
# Headers of columns that say for each row in which zone its time is.
_ZONES = re.compile(
    r"(?:time ?)?(?:zone|tz)(?: ?(?:id|name|code|info))?|zeitzone|fuseau(?: horaire)?"
    r"|(?:(?:utc|gmt|tz|(?:time ?)?zone|time) ?)?offset(?: ?(?:utc|gmt))?"
    r"(?: (?:in )?(?:h|hours?|min|minutes?|s|sec|seconds?))?"
)


def find_column_zone(header: str, zone: tzinfo | None) -> tzinfo | None:
    """The zone of the times under `header`: `zone`, which the user says, or what the header says; None for local time.

    Raises BrokenFile where the two do not agree, and where only letters are given that may be meant in two ways.
    """
    said = find_in_header(header)
    if said is None:
        return zone
    if zone is not None and not agree(said, zone):
        message = f"the header of the times does not agree with --zone {zone}, found {quote(header)}"
        raise BrokenFile(message, 1, "leave --zone out, or correct the header", _CODE)
    if zone is not None or is_certain(said):
        return zone or parse_zone(said)
    if is_standard(said):
        message = f"the header of the times says {said}, but not of which zone, found {quote(header)}"
        fix = "give its offset, such as  --zone +01:00,  or its letters, such as  --zone EST"
        raise BrokenFile(message, 1, fix, _CODE)
    standard, summer = suggest_zones(said)
    choices = [f"--zone {standard}  if clocks stay on standard time"] if standard else []
    choices.append(f"--zone {summer}  if clocks change in summer")
    message = f"the header of the times says {said}, with or without summer time, found {quote(header)}"
    raise BrokenFile(message, 1, f"say  {',  or  '.join(choices)}", _CODE)


def refuse_zone_columns(ignored: Iterable[str], zone: tzinfo | None) -> None:
    """Raise BrokenFile where a column that stands for nothing says in which zones times are, and the user does not."""
    for header in ignored:
        if zone is None and _ZONES.fullmatch(re.sub(r"[\W_]+", " ", header).strip().casefold()):
            message = f"a column names the time zone of each time, but is not used, found {quote(header)}"
            fix = (
                f"give  --zone  if all times are in one zone, or ignore the column with  {say_option('--map', header)}"
            )
            raise BrokenFile(message, 1, fix, _CODE)
