"""The begin of a version in the file of its channel: it ties the file to the version that it was read from.

A file without it goes on to govern the next version, as after the swap of a meter, and would give it the settings of
the old one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import BEGIN_DATE, VERSION
from reconciler.model.values import BEGINNING, canonical_time, has_zone
from reconciler.planning.importing.terms import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.channels import Desired, Live
    from reconciler.model.values import Spec, Value
    from reconciler.planning.importing.updates import Updates

ZONED = "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml"


def needs_tie(live: Live) -> bool:
    """Whether the file of `live` should say when its version began: it has several, or readings, or may have some.

    A calculated channel cannot be versioned. Source: the help centre on calculated channels.
    """
    return len(live.versions) > 1 or (live.has_readings is not False and not live.is_calculated)


def find_begin(live: Live) -> Value:
    """The begin of the current version of `live` as a file gives it; None from the beginning."""
    begin = live.values.get(BEGIN_DATE)
    return None if isinstance(begin, str) and canonical_time(begin) == BEGINNING else begin


def add_ties(updates: Updates, channels: Mapping[str, Live], desired: Iterable[Desired]) -> Updates:
    """`updates` with the begin for each of `channels`, by name, whose file governs a version and does not say it."""
    files: dict[str, dict[str, Spec]] = {file: dict(specs) for file, specs in updates.files.items()}
    left_out = list(updates.left_out)
    for one in desired:
        live = channels.get(one.name)
        if live is None or not needs_tie(live) or not _is_loose(one):
            continue
        begin = find_begin(live)
        if isinstance(begin, str) and has_zone(begin):
            left_out.append(LeftOut(one.name, BEGIN_DATE, ZONED))
            continue
        specs = files.setdefault(one.file, {})
        specs[one.name] = {**specs.get(one.name, {}), BEGIN_DATE: begin}
    return replace(updates, files=files, left_out=tuple(left_out))


def _is_loose(desired: Desired) -> bool:
    return BEGIN_DATE not in desired.spec and any(path.startswith(f"{VERSION}.") for path in desired.spec)
