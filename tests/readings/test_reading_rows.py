"""The identifiers in a file."""

from __future__ import annotations

import pytest

from reconciler.model.identifiers import Identifiers
from reconciler.readings.reading_rows import PROPERTIES, parse_key

NOTHING = ("", "", "", "", "", "", 1)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (NOTHING, Identifiers()),
        ((None, None, None, None, None, None, 1), Identifiers()),
        (("1042", "USE", "NB", "ELECUSE", "KWH", "900", 1), Identifiers(1042, "USE", "NB", "ELECUSE", "KWH", 900)),
        ((1042, None, "NB", None, None, 15, 60), Identifiers(1042, None, "NB", None, None, 900)),
        ((" 7 ", " USE", "", "", "", "", 1), Identifiers(7, " USE")),
    ],
)
def test_texts_and_json_values_are_identifiers(key: tuple[object, ...], expected: Identifiers) -> None:
    assert parse_key(key) == (expected, ())


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, "12.0", 'channelId must be a whole number from 1 to 2147483647, found "12.0"'),
        (0, "²", 'channelId must be a whole number from 1 to 2147483647, found "²"'),
        (0, "-1", 'channelId must be a whole number from 1 to 2147483647, found "-1"'),
        (0, "9" * 30, f'channelId must be a whole number from 1 to 2147483647, found "{"9" * 30}"'),
        (0, 0, "channelId must be a whole number from 1 to 2147483647, found 0"),
        (0, 2**31, "channelId must be a whole number from 1 to 2147483647, found 2147483648"),
        (5, "15min", 'channelIntervalInSeconds must be a whole number from 1 to 2147483647, found "15min"'),
        (1, 7, "channelImportId must be text, found a number"),
        (2, "x" * 256, f'meterImportId must have at most 255 characters, found 256: "{"x" * 56} ..."'),
        (3, "x" * 17, f'observationTypeCode must have at most 16 characters, found 17: "{"x" * 17}"'),
        (4, "x" * 17, f'unitCode must have at most 16 characters, found 17: "{"x" * 17}"'),
        (
            4,
            "⚡🏢" * 6,
            (
                "unitCode must have at most 16 characters, found 18 (EnergyCAP counts an emoji or a rare letter as 2): "
                f'"{"⚡🏢" * 6}"'
            ),
        ),
    ],
)
def test_a_value_that_the_api_does_not_accept_is_an_error_and_left_out(place: int, value: object, message: str) -> None:
    identifiers, errors = parse_key((*NOTHING[:place], value, *NOTHING[place + 1 :]))

    assert identifiers == Identifiers()
    assert [(error.code, error.message) for error in errors] == [("ESA613", message)]


def test_both_calls_have_their_own_names_and_units() -> None:
    assert PROPERTIES["channelIntervalInSeconds"] == (5, 1)
    assert PROPERTIES["esaChannelIntervalMinutes"] == (5, 60)
    assert PROPERTIES["meterImportId"] == PROPERTIES["dataPointImportId"] == (2, 1)
    assert len(PROPERTIES) == 10
