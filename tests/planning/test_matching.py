"""Each channel of the files matched with its live one, or why it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.identification import make_index
from reconciler.planning.matching import Match, MatchResult, check_still_found, match_channels
from reconciler.rules import RULES
from tests.planning.tenant import SOUTH, V, make_calculated, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import DataPoint, Desired, Live
    from reconciler.model.values import Spec
    from reconciler.planning.identification import Index

ONE, TWO, THREE = make_live(1), make_live(2), make_live(3, data_point=SOUTH)
INDEX = make_index((ONE, TWO, THREE))
BY_OLD = Identifiers(channel_import_id="OLD")


def match(*channels: Desired) -> MatchResult:
    return match_channels(channels, INDEX)


def list_matches(result: MatchResult) -> list[tuple[str, int]]:
    return [(found.desired.name, found.live.id) for found in result.matches]


@pytest.mark.parametrize(
    "desired",
    [
        make_desired("north", 2),
        make_desired("north", 2, data_point="NB-ELEC"),
        make_desired("north", 2, data_point="NB-ELEC-01"),
        make_desired("north", 0, select=Identifiers(channel_import_id="C-2")),
        make_desired("north", 0, {"channelImportId": "C-2"}, select=None),
        make_desired("north", 0, {"channelImportId": "C-9"}, select=Identifiers(channel_import_id="C-2")),
    ],
)
def test_a_channel_is_found_by_its_select(desired: Desired) -> None:
    assert (list_matches(match(desired)), match(desired).findings) == ([("north", 2)], ())


def test_a_channel_with_a_new_import_id_is_found_with_a_note() -> None:
    result = match(make_desired("north", 0, {"channelImportId": "C-2"}, select=BY_OLD))

    assert list_matches(result) == [("north", 2)]
    assert result.findings == (
        Finding(
            code="ESA305",
            severity=Severity.NOTE,
            message='select is out of date: no channel has import id "OLD", found this one by "C-2"',
            location=Location("channels/north.yaml", 7, path=("channels", "north", "select")),
            fix="write  select: {channelImportId: C-2}, or remove select",
        ),
    )


@pytest.mark.parametrize(
    "desired",
    [
        pytest.param(make_desired("north", 0, {"channelImportId": "C-9"}, select=BY_OLD), id="neither is there"),
        pytest.param(make_desired("north", 0, {"channelImportId": "OLD"}, select=BY_OLD), id="they are the same"),
        pytest.param(make_desired("north", 0, {"channelImportId": None}, select=BY_OLD), id="none is wanted"),
        pytest.param(make_desired("north", 9, {"channelImportId": "C-2"}), id="selected by id"),
    ],
)
def test_a_channel_that_nothing_matches_is_an_error(desired: Desired) -> None:
    result = match(desired)

    assert (result.matches, result.found) == ((), frozenset())
    assert [finding.code for finding in result.findings] == ["ESA301"]


# Three channels on one data point: two that differ in their intervals, and one of another type.
TRIO = make_index(
    (
        make_live(1, {"intervalMinutes": 30}),
        make_live(2, {"intervalMinutes": 60}),
        make_live(3, {"observationTypeId": 11, f"{V}unitId": 2}),
    )
)
USE = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH")
BY_15 = replace(USE, interval_seconds=900)
DEMAND = replace(USE, observation_type_code="ELECDEM", unit_code=None)


@pytest.mark.parametrize(
    ("select", "spec", "changed"),
    [
        pytest.param(BY_15, {"intervalMinutes": 30}, "intervalMinutes 30 in place of 15", id="interval"),
        pytest.param(
            DEMAND,
            {"observationTypeCode": "ELECDEMAND"},
            'observationTypeCode "ELECDEMAND" in place of "ELECDEM"',
            id="type",
        ),
        pytest.param(
            replace(USE, observation_type_code="OLD", unit_code=None),
            {"observationTypeCode": "ELECDEMAND", f"{V}unitCode": "KWH"},
            'observationTypeCode "ELECDEMAND" in place of "OLD"',
            id="type, beside a unit that it is not selected by",
        ),
        pytest.param(
            replace(USE, observation_type_code="OLD", unit_code=None),
            {"observationTypeCode": "ELECDEMAND", "intervalMinutes": 30},
            'observationTypeCode "ELECDEMAND" in place of "OLD"',
            id="type, beside an interval that it is not selected by",
        ),
        pytest.param(
            replace(USE, unit_code="MWH", interval_seconds=900),
            {f"{V}unitCode": "KWH", "intervalMinutes": 30},
            'unitCode "KWH" in place of "MWH" and intervalMinutes 30 in place of 15',
            id="unit and interval",
        ),
    ],
)
def test_a_channel_is_found_with_a_note_after_an_edit_of_its_select_fields(
    select: Identifiers, spec: Spec, changed: str
) -> None:
    result = match_channels([make_desired("north", 0, spec, select=select)], TRIO)

    (found,) = result.findings
    assert (len(result.matches), found.code, found.location) == (
        1,
        "ESA305",
        make_desired("north", 0).locate("select"),
    )
    assert found.message == f"select is out of date: no channel matches it, found this one by {changed}"


def test_the_suggested_select_finds_the_channel_without_a_note() -> None:
    outdated = make_desired("north", 0, {"intervalMinutes": 30}, select=BY_15)

    (finding,) = match_channels([outdated], TRIO).findings

    assert finding.fix == (
        "write  select: {dataPointImportId: NB-ELEC-01, observationTypeCode: ELECUSE, unitCode: KWH, "
        "intervalMinutes: 30}"
    )
    corrected = replace(outdated, select=replace(BY_15, interval_seconds=1800))
    assert list_matches(match_channels([corrected], TRIO)) == [("north", 1)]
    assert match_channels([corrected], TRIO).findings == ()


@pytest.mark.parametrize(
    ("import_id", "written"),
    [
        ("a, b: {c}", '"a, b: {c}"'),
        ("Geb\N{LATIN SMALL LETTER A WITH DIAERESIS}ude", '"Geb\N{LATIN SMALL LETTER A WITH DIAERESIS}ude"'),
        ("007", '"007"'),
        ("null", '"null"'),
        ("No", '"No"'),
        ("Notes", "Notes"),
    ],
)
def test_a_suggested_select_quotes_what_yaml_needs_quoted(import_id: str, written: str) -> None:
    live = make_live(1, {"channelImportId": import_id})
    desired = make_desired("north", 0, {"channelImportId": import_id}, select=BY_OLD)

    (finding,) = match_channels([desired], make_index((live,))).findings

    assert finding.fix == f"write  select: {{channelImportId: {written}}}, or remove select"


@pytest.mark.parametrize(
    ("select", "spec", "code"),
    [
        pytest.param(BY_15, {}, "ESA301", id="nothing of it is managed"),
        pytest.param(BY_15, {"intervalMinutes": 15}, "ESA301", id="the same is wanted"),
        pytest.param(BY_15, {"intervalMinutes": 5}, "ESA301", id="no channel has what is wanted"),
        pytest.param(BY_15, {"intervalMinutes": None}, "ESA301", id="no interval is wanted"),
        pytest.param(DEMAND, {"observationTypeCode": "ELECUSE"}, "ESA301", id="several have what is wanted"),
        pytest.param(USE, {"intervalMinutes": 30}, "ESA302", id="select leads to several"),
        pytest.param(replace(USE, channel_id=9), {"intervalMinutes": 30}, "ESA301", id="selected by id"),
        pytest.param(
            replace(BY_15, channel_import_id="OLD"), {"intervalMinutes": 30}, "ESA301", id="selected by import id"
        ),
        pytest.param(Identifiers(meter_import_id="NB"), {"intervalMinutes": 30}, "ESA301", id="no such data point"),
    ],
)
def test_the_wanted_values_find_no_channel_unless_it_is_certain(select: Identifiers, spec: Spec, code: str) -> None:
    result = match_channels([make_desired("north", 0, spec, select=select)], TRIO)

    assert (result.matches, [finding.code for finding in result.findings]) == ((), [code])


def test_the_wanted_values_are_ignored_if_select_finds_a_channel() -> None:
    by_60 = make_desired("north", 0, {"intervalMinutes": 30}, select=replace(USE, interval_seconds=3600))

    assert (list_matches(match_channels([by_60], TRIO)), match_channels([by_60], TRIO).findings) == ([("north", 2)], ())


def test_a_channel_whose_identifiers_moved_to_another_is_shown_its_present_ones() -> None:
    old = make_desired("old", 0, {"intervalMinutes": 30}, select=replace(USE, interval_seconds=3600))
    new = make_desired("new", 2)

    assert match_channels([old, new], TRIO).findings[0].fix == (
        "write  select: {dataPointImportId: NB-ELEC-01, observationTypeCode: ELECUSE, unitCode: KWH, "
        "intervalMinutes: 30}, which matches channel 1"
    )


def test_several_channels_that_match_one_live_channel_are_an_error_at_each() -> None:
    first = make_desired("first", 2, line=3)
    second = make_desired("second", 0, select=Identifiers(channel_import_id="C-2"), file="channels/south.yaml", line=9)
    third = make_desired("third", 0, {"channelImportId": "C-2"}, select=BY_OLD)

    result = match(first, second, third, make_desired("other", 1))

    assert (list_matches(result), result.found) == ([("other", 1)], frozenset((1, 2)))
    assert [(found.code, found.location, found.message) for found in result.findings[:3]] == [
        (
            "ESA303",
            first.locate("select.channelId"),
            "several channels match one live channel, found 2 here and for second (channels/south.yaml:9) and 1 more",
        ),
        (
            "ESA303",
            second.locate("select.channelImportId"),
            "several channels match one live channel, found 2 here and for first (channels/north.yaml:3) and 1 more",
        ),
        (
            "ESA303",
            third.locate("select.channelImportId"),
            "several channels match one live channel, found 2 here and for first (channels/north.yaml:3) and 1 more",
        ),
    ]


def test_a_channel_whose_import_id_moved_to_another_is_shown_its_present_one() -> None:
    old = make_desired("old", 0, {"channelImportId": "C-1"}, select=Identifiers(channel_import_id="C-2"))
    new = make_desired("new", 2)

    assert [(finding.message, finding.fix) for finding in match(old, new).findings] == [
        (
            "several channels match one live channel, found 2 here and for new (channels/north.yaml:7)",
            "write  select: {channelImportId: C-1}, which matches channel 1",
        ),
        (
            "several channels match one live channel, found 2 here and for old (channels/north.yaml:7)",
            "keep one of the two, or let each select a channel of its own",
        ),
    ]


def test_a_channel_on_another_data_point_is_an_error() -> None:
    result = match(make_desired("north", 3, data_point="NB-ELEC"))

    assert (result.matches, result.found) == ((), frozenset((3,)))
    assert result.findings == (
        Finding(
            code="ESA304",
            severity=Severity.ERROR,
            message="channel is not on data point NB-ELEC, found it on SB-ELEC",
            location=Location("channels/north.yaml", 7, path=("channels", "north", "dataPoint")),
            detail=('channel 3 "Use"',),
            fix="correct dataPoint or the identifiers; no edit can move a channel to another data point",
        ),
    )


@pytest.mark.parametrize(
    ("point", "known"),
    [
        (replace(SOUTH, code=None), "SB-ELEC-01"),
        (replace(SOUTH, code=None, import_id=None), "with id 200"),
    ],
)
def test_a_data_point_without_a_code_is_named_by_what_else_identifies_it(point: DataPoint, known: str) -> None:
    index = make_index((make_live(3, data_point=point),))

    (finding,) = match_channels([make_desired("north", 3, data_point="NB-ELEC")], index).findings

    assert finding.message == f"channel is not on data point NB-ELEC, found it on {known}"


@pytest.mark.parametrize(
    ("second", "third", "lost"),
    [
        ("C-9", "C-3", "it will match no channel"),
        (None, "C-3", "it will match no channel"),
        ("C-2", "C-2", "it will match several channels"),
    ],
)
def test_a_channel_that_select_no_longer_finds_after_the_plan_is_a_warning(
    second: str | None, third: str, lost: str
) -> None:
    desired = make_desired("north", 0, select=Identifiers(channel_import_id="C-2"))
    planned = make_index((ONE, make_live(2, {"channelImportId": second}), make_live(3, {"channelImportId": third})))

    assert tuple(check_still_found(match(desired).matches, planned)) == (
        Finding(
            code="ESA306",
            severity=Severity.WARNING,
            message=f"select will no longer match this channel after the plan is applied: {lost}",
            location=Location("channels/north.yaml", 7, path=("channels", "north", "select", "channelImportId")),
            fix="write  select: {channelId: 2},  or correct select after the change is applied",
        ),
    )


def test_a_channel_whose_import_id_another_one_gets_is_a_warning() -> None:
    desired = make_desired("north", 0, select=Identifiers(channel_import_id="C-2"))
    planned = make_index((make_live(1, {"channelImportId": "C-2"}), make_live(2, {"channelImportId": "C-1"}), THREE))

    (finding,) = check_still_found(match(desired).matches, planned)

    assert finding.message.endswith("this channel after the plan is applied: it will match channel 1")


def test_a_channel_is_still_found_after_its_own_new_import_id() -> None:
    desired = make_desired("north", 0, {"channelImportId": "C-9"}, select=Identifiers(channel_import_id="C-2"))
    planned = make_index((ONE, make_live(2, {"channelImportId": "C-9"}), THREE))

    assert tuple(check_still_found(match(desired).matches, planned)) == ()


def test_a_channel_is_still_found_after_an_edit_of_its_select_fields() -> None:
    desired = make_desired("north", 0, {"intervalMinutes": 5}, select=replace(USE, interval_seconds=1800))
    planned = make_index((make_live(1, {"intervalMinutes": 5}), TRIO.by_id[2], TRIO.by_id[3]))

    assert tuple(check_still_found(match_channels([desired], TRIO).matches, planned)) == ()


CANDIDATES = make_index(
    (
        make_live(1),
        make_live(2),
        make_live(3, {f"{V}unitId": 2, "channelInfo": "North demand"}),
        make_calculated(4, "channel(1)", {"observationTypeId": 13, f"{V}unitId": 99}),
        make_live(5, {"channelImportId": "TWICE"}, data_point=SOUTH),
        make_live(6, {"channelImportId": "TWICE"}, data_point=replace(SOUTH, import_id="SB-WATER")),
    )
)
NORTH = Identifiers(meter_import_id="NB-ELEC-01")
USE_1 = 'candidate: 1 "Use", import id "C-1", ELECUSE, KWH, 15 minutes'
USE_2 = 'candidate: 2 "Use", import id "C-2", ELECUSE, KWH, 15 minutes'
DEMAND_3 = 'candidate: 3 "North demand", import id "C-3", ELECUSE, KW, 15 minutes'
NET_4 = 'candidate: 4 "Use", import id "C-4", MYSTERY, calculated'
CREATE = "correct the identifiers, or create the channel in EnergyCAP; if it exists, let the API key's user see it"


def explain(identifiers: Identifiers | None, channel_info: str | None = None) -> tuple[str, str, tuple[str, ...], str]:
    """The finding on a channel with `identifiers`: code, message, detail, fix."""
    desired = make_desired("north", 0, {"channelInfo": channel_info} if channel_info else {}, select=identifiers)
    (finding,) = match_channels([desired], CANDIDATES).findings
    return finding.code, finding.message, finding.detail, finding.fix


@pytest.mark.parametrize(
    ("identifiers", "found", "detail"),
    [
        (Identifiers(channel_id=99), "none with channelId 99", ()),
        (
            Identifiers(channel_import_id="C-11"),
            'none with channelImportId "C-11"',
            ('nearest import id: 1 "Use", import id "C-1", ELECUSE, KWH, 15 minutes',),
        ),
        (Identifiers(channel_import_id="nothing like it"), 'none with channelImportId "nothing like it"', ()),
        (
            Identifiers(meter_import_id="NB-ELEC-1"),
            'no data point with dataPointImportId "NB-ELEC-1"',
            ('nearest data point: import id "NB-ELEC-01", 4 channels',),
        ),
        (
            Identifiers(meter_import_id="SB-ELEC-1"),
            'no data point with dataPointImportId "SB-ELEC-1"',
            ('nearest data point: import id "SB-ELEC-01", 1 channel',),
        ),
        (Identifiers(meter_import_id="xyz"), 'no data point with dataPointImportId "xyz"', ()),
        (
            replace(NORTH, observation_type_code="GASUSE"),
            '4 channels with dataPointImportId "NB-ELEC-01", none of them with observationTypeCode "GASUSE"',
            (USE_1, USE_2, DEMAND_3, NET_4),
        ),
        (
            replace(NORTH, observation_type_code="ELECUSE", unit_code="GAL"),
            (
                '3 channels with dataPointImportId "NB-ELEC-01" and observationTypeCode "ELECUSE", '
                'none of them with unitCode "GAL"'
            ),
            (USE_1, USE_2, DEMAND_3),
        ),
        (
            replace(NORTH, observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=3600),
            (
                '2 channels with dataPointImportId "NB-ELEC-01" and observationTypeCode "ELECUSE" and unitCode "KWH", '
                "none of them with intervalMinutes 60"
            ),
            (USE_1, USE_2),
        ),
    ],
)
def test_a_channel_that_is_not_found_is_reported_with_the_step_that_excluded_the_candidates(
    identifiers: Identifiers, found: str, detail: tuple[str, ...]
) -> None:
    assert explain(identifiers) == ("ESA301", f"no live channel matches, found {found}", detail, CREATE)


@pytest.mark.parametrize(
    ("desired", "place"),
    [
        (make_desired("north", 99), "select.channelId"),
        (make_desired("north", 0, select=Identifiers(meter_import_id="xyz")), "select.dataPointImportId"),
        (
            make_desired("north", 0, select=replace(NORTH, observation_type_code="ELECUSE", unit_code="GAL")),
            "select.unitCode",
        ),
        (make_desired("north", 0, {"channelImportId": "xyz"}, select=None), "channelImportId"),
    ],
    ids=["id", "data point", "unit", "import id without select"],
)
def test_a_channel_that_is_not_found_is_reported_at_the_identifier_that_matches_none(
    desired: Desired, place: str
) -> None:
    (finding,) = match_channels([desired], CANDIDATES).findings

    assert finding.location == desired.locate(place)


@pytest.mark.parametrize(
    ("identifiers", "found", "detail", "fix"),
    [
        (
            Identifiers(channel_import_id="TWICE"),
            '2 channels with channelImportId "TWICE"',
            (
                'candidate: 5 "Use", import id "TWICE", ELECUSE, KWH, 15 minutes',
                'candidate: 6 "Use", import id "TWICE", ELECUSE, KWH, 15 minutes',
            ),
            "select by channelId",
        ),
        (
            NORTH,
            '4 channels with dataPointImportId "NB-ELEC-01"',
            (USE_1, USE_2, DEMAND_3, NET_4),
            "add observationTypeCode to select, or select by channelId",
        ),
        (
            replace(NORTH, observation_type_code="ELECUSE"),
            '3 channels with dataPointImportId "NB-ELEC-01" and observationTypeCode "ELECUSE"',
            (USE_1, USE_2, DEMAND_3),
            "add unitCode to select, or select by channelId",
        ),
        (
            replace(NORTH, observation_type_code="ELECUSE", unit_code="KWH"),
            '2 channels with dataPointImportId "NB-ELEC-01" and observationTypeCode "ELECUSE" and unitCode "KWH"',
            (USE_1, USE_2),
            "add intervalMinutes to select, or select by channelId",
        ),
        (
            replace(NORTH, observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900),
            (
                '2 channels with dataPointImportId "NB-ELEC-01" and observationTypeCode "ELECUSE" and unitCode "KWH" '
                "and intervalMinutes 15"
            ),
            (USE_1, USE_2),
            "select by channelId",
        ),
    ],
)
def test_several_matches_are_reported_with_what_tells_them_apart(
    identifiers: Identifiers, found: str, detail: tuple[str, ...], fix: str
) -> None:
    assert explain(identifiers) == ("ESA302", f"several live channels match, found {found}", detail, fix)


def test_channels_with_the_wanted_name_are_listed_up_to_three() -> None:
    _, _, one, _ = explain(Identifiers(channel_id=99), "North demand")
    _, _, many, _ = explain(Identifiers(channel_id=99), "Use")

    assert one == ('same name: 3 "North demand", import id "C-3", ELECUSE, KW, 15 minutes',)
    assert many == (
        'same name: 1 "Use", import id "C-1", ELECUSE, KWH, 15 minutes',
        'same name: 2 "Use", import id "C-2", ELECUSE, KWH, 15 minutes',
        'same name: 4 "Use", import id "C-4", MYSTERY, calculated',
    )


@pytest.mark.parametrize("identifiers", [None, Identifiers(observation_type_code="ELECUSE")])
def test_a_channel_without_identifiers_is_reported_as_such(identifiers: Identifiers | None) -> None:
    desired = make_desired("north", 0, select=identifiers)

    assert match_channels([desired], CANDIDATES).findings == (
        Finding(
            code="ESA331",
            severity=Severity.ERROR,
            message="channel has no identifiers of its live channel, found no channelId, import id or data point",
            location=Location(
                "channels/north.yaml", 7, path=("channels", "north", "select" if identifiers else "channelImportId")
            ),
            fix=RULES["ESA331"].fix,
        ),
    )


@pytest.mark.parametrize(
    ("count", "last"),
    [(10, 'candidate: 10 "Use", import id "C-10", ELECUSE, KWH, 15 minutes'), (11, "and 1 more"), (13, "and 3 more")],
)
def test_only_the_first_ten_candidates_are_listed(count: int, last: str) -> None:
    crowd = make_index(make_live(number) for number in range(1, count + 1))

    (finding,) = match_channels([make_desired("north", 0, select=NORTH)], crowd).findings

    assert len(finding.detail) == min(count, 11)
    assert finding.detail[-1] == last


FLAW = "its answer has no versions"
WITHOUT_IMPORT_ID = make_live(7, flaw=FLAW, unread=frozenset({"channelImportId"}))
WITHOUT_POINT = make_live(8, flaw=FLAW, unread=frozenset({"dataPoint"}), data_point=SOUTH)
WITHOUT_UNIT = make_live(9, {f"{V}unitId": None}, flaw=FLAW, unread=frozenset({f"{V}unitCode"}))
UNREAD = make_index((ONE, TWO, WITHOUT_IMPORT_ID, WITHOUT_POINT, WITHOUT_UNIT))


@pytest.mark.parametrize(
    ("identifiers", "hidden"),
    [
        pytest.param(Identifiers(channel_import_id="C-99"), WITHOUT_IMPORT_ID, id="by import id"),
        pytest.param(Identifiers(meter_import_id="NB-ELEC-99"), WITHOUT_POINT, id="by data point"),
        pytest.param(replace(NORTH, observation_type_code="ELECUSE"), WITHOUT_IMPORT_ID, id="one of several"),
    ],
)
def test_a_channel_that_may_be_one_that_could_not_be_read_is_hidden(identifiers: Identifiers, hidden: Live) -> None:
    desired = make_desired("north", 0, select=identifiers)

    assert match_channels([desired, make_desired("one", 1)], UNREAD) == MatchResult(
        (Match(make_desired("one", 1), ONE),), (), frozenset({1}), (Match(desired, hidden),)
    )


@pytest.mark.parametrize(
    ("identifiers", "code"),
    [
        pytest.param(Identifiers(channel_id=99), "ESA301", id="an id is always read"),
        pytest.param(Identifiers(channel_import_id="TWICE"), "ESA302", id="several that were read"),
        pytest.param(Identifiers(unit_code="KWH"), "ESA331", id="no identifiers"),
    ],
)
def test_a_channel_that_could_not_be_read_hides_no_other_finding(identifiers: Identifiers, code: str) -> None:
    twins = [make_live(id_, {"channelImportId": "TWICE"}) for id_ in (3, 4)]
    desired = make_desired("north", 0, select=identifiers)

    result = match_channels([desired], make_index((*UNREAD.by_id.values(), *twins)))

    assert ([finding.code for finding in result.findings], result.hidden) == ([code], ())


def test_similar_import_ids_are_searched_for_a_few_channels_only() -> None:
    lost = [make_desired(f"n{number:02}", 0, select=Identifiers(channel_import_id="C-11")) for number in range(30)]

    findings = match_channels(lost, CANDIDATES).findings

    assert [bool(finding.detail) for finding in findings] == 20 * [True] + 10 * [False]


def skip(*channels: Desired, index: Index = INDEX) -> tuple[list[str], list[tuple[str, Severity, str]]]:
    """The names of the channels that are skipped, and code, severity and message of the findings."""
    result = match_channels(channels, index, may_skip=True)
    found = [(finding.code, finding.severity, finding.message) for finding in result.findings]
    return [channel.name for channel in result.skipped], found


def test_a_channel_that_nothing_matches_can_be_skipped_with_a_warning() -> None:
    assert skip(make_desired("north", 1), make_desired("gone", 99)) == (
        ["gone"],
        [
            (
                "ESA536",
                Severity.WARNING,
                (
                    "channel is skipped because guards.notFound is skip: "
                    "no live channel matches, found none with channelId 99"
                ),
            )
        ],
    )


def test_if_nothing_is_found_at_all_nothing_is_skipped() -> None:
    skipped, found = skip(make_desired("one", 98), make_desired("other", 99))

    assert (skipped, [code for code, _, _ in found]) == ([], ["ESA301", "ESA301"])


def test_a_channel_that_several_match_or_that_has_no_identifiers_is_never_skipped() -> None:
    several = make_desired("several", 0, select=Identifiers(meter_import_id="NB-ELEC-01"))
    nameless = make_desired("nameless", 0, select=None)

    skipped, found = skip(make_desired("south", 3), several, nameless)

    assert (skipped, [code for code, _, _ in found]) == ([], ["ESA302", "ESA331"])


def test_a_channel_that_may_be_the_one_that_cannot_be_read_is_never_skipped() -> None:
    unread = replace(make_live(4), flaw="no import id", unread=frozenset({"channelImportId"}))

    by_import_id = make_desired("north", 0, select=BY_OLD)

    assert skip(make_desired("south", 3), by_import_id, index=make_index((ONE, TWO, THREE, unread))) == ([], [])
