"""Responses become channels and stored readings, and channels become bodies of edits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.energycap.mapping import (
    FailedGroup,
    FailedReading,
    ImportResponse,
    StoredReading,
    channel_body,
    is_import_response,
    is_whole,
    live_from_response,
    parse_import_response,
    parse_stored_readings,
    version_body,
)
from reconciler.errors import BadResponse
from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import CHANNEL_FIELDS, FIELDS, VERSION_FIELDS
from reconciler.model.project import ChannelEdit
from tests.energycap.documents import ODOMETER, TRIP, make_channel, make_data_point, make_version, make_versions

if TYPE_CHECKING:
    from reconciler.model.values import Spec
    from tests.energycap.documents import Document


VERSION_VALUES = {
    "esaChannelVersion.beginDate": None,
    "esaChannelVersion.unitId": 1,
    "esaChannelVersion.unitCode": "KWH",
    "esaChannelVersion.observationRuleId": 1,
    "esaChannelVersion.observationRule": "Odometer",
    "esaChannelVersion.multiplier": 1,
    "esaChannelVersion.offset": None,
    "esaChannelVersion.rolloverValue": 999999999999999,
    "esaChannelVersion.rollbackAllowance": 0.1,
    "esaChannelVersion.minimumReading": None,
    "esaChannelVersion.maximumReading": None,
    "esaChannelVersion.isValuePositive": False,
    "esaChannelVersion.formula": None,
}
LIVE = Live(
    id=1042,
    values={
        "channelInfo": "North Building use",
        "channelDescription": "Main switchboard",
        "channelImportId": "NB-ELEC-01-USE",
        "observationTypeId": 3,
        "observationTypeCode": "ELECUSE",
        "summarizationMethodId": 5,
        "summarizationMethod": "Sum",
        "intervalMinutes": 15,
        "isCalculated": False,
        "isPrimaryValue": True,
        "isPrimaryDemand": False,
        **VERSION_VALUES,
    },
    versions=(Version(id=10420, begin_date=None, end_date=None, values=VERSION_VALUES),),
    data_point=DataPoint(
        id=301,
        code="NB-ELEC",
        name="North Building main electric",
        import_id="NB-ELEC-01",
        commodity="Electric",
        place_code="NB",
        place_name="North Building",
    ),
    has_readings=True,
    first_reading="2021-07-01T00:15:00",
    last_reading="2026-11-20T23:45:00",
    is_convertible=False,
)


def test_a_complete_response_becomes_a_complete_channel() -> None:
    assert live_from_response(make_channel()) == LIVE


def test_every_row_of_the_table_of_fields_is_read() -> None:
    live = live_from_response(make_channel())

    paths = {field.path for field in FIELDS} | {field.alias for field in FIELDS if field.alias}
    assert live.values.keys() == paths
    assert live.current.values.keys() == {path for path in paths if path.startswith("esaChannelVersion.")}


def test_unknown_properties_of_a_channel_are_ignored() -> None:
    document = make_channel(
        newProperty={"a": [1]},
        channelVersions=[make_version(newProperty=1, unit={"unitId": 1, "unitCode": "KWH", "newProperty": 1})],
        dataPoint=make_data_point(newProperty=1),
    )

    assert live_from_response(document) == LIVE


@pytest.mark.parametrize(
    "document",
    [
        {"channelId": 1042, "dataPoint": {"dataPointId": 301}, "channelVersions": [{"channelVersionId": 10420}]},
        {
            **dict.fromkeys(make_channel()),
            "channelId": 1042,
            "dataPoint": dict.fromkeys(make_data_point()) | {"dataPointId": 301},
            "channelVersions": [dict.fromkeys(make_version()) | {"channelVersionId": 10420}],
        },
    ],
    ids=["missing", "null"],
)
def test_a_missing_value_and_null_are_none(document: Document) -> None:
    live = live_from_response(document)

    assert live == Live(
        id=1042,
        values=dict.fromkeys(LIVE.values),
        versions=(Version(10420, begin_date=None, end_date=None, values=dict.fromkeys(VERSION_VALUES)),),
        data_point=DataPoint(301),
    )


@pytest.mark.parametrize(
    ("interval", "minutes"),
    [(5, 5), (43200, 43200), (300, 5), (3600, 60), (86400, 1440), (2592000, 43200), (15.0, 15), (45, 45), (None, None)],
)
def test_an_interval_is_in_minutes_whatever_the_service_shows(interval: object, minutes: int | None) -> None:
    assert live_from_response(make_channel(interval=interval)).values["intervalMinutes"] == minutes


def test_a_calculated_channel_has_no_interval_of_its_own() -> None:
    assert live_from_response(make_channel(isCalculated=True)).values["intervalMinutes"] is None


@pytest.mark.parametrize(
    ("written", "read"),
    [(10.0, 10), (-0.0, 0), (0.995, 0.995), (1e15, 10**15), (-9999999999999, -9999999999999), (1e-15, 1e-15)],
)
def test_numbers_are_the_shortest_equal_ones(written: float, read: float) -> None:
    value = live_from_response(make_versions(make_version(multiplier=written))).values["esaChannelVersion.multiplier"]

    assert (value, type(value)) == (read, type(read))


@pytest.mark.parametrize(
    ("written", "managed", "kept"),
    [
        (None, None, None),
        ("1899-12-30T00:00:00", None, "1899-12-30T00:00:00"),
        ("1899-12-30", None, "1899-12-30T00:00:00"),
        ("2026-03-30", "2026-03-30T00:00:00", "2026-03-30T00:00:00"),
        ("2026-03-30T05:00:00.000Z", "2026-03-30T05:00:00Z", "2026-03-30T05:00:00Z"),
        ("2026-03-30T05:00:00-0600", "2026-03-30T05:00:00-06:00", "2026-03-30T05:00:00-06:00"),
        ("1899-12-30T00:00:00Z", None, "1899-12-30T00:00:00"),
        ("1899-12-30T05:00:00Z", None, "1899-12-30T00:00:00"),
        ("1899-12-29T11:00:00Z", None, "1899-12-30T00:00:00"),
        ("1899-12-30T00:00:00-05:00", None, "1899-12-30T00:00:00"),
        ("1899-12-31T00:00:00Z", "1899-12-31T00:00:00Z", "1899-12-31T00:00:00Z"),
        ("2026-03-30t05:00:00z", "2026-03-30T05:00:00Z", "2026-03-30T05:00:00Z"),
    ],
)
def test_dates_keep_their_zone_and_the_beginning_of_time_is_none_in_any(
    written: str | None, managed: str | None, kept: str | None
) -> None:
    version = live_from_response(make_versions(make_version(beginDate=written))).current

    assert (version.values["esaChannelVersion.beginDate"], version.begin_date) == (managed, kept)


def test_versions_are_ordered_by_age_and_the_last_is_current() -> None:
    first = make_version(channelVersionId=1, endDate="2025-01-01T00:00:00+02:00")
    floored = make_version(channelVersionId=2, beginDate="1899-12-30T00:00:00", endDate="2025-06-01T00:00:00")
    second = make_version(channelVersionId=3, beginDate="2025-06-01T00:00:00", endDate="2026-01-01T00:00:00")
    open_ended = make_version(channelVersionId=4, beginDate="2025-06-01T00:00:00", multiplier=0.5)
    again = make_version(channelVersionId=5, beginDate="2025-06-01T00:00:00", multiplier=0.7)

    live = live_from_response(make_versions(again, open_ended, second, floored, first))

    assert [version.id for version in live.versions] == [1, 2, 3, 4, 5]
    assert live.versions[0].end_date == "2025-01-01T00:00:00+02:00"
    assert live.values["esaChannelVersion.multiplier"] == 0.7
    assert live.current.id == 5


@pytest.mark.parametrize(
    ("rule", "number", "name"),
    [
        (ODOMETER, 1, "Odometer"),
        (TRIP, 2, "Trip"),
        ({"observationRuleId": 2, "observationRuleCode": "whatever"}, 2, "Trip"),
        ({"observationRuleCode": "TRIP"}, 2, "Trip"),
        ({"observationRuleInfo": "odometer"}, 1, "Odometer"),
        ({"observationRuleCode": "PULSE"}, None, "PULSE"),
        ({"observationRuleId": 3, "observationRuleInfo": "Pulse"}, 3, "Pulse"),
        ({"observationRuleId": 3, "observationRuleCode": "TRIP"}, 3, "TRIP"),
        (None, None, None),
    ],
    ids=["odometer", "trip", "id wins", "code alone", "info alone", "unknown code", "unknown id", "id unknown", "none"],
)
def test_a_rule_has_its_documented_id_and_name(rule: object, number: int | None, name: str | None) -> None:
    values = live_from_response(make_versions(make_version(observationRule=rule))).values

    assert values["esaChannelVersion.observationRuleId"] == number
    assert values["esaChannelVersion.observationRule"] == name


@pytest.mark.parametrize("interval", [7, 0, -15, "15"])
def test_an_interval_that_is_not_documented_is_kept(interval: object) -> None:
    assert live_from_response(make_channel(interval=interval)).values["intervalMinutes"] == interval


def test_a_commodity_without_a_name_shows_its_code() -> None:
    document = make_channel(dataPoint=make_data_point(commodity={"commodityCode": "ELEC"}))

    assert live_from_response(document).data_point.commodity == "ELEC"


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        (make_channel(channelInfo=7), "channelInfo should be text, found 7"),
        (make_channel(channelImportId=["a"]), "channelImportId should be text, found a list of other things"),
        (make_channel(isCalculated="true"), "isCalculated should be true or false, found text"),
        (make_channel(isPrimaryValue=1), "isPrimaryValue should be true or false, found 1"),
        (make_channel(interval=1.5), "interval should be a whole number, found 1.5"),
        (make_channel(interval=True), "interval should be a whole number, found true"),
        (make_channel(hasReadings="yes"), "hasReadings should be true or false, found text"),
        (make_channel(lastReadingDate=7), "lastReadingDate should be text, found 7"),
        (make_channel(observationType="ELECUSE"), "observationType should be an object, found text"),
        (
            make_channel(observationType={"observationTypeId": "3"}),
            "observationType.observationTypeId should be a whole number, found text",
        ),
        (make_channel(dataPoint=None), "dataPointId should be an id, found nothing"),
        (make_channel(dataPoint=make_data_point(dataPointId=True)), "dataPointId should be an id, found true"),
        (
            make_channel(dataPoint=make_data_point(parentPlace=[])),
            "parentPlace should be an object, found an empty list",
        ),
        (make_channel(channelVersions=None), "channelVersions should be a list of objects, found nothing"),
        (make_channel(channelVersions={}), "channelVersions should be a list of objects, found an object"),
        (
            make_channel(channelVersions=[7]),
            "channelVersions should be a list of objects, found a list of other things",
        ),
        (make_channel(channelVersions=[]), "channelVersions should be one version or more, found an empty list"),
        (make_versions(make_version(multiplier="1")), "multiplier should be a number, found text"),
        (make_versions(make_version(multiplier=float("inf"))), "multiplier should be a number, found inf"),
        (make_versions(make_version(multiplier=False)), "multiplier should be a number, found false"),
        (make_versions(make_version(formula={})), "formula should be a formula, found an object"),
        (make_versions(make_version(beginDate=7)), "beginDate should be a local date and time, found 7"),
        *(
            (make_versions(make_version(beginDate=date)), "beginDate should be a local date and time, found text")
            for date in ("yesterday", "07/01/2025 08:00:00", "/Date(1751371200000)/", "", "20250701T080000")
        ),
        (make_versions(make_version(channelVersionId=None)), "channelVersionId should be an id, found nothing"),
        (make_versions(make_version(unit={"unitCode": 7})), "unit.unitCode should be text, found 7"),
    ],
    ids=lambda value: value.partition(" should")[0] if isinstance(value, str) else "",
)
def test_a_value_of_another_type_is_named_with_its_channel(document: Document, flaw: str) -> None:
    with pytest.raises(BadResponse) as failure:
        live_from_response(document)

    assert failure.value.message == f"the service's answer cannot be used: channel 1042: {flaw}"


@pytest.mark.parametrize("document", [None, [], "x", {}, {"channelId": None}, {"channelId": "7"}, {"channelId": True}])
def test_a_document_without_an_id_is_not_a_channel(document: object) -> None:
    with pytest.raises(BadResponse) as failure:
        live_from_response(document)

    assert failure.value.message == "the service's answer cannot be used: a channel comes without its channelId"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, True), ({"channelVersions": []}, True), ({"channelVersions": None}, False), ({"dataPoint": None}, False)],
)
def test_a_row_of_a_list_is_whole_with_versions_and_data_point(changes: Document, verdict: bool) -> None:
    assert is_whole(make_channel(**changes)) is verdict


def test_the_table_of_fields_reads_from_the_documented_properties() -> None:
    channel, version = make_channel(), make_version()

    assert {field.response[0] for field in CHANNEL_FIELDS} <= channel.keys()
    assert {field.response[0] for field in VERSION_FIELDS} <= version.keys()


@pytest.mark.parametrize("rule", [TRIP, {"observationRuleCode": "Trip"}, {"observationRuleInfo": "trip"}])
@pytest.mark.parametrize(
    ("rollover", "rollback"), [("999999999999999", "0.1"), (False, []), (-1, {"value": 7}), ("", 0)]
)
def test_under_trip_the_registers_are_null_whatever_is_read(rule: Document, rollover: object, rollback: object) -> None:
    version = make_version(observationRule=rule, rolloverValue=rollover, rollbackAllowance=rollback)

    values = live_from_response(make_channel(channelVersions=[version])).values

    assert (values["esaChannelVersion.rolloverValue"], values["esaChannelVersion.rollbackAllowance"]) == (None, None)


@pytest.mark.parametrize("rule", [ODOMETER, {"observationRuleId": 3, "observationRuleCode": "Trip"}, None])
def test_under_any_other_rule_odd_registers_are_odd(rule: object) -> None:
    version = make_version(observationRule=rule, rolloverValue="999999999999999")

    with pytest.raises(BadResponse, match="rolloverValue should be a number, found text"):
        live_from_response(make_channel(channelVersions=[version]))


ONE = live_from_response(make_channel())
SEVERAL = live_from_response(
    make_versions(
        make_version(channelVersionId=1, endDate="2026-01-01T00:00:00", multiplier=7),
        make_version(channelVersionId=2, beginDate="2026-01-01T00:00:00", multiplier=0.5, minimumReading=-1.0),
    )
)
VERSION_BODY = {
    "beginDate": None,
    "formula": None,
    "isValuePositive": False,
    "maximumReading": None,
    "minimumReading": None,
    "multiplier": 1,
    "observationRuleId": 1,
    "offset": None,
    "rollbackAllowance": 0.1,
    "rolloverValue": 999999999999999,
    "unitId": 1,
}
CHANNEL_BODY = {
    "channelDescription": "Main switchboard",
    "channelImportId": "NB-ELEC-01-USE",
    "channelInfo": "North Building use",
    "intervalMinutes": 15,
    "isCalculated": False,
    "isPrimaryDemand": False,
    "isPrimaryValue": True,
    "observationTypeId": 3,
    "summarizationMethodId": 5,
}
LATEST_BODY = VERSION_BODY | {"beginDate": "2026-01-01T00:00:00", "multiplier": 0.5, "minimumReading": -1}


@pytest.mark.parametrize("channel_edit", ChannelEdit)
def test_without_wanted_values_a_channel_with_one_version_is_sent_as_read(channel_edit: ChannelEdit) -> None:
    assert channel_body(ONE, {}, channel_edit) == CHANNEL_BODY | {"esaChannelVersion": VERSION_BODY}


@pytest.mark.parametrize(
    ("channel_edit", "version"),
    [(ChannelEdit.OMIT_VERSION, {}), (ChannelEdit.ECHO_LATEST, {"esaChannelVersion": LATEST_BODY})],
)
def test_of_several_versions_none_or_the_latest_as_it_was_read_is_sent(
    channel_edit: ChannelEdit, version: dict[str, object]
) -> None:
    body = channel_body(SEVERAL, {"channelInfo": "New"}, channel_edit)

    assert body == CHANNEL_BODY | {"channelInfo": "New"} | version


def test_keys_are_sent_even_if_the_service_never_sent_them() -> None:
    kept = [field.response[0] for field in CHANNEL_FIELDS if not field.nullable]
    kept_of_version = [field.response[0] for field in VERSION_FIELDS if not field.nullable]
    document = {name: make_channel()[name] for name in ("channelId", "dataPoint", *kept)}
    document["channelVersions"] = [{name: make_version()[name] for name in ("channelVersionId", *kept_of_version)}]

    body = channel_body(live_from_response(document), {}, ChannelEdit.OMIT_VERSION)

    assert body.keys() == CHANNEL_BODY.keys() | {"esaChannelVersion"}
    assert body["esaChannelVersion"].keys() == VERSION_BODY.keys()  # type: ignore[attr-defined]


GAPS = {
    "channelInfo": make_channel(channelInfo=None),
    "observationTypeId": make_channel(observationType={"observationTypeCode": "USE"}),
    "summarizationMethodId": make_channel(summarizationMethod=None),
    "esaChannelVersion.unitId": make_channel(channelVersions=[make_version(unit={})]),
    "esaChannelVersion.observationRuleId": make_channel(channelVersions=[make_version(observationRule=None)]),
    "esaChannelVersion.multiplier": make_channel(channelVersions=[make_version(multiplier=None)]),
}


@pytest.mark.parametrize(("path", "document"), GAPS.items(), ids=GAPS)
def test_no_value_that_every_channel_has_is_sent_as_null(path: str, document: dict[str, object]) -> None:
    live = live_from_response(document)

    with pytest.raises(BadResponse) as failure:
        channel_body(live, {"channelDescription": "New"}, ChannelEdit.OMIT_VERSION)

    assert f"{path} is missing, and a channel is only sent back whole" in failure.value.message
    if path.startswith("esaChannelVersion"):
        with pytest.raises(BadResponse, match=f"{path} is missing"):
            version_body(live, {"esaChannelVersion.minimumReading": 1})


@pytest.mark.parametrize(
    ("wanted", "channel", "version"),
    [
        ({"channelDescription": None, "channelImportId": ""}, {"channelDescription": None, "channelImportId": ""}, {}),
        ({"esaChannelVersion.multiplier": 0.001}, {}, {"multiplier": 0.001}),
        ({"esaChannelVersion.beginDate": "2026-05-01T00:00:00"}, {}, {"beginDate": "2026-05-01T00:00:00"}),
        (
            {"isCalculated": True, "esaChannelVersion.formula": "channel(7)"},
            {"isCalculated": True, "intervalMinutes": None},
            {"formula": "channel(7)"},
        ),
        ({"isCalculated": True, "intervalMinutes": 5}, {"isCalculated": True, "intervalMinutes": 5}, {}),
        (
            {"esaChannelVersion.observationRuleId": 2},
            {},
            {"observationRuleId": 2, "rollbackAllowance": None, "rolloverValue": None},
        ),
        ({"esaChannelVersion.offset": 0}, {}, {"offset": None}),
        ({"esaChannelVersion.formula": ""}, {}, {"formula": None}),
        (
            {"esaChannelVersion.observationRuleId": 2, "esaChannelVersion.offset": 0},
            {},
            {"observationRuleId": 2, "offset": 0, "rollbackAllowance": None, "rolloverValue": None},
        ),
        (
            {"esaChannelVersion.observationRuleId": 2, "esaChannelVersion.rolloverValue": 5},
            {},
            {"observationRuleId": 2, "rollbackAllowance": None, "rolloverValue": 5},
        ),
    ],
    ids=[
        "cleared",
        "versioned",
        "begin date",
        "conversion",
        "contradiction",
        "trip",
        "no offset",
        "no formula",
        "trip with an offset of 0",
        "contradiction in the version",
    ],
)
def test_wanted_values_replace_what_was_read(
    wanted: Spec, channel: dict[str, object], version: dict[str, object]
) -> None:
    body = channel_body(ONE, wanted, ChannelEdit.OMIT_VERSION)

    assert body == CHANNEL_BODY | channel | {"esaChannelVersion": VERSION_BODY | version}


@pytest.mark.parametrize(
    ("rule", "positive"), [(TRIP, None), (TRIP, True)], ids=["sign unknown to the service", "positive"]
)
def test_a_trip_is_sent_without_rollover_and_with_its_sign_as_read(rule: object, positive: bool | None) -> None:
    trip = make_version(observationRule=rule, rolloverValue=None, isValuePositive=positive)

    body = version_body(live_from_response(make_versions(trip)), {})

    assert body == VERSION_BODY | {
        "observationRuleId": 2,
        "rollbackAllowance": None,
        "rolloverValue": None,
        "isValuePositive": positive,
    }


@pytest.mark.parametrize(("rollover", "rollback"), [(999999999999999, 0.1), (0, 0), (100000, None)])
def test_registers_read_under_trip_are_sent_as_null(rollover: object, rollback: object) -> None:
    trip = make_version(observationRule=TRIP, rolloverValue=rollover, rollbackAllowance=rollback, offset=0)

    body = version_body(live_from_response(make_versions(trip)), {"esaChannelVersion.multiplier": 2})

    assert body == VERSION_BODY | {
        "multiplier": 2,
        "observationRuleId": 2,
        "offset": 0,
        "rollbackAllowance": None,
        "rolloverValue": None,
    }


def test_registers_read_under_trip_do_not_become_those_of_an_odometer() -> None:
    trip = make_version(observationRule=TRIP, rolloverValue=0, rollbackAllowance=0, offset=0)

    body = version_body(live_from_response(make_versions(trip)), {"esaChannelVersion.observationRuleId": 1})

    assert body == VERSION_BODY | {"rollbackAllowance": None, "rolloverValue": None}


def test_a_channel_that_becomes_simple_is_sent_without_an_empty_formula() -> None:
    live = live_from_response(make_channel(isCalculated=True, channelVersions=[make_version(formula="")]))

    body = channel_body(live, {"isCalculated": False, "intervalMinutes": 15}, ChannelEdit.OMIT_VERSION)

    assert body == CHANNEL_BODY | {"esaChannelVersion": VERSION_BODY}


def test_a_date_that_stands_for_the_beginning_of_time_is_sent_as_it_was_read() -> None:
    live = live_from_response(make_versions(make_version(beginDate="1899-12-30T00:00:00")))

    assert version_body(live, {}) == VERSION_BODY | {"beginDate": "1899-12-30T00:00:00"}
    assert version_body(live, {"esaChannelVersion.beginDate": None}) == VERSION_BODY


@pytest.mark.parametrize("begin", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00+02:00"])
def test_a_date_whose_zone_may_mean_anything_is_never_sent(begin: str) -> None:
    one = live_from_response(make_versions(make_version(beginDate=begin)))
    several = live_from_response(make_versions(make_version(channelVersionId=1), make_version(beginDate=begin)))
    message = f"channel 1042: its version begins at {begin}, and nothing says what that is"

    with pytest.raises(BadResponse, match=re.escape(message)):
        channel_body(one, {"channelInfo": "New"}, ChannelEdit.OMIT_VERSION)
    with pytest.raises(BadResponse, match=re.escape(message)):
        version_body(several, {"esaChannelVersion.multiplier": 2})
    with pytest.raises(BadResponse, match=re.escape(message)):
        channel_body(several, {"channelInfo": "New"}, ChannelEdit.ECHO_LATEST)
    assert "esaChannelVersion" not in channel_body(several, {"channelInfo": "New"}, ChannelEdit.OMIT_VERSION)


def test_a_version_is_edited_on_its_own() -> None:
    body = version_body(SEVERAL, {"esaChannelVersion.multiplier": 2})

    assert body == LATEST_BODY | {"multiplier": 2}


@pytest.mark.parametrize("name", ["isCalculated", "isPrimaryDemand", "isPrimaryValue"])
def test_a_boolean_that_the_service_never_sent_is_not_guessed(name: str) -> None:
    live = live_from_response(make_channel(**{name: None}))

    with pytest.raises(BadResponse) as failure:
        channel_body(live, {}, ChannelEdit.OMIT_VERSION)

    assert failure.value.message == (
        f"the service's answer cannot be used: channel 1042: {name} is missing, and a channel is only sent back whole"
    )
    assert channel_body(live, {name: False}, ChannelEdit.OMIT_VERSION)[name] is False


@pytest.mark.parametrize("channel_edit", ChannelEdit)
def test_a_wanted_value_of_one_of_several_versions_is_not_ignored(channel_edit: ChannelEdit) -> None:
    with pytest.raises(ValueError, match=r"this request cannot say esaChannelVersion\.multiplier"):
        channel_body(SEVERAL, {"channelInfo": "New", "esaChannelVersion.multiplier": 2}, channel_edit)


@pytest.mark.parametrize("path", ["channelInfo", "unitCode", "esaChannelVersion.unitCode"])
def test_a_wanted_value_that_a_version_does_not_have_is_not_ignored(path: str) -> None:
    with pytest.raises(ValueError, match=f"this request cannot say {path}: this is a bug, and nothing was sent"):
        version_body(ONE, {path: "x"})


def test_a_path_that_only_files_have_is_not_ignored() -> None:
    with pytest.raises(ValueError, match=r"cannot say esaChannelVersion\.unitCode, observationTypeCode"):
        channel_body(
            ONE,
            {"observationTypeCode": "X", "esaChannelVersion.unitCode": "X", "channelInfo": "X"},
            ChannelEdit.OMIT_VERSION,
        )


FAILED = {"time": "2026-03-30T00:15:00", "value": 1.5, "estimated": False, "note": None, "error": "too\nlate"}


def answer(*groups: Any, imported: Any = 1, failed: Any = 0) -> dict[str, Any]:
    return {"failedReadings": list(groups), "importedReadingsCount": imported, "failedReadingsCount": failed}


def test_an_import_response_counts_and_names_what_failed() -> None:
    group = {"channelId": None, "meterImportId": "NB-ELEC-01", "error": "no channel", "readings": [FAILED, {}]}

    assert parse_import_response(answer(group, imported=3, failed=2)) == ImportResponse(
        imported=3,
        failed=2,
        groups=(
            FailedGroup(
                identifiers={"channelId": None, "meterImportId": "NB-ELEC-01"},
                error="no channel",
                readings=(FailedReading("2026-03-30T00:15:00", 1.5, "too late"), FailedReading(None, None, "")),
            ),
        ),
    )


def test_nothing_failed_if_the_list_is_missing_or_null() -> None:
    counts = {"importedReadingsCount": 7, "failedReadingsCount": 0}

    assert parse_import_response(counts) == ImportResponse(7, 0, ())
    assert parse_import_response({**counts, "failedReadings": None}) == ImportResponse(7, 0, ())


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        ([], "the answer should be a list of objects, found a list of other things"),
        ({}, "importedReadingsCount should be an id, found nothing"),
        (answer(imported=True), "importedReadingsCount should be an id, found true"),
        (answer({"readings": "x"}, failed=1), "failedReadings.readings should be a list of objects, found text"),
        (answer({"readings": [{"value": "1"}]}, failed=1), "value should be a number, found text"),
        (answer({"readings": [{"value": True}]}, failed=1), "value should be a number, found true"),
        (answer({"readings": [FAILED]}, failed=2000), "2,000 readings failed, but 1 are named"),
        (answer(failed=1), "1 readings failed, but 0 are named"),
    ],
)
def test_a_response_that_is_something_else_or_contradicts_itself_is_refused(document: Any, flaw: str) -> None:
    with pytest.raises(BadResponse) as caught:
        parse_import_response(document)

    assert caught.value.message.endswith(flaw)


def test_an_import_response_is_recognized_by_its_count() -> None:
    assert is_import_response(answer())
    assert not is_import_response({"taskId": 7})
    assert not is_import_response(None)


def test_stored_readings_have_the_value_that_was_sent() -> None:
    readings = [
        {"time": "2026-03-30T00:15:00-04:00", "value": 0.5, "rawValue": 500},
        {"time": "2026-03-30T00:30:00-04:00", "value": 0.25},
        {"time": "2026-03-30T00:45:00-04:00"},
    ]

    assert parse_stored_readings({"channelId": 7, "readings": readings}) == (
        StoredReading("2026-03-30T00:15:00-04:00", 500),
        StoredReading("2026-03-30T00:30:00-04:00", 0.25, is_raw=False),
        StoredReading("2026-03-30T00:45:00-04:00", None, is_raw=False),
    )
    assert parse_stored_readings({"readings": None}) == ()


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        (7, "the answer should be a list of objects, found a list of other things"),
        ({"readings": [{"value": 1}]}, "readings.time should be a date and time, found nothing"),
        ({"readings": [{"time": 7}]}, "time should be text, found 7"),
    ],
)
def test_stored_readings_of_another_shape_are_refused(document: Any, flaw: str) -> None:
    with pytest.raises(BadResponse) as caught:
        parse_stored_readings(document)

    assert caught.value.message.endswith(flaw)
