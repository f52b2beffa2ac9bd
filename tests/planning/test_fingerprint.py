"""The digest of a live channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.planning.changes import fingerprint
from tests.planning.tenant import V, add_older_version, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live

LIVE = make_live(1)


def test_a_fingerprint_is_the_same_in_every_run() -> None:
    assert fingerprint(LIVE) == "sha256:d2d7abdd1273fd4faa6df3c438937e2545f84aac10e98e7abfe1d7d6ed7c9c65"


@pytest.mark.parametrize("text", ["Geb\N{LATIN SMALL LETTER A WITH DIAERESIS}ude", "\ud800"])
def test_any_text_has_a_fingerprint(text: str) -> None:
    named = make_live(1, {"channelDescription": text})

    assert fingerprint(named) == fingerprint(named)
    assert fingerprint(named) != fingerprint(LIVE)


def test_two_reads_of_an_unchanged_channel_have_one_fingerprint() -> None:
    backwards = replace(LIVE, values=dict(reversed(list(LIVE.values.items()))))

    assert fingerprint(backwards) == fingerprint(LIVE)
    assert fingerprint(replace(LIVE, has_readings=True, last_reading="2026-01-01T00:00:00")) == fingerprint(LIVE)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(make_live(2), id="another channel"),
        pytest.param(make_live(1, {"channelDescription": ""}), id="an empty text for null"),
        pytest.param(make_live(1, {f"{V}multiplier": 2}), id="a versioned value"),
        pytest.param(add_older_version(LIVE, "2024-01-01T00:00:00"), id="a version more"),
    ],
)
def test_whatever_an_edit_could_change_shows_in_the_fingerprint(other: Live) -> None:
    assert fingerprint(other) != fingerprint(LIVE)
