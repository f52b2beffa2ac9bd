"""The table of fields against the vendor's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import CHANNEL_FIELDS, FIELD_AT, FIELDS, OBSERVATION_RULES, VERSION_FIELDS, Kind
from tests.docs.field_schema import describe_field

if TYPE_CHECKING:
    from reconciler.model.fields import Field

SCHEMA = Path(__file__).parents[2] / "schemas/channels.schema.json"


class Limits(Struct, frozen=True):
    """What the vendor says of the values of a property."""

    kind: Kind
    nullable: bool = False
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[int, ...] = ()
    odometer_default: float | None = None


def find_limits(field: Field) -> Limits:
    return Limits(*(getattr(field, name) for name in Limits.__struct_fields__))


_DOUBLE, _FACTOR, _READING = Kind.DECIMAL, 9_999_999_999_999, 999_999_999_999_999
_INTERVALS = (5, 10, 15, 30, 60, 1440, 10080, 43200)

# EsaChannelEdit and EsaChannelVersionEdit, PUT /api/v202406/esachannel/{esaChannelId}, in the page's order: type,
# whether null is valid, and the limits.
CHANNEL_PROPERTIES = {
    "channelDescription": Limits(Kind.TEXT, nullable=True, max_length=255),
    "channelImportId": Limits(Kind.TEXT, nullable=True, max_length=255),
    "channelInfo": Limits(Kind.TEXT, max_length=50),
    "intervalMinutes": Limits(Kind.WHOLE, nullable=True, choices=_INTERVALS),
    "isCalculated": Limits(Kind.BOOLEAN),
    "isPrimaryDemand": Limits(Kind.BOOLEAN),
    "isPrimaryValue": Limits(Kind.BOOLEAN),
    "observationTypeId": Limits(Kind.WHOLE),
    "summarizationMethodId": Limits(Kind.WHOLE),
}
VERSION_PROPERTIES = {
    "beginDate": Limits(Kind.LOCAL_TIME, nullable=True),
    "formula": Limits(Kind.FORMULA, nullable=True),
    "isValuePositive": Limits(Kind.BOOLEAN, nullable=True),
    "maximumReading": Limits(_DOUBLE, nullable=True, minimum=-_READING, maximum=_READING),
    "minimumReading": Limits(_DOUBLE, nullable=True, minimum=-_READING, maximum=_READING),
    "multiplier": Limits(_DOUBLE, minimum=-_FACTOR, maximum=_FACTOR),
    "observationRuleId": Limits(Kind.WHOLE, choices=(1, 2)),
    "offset": Limits(_DOUBLE, nullable=True, minimum=-_FACTOR, maximum=_FACTOR),
    "rollbackAllowance": Limits(_DOUBLE, nullable=True, minimum=0, maximum=1, odometer_default=0.1),
    "rolloverValue": Limits(_DOUBLE, nullable=True, minimum=0, maximum=_READING, odometer_default=_READING),
    "unitId": Limits(Kind.WHOLE),
}


def test_every_property_of_the_edit_body_is_a_row_with_its_limits() -> None:
    assert {field.key: find_limits(field) for field in CHANNEL_FIELDS} == CHANNEL_PROPERTIES
    assert {field.key: find_limits(field) for field in VERSION_FIELDS} == VERSION_PROPERTIES


def test_versioned_fields_are_those_under_the_version() -> None:
    assert [field for field in FIELDS if field.is_versioned] == list(VERSION_FIELDS)


def test_codes_and_names_stand_for_the_four_ids() -> None:
    assert {path: field.path for path, field in FIELD_AT.items() if path != field.path} == {
        "observationTypeCode": "observationTypeId",
        "summarizationMethod": "summarizationMethodId",
        "esaChannelVersion.unitCode": "esaChannelVersion.unitId",
        "esaChannelVersion.observationRule": "esaChannelVersion.observationRuleId",
    }
    assert OBSERVATION_RULES == {"Odometer": 1, "Trip": 2}


def test_editors_show_what_the_table_says_of_each_value() -> None:
    definitions = json.loads(SCHEMA.read_text("utf-8"))["definitions"]
    shown = {**definitions["esaChannelVersion"]["properties"], **definitions}

    described = {key: one for field in FIELDS for key, one in describe_field(field).items()}

    assert described == {key: shown[key] for key in described}
