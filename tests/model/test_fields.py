"""The table of fields against the vendor's page."""

from __future__ import annotations

from reconciler.model.fields import CHANNEL_FIELDS, FIELD_AT, FIELDS, VERSION_FIELDS

# EsaChannelEdit and EsaChannelVersionEdit, PUT /api/v202406/esachannel/{esaChannelId}, in the page's order.
CHANNEL_PROPERTIES = (
    *("channelDescription", "channelImportId", "channelInfo", "intervalMinutes", "isCalculated", "isPrimaryDemand"),
    *("isPrimaryValue", "observationTypeId", "summarizationMethodId"),
)
VERSION_PROPERTIES = (
    *("beginDate", "formula", "isValuePositive", "maximumReading", "minimumReading", "multiplier", "observationRuleId"),
    *("offset", "rollbackAllowance", "rolloverValue", "unitId"),
)


def test_every_property_of_the_edit_body_is_a_row() -> None:
    assert sorted(field.key for field in CHANNEL_FIELDS) == sorted(CHANNEL_PROPERTIES)
    assert sorted(field.key for field in VERSION_FIELDS) == sorted(VERSION_PROPERTIES)


def test_versioned_fields_are_those_under_the_version() -> None:
    assert [field for field in FIELDS if field.is_versioned] == list(VERSION_FIELDS)


def test_codes_and_names_stand_for_the_four_ids() -> None:
    assert {path: field.path for path, field in FIELD_AT.items() if path != field.path} == {
        "observationTypeCode": "observationTypeId",
        "summarizationMethod": "summarizationMethodId",
        "esaChannelVersion.unitCode": "esaChannelVersion.unitId",
        "esaChannelVersion.observationRule": "esaChannelVersion.observationRuleId",
    }
