"""The routes of readings and the result of an import, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.identifiers import V3_NAMES
from reconciler.planning.messages import describe_channel, show_value
from reconciler.readings.routing import STEP_NAMES
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count
from reconciler.reports.terminal import Style, chunk, split_words, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.channels import Live
    from reconciler.readings.file_check import FileCheck, RoutedGroup
    from reconciler.readings.import_file import ImportResult
    from reconciler.readings.readings_file import ReadingsFile
    from reconciler.readings.storage_check import StorageCheck
    from reconciler.readings.times import TimeParser
    from reconciler.reports.terminal import Styler


# As many as a person reads; JSON has all.
_MAX_SHOWN = 200


def render_routes(file: ReadingsFile, check: FileCheck, styler: Styler) -> str:
    """Each set of identifiers with its channel and the steps of the resolution, and a line with the counts.

    Identifiers without a channel are not listed here, because they have findings.
    """
    return "".join(f"{line}\n" for line in _render_routes(file, check, styler))


def describe_times(check: FileCheck, times: TimeParser | None = None) -> str:
    """A sentence on how the times of the file are read."""
    zone = None if times is None else times.zone
    if times is not None and times.unit is not None and check.is_naive:
        return f"Times are {times.unit.value} since 1970."
    if zone is not None and check.is_naive:
        return f"Times without an offset are read in {zone}, and sent with their offset."
    local = "read as local time of the data point, by EnergyCAP"
    if check.clock_changes.placed:
        placed = count(check.clock_changes.placed, "reading")
        return f"Times have no offset: {local}. In the hour that clocks repeat, the order tells {placed} apart."
    if check.is_naive == {True}:
        return f"Times have no offset: {local}."
    if check.is_naive == {False}:
        return "Times have an offset, and are sent with it."
    return f"Some times have an offset, and are sent with it; the others are {local}." if check.is_naive else ""


def _render_routes(file: ReadingsFile, check: FileCheck, styler: Styler) -> Iterator[str]:
    yield styler(escape_text(file.name), Style.HEADING)
    yield from wrap(split_words(f"{file.describe()}."), styler, indent=2, hang=2)
    if times := describe_times(check, file.times):
        yield from wrap(split_words(times), styler, indent=2, hang=2)
    destination = [
        (group, group.destination.channel)
        for group in check.groups
        if group.readings and group.destination.channel is not None
    ]
    yield ""
    for group, channel in destination[:_MAX_SHOWN]:
        yield from _render_group(group, channel, styler)
    if len(destination) > _MAX_SHOWN:
        yield f"and {count(len(destination) - _MAX_SHOWN, 'more set')} of identifiers; --format json lists all."
    if destination:
        yield ""
    valid = check.readings - check.invalid
    channels = {channel.id for _, channel in destination if valid}
    words = f"Readings: {valid:,} go to {count(len(channels), 'channel')}, {check.invalid:,} cannot be sent."
    yield styler(words, Style.HEADING)


def _render_group(group: RoutedGroup, channel: Live, styler: Styler) -> Iterator[str]:
    destination = group.destination
    head = (
        # Names come from the service, and may contain escape sequences for the terminal.
        chunk(escape_text(describe_channel(channel)), Style.NAME),
        chunk(f"← {count(group.readings, 'reading')}, the first in line {group.line}"),
    )
    yield from wrap(head, styler, indent=2, hang=6)
    given = dict(V3_NAMES.items(destination.identifiers))
    for step, left in destination.route.remaining_by_step:
        name = STEP_NAMES[step]
        number = count(len(left), "channel")
        text = escape_text(f"{name} {show_value(given.get(name))}: {number}")
        yield f"      {styler(text, Style.FAINT)}"


def encode_group(group: RoutedGroup) -> str:
    """One entry of the list as JSON: the route, the line, the number of readings, and the codes of findings."""
    destination = group.destination
    found = destination.route
    return json.dumps(
        {
            # The contract names the first five keys.
            "group": group.number,
            "channel_id": found.channel_id,
            "decided_by": found.decided_by.value if found.decided_by else None,
            "candidates": list(found.candidates),
            "problem": found.failure.value if found.failure else None,
            "line": group.line,
            "readings": group.readings,
            "findings": [error.code for error in (*destination.errors, *destination.warnings)],
        }
    )


def render_import_result(result: ImportResult, failed: Path, styler: Styler) -> str:
    """The counts of an import in one line, and what to do next if something was not imported."""
    return "".join(f"{line}\n" for line in _render_result(result, failed, styler))


def encode_import_result(result: ImportResult, failed: Path) -> str:
    """The counts of an import as one line of JSON."""
    is_all_imported = result.imported == result.readings
    return json.dumps(
        {
            "format_version": "1.0",
            "readings": result.readings,
            "imported": result.imported,
            "failed": result.failed,
            "unknown": result.unknown,
            "not_sent": result.not_sent,
            "left_out": result.left_out,
            "stored": result.storage.stored,
            "differing": result.storage.differing,
            "unchecked": result.storage.unchecked,
            "failed_file": None if is_all_imported or not result.rejects_written else failed.as_posix(),
            "error": None if result.stop_reason is None else result.stop_reason.message,
        }
    )


def _render_result(result: ImportResult, failed: Path, styler: Styler) -> Iterator[str]:
    if result.stop_reason is not None:
        yield from wrap(split_words(f"stopped: {result.stop_reason.message}", Style.FAILED), styler, indent=0, hang=2)
        if result.stop_reason.fix:
            yield from wrap(split_words(f"fix: {result.stop_reason.fix}"), styler, indent=2, hang=7)
    if result.unknown:
        text = (
            f"{count(result.unknown, 'reading')} may or may not be stored: "
            "check their channels before sending them again"
        )
        yield from wrap(split_words(text, Style.UNKNOWN), styler, indent=0, hang=2)
    yield from _render_storage_check(result.storage, styler)
    if result.imported < result.readings or not result.rejects_written:
        number = result.readings - result.imported
        name = escape_text(str(failed))
        if result.rejects_written:
            yield f"{count(number, 'reading')} with the reason in {name}: fix and import that file."
        else:
            yield f"{name} is not complete: import the original file again."
    yield styler(_format_counts(result), Style.DONE if result.is_complete else Style.FAILED)


def _render_storage_check(storage: StorageCheck, styler: Styler) -> Iterator[str]:
    lines = []
    if storage.differing:
        are = "is not stored as it was sent" if storage.differing == 1 else "are not stored as they were sent"
        lines.append(split_words(f"{count(storage.differing, 'imported reading')} {are}", Style.FAILED))
    if storage.unchecked:
        number = f"{count(storage.unchecked, 'imported reading')} {'is' if storage.unchecked == 1 else 'are'}"
        lines.append(
            split_words(f"whether {number} stored could not be checked: {storage.unchecked_reason}", Style.UNKNOWN)
        )
    if storage.overwritten:
        there = storage.stored + storage.unchecked
        lines.append(split_words(f"{there:,} remain: of several at one time, EnergyCAP keeps the last"))
    for line in lines:
        yield from wrap(line, styler, indent=0, hang=2)


def _format_counts(result: ImportResult) -> str:
    return (
        f"Import: {result.imported:,} imported, {result.failed:,} failed, {result.unknown:,} unknown, "
        f"{result.not_sent:,} not sent, {result.left_out:,} left out."
    )
