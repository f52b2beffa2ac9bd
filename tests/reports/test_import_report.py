"""What an import wrote, as text."""

from __future__ import annotations

import pytest

from reconciler.planning.importing.inventory import Skipped
from reconciler.reports.import_report import ImportSummary, WrittenFile, render_import
from reconciler.reports.terminal import no_style

NEW = WrittenFile("channels/new.yaml", None, "channels:\n  \u202euse: 1\n", 1)
CHANGED = WrittenFile("channels/old.yaml", "channels:\n  a: 1\n", "channels:\n  a: 2\n", 1)
SCHEMA = WrittenFile("schemas/channels.schema.json", None, "{}\n", 0)
LEFT_OUT = (
    Skipped("nb-use", "channelInfo", "a file cannot hold this value"),
    Skipped("nb-net", "", "ESA332 Two channels select the same live channel."),
)


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        pytest.param(
            ImportSummary("sandbox", (NEW, CHANGED, SCHEMA), 3, LEFT_OUT),
            """\
2 channels of sandbox went into 2 files; a plan of them is empty.

  + new      ../channels/new.yaml  1 channel
  ~ changed  ../channels/old.yaml  1 channel
  + new      ../schemas/channels.schema.json  for editors

Left out of the files, and so not managed:
  nb-use  channelInfo
      a file cannot hold this value
  nb-net  the whole channel
      ESA332 Two channels select the same live channel.

Import: 2 channels added, 2 files new, 1 changed, 3 managed before, 2 left out.
""",
            id="written",
        ),
        pytest.param(
            ImportSummary("sandbox", (NEW, CHANGED, SCHEMA), 0, (), is_preview=True),
            """\
2 channels of sandbox would go into 2 files; a plan of them is empty.

--- /dev/null
+++ ../channels/new.yaml
@@ -0,0 +1,2 @@
+channels:
+  \\u202euse: 1
--- ../channels/old.yaml
+++ ../channels/old.yaml
@@ -1,2 +1,2 @@
 channels:
-  a: 1
+  a: 2

Import (nothing written): 2 channels added, 2 files new, 1 changed, 0 managed before, 0 left out.
""",
            id="a preview",
        ),
        pytest.param(
            ImportSummary("sandbox", (CHANGED,), 3, (), is_update=True),
            """\
1 file updated from sandbox for 1 channel; a plan of them is empty.

  ~ changed  ../channels/old.yaml  1 channel

Import: 1 channel updated, 0 files new, 1 changed, 3 managed before, 0 left out.
""",
            id="an update",
        ),
        pytest.param(
            ImportSummary("\x1b[31m", (), 3, (), is_update=True),
            """\
Nothing to update from \\x1b[31m.

Import: 0 channels updated, 0 files new, 0 changed, 3 managed before, 0 left out.
""",
            id="an update of nothing",
        ),
    ],
)
def test_an_import_is_reported_completely(done: ImportSummary, expected: str) -> None:
    assert render_import(done, no_style, "../") == expected


def test_of_many_files_the_first_are_listed() -> None:
    done = ImportSummary("sandbox", tuple(WrittenFile(f"{number:02}.yaml", None, "", 4) for number in range(25)), 0, ())

    lines = render_import(done, no_style).splitlines()
    assert lines[0] == "100 channels of sandbox went into 25 files; a plan of them is empty."
    assert lines[20:24] == [
        "  + new      18.yaml  4 channels",
        "  + new      19.yaml  4 channels",
        "  and 5 files more; git status lists them",
        "",
    ]
