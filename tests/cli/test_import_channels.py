"""`reconciler import`, as its users meet it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler import sandbox
from reconciler.cli.import_channels import ImportedFiles, verify_empty_plan
from reconciler.cli.output import Output
from reconciler.errors import ProjectError
from reconciler.reports.import_report import WrittenFile
from tests.cli.tenants import open_project, read_files, read_world, stand_on
from tests.worlds import make_channel, make_data_point, make_version, make_world

if TYPE_CHECKING:
    from reconciler.cli.import_channels import ImportInput
    from tests.cli.workspace import Answer, Workspace


UNTOLD = "not in a git repository, so your own edits look like drift and are not kept\n"
USE = "channels/town-hall/dp-1.yaml"
WORLD = make_world(
    make_channel(1, channelInfo="Use", isPrimaryValue=True),
    make_channel(2, {"multiplier": 0.1}, channelInfo="Losses", channelImportId=None, type="ELECDEM"),
    make_channel(3, {"formula": "channel(1) - channel(2)"}, channelInfo="Net", isCalculated=True),
    make_channel(4, channelInfo="Use", data_point=2),
)
PLACELESS = make_data_point(2) | {"parentPlace": None}


@pytest.fixture
def town(workspace: Workspace) -> Workspace:
    """A workspace without a file, before a tenant of four channels on two data points."""
    workspace.load(WORLD)
    return workspace


def test_a_tenant_without_a_file_is_under_control(town: Workspace) -> None:
    answer = town.run("import")

    assert (answer.code, answer.out, answer.err) == (
        0,
        """\
4 channels of sandbox went into 2 files; a plan of them is empty.

  + new      channels/town-hall/dp-1.yaml  3 channels
  + new      channels/town-hall/dp-2.yaml  1 channel
  + new      schemas/channels.schema.json  for editors

Import: 4 channels added, 3 files new, 0 changed, 0 managed before, 0 left out.
""",
        "",
    )
    assert (
        (town.root / USE).read_text()
        == """\
# yaml-language-server: $schema=../../schemas/channels.schema.json
dataPoint: DP-1
channels:
  dp-1-use:
    select:
      channelImportId: IMP-1
    channelInfo: Use
    channelImportId: IMP-1
    observationTypeCode: ELECUSE
    summarizationMethod: Sum
    intervalMinutes: 15
    isPrimaryValue: true
    esaChannelVersion:
      unitCode: KWH
      observationRule: Trip
      multiplier: 1

  dp-1-losses:
    select:
      dataPointImportId: DPI-1
      observationTypeCode: ELECDEM
    channelInfo: Losses
    observationTypeCode: ELECDEM
    summarizationMethod: Sum
    intervalMinutes: 15
    esaChannelVersion:
      unitCode: KWH
      observationRule: Trip
      multiplier: 0.1

  dp-1-net:
    select:
      channelImportId: IMP-3
    channelInfo: Net
    channelImportId: IMP-3
    observationTypeCode: ELECUSE
    summarizationMethod: Sum
    isCalculated: true
    esaChannelVersion:
      unitCode: KWH
      observationRule: Trip
      multiplier: 1
      formula: channel(dp-1-use) - channel(dp-1-losses)
"""
    )
    assert town.run("validate").out == "2 files, 4 channels: no findings.\n"
    assert town.run("plan", "--detailed-exitcode").code == 0
    assert town.writes == []


def test_a_second_import_has_nothing_to_do(town: Workspace) -> None:
    town.run("import")
    before = read_files(town.root)

    answer = town.run("import")

    assert (answer.code, answer.out) == (
        0,
        """\
Nothing to import from sandbox.

Import: 0 channels added, 0 files new, 0 changed, 4 managed before, 0 left out.
""",
    )
    assert read_files(town.root) == before


def test_new_channels_of_a_data_point_join_its_file(town: Workspace) -> None:
    file = town.write("channels/mine.yaml", "# mine\nchannels:\n  use:   # the main one\n    channelId: 1\n")
    answer = town.run("import", "--data-point", "DP-1", "-q")

    assert (answer.code, answer.out) == (0, "")
    assert file.read_text().startswith(
        "# mine\nchannels:\n  use:   # the main one\n    channelId: 1\n\n  dp-1-losses:\n"
    )
    assert "formula: channel(use) - channel(dp-1-losses)\n" in file.read_text()
    assert sorted(read_files(town.root)) == ["channels/mine.yaml", "reconciler.yaml"]


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["--layout", "flat"], ["channels/dp-1.yaml", "channels/dp-2.yaml"]),
        (["--only", "dp-2-*"], ["channels/town-hall/dp-2.yaml"]),
        (["--place", "HALL", "--data-point", "DPI-1"], [USE]),
        (["--place", "Town*"], [USE, "channels/town-hall/dp-2.yaml"]),
    ],
)
def test_what_is_asked_for_is_imported_and_nothing_else(town: Workspace, options: list[str], files: list[str]) -> None:
    assert town.run("import", *options).code == 0
    assert sorted(read_files(town.root / "channels")) == [file.removeprefix("channels/") for file in files]


def test_a_channel_that_is_not_imported_is_in_formulas_by_its_id(town: Workspace) -> None:
    town.run("import", "--only", "dp-1-net", "--only", "dp-1-use")

    assert "formula: channel(dp-1-use) - channel(2)\n" in (town.root / USE).read_text()


def test_all_fields_are_written_where_they_are_wanted(town: Workspace) -> None:
    version = make_version(10, isValuePositive=True, beginDate="2024-06-03T10:30:00")
    town.load(make_world(make_channel(1, versions=[version], channelDescription="no")))
    town.run("import", "--fields", "all")

    lines = (town.root / USE).read_text().splitlines()
    assert lines[5:11] == [
        "      channelImportId: IMP-1",
        "    channelInfo: Channel 1",
        '    channelDescription: "no"',
        "    channelImportId: IMP-1",
        "    observationTypeCode: ELECUSE",
        "    summarizationMethod: Sum",
    ]
    assert '      beginDate: "2024-06-03T10:30:00"' in lines
    assert "      isValuePositive: true" in lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "nothing"], 'ESA307  no channel matches the pattern, found "nothing"'),
        (["--data-point", "dp-1"], 'ESA307  no data point matches the pattern, found "dp-1"'),
        (["--place", "X"], 'ESA307  no place matches the pattern, found "X"'),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(town: Workspace, options: list[str], message: str) -> None:
    answer = town.run("import", *options)

    assert (answer.code, answer.out.splitlines()[0]) == (1, message)
    assert not (town.root / "channels").exists()


def test_a_dry_run_shows_the_files_as_a_diff_and_writes_nothing(town: Workspace) -> None:
    town.write("channels/mine.yaml", "channels:\n  use:\n    channelId: 1\n  losses:\n    channelId: 2\n")
    before = read_files(town.root)

    answer = town.run("import", "--dry-run", "--data-point", "DP-1")

    assert (answer.code, answer.out) == (
        0,
        """\
1 channel of sandbox would go into 1 file; a plan of them is empty.

--- channels/mine.yaml
+++ channels/mine.yaml
@@ -3,3 +3,16 @@
     channelId: 1
   losses:
     channelId: 2
+  dp-1-net:
+    select:
+      channelImportId: IMP-3
+    channelInfo: Net
+    channelImportId: IMP-3
+    observationTypeCode: ELECUSE
+    summarizationMethod: Sum
+    isCalculated: true
+    esaChannelVersion:
+      unitCode: KWH
+      observationRule: Trip
+      multiplier: 1
+      formula: channel(use) - channel(losses)

Import (nothing written): 1 channel added, 0 files new, 1 changed, 2 managed before, 0 left out.
""",
    )
    assert read_files(town.root) == before


def test_a_value_that_a_file_cannot_hold_is_left_out_and_reported(town: Workspace) -> None:
    town.load(make_world(make_channel(1, channelInfo="Bell \x07", channelImportId="\u202eIMP")))

    answer = town.run("import")

    assert (answer.code, answer.out.splitlines()[-5:]) == (
        0,
        [
            "Left out of the files, and so not managed:",
            "  dp-1-bell  channelInfo",
            "      a file cannot hold this value",
            "",
            "Import: 1 channel added, 2 files new, 0 changed, 0 managed before, 1 left out.",
        ],
    )
    assert 'channelImportId: "\\u202EIMP"' in (town.root / USE).read_text()


def test_a_date_of_unknown_meaning_is_left_out_and_reported(town: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECI_API_KEY", "sandbox")
    world = make_world(make_channel(1, {"beginDate": "2024-07-01T00:00:00"}))
    options = sandbox.Options(sandbox.parse_settings(["version_dates=utc"]))
    with sandbox.running(town.root / "dated.sqlite3", world, options) as service:
        project = f"definitions: channels\nenvironments:\n  tenant:\n    url: {service.url}\n"
        town.write("reconciler.yaml", project)
        unknown = town.run("import", "--fields", "all", "--dry-run")
        town.run("snapshot", "--out", "copy.json")
        town.write("reconciler.yaml", f"{project}    versionDates: utc\n")
        known = town.run("import", "--fields", "all", "--dry-run")
    copied = town.run("import", "--fields", "all", "--dry-run", "--snapshot", "copy.json")

    assert unknown.out.splitlines()[-5:-2] == [
        "Left out of the files, and so not managed:",
        "  dp-1-channel-1  esaChannelVersion.beginDate",
        "      EnergyCAP gives it with a zone: set versionDates in reconciler.yaml",
    ]
    assert 'beginDate: "2024-07-01T00:00:00"' in known.out
    assert copied.out == known.out


def test_drift_is_accepted_with_an_update(town: Workspace) -> None:
    town.run("import")
    text = (town.root / USE).read_text()
    (town.root / USE).write_text(text.replace("multiplier: 0.1", "multiplier: 0.1   # as the plumber says"))
    changed = [{**channel} for channel in WORLD["channels"]]
    changed[0]["channelInfo"] = "no"
    changed[1]["channelVersions"] = [make_version(20, multiplier=0.5)]
    town.load({**WORLD, "channels": changed})

    answer = town.run("import", "--update")

    assert (answer.code, answer.out) == (
        0,
        """\
1 file updated from sandbox for 2 channels; a plan of them is empty.

  ~ changed  channels/town-hall/dp-1.yaml  2 channels

Import: 2 channels updated, 0 files new, 1 changed, 4 managed before, 0 left out.
""",
    )
    assert (town.root / USE).read_text() == text.replace(
        "multiplier: 0.1", "multiplier: 0.5   # as the plumber says"
    ).replace("channelInfo: Use", 'channelInfo: "no"')
    assert town.run("plan", "--detailed-exitcode").code == 0
    assert town.run("import", "--update").out.startswith("Nothing to update from sandbox.\n")


SHARED = """\
channels:
  use:
    select: {channelId: 1}
    esaChannelVersion: &pulses   # current
      multiplier: 7   # per pulse
  far:
    select: {channelId: 4}
    channelInfo: old   # the name
    esaChannelVersion: *pulses   # as in use
  net:
    select: {channelId: 3}
    channelInfo: old   # the sum
"""


def test_values_that_would_cost_a_comment_are_named_and_not_written(town: Workspace) -> None:
    town.write("channels/a.yaml", SHARED)

    answer = town.run("import", "--update")

    assert (answer.code, answer.out) == (
        1,
        """\
1 file updated from sandbox for 1 channel; a plan of them is empty.

  ~ changed  channels/a.yaml  1 channel

Not written, because something else in the file, such as a comment, would change; edit by hand:
  channels/a.yaml  far
      channelInfo: Use
      esaChannelVersion.multiplier: 1
  channels/a.yaml  use
      esaChannelVersion.multiplier: 1

Import: 1 channel updated, 0 files new, 1 changed, 3 managed before, 0 left out, 2 channels to edit by hand.
""",
    )
    assert (town.root / "channels/a.yaml").read_text() == SHARED.replace("old   # the sum", "Net   # the sum")


def test_where_nothing_can_be_written_the_file_stays_as_it_is(town: Workspace) -> None:
    text = SHARED.replace("channelInfo: old   # the sum", "channelInfo: Net")
    town.write("channels/a.yaml", text)

    answer = town.run("import", "--update", "--dry-run")

    assert (answer.code, answer.out.splitlines()[0]) == (1, "No file would be updated from sandbox.")
    assert (town.root / "channels/a.yaml").read_text() == text


def test_new_channels_join_braces_beside_their_comments(town: Workspace) -> None:
    text = "dataPoint: DP-1\nchannels: { # all\n  use: {channelId: 1} # one\n  # the end\n}\n"
    town.write("channels/a.yaml", text)

    answer = town.run("import", "--only", "*losses*")

    assert answer.code == 0
    before, after = text.split("{channelId: 1}")
    written = (town.root / "channels/a.yaml").read_text()
    assert (written.startswith(f"{before}{{channelId: 1}}, dp-1-losses: {{"), written.endswith(after)) == (True, True)


def test_a_file_that_cannot_take_more_channels_is_named_and_left_alone(town: Workspace) -> None:
    text = "dataPoint: DP-1\nchannels:\n  ? use\n  : channelId: 1\n"
    town.write("channels/a.yaml", text)

    answer = town.run("import", "--only", "*losses*")

    assert (answer.code, answer.err) == (
        1,
        (
            "reconciler: channels cannot be added to channels/a.yaml without changing more in it, such as a comment; "
            "nothing was written\n"
            "  fix: write  channels:  there with each channel on a line of its own, without an anchor, and import "
            "again\n"
        ),
    )
    assert (town.root / "channels/a.yaml").read_text() == text


def test_an_update_adds_no_channel_and_reaches_only_what_is_asked_for(town: Workspace) -> None:
    town.define({"use": {"channelId": 1, "channelInfo": "Use!"}, "far": {"channelId": 4, "channelInfo": "Far"}})

    answer = town.run("import", "--update", "--only", "far")

    assert answer.out.splitlines()[-1] == (
        "Import: 1 channel updated, 0 files new, 1 changed, 1 managed before, 0 left out."
    )
    assert (town.root / "channels/all.yaml").read_text() == (
        "channels:\n  use:\n    channelId: 1\n    channelInfo: Use!\n  far:\n    channelId: 4\n    channelInfo: Use\n"
    )


def test_an_update_says_which_channels_it_does_not_find(town: Workspace) -> None:
    file = town.define({"use": {"channelId": 1, "channelInfo": "Use!"}, "gone": {"channelId": 99}})

    answer = town.run("import", "--update")

    assert (answer.code, answer.out) == (
        1,
        """\
channels/all.yaml:5  ESA301  no live channel matches, found none with channelId 99
  fix: correct the identifiers, or create the channel in EnergyCAP; if it exists, let the API key's user see it

1 error in 1 file.

1 file updated from sandbox for 1 channel; a plan of them is empty.

  ~ changed  channels/all.yaml  1 channel

Import: 1 channel updated, 0 files new, 1 changed, 1 managed before, 0 left out.
""",
    )
    assert answer.err == f"channels with errors were not updated\n{UNTOLD}"
    assert "channelInfo: Use\n" in file.read_text()
    assert town.run("import", "--update", "--only", "use").code == 0


def test_an_update_takes_nothing_over_from_what_may_be_another_channel(town: Workspace) -> None:
    """The import id of the file was handed on to a channel of another name and type."""
    named = {"channelInfo": "Use", "observationTypeCode": "ELECUSE"}
    file = town.define(
        {"use": {"select": {"channelImportId": "IMP-2"}, **named}, "far": {"channelId": 4, "channelInfo": "Far"}}
    )
    world = [{**channel} for channel in WORLD["channels"]]
    world[1]["channelImportId"] = "IMP-2"
    town.load({**WORLD, "channels": world})

    answer = town.run("import", "--update")

    assert (answer.code, answer.err) == (1, f"channels with errors were not updated\n{UNTOLD}")
    assert answer.out == (
        'channels/all.yaml:2  ESA308  select may match another channel, found "Use" (ELECUSE) in the file and '
        """\
"Losses" (ELECDEM) in EnergyCAP
  fix: correct select; if this is the right channel, write  select: {channelId: 2}

1 error in 1 file.

1 file updated from sandbox for 1 channel; a plan of them is empty.

  ~ changed  channels/all.yaml  1 channel

Import: 1 channel updated, 0 files new, 1 changed, 2 managed before, 0 left out.
"""
    )
    assert "channelInfo: Use\n    observationTypeCode: ELECUSE\n" in file.read_text()
    assert town.run("import", "--update", "--only", "far").code == 0
    assert town.run("import", "--update", "--only", "use", "--dry-run").code == 1


@pytest.mark.parametrize(
    ("old", "new"), [("intervalMinutes: 15", "intervalMinutes: 30"), ("unitCode: KWH", "unitCode: MWH")]
)
def test_what_an_imported_channel_is_found_by_can_be_edited(town: Workspace, old: str, new: str) -> None:
    """Channels without import ids: three of one type, told apart by unit and interval."""
    nameless = {"channelImportId": None}
    town.load(
        make_world(
            make_channel(1, **nameless),
            make_channel(2, interval=60, **nameless),
            make_channel(3, {"unit": "KW"}, **nameless),
            make_channel(4, interval=60, **nameless),
            make_channel(5, interval=1440, **nameless),
        )
    )
    town.run("import")
    file = town.root / USE
    head, mark, tail = file.read_text().partition("channelInfo: Channel 1\n")
    file.write_text(head + mark + tail.replace(old, new, 1))

    applied = town.run("apply", "--auto-approve")
    planned = town.run("plan", "--detailed-exitcode")

    assert (applied.code, planned.code) == (0, 0)
    assert "ESA306" not in applied.out
    assert f"ESA305  note: select is out of date: no channel matches it, found this one by {new.partition(':')[0]}" in (
        planned.out
    )


def test_what_a_killed_import_left_is_removed_by_the_next(town: Workspace) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as killed:
        pass
    remnant = town.write(f"channels/town-hall/.dp-1.yaml.{killed.pid}.x1_y2.reconciler-tmp", "channels:\n")
    own = town.write(f"channels/.dp-1.yaml.{os.getpid()}.x1_y2.reconciler-tmp", "")
    others = town.write("channels/.notes.reconciler-tmp", "")

    town.run("import", "--dry-run")
    assert remnant.exists()
    town.run("import")

    assert [path.exists() for path in (remnant, own, others)] == [False, True, True]


def test_what_would_not_be_an_empty_plan_is_not_written(town: Workspace) -> None:
    """Live, the channel breaks a rule of the files: an offset under the Odometer rule."""
    broken = make_channel(1, {"rule": "Odometer", "offset": 500})
    town.load(make_world(broken))
    version = {"observationRule": "Odometer", "offset": None}
    file = town.define({"use": {"channelId": 1, "esaChannelVersion": version}})
    before = file.read_text()

    answer = town.run("import", "--update")

    assert answer.code == 1
    assert answer.out.startswith(
        "channels/all.yaml:6:15  ESA213  offset must be null under the Odometer rule, found 500\n"
    )
    assert answer.err == (
        f"{UNTOLD}reconciler: the files would have errors; nothing was written\n"
        "  fix: exclude these channels with --only\n"
    )
    assert file.read_text() == before


def test_a_snapshot_is_imported_offline(town: Workspace) -> None:
    town.run("snapshot", "--out", "copy.json")
    town.load(make_world(make_channel(9)))

    assert town.run("import", "--snapshot", "copy.json").out.splitlines()[-1] == (
        "Import: 4 channels added, 3 files new, 0 changed, 0 managed before, 0 left out."
    )


def test_broken_definitions_stop_an_import_before_the_service_is_asked(town: Workspace) -> None:
    town.write("channels/mine.yaml", "channels:\n  use:\n    chanelId: 1\n")

    answer = town.run("import")

    assert answer.code == 1
    assert answer.out.startswith("channels/mine.yaml:3:5  ESA121  unknown key chanelId in channel use\n")
    assert answer.err.startswith("reconciler: the definitions have errors; EnergyCAP was not contacted\n")


def test_a_file_of_another_data_point_is_left_alone(town: Workspace) -> None:
    file = town.write(USE, "channels:\n  far:\n    channelId: 4\n")
    town.run("import")

    assert sorted(read_files(town.root / "channels")) == ["town-hall/dp-1-1.yaml", "town-hall/dp-1.yaml"]
    assert file.read_text() == "channels:\n  far:\n    channelId: 4\n"


def test_where_a_file_cannot_be_written_none_is(town: Workspace) -> None:
    town.load(make_world(make_channel(1), make_channel(4, data_point=2, dataPoint=PLACELESS)))
    town.write("channels/town-hall", "not a folder\n")

    answer = town.run("import")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"reconciler: cannot write {town.root / USE}: ")
    assert sorted(path.name for path in (town.root / "channels").iterdir()) == ["town-hall"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_what_somebody_else_adds_meanwhile_is_not_doubled(town: Workspace) -> None:
    town.run("snapshot", "--out", "copy.json")
    copy = (town.root / "copy.json").read_text()
    pipe = town.root / "pipe.json"
    os.mkfifo(pipe)
    theirs = "channels:\n  use:\n    channelId: 1\n"

    def answer_late() -> None:
        # The pipe opens once the import reads it, and so has read the channel files before.
        with pipe.open("w") as stream:
            town.write(USE, theirs)
            stream.write(copy)

    somebody = threading.Thread(target=answer_late, daemon=True)
    somebody.start()
    answer = town.run("import", "--snapshot", "pipe.json")
    somebody.join(60)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "reconciler: channel files were added or removed during the import; nothing was written\n"
        "  fix: run the command again\n"
    )
    assert read_files(town.root / "channels") == {"town-hall/dp-1.yaml": theirs}


def test_a_preview_shows_what_a_reader_could_not_see_of_a_change(town: Workspace) -> None:
    town.load(make_world(make_channel(1, channelInfo="Zürich")))
    town.write("channels/a.yaml", "channels:\n  use:\n    channelId: 1\n    channelInfo: Zu\u0308rich\n")

    lines = town.run("import", "--update", "--dry-run").out.splitlines()

    assert [line for line in lines if "rich" in line] == [
        r"-    channelInfo: Zu\u0308rich",
        r"+    channelInfo: Z\xfcrich",
    ]


LIVE = read_world([make_channel(1), make_channel(2)])
MINE = {"channels/mine.yaml": "channels:\n  mine:\n    channelId: 1\n    channelInfo: Channel 1\n"}


def prove_text(ground: ImportInput, text: str, name: str) -> None:
    harvest = ImportedFiles((WrittenFile("channels/new.yaml", None, text, 1),), frozenset({name}), ())
    verify_empty_plan(Output(), ground, ground.plan(ground.definitions), harvest)


@pytest.mark.parametrize(
    ("text", "printed", "message"),
    [
        pytest.param(
            "channels:\n  new:\n    channelId: 2\n    channelInfo: Others\n",
            'new: channelInfo  "Channel 2" → "Others"\n',
            "a plan of these files would not be empty; nothing was written",
            id="an edit",
        ),
        pytest.param(
            "channels:\n  new:\n    channelId: 2\n    chanelInfo: Others\n",
            "channels/new.yaml:4:5  ESA121  unknown key chanelInfo in channel new\n",
            "the files would have errors; nothing was written",
            id="an error in a file",
        ),
        pytest.param(
            "channels:\n  new:\n    select: {channelImportId: IMP-1}\n",
            "mine: ESA303 several channels match one live channel, found 1 here and for new (channels/new.yaml:2)\n",
            "a plan of these files would not be empty; nothing was written",
            id="a channel that is managed already",
        ),
    ],
)
def test_what_is_not_as_promised_is_refused_with_the_reasons(
    text: str, printed: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_project(MINE) as workplace, pytest.raises(ProjectError, match=message):
        prove_text(stand_on(workplace, LIVE), text, "new")

    assert printed in capsys.readouterr().out


def test_what_is_as_promised_passes_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with open_project(MINE) as workplace:
        prove_text(stand_on(workplace, LIVE), "channels:\n  new:\n    channelId: 2\n", "new")

    assert capsys.readouterr().out == ""


SWAPPED = [
    make_version(30, multiplier=10, endDate="2025-06-01T09:50:00"),
    make_version(31, multiplier=1, beginDate="2025-06-01T09:50:00"),
]
PLAIN = make_channel(1)
READ = make_channel(2, readings=True, type="ELECDEM")
TWO = make_channel(3, versions=SWAPPED, data_point=2)
CALCULATED = make_channel(4, {"formula": "channel(1) * 2"}, isCalculated=True, readings=True)


def begins(workspace: Workspace) -> dict[str, list[str]]:
    """What the files say of begins, by the import id of the channel."""
    text = "\n".join(path.read_text() for path in sorted((workspace.root / "channels").rglob("*.yaml")))
    channels = re.split(r"^ {4}select:$", text, flags=re.MULTILINE)[1:]
    return {
        str(re.search(r"IMP-\d", channel)[0]): re.findall(r"beginDate: (.+)", channel)  # type: ignore[index]
        for channel in channels
    }


def test_an_imported_file_says_when_its_version_began_where_there_is_more_than_one_or_readings(
    workspace: Workspace,
) -> None:
    workspace.load(make_world(PLAIN, READ, TWO, CALCULATED))
    assert workspace.run("import").code == 0
    assert begins(workspace) == {"IMP-1": [], "IMP-2": ["null"], "IMP-3": ['"2025-06-01T09:50:00"'], "IMP-4": []}
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_a_floor_in_place_of_null_is_the_beginning(workspace: Workspace) -> None:
    floor = make_channel(2, readings=True, versions=[make_version(20, beginDate="1899-12-30T00:00:00")])
    workspace.load(make_world(floor))
    assert workspace.run("import").code == 0
    assert begins(workspace) == {"IMP-2": ["null"]}
    assert workspace.run("plan", "--detailed-exitcode").code == 0


def test_after_a_swap_in_energycap_the_old_settings_are_blocked(workspace: Workspace) -> None:
    workspace.load(make_world(READ))
    workspace.run("import")
    workspace.load(make_world(make_channel(2, versions=SWAPPED, readings=True, type="ELECDEM")))

    answer = workspace.run("plan", "--format", "json")

    (change,) = json.loads(answer.out)["resource_changes"]
    assert (answer.code, [block["rule"] for block in change["blocked_by"]]) == (3, ["ESA411"])


@pytest.mark.parametrize(
    ("channel", "version", "after"),
    [
        pytest.param(READ, {"multiplier": 1}, {"multiplier": 1, "beginDate": "null"}, id="readings"),
        pytest.param(TWO, {"multiplier": 5}, {"multiplier": 1, "beginDate": '"2025-06-01T09:50:00"'}, id="with drift"),
        pytest.param(PLAIN, {"multiplier": 1}, {"multiplier": 1}, id="neither"),
        pytest.param(READ, {"beginDate": None}, {"beginDate": "null"}, id="said already"),
        pytest.param(READ, {}, {}, id="no setting of a version"),
    ],
)
def test_an_update_adds_the_begin_where_it_is_missing(
    workspace: Workspace, channel: dict[str, Any], version: dict[str, Any], after: dict[str, Any]
) -> None:
    workspace.load(make_world(channel))
    file = workspace.define(
        {"one": {"channelId": channel["channelId"], **({"esaChannelVersion": version} if version else {})}}
    )

    assert workspace.run("import", "--update", "--force").code == 0

    lines = {tuple(line.strip().split(": ")) for line in file.read_text().splitlines()}
    assert {(key, str(value)) for key, value in after.items()} == {
        line for line in lines if line[0] in ("multiplier", "beginDate")
    }
    assert workspace.run("plan", "--detailed-exitcode").code == 0
    before = file.read_text()
    assert workspace.run("import", "--update", "--force").code == 0
    assert file.read_text() == before


FILE = "channels/all.yaml"
TEXT = """\
channels:
  one:
    channelId: 1
    channelInfo: One
    channelDescription: First
    esaChannelVersion:
      multiplier: 1
  two:
    channelId: 2
    channelInfo: Two
"""


def git(workspace: Workspace, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *words], cwd=workspace.root, check=True, capture_output=True)


@pytest.fixture
def drifted(workspace: Workspace) -> Workspace:
    """A repository with a commit on main; in EnergyCAP all values are others by now."""
    (workspace.root / ".git").rmdir()
    workspace.load(
        make_world(
            make_channel(1, {"multiplier": 7}, channelInfo="Live one", channelDescription="Live"),
            make_channel(2, channelInfo="Live two"),
        )
    )
    workspace.write(FILE, TEXT)
    git(workspace, "init", "-b", "main")
    git(workspace, "add", FILE, "reconciler.yaml")
    git(workspace, "commit", "-m", "first")
    return workspace


def edit(workspace: Workspace, before: str, after: str) -> str:
    text = (workspace.root / FILE).read_text()
    assert text.count(before) == 1
    workspace.write(FILE, text.replace(before, after))
    return (workspace.root / FILE).read_text()


def update(workspace: Workspace, *options: str) -> tuple[Answer, str]:
    answer = workspace.run("import", "--update", *options)
    return answer, (workspace.root / FILE).read_text()


NO_FORK = (
    "git cannot tell where this branch left the main branch, so edits committed on it look like drift and are not "
    "kept; --base REF keeps the edits made since REF\n"
)


@pytest.mark.parametrize("has_trunk", [True, False])
def test_a_shallow_clone_of_a_branch_says_that_it_cannot_keep_what_was_committed(
    drifted: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, has_trunk: bool
) -> None:
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "First", "Second")
    git(drifted, "commit", "-am", "second")
    git(drifted, "checkout", "main")
    clone = tmp_path_factory.mktemp("clone")
    git(drifted, "clone", "--depth=1", "--branch=work", f"file://{drifted.root}", str(clone))
    drifted.database.parent.rename(clone / ".reconciler")
    monkeypatch.chdir(clone)
    if has_trunk:
        command = ["git", "fetch", "--depth=1", "origin", "main:refs/remotes/origin/main"]
        subprocess.run(command, cwd=clone, check=True, capture_output=True)

    assert NO_FORK in drifted.run("import", "--update").err


def test_a_branch_that_is_the_only_one_says_so_too(drifted: Workspace) -> None:
    git(drifted, "branch", "-m", "production")

    assert NO_FORK in update(drifted)[0].err


CHANGED_TEXT = (
    TEXT.replace("Info: One", "Info: Live one")
    .replace("First", "Live")
    .replace("r: 1", "r: 7")
    .replace("Two", "Live two")
)


def test_what_is_committed_is_taken_over(drifted: Workspace) -> None:
    answer, text = update(drifted)
    assert (answer.code, text) == (0, CHANGED_TEXT)
    assert answer.out.endswith("Import: 2 channels updated, 0 files new, 1 changed, 2 managed before, 0 left out.\n")


@pytest.mark.parametrize("words", [(), ("add", FILE)], ids=["working tree", "index"])
def test_an_edit_that_is_not_committed_is_kept_and_named(drifted: Workspace, words: tuple[str, ...]) -> None:
    edit(drifted, "multiplier: 1", "multiplier: 100")
    if words:
        git(drifted, *words)

    answer, text = update(drifted)

    assert text == CHANGED_TEXT.replace("multiplier: 7", "multiplier: 100")
    assert (answer.code, answer.out) == (
        0,
        """\
1 file updated from sandbox for 2 channels; a plan of them edits only what is kept.

  ~ changed  channels/all.yaml  2 channels

Kept in the files; --force overwrites these too:
  one  esaChannelVersion.multiplier  100
      not committed; EnergyCAP has 7

Import: 2 channels updated, 0 files new, 1 changed, 2 managed before, 0 left out, 1 value kept.
""",
    )
    assert drifted.run("plan", "--detailed-exitcode").code == 2


def test_what_the_branch_changed_is_kept_and_what_it_did_not_is_taken_over(drifted: Workspace) -> None:
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")

    answer, text = update(drifted)

    assert text == CHANGED_TEXT.replace("Live two", "Second")
    assert (
        '  two  channelInfo  "Second"\n      this branch changed it since main; EnergyCAP has "Live two"\n'
        in answer.out
    )


def test_a_branch_that_was_pushed_is_compared_with_the_main_one_all_the_same(drifted: Workspace) -> None:
    git(drifted, "update-ref", "refs/remotes/origin/main", "main")
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")
    git(drifted, "update-ref", "refs/remotes/origin/work", "work")
    git(drifted, "branch", "-f", "main", "work")
    assert "this branch changed it since origin/main" in update(drifted)[0].out


def test_a_base_that_is_named_counts(drifted: Workspace) -> None:
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")
    assert update(drifted, "--base", "HEAD~1", "--dry-run")[0].out.count("since HEAD~1") == 1
    answer, text = update(drifted)
    assert (answer.code, text) == (0, CHANGED_TEXT)


def test_a_channel_that_is_in_no_commit_is_kept_whole(drifted: Workspace) -> None:
    git(drifted, "rm", "--cached", FILE)
    git(drifted, "commit", "-m", "untracked")
    answer, text = update(drifted)
    assert (answer.code, text) == (0, TEXT)
    assert answer.out.startswith("The files keep what was edited; nothing else differs from sandbox.\n")
    assert (
        "Import: 0 channels updated, 0 files new, 0 changed, 2 managed before, 0 left out, 4 values kept." in answer.out
    )


def test_a_channel_that_was_led_elsewhere_is_kept_whole(drifted: Workspace) -> None:
    drifted.write(FILE, TEXT.replace("channelId: 1\n", "channelId: 3\n").replace("channelId: 2\n", "channelId: 2\n"))
    drifted.load(
        make_world(make_channel(3, {"multiplier": 9}, channelInfo="Three"), make_channel(2, channelInfo="Two"))
    )
    before = (drifted.root / FILE).read_text()
    assert update(drifted)[1] == before


def test_a_channel_with_another_name_is_not_taken_for_a_new_one(drifted: Workspace) -> None:
    edit(drifted, "  two:", "  north:")
    assert update(drifted)[1] == CHANGED_TEXT.replace("  two:", "  north:")


def test_force_takes_everything_over(drifted: Workspace) -> None:
    edit(drifted, "multiplier: 1", "multiplier: 100")
    assert update(drifted, "--force")[1] == CHANGED_TEXT


def test_before_the_first_commit_everything_is_kept(workspace: Workspace) -> None:
    (workspace.root / ".git").rmdir()
    git(workspace, "init")
    workspace.load(make_world(make_channel(1, channelInfo="Live")))
    workspace.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")

    answer, after = update(workspace)

    assert (answer.code, "not committed" in answer.out, "Mine" in after) == (0, True, True)


def test_outside_of_a_repository_all_is_taken_over_and_that_is_said(workspace: Workspace) -> None:
    (workspace.root / ".git").rmdir()
    workspace.load(make_world(make_channel(1, channelInfo="Live")))
    workspace.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")

    answer, after = update(workspace)

    assert (answer.code, "Live" in after) == (0, True)
    assert answer.err == ("not in a git repository, so your own edits look like drift and are not kept\n")


def test_where_nothing_differs_no_commit_is_needed(workspace: Workspace) -> None:
    workspace.load(make_world(make_channel(1, channelInfo="Mine")))
    workspace.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")
    assert update(workspace)[0].code == 0


SWAPPED_FILE = """\
channels:
  three:
    select: {channelId: 3}
    channelVersions:
      - beginDate: null
        multiplier: 100   # the old meter
      - beginDate: "2025-06-01T09:50"
        multiplier: 1
        because: swapped
"""


def test_an_import_of_all_versions_lists_them_and_its_plan_is_empty(workspace: Workspace) -> None:
    workspace.load(make_world(PLAIN, TWO))

    assert workspace.run("import", "--versions", "all").code == 0

    (file,) = (path for path in (workspace.root / "channels").rglob("*.yaml") if "IMP-3" in path.read_text())
    assert file.read_text().partition("    intervalMinutes: 15\n")[2] == (
        "    channelVersions:\n"
        "      - beginDate: null\n"
        "        unitCode: KWH\n"
        "        observationRule: Trip\n"
        "        multiplier: 10\n"
        '      - beginDate: "2025-06-01T09:50:00"\n'
        "        unitCode: KWH\n"
        "        observationRule: Trip\n"
        "        multiplier: 1\n"
    )
    assert begins(workspace)["IMP-1"] == []
    plan = workspace.run("plan", "--detailed-exitcode")
    assert (plan.code, "ESA522" in plan.out) == (0, False)


def test_all_versions_are_not_written_by_an_update(workspace: Workspace) -> None:
    answer = workspace.run("import", "--update", "--versions", "all")

    assert answer.code == 64
    assert answer.err == (
        "reconciler: --versions all cannot be combined with --update, which never replaces "
        "esaChannelVersion with a list\n"
        "  fix: take the channel out of its file, and import it again without --update\n"
    )


def test_an_update_takes_over_values_and_new_versions_of_a_list_and_leaves_the_rest(workspace: Workspace) -> None:
    new = make_version(32, multiplier=5, beginDate="2026-01-01T00:00:00")
    workspace.load(make_world(make_channel(3, versions=[*SWAPPED, new], data_point=2)))
    future = '      - beginDate: "2030-01-01"\n        multiplier: 9\n'
    workspace.write(FILE, SWAPPED_FILE + future)

    answer = workspace.run("import", "--update")

    assert (answer.code, answer.err) == (0, UNTOLD)
    assert (workspace.root / FILE).read_text() == SWAPPED_FILE.replace("multiplier: 100 ", "multiplier: 10 ") + (
        '      - beginDate: "2026-01-01T00:00:00"\n'
        "        unitCode: KWH\n"
        "        observationRule: Trip\n"
        "        multiplier: 5\n"
    ) + future
    assert answer.out == (
        "1 file updated from sandbox for 1 channel; a plan of them edits only what is kept.\n"
        "\n"
        "  ~ changed  channels/all.yaml  1 channel\n"
        "\n"
        "Listed in the files, but not in EnergyCAP, and left as they are:\n"
        "  three  channelVersions[2030-01-01T00:00:00]\n"
        "\n"
        "Import: 1 channel updated, 0 files new, 1 changed, 1 managed before, 0 left out.\n"
    )
    assert workspace.run("import", "--update").out == (
        "The files keep the versions that it lacks; nothing else differs from sandbox.\n"
        "\n"
        "Listed in the files, but not in EnergyCAP, and left as they are:\n"
        "  three  channelVersions[2030-01-01T00:00:00]\n"
        "\n"
        "Import: 0 channels updated, 0 files new, 0 changed, 1 managed before, 0 left out.\n"
    )


def test_an_update_keeps_what_was_edited_in_one_listed_version(drifted: Workspace) -> None:
    drifted.load(make_world(make_channel(3, versions=SWAPPED, data_point=2)))
    drifted.write(FILE, SWAPPED_FILE.replace("multiplier: 1\n", "multiplier: 3\n"))
    git(drifted, "commit", "--quiet", "--all", "--message", "Listed")
    drifted.write(FILE, SWAPPED_FILE.replace("multiplier: 1\n", "multiplier: 4\n"))

    answer = drifted.run("import", "--update", "--base", "HEAD")

    assert answer.code == 0
    assert (drifted.root / FILE).read_text() == SWAPPED_FILE.replace("multiplier: 1\n", "multiplier: 4\n").replace(
        "multiplier: 100 ", "multiplier: 10 "
    )
    assert "three  esaChannelVersion.multiplier  4" in answer.out
