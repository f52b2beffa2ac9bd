"""Channel files edited, with everything else kept."""

from __future__ import annotations

from difflib import ndiff
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from reconciler.definitions.channel_editor import UnsafeEdit, append_channels, preserves_content, update_channels
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.model.channels import Desired, DesiredVersion
from reconciler.model.identifiers import Identifiers

if TYPE_CHECKING:
    from reconciler.model.values import Spec


V = "esaChannelVersion."
NEW = Desired("new", "f.yaml", 0, Identifiers(channel_id=9), {"channelInfo": "no", "intervalMinutes": 15})

COMMENTED = """\
# about the file
dataPoint:   NB-01       # aligned
defaults: {intervalMinutes: 15}

channels:
    # about use
    use:
        select: {channelId: 1}   # found so
        channelInfo: 'Use'       # its name

        esaChannelVersion:       # current
            multiplier:  1.50    # was 1
            # unitCode: KWH
    # about net
    net:
        select: {channelId: 2}
        channelDescription: >-
            folded
            text
        # the end of net

# about feeds
feeds:
    logger: {channelId: 1, expect: use}
"""


def find_changes(before: str, after: str) -> list[str]:
    """The lines that were added and removed."""
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("updates", "changes"),
    [
        pytest.param(
            {"use": {f"{V}multiplier": 2}},
            ["-             multiplier:  1.50    # was 1", "+             multiplier:  2    # was 1"],
            id="a value, its comment and spacing kept",
        ),
        pytest.param(
            {"use": {"channelInfo": "a: b"}},
            ["-         channelInfo: 'Use'       # its name", '+         channelInfo: "a: b"       # its name'],
            id="a quoted value",
        ),
        pytest.param(
            {"net": {"channelDescription": None}},
            [
                "-         channelDescription: >-",
                "+         channelDescription: null",
                "-             folded",
                "-             text",
            ],
            id="a value over several lines",
        ),
        pytest.param(
            {"use": {"intervalMinutes": 60}},
            ["+         intervalMinutes: 60"],
            id="a value that only the defaults gave",
        ),
        pytest.param(
            {"use": {f"{V}unitCode": "MWH", f"{V}offset": 0.1}},
            ["+             unitCode: MWH", "+             offset: 0.1"],
            id="before and after what is there",
        ),
        pytest.param(
            {"net": {f"{V}multiplier": 2, f"{V}formula": "channel(use)"}},
            ["+         esaChannelVersion:", "+             multiplier: 2", "+             formula: channel(use)"],
            id="a version that was not written",
        ),
    ],
)
def test_a_value_is_replaced_in_place(updates: dict[str, Spec], changes: list[str]) -> None:
    assert find_changes(COMMENTED, update_channels(COMMENTED, updates)) == changes


LISTING = """\
channels:
  use:
    select: {channelId: 1}
    channelVersions:   # the meters
      # the first
      - beginDate: null
        multiplier: 10   # tens
        # it was mechanical

      # the second
      - beginDate: 2025-06-01 08:00   # work order 4711
        multiplier: 1
        because: swapped
        # checked
  net:
    channelVersions: [{beginDate: null, multiplier: 1}, {beginDate: "2025-06-01", multiplier: 2}]
"""


@pytest.mark.parametrize(
    ("updates", "changes"),
    [
        pytest.param(
            {"use": {"channelVersions[null].multiplier": 5, "channelVersions[2025-06-01T08:00:00].unitCode": "KWH"}},
            [
                "-         multiplier: 10   # tens",
                "+         multiplier: 5   # tens",
                "+         unitCode: KWH",
            ],
            id="values of both",
        ),
        pytest.param(
            {
                "use": {
                    "channelVersions[2026-01-01T00:00:00].unitCode": "KWH",
                    "channelVersions[2026-01-01T00:00:00].multiplier": 3,
                    "channelVersions[2024-01-01T00:00:00.5].multiplier": 2,
                }
            },
            [
                '+       - beginDate: "2024-01-01T00:00:00.5"',
                "+         multiplier: 2",
                '+       - beginDate: "2026-01-01T00:00:00"',
                "+         unitCode: KWH",
                "+         multiplier: 3",
            ],
            id="new ones between and after",
        ),
        pytest.param(
            {
                "net": {
                    "channelVersions[2025-06-01T00:00:00].multiplier": 4,
                    "channelVersions[2025-01-01T00:00:00].multiplier": 3,
                    "channelVersions[2026-01-01T00:00:00].unitCode": "a, b",
                }
            },
            [
                '-     channelVersions: [{beginDate: null, multiplier: 1}, {beginDate: "2025-06-01", multiplier: 2}]',
                (
                    '+     channelVersions: [{beginDate: null, multiplier: 1}, {beginDate: "2025-01-01T00:00:00", '
                    'multiplier: 3}, {beginDate: "2025-06-01", multiplier: 4}, {beginDate: "2026-01-01T00:00:00", '
                    'unitCode: "a, b"}]'
                ),
            ],
            id="in braces",
        ),
    ],
)
def test_listed_versions_are_edited_in_their_place_and_new_ones_come_in_order(
    updates: dict[str, Spec], changes: list[str]
) -> None:
    assert find_changes(LISTING, update_channels(LISTING, updates)) == changes


@pytest.mark.parametrize("break_", ["\r\n", "\r"])
def test_new_items_end_their_lines_as_the_others_do(break_: str) -> None:
    text = LISTING.replace("\n", break_)

    changed = update_channels(text, {"use": {"channelVersions[2026-01-01T00:00:00].multiplier": 3}})

    assert "\n" not in changed.replace(break_, "")
    assert (
        f'        # checked{break_}      - beginDate: "2026-01-01T00:00:00"{break_}        multiplier: 3{break_}'
        in changed
    )


@pytest.mark.parametrize(
    "text",
    [
        LISTING.replace("channelVersions:   # the meters", "channelVersions: &list"),
        LISTING.replace("- beginDate: 2025-06-01 08:00 ", "-\n        beginDate: 2025-06-01 08:00"),
        "templates:\n  pm: {channelVersions: [{beginDate: null}]}\nchannels:\n  use: {use: pm, channelId: 1}\n",
    ],
    ids=["anchored", "begun below its dash", "of a template"],
)
def test_a_list_that_cannot_be_added_to_in_place_is_left_alone(text: str) -> None:
    with pytest.raises(UnsafeEdit):
        update_channels(text, {"use": {"channelVersions[2026-01-01T00:00:00].multiplier": 3}})


LISTED = replace(
    NEW,
    versions=(
        DesiredVersion("", 0, {f"{V}multiplier": 10}),
        DesiredVersion("2025-06-01T08:00:00", 1, {f"{V}unitCode": "KWH", f"{V}multiplier": 1}),
    ),
    spec={"channelInfo": "no", f"{V}unitCode": "KWH", f"{V}multiplier": 1},
)
ADDED = """\
  new:
    select:
      channelId: 9
    channelInfo: "no"
    channelVersions:
      - beginDate: null
        multiplier: 10
      - beginDate: "2025-06-01T08:00:00"
        unitCode: KWH
        multiplier: 1
"""


def test_a_new_channel_lists_its_versions_in_any_layout() -> None:
    braces = "channels: {use: {channelId: 1}}\n"

    assert append_channels(LISTING, [LISTED]).removeprefix(LISTING).lstrip("\n") == ADDED
    assert append_channels(braces, [LISTED]) == (
        'channels: {use: {channelId: 1}, new: {select: {channelId: 9}, channelInfo: "no", channelVersions: '
        '[{beginDate: null, multiplier: 10}, {beginDate: "2025-06-01T08:00:00", unitCode: KWH, multiplier: 1}]}}\n'
    )


def test_new_keys_are_inserted_in_the_order_of_new_files() -> None:
    text = "channels:\n  use:\n    channelId: 1\n    isPrimaryValue: true\n    esaChannelVersion:\n      offset: 1\n"

    assert update_channels(text, {"use": {"channelInfo": "Use", f"{V}unitId": 3}}) == (
        "channels:\n  use:\n    channelId: 1\n    channelInfo: Use\n    isPrimaryValue: true\n"
        "    esaChannelVersion:\n      unitId: 3\n      offset: 1\n"
    )


def test_new_channels_come_after_the_others_and_their_comments() -> None:
    assert append_channels(COMMENTED, [NEW, replace(NEW, name="other")]) == COMMENTED.replace(
        "        # the end of net\n",
        "        # the end of net\n"
        '    new:\n        select:\n            channelId: 9\n        channelInfo: "no"\n'
        '    other:\n        select:\n            channelId: 9\n        channelInfo: "no"\n',
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "channels:\n  a:\n    channelId: 1", "channels:\n  a:\n    channelId: 1\n\n  new:\n", id="no line end"
        ),
        pytest.param(
            "channels:\n  a:\n    channelId: 1\n  b:\n    channelId: 2\n",
            "channels:\n  a:\n    channelId: 1\n  b:\n    channelId: 2\n  new:\n",
            id="no gaps",
        ),
        pytest.param(
            "channels:\n  a:\n    channelId: 1\n\n  # b\n  b: {channelId: 2}\n# end\n",
            "channels:\n  a:\n    channelId: 1\n\n  # b\n  b: {channelId: 2}\n\n  new:\n",
            id="gaps",
        ),
        pytest.param(
            "\ufeffchannels:\r\n  a: {channelId: 1}\r\n",
            "\ufeffchannels:\r\n  a: {channelId: 1}\r\n\r\n  new:\r\n",
            id="Windows",
        ),
    ],
)
def test_new_channels_follow_the_style_of_the_file(text: str, expected: str) -> None:
    assert append_channels(text, [NEW]).startswith(expected)


def test_values_of_the_defaults_are_not_repeated_except_for_calculated_channels() -> None:
    text = "defaults:\n  isCalculated: true\n  intervalMinutes: 15\nchannels:\n  a:\n    channelId: 1\n"
    spec: Spec = {"isCalculated": True, "intervalMinutes": 15, "channelInfo": "Sum"}

    assert append_channels(text, [replace(NEW, spec=spec)]) == (
        f"{text}\n  new:\n    select:\n      channelId: 9\n    channelInfo: Sum\n    isCalculated: true\n"
    )


ANCHORED = """\
channels:
    a:
        channelId: 1   # one
        esaChannelVersion: &version
            multiplier: 0.10
    b:
        channelId: 2
        esaChannelVersion: *version
    c:
        channelId: 3
        esaChannelVersion: *version
"""


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_value_with_aliases_is_changed_in_one_place_only(name: str) -> None:
    before = read(ANCHORED)
    before[name]["esaChannelVersion"] = {"multiplier": 5}

    changed = update_channels(ANCHORED, {name: {f"{V}multiplier": 5}})

    assert read(changed) == before
    assert "channelId: 1   # one" in changed


def test_a_channel_in_braces_gets_its_keys_there() -> None:
    text = "# all\r\nchannels: {a: {channelId: 1, channelInfo: 012}}  # here\r\n"

    assert update_channels(text, {"a": {"channelInfo": "1", "channelDescription": "x: y"}}) == (
        '# all\r\nchannels: {a: {channelId: 1, channelInfo: "1", channelDescription: "x: y"}}  # here\r\n'
    )
    assert append_channels(text, [NEW]) == (
        '# all\r\nchannels: {a: {channelId: 1, channelInfo: 012}, new: {select: {channelId: 9}, channelInfo: "no", '
        "intervalMinutes: 15}}  # here\r\n"
    )


IN_BRACES = """\
channels:
  use: {   # about use
    select: {channelId: 1},   # found so
    # the name
    channelInfo: 'Use',   # its name
    esaChannelVersion: {multiplier: 7,}   # was 1
  }   # the end of use
  # about net
  net: {select: {channelId: 2}, channelInfo: *name}   # net
"""


@pytest.mark.parametrize(
    ("updates", "old", "new"),
    [
        ({"channelInfo": "Net"}, "'Use'", "Net"),
        ({"channelInfo": "a, b"}, "'Use'", '"a, b"'),
        ({"channelInfo": "[a]"}, "'Use'", '"[a]"'),
        ({"channelInfo": None}, "'Use'", "null"),
        ({f"{V}multiplier": 0.5}, "multiplier: 7", "multiplier: 0.5"),
        ({f"{V}formula": "max(channel(1), 2)"}, "multiplier: 7", 'multiplier: 7, formula: "max(channel(1), 2)"'),
        ({"channelDescription": "x"}, "{multiplier: 7,}", "{multiplier: 7,}, channelDescription: x"),
    ],
)
def test_an_edit_in_braces_of_several_lines_keeps_every_other_byte(updates: Spec, old: str, new: str) -> None:
    text = IN_BRACES.replace("*name", "Net").replace("\n", "\r\n")

    assert update_channels(text, {"use": updates}) == text.replace(old, new)
    assert read(text.replace(old, new)) != read(text)


def test_a_missing_version_of_a_channel_in_braces_is_written_in_braces() -> None:
    text = "channels:\n  a: {channelId: 1}  # one\n"

    assert update_channels(text, {"a": {f"{V}multiplier": 2, f"{V}unitCode": "KWH"}}) == (
        "channels:\n  a: {channelId: 1, esaChannelVersion: {unitCode: KWH, multiplier: 2}}  # one\n"
    )


@pytest.mark.parametrize("nothing", ["null", "{}", "~"])
def test_an_empty_version_is_replaced(nothing: str) -> None:
    text = f"channels:\n  a:\n    channelId: 1\n    esaChannelVersion: {nothing}   # v\n    channelInfo: x\n"

    assert update_channels(text, {"a": {f"{V}multiplier": 2, f"{V}unitCode": "a, b"}}) == text.replace(
        nothing, '{unitCode: "a, b", multiplier: 2}'
    )


def test_an_alias_is_replaced_by_the_new_value() -> None:
    text = "channels:\n  a:\n    channelInfo: &name old  # a\n  b:\n    channelInfo:   *name  # b\n"

    assert update_channels(text, {"b": {"channelInfo": "new"}}) == text.replace("*name", "new")


def test_values_beside_an_anchor_are_changed_in_place() -> None:
    text = COMMENTED.replace("channelInfo: 'Use'", "channelInfo: &name 'Use'")

    assert update_channels(text, {"use": {f"{V}multiplier": 2}}) == text.replace("1.50", "2")


SHARED = """\
channels:
  a:
    channelId: 1
    channelInfo: &name old   # its name
    esaChannelVersion: &version   # current
      # was 1
      multiplier: 7   # per pulse

  # about b
  b:
    channelId: 2
    channelInfo: *name   # the same
    esaChannelVersion: *version   # as in a
"""


@pytest.mark.parametrize(
    ("text", "updates"),
    [
        pytest.param(SHARED, {"a": {f"{V}multiplier": 1}}, id="in an anchored mapping"),
        pytest.param(SHARED, {"b": {f"{V}multiplier": 1}}, id="in the mapping of an alias"),
        pytest.param(SHARED.replace("\n", "\r\n", 3), {"a": {"channelInfo": "x"}}, id="line breaks of two kinds"),
        pytest.param(
            "channels:\n  ? a\n  : channelId: 1\n    channelInfo: x\n", {"a": {f"{V}multiplier": 2}}, id="below ? and :"
        ),
        pytest.param(
            "channels:\n  a:\n    ? channelInfo\n    : x\n    channelId: 1\n",
            {"a": {"channelDescription": "x"}},
            id="beside ? and :",
        ),
        pytest.param(
            "channels:\n  a:\n    channelId: 1\n    channelDescription: >+\n      one\n\n\n# end\n",
            {"a": {f"{V}multiplier": 2}},
            id="behind a text that keeps its empty lines",
        ),
        pytest.param(
            COMMENTED.replace("channelDescription: >-", "channelDescription: >-  # why"),
            {"net": {"channelDescription": "x"}},
            id="behind the sign of a text over several lines",
        ),
    ],
)
def test_an_edit_that_would_change_something_else_is_refused(text: str, updates: dict[str, Spec]) -> None:
    read(text)
    with pytest.raises(UnsafeEdit):
        update_channels(text, updates)


def test_new_channels_are_not_added_if_a_comment_would_be_lost() -> None:
    text = "channels: {  # none yet\n  # and why\n}\n"

    with pytest.raises(UnsafeEdit):
        append_channels(text, [NEW])


def read(text: str) -> dict[str, Any]:
    """The channels of `text`, which must be valid."""
    document = parse_yaml("f.yaml", text.encode())
    tree: Any = document.tree
    assert document.findings == []
    channels: dict[str, Any] = tree["channels"]
    return channels


TEXT = """\
# head
channels:
  a:   # about a
    channelInfo: 'A # no comment'

    channelDescription: |  # why
      # no comment either
  b: {channelId: 2}   # about b
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'A # no comment'", "B"),
        ("      # no comment either", "      other"),
        ("{channelId: 2}", "{channelId: 3, channelInfo: x}"),
        ("  b:", "\n  c:\n    channelId: 3\n  b:"),
        ("    channelInfo:", "    channelId: 1\n    channelInfo:"),
        ("   # about b", " # about b"),
    ],
)
def test_values_may_change_and_keys_may_be_added(old: str, new: str) -> None:
    assert preserves_content(TEXT, TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# head\n", ""),
        ("   # about b", ""),
        ("  # why", ""),
        ("# about a", "# about b"),
        ("# head\n", "# head\n# head\n"),
        ("   # about b\n", "\n  # about b\n"),
        ("\n\n", "\n"),
        ("  b: {channelId: 2}   # about b\n", "  # about b\n  b: {channelId: 2}\n"),
        ("    channelInfo: 'A # no comment'\n", ""),
        ("\n", "\r\n"),
        ("# head\n", "# head\r\n"),
    ],
    ids=[
        "a comment", "at the end", "of a text", "another one", "twice", "on another line", "an empty line", "elsewhere",
        "a key", "other line breaks", "line breaks of two kinds",
    ],
)  # fmt: skip
def test_nothing_else_may_be_deleted_changed_or_moved(old: str, new: str) -> None:
    assert old in TEXT
    assert not preserves_content(TEXT, TEXT.replace(old, new))
