"""The proof that stands between what an import made and the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.cli.import_channels import ImportedFiles, verify_empty_plan
from reconciler.cli.output import Output
from reconciler.errors import ProjectError
from reconciler.reports.import_report import WrittenFile
from tests.cli.tenants import open_project, read_world, stand_on
from tests.worlds import make_channel

if TYPE_CHECKING:
    from reconciler.cli.import_channels import ImportInput

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
            "mine: ESA303 several channels govern one live channel, found 1 here and for new (channels/new.yaml:2)\n",
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
