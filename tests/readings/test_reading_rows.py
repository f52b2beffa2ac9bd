"""The identifiers and the values of readings."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.identifiers import Identifiers
from reconciler.readings.reading_rows import (
    PROPERTIES,
    DecimalMark,
    RowError,
    describe_json,
    find_decimal_marks,
    flag_from_json,
    note_from_json,
    number_from_json,
    parse_key,
    parse_number,
    parse_yes_or_no,
)
from tests.cases import mostly, note_case

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


DOT, COMMA = DecimalMark.DOT, DecimalMark.COMMA
LEAVE_OUT = "leave the row out, or leave all such rows out with  --skip-bad"
NOT_DOT = "value must be a number with a decimal dot"
NOT_COMMA = "value must be a number with a decimal comma"


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("12.5", DOT, 12.5),
        (" -1e3 ", DOT, -1000.0),
        ("\u00a0\t7\u202f", DOT, 7.0),
        ("+5", DOT, 5.0),
        ("5.", DOT, 5.0),
        (".5", DOT, 0.5),
        ("007", DOT, 7.0),
        ("1E+05", DOT, 100000.0),
        ("1,5E3", COMMA, 1500.0),
        ("12,5", COMMA, 12.5),
        ("7", COMMA, 7.0),
        ("1,234", DOT, 1234.0),
        ("1,234", COMMA, 1.234),
        ("1.234", DOT, 1.234),
        ("1.234", COMMA, 1234.0),
        ("-1,234,567.25", DOT, -1234567.25),
        ("1.234.567,25", COMMA, 1234567.25),
        ("12,34,567", DOT, 1234567.0),
        ("1,23,45,678.5", DOT, 12345678.5),
        ("1 234,5", COMMA, 1234.5),
        ("1\u00a0234\u00a0567", DOT, 1234567.0),
        ("1\u202f234,5", COMMA, 1234.5),
        ("1'234.5", DOT, 1234.5),
        ("1\u2019234.5", DOT, 1234.5),
        ("\u22125", DOT, -5.0),
        ("\u22121.234,5", COMMA, -1234.5),
        ("0e-999", DOT, 0.0),
        ("2e-308", DOT, 2e-308),
        ("9007199254740992", DOT, 2.0**53),
    ],
)
def test_numbers_of_many_countries_are_read(text: str, decimal: DecimalMark, expected: float) -> None:
    assert parse_number(text, decimal) == expected


@pytest.mark.parametrize(
    ("text", "name", "fix"),
    [
        *(
            (text, "which means no value", LEAVE_OUT)
            for text in (
                *("-", "---", "\u2014", "NaN", "-nan", "#N/A", "#VALUE!", "n/a", "N.A.", "null", "No data", "?"),
                *("\\N", "(null)", "<NULL>", "1.#QNAN", "1.#IND", "unavailable", "Unknown", "{fault}", "No Result"),
            )
        ),
        *((text, "which is infinite", LEAVE_OUT) for text in ("\u221e", "inf", "-Infinity")),
        ("TRUE", "which is a yes or a no", "map the column that holds the amounts to value"),
        ("0x1F", "which is hexadecimal", "write it as a decimal number"),
        ("=1+1", "which is a formula", "save the values instead of the formulas"),
        ("<5", "which is a limit, not an amount", "write the amount, or leave the row out"),
        *(
            (
                text,
                "which is in brackets",
                "if it is negative, write it with a minus sign; in a spreadsheet program, change the number format",
            )
            for text in ("(1,234.5)", "(5)", "$(5)")
        ),
        ("5-", "with a minus sign after the number", "write the minus sign in front"),
        ("\u20135", "which begins with a dash", "if it is negative, write the minus sign as a hyphen, -"),
        ("1.5D+05", "whose exponent is written with a D", "write the exponent with an E, as in  1E+05"),
        *(
            (
                text,
                "which is a number with a mark after it",
                "write the number alone, its unit in a column unitCode, and any other mark in a column of its own",
            )
            for text in ("5*", "5 ?", "5 (est)", "5E", "5 R")
        ),
        ("5 %", "which is a percentage", "write the number alone"),
        ("2026-01-01", "which is a date", "map another column to value"),
        ("30.01.2026 00:15", "which is a date", "map another column to value"),
        ("1:30", "which is a clock time", "map another column to value"),
        *((text, "which is money", "write the number alone") for text in ("$5", "-$5", "R$ 5", "CHF 5", "5 \u20ac")),
        *(
            (
                text,
                "which is a number with a unit or a word after it",
                "write the number alone, and its unit in a column unitCode",
            )
            for text in ("5 kWh", "5kWh", "1.5 m\xb3", "7 estimated")
        ),
        ("1_000", "which has underscores", "write the digits without them"),
        *(
            (text, "which has digits other than 0 to 9", "write it with the digits 0 to 9")
            for text in ("١٢", "\uff11", "1\xb2")
        ),
    ],
)
@pytest.mark.parametrize("decimal", [DOT, COMMA])
def test_text_that_is_not_a_number_is_refused_by_its_kind(text: str, name: str, fix: str, decimal: DecimalMark) -> None:
    assert parse_number(text, decimal) == RowError("ESA612", f'value must be a number, found "{text}", {name}', fix)


@pytest.mark.parametrize(
    ("text", "decimal", "message", "fix"),
    [
        ("", DOT, "value must be a number, found nothing", LEAVE_OUT),
        (" ", COMMA, "value must be a number, found nothing", LEAVE_OUT),
        (
            "12,5",
            DOT,
            f'{NOT_DOT}, found "12,5"',
            "write it as in  12.5; if all values have a decimal comma, give  --decimal comma",
        ),
        (
            "0.123",
            COMMA,
            f'{NOT_COMMA}, found "0.123"',
            "write it as in  12,5; if all values have a decimal dot, give  --decimal dot",
        ),
        ("1,234,5", COMMA, f'{NOT_COMMA}, found "1,234,5"', "write it as in  12,5"),
        ("1.2.3", DOT, f'{NOT_DOT}, found "1.2.3"', "write it as in  12.5"),
        ("soon", DOT, f'{NOT_DOT}, found "soon"', "write it as in  12.5"),
        ("x" * 200, DOT, f'{NOT_DOT}, found "{"x" * 56} ..."', "write it as in  12.5"),
        *(
            (text, DOT, f'value must be a number that a double can hold, found "{text}"', "")
            for text in ("1e999", "1e-400", "-0.5E-999")
        ),
        (
            "9007199254740993",
            DOT,
            'value has more digits than a double can hold, found "9007199254740993"',
            "round it to 15 digits; if it is an identifier, map another column to value",
        ),
        (
            f"{2**60}.{'1' * 5000}",
            DOT,
            f'value has more digits than a double can hold, found "{2**60}.{"1" * 36} ..."',
            "round it to 15 digits; if it is an identifier, map another column to value",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_other_texts_are_refused_with_an_example(text: str, decimal: DecimalMark, message: str, fix: str) -> None:
    error = parse_number(text, decimal)

    assert isinstance(error, RowError)
    assert (error.code, error.message[: len(message)], error.fix) == ("ESA612", message, fix)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("12.5", {DOT}),
        ("12,5", {COMMA}),
        ("1,234.5", {DOT}),
        ("1.234,5", {COMMA}),
        ("1,234,567", {DOT}),
        ("1.234.567", {COMMA}),
        ("0.123", {DOT}),
        ("0,123", {COMMA}),
        ("1234,567", {COMMA}),
        ("1 234,567", {COMMA}),
        ("1.234E+03", {DOT}),
        ("1,234", {DOT, COMMA}),
        (" -1.234 ", {DOT, COMMA}),
        ("987", {DOT, COMMA}),
        ("soon", set()),
        ("1,2,3", set()),
    ],
)
def test_an_unambiguous_value_decides_the_decimal_mark(text: str, marks: set[DecimalMark]) -> None:
    assert find_decimal_marks(text) == marks


def group(digits: str, sign: str) -> str:
    """`digits` in groups of three from the right."""
    first = len(digits) % 3 or 3
    return sign.join([digits[:first], *(digits[place : place + 3] for place in range(first, len(digits), 3))])


@given(
    st.integers(0, 10**12),
    st.none() | st.text("0123456789", min_size=1, max_size=6),
    st.sampled_from(["", "-", "+"]),
    st.sampled_from([DOT, COMMA]),
    st.sampled_from(["", " ", "\u00a0", "\u202f", "'", "other"]),
)
def test_a_written_number_is_read_back(
    whole: int, fraction: str | None, sign: str, decimal: DecimalMark, grouper: str
) -> None:
    mark, other = (".", ",") if decimal is DOT else (",", ".")
    digits = group(str(whole), other if grouper == "other" else grouper)
    text = f" {sign}{digits}{'' if fraction is None else mark + fraction}\t"

    value = Fraction(int(f"{whole}{fraction or ''}"), 10 ** len(fraction or ""))
    assert parse_number(text, decimal) == float(-value if sign == "-" else value)
    assert decimal in find_decimal_marks(text)


NUMERALS = st.one_of(
    st.from_regex(r"[+-]?[1-9],?[0-9]{2,3}[,.][0-9]{2,3}", fullmatch=True),
    st.integers(-(10**9), 10**9).map(str),
    st.from_regex(r"[+-]?[0-9]{1,9}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"-?[1-9][0-9]{0,2}([ '\u00a0][0-9]{3}){1,3}", fullmatch=True),
)


def read_by_hand(text: str, decimal: DecimalMark) -> Fraction | None:
    """`text` as a number, read character by character without a pattern; None if it is not one."""
    mark, other = (".", ",") if decimal is DOT else (",", ".")
    text = text.strip()
    sign = -1 if text[:1] in ("-", "\u2212") and text else 1
    text = text[1:] if text[:1] in ("+", "-", "\u2212") and text[:1] else text
    mantissa, letter, power = text.replace("E", "e").partition("e")
    unzoned = power[1:] if power[:1] in ("+", "-") and power[:1] else power
    if letter and not is_digits(unzoned):
        return None
    whole, has_mark, fraction = mantissa.partition(mark)
    signs = [one for one in whole if one not in "0123456789"]
    if (fraction and not is_digits(fraction)) or not (whole or fraction):
        return None
    if signs:
        if letter or len(set(signs)) > 1 or signs[0] not in (other, " ", "'", "\u00a0", "\u202f", "\u2009", "\u2019"):
            return None
        first, *groups = whole.split(signs[0])
        lengths = list(map(len, groups))
        is_western = 1 <= len(first) <= 3 and set(lengths) == {3}
        is_indian = signs[0] == "," and 1 <= len(first) <= 2 and lengths[-1] == 3 and set(lengths[:-1]) == {2}
        if not (is_western or is_indian) or first[0] == "0" or (has_mark and not fraction):
            return None
        whole = first + "".join(groups)
    if whole and not is_digits(whole):
        return None
    return sign * Fraction(int(whole + fraction), 10 ** len(fraction)) * Fraction(10) ** int(power or 0)


def is_digits(text: str) -> bool:
    return text != "" and all(character in "0123456789" for character in text)


@given(
    mostly(NUMERALS, st.text("0123456789.,-+eE '\u00a0_x\u0663\u2212", max_size=12)),
    st.sampled_from([DOT, COMMA]),
)
@example("1,234", DOT)
@example("0,123", DOT)
@example("1,23,456", DOT)
@example("1.23.456", COMMA)
@example("1,234.", DOT)
@example("5,", COMMA)
def test_any_text_is_read_like_a_simple_parser_or_refused(text: str, decimal: DecimalMark) -> None:
    number = parse_number(text, decimal)
    expected = read_by_hand(text, decimal)
    note_case(reached=expected is not None)

    if isinstance(number, RowError):
        assert expected is None or "double" in number.message
    else:
        assert expected is not None
        assert number == float(expected)


def say(value: object) -> object:
    """A value unchanged, or the message of an error."""
    return value.message if isinstance(value, RowError) else value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7.0),
        (-0.5, -0.5),
        (float("inf"), 'value must be a number that a double can hold, found "inf"'),
        (2**53, 2.0**53),
        (2**53 + 1, 'value has more digits than a double can hold, found "9007199254740993"'),
        (-(2**53) - 2, -(2.0**53) - 2),
        (10**400, f'value must be a number that a double can hold, found "1{"0" * 55} ..."'),
        ("7", 'value must be a number, found "7"'),
        (True, "value must be a number, found true"),
        (None, "value must be a number, found nothing"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_numbers_of_json(value: object, expected: object) -> None:
    assert say(number_from_json(value)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        (" FALSE ", False),
        ("1", True),
        ("0", False),
        ("", False),
        ("Yes", True),
        ("n", False),
        ("E", 'estimated must be true or false, found "E"'),
    ],
)
def test_flags_of_a_csv_file(text: str, expected: object) -> None:
    assert say(parse_yes_or_no(text)) == expected


def test_flags_and_notes_of_json() -> None:
    flags: list[object] = [True, None, 1]
    notes: list[object] = ["", None, []]

    assert list(map(say, map(flag_from_json, flags))) == [
        True,
        False,
        "estimated must be true or false, found a number",
    ]
    assert list(map(say, map(note_from_json, notes))) == ["", None, "note must be text or null, found a list"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "nothing"), (False, "false"), ("a", '"a"'), (1.5, "a number"), ([], "a list"), ({}, "an object")],
)
def test_values_of_json_in_words(value: Any, shown: str) -> None:
    assert describe_json(value) == shown


def test_a_number_in_quotation_marks_is_refused_with_the_fix() -> None:
    error = number_from_json("7")

    assert isinstance(error, RowError)
    assert (error.message, error.fix) == (
        'value must be a number, found "7"',
        "write it without quotation marks, as in  12.5",
    )
