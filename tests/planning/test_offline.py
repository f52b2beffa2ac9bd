"""Everything that the files alone can be found wrong in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.channels import Desired
from reconciler.model.fields import FIELD_AT
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.offline_checks import check_definitions
from tests.cases import note_case
from tests.planning.offline_files import FORMULA, make_channel, make_definitions, make_feed, make_formula, tell

if TYPE_CHECKING:
    from reconciler.model.identifiers import Feed
    from reconciler.model.values import Spec

NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.sampled_from(["", " ", "X", "X ", "Trip", "channel(a) + channel(b)", "channel(1)", "channel(c", "a * 2"])
VALUES = st.none() | st.booleans() | st.integers(-1, 20) | st.floats() | TEXTS
SPECS = st.dictionaries(st.sampled_from(sorted(FIELD_AT)), VALUES, min_size=5)
POINTERS = st.builds(
    Identifiers,
    channel_id=st.none() | st.integers(1, 2),
    channel_import_id=st.none() | TEXTS,
    meter_import_id=st.none() | st.just("NB"),
)
CHANNELS = st.builds(
    Desired,
    name=NAMES,
    file=st.sampled_from(["channels/north.yaml", "channels/south.yaml"]),
    line=st.integers(1, 3),
    select=st.none() | POINTERS,
    spec=SPECS,
    data_point=st.sampled_from([None, "NB", "SB"]),
)
FEEDS = st.builds(make_feed, st.sampled_from(["one", "two"]), NAMES, POINTERS, st.integers(40, 41))


def find_codes(spec: Spec) -> list[str]:
    return [finding.code for finding in check_definitions(make_definitions([make_channel("a", spec)]))]


def test_sound_definitions_have_no_findings() -> None:
    use = make_channel("use", {"channelInfo": "Use", "isCalculated": False, "intervalMinutes": 15})
    losses = make_formula("losses", "channel(use) * 0.03")
    feed = make_feed("logger", "use", Identifiers(channel_import_id="import-use"))

    assert check_definitions(make_definitions([use, losses], [feed])) == ()


def test_a_violation_becomes_a_finding_at_its_place() -> None:
    channel = make_channel("use", {"esaChannelVersion.observationRule": "Trip", "esaChannelVersion.rolloverValue": 10})

    assert check_definitions(make_definitions([channel])) == (
        Finding(
            code="ESA214",
            severity=Severity.ERROR,
            message="rolloverValue must be null under the Trip rule, found 10",
            location=Location("channels/north.yaml", 7, path=("channels", "use", "esaChannelVersion", "rolloverValue")),
            fix="remove the line, or write  observationRule: Odometer",
        ),
    )


def test_findings_of_all_kinds_come_in_the_order_of_files_and_lines() -> None:
    channels = (
        make_channel("b", {"channelInfo": ""}, file="channels/south.yaml"),
        make_channel("a", {"channelInfo": "", "channelImportId": "A"}, line=20),
        make_formula("c", "channel(x)", line=10),
        make_channel("d", {"channelImportId": "A"}, line=30),
    )
    feed = make_feed("logger", "x", Identifiers(channel_id=1), line=15)

    findings = check_definitions(make_definitions(channels, [feed]))

    assert [(finding.location.line, finding.code) for finding in findings if finding.location] == [
        (10, "ESA320"),
        (15, "ESA341"),
        (20, "ESA212"),
        (30, "ESA221"),
        (7, "ESA212"),
    ]


@pytest.mark.parametrize(
    ("select", "place", "found"),
    [
        (None, "channels a", "neither select nor channelId nor channelImportId"),
        (Identifiers(unit_code="KWH"), "channels a select", "only unitCode KWH"),
    ],
    ids=["no pointer", "no identifier in select"],
)
def test_a_channel_must_say_how_to_find_its_live_one(select: Identifiers | None, place: str, found: str) -> None:
    assert tell(check_definitions(make_definitions([make_channel("a", select=select)]))) == [
        ("ESA331", place, f"channel does not say how to find its live one, found {found}")
    ]


@pytest.mark.parametrize("text", [" X", "X ", "X\n", "X\u00a0"])
@pytest.mark.parametrize("path", ["channelInfo", "channelImportId", "esaChannelVersion.unitCode"])
def test_a_space_at_the_end_of_a_name_is_a_warning(path: str, text: str) -> None:
    (finding,) = check_definitions(make_definitions([make_channel("a", {path: text})]))

    key = path.rpartition(".")[2]
    assert (finding.code, finding.severity, finding.fix) == ("ESA217", Severity.WARNING, f'write  {key}: "X"')


def test_a_space_in_a_pointer_is_a_warning() -> None:
    channel = make_channel("a", select=Identifiers(channel_import_id="NB-01 "))

    assert tell(check_definitions(make_definitions([channel]))) == [
        (
            "ESA217",
            "channels a select channelImportId",
            'channelImportId should not begin or end with a space, found "NB-01 "',
        )
    ]


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        ({"channelImportId": ""}, ["ESA218"]),
        ({"channelImportId": " "}, ["ESA218"]),
        ({"channelImportId": None}, []),
        ({"channelDescription": " text "}, []),
        ({"observationTypeCode": " "}, []),
        ({FORMULA: ""}, ["ESA206"]),
        ({FORMULA: "", "isCalculated": True}, ["ESA205"]),
        ({FORMULA: "", "isCalculated": False}, ["ESA206"]),
    ],
)
def test_blank_texts_are_told_where_they_matter(spec: Spec, codes: list[str]) -> None:
    assert find_codes(spec) == codes


@given(
    st.lists(CHANNELS, min_size=2, max_size=4, unique_by=lambda channel: channel.name),
    st.lists(FEEDS, max_size=2, unique_by=lambda feed: feed.name),
)
def test_the_order_of_files_and_channels_changes_nothing(channels: list[Desired], feeds: list[Feed]) -> None:
    findings = check_definitions(make_definitions(channels, feeds))

    note_case(reached=len(findings) > 1 and len(channels) > 1)
    assert check_definitions(make_definitions(reversed(channels), reversed(feeds))) == findings
    assert list(findings) == sorted(findings, key=lambda finding: finding.order)
