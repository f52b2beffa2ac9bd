from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import CHANNELS, broken, edit_of, only_edit, version_edit_of

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start


NEW: Json = {
    "dataPointId": 303,
    "channelInfo": "Cistern level",
    "intervalMinutes": 60,
    "observationTypeId": 4,
    "summarizationMethodId": 2,
    "esaChannelVersion": {"multiplier": 2, "observationRuleId": 1, "unitId": 5},
}


def test_a_response_is_as_the_page_shows_it(demo: Bench, demo_world: World) -> None:
    assert demo.read(1042) == demo_world["channels"][0]
    assert list(edit_of(demo.read(1042))) == [
        "channelDescription",
        "channelImportId",
        "channelInfo",
        "esaChannelVersion",
        "intervalMinutes",
        "isCalculated",
        "isPrimaryDemand",
        "isPrimaryValue",
        "observationTypeId",
        "summarizationMethodId",
    ]


@pytest.mark.parametrize("channel_id", ["7", "99999999999999999999", "north"])
def test_a_channel_that_does_not_exist_is_a_404(demo: Bench, channel_id: str) -> None:
    assert demo.client.get(f"{CHANNELS}/{channel_id}").status_code == 404
    assert demo.client.put(f"{CHANNELS}/{channel_id}", json={}).status_code == 404


def test_a_put_without_a_change_changes_nothing(demo: Bench, demo_world: World) -> None:
    answers = [demo.put(channel["channelId"]).raise_for_status().json() for channel in demo_world["channels"]]

    assert len(answers) == 60
    assert answers == demo_world["channels"]


def test_a_put_answers_what_is_stored(demo: Bench) -> None:
    before = demo.read(1049)

    response = demo.put(1049, channelInfo="Water", intervalMinutes=30, observationTypeId=3, summarizationMethodId=3)

    after = demo.read(1049)
    assert response.json() == after
    assert only_edit(before, after) == {
        "channelInfo": "Water",
        "interval": 30,
        "observationType": before["observationType"]
        | {"observationTypeCode": "GASUSE", "observationTypeId": 3, "observationTypeInfo": "Gas use"},
        "summarizationMethod": {"summarizationMethodId": 3, "summarizationMethodInfo": "Max"},
    }


def test_a_new_name_shows_in_the_formulas_that_use_it(demo: Bench) -> None:
    demo.put(1042, channelInfo="Main").raise_for_status()

    assert demo.read(1044)["channelVersions"][0]["resolvedFormula"] == (
        "channel(Main) - channel(North Building feeder losses)"
    )
    assert demo.read(1101)["channelVersions"][0]["resolvedFormula"].startswith("channel(Main) + ")


def test_a_calculated_channel_has_the_longest_interval_of_its_inputs(demo: Bench) -> None:
    demo.put(1058, intervalMinutes=60).raise_for_status()

    assert demo.read(1059)["interval"] == 60


def test_a_created_channel_has_an_id_and_an_open_beginning(demo: Bench) -> None:
    response = demo.client.post(CHANNELS, json=NEW)

    created = response.raise_for_status().json()
    assert created == demo.read(1102)
    assert edit_of(created) == {
        "channelDescription": None,
        "channelImportId": None,
        "channelInfo": "Cistern level",
        "esaChannelVersion": {
            "beginDate": None,
            "formula": None,
            "isValuePositive": False,
            "maximumReading": None,
            "minimumReading": None,
            "multiplier": 2,
            "observationRuleId": 1,
            "offset": None,
            "rollbackAllowance": 0.1,
            "rolloverValue": 999999999999999,
            "unitId": 5,
        },
        "intervalMinutes": 60,
        "isCalculated": False,
        "isPrimaryDemand": False,
        "isPrimaryValue": False,
        "observationTypeId": 4,
        "summarizationMethodId": 2,
    }
    assert (created["hasReadings"], created["lastReadingValue"], created["dataPoint"]["dataPointId"]) == (
        False,
        None,
        303,
    )


def test_a_created_channel_begins_at_the_beginning_whatever_its_body_says(demo: Bench) -> None:
    version = NEW["esaChannelVersion"] | {"beginDate": "2027-01-01T00:00:00"}

    created = demo.client.post(CHANNELS, json=NEW | {"esaChannelVersion": version}).raise_for_status().json()

    assert [one["beginDate"] for one in created["channelVersions"]] == [None]


def test_a_created_primary_demotes_the_old_one(demo: Bench) -> None:
    demo.client.post(CHANNELS, json=NEW | {"isPrimaryValue": True}).raise_for_status()

    assert [demo.read(one)["isPrimaryValue"] for one in (1048, 1102)] == [False, True]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"dataPointId": None}, ["dataPointId"]),
        ({"dataPointId": 7}, ["dataPointId"]),
        ({"esaChannelVersion": None}, ["esaChannelVersion"]),
        ({"channelInfo": None, "channelImportId": "x" * 256}, ["channelImportId", "channelInfo"]),
        ({"channelImportId": "NB-WATER-01-USE"}, ["channelImportId"]),
        ({"observationTypeId": 5}, ["esaChannelVersion.observationRuleId"]),
    ],
)
def test_a_create_obeys_the_rules(demo: Bench, changes: Json, names: list[str]) -> None:
    assert broken(demo.client.post(CHANNELS, json=NEW | changes)) == names


@pytest.mark.parametrize(
    ("setting", "intervals"),
    [
        ("interval_unit=minutes", [15, 60, 15]),
        ("interval_unit=seconds", [900, 3600, 900]),
        ("calculated_interval=null", [15, 60, None]),
    ],
)
def test_the_interval_reads_as_the_setting_says(start: Start, setting: str, intervals: list[int | None]) -> None:
    bench = start(setting)

    assert [bench.read(one)["interval"] for one in (1042, 1046, 1044)] == intervals


@pytest.mark.parametrize(
    ("setting", "formula", "resolved"),
    [
        ("verbatim", " channel( 1042 )  * 2 ", " channel(North Building electricity use)  * 2 "),
        ("stripped", "channel(1042)*2", "channel(North Building electricity use)*2"),
    ],
)
def test_a_formula_reads_back_as_the_setting_says(start: Start, setting: str, formula: str, resolved: str) -> None:
    bench = start(f"formula_text={setting}")

    bench.put_with_version(1044, formula=" channel( 1042 )  * 2 ").raise_for_status()

    version = bench.read(1044)["channelVersions"][0]
    assert (version["formula"], version["resolvedFormula"]) == (formula, resolved)


def test_a_change_of_settings_shows_in_what_was_answered_before(start: Start) -> None:
    minutes = start().read(1042)["interval"]

    # Both run on the same file.
    seconds = start("interval_unit=seconds").read(1042)["interval"]

    assert (minutes, seconds) == (15, 900)


# Its meter was swapped: 10460 until 2023-05-15 08:00 with multiplier 10, then 10461 with multiplier 1.
SWAPPED = 1046
VERSIONS = f"{CHANNELS}/{SWAPPED}/version"
SWAP = "2023-05-15T08:00:00"


def spans(bench: Bench, channel_id: int = SWAPPED) -> list[tuple[Any, ...]]:
    versions = bench.client.get(f"{CHANNELS}/{channel_id}/version").raise_for_status().json()
    return [(one["beginDate"], one["endDate"], one["multiplier"]) for one in versions]


def new_version(begin_date: str | None, multiplier: float = 5) -> Json:
    return {"beginDate": begin_date, "multiplier": multiplier, "observationRuleId": 1, "unitId": 3}


def test_versions_are_a_plain_array_the_earliest_first(demo: Bench) -> None:
    response = demo.client.get(VERSIONS)

    assert response.json() == demo.read(SWAPPED)["channelVersions"]
    assert spans(demo) == [(None, SWAP, 10), (SWAP, None, 1)]
    assert "PageNumber" not in response.headers


def test_one_version_is_read_by_id(demo: Bench) -> None:
    assert demo.client.get(f"{VERSIONS}/10461").json() == demo.read(SWAPPED)["channelVersions"][1]


@pytest.mark.parametrize("path", [f"{VERSIONS}/7", f"{CHANNELS}/7/version", f"{CHANNELS}/7/version/10461"])
def test_what_does_not_exist_is_a_404(demo: Bench, path: str) -> None:
    assert demo.client.get(path).status_code == 404


def test_edit_of_a_version_changes_this_one_only(demo: Bench) -> None:
    before = demo.read(SWAPPED)["channelVersions"]

    response = demo.put_version(f"{VERSIONS}/10460", multiplier=100)

    after = demo.read(SWAPPED)["channelVersions"]
    assert (response.status_code, response.json()) == (200, after[0])
    assert only_edit(before[0], after[0]) == {"multiplier": 100}
    assert before[1] == after[1]


def test_edit_of_a_missing_version_is_a_404(demo: Bench) -> None:
    body = version_edit_of(demo.read(SWAPPED)["channelVersions"][1])

    assert demo.client.put(f"{VERSIONS}/7", json=body).status_code == 404


def test_a_moved_beginning_moves_the_end_of_the_version_before(demo: Bench) -> None:
    demo.put_version(f"{VERSIONS}/10461", beginDate="2023-06-01T00:00:00").raise_for_status()

    assert spans(demo) == [(None, "2023-06-01T00:00:00", 10), ("2023-06-01T00:00:00", None, 1)]


@pytest.mark.parametrize(
    ("version_id", "begin_date"),
    [
        pytest.param(10460, SWAP, id="first begins with the second"),
        pytest.param(10460, "2024-01-01", id="first begins after the second"),
        pytest.param(10461, None, id="second begins from the beginning"),
        pytest.param(10461, ..., id="second without a beginning"),
    ],
)
def test_versions_keep_their_order(demo: Bench, version_id: int, begin_date: Any) -> None:
    assert broken(demo.put_version(f"{VERSIONS}/{version_id}", beginDate=begin_date)) == ["beginDate"]


def test_a_first_version_may_begin_on_a_date(demo: Bench) -> None:
    demo.put_version(f"{VERSIONS}/10460", beginDate="2021-07-01").raise_for_status()

    assert spans(demo)[0] == ("2021-07-01T00:00:00", SWAP, 10)


def test_a_new_version_goes_to_the_end(demo: Bench) -> None:
    response = demo.client.post(VERSIONS, json=new_version("2025-01-01T00:00:00Z"))

    assert (response.status_code, response.json()) == (200, demo.read(SWAPPED)["channelVersions"][2])
    assert spans(demo)[1:] == [(SWAP, "2025-01-01T00:00:00", 1), ("2025-01-01T00:00:00", None, 5)]


@pytest.mark.parametrize(("begin_date", "place"), [("2022-01-01T00:00:00", 1), ("2024-01-01T00:00:00", 2)])
def test_a_new_version_splits_the_one_it_begins_in(demo: Bench, begin_date: str, place: int) -> None:
    response = demo.client.post(VERSIONS, json=new_version(begin_date))

    assert response.json()["beginDate"] == begin_date
    assert [multiplier for _, _, multiplier in spans(demo)] == [10, 5, 1] if place == 1 else [10, 1, 5]
    assert [end for _, end, _ in spans(demo)][:-1] == [begin for begin, _, _ in spans(demo)][1:]


def test_a_new_version_may_have_to_go_to_the_end(start: Start) -> None:
    bench = start("version_begin_inside=reject")

    assert broken(bench.client.post(VERSIONS, json=new_version("2022-01-01"))) == ["beginDate"]
    assert bench.client.post(VERSIONS, json=new_version("2024-01-01")).status_code == 200


@pytest.mark.parametrize("begin_date", [SWAP, f"{SWAP}-04:00", None, "1899-12-30"])
def test_a_new_version_needs_a_beginning_of_its_own(demo: Bench, begin_date: str | None) -> None:
    assert broken(demo.client.post(VERSIONS, json=new_version(begin_date))) == ["beginDate"]


def test_a_calculated_channel_cannot_be_versioned(demo: Bench) -> None:
    body = new_version("2025-01-01") | {"observationRuleId": 2, "formula": "channel(1046)"}

    response = demo.client.post(f"{CHANNELS}/1047/version", json=body)

    assert (response.status_code, response.json()["message"]) == (400, "A calculated channel has one version only.")


def test_a_new_version_obeys_the_rules_of_its_channel(demo: Bench) -> None:
    response = demo.client.post(f"{CHANNELS}/1045/version", json=new_version("2025-01-01") | {"unitId": 14})

    assert broken(response) == ["unitId", "observationRuleId"]


@pytest.mark.parametrize(
    ("semantics", "multipliers"),
    [("latest", [10, 7]), ("first", [7, 1]), ("ignore", [10, 1])],
)
def test_put_of_a_channel_writes_the_version_the_setting_names(
    start: Start, semantics: str, multipliers: list[float]
) -> None:
    bench = start(f"put_version_semantics={semantics}")
    begin_date = None if semantics == "first" else SWAP

    bench.put_with_version(SWAPPED, multiplier=7, beginDate=begin_date).raise_for_status()

    assert [multiplier for _, _, multiplier in spans(bench)] == multipliers


def test_put_of_a_channel_with_several_versions_may_be_refused(start: Start) -> None:
    bench = start("put_version_semantics=reject")

    assert broken(bench.put(SWAPPED, channelInfo="Gas")) == ["esaChannelVersion"]
    assert bench.put(SWAPPED, channelInfo="Gas", esaChannelVersion=None).status_code == 200
    assert bench.put_with_version(1048, multiplier=7).status_code == 200


@pytest.mark.parametrize(("setting", "begin_date"), [("null", None), ("floor", "1899-12-30T00:00:00")])
def test_the_first_beginning_reads_as_the_setting_says(start: Start, setting: str, begin_date: str | None) -> None:
    bench = start(f"first_version_begin_date={setting}")

    assert spans(bench) == [(begin_date, SWAP, 10), (SWAP, None, 1)]
    assert bench.put_version(f"{VERSIONS}/10460", multiplier=3).json()["beginDate"] == begin_date


def test_nothing_can_be_deleted(demo: Bench) -> None:
    assert [demo.client.delete(path).status_code for path in (f"{CHANNELS}/1049", f"{VERSIONS}/10460")] == [405, 405]


def test_a_channel_may_be_deleted_by_a_setting(start: Start) -> None:
    bench = start("deletion=legacy")

    response = bench.client.delete(f"{CHANNELS}/1044")

    assert (response.status_code, response.content) == (204, b"")
    assert bench.client.get(f"{CHANNELS}/1044").status_code == 404
    assert bench.read(1043)["isCalculatedConvertible"] is True


def test_a_channel_in_a_formula_is_not_deleted(start: Start) -> None:
    response = start("deletion=legacy").client.delete(f"{CHANNELS}/1043")

    assert (response.status_code, response.json()["message"]) == (
        400,
        "The channel is used in the formulas of 1044.",
    )


def test_a_version_may_be_deleted_by_a_setting_unless_it_is_the_only_one(start: Start) -> None:
    bench = start("deletion=legacy")

    statuses = [bench.client.delete(f"{VERSIONS}/{one}").status_code for one in (10460, 10460, 10461)]

    assert statuses == [204, 404, 400]
    assert spans(bench) == [(SWAP, None, 1)]


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
        ("validateCalculatedMeter", "MAX(1)", ["'max' at column 1 is not a function; there are channel, IF, AND, OR"]),
    ],
)
def test_a_formula_check_changes_nothing(demo: Bench, call: str, formula: str, messages: list[str]) -> None:
    response = demo.client.post(f"{FORMULA}/{call}", json={"dataPointId": 301, "formula": formula})

    assert response.json() == {"valid": not messages, "errorMessages": messages}
    assert demo.service.requests() == ()


@pytest.mark.parametrize("body", [{"dataPointId": 301}, {"dataPointId": 301, "formula": 1}])
def test_a_question_without_a_formula_is_refused(demo: Bench, body: dict[str, Any]) -> None:
    assert broken(demo.client.post(f"{FORMULA}/validate", json=body)) == ["formula"]
