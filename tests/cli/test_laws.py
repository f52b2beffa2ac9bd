"""What holds of every import, whatever the tenant: its plan is empty, and a second one has nothing to do."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler import sandbox
from reconciler.cli.import_channels import (
    ImportedFiles,
    draft_new_files,
    find_file_updates,
    update_files,
    verify_empty_plan,
)
from reconciler.cli.output import Output
from reconciler.definitions.load import load_definitions
from reconciler.model.findings import Severity
from reconciler.model.plan import Action
from reconciler.model.values import begin_key
from reconciler.planning.importing.inventory import (
    ChannelFilter,
    Fields,
    FileStyle,
    WrittenVersions,
    make_inventory,
    select_channels,
)
from tests.cases import note_case
from tests.cli.tenants import PROJECT, open_project, read_files, read_world, stand_on, worlds, write

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from hypothesis.strategies import DrawFn

    from reconciler.cli.import_channels import ImportInput

STYLE = (Fields.ALL, FileStyle.PLACE, WrittenVersions.CURRENT)
LISTED = (Fields.ALL, FileStyle.PLACE, WrittenVersions.ALL)
FOLDERS = PROJECT.definitions
# What may stand above the channels of a file that new ones join.
HEADS = (
    "channels:\n",
    "# about\n\nchannels:   # all\n",
    "defaults:\n  intervalMinutes: 60\n  summarizationMethod: Sum\nchannels:\n",
    "defaults: {isPrimaryValue: true, channelDescription: roof, esaChannelVersion: {unitId: 1}}\nchannels:\n",
)
unhurried = settings(deadline=None, max_examples=50)
in_each_style = pytest.mark.parametrize(
    "style",
    [(Fields.MINIMAL, FileStyle.PLACE, WrittenVersions.CURRENT), (Fields.ALL, FileStyle.FLAT, WrittenVersions.ALL)],
    ids=["minimal, place, current version", "all, flat, all versions"],
)


def import_new(
    inputs: ImportInput, style: tuple[Fields, FileStyle, WrittenVersions] = STYLE, **asked: Any
) -> ImportedFiles:
    """All that an import would write, proved."""
    inventory = make_inventory(inputs.definitions, inputs.snapshot)
    picked, _ = select_channels(inventory, ChannelFilter(**asked))
    imported = draft_new_files(inputs, inventory, picked, style)
    verify_empty_plan(Output(), inputs, inputs.plan(inputs.definitions), imported)
    return imported


@in_each_style
@unhurried
@given(worlds())
def test_a_plan_after_an_import_is_empty(style: tuple[Fields, FileStyle, WrittenVersions], world: list[Any]) -> None:
    snapshot = read_world(world)
    with open_project() as workplace:
        imported = import_new(stand_on(workplace, snapshot), style)
        write(workplace, imported)
        loaded = load_definitions(workplace.root, FOLDERS)
        plan = stand_on(workplace, snapshot).plan(loaded.definitions)

    note_case(reached=plan.changes)
    assert [finding for finding in loaded.findings if finding.severity is Severity.ERROR] == []
    assert {change.action for change in plan.changes} == {Action.NO_OP}
    assert len(plan.changes) + plan.unmanaged == len(world)
    assert plan.unmanaged == sum(left.path == "" for left in imported.left_out)


@unhurried
@given(worlds() | worlds(swapped=True) | worlds(2, swapped=True))
def test_every_version_is_listed_or_its_channel_says_why_not(world: list[Any]) -> None:
    snapshot = read_world(world)
    with open_project() as workplace:
        imported = import_new(stand_on(workplace, snapshot), LISTED)
        write(workplace, imported)
        inputs = stand_on(workplace, snapshot)
        names = make_inventory(inputs.definitions, snapshot).names
    listed = {desired.name: [one.begin for one in desired.versions] for desired in inputs.definitions.channels}
    whole = {left.name for left in imported.left_out if left.path in {"", "channelVersions"}}
    several = {names[live.id]: live for live in snapshot.channels if len(live.versions) > 1}

    note_case(reached=several.keys() - whole)
    assert {name: begins for name, begins in listed.items() if begins} == {
        name: [begin_key(version.begin_date) for version in live.versions]
        for name, live in several.items()
        if name not in whole
    }


@unhurried
@given(worlds())
def test_a_second_import_has_nothing_to_write(world: list[Any]) -> None:
    snapshot = read_world(world)
    with open_project() as workplace:
        imported = import_new(stand_on(workplace, snapshot))
        note_case(reached=imported.files)
        write(workplace, imported)

        assert import_new(stand_on(workplace, snapshot)).files == ()


@unhurried
@given(worlds(fewest=3), st.randoms(use_true_random=False))
def test_the_order_of_the_answer_does_not_matter(world: list[Any], random: Random) -> None:
    shuffled = list(world)
    random.shuffle(shuffled)
    note_case(reached=shuffled != world)
    with open_project() as workplace:
        assert import_new(stand_on(workplace, read_world(shuffled))) == import_new(
            stand_on(workplace, read_world(world))
        )


@pytest.mark.parametrize(("channels", "seed"), [(1, 0), (9, 1), (60, 2), (400, 3)])
def test_made_up_tenants_are_imported_whole(channels: int, seed: int) -> None:
    snapshot = read_world(sandbox.generate(channels, seed)["channels"])
    with open_project() as workplace:
        imported = import_new(stand_on(workplace, snapshot))
        write(workplace, imported)
        inputs = stand_on(workplace, snapshot)
        summary = inputs.plan(inputs.definitions).summary

    assert imported.left_out == ()
    assert (summary.no_op, summary.update, summary.unmanaged) == (channels, 0, 0)


@unhurried
@given(worlds(), st.randoms(use_true_random=False), st.sampled_from(HEADS))
def test_files_that_are_there_keep_every_line(world: list[Any], random: Random, head: str) -> None:
    snapshot = read_world(world)
    with open_project() as workplace:
        inputs = stand_on(workplace, snapshot)
        some = [live for live in snapshot.channels if random.random() < 0.5]
        write(workplace, draft_new_files(inputs, make_inventory(inputs.definitions, snapshot), some, STYLE))
        for path in workplace.root.rglob("*.yaml"):
            path.write_text(path.read_text().replace("channels:\n", head, 1) + "# the end\n")
        before = read_files(workplace.root)
        findings = load_definitions(workplace.root, FOLDERS).findings
        is_sound = not any(found.severity is Severity.ERROR for found in findings)
        note_case(reached=is_sound and before and len(some) < len(snapshot.channels))
        assume(is_sound)

        write(workplace, import_new(stand_on(workplace, snapshot)))

        after = read_files(workplace.root)
    assert all(is_within(text.splitlines(), after[file].splitlines()) for file, text in before.items())


@unhurried
@given(st.integers(1, 40), st.integers(0, 5), st.data())
def test_an_update_after_a_foreign_edit_leaves_an_empty_plan_and_every_comment(
    channels: int, seed: int, data: st.DataObject
) -> None:
    world = sandbox.generate(channels, seed)["channels"]
    with open_project() as workplace:
        write(workplace, import_new(stand_on(workplace, read_world(world))))
        for path in workplace.root.rglob("*.yaml"):
            path.write_text(annotate(path.read_text()))
        comments = count_comments(workplace.root)
        edited = read_world([data.draw(foreign_edits(channel)) for channel in world])
        inputs = stand_on(workplace, edited)
        before = inputs.plan(inputs.definitions)
        note_case(reached=any(change.edits for change in before.changes))
        updates = find_file_updates(inputs, make_inventory(inputs.definitions, edited), edited.channels, before)
        imported = update_files(inputs, updates)
        verify_empty_plan(Output(), inputs, before, imported)
        write(workplace, imported)
        inputs = stand_on(workplace, edited)

        assert {change.action for change in inputs.plan(inputs.definitions).changes} == {Action.NO_OP}
        assert count_comments(workplace.root) == comments


@unhurried
@given(worlds(swapped=True), st.data())
def test_an_update_takes_over_what_changed_in_listed_versions_and_keeps_every_comment(
    world: list[Any], data: st.DataObject
) -> None:
    with open_project() as workplace:
        write(workplace, import_new(stand_on(workplace, read_world(world)), LISTED))
        for path in workplace.root.rglob("*.yaml"):
            path.write_text(annotate(path.read_text()))
        comments = count_comments(workplace.root)
        edited = read_world([data.draw(foreign_versions(channel)) for channel in world])
        inputs = stand_on(workplace, edited)
        before = inputs.plan(inputs.definitions)
        inventory = make_inventory(inputs.definitions, edited)
        imported = update_files(inputs, find_file_updates(inputs, inventory, edited.channels, before))
        verify_empty_plan(Output(), inputs, before, imported)
        write(workplace, imported)
        inputs = stand_on(workplace, edited)
        note_case(reached=imported.files)

        kept = {left.name for left in imported.left_out}
        plan = inputs.plan(inputs.definitions)
        assert {change.action for change in plan.changes if change.name not in kept} <= {Action.NO_OP}
        assert count_comments(workplace.root) == comments


@st.composite
def foreign_versions(draw: DrawFn, channel: dict[str, Any]) -> dict[str, Any]:
    """`channel` with settings of its versions edited in EnergyCAP, and perhaps a version created there."""
    edited = copy.deepcopy(channel)
    versions = edited["channelVersions"]
    for version in versions:
        version["multiplier"] = draw(st.sampled_from((version["multiplier"], 0.5, 12)))
        version["minimumReading"] = draw(st.sampled_from((version["minimumReading"], None)))
    begin = draw(st.sampled_from((None, "2027-01-01T00:00:00", "2024-12-31T00:00:00.25")))
    if begin:
        versions.append({**versions[0], "channelVersionId": 999, "beginDate": begin})
    return edited


@st.composite
def foreign_edits(draw: DrawFn, channel: dict[str, Any]) -> dict[str, Any]:
    """`channel` as somebody may have left it in EnergyCAP; its import id stays, by which the files find it."""
    edited = copy.deepcopy(channel)
    version = edited["channelVersions"][-1]
    edited["channelInfo"] = draw(st.sampled_from((channel["channelInfo"], "no", "Meter: 2 #3", "\u202eesu")))
    version["multiplier"] = draw(st.sampled_from((version["multiplier"], 0.1, 1e-7, 12)))
    version["maximumReading"] = draw(st.sampled_from((version["maximumReading"], None, 10_000)))
    if version["formula"]:
        version["formula"] = draw(st.sampled_from((version["formula"], f"2 * ({version['formula']})")))
    else:
        edited["interval"] = draw(st.sampled_from((channel["interval"], 60)))
    return edited


def annotate(text: str) -> str:
    """`text` with a comment after each line and above it."""
    lines = [(line, len(line) - len(line.lstrip())) for line in text.splitlines() if line and not line.startswith("#")]
    return "".join(
        f"{' ' * indent}# above {number}\n{line} # beside {number}\n" for number, (line, indent) in enumerate(lines)
    )


def count_comments(root: Path) -> dict[str, int]:
    return {file: text.count("# above ") + text.count("# beside ") for file, text in read_files(root).items()}


def is_within(lines: list[str], others: list[str]) -> bool:
    """Whether `lines` are among `others`, in their order."""
    left = iter(others)
    return all(line in left for line in lines)
