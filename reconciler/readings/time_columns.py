"""What the header of a column of times says about their zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.readings.flaws import BrokenFile, quote
from reconciler.readings.zones import agree, find_in_header, is_certain, parse_zone, suggest_zones

if TYPE_CHECKING:
    from datetime import tzinfo

_CODE = "ESA627"


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
    standard, summer = suggest_zones(said)
    choices = [f"--zone {standard}  if clocks stay on standard time"] if standard else []
    choices.append(f"--zone {summer}  if clocks change in summer")
    message = f"the header of the times says {said}, with or without summer time, found {quote(header)}"
    raise BrokenFile(message, 1, f"say  {',  or  '.join(choices)}", _CODE)
