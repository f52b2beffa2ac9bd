"""What a channel is found by, in the words of the files."""

from __future__ import annotations

import pytest

from reconciler.model.identifiers import ESA_NAMES, V3_NAMES, IdentifierNames, Identifiers, identifiers_as_select


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


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            V3_NAMES,
            (
                ("channelId", 7),
                ("channelImportId", "C-7"),
                ("meterImportId", "NB-ELEC-01"),
                ("observationTypeCode", "ELECUSE"),
                ("unitCode", "KWH"),
                ("channelIntervalInSeconds", 900),
            ),
        ),
        (
            ESA_NAMES,
            (
                ("esaChannelId", 7),
                ("esaChannelImportId", "C-7"),
                ("dataPointImportId", "NB-ELEC-01"),
                ("observationTypeCode", "ELECUSE"),
                ("unitCode", "KWH"),
                ("esaChannelIntervalMinutes", 15),
            ),
        ),
    ],
    ids=["v3", "esa"],
)
def test_each_call_has_its_own_names_in_the_order_of_the_lookup(
    names: IdentifierNames, said: tuple[tuple[str, str | int], ...]
) -> None:
    identifiers = Identifiers(7, "C-7", "NB-ELEC-01", "ELECUSE", "KWH", 900)

    assert names.items(identifiers) == said
    assert names.names == tuple(name for name, _ in said)


@pytest.mark.parametrize(
    ("seconds", "interval"), [(60, "1"), (90, "1.5"), (2_592_000, "43200")], ids=["a minute", "no whole one", "a month"]
)
def test_an_interval_is_said_in_minutes_as_the_shortest_number(seconds: int, interval: str) -> None:
    ((name, value),) = ESA_NAMES.items(Identifiers(interval_seconds=seconds))

    assert (name, str(value)) == ("esaChannelIntervalMinutes", interval)
