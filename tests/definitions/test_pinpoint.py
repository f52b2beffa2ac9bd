"""Places found in the text by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.pinpoint import locate_findings
from reconciler.model.findings import Finding, Location, Severity
from tests.definitions.places import write

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
defaults:
  intervalMinutes: 15
channels:
  use:
    channelId: 1
    esaChannelVersion:
      multiplier: 0.001
"""
FILE = "channels/a.yaml"


def finding(place: Location | None) -> Finding:
    return Finding("ESA214", Severity.ERROR, "message", place, ("detail",))


def pinpoint_one(root: Path, place: Location | None) -> Finding:
    (found,) = locate_findings(root, [finding(place)])
    return found


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("esaChannelVersion", "multiplier"), (7, 19, 5)),
        (("esaChannelVersion", "offset"), (6, 5, 17)),
        (("channelInfo",), (4, 3, 3)),
        ((), (4, 3, 3)),
    ],
)
def test_a_key_is_found_or_else_the_nearest_above_it(
    path: tuple[str, ...], place: tuple[int, int, int], tmp_path: Path
) -> None:
    keys = ("channels", "use", *path)
    found = pinpoint_one(write(tmp_path, a=TEXT), Location(FILE, 4, path=keys)).location

    assert found is not None
    assert ((found.line, found.column, found.length), found.path, found.excerpt) == (
        place,
        keys,
        TEXT.splitlines()[place[0] - 1],
    )


def test_a_value_from_the_defaults_is_found_there_and_the_channel_is_named(tmp_path: Path) -> None:
    found = pinpoint_one(write(tmp_path, a=TEXT), Location(FILE, 4, path=("channels", "use", "intervalMinutes")))

    assert found.location is not None
    assert (found.location.line, found.location.column, found.detail) == (
        2,
        20,
        ("in channel: use (channels/a.yaml:4)", "detail"),
    )


def test_a_channel_in_one_line_is_placed_at_its_name(tmp_path: Path) -> None:
    root = write(tmp_path, a="channels:\n  use: {channelId: 1}\n")

    found = pinpoint_one(root, Location(FILE, 2, path=("channels", "use"))).location

    assert found == Location(FILE, 2, 3, ("channels", "use"), 3, "  use: {channelId: 1}")


@pytest.mark.parametrize(
    ("formula", "place"),
    [
        ("1 - channel(b) * 2", (5, 20, 10)),
        ('"1 - channel(b) * 2"', (5, 21, 10)),
        (">-\n        1 -\n        channel(b) * 2", (7, 9, 10)),
        ('"1 - channel(\\x62)"', (5, 16, 19)),
        ("1 - channel(c)", (5, 16, 14)),
    ],
    ids=["plain", "quoted", "folded", "escaped", "not in it"],
)
def test_the_piece_of_a_value_is_found_in_it(formula: str, place: tuple[int, int, int], tmp_path: Path) -> None:
    text = f"# channel(b)\nchannels:\n  use:\n    esaChannelVersion:\n      formula: {formula}\n"
    keys = ("channels", "use", "esaChannelVersion", "formula")

    found = pinpoint_one(write(tmp_path, a=text), Location(FILE, 3, path=keys, fragment="channel(b)")).location

    assert found is not None
    assert ((found.line, found.column, found.length), found.path, found.fragment) == (place, keys, "")


@pytest.mark.parametrize(
    ("pointers", "path", "column"),
    [
        ("select: {channelId: 1}", "channelId", 25),
        ("channelId: 1", "channelId", 16),
        ("channelImportId: X", "channelImportId", 22),
        ("select: {meterImportId: X}", "dataPointImportId", 29),
        ("select: {unitCode: X}", "dataPointImportId", 5),
    ],
)
def test_a_pointer_is_found_however_it_is_written(pointers: str, path: str, column: int, tmp_path: Path) -> None:
    root = write(tmp_path, a=f"channels:\n  use:\n    {pointers}\n")

    found = pinpoint_one(root, Location(FILE, 2, path=("channels", "use", "select", path))).location

    assert found is not None
    assert (found.line, found.column) == (3, column)


@pytest.mark.parametrize(
    "place",
    [
        None,
        Location(FILE, 4),
        Location(FILE, 4, 7, ("channels", "use")),
        Location("channels/gone.yaml", 4, path=("channels", "use")),
        Location("channels/broken.yaml", 4, path=("channels", "use")),
    ],
    ids=["no place", "no keys", "known", "file is gone", "file is no text"],
)
def test_what_cannot_or_need_not_be_found_stays_as_it_is(place: Location | None, tmp_path: Path) -> None:
    write(tmp_path, a=TEXT, broken=b"\xff")

    assert pinpoint_one(tmp_path, place) == finding(place)
