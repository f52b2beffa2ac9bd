"""Bad files of every kind: always findings, never an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.load import load_definitions
from tests.definitions.hostile import CORPUS, Bad
from tests.definitions.places import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_a_bad_file_gives_a_finding_at_its_line(bad: Bad, tmp_path: Path) -> None:
    findings = load_definitions(write(tmp_path, bad=bad.content), ["channels"]).findings

    places = {(finding.code, finding.place.line) for finding in findings if finding.place}
    assert (bad.code, bad.line) in places
