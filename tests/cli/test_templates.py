"""Templates in commands: a plan names them, edits of files leave them alone, and the base is filled in as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_git_states import commit, git
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace

TEMPLATES = """\
templates:
  # The name of every meter.
  meter:
    channelInfo: "{name} use"
    channelDescription: {description}
"""
USES = """\
channels:
  one:
    use: meter      # as all meters
    with: {name: Main}
    channelId: 1
  two:
    use: meter
    with: {name: Roof}
    channelId: 2
"""


@pytest.fixture
def repository(workspace: Workspace) -> Workspace:
    """A workspace in a repository with two channels that use one template."""
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1), make_channel(2)))
    workspace.write("channels/templates.yaml", TEMPLATES.replace("{description}", "Measured"))
    workspace.write("channels/uses.yaml", USES)
    git(workspace.root, "init", "--initial-branch=main")
    commit(workspace.root)
    return workspace


def test_a_plan_says_which_template_gives_a_value_and_what_is_filled_in(repository: Workspace) -> None:
    lines = repository.run("plan", "--only", "one").out.splitlines()

    start = lines.index('  ~ update  one  1 "Channel 1"  channels/uses.yaml:2')
    assert lines[start + 1 : start + 5] == [
        '      channelInfo  "Channel 1" → "Main use"  [cosmetic]',
        '      channelDescription  null → "Measured"  [cosmetic]',
        "      from template meter, channels/templates.yaml:3: channelInfo with name",
        '        "Main"; channelDescription',
    ]


@pytest.mark.parametrize("format_", ["markdown", "html"])
def test_every_report_names_the_template(repository: Workspace, format_: str) -> None:
    assert "from template meter, " in repository.run("plan", "--format", format_).out


def test_a_saved_plan_holds_the_template_of_each_edit(repository: Workspace) -> None:
    repository.run("plan", "--out", "plan.json")

    saved = json.loads((repository.root / "plan.json").read_text())
    first = saved["resource_changes"][0]["edits"]
    place = {"name": "meter", "file": "channels/templates.yaml", "line": 3}
    assert [edit["template"] for edit in first] == [
        {**place, "keys": ["templates", "meter", "channelInfo"], "with": {"name": "Main"}},
        {**place, "keys": ["templates", "meter", "channelDescription"], "with": {}},
    ]
    assert repository.run("apply", "plan.json").code == 0
    assert repository.run("plan").out.startswith("No changes")


def test_a_template_that_moves_leaves_a_reviewed_plan_valid(repository: Workspace) -> None:
    repository.run("plan", "--out", "plan.json")
    moved = "# moved\n" + TEMPLATES.replace("{description}", "Measured")
    repository.write("channels/templates.yaml", moved)

    answer = repository.run("apply", "plan.json")

    assert (answer.code, answer.out.partition("\n")[0]) == (0, "2 of 2 changes done in sandbox.")


def test_an_edit_of_a_template_is_from_this_change_in_every_channel(repository: Workspace) -> None:
    repository.write("channels/templates.yaml", TEMPLATES.replace("{description}", "Read by hand"))

    document = json.loads(repository.run("plan", "--base=HEAD", "--format", "json").out)

    origins = {
        (row["name"], edit["path"]): edit["origin"] for row in document["resource_changes"] for edit in row["edits"]
    }
    assert origins == {
        ("one", "channelInfo"): "drift",
        ("one", "channelDescription"): "change",
        ("two", "channelInfo"): "drift",
        ("two", "channelDescription"): "change",
    }


def test_an_update_from_the_service_is_written_into_the_channel_and_not_into_its_template(
    repository: Workspace,
) -> None:
    answer = repository.run("import", "--update", "--only", "one")

    assert answer.code == 0
    assert (repository.root / "channels/templates.yaml").read_text() == TEMPLATES.replace("{description}", "Measured")
    assert (repository.root / "channels/uses.yaml").read_text() == USES.replace(
        "    channelId: 1\n", "    channelId: 1\n    channelInfo: Channel 1\n    channelDescription: null\n"
    )
    assert "1 unchanged" in repository.run("plan", "--only", "one").out


def test_channels_that_are_alike_are_imported_with_a_template(workspace: Workspace) -> None:
    meters = [
        make_channel(number, channelInfo=f"DP-{number} use", channelImportId=f"DP-{number}-USE", data_point=number)
        for number in (1, 2, 3)
    ]
    workspace.load(make_world(*meters, make_channel(4, {"multiplier": 7}, type="ELECDEM")))

    answer = workspace.run("import", "--like", "dp-*-use", "--layout", "flat")

    assert (answer.code, answer.err) == (0, "")
    assert (workspace.root / "channels/templates.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/channels.schema.json\n"
        "templates:\n"
        "  dp-use:\n"
        "    select:\n"
        '      channelImportId: "{meter}-USE"\n'
        '    channelInfo: "{meter} use"\n'
        '    channelImportId: "{meter}-USE"\n'
        "    observationTypeCode: ELECUSE\n"
        "    summarizationMethod: Sum\n"
        "    intervalMinutes: 15\n"
        "    esaChannelVersion:\n"
        "      unitCode: KWH\n"
        "      observationRule: Trip\n"
        "      multiplier: 1\n"
    )
    assert (workspace.root / "channels/dp-2.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/channels.schema.json\n"
        "dataPoint: DP-2\n"
        "channels:\n"
        "  dp-2-use: {use: dp-use, with: {meter: DP-2}}\n"
    )
    assert workspace.run("plan").out.startswith("No changes: all 3 managed channels")


def test_channels_that_list_their_versions_are_named_as_those_that_use_no_template(workspace: Workspace) -> None:
    begun = make_version(91, endDate="2025-01-01T00:00:00"), make_version(92, beginDate="2025-01-01T00:00:00")
    meters = [
        make_channel(number, channelInfo=f"DP-{number} use", channelImportId=f"DP-{number}-USE", data_point=number)
        for number in (1, 2, 3)
    ]
    workspace.load(make_world(*meters, make_channel(4, channelInfo="DP-4 use", data_point=4, versions=list(begun))))

    answer = workspace.run("import", "--like", "dp-*-use", "--layout", "flat", "--versions", "all")

    assert (answer.code, answer.out.split("\n\n")[2]) == (
        0,
        "Written out without a template, because each lists versions of its own:\n  dp-4-use",
    )
    assert "channelVersions:" in (workspace.root / "channels/dp-4.yaml").read_text()


def test_fewer_than_three_channels_are_written_out(repository: Workspace) -> None:
    repository.load(make_world(*(make_channel(number) for number in (1, 2, 3, 4))))

    answer = repository.run("import", "--like", "dp-*")

    assert (answer.code, answer.err) == (
        0,
        "fewer than three of the new channels are alike: they are written out, without a template\n",
    )
    assert "use:" not in (repository.root / "channels/uses.yaml").read_text().partition("channel-3")[2]


def test_an_import_of_alike_channels_and_an_update_are_two_commands(repository: Workspace) -> None:
    answer = repository.run("import", "--update", "--like", "*")

    assert (answer.code, answer.err.partition("\n")[0]) == (
        64,
        "reconciler: --like is for new channels, and --update for managed ones",
    )


def test_what_is_wrong_with_a_template_is_said_once_in_a_plan(repository: Workspace) -> None:
    wrong = TEMPLATES.replace("{description}", "Measured") + "    observationTypeCode: ELECUSED\n"
    repository.write("channels/templates.yaml", wrong)

    answer = repository.run("plan")

    assert answer.out.count("ESA310") == 1
    assert (
        "  in channel: one (channels/uses.yaml:2)\n  the same in 1 more channel that uses the template\n" in answer.out
    )


WRITTEN_OUT = """\
channels:
  one: {channelId: 1, channelInfo: Main use, channelDescription: Measured}
  two: {channelId: 2, channelInfo: Roof use, channelDescription: Measured}
"""


def plan_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """The changes of the plan, without where they were written."""
    rows: list[dict[str, Any]] = json.loads(workspace.run("plan", "--format", "json").out)["resource_changes"]
    for row in rows:
        del row["source"]
        for edit in row["edits"]:
            edit.pop("template", None)
    assert rows
    return rows


def test_a_plan_is_that_of_the_channels_written_out(repository: Workspace) -> None:
    filled = plan_rows(repository)
    (repository.root / "channels/templates.yaml").unlink()
    repository.write("channels/uses.yaml", WRITTEN_OUT)

    assert plan_rows(repository) == filled
