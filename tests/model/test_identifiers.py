"""What a channel is found by, in the words of the files."""

from __future__ import annotations

from reconciler.model.identifiers import Identifiers, identifiers_as_select


def test_identifiers_are_named_as_in_the_files_and_only_those_that_are_given() -> None:
    pointers = Identifiers(meter_import_id="NB-ELEC-01", unit_code="KWH", interval_seconds=900)

    assert identifiers_as_select(pointers) == {
        "dataPointImportId": "NB-ELEC-01",
        "unitCode": "KWH",
        "intervalMinutes": 15,
    }
    assert identifiers_as_select(Identifiers(7, "C-7", observation_type_code="ELECUSE")) == {
        "channelId": 7,
        "channelImportId": "C-7",
        "observationTypeCode": "ELECUSE",
    }
