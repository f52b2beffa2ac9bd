"""Where the readings of a file land, and why, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.identifiers import V3_NAMES
from reconciler.planning.messages import show_value
from reconciler.readings.landing_flaws import NAMES, describe_channel
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count
from reconciler.reports.terminal import Style, chunk, split_words, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.readings.census import Census, Group
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.times import Times
    from reconciler.reports.terminal import Styler

# Those that a person reads; JSON lists all.
_SHOWN = 200


def render_routes(file: ReadingsFile, census: Census, styler: Styler) -> str:
    """Each set of identifiers with the channel it leads to and the way there, and a line that counts.

    What leads nowhere is not in it: that is what the findings say.
    """
    return "".join(f"{line}\n" for line in _render_lines(file, census, styler))


def describe_times(census: Census, times: Times | None = None) -> str:
    """How the times of the file are read, in a sentence."""
    zone = None if times is None else times.zone
    if times is not None and times.unit is not None and census.is_naive:
        return f"Times are {times.unit.value} since 1970."
    if zone is not None and census.is_naive:
        return f"Times without an offset are read in {zone}, and sent with their offset."
    local = "read as local time of the data point, by EnergyCAP"
    if census.changes.placed:
        placed = count(census.changes.placed, "reading")
        return f"Times have no offset: {local}. In the hour that clocks repeat, the order tells {placed} apart."
    if census.is_naive == {True}:
        return f"Times have no offset: {local}."
    if census.is_naive == {False}:
        return "Times have an offset, and are sent with it."
    return f"Some times have an offset, and are sent with it; the others are {local}." if census.is_naive else ""


def _render_lines(file: ReadingsFile, census: Census, styler: Styler) -> Iterator[str]:
    yield styler(escape_text(file.name), Style.HEADING)
    yield from wrap(split_words(f"{file.describe()}."), styler, indent=2, hang=2)
    if times := describe_times(census, file.times):
        yield from wrap(split_words(times), styler, indent=2, hang=2)
    landing = [
        (group, group.landing.channel)
        for group in census.groups
        if group.readings and group.landing.channel is not None
    ]
    yield ""
    for group, channel in landing[:_SHOWN]:
        yield from _render_group(group, channel, styler)
    if len(landing) > _SHOWN:
        yield f"and {count(len(landing) - _SHOWN, 'more set')} of identifiers; --format json lists all."
    if landing:
        yield ""
    sound = census.readings - census.bad
    channels = {channel.id for _, channel in landing if sound}
    words = f"Readings: {sound:,} land on {count(len(channels), 'channel')}, {census.bad:,} cannot be sent."
    yield styler(words, Style.HEADING)


def _render_group(group: Group, channel: Live, styler: Styler) -> Iterator[str]:
    landing = group.landing
    head = (
        chunk(escape_text(describe_channel(channel)), Style.NAME),
        chunk(f"← {count(group.readings, 'reading')}, the first in line {group.line}"),
    )
    yield from wrap(head, styler, indent=2, hang=6)
    given = dict(V3_NAMES.say(landing.pointers))
    for step, left in landing.route.remaining_by_step:
        name = NAMES[step]
        number = count(len(left), "channel")
        text = escape_text(f"{name} {show_value(given.get(name))}: {number}")
        yield f"      {styler(text, Style.FAINT)}"
