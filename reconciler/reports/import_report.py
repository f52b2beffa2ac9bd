"""What an import wrote, or would write, as text."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.lookalikes import distinguish, look
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count, format_value
from reconciler.reports.terminal import Style, chunk, split_words, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.planning.importing.inventory import ByHand, Kept, Skipped
    from reconciler.reports.terminal import Styler


# An import of a whole tenant writes thousands of files.
_MAX_LISTED = 20
_LINE_STYLES = {"+": Style.AFTER, "-": Style.BEFORE, "@": Style.FAINT}


class WrittenFile(Struct, frozen=True):
    """A file before (None if it did not exist) and after an import, and how many of its channels changed.

    The schema that channel files name for editors has no channels.
    """

    file: str
    before: str | None
    after: str
    channels: int


class ImportSummary(Struct, frozen=True):
    """The result of an import.

    `managed` is how many of the channels asked for the files had before. With `is_update` these took over live values,
    without it others were added. `is_preview` says that nothing was written. `pending` are versions in the files that
    EnergyCAP does not have. `listed` are the channels that use no template because they list their versions.
    """

    environment: str
    files: tuple[WrittenFile, ...]
    managed: int
    skipped: tuple[Skipped, ...]
    is_update: bool = False
    is_preview: bool = False
    by_hand: tuple[ByHand, ...] = ()
    kept: tuple[Kept, ...] = ()
    pending: tuple[Skipped, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """How many channels were added or updated."""
        return sum(file.channels for file in self.files)


def render_import(done: ImportSummary, styler: Styler, prefix: str = "") -> str:
    """The result of an import; a preview shows each file as a diff.

    `prefix` is the path from the current folder to the root of the project.
    """
    blocks = [
        [styler(_summarize_import(done), Style.HEADING)],
        list(_show_diffs(done.files, styler, prefix) if done.is_preview else _list_files(done.files, styler, prefix)),
        list(_list_versioned(done.listed, styler)),
        list(_list_skipped(done.skipped, styler)),
        list(_list_kept(done.kept, styler)),
        list(_list_pending(done.pending, styler)),
        list(_list_by_hand(done.by_hand, styler, prefix)),
        [styler(_count_import(done), Style.HEADING)],
    ]
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in blocks if lines)


def _summarize_import(done: ImportSummary) -> str:
    where = escape_text(done.environment)
    if not done.files and done.by_hand:
        return f"No file {'would be' if done.is_preview else 'was'} updated from {where}."
    if not done.files and (done.kept or done.pending):
        kept = "what was edited" if done.kept else "the versions that it lacks"
        return f"The files keep {kept}; nothing else differs from {where}."
    if not done.files:
        return f"Nothing to update from {where}." if done.is_update else f"Nothing to import from {where}."
    channels = count(done.channels, "channel")
    files = count(sum(file.channels > 0 for file in done.files), "file")
    if done.is_update:
        verb = "would be updated" if done.is_preview else "updated"
        return f"{files} {verb} from {where} for {channels}; {_describe_next_plan(done)}."
    verb = "would go" if done.is_preview else "went"
    return f"{channels} of {where} {verb} into {files}; a plan of them is empty."


def _describe_next_plan(done: ImportSummary) -> str:
    is_open = done.kept or done.pending
    return "a plan of them edits only what is kept" if is_open else "a plan of them is empty"


def _list_files(files: Sequence[WrittenFile], styler: Styler, prefix: str) -> Iterator[str]:
    for file in files[:_MAX_LISTED]:
        kind = styler("+ new    ", Style.DONE) if file.before is None else styler("~ changed", Style.UPDATE)
        about = count(file.channels, "channel") if file.channels else "for editors"
        yield f"  {kind}  {escape_text(prefix + file.file)}  {about}"
    if len(files) > _MAX_LISTED:
        yield f"  and {count(len(files) - _MAX_LISTED, 'file')} more; git status lists them"


def _show_diffs(files: Sequence[WrittenFile], styler: Styler, prefix: str) -> Iterator[str]:
    for file in (file for file in files if file.channels):
        name = prefix + file.file
        old, new = (file.before or "").splitlines(), file.after.splitlines()
        diff = difflib.unified_diff(old, new, "/dev/null" if file.before is None else name, name, lineterm="")
        for line in _distinguish_lines(list(diff)):
            yield styler(escape_text(line), _LINE_STYLES.get(line[:1], Style.PLAIN))


def _distinguish_lines(diff: list[str]) -> list[str]:
    """`diff`, in which a removed line and the one that replaces it look different."""
    for number in range(1, len(diff)):
        old, new = diff[number - 1 : number + 1]
        if old[:1] == "-" and new[:1] == "+" and look(old[1:]) == look(new[1:]):
            one, other = distinguish(old[1:], new[1:])
            diff[number - 1 : number + 1] = [f"-{one}", f"+{other}"]
    return diff


def _list_versioned(names: Sequence[str], styler: Styler) -> Iterator[str]:
    if names:
        yield "Written out without a template, because each lists versions of its own:"
        yield from wrap([chunk(escape_text(name), Style.NAME) for name in names], styler, indent=2, gap="  ")


def _list_skipped(left_out: Sequence[Skipped], styler: Styler) -> Iterator[str]:
    if left_out:
        yield "Left out of the files, and so not managed:"
    for left in left_out:
        head = (chunk(escape_text(left.name), Style.NAME), chunk(left.path or "the whole channel", Style.PATH))
        yield from wrap(head, styler, indent=2, hang=6, gap="  ")
        yield from wrap(split_words(left.reason), styler, indent=6)


def _list_kept(kept: Sequence[Kept], styler: Styler) -> Iterator[str]:
    if kept:
        yield "Kept in the files; --force overwrites these too:"
    for one in kept:
        head = (chunk(escape_text(one.name), Style.NAME), chunk(one.path, Style.PATH), chunk(format_value(one.value)))
        yield from wrap(head, styler, indent=2, hang=6, gap="  ")
        yield from wrap(split_words(f"{one.reason}; EnergyCAP has {format_value(one.live)}"), styler, indent=6)


def _list_pending(pending: Sequence[Skipped], styler: Styler) -> Iterator[str]:
    if pending:
        yield "Listed in the files, but not in EnergyCAP, and left as they are:"
    for one in pending:
        head = (chunk(escape_text(one.name), Style.NAME), chunk(escape_text(one.path), Style.PATH))
        yield from wrap(head, styler, indent=2, hang=6, gap="  ")


def _list_by_hand(by_hand: Sequence[ByHand], styler: Styler, prefix: str) -> Iterator[str]:
    if by_hand:
        yield "Not written, because something else in the file, such as a comment, would change; edit by hand:"
    for one in by_hand:
        head = (chunk(escape_text(prefix + one.file), Style.PLACE), chunk(escape_text(one.name), Style.NAME))
        yield from wrap(head, styler, indent=2, hang=6, gap="  ")
        for value in one.values:
            yield f"      {escape_text(value)}"


def _count_import(done: ImportSummary) -> str:
    new = sum(file.before is None for file in done.files)
    parts = [
        f"{count(done.channels, 'channel')} {'updated' if done.is_update else 'added'}",
        f"{count(new, 'file')} new",
        f"{len(done.files) - new} changed",
        f"{done.managed} managed before",
        f"{len(done.skipped)} left out",
        *([f"{count(len(done.kept), 'value')} kept"] if done.kept else []),
        *([f"{count(len(done.by_hand), 'channel')} to edit by hand"] if done.by_hand else []),
    ]
    return f"Import{' (nothing written)' if done.is_preview else ''}: {', '.join(parts)}."
