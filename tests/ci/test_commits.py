from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.ci.commits import find_flaws

ROOT = Path(__file__).resolve().parents[2]
# The rules hold from the commit after this one.
LAST_BEFORE = "022c357"
GOOD = "Skip sharing checks for channels matched by one definition\n\nThey cannot be shared.\n"


def read_messages() -> list[str]:
    """The messages of all commits that the rules hold for."""
    command = ["git", "-C", str(ROOT), "log", "--no-merges", "--format=%B%x00", f"{LAST_BEFORE}..HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("the history is not here")
    return [message.strip() for message in done.stdout.split("\0") if message.strip()]


def test_every_commit_message_has_an_imperative_subject_and_a_reason() -> None:
    flaws = {message.partition("\n")[0]: list(find_flaws(message)) for message in read_messages()}

    assert {subject: found for subject, found in flaws.items() if found} == {}


@pytest.mark.parametrize(
    ("message", "flaws"),
    [
        pytest.param(GOOD, [], id="good"),
        pytest.param("Process rows in blocks\n\nFaster.", [], id="an imperative that ends in s"),
        pytest.param("Fix a typo", ["the body does not say why"], id="no body"),
        pytest.param("fix it\n\nWhy.", ["the subject does not begin with a capital letter"], id="small letter"),
        pytest.param("Fix it.\n\nWhy.", ["the subject ends with a period"], id="period"),
        pytest.param(
            "Fixed it\n\nWhy.", ["the subject does not begin with an imperative, found Fixed"], id="past tense"
        ),
        pytest.param("Fix it\nand why", ["no empty line separates the subject from the body"], id="no empty line"),
        pytest.param(
            f"Fix {'x' * 69}\n\nWhy.", ["the subject has 73 characters, at most 72 are shown everywhere"], id="too long"
        ),
    ],
)
def test_a_message_is_judged(message: str, flaws: list[str]) -> None:
    assert list(find_flaws(message)) == flaws
