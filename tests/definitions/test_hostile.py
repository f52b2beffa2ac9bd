"""Bad files of every kind: always findings and exit 1, never a traceback, too much memory or an escape sequence."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.load import load_definitions
from tests.definitions.hostile import CORPUS, Bad
from tests.definitions.places import write

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1024**3
LARGEST = 5 * 1024 * 1024
PROJECT = "definitions: channels\n"
FORMATS = ["text", "concise", "json", "github", "gitlab", "sarif", "junit"]
FLOODS = {
    "ESA103": "channels: [" + "1," * 1_100_000 + "]",
    "ESA110": "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
    "ESA121": "".join(f"a{number}: 1\n" for number in range(400_000)),
    "ESA123": "channels:\n" + "".join(f" a{number}: 1\n" for number in range(100_000)),
}


def run_validate(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`reconciler validate` below `root`, which may take 1 GiB of memory at most."""
    (root / "reconciler.yaml").write_text(PROJECT)
    return subprocess.run(
        [sys.executable, "-m", "reconciler", "validate", *options],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB)),
    )


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: bad.name)
def test_a_bad_file_gives_a_finding_at_its_line(bad: Bad, tmp_path: Path) -> None:
    findings = load_definitions(write(tmp_path, bad=bad.content), ["channels"]).findings

    places = {(finding.code, finding.location.line) for finding in findings if finding.location}
    assert (bad.code, bad.line) in places


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len({bad.name for bad in CORPUS}) == len(CORPUS) >= 120


@pytest.mark.parametrize("format_", FORMATS)
def test_no_report_passes_escape_sequences_of_a_bad_file_to_the_terminal(format_: str, tmp_path: Path) -> None:
    write(tmp_path, **{bad.name: bad.content for bad in CORPUS})
    (tmp_path / "channels" / "\x1b[31m\n::error::red\u202e.yaml").write_text("channels: {}\n")

    done = run_validate(tmp_path, "--format", format_)

    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert [character for character in set(done.stdout) if not character.isprintable()] == ["\n"]


@pytest.mark.parametrize("code", FLOODS)
def test_a_huge_file_gives_findings_within_1_gib_of_memory(code: str, tmp_path: Path) -> None:
    assert len(FLOODS[code]) <= LARGEST

    done = run_validate(write(tmp_path, flood=FLOODS[code]), "--format", "concise")

    assert (done.returncode, done.stderr) == (1, "")
    assert f": {code} " in done.stdout
