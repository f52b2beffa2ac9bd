"""The bodies of edits: whole, as they were read, and in them what is wanted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.bodies import channel_body, version_body
from reconciler.energycap.wire import live_from_response
from reconciler.errors import BadResponse
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS
from reconciler.model.project import ChannelEdit
from tests.energycap.documents import TRIP, make_channel, make_version, make_versions

if TYPE_CHECKING:
    from reconciler.model.values import Spec

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
def test_without_a_wish_a_channel_with_one_version_is_sent_as_it_was_read(channel_edit: ChannelEdit) -> None:
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


def test_keys_are_there_also_where_the_service_never_sent_them() -> None:
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
def test_what_is_wanted_stands_in_what_was_read(
    wanted: Spec, channel: dict[str, object], version: dict[str, object]
) -> None:
    body = channel_body(ONE, wanted, ChannelEdit.OMIT_VERSION)

    assert body == CHANNEL_BODY | channel | {"esaChannelVersion": VERSION_BODY | version}


@pytest.mark.parametrize(
    ("rule", "positive"), [(TRIP, None), (TRIP, True)], ids=["sign unknown to the service", "positive"]
)
def test_a_trip_is_sent_without_rollover_and_its_sign_as_it_was_read(rule: object, positive: bool | None) -> None:
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
def test_a_truth_that_the_service_never_told_is_not_guessed(name: str) -> None:
    live = live_from_response(make_channel(**{name: None}))

    with pytest.raises(BadResponse) as failure:
        channel_body(live, {}, ChannelEdit.OMIT_VERSION)

    assert failure.value.message == (
        f"the service's answer cannot be used: channel 1042: {name} is missing, and a channel is only sent back whole"
    )
    assert channel_body(live, {name: False}, ChannelEdit.OMIT_VERSION)[name] is False


@pytest.mark.parametrize("channel_edit", ChannelEdit)
def test_a_wish_for_one_of_several_versions_is_not_passed_over(channel_edit: ChannelEdit) -> None:
    with pytest.raises(ValueError, match=r"this request cannot say esaChannelVersion\.multiplier"):
        channel_body(SEVERAL, {"channelInfo": "New", "esaChannelVersion.multiplier": 2}, channel_edit)


@pytest.mark.parametrize("path", ["channelInfo", "unitCode", "esaChannelVersion.unitCode"])
def test_a_wish_that_a_version_cannot_hold_is_not_passed_over(path: str) -> None:
    with pytest.raises(ValueError, match=f"this request cannot say {path}: this is a bug, and nothing was sent"):
        version_body(ONE, {path: "x"})


def test_the_files_own_words_are_not_passed_over() -> None:
    with pytest.raises(ValueError, match=r"cannot say esaChannelVersion\.unitCode, observationTypeCode"):
        channel_body(
            ONE,
            {"observationTypeCode": "X", "esaChannelVersion.unitCode": "X", "channelInfo": "X"},
            ChannelEdit.OMIT_VERSION,
        )
