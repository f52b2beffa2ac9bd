"""What an import makes of the channels asked for: the texts of files, and the proof that a plan of them is empty."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler import __version__
from reconciler.cli.files import read_exactly
from reconciler.cli.planned import utc_now
from reconciler.cli.project import print_findings
from reconciler.definitions.heads import read_header
from reconciler.definitions.holding import is_representable
from reconciler.definitions.load import load_definitions
from reconciler.definitions.rewriting import UnsafeEdit, append_channels, update_channels
from reconciler.definitions.schema import Format
from reconciler.definitions.spelling import to_yaml_scalar
from reconciler.definitions.writing import place_schema, render_file, render_schema
from reconciler.errors import FileError, ProjectError, advise_on
from reconciler.model.findings import Severity
from reconciler.planning.importing.drafting import add_ties, list_new, propose
from reconciler.planning.importing.naming import ByHand, Kept, Terms
from reconciler.planning.importing.updates import find_differences, find_updates
from reconciler.planning.plan import Basis, make_plan
from reconciler.reports.escaping import escape_text
from reconciler.reports.import_report import WrittenFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.cli.project import ProjectContext
    from reconciler.cli.screen import Output
    from reconciler.definitions.load import LoadResult
    from reconciler.model.channels import Definitions, Desired, Live, Snapshot
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from reconciler.model.values import Spec
    from reconciler.planning.importing.naming import Fields, Layout, LeftOut
    from reconciler.planning.importing.selection import Survey
    from reconciler.planning.importing.updates import Updates

# A folder of definitions without a file in it: where most imports begin.
NO_FILES = "ESA102"
_EXCLUDE_THEM = "leave these channels out: --only picks others"


class ImportInput(Struct, frozen=True):
    """What an import stands on: the project, its definitions, and what the service has."""

    context: ProjectContext
    environment: Environment
    definitions: Definitions
    snapshot: Snapshot

    def plan(self, definitions: Definitions) -> Plan:
        """The plan of `definitions` for this environment."""
        basis = Basis(__version__, self.environment, self.environment.url, utc_now())
        return make_plan(definitions, self.snapshot, basis)


class ImportedFiles(Struct, frozen=True):
    """The files to be written, the channels that this is about, and what of them stays out.

    `by_hand` are values of other channels, which their files cannot take without losing a comment; `kept` are values
    that somebody edited.
    """

    files: tuple[WrittenFile, ...]
    names: frozenset[str]
    left_out: tuple[LeftOut, ...]
    by_hand: tuple[ByHand, ...] = ()
    kept: tuple[Kept, ...] = ()


def draft_new_files(
    inputs: ImportInput, survey: Survey, picked: Sequence[Live], style: tuple[Fields, Layout]
) -> ImportedFiles:
    """The files with those of `picked` that no file manages yet."""
    root, folders = inputs.context.root, inputs.context.project.definitions
    new = list_new(picked, survey)
    joined = {survey.homes[live.data_point.id] for live in new if live.data_point.id in survey.homes}
    texts = {file: read_exactly(root / file) for file in joined}
    heads = {file: read_header(text) for file, text in texts.items()}
    folder = str(PurePosixPath(folders[0]))
    terms = Terms(is_representable, *style, folder, _list_paths(root, folder))
    proposal = propose(new, survey, inputs.definitions, heads, terms)
    files = []
    for file, members in groupby(proposal.channels, key=lambda channel: channel.file):
        channels = tuple(members)
        text = _append(file, texts[file], channels) if file in texts else render_file(file, channels)
        files.append(WrittenFile(file, texts.get(file), text, len(channels)))
    names = frozenset(channel.name for channel in proposal.channels)
    return ImportedFiles((*files, *_add_schema(root, files)), names, proposal.left_out)


def find_file_updates(survey: Survey, picked: Sequence[Live], plan: Plan) -> Updates:
    """What the service has for those of `picked` that the files manage; `plan` says where they differ."""
    names = {survey.names[live.id] for live in picked if live.id in survey.managed and live.id in survey.names}
    return find_updates(plan, names, is_representable)


def add_version_begins(inputs: ImportInput, survey: Survey, picked: Sequence[Live], updates: Updates) -> Updates:
    """`updates` with the begin of the version for those of `picked` whose file does not say it."""
    managed = {survey.names[live.id]: live for live in picked if live.id in survey.managed and live.id in survey.names}
    return add_ties(updates, managed, inputs.definitions.channels)


def update_files(inputs: ImportInput, updates: Updates) -> ImportedFiles:
    """The files with `updates`."""
    files: list[WrittenFile] = []
    by_hand: list[ByHand] = []
    for file, channels in sorted(updates.files.items()):
        text = read_exactly(inputs.context.root / file)
        after, unkept = _update_text(text, channels)
        if len(unkept) < len(channels):
            files.append(WrittenFile(file, text, after, len(channels) - len(unkept)))
        by_hand += [ByHand(file, name, _list_values(channels[name])) for name in unkept]
    written = updates.names - {one.name for one in by_hand}
    return ImportedFiles(tuple(files), written, updates.left_out, tuple(by_hand), updates.kept)


def _update_text(text: str, channels: Mapping[str, Spec]) -> tuple[str, list[str]]:
    """`text` with the values of `channels`, and the names of those that it cannot take without losing a comment."""
    with suppress(UnsafeEdit):
        return update_channels(text, channels), []
    unkept = []
    for name, spec in channels.items():
        try:
            text = update_channels(text, {name: spec})
        except UnsafeEdit:
            unkept.append(name)
    return text, unkept


def _list_values(spec: Spec) -> tuple[str, ...]:
    return tuple(f"{path}: {to_yaml_scalar(value)}" for path, value in spec.items())


def _append(file: str, text: str, channels: Sequence[Desired]) -> str:
    try:
        return append_channels(text, channels)
    except UnsafeEdit:
        raise ProjectError(
            f"channels cannot be added to {file} without changing more in it, such as a comment; nothing was written",
            "write  channels:  there with each channel on a line of its own, without an anchor, and import again",
        ) from None


def verify_empty_plan(output: Output, inputs: ImportInput, before: Plan, imported: ImportedFiles) -> None:
    """Plan with the files as they are to be. Raises ProjectError, the reasons printed, where that is not as promised.

    `before` is the plan of the files as they are.
    """
    root = inputs.context.root
    try:
        loaded = _load_copy(inputs, imported)
    except OSError as error:
        raise FileError(
            f"the temporary copy of the files that is planned first cannot be made: {error.strerror}",
            f"{advise_on(error)}; or set TMPDIR to another folder for temporary files",
        ) from error
    errors = [found for found in loaded.findings if found.severity is Severity.ERROR and found.code != NO_FILES]
    if errors:
        print_findings(output, errors, root)
        raise ProjectError("the files would have errors; nothing was written", _EXCLUDE_THEM)
    kept = {(one.name, one.path) for one in imported.kept}
    differences = find_differences(before, inputs.plan(loaded.definitions), imported.names, kept)
    if differences:
        output.write("".join(f"{line}\n" for line in map(escape_text, differences)))
        raise ProjectError("a plan of these files would not be empty; nothing was written", _EXCLUDE_THEM)


def _load_copy(inputs: ImportInput, imported: ImportedFiles) -> LoadResult:
    """The definitions as they are to be, from a temporary folder. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        texts = {file: (inputs.context.root / file).read_bytes() for file in inputs.definitions.files}
        texts |= {written.file: written.after.encode() for written in imported.files}
        for file, content in texts.items():
            path = Path(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return load_definitions(Path(folder), inputs.context.project.definitions)


def _add_schema(root: Path, files: Sequence[WrittenFile]) -> Iterator[WrittenFile]:
    """The schema that the first line of new files leads to, for a project that has none."""
    schema = place_schema(Format.CHANNELS)
    if any(file.before is None for file in files) and not (root / schema).exists():
        yield WrittenFile(schema, None, render_schema(Format.CHANNELS), channels=0)


def _list_paths(root: Path, folder: str) -> frozenset[str]:
    """All that exists in `folder`, relative to `root`, in lower case; what is hidden is passed over."""
    paths = set()
    for place, folders, files in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths |= {Path(place, name).relative_to(root).as_posix().casefold() for name in (*folders, *files)}
    return frozenset(paths)
