from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import broken

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Start

UNITS = "/api/v202305/unit"
TYPES = "/api/v3/observationtype"
FORMULA = "/api/v202405/formula"


def test_units_are_listed_without_pages(demo: Bench) -> None:
    response = demo.client.get(UNITS)

    assert len(response.json()) == 14
    assert response.json()[0] == {
        "unitCode": "KWH",
        "unitDisplayName": "Kilowatt-hours",
        "unitId": 1,
        "unitInfo": "Kilowatt-hours",
        "unitType": {"unitTypeId": 1, "unitTypeCode": "ENERGY", "unitTypeInfo": "Energy"},
    }
    assert "PageNumber" not in response.headers


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("unitTypeCode equals 'money'", ["USD"]),
        ("unitTypeId one of '2'|'6'", ["KW", "TON", "DEGF"]),
        ("unitTypeInfo like 'ol'", ["CCF", "GAL", "KGAL"]),
    ],
)
def test_units_are_filtered_by_their_type(demo: Bench, text: str, codes: list[str]) -> None:
    response = demo.client.get(UNITS, params={"filter": text})

    assert [unit["unitCode"] for unit in response.json()] == codes


def test_observation_types_are_listed_without_pages(demo: Bench) -> None:
    assert demo.client.get(TYPES).json()[:1] == [
        {
            "credit": 2,
            "nounCode": "Use",
            "nounId": 1,
            "observationTypeCode": "ELECUSE",
            "observationTypeId": 1,
            "observationTypeInfo": "Electric use",
        }
    ]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("nounCode equals 'Demand'", ["ELECDEM", "WATFLOW", "STMFLOW", "CHWDEM"]),
        ("commodityCode equals 'STEAM' and nounId equals '1'", ["STMUSE"]),
        ("commodityId one of '2'", ["GASUSE"]),
        ("commodityInfo like 'chilled'", ["CHWUSE", "CHWDEM", "CHWTEMP"]),
    ],
)
def test_observation_types_are_filtered(demo: Bench, text: str, codes: list[str]) -> None:
    response = demo.client.get(TYPES, params={"filter": text})

    assert [one["observationTypeCode"] for one in response.json()] == codes


def test_a_filter_by_another_field_is_refused(demo: Bench) -> None:
    assert demo.client.get(UNITS, params={"filter": "unitCode equals 'KWH'"}).status_code == 400


def test_a_data_point_shows_its_channels_and_zone(demo: Bench) -> None:
    assert demo.client.get("/api/v202406/datapoint/302").json() == {
        "active": True,
        "channels": [
            {"channelId": 1046, "channelInfo": "North Building gas use", "interval": 60},
            {"channelId": 1047, "channelInfo": "North Building gas energy", "interval": 60},
        ],
        "commodity": {
            "commodityId": 2,
            "commodityCode": "NATURALGAS",
            "commodityInfo": "Natural gas",
            "commodityIcon": {"code": "icon-naturalgas", "color": "blue"},
        },
        "createdBy": {"systemUserId": 1, "fullName": "Campus Energy Office"},
        "createdDate": "2021-07-01T09:00:00-04:00",
        "dataPointCode": "NB-GAS-01",
        "dataPointDescription": None,
        "dataPointId": 302,
        "dataPointInfo": "North Building gas",
        "dataPointTimeZone": {"timeZoneId": 1, "timeZoneCode": "America/New_York", "timeZoneInfo": "Eastern Time"},
        "importId": "NB-GAS-01",
    }


def test_a_data_point_shows_intervals_as_its_channels_do(start: Start) -> None:
    response = start("interval_unit=seconds").client.get("/api/v202406/datapoint/302")

    assert [channel["interval"] for channel in response.json()["channels"]] == [3600, 3600]


def test_a_data_point_that_does_not_exist_is_a_404(demo: Bench) -> None:
    assert demo.client.get("/api/v202406/datapoint/7").status_code == 404


@pytest.mark.parametrize(
    ("call", "formula", "messages"),
    [
        ("validate", "channel(1042) * 2", []),
        ("validate", "channel(1042) * channel(1044)", ["channel(1044) is a calculated channel"]),
        ("validate", "channel(1057)", ["channel(1057) belongs to another data point"]),
        ("validate", "channel(7) + channel(8)", ["channel(7) does not exist", "channel(8) does not exist"]),
        ("validate", "1 +", ["expected a number, channel(ID) or a parenthesis at column 4, found 'the end'"]),
        ("validateCalculatedMeter", "channel(1057) / channel(1061)", []),
        (
            "validateCalculatedMeter",
            "channel(1058)",
            ["channel(1058) is not the primary value channel of its data point"],
        ),
        ("validateCalculatedMeter", "channel(1042)", ["channel(1042) belongs to the same data point"]),
        ("validateCalculatedMeter", "channel(7)", ["channel(7) does not exist"]),
        ("validateCalculatedMeter", "MAX(1)", ["'max' at column 1 is no function; there are channel, IF, AND, OR"]),
    ],
)
def test_a_formula_is_judged_without_a_trace(demo: Bench, call: str, formula: str, messages: list[str]) -> None:
    response = demo.client.post(f"{FORMULA}/{call}", json={"dataPointId": 301, "formula": formula})

    assert response.json() == {"valid": not messages, "errorMessages": messages}
    assert demo.service.requests() == ()


@pytest.mark.parametrize("body", [{"dataPointId": 301}, {"dataPointId": 301, "formula": 1}])
def test_a_question_without_a_formula_is_refused(demo: Bench, body: dict[str, Any]) -> None:
    assert broken(demo.client.post(f"{FORMULA}/validate", json=body)) == ["formula"]
