from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import CHANNELS, broken
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start


# 1049 is a Trip channel without an import id, 1067 an Odometer; neither has readings. 1046 has two versions.
TRIP, ODOMETER, SWAPPED = 1049, 1067, 1046
SWAP = "2023-05-15T08:00:00"


def latest(bench: Bench, channel_id: int) -> Json:
    version: Json = bench.read(channel_id)["channelVersions"][-1]
    return version


@pytest.mark.parametrize(
    ("setting", "rollover", "rollback"),
    [("null", None, None), ("defaults", 999999999999999, 0.1), ("zero", 0, 0)],
)
def test_a_trip_version_reads_back_a_register_as_the_setting_says(
    start: Start, setting: str, rollover: float | None, rollback: float | None
) -> None:
    bench = start(f"trip_register={setting}")

    response = bench.put_with_version(TRIP, multiplier=2, rolloverValue=None, rollbackAllowance=None)

    version = response.json()["channelVersions"][-1]
    assert (version["rolloverValue"], version["rollbackAllowance"]) == (rollover, rollback)
    assert version == latest(bench, TRIP)


@pytest.mark.parametrize("setting", ["defaults", "zero"])
def test_the_register_that_a_trip_version_reads_back_is_refused_in_an_edit(start: Start, setting: str) -> None:
    response = start(f"trip_register={setting}").put_with_version(TRIP, multiplier=2)

    assert broken(response) == [
        "esaChannelVersion.rollbackAllowance",
        "esaChannelVersion.rolloverValue",
    ]


def test_an_odometer_keeps_its_register_whatever_trip_versions_read_back(start: Start) -> None:
    bench = start("trip_register=zero")

    bench.put_with_version(ODOMETER, rolloverValue=1000, rollbackAllowance=0.5)

    version = latest(bench, ODOMETER)
    assert (version["rolloverValue"], version["rollbackAllowance"]) == (1000, 0.5)


@pytest.mark.parametrize(
    ("setting", "sent", "stored"),
    [
        ("empty_text=kept", None, None),
        ("empty_text=kept", "", ""),
        ("empty_text=to_empty", None, ""),
        ("empty_text=to_empty", "", ""),
        ("empty_text=to_null", None, None),
        ("empty_text=to_null", "", None),
        ("text_blanks=kept", " Main \t", " Main \t"),
        ("text_blanks=trimmed", " Main \t", "Main"),
        ("text_blanks=trimmed", "  ", ""),
        ("text_blanks=trimmed", None, None),
    ],
)
@pytest.mark.parametrize("name", ["channelDescription", "channelImportId"])
def test_texts_are_stored_as_the_setting_says(
    start: Start, name: str, setting: str, sent: str | None, stored: str | None
) -> None:
    bench = start(setting)

    response = bench.put(TRIP, **{name: sent})

    assert response.json()[name] == bench.read(TRIP)[name] == stored


def test_blanks_that_are_trimmed_may_leave_null(start: Start) -> None:
    bench = start("text_blanks=trimmed", "empty_text=to_null")

    assert bench.put(TRIP, channelDescription="  ").json()["channelDescription"] is None


def test_an_import_id_is_unique_without_the_blanks_that_are_trimmed(start: Start) -> None:
    bench = start("text_blanks=trimmed")

    assert broken(bench.put(TRIP, channelImportId=" NB-WATER-01-USE ")) == ["channelImportId"]
    assert bench.put(TRIP, channelInfo=" Lawn ").json()["channelInfo"] == "Lawn"


@pytest.mark.parametrize("channel_id", [TRIP, ODOMETER])
@pytest.mark.parametrize(("setting", "shown"), [("null", None), ("zero", 0)])
def test_an_offset_of_null_reads_back_as_the_setting_says(
    start: Start, channel_id: int, setting: str, shown: float | None
) -> None:
    bench = start(f"null_offset={setting}")

    response = bench.put_with_version(channel_id, multiplier=3, offset=None)

    assert response.json()["channelVersions"][-1]["offset"] == latest(bench, channel_id)["offset"] == shown


def test_an_offset_of_0_that_an_odometer_reads_back_is_refused_in_an_edit(start: Start) -> None:
    response = start("null_offset=zero").put_with_version(ODOMETER, multiplier=3)

    assert broken(response) == ["esaChannelVersion.offset"]


@pytest.mark.parametrize(("setting", "shown"), [("null", None), ("empty", "")])
def test_a_formula_of_null_reads_back_as_the_setting_says(start: Start, setting: str, shown: str | None) -> None:
    bench = start(f"null_formula={setting}")

    version = bench.put_with_version(TRIP, formula=None).json()["channelVersions"][-1]

    assert (version["formula"], version["resolvedFormula"]) == (shown, shown)
    assert bench.read(1044)["channelVersions"][-1]["formula"] == "channel(1042) - channel(1043)"


def test_an_empty_formula_is_refused_for_a_simple_channel(start: Start) -> None:
    response = start("null_formula=empty").put_with_version(TRIP, multiplier=3)

    assert broken(response) == ["esaChannelVersion.formula"]


@pytest.mark.parametrize(
    ("setting", "swap"),
    [
        ("naive", SWAP),
        ("z_wall_time", f"{SWAP}Z"),
        ("offset", f"{SWAP}-04:00"),
        ("utc", "2023-05-15T12:00:00Z"),
    ],
)
def test_version_dates_read_as_the_setting_says(start: Start, setting: str, swap: str) -> None:
    bench = start(f"version_dates={setting}")

    versions = bench.read(SWAPPED)["channelVersions"]

    assert [(one["beginDate"], one["endDate"]) for one in versions] == [(None, swap), (swap, None)]


@pytest.mark.parametrize(
    ("setting", "floor"),
    [
        ("naive", "1899-12-30T00:00:00"),
        ("z_wall_time", "1899-12-30T00:00:00Z"),
        ("offset", "1899-12-30T00:00:00-05:00"),
        ("utc", "1899-12-30T05:00:00Z"),
    ],
)
def test_an_open_beginning_that_reads_as_a_date_has_the_zone_of_all_dates(
    start: Start, setting: str, floor: str
) -> None:
    bench = start(f"version_dates={setting}", "first_version_begin_date=floor")

    assert bench.read(SWAPPED)["channelVersions"][0]["beginDate"] == floor


def test_a_date_in_utc_moves_the_version_if_it_is_sent_back(start: Start) -> None:
    bench = start("version_dates=utc")
    path = f"{CHANNELS}/{SWAPPED}/version/10461"

    answer = bench.put_version(path, multiplier=2).json()

    assert answer["beginDate"] == "2023-05-15T16:00:00Z"


def test_a_date_in_winter_has_the_offset_of_winter(start: Start) -> None:
    bench = start("version_dates=offset")

    answer = bench.put_with_version(SWAPPED, beginDate="2023-12-01T00:00:00Z").json()

    assert answer["channelVersions"][-1]["beginDate"] == "2023-12-01T00:00:00-05:00"


@pytest.mark.parametrize(("setting", "status", "text"), [("empty", 200, ""), ("no_content", 204, "")])
@pytest.mark.parametrize("path", [f"{CHANNELS}/{SWAPPED}", f"{CHANNELS}/{SWAPPED}/version/10461"])
def test_a_put_answers_as_the_setting_says_and_is_carried_out(
    start: Start, path: str, setting: str, status: int, text: str
) -> None:
    bench = start(f"put_answer={setting}")

    if "version" in path:
        response = bench.put_version(path, multiplier=4)
    else:
        response = bench.put_with_version(SWAPPED, multiplier=4)

    assert (response.status_code, response.text) == (status, text)
    assert latest(bench, SWAPPED)["multiplier"] == 4
    assert [one.status for one in bench.service.requests()] == [status]


@pytest.mark.parametrize("setting", ["empty", "no_content"])
def test_a_put_that_is_refused_says_why_whatever_a_put_answers(start: Start, setting: str) -> None:
    response = start(f"put_answer={setting}").put(TRIP, channelInfo=None)

    assert broken(response) == ["channelInfo"]


@pytest.mark.parametrize(
    ("setting", "status", "is_shown"),
    [("object", 200, True), ("created", 201, True), ("empty", 200, False), ("no_content", 204, False)],
)
@pytest.mark.parametrize("path", [CHANNELS, f"{CHANNELS}/{SWAPPED}/version"])
def test_a_post_answers_as_the_setting_says_and_is_carried_out(
    start: Start, path: str, setting: str, status: int, is_shown: bool
) -> None:
    bench = start(f"post_answer={setting}")
    version = {"multiplier": 4, "observationRuleId": 1, "unitId": 5}
    channel = {
        "dataPointId": 303,
        "channelInfo": "Cistern level",
        "intervalMinutes": 60,
        "observationTypeId": 4,
        "summarizationMethodId": 2,
        "esaChannelVersion": version,
    }
    body = {**version, "beginDate": "2027-01-01T00:00:00"} if "version" in path else channel

    response = bench.client.post(path, json=body)

    shown = latest(bench, SWAPPED) if "version" in path else bench.read(1102)
    assert (response.status_code, response.text) == (status, response.text if is_shown else "")
    assert not is_shown or response.json() == shown
    assert "version" not in path or (shown["beginDate"], shown["multiplier"]) == ("2027-01-01T00:00:00", 4)
    assert [one.status for one in bench.service.requests()] == [status]


def test_texts_are_measured_in_utf_16_code_units(demo: Bench) -> None:
    assert demo.put(TRIP, channelInfo="\N{SNOWFLAKE}" * 50).status_code == 200
    assert demo.put(TRIP, channelInfo="\N{WATER WAVE}" * 25).status_code == 200
    response = demo.put(TRIP, channelInfo="\N{WATER WAVE}" * 26)

    assert response.json()["errors"] == [
        {"property": "channelInfo", "message": "must be at most 50 characters, found 52"}
    ]


LISTS: dict[str, Any] = {"unit_list": "/api/v202305/unit", "observation_type_list": "/api/v3/observationtype"}


@pytest.mark.parametrize(("setting", "status"), [("offered", 200), ("forbidden", 403), ("absent", 404)])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_reference_data_is_offered_as_the_setting_says(
    start: Start, name: str, setting: str, status: int
) -> None:
    bench = start(f"{name}={setting}")

    assert {one: bench.client.get(path).status_code for one, path in LISTS.items()} == dict.fromkeys(LISTS, 200) | {
        name: status
    }


@pytest.mark.parametrize(
    ("setting", "status", "text"),
    [("forbidden", 403, None), ("absent", 404, None), ("empty", 200, ""), ("true", 200, "true")],
)
@pytest.mark.parametrize("call", ["validate", "validateCalculatedMeter"])
def test_a_formula_check_answers_as_the_setting_says(
    start: Start, call: str, setting: str, status: int, text: str | None
) -> None:
    bench = start(f"formula_validation={setting}")

    response = bench.client.post(f"/api/v202405/formula/{call}", json={"dataPointId": 301, "formula": "1 +"})

    assert response.status_code == status
    assert text is None or response.text == text


def test_a_wrong_formula_is_refused_in_an_edit_whatever_its_check_says(start: Start) -> None:
    bench = start("formula_validation=true")

    response = bench.put_with_version(1044, formula="1 +")

    assert broken(response) == ["esaChannelVersion.formula"]


EVIDENCE = ("hasReadings", "isCalculatedConvertible", "firstReadingDate", "lastReadingDate", "lastReadingValue")


def formula(text: str, version_id: int = 20) -> Json:
    return {"isCalculated": True, "versions": [make_version(version_id, formula=text)]}


def readings(first: str | None, last: str | None, interval: int) -> Json:
    return {"readings": True, "firstReadingDate": first, "lastReadingDate": last, "interval": interval}


def world_of(*inputs: Json, text: str) -> World:
    """Simple channels from id 10 on, and the calculated channel 2."""
    simple = [make_channel(10 + place, **values) for place, values in enumerate(inputs)]
    return make_world(*simple, make_channel(2, **formula(text)))


def evidence(bench: Bench, channel_id: int = 2) -> tuple[object, ...]:
    channel = bench.read(channel_id)
    return tuple(channel[name] for name in EVIDENCE)


EARLY = ("2024-01-01T12:24:00-05:00", "2026-11-01T12:00:00-05:00")
LATE = ("2024-03-01T12:01:00+00:00", "2026-12-01T00:00:00-05:00")


@pytest.mark.parametrize(
    ("inputs", "text", "expected"),
    [
        pytest.param(
            [readings(*EARLY, 15)],
            "channel(10) * 2",
            (True, False, "2024-01-01T12:30:00-05:00", "2026-11-01T12:00:00-05:00", None),
            id="times lie at the end of their interval",
        ),
        pytest.param(
            [readings(*EARLY, 15), readings(*LATE, 60)],
            "channel(10) + channel(11)",
            (True, False, "2024-03-01T08:00:00-05:00", "2026-11-01T12:00:00-05:00", None),
            id="where all inputs have readings, in the longest interval",
        ),
        pytest.param(
            [readings(*EARLY, 15), {}],
            "channel(10) + channel(11)",
            (False, True, None, None, None),
            id="not while an input has none",
        ),
        pytest.param(
            [readings(None, None, 15)], "channel(10)", (True, False, None, None, None), id="inputs that show no dates"
        ),
        pytest.param([], "channel(10) + 1", (False, True, None, None, None), id="an input that does not exist"),
        pytest.param([], "1 + 1", (False, True, None, None, None), id="no inputs"),
    ],
)
def test_a_calculated_channel_has_summarized_readings_if_its_inputs_have_readings(
    start: Start, inputs: list[Json], text: str, expected: tuple[object, ...]
) -> None:
    assert evidence(start(world=world_of(*inputs, text=text))) == expected


def test_a_calculated_channel_may_never_have_readings(start: Start) -> None:
    world = world_of(readings(*EARLY, 15), text="channel(10)")

    assert evidence(start("calculated_readings=none", world=world)) == (False, True, None, None, None)


def test_readings_of_a_calculated_channel_in_a_world_are_kept(demo: Bench) -> None:
    assert evidence(demo, 1044)[:1] == (True,)
    assert demo.read(1044)["lastReadingValue"]["value"] == 1787.3


def test_a_calculated_channel_with_summarized_readings_cannot_become_simple(start: Start) -> None:
    bench = start(world=world_of(readings(*EARLY, 15), text="channel(10)"))

    response = bench.put(
        2,
        isCalculated=False,
        intervalMinutes=15,
        esaChannelVersion={"multiplier": 1, "observationRuleId": 2, "unitId": 1},
    )

    assert broken(response) == ["isCalculated"]


def test_the_first_readings_of_an_input_show_on_all_that_is_calculated_from_it(start: Start) -> None:
    meter = formula("channel(2)", 30) | {"data_point": 2}
    world = world_of({}, text="channel(10)")
    world["channels"].append(make_channel(3, **meter))
    world["channels"][-1]["dataPoint"]["isCalculatedDataPoint"] = True
    bench = start(world=world)
    before = [evidence(bench, channel_id) for channel_id in (2, 3)]
    reading = {"time": "2026-07-01T00:10:00Z", "value": 1, "estimated": False, "note": None}

    bench.client.post("/api/v3/reading", json=[{"channelId": 10, "readings": [reading]}]).raise_for_status()

    assert before == [(False, True, None, None, None)] * 2
    at = "2026-06-30T20:15:00-04:00"
    assert [evidence(bench, channel_id) for channel_id in (2, 3)] == [(True, False, at, at, None)] * 2


def test_the_type_of_a_calculated_channel_with_readings_may_be_fixed(start: Start) -> None:
    bench = start("edit_with_readings=reject", world=world_of(readings(*EARLY, 15), text="channel(10)"))

    assert broken(bench.put(2, observationTypeId=3)) == ["observationTypeId"]


def test_formulas_that_refer_to_each_other_end(start: Start) -> None:
    world = make_world(make_channel(2, **formula("channel(3)")), make_channel(3, **formula("channel(2)", 30)))

    assert evidence(start(world=world)) == (False, True, None, None, None)
