"""The first pass over a file: every reading is counted and checked before anything is sent."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.findings import Severity
from reconciler.planning.messages import show_value
from reconciler.readings.clock_changes import ClockChanges, LocalTimeRange, find_clock_changes
from reconciler.readings.csv_header import FlagValues
from reconciler.readings.csv_reader import read_blocks
from reconciler.readings.duplicates import TimeRanges, find_duplicates
from reconciler.readings.reading_rows import TIME, BrokenFile, RowError, quote, trim
from reconciler.readings.routing import DAY_MINUTES, refuse_bare_dates
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.model.channels import Live
    from reconciler.model.findings import Finding
    from reconciler.readings.csv_reader import Block
    from reconciler.readings.duplicates import Duplicates
    from reconciler.readings.reading_rows import GroupKey, ReadingGroup
    from reconciler.readings.readings_file import ReadingsFile
    from reconciler.readings.routing import Destination, Router


# 2026-03-30T00:00-00:15 may be a range of a quarter of an hour, or midnight with the offset -00:15.
_RANGE = re.compile(r"(.*)([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", re.DOTALL)


class HourRangeDetector:
    """Detects a file whose times all look like ranges: each offset is the row's time of day a little later.

    One time is not enough for that, nor are times that all have one offset.
    """

    def __init__(self) -> None:
        self._is_excluded = False
        self._first = ""
        self._offsets: set[str] = set()

    def add(self, texts: Iterable[object]) -> None:
        """Add times as they are written."""
        if self._is_excluded:
            return
        for text in texts:
            match = _RANGE.fullmatch(trim(text)) if isinstance(text, str) else None
            if match is None or not _is_range(match):
                self._is_excluded = True
                return
            self._first = self._first or match[0]
            self._offsets.add(f"{match[4]}:{match[5]}")

    def check(self, line: int) -> None:
        """Raise BrokenFile, at a line, if all times look like ranges."""
        if self._is_excluded or len(self._offsets) < 2:
            return
        match = _RANGE.fullmatch(self._first)
        day, own, end = (match[1], f"{match[2]}:{match[3]}", f"{match[4]}:{match[5]}") if match else ("", "", "")
        message = f"the times look like ranges of time, not like times with offsets, found {quote(self._first)}"
        fix = (
            f"write the one time that a reading is for, as in  {day}{end};  if these are offsets,  {day}{own}:00-{end}"
        )
        raise BrokenFile(message, line, fix, "ESA612")


def _is_range(match: re.Match[str]) -> bool:
    begin, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    return 0 < (end - begin) % DAY_MINUTES <= 60


FindZones: TypeAlias = "Callable[[Sequence[int]], Mapping[int, tzinfo]]"

# Per rule: after fifty examples a user knows how to fix the rest.
_MAX_SHOWN = 50


class RoutedGroup(Struct, frozen=True):
    """Readings with the same identifiers, and where they go; `line` is that of the first."""

    number: int
    line: int
    readings: int
    destination: Destination


class FileCheck(Struct):
    """The result of checking a file.

    `invalid` readings cannot be sent, because of their values or their destination. `errors` counts all errors;
    `findings` has the first ones, and `omitted_findings` counts the rest. `groups` are by identifiers, in the order in
    which these first occur. `is_naive` says whether times are without an offset, and has both values if they are mixed.
    `duplicates` are readings of one channel at one time, None if there are none. `zones` are the known time zones by
    data point id, and `clock_changes` are the decisions on the hours that clocks skip or repeat in them.
    """

    readings: int = 0
    invalid: int = 0
    errors: int = 0
    groups: tuple[RoutedGroup, ...] = ()
    findings: tuple[Finding, ...] = ()
    omitted_findings: int = 0
    is_naive: set[bool] = field(default_factory=set)
    duplicates: Duplicates | None = None
    zones: Mapping[int, tzinfo] = field(default_factory=dict)
    clock_changes: ClockChanges = field(default_factory=ClockChanges)

    @property
    def is_valid(self) -> bool:
        return not self.errors


def check_file(
    file: ReadingsFile,
    router: Router,
    on_group: Callable[[RoutedGroup], None],
    on_progress: Callable[[int], None],
    find_zones: FindZones | None = None,
) -> FileCheck:
    """The check of `file`; `on_group` gets each group of the file, or each set of identifiers for single readings.

    `on_progress` gets the number of readings checked so far. `find_zones` finds the time zones of data points by their
    ids; without it, no zone is known, and there is no warning about that. Raises BrokenFile and FileError.
    """
    checker = _Checker(file.name, router, on_group)
    flag_values, hour_ranges = FlagValues(file.layout), HourRangeDetector()
    if file.layout is None:
        for group in file.read_groups():
            hour_ranges.add(row.written.get(TIME) for row in group.rows if isinstance(row.written, dict))
            checker.add(group)
            on_progress(checker.readings)
    else:
        for block in read_blocks(file.source, file.layout):
            flag_values.add(block)
            hour_ranges.add(row[file.layout.time] for row in block.rows if len(row) > file.layout.time)
            checker.add_block(block)
            on_progress(checker.readings)
    hour_ranges.check(file.layout.line + 1 if file.layout else 1)
    checker.check_clocks(file, find_zones)
    checker.compare_times(file)
    for error in flag_values.list_errors():
        checker.report(error, file.layout.line if file.layout else 0)
    return checker.finish()


class _Checker:
    """The check of one file while it is read."""

    def __init__(self, file: str, router: Router, on_group: Callable[[RoutedGroup], None]) -> None:
        self._file = file
        self._router = router
        self._on_group = on_group
        self._check = FileCheck()
        self._counts: Counter[GroupKey] = Counter()  # of readings that are valid on their own
        self._firsts: dict[GroupKey, int] = {}
        self._grouped: set[GroupKey] = set()
        self._channels: dict[GroupKey, int | None] = {}
        self._ranges = {is_naive: TimeRanges(is_naive=is_naive) for is_naive in (True, False)}
        self._clocks = LocalTimeRange()
        self._group_count = 0
        self._findings: list[Finding] = []
        self._reported: Counter[str] = Counter()

    @property
    def readings(self) -> int:
        return self._check.readings

    def add_block(self, block: Block) -> None:
        zones = block.find_zones()
        if zones is None or len(zones) > 1:
            for group in block.read_groups():
                self.add(group)
            return
        # From here on all rows are valid, and are counted by columns.
        self._check.readings += len(block.rows)
        self._check.is_naive |= zones
        keys = block.keys
        self._count_keys(keys, block)
        (is_naive,) = zones
        if is_naive:
            self._clocks.add(block.times)
        if len(keys) == 1:
            self._ranges[is_naive].add(self._channels[keys[0]], block.times)
        else:
            self._ranges[is_naive].add_mixed(list(map(self._channels.__getitem__, keys)), block.times)

    def add(self, group: ReadingGroup) -> None:
        refuse_bare_dates(group, self._router)
        self._check.readings += len(group.rows)
        for error in (*group.errors, *group.warnings):
            self.report(error, group.line)
        for row in group.rows:
            self._check.invalid += row.reading is None or bool(group.errors)
            for error in row.errors:
                self.report(error, row.line)
            if row.reading is not None:
                self._check.is_naive.add(row.is_naive)
        if group.number is not None:
            self._group_count = group.number + 1
        if group.key is not None and not group.errors:
            self._count(group, group.key)

    def check_clocks(self, file: ReadingsFile, find_zones: FindZones | None) -> None:
        """Look for local times that clocks skip or repeat, after all of `file` was added. Raises as `compare_times`."""
        # From the last key to the first, so that the first channel of each data point remains.
        found = [self._router.find(key).channel for key in reversed(self._firsts)]
        points = {channel.data_point.id: channel for channel in found if channel is not None}
        if find_zones is not None and points:
            self._check.zones = find_zones(sorted(points))
            if file.times.zone is None and self._clocks.has_any:
                self._report_unknown_zones([points[one] for one in sorted(points.keys() - self._check.zones.keys())])
        zones = set(self._check.zones.values()) if file.times.zone is None else {file.times.zone}
        if self._clocks.has_transition(zones):
            changes = find_clock_changes(file, self._router, self._check.zones)
            for line, error in changes.list_errors(file):
                self.report(error, line)
                self._check.invalid += 1
            self._check.clock_changes = changes

    def _report_unknown_zones(self, channels: Sequence[Live]) -> None:
        if not channels:
            return
        what = "a data point is" if len(channels) == 1 else f"{len(channels):,} data points is"
        message = f"the time zone of {what} not known: times that the clocks skip or repeat there could not be checked"
        first = next(line for key, line in self._firsts.items() if self._channels[key] == channels[0].id)
        self.report(
            RowError("ESA626", message, "", (f"channel {channels[0].id} {show_value(channels[0].name)}",)), first
        )

    def compare_times(self, file: ReadingsFile) -> None:
        """Look for readings of one channel at one time, after all of `file` was added. Raises BrokenFile and FileError.

        The file is read again only if the readings of a channel are not in the order of time.
        """
        suspects = {
            (channel_id, is_naive)
            for is_naive, ranges in self._ranges.items()
            for channel_id in ranges.suspects
            if channel_id is not None
        }
        # A time that was given an offset may be equal to one that has an offset in the file.
        suspects |= {(channel_id, False) for channel_id, is_naive in suspects if self._check.clock_changes.decisions}
        if suspects:
            duplicates = find_duplicates(file, self._router, self._check.clock_changes, suspects)
            for line, error in duplicates.list_errors(file):
                self.report(error, line)
            self._check.duplicates = duplicates
            self._check.invalid += duplicates.conflict_count

    def finish(self) -> FileCheck:
        check = self._check
        if not check.readings and not check.errors:
            self.report(RowError("ESA611", "the file has no readings", "check the program that wrote it"), 1)
        check.groups = tuple(
            RoutedGroup(self._group_count + number, line, self._counts[key], self._router.find(key))
            for number, (key, line) in enumerate(self._firsts.items())
        )
        for key, group in zip(self._firsts, check.groups, strict=True):
            if key not in self._grouped:
                self._on_group(group)
            if group.destination.errors:
                check.invalid += group.readings
            for error in (*group.destination.errors, *group.destination.warnings):
                self.report(_with_count(error, group.readings), group.line)
        check.findings = tuple(sorted(self._findings, key=lambda finding: finding.order))
        check.omitted_findings = self._reported.total() - len(self._findings)
        return check

    def _count(self, group: ReadingGroup, key: GroupKey) -> None:
        self._counts[key] += sum(row.reading is not None for row in group.rows)
        self._add_key(key, group.line)
        for is_naive, ranges in self._ranges.items():
            valid = (row.reading for row in group.rows if row.reading and row.is_naive is is_naive)
            if times := [datetime.fromisoformat(reading.time) for reading in valid]:
                ranges.add(self._channels[key], times)
        local = (row.reading for row in group.rows if row.reading and row.is_naive and not row.is_date)
        self._clocks.add([datetime.fromisoformat(reading.time) for reading in local])
        if group.number is not None:
            self._grouped.add(key)
            self._on_group(RoutedGroup(group.number, group.line, len(group.rows), self._router.find(key)))

    def _count_keys(self, keys: Sequence[GroupKey], block: Block) -> None:
        known = len(self._counts)
        if len(keys) == 1:
            self._counts[keys[0]] += len(block.rows)
        else:
            self._counts.update(keys)
        if more := len(self._counts) - known:
            # From the last row to the first, so that the first line of each key remains.
            lines = dict(zip(reversed(keys), reversed(block.lines[: len(keys)]), strict=True))
            # A dict keeps the order of insertion, so the new keys are its last ones.
            for key in reversed(list(islice(reversed(self._counts), more))):
                self._add_key(key, lines[key])

    def _add_key(self, key: GroupKey, line: int) -> None:
        if key not in self._firsts:
            channel = self._router.find(key).channel
            self._channels[key] = None if channel is None else channel.id
            self._firsts[key] = line

    def report(self, error: RowError, line: int) -> None:
        self._reported[error.code] += 1
        self._check.errors += RULES[error.code].severity is Severity.ERROR
        if self._reported[error.code] <= _MAX_SHOWN:
            self._findings.append(error.at(self._file, line))


def _with_count(error: RowError, readings: int) -> RowError:
    if readings < 2:
        return error
    return replace(error, detail=(f"{readings:,} readings of the file have these identifiers", *error.detail))
