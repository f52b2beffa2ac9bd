"""Loading definitions: combined, capped and located findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.load import LoadResult, cap_findings, load_definitions, locate_findings, note_omitted
from reconciler.model.channels import Definitions, Desired
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Feed, Identifiers
from tests.definitions.places import validate, write

if TYPE_CHECKING:
    from pathlib import Path


NORTH = "channels:\n  north:\n    channelId: 1\n"
SOUTH = "channels:\n  south:\n    channelId: 2\nfeeds:\n  logger: {channelId: 2, expect: south}\n"
SUM = """\
channels:
  sum:
    channelId: 3
    isCalculated: true
    esaChannelVersion: {formula: channel(north) + channel(west)}
"""
WANTED_NORTH = Desired("north", "channels/b.yaml", 2, Identifiers(channel_id=1), {})
WANTED_SOUTH = Desired("south", "channels/a.yaml", 2, Identifiers(channel_id=2), {})


def load(root: Path) -> LoadResult:
    return load_definitions(root, ["channels"])


def test_channels_and_feeds_are_sorted_by_name_and_files_by_path(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, b=NORTH, a=SOUTH))

    logger = Feed(
        "logger", Location("channels/a.yaml", 5, path=("feeds", "logger")), Identifiers(channel_id=2), "south"
    )
    assert loaded == LoadResult(
        Definitions(
            (WANTED_NORTH, WANTED_SOUTH),
            (logger,),
            ("channels/a.yaml", "channels/b.yaml"),
            loaded.definitions.digest,
        ),
        (),
    )


def test_the_digest_ignores_file_names_and_line_endings(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    for folder in (one, two, other):
        folder.mkdir()

    digest = load(write(one, a=NORTH, b=SOUTH)).definitions.digest

    assert digest == load(write(two, z=NORTH.replace("\n", "\r\n"), b=SOUTH)).definitions.digest
    assert digest != load(write(other, a=NORTH, b=SOUTH + "# note\n")).definitions.digest
    assert digest.startswith("sha256:")


def test_a_valid_file_that_the_fast_reader_cannot_read_is_read(tmp_path: Path) -> None:
    text = "channels:\n  north: {channelId: 1, channelInfo: &hi Hi!}\n  south: {channelId: 2, channelInfo: *hi}\n"

    loaded = load(write(tmp_path, a=text))

    assert loaded.findings == ()
    assert loaded.definitions.channels == (
        Desired("north", "channels/a.yaml", 2, Identifiers(channel_id=1), {"channelInfo": "Hi!"}),
        Desired("south", "channels/a.yaml", 3, Identifiers(channel_id=2), {"channelInfo": "Hi!"}),
    )


def test_a_duplicate_channel_name_shows_both_places_and_the_first_counts(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, a=NORTH + "    channelInfo: A\n", b=NORTH.replace("1", "2")))

    assert validate(tmp_path) == ["b.yaml:2:3 ESA131 channel north is defined twice, first in channels/a.yaml:2"]
    assert [(channel.name, channel.file) for channel in loaded.definitions.channels] == [("north", "channels/a.yaml")]


@pytest.mark.parametrize(
    ("other", "fix"),
    [
        (NORTH, "delete one of them: both select the same channel in EnergyCAP"),
        (NORTH.replace("1", "2"), "rename one of the two"),
    ],
    ids=["a copy of a file", "another channel"],
)
def test_the_fix_for_a_duplicate_name_is_to_delete_it_if_both_select_the_same_channel(
    tmp_path: Path, other: str, fix: str
) -> None:
    assert [finding.fix for finding in load(write(tmp_path, a=NORTH, b=other)).findings] == [fix]


def test_a_duplicate_feed_name_shows_both_places(tmp_path: Path) -> None:
    write(tmp_path, a=SOUTH, b="feeds:\n  logger: {channelId: 2, expect: south}\n")

    assert validate(tmp_path) == ["b.yaml:2:3 ESA132 feed logger is defined twice, first in channels/a.yaml:5"]


def test_no_file_is_an_error(tmp_path: Path) -> None:
    loaded = load(tmp_path)

    assert [(finding.code, finding.severity) for finding in loaded.findings] == [("ESA102", Severity.ERROR)]
    assert loaded.definitions.channels == ()


def test_channels_of_a_broken_file_are_left_out_without_errors_in_other_files(tmp_path: Path) -> None:
    broken = "channels:\n  north:\n    channelId: 1\n    channelInfo: 12\n  west:\n    chanelId: 4\n"

    loaded = load(write(tmp_path, a=broken, b=SUM))

    assert validate(tmp_path) == [
        "a.yaml:4:18 ESA123 channelInfo must be text, found 12",
        "a.yaml:6:5 ESA121 unknown key chanelId in channel west",
    ]
    assert [channel.name for channel in loaded.definitions.channels] == ["sum"]


def test_names_in_a_file_that_is_not_yaml_are_known_to_the_others(tmp_path: Path) -> None:
    broken = "channels:\n  north:\n    channelInfo: @\n  west: {channelId: 4}\n"
    write(tmp_path, a=broken, b=SUM)

    assert validate(tmp_path) == ["a.yaml:3:18 ESA107 text that starts with @ must be in quotes"]


def test_the_readable_part_of_a_broken_file_is_checked(tmp_path: Path) -> None:
    text = """\
dataPoint: [1]
defaults: 3
channels:
  north:
    channelId: 1
    chanelInfo: x
    esaChannelVersion:
      observationRule: Trip
      rolloverValue: 100000
  south: 2
  "a b":
    select: 3
feeds:
  logger: {expect: nowhere, channelId: 1}
  broken: {channelId: 1}
"""

    assert validate(write(tmp_path, a=text)) == [
        "a.yaml:1:12 ESA123 dataPoint must be text, found a list",
        "a.yaml:2:11 ESA123 defaults must be a mapping of keys, found 3",
        "a.yaml:6:5 ESA121 unknown key chanelInfo in channel north",
        "a.yaml:9:22 ESA214 rolloverValue must be null under the Trip rule, found 100000",
        "a.yaml:10:10 ESA123 channel south must be a mapping of keys, found 2",
        'a.yaml:11:3 ESA127 a name is made of letters, digits, hyphen, underscore and dot, found "a b"',
        "a.yaml:12:13 ESA123 select must be a mapping of keys, found 3",
        "a.yaml:14:20 ESA341 feed expects an unknown channel, found expect: nowhere",
        "a.yaml:15:3 ESA122 feed broken needs expect",
    ]


@pytest.mark.parametrize("text", ["- a\n", "12\n", "null\n", "channels: 3\n"])
def test_a_file_that_is_not_a_channel_file_has_no_channels(text: str, tmp_path: Path) -> None:
    loaded = load(write(tmp_path, a=text))

    assert [finding.code for finding in loaded.findings] == ["ESA123"]
    assert loaded.definitions.channels == ()


def test_a_comment_that_cuts_off_a_text_is_a_warning_and_the_channel_counts(tmp_path: Path) -> None:
    text = "channels:\n  north:\n    channelId: 1\n    channelInfo: Building #3 use\n    intervalMinutes: 15 #minutes\n"

    loaded = load(write(tmp_path, a=text))

    assert [(f.severity, f.code, f.message, f.location) for f in loaded.findings] == [
        (
            Severity.WARNING,
            "ESA117",
            "the text is cut off before #3 use",
            Location("channels/a.yaml", 4, 27, (), 6, "    channelInfo: Building #3 use"),
        )
    ]
    assert len(loaded.definitions.channels) == 1


def test_fifty_findings_of_a_file_are_shown_and_the_rest_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="channels:\n  north:\n    channelId: 1\n" + "".join(f"    key-{n}: 1\n" for n in range(60)),
        b="- a\n",
    )

    findings = validate(tmp_path)

    assert len(findings) == 52
    assert findings[49:] == [
        "a.yaml:53:5 ESA121 unknown key key-49 in channel north",
        "a.yaml:54:0 ESA199 10 more findings in this file are not shown",
        "b.yaml:1:1 ESA123 the file must be a mapping of keys, found a list",
    ]


def make_limited(line: int, severity: Severity = Severity.ERROR, file: str = "a.yaml") -> Finding:
    return Finding("ESA121", severity, "unknown key", Location(file, line, 1))


def test_few_findings_are_all_shown_in_order() -> None:
    two, one = make_limited(2), make_limited(1, Severity.NOTE)

    picked, rest = cap_findings([two, one], {"a.yaml": 0})

    assert note_omitted(picked, rest) == (one, two)


def test_errors_are_kept_first() -> None:
    notes = [make_limited(line, Severity.NOTE) for line in range(1, 51)]
    warning, error = make_limited(60, Severity.WARNING), make_limited(61)

    picked, rest = cap_findings([*notes, warning, error], {})

    assert (picked, rest) == ([error, warning, *notes[:48]], {"a.yaml": 2})


def test_findings_that_were_not_made_are_counted_with_the_rest() -> None:
    picked, rest = cap_findings([make_limited(line) for line in range(1, 52)], {"a.yaml": 999})

    *shown, note = note_omitted(picked, rest)

    assert [found.location.line for found in shown if found.location] == list(range(1, 51))
    assert (note.severity, note.message, note.location) == (
        Severity.NOTE,
        "1,000 more findings in this file are not shown",
        Location("a.yaml", 51),
    )


def test_findings_without_a_place_are_counted_as_one_file() -> None:
    nowhere = Finding("ESA102", Severity.ERROR, "no folder")

    note, *_ = note_omitted(*cap_findings([nowhere] * 51, {}))

    assert (note.code, note.location) == ("ESA102", None)


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


def locate_one(root: Path, place: Location | None) -> Finding:
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
def test_a_key_is_located_or_else_the_nearest_above_it(
    path: tuple[str, ...], place: tuple[int, int, int], tmp_path: Path
) -> None:
    keys = ("channels", "use", *path)
    found = locate_one(write(tmp_path, a=TEXT), Location(FILE, 4, path=keys)).location

    assert found is not None
    assert ((found.line, found.column, found.length), found.path, found.excerpt) == (
        place,
        keys,
        TEXT.splitlines()[place[0] - 1],
    )


def test_a_value_of_the_defaults_is_located_there_and_the_channel_is_named(tmp_path: Path) -> None:
    found = locate_one(write(tmp_path, a=TEXT), Location(FILE, 4, path=("channels", "use", "intervalMinutes")))

    assert found.location is not None
    assert (found.location.line, found.location.column, found.detail) == (
        2,
        20,
        ("in channel: use (channels/a.yaml:4)", "detail"),
    )


def test_a_channel_on_one_line_is_located_at_its_name(tmp_path: Path) -> None:
    root = write(tmp_path, a="channels:\n  use: {channelId: 1}\n")

    found = locate_one(root, Location(FILE, 2, path=("channels", "use"))).location

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
def test_a_part_of_a_value_is_located_in_it(formula: str, place: tuple[int, int, int], tmp_path: Path) -> None:
    text = f"# channel(b)\nchannels:\n  use:\n    esaChannelVersion:\n      formula: {formula}\n"
    keys = ("channels", "use", "esaChannelVersion", "formula")

    found = locate_one(write(tmp_path, a=text), Location(FILE, 3, path=keys, fragment="channel(b)")).location

    assert found is not None
    assert ((found.line, found.column, found.length), found.path, found.fragment) == (place, keys, "")


@pytest.mark.parametrize(
    ("identifiers", "path", "column"),
    [
        ("select: {channelId: 1}", "channelId", 25),
        ("channelId: 1", "channelId", 16),
        ("channelImportId: X", "channelImportId", 22),
        ("select: {meterImportId: X}", "dataPointImportId", 29),
        ("select: {unitCode: X}", "dataPointImportId", 5),
    ],
)
def test_an_identifier_is_located_in_either_form(identifiers: str, path: str, column: int, tmp_path: Path) -> None:
    root = write(tmp_path, a=f"channels:\n  use:\n    {identifiers}\n")

    found = locate_one(root, Location(FILE, 2, path=("channels", "use", "select", path))).location

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
    ids=["no place", "no keys", "known", "file is gone", "file is not text"],
)
def test_a_finding_that_cannot_be_located_stays_unchanged(place: Location | None, tmp_path: Path) -> None:
    write(tmp_path, a=TEXT, broken=b"\xff")

    assert locate_one(tmp_path, place) == finding(place)
