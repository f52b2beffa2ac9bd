"""The first look at a file of readings: all of it is read and counted, and all that is wrong is found."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.findings import Severity
from reconciler.planning.messages import show_value
from reconciler.readings.cells import TIME
from reconciler.readings.clock_changes import ClockChanges, Clocks, find_clock_changes
from reconciler.readings.csv_rows import read_blocks
from reconciler.readings.flags import Flags
from reconciler.readings.flaws import Flaw
from reconciler.readings.hour_spans import HourSpans
from reconciler.readings.repeats import find_repeats
from reconciler.readings.settling import settle_dates
from reconciler.readings.spans import Spans
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.model.channels import Live
    from reconciler.model.findings import Finding
    from reconciler.readings.csv_rows import Block
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.identifiers import Key
    from reconciler.readings.repeats import Repeats
    from reconciler.readings.routing import Landing, Router
    from reconciler.readings.rows import Parcel

FindZones: TypeAlias = "Callable[[Sequence[int]], Mapping[int, tzinfo]]"

# Of each kind; whoever mends fifty rows mends the others alike.
_SHOWN = 50


class Group(Struct, frozen=True):
    """Readings that have the same identifiers, and where they land; `line` is that of the first."""

    number: int
    line: int
    readings: int
    landing: Landing


class Census(Struct):
    """What was counted in a file.

    `bad` readings cannot be sent, for what they are or for where they land; `errors` says how often something is wrong,
    of which `findings` tell a part, and `more_findings` are not told. `groups` are by identifiers, in the order
    in which they first come. `is_naive` holds whether times are without an offset: both where there are such and such.
    `repeats` are readings of one channel at one time, None where there are none. `zones` are those of data points, by
    their ids, as far as they are known, and `changes` what is done about the hours that clocks skip or repeat in them.
    """

    readings: int = 0
    bad: int = 0
    errors: int = 0
    groups: tuple[Group, ...] = ()
    findings: tuple[Finding, ...] = ()
    more_findings: int = 0
    is_naive: set[bool] = field(default_factory=set)
    repeats: Repeats | None = None
    zones: Mapping[int, tzinfo] = field(default_factory=dict)
    changes: ClockChanges = field(default_factory=ClockChanges)

    @property
    def is_sound(self) -> bool:
        return not self.errors


def take_census(
    file: ReadingsFile,
    router: Router,
    on_group: Callable[[Group], None],
    on_progress: Callable[[int], None],
    find_zones: FindZones | None = None,
) -> Census:
    """The census of `file`; `on_group` is told of each group of a file that has groups, and else of each set of rows.

    `on_progress` is told now and then how many readings were looked at. `find_zones` is asked for the time zones of
    data points, by their ids; without it none is known, and nothing is said of that. Raises BrokenFile and FileError.
    """
    count, flags, hours = _Count(file.name, router, on_group), Flags(file.layout), HourSpans()
    if file.layout is None:
        for parcel in file.read_parcels():
            hours.add(row.written.get(TIME) for row in parcel.rows if isinstance(row.written, dict))
            count.add(parcel)
            on_progress(count.readings)
    else:
        for block in read_blocks(file.source, file.layout):
            flags.add(block)
            hours.add(row[file.layout.time] for row in block.rows if len(row) > file.layout.time)
            count.add_block(block)
            on_progress(count.readings)
    hours.check(file.layout.line + 1 if file.layout else 1)
    count.check_clocks(file, find_zones)
    count.compare_times(file)
    for flaw in flags.tell():
        count.say(flaw, file.layout.line if file.layout else 0)
    return count.finish()


class _Count:
    """A census in the making."""

    def __init__(self, file: str, router: Router, on_group: Callable[[Group], None]) -> None:
        self._file = file
        self._router = router
        self._on_group = on_group
        self._census = Census()
        self._counts: Counter[Key] = Counter()  # of readings that are sound in themselves
        self._firsts: dict[Key, int] = {}
        self._grouped: set[Key] = set()
        self._channels: dict[Key, int | None] = {}
        self._spans = {is_naive: Spans(is_naive=is_naive) for is_naive in (True, False)}
        self._clocks = Clocks()
        self._numbers = 0
        self._findings: list[Finding] = []
        self._said: Counter[str] = Counter()

    @property
    def readings(self) -> int:
        return self._census.readings

    def add_block(self, block: Block) -> None:
        zones = block.find_zones()
        if zones is None or len(zones) > 1:
            for parcel in block.read_parcels():
                self.add(parcel)
            return
        self._census.readings += len(block.rows)
        self._census.is_naive |= zones
        known, keys = len(self._counts), block.keys
        if len(keys) == 1:
            self._counts[keys[0]] += len(block.rows)
        else:
            self._counts.update(keys)
        if more := len(self._counts) - known:
            # The last line of a key is put first, so that its first one stays.
            lines = dict(zip(reversed(keys), reversed(block.lines[: len(keys)]), strict=True))
            for key in reversed(list(islice(reversed(self._counts), more))):
                self._meet(key, lines[key])
        (is_naive,) = zones
        if is_naive:
            self._clocks.add(block.times)
        if len(keys) == 1:
            self._spans[is_naive].add(self._channels[keys[0]], block.times)
        else:
            self._spans[is_naive].add_mixed(list(map(self._channels.__getitem__, keys)), block.times)

    def add(self, parcel: Parcel) -> None:
        settle_dates(parcel, self._router)
        self._census.readings += len(parcel.rows)
        for flaw in (*parcel.flaws, *parcel.doubts):
            self.say(flaw, parcel.line)
        for row in parcel.rows:
            self._census.bad += row.reading is None or bool(parcel.flaws)
            for flaw in row.flaws:
                self.say(flaw, row.line)
            if row.reading is not None:
                self._census.is_naive.add(row.is_naive)
        if parcel.number is not None:
            self._numbers = parcel.number + 1
        if parcel.key is not None and not parcel.flaws:
            self._count(parcel, parcel.key)

    def check_clocks(self, file: ReadingsFile, find_zones: FindZones | None) -> None:
        """Look for local times that clocks skip or repeat, once all of `file` was added. Raises as `compare_times`."""
        # The first channel of each data point is put in last, so that it stays.
        found = [self._router.find(key).channel for key in reversed(self._firsts)]
        points = {channel.data_point.id: channel for channel in found if channel is not None}
        if find_zones is not None and points:
            self._census.zones = find_zones(sorted(points))
            if file.times.zone is None and self._clocks.has_any:
                self._say_unknown([points[one] for one in sorted(points.keys() - self._census.zones.keys())])
        zones = set(self._census.zones.values()) if file.times.zone is None else {file.times.zone}
        if self._clocks.meet(zones):
            changes = find_clock_changes(file, self._router, self._census.zones)
            for line, flaw in changes.list_flaws(file):
                self.say(flaw, line)
                self._census.bad += 1
            self._census.changes = changes

    def _say_unknown(self, channels: Sequence[Live]) -> None:
        if not channels:
            return
        what = "a data point is" if len(channels) == 1 else f"{len(channels):,} data points is"
        message = f"the time zone of {what} not known: times that the clocks skip or repeat there could not be checked"
        first = next(line for key, line in self._firsts.items() if self._channels[key] == channels[0].id)
        self.say(Flaw("ESA626", message, "", (f"channel {channels[0].id} {show_value(channels[0].name)}",)), first)

    def compare_times(self, file: ReadingsFile) -> None:
        """Look for readings of one channel at one time, once all of `file` was added. Raises BrokenFile and FileError.

        The file is read again only where readings do not come in the order of time, and only what is of such channels.
        """
        doubtful = {
            (channel_id, is_naive)
            for is_naive, spans in self._spans.items()
            for channel_id in spans.doubtful
            if channel_id is not None
        }
        # Of times that got their offset, others with an offset may be the same.
        doubtful |= {(channel_id, False) for channel_id, is_naive in doubtful if self._census.changes.verdicts}
        if doubtful:
            repeats = find_repeats(file, self._router, self._census.changes, doubtful)
            for line, flaw in repeats.tell(file):
                self.say(flaw, line)
            self._census.repeats = repeats
            self._census.bad += repeats.contradictions

    def finish(self) -> Census:
        census = self._census
        if not census.readings and not census.errors:
            self.say(
                Flaw("ESA611", "the file holds no reading", "look at what wrote it: was there anything to write?"), 1
            )
        census.groups = tuple(
            Group(self._numbers + number, line, self._counts[key], self._router.find(key))
            for number, (key, line) in enumerate(self._firsts.items())
        )
        for key, group in zip(self._firsts, census.groups, strict=True):
            if key not in self._grouped:
                self._on_group(group)
            if group.landing.flaws:
                census.bad += group.readings
            for flaw in (*group.landing.flaws, *group.landing.doubts):
                self.say(_count_in(flaw, group.readings), group.line)
        census.findings = tuple(sorted(self._findings, key=lambda finding: finding.order))
        census.more_findings = self._said.total() - len(self._findings)
        return census

    def _count(self, parcel: Parcel, key: Key) -> None:
        self._counts[key] += sum(row.reading is not None for row in parcel.rows)
        self._meet(key, parcel.line)
        for is_naive, spans in self._spans.items():
            sound = (row.reading for row in parcel.rows if row.reading and row.is_naive is is_naive)
            if times := [datetime.fromisoformat(reading.time) for reading in sound]:
                spans.add(self._channels[key], times)
        local = (row.reading for row in parcel.rows if row.reading and row.is_naive and not row.is_date)
        self._clocks.add([datetime.fromisoformat(reading.time) for reading in local])
        if parcel.number is not None:
            self._grouped.add(key)
            self._on_group(Group(parcel.number, parcel.line, len(parcel.rows), self._router.find(key)))

    def _meet(self, key: Key, line: int) -> None:
        if key not in self._firsts:
            channel = self._router.find(key).channel
            self._channels[key] = None if channel is None else channel.id
            self._firsts[key] = line

    def say(self, flaw: Flaw, line: int) -> None:
        self._said[flaw.code] += 1
        self._census.errors += RULES[flaw.code].severity is Severity.ERROR
        if self._said[flaw.code] <= _SHOWN:
            self._findings.append(flaw.at(self._file, line))


def _count_in(flaw: Flaw, readings: int) -> Flaw:
    if readings < 2:
        return flaw
    return replace(flaw, detail=(f"{readings:,} readings of the file have these identifiers", *flaw.detail))
