"""A copy of the live state: the same snapshot, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler import sandbox
from reconciler.energycap.client import open_reader
from reconciler.energycap.snapshot_file import read_snapshot_file, render_snapshot_file, snapshot_from_file
from reconciler.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

TAKEN = "2026-11-21T08:00:00Z"


def test_a_copy_gives_the_snapshot_that_the_service_gives(tmp_path: Path) -> None:
    with (
        sandbox.running(tmp_path / "sandbox.sqlite3", sandbox.generate(60, 3)) as service,
        open_reader(service.url, "sandbox") as reader,
    ):
        text = render_snapshot_file(reader.read_raw_snapshot(), environment="local", taken=TAKEN)
        assert snapshot_from_file(read_snapshot_file(text)) == (reader.read_snapshot(), TAKEN)


def test_the_sandbox_takes_a_copy_as_its_world(tmp_path: Path) -> None:
    with sandbox.running(tmp_path / "one.sqlite3") as service, open_reader(service.url, "sandbox") as reader:
        (tmp_path / "world.json").write_text(
            render_snapshot_file(reader.read_raw_snapshot(), environment="local", taken=TAKEN)
        )
        expected = reader.read_snapshot()
    world = sandbox.read_world(tmp_path / "world.json")
    with sandbox.running(tmp_path / "two.sqlite3", world) as service, open_reader(service.url, "sandbox") as reader:
        assert reader.read_snapshot() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"formatVersion": 1', "the file is no snapshot, or was cut short: it is no JSON"),
        ("[" * 100_000, "the file is not a snapshot: its JSON is nested too deeply"),
        ("[" * 500 + "]" * 500, "the file is not a snapshot: its JSON is nested too deeply"),
        ("[]", "the file is no snapshot of format 1"),
        ('{"formatVersion": 2}', "the file is no snapshot of format 1"),
        (
            '{"formatVersion": 1, "channels": [1e999]}',
            "the snapshot cannot be used: it holds NaN, Infinity or a number too large to store",
        ),
        (
            '{"formatVersion": 1, "channels": [NaN]}',
            "the snapshot cannot be used: it holds NaN, Infinity or a number too large to store",
        ),
        ('{"formatVersion": 1, "formatVersion": 1}', "one object has the key 'formatVersion' twice"),
    ],
)
def test_a_file_that_is_no_copy_is_refused(text: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        read_snapshot_file(text)


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({}, "channels should be a list of objects, found nothing"),
        ({"channels": [{"channelInfo": "Use"}]}, "a channel comes without its channelId"),
        ({"channels": [], "taken": 3}, "taken should be text, found 3"),
    ],
)
def test_a_copy_with_a_hole_is_refused(world: dict[str, object], message: str) -> None:
    with pytest.raises(FileError, match="the snapshot cannot be used") as refusal:
        snapshot_from_file(world)
    assert message in str(refusal.value)


def test_a_channel_twice_is_refused(tmp_path: Path) -> None:
    with sandbox.running(tmp_path / "one.sqlite3") as service, open_reader(service.url, "sandbox") as reader:
        world = reader.read_raw_snapshot()
    channels = world["channels"]
    assert isinstance(channels, list)
    with pytest.raises(FileError, match="a channel is in it twice"):
        snapshot_from_file({**world, "channels": [*channels, channels[0]]})
