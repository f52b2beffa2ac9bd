"""What the files alone can get wrong: each channel, channels together, feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import Desired, DesiredVersion
from reconciler.model.fields import FIELD_AT
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.messages import show_value
from reconciler.planning.offline_checks import (
    check_collisions,
    check_definitions,
    check_feeds,
    find_identity,
    show_identifiers,
)
from tests.cases import note_case
from tests.planning.offline_files import FORMULA, make_channel, make_definitions, make_feed, make_formula, summarize

if TYPE_CHECKING:
    from reconciler.model.identifiers import Feed
    from reconciler.model.values import Spec

NAMES = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.sampled_from(["", " ", "X", "X ", "Trip", "channel(a) + channel(b)", "channel(1)", "channel(c", "a * 2"])
VALUES = st.none() | st.booleans() | st.integers(-1, 20) | st.floats() | TEXTS
SPECS = st.dictionaries(st.sampled_from(sorted(FIELD_AT)), VALUES, min_size=5)
ANY_IDENTIFIERS = st.builds(
    Identifiers,
    channel_id=st.none() | st.integers(1, 2),
    channel_import_id=st.none() | TEXTS,
    meter_import_id=st.none() | st.just("NB"),
)
ANY_CHANNELS = st.builds(
    Desired,
    name=NAMES,
    file=st.sampled_from(["channels/north.yaml", "channels/south.yaml"]),
    line=st.integers(1, 3),
    select=st.none() | ANY_IDENTIFIERS,
    spec=SPECS,
    data_point=st.sampled_from([None, "NB", "SB"]),
)
FEEDS = st.builds(make_feed, st.sampled_from(["one", "two"]), NAMES, ANY_IDENTIFIERS, st.integers(40, 41))


def find_definition_codes(spec: Spec) -> list[str]:
    return [finding.code for finding in check_definitions(make_definitions([make_channel("a", spec)]))]


def test_valid_definitions_have_no_findings() -> None:
    use = make_channel("use", {"channelInfo": "Use", "isCalculated": False, "intervalMinutes": 15})
    losses = make_formula("losses", "channel(use) * 0.03")
    feed = make_feed("logger", "use", Identifiers(channel_import_id="import-use"))

    assert check_definitions(make_definitions([use, losses], [feed])) == ()


def test_a_violation_becomes_a_finding_at_its_line() -> None:
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


def test_findings_of_all_kinds_are_in_the_order_of_files_and_lines() -> None:
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
    ids=["no identifiers", "no identifier in select"],
)
def test_a_channel_must_have_identifiers(select: Identifiers | None, place: str, found: str) -> None:
    assert summarize(check_definitions(make_definitions([make_channel("a", select=select)]))) == [
        ("ESA331", place, f"channel has no identifiers of its live channel, found {found}")
    ]


@pytest.mark.parametrize("text", [" X", "X ", "X\n", "X\u00a0"])
@pytest.mark.parametrize("path", ["channelInfo", "channelImportId", "esaChannelVersion.unitCode"])
def test_a_space_at_the_end_of_a_name_is_a_warning(path: str, text: str) -> None:
    (finding,) = check_definitions(make_definitions([make_channel("a", {path: text})]))

    key = path.rpartition(".")[2]
    assert (finding.code, finding.severity, finding.fix) == ("ESA217", Severity.WARNING, f'write  {key}: "X"')


@pytest.mark.parametrize(("text", "fix"), [("A\nB", "A B"), ("A\r\n B\tC", "A B C"), (" A\tB", "A B")])
@pytest.mark.parametrize("path", ["channelInfo", "channelImportId", "esaChannelVersion.unitCode"])
def test_a_line_break_or_a_tab_within_a_name_is_a_warning(path: str, text: str, fix: str) -> None:
    (finding,) = check_definitions(make_definitions([make_channel("a", {path: text})]))

    key = path.rpartition(".")[2]
    assert (finding.code, finding.severity, finding.message, finding.fix) == (
        "ESA217",
        Severity.WARNING,
        f"{key} should not contain a line break or a tab, found {show_value(text)}",
        f'write  {key}: "{fix}"',
    )


@pytest.mark.parametrize("spec", [{"channelDescription": "A\nB"}, {"channelInfo": "A\u00a0B"}], ids=str)
def test_a_description_may_have_lines_and_a_name_other_spaces(spec: Spec) -> None:
    assert find_definition_codes(spec) == []


def test_a_space_at_the_end_of_an_identifier_is_a_warning() -> None:
    channel = make_channel("a", select=Identifiers(channel_import_id="NB-01 "))

    assert summarize(check_definitions(make_definitions([channel]))) == [
        (
            "ESA217",
            "channels a select channelImportId",
            'channelImportId should not begin or end with a space, found "NB-01 "',
        )
    ]


def test_a_space_is_not_reported_in_an_identifier_that_the_file_replaces() -> None:
    channel = make_channel("a", {"channelImportId": "NB-01"}, select=Identifiers(channel_import_id="NB-01 "))

    assert check_definitions(make_definitions([channel])) == ()


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
def test_blank_texts_are_reported_if_they_matter(spec: Spec, codes: list[str]) -> None:
    assert find_definition_codes(spec) == codes


@pytest.mark.parametrize(("multiplier", "codes"), [(0, ["ESA219"]), (0.0, ["ESA219"]), (1, []), (-1, []), (None, [])])
def test_a_multiplier_of_0_is_a_warning(multiplier: float | None, codes: list[str]) -> None:
    assert find_definition_codes({"esaChannelVersion.multiplier": multiplier}) == codes


@given(
    st.lists(ANY_CHANNELS, min_size=2, max_size=4, unique_by=lambda channel: channel.name),
    st.lists(FEEDS, max_size=2, unique_by=lambda feed: feed.name),
)
def test_the_order_of_files_and_channels_changes_nothing(channels: list[Desired], feeds: list[Feed]) -> None:
    findings = check_definitions(make_definitions(channels, feeds))

    note_case(reached=len(findings) > 1 and len(channels) > 1)
    assert check_definitions(make_definitions(reversed(channels), reversed(feeds))) == findings
    assert list(findings) == sorted(findings, key=lambda finding: finding.order)


def find_collision_codes(*channels: Desired) -> list[str]:
    return [finding.code for finding in check_collisions(channels)]


def test_two_channels_that_want_one_import_id_are_reported_with_both_locations() -> None:
    first = make_channel("first", {"channelImportId": "NB-01"}, line=3)
    second = make_channel("second", {"channelImportId": "NB-01"}, file="channels/south.yaml", line=9)

    assert tuple(check_collisions((first, second))) == (
        Finding(
            code="ESA221",
            severity=Severity.ERROR,
            message='channelImportId is already used by first (channels/north.yaml:3), found "NB-01"',
            location=Location("channels/south.yaml", 9, path=("channels", "second", "channelImportId")),
            fix="give each channel an import id of its own",
        ),
    )


def test_every_further_channel_with_an_import_id_is_reported() -> None:
    channels = [make_channel(name, {"channelImportId": "NB-01"}) for name in "abc"]

    assert [keys for _, keys, _ in summarize(check_collisions(channels))] == [
        "channels b channelImportId",
        "channels c channelImportId",
    ]


def test_an_import_id_that_another_channel_keeps_is_reported_with_its_location() -> None:
    wants = make_channel("wants", {"channelImportId": "NB-01"})
    keeps = make_channel("keeps", select=Identifiers(channel_import_id="NB-01"))

    assert summarize(check_collisions((wants, keeps))) == [
        (
            "ESA221",
            "channels keeps select channelImportId",
            'channelImportId is already used by wants (channels/north.yaml:7), found "NB-01"',
        )
    ]


@pytest.mark.parametrize("import_id", [None, "", " "])
def test_channels_without_an_import_id_do_not_collide(import_id: str | None) -> None:
    assert find_collision_codes(*(make_channel(name, {"channelImportId": import_id}) for name in "ab")) == []


def test_two_channels_may_swap_their_import_ids() -> None:
    first = make_channel("first", {"channelImportId": "B"}, select=Identifiers(channel_import_id="A"))
    second = make_channel("second", {"channelImportId": "A"}, select=Identifiers(channel_import_id="B"))

    assert find_collision_codes(first, second) == []


@pytest.mark.parametrize(("path", "code"), [("isPrimaryValue", "ESA222"), ("isPrimaryDemand", "ESA223")])
def test_a_data_point_has_one_primary_across_all_files(path: str, code: str) -> None:
    first = make_channel("first", {path: True}, data_point="NB-01", line=3)
    second = make_channel("second", {path: True}, data_point="NB-01", file="channels/south.yaml")

    assert summarize(check_collisions((first, second))) == [
        (
            code,
            f"channels second {path}",
            f"{path} is already true for first (channels/north.yaml:3), found another on data point NB-01",
        )
    ]


@pytest.mark.parametrize(
    ("value", "data_point"),
    [(True, None), (True, "SB-01"), (False, "NB-01")],
    ids=["data point not known", "another data point", "given up"],
)
def test_primaries_of_different_data_points_do_not_collide(value: bool, data_point: str | None) -> None:
    first = make_channel("first", {"isPrimaryValue": True}, data_point="NB-01")

    assert find_collision_codes(first, make_channel("second", {"isPrimaryValue": value}, data_point=data_point)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Identifiers(channel_id=7), Identifiers(channel_id=7, channel_import_id="NB-01")),
        (Identifiers(channel_import_id="NB-01"), Identifiers(channel_import_id="NB-01", unit_code="KWH")),
        (Identifiers(meter_import_id="NB", unit_code="KWH"), Identifiers(meter_import_id="NB", unit_code="KWH")),
    ],
    ids=["by id", "by import id", "by data point"],
)
def test_two_channels_that_select_one_live_channel_are_reported(one: Identifiers, other: Identifiers) -> None:
    assert find_collision_codes(make_channel("first", select=one), make_channel("second", select=other)) == ["ESA332"]


def test_two_channels_of_one_live_channel_are_reported_with_its_identifiers() -> None:
    first = make_channel("first", select=Identifiers(channel_id=7), line=3)
    second = make_channel("second", select=Identifiers(channel_id=7))

    assert summarize(check_collisions((first, second))) == [
        (
            "ESA332",
            "channels second select channelId",
            "channel selects the same live channel as first (channels/north.yaml:3), found channelId 7",
        )
    ]


def test_channels_selected_by_the_import_id_that_both_want_are_reported_once() -> None:
    identifiers = Identifiers(channel_import_id="NB-01")
    first = make_channel("first", {"channelImportId": "NB-01"}, select=identifiers)

    assert find_collision_codes(first, make_channel("second", select=identifiers)) == ["ESA221"]


def test_channels_selected_by_one_import_id_that_want_others_are_reported() -> None:
    identifiers = Identifiers(channel_import_id="NB-01")
    channels = (make_channel(name, {"channelImportId": f"NB-{name}"}, select=identifiers) for name in "ab")

    assert find_collision_codes(*channels) == ["ESA332"]


@pytest.mark.parametrize("select", [None, Identifiers(), Identifiers(unit_code="KWH")])
def test_channels_without_an_identifier_do_not_collide(select: Identifiers | None) -> None:
    assert find_collision_codes(make_channel("first", select=select), make_channel("second", select=select)) == []


def test_an_empty_text_identifies_nothing() -> None:
    assert find_identity(Identifiers(channel_import_id="", meter_import_id="")) is None


def test_only_given_identifiers_are_shown() -> None:
    identifiers = Identifiers(
        meter_import_id="NB", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900
    )

    assert show_identifiers(identifiers) == (
        "data point or meter NB, observationTypeCode ELECUSE, unitCode KWH, interval in seconds 900"
    )


CHANNELS = (make_channel("nb-elec-use"), make_channel("nb-elec-demand"))
METER = Identifiers(meter_import_id="NB-01", unit_code="KWH")


def test_feeds_that_expect_defined_channels_are_valid() -> None:
    other = Identifiers(meter_import_id="NB-01", unit_code="KW")

    feeds = (make_feed("use", "nb-elec-use", METER), make_feed("demand", "nb-elec-demand", other))

    assert tuple(check_feeds(feeds, CHANNELS)) == ()


def test_two_loggers_may_feed_one_channel() -> None:
    feeds = (make_feed("main", "nb-elec-use", METER), make_feed("spare", "nb-elec-use", METER))

    assert tuple(check_feeds(feeds, CHANNELS)) == ()


def test_an_unknown_channel_gets_the_most_similar_name() -> None:
    assert tuple(check_feeds((make_feed("use", "nb-elec-uze", METER),), CHANNELS)) == (
        Finding(
            code="ESA341",
            severity=Severity.ERROR,
            message="feed expects an unknown channel, found expect: nb-elec-uze",
            location=Location("channels/north.yaml", 40, path=("feeds", "use", "expect")),
            fix="did you mean  expect: nb-elec-use",
        ),
    )


def test_an_expected_import_id_gets_the_name_of_its_channel() -> None:
    channels = (make_channel("nb-electricity", {"channelImportId": "NB-USE"}), make_channel("nb-net-use"))

    (finding,) = check_feeds((make_feed("use", "NB-USE", METER),), channels)

    assert finding.fix == "did you mean  expect: nb-electricity"


def test_an_unknown_channel_without_a_similar_name_gets_the_general_fix() -> None:
    (finding,) = check_feeds((make_feed("use", "steam", METER),), CHANNELS)

    assert finding.fix == "write the name of a channel in these files"


@pytest.mark.parametrize(
    ("identifiers", "found"),
    [(Identifiers(), "none"), (Identifiers(unit_code="KWH"), "only unitCode KWH")],
    ids=["nothing", "no identifier among them"],
)
def test_a_feed_needs_an_identifier(identifiers: Identifiers, found: str) -> None:
    assert summarize(check_feeds((make_feed("use", "nb-elec-use", identifiers),), CHANNELS)) == [
        ("ESA342", "feeds use", f"feed has no identifier of a channel or meter, found {found}")
    ]


def test_feeds_with_the_same_identifiers_expect_the_same_channel() -> None:
    feeds = (make_feed("one", "nb-elec-use", METER, 40), make_feed("two", "nb-elec-demand", METER, 50))

    (finding,) = check_feeds(feeds, CHANNELS)

    assert summarize([finding]) == [
        (
            "ESA343",
            "feeds two expect",
            "feed expects a different channel from one (channels/north.yaml:40), found expect: nb-elec-demand",
        )
    ]
    assert finding.detail == (
        "both have these identifiers: data point or meter NB-01, unitCode KWH",
        "one (channels/north.yaml:40) expects nb-elec-use",
    )


def test_feeds_without_identifiers_are_not_compared() -> None:
    feeds = (make_feed("one", "nb-elec-use", Identifiers()), make_feed("two", "nb-elec-demand", Identifiers()))

    assert [finding.code for finding in check_feeds(feeds, CHANNELS)] == ["ESA342", "ESA342"]


def test_versions_are_checked_by_the_files_alone() -> None:
    path = "esaChannelVersion.rolloverValue"
    trip: Spec = {"esaChannelVersion.observationRule": "Trip", path: 5}
    versions = (DesiredVersion("", 0, trip), DesiredVersion("2026-01-01T00:00:00", 1, {FORMULA: "channel(1042)"}))
    desired = replace(make_channel("sum", {"isCalculated": True, FORMULA: "channel(1042)"}), versions=versions)

    found = check_definitions(make_definitions([desired]))

    assert [(one.code, one.message, one.location and one.location.path[2:]) for one in found] == [
        (
            "ESA214",
            "rolloverValue must be null under the Trip rule, found 5",
            ("channelVersions", "0", "rolloverValue"),
        ),
        ("ESA421", "a calculated channel has one version, found 2", ("channelVersions",)),
    ]
