"""What became of an import, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count
from reconciler.reports.terminal import Style, split_words, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.readings.sending import ImportAccount
    from reconciler.readings.stored import Tally
    from reconciler.reports.terminal import Styler


def render_account(account: ImportAccount, failed: Path, styler: Styler) -> str:
    """The counts of an import in one line, and what to do next where something was not taken."""
    return "".join(f"{line}\n" for line in _render_lines(account, failed, styler))


def encode_account(account: ImportAccount, failed: Path) -> str:
    """The counts of an import as one line of JSON."""
    is_all_imported = account.imported == account.readings
    return json.dumps(
        {
            "format_version": "1.0",
            "readings": account.readings,
            "imported": account.imported,
            "failed": account.failed,
            "unknown": account.unknown,
            "not_sent": account.not_sent,
            "left_out": account.left_out,
            "stored": account.tally.stored,
            "differing": account.tally.differing,
            "unchecked": account.tally.unchecked,
            "failed_file": None if is_all_imported or not account.is_written_down else failed.as_posix(),
            "error": None if account.stopped is None else account.stopped.message,
        }
    )


def _render_lines(account: ImportAccount, failed: Path, styler: Styler) -> Iterator[str]:
    if account.stopped is not None:
        yield from wrap(split_words(f"stopped: {account.stopped.message}", Style.FAILED), styler, indent=0, hang=2)
        if account.stopped.fix:
            yield from wrap(split_words(f"fix: {account.stopped.fix}"), styler, indent=2, hang=7)
    if account.unknown:
        text = (
            f"of {count(account.unknown, 'reading')} it is not known whether the service took them: "
            "look at their channels before they are sent again"
        )
        yield from wrap(split_words(text, Style.UNKNOWN), styler, indent=0, hang=2)
    yield from _render_tally(account.tally, styler)
    if account.imported < account.readings or not account.is_written_down:
        number = account.readings - account.imported
        name = escape_text(str(failed))
        if account.is_written_down:
            yield f"{count(number, 'reading')} with the reason in {name}: mend and import that file."
        else:
            yield f"{name} does not hold all that was not imported: import the first file again."
    yield styler(_count(account), Style.DONE if account.is_whole else Style.FAILED)


def _render_tally(tally: Tally, styler: Styler) -> Iterator[str]:
    lines = []
    if tally.differing:
        are = "is not stored as it was sent" if tally.differing == 1 else "are not stored as they were sent"
        lines.append(split_words(f"{count(tally.differing, 'imported reading')} {are}", Style.FAILED))
    if tally.unchecked:
        number = f"{count(tally.unchecked, 'imported reading')} {'is' if tally.unchecked == 1 else 'are'}"
        lines.append(split_words(f"whether {number} stored could not be checked: {tally.unread}", Style.UNKNOWN))
    if tally.overwritten:
        there = tally.stored + tally.unchecked
        lines.append(split_words(f"{there:,} remain: of those at one time the last counts"))
    for line in lines:
        yield from wrap(line, styler, indent=0, hang=2)


def _count(account: ImportAccount) -> str:
    return (
        f"Import: {account.imported:,} imported, {account.failed:,} failed, {account.unknown:,} unknown, "
        f"{account.not_sent:,} not sent, {account.left_out:,} left out."
    )
