"""Why the pointers of a channel lead to no single live one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.identification import make_index
from reconciler.planning.matching import match_channels
from reconciler.rules import RULES
from tests.planning.tenant import SOUTH, V, make_calculated, make_desired, make_live

INDEX = make_index(
    (
        make_live(1),
        make_live(2),
        make_live(3, {f"{V}unitId": 2, "channelInfo": "North demand"}),
        make_calculated(4, "channel(1)", {"observationTypeId": 13, f"{V}unitId": 99}),
        make_live(5, {"channelImportId": "TWICE"}, data_point=SOUTH),
        make_live(6, {"channelImportId": "TWICE"}, data_point=SOUTH),
    )
)
NORTH = Identifiers(meter_import_id="NB-ELEC-01")
USE_1 = 'candidate: 1 "Use", import id "C-1", ELECUSE, KWH, 15 minutes'
USE_2 = 'candidate: 2 "Use", import id "C-2", ELECUSE, KWH, 15 minutes'
DEMAND_3 = 'candidate: 3 "North demand", import id "C-3", ELECUSE, KW, 15 minutes'
NET_4 = 'candidate: 4 "Use", import id "C-4", MYSTERY, calculated'
CREATE = "correct the identifiers, or create the channel in EnergyCAP; if it exists, let the API key's user see it"


def explain(pointers: Identifiers | None, channel_info: str | None = None) -> tuple[str, str, tuple[str, ...], str]:
    """The finding on a channel with `pointers`: code, message, detail, way out."""
    desired = make_desired("north", 0, {"channelInfo": channel_info} if channel_info else {}, select=pointers)
    (finding,) = match_channels([desired], INDEX).findings
    return finding.code, finding.message, finding.detail, finding.fix


@pytest.mark.parametrize(
    ("pointers", "found", "detail"),
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
def test_what_was_not_found_is_told_with_where_the_candidates_parted(
    pointers: Identifiers, found: str, detail: tuple[str, ...]
) -> None:
    assert explain(pointers) == ("ESA301", f"no live channel fits, found {found}", detail, CREATE)


@pytest.mark.parametrize(
    ("pointers", "found", "detail", "fix"),
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
def test_several_are_told_with_what_would_tell_them_apart(
    pointers: Identifiers, found: str, detail: tuple[str, ...], fix: str
) -> None:
    assert explain(pointers) == ("ESA302", f"more than one live channel fits, found {found}", detail, fix)


def test_channels_of_the_wanted_name_are_told() -> None:
    _, _, detail, _ = explain(Identifiers(channel_id=99), "North demand")

    assert detail == ('same name: 3 "North demand", import id "C-3", ELECUSE, KW, 15 minutes',)


@pytest.mark.parametrize("pointers", [None, Identifiers(observation_type_code="ELECUSE")])
def test_a_channel_without_a_pointer_is_told_so(pointers: Identifiers | None) -> None:
    desired = make_desired("north", 0, select=pointers)

    assert match_channels([desired], INDEX).findings == (
        Finding(
            code="ESA331",
            severity=Severity.ERROR,
            message="channel does not say how to find its live one, found no channelId, import id or data point",
            location=Location(
                "channels/north.yaml", 7, path=("channels", "north", "select" if pointers else "channelImportId")
            ),
            fix=RULES["ESA331"].fix,
        ),
    )


def test_of_many_candidates_the_first_are_shown() -> None:
    crowd = make_index(make_live(number) for number in range(1, 14))

    (finding,) = match_channels([make_desired("north", 0, select=NORTH)], crowd).findings

    assert len(finding.detail) == 11
    assert finding.detail[-1] == "and 3 more"


def test_near_names_are_looked_for_only_while_they_can_be_the_reason() -> None:
    lost = [make_desired(f"n{number:02}", 0, select=Identifiers(channel_import_id="C-11")) for number in range(30)]

    findings = match_channels(lost, INDEX).findings

    assert [bool(finding.detail) for finding in findings] == 20 * [True] + 10 * [False]
