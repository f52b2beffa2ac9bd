"""Templates alone: their texts, how settings are merged, and what is wrong whatever other files say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.file_problems import FileProblem
from reconciler.definitions.templates import (
    Merged,
    check_templates,
    escape_braces,
    fill_text,
    find_alone,
    find_placeholders,
    list_texts,
    merge,
    put,
    spell_number,
)
from tests.cases import note_case

BRACES = st.text(st.sampled_from("ab{}.!0- "), max_size=30)


@pytest.mark.parametrize(
    ("text", "names", "filled"),
    [
        ("{meter} use", ("meter",), "SC-3 use"),
        ("{meter}{meter}-{ct}", ("meter", "ct"), "SC-3SC-3-160"),
        ("{{meter}} {ct-ratio}", ("ct-ratio",), "{meter} {ct-ratio}"),
        ("{{{meter}}}", ("meter",), "{SC-3}"),
        ("no braces", (), "no braces"),
        # Nothing is evaluated: none of these is a placeholder, and a file with them is refused.
        ("{meter.name}", (), "{meter.name}"),
        ("{0} {} {meter!r} {meter:>9}", (), "{0} {} {meter!r} {meter:>9}"),
        ("{meter", (), "{meter"),
    ],
)
def test_placeholders_are_names_in_braces(text: str, names: tuple[str, ...], filled: str) -> None:
    assert (find_placeholders(text), fill_text(text, {"meter": "SC-3", "ct": "160"})) == (names, filled)


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert fill_text("{a} {b}", {"a": "{b}", "b": "{{a}}"}) == "{b} {{a}}"


@pytest.mark.parametrize(
    ("text", "name"), [("{ct}", "ct"), ("{ct} ", None), ("{{ct}}", None), ("{ct}{ct}", None), ("ct", None)]
)
def test_a_placeholder_stands_alone_if_the_text_has_nothing_else(text: str, name: str | None) -> None:
    assert find_alone(text) == name


@given(BRACES)
def test_escaped_braces_become_the_text_again(text: str) -> None:
    note_case(reached="{" in text or "}" in text)
    assert (fill_text(escape_braces(text), {}), find_placeholders(escape_braces(text))) == (text, ())


@given(BRACES)
def test_a_text_is_filled_in_or_refused(text: str) -> None:
    problems = list(check_templates({"templates": {"a": {"channelInfo": text}}}))
    refused = [problem for problem in problems if problem.code == "ESA161"]

    note_case(reached=refused)
    filled = fill_text(text, dict.fromkeys(find_placeholders(text), "x"))
    assert refused or filled.count("{") * 2 == text.replace("{{", "\0\0").count("\0")


def test_texts_with_braces_are_found_at_any_depth() -> None:
    tree = {"a": "{x}", "b": {"c": ["plain", {"d": "}"}], "e": 1}}

    assert list(list_texts(tree)) == [(("a",), "{x}"), (("b", "c", "1", "d"), "}")]


OWN_WINS: list[tuple[dict[str, Any], dict[str, Any], Merged]] = [
    ({"channelInfo": "A"}, {"channelInfo": "B"}, Merged({"channelInfo": "A"}, {})),
    (
        {"channelInfo": "A"},
        {"isCalculated": True},
        Merged({"isCalculated": True, "channelInfo": "A"}, {("isCalculated",): ("isCalculated",)}),
    ),
    ({"observationTypeId": 10}, {"observationTypeCode": "ELECUSE"}, Merged({"observationTypeId": 10}, {})),
    ({"channelId": 7}, {"select": {"channelImportId": "A"}}, Merged({"channelId": 7}, {})),
    ({"select": {"channelId": 7}}, {"select": {"channelImportId": "A"}}, Merged({"select": {"channelId": 7}}, {})),
    ({"isCalculated": True}, {"intervalMinutes": 15}, Merged({"isCalculated": True}, {})),
    (
        {"esaChannelVersion": {"unitId": 1}},
        {"esaChannelVersion": {"unitCode": "KWH", "multiplier": 2}},
        Merged(
            {"esaChannelVersion": {"multiplier": 2, "unitId": 1}},
            {("esaChannelVersion", "multiplier"): ("esaChannelVersion", "multiplier")},
        ),
    ),
    (
        {"channelVersions": [{"beginDate": None}, {"beginDate": "2026-01-01", "multiplier": 1}]},
        {"esaChannelVersion": {"beginDate": "2020-01-01", "unitCode": "KWH", "multiplier": 2}},
        Merged(
            {
                "channelVersions": [
                    {"beginDate": None},
                    {"unitCode": "KWH", "beginDate": "2026-01-01", "multiplier": 1},
                ]
            },
            {("channelVersions", "1", "unitCode"): ("esaChannelVersion", "unitCode")},
        ),
    ),
    (
        {"channelVersions": [{"beginDate": None}]},
        {"channelVersions": [{"beginDate": "2026-01-01"}]},
        Merged({"channelVersions": [{"beginDate": None}]}, {}),
    ),
]


@pytest.mark.parametrize(("own", "below", "merged"), OWN_WINS)
def test_own_settings_win(own: dict[str, Any], below: dict[str, Any], merged: Merged) -> None:
    assert merge(own, below) == merged


def test_what_a_template_gives_is_listed_with_all_that_is_in_it() -> None:
    below = {"select": {"channelImportId": "A"}, "channelVersions": [{"beginDate": None}]}

    assert merge({}, below).inherited == {
        keys: keys
        for keys in (
            ("select",),
            ("select", "channelImportId"),
            ("channelVersions",),
            ("channelVersions", "0"),
            ("channelVersions", "0", "beginDate"),
        )
    }


def test_values_are_put_at_their_keys_in_a_copy() -> None:
    tree = {"a": "{x}", "b": [{"c": "{y}"}], "d": {"e": 1}}

    assert put(tree, {("a",): 1, ("b", "0", "c"): "text"}) == {"a": 1, "b": [{"c": "text"}], "d": {"e": 1}}
    assert tree["a"] == "{x}"


@pytest.mark.parametrize(("number", "text"), [(160, "160"), (0.5, "0.5"), (0.00001, "0.00001"), (1e22, "1" + "0" * 22)])
def test_a_number_is_spelled_without_exponent(number: float, text: str) -> None:
    assert spell_number(number) == text


def test_a_fixed_value_is_checked_even_if_no_channel_uses_the_template() -> None:
    template = {"channelInfo": "{meter} use", "esaChannelVersion": {"multiplier": "ten", "offset": "{offset}"}}

    assert list(check_templates({"templates": {"pm8000": template}})) == [
        FileProblem(
            "ESA123",
            ("templates", "pm8000", "esaChannelVersion", "multiplier"),
            'multiplier must be a number, found "ten"',
            "write a number, with a point before its decimals",
        )
    ]


@pytest.mark.parametrize(
    "template",
    [
        {"esaChannelVersion": {"multiplier": "{ct}"}},
        {"select": {"channelImportId": "{meter}"}},
        {"channelVersions": [{"beginDate": "{swap}", "multiplier": "{ct}"}, {"beginDate": "{swap}"}]},
        {"use": "other"},
    ],
)
def test_a_template_may_have_placeholders_alone(template: dict[str, Any]) -> None:
    assert list(check_templates({"templates": {"pm8000": template}})) == []


@pytest.mark.parametrize("tree", [{"templates": []}, {"templates": {"a": 1}}, {"channels": 1}, {"channels": {"a": 1}}])
def test_what_has_the_wrong_type_is_left_to_the_schema(tree: dict[str, Any]) -> None:
    assert list(check_templates(tree)) == []
