"""Whether the begin of a version may move: past the version before it (ESA411), or past stored readings (ESA420)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import BEGIN_DATE
from reconciler.model.plan import Blocker
from reconciler.model.values import BEGINNING, canonical_time
from reconciler.planning.citing import show_value
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.model.values import Value
    from reconciler.planning.draft import Draft

_NEW_VERSION = (
    "to change settings from a date on, make a new version in EnergyCAP that begins then, and let the file take it "
    "over:  reconciler import --update"
)


def check_begin(draft: Draft) -> Iterator[Blocker]:
    """What forbids the new begin that `draft` gives to the current version of its channel.

    A version's time is exclusive of its begin. An only version may begin earlier: no reading leaves its version then.
    """
    if BEGIN_DATE not in draft.touched:
        return
    live = draft.live
    before, after = _read_time(live.current.begin_date), _read_time(draft.planned.values.get(BEGIN_DATE))
    if len(live.versions) > 1 and after <= _read_time(live.versions[-2].begin_date):
        yield _begins_too_early(draft)
    elif len(live.versions) > 1 or after > before:
        yield from _check_passed(live, before, after)


def _begins_too_early(draft: Draft) -> Blocker:
    begin, before = draft.planned.current.begin_date, draft.live.versions[-2].begin_date
    return Blocker(
        "ESA411",
        f"the current version must begin after the one before it, found {show_value(begin)} for beginDate",
        {"begin_date": begin, "begin_date_before": before, "versions": len(draft.live.versions)},
        f"write a beginDate after {before}" if before else RULES["ESA411"].fix,
    )


def _check_passed(live: Live, before: str, after: str) -> Iterator[Blocker]:
    """The readings between the two begins: after the earlier one, up to and including the later one."""
    if live.has_readings is False:
        return
    earlier, later = sorted((before, after))
    first, last = (canonical_time(time or "") for time in (live.first_reading, live.last_reading))
    if (first and first > later) or (last and last <= earlier):
        return
    is_unknown = live.has_readings is None or not first
    yield Blocker(
        "ESA420",
        _say_unknown(live) if is_unknown else f"cannot begin at another time: {_say_lost(live, before, after)}",
        {
            "begin_date_now": before or None,
            "begin_date_wanted": after or None,
            "has_readings": live.has_readings,
            "first_reading": live.first_reading,
            "last_reading": live.last_reading,
            "versions": len(live.versions),
        },
        f"write  beginDate: {show_value(before or None)}  as EnergyCAP has it; {_NEW_VERSION}",
        is_unknown=is_unknown,
    )


def _say_unknown(live: Live) -> str:
    unsaid = "whether the channel has readings" if live.has_readings is None else "when the channel's readings begin"
    return f"may begin past stored readings: EnergyCAP does not say {unsaid}"


def _say_lost(live: Live, before: str, after: str) -> str:
    if len(live.versions) == 1:
        first = canonical_time(live.first_reading or "")
        start = f"after {before}" if before > first else f"from {first}"
        return f"stored readings {start} up to {after} would belong to no version"
    if after > before:
        return f"stored readings after {before} up to {after} would go to the version before this one"
    return f"stored readings after {after} up to {before} would go from the version before to this one"


def _read_time(time: Value) -> str:
    """A begin as text that sorts; "" from the beginning."""
    text = canonical_time(time) if isinstance(time, str) else ""
    return "" if text == BEGINNING else text
