"""How values, channels and locations are shown, and which names are similar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.findings import Location
from reconciler.model.identifiers import Identifiers
from reconciler.planning.messages import (
    describe_channel,
    find_misspelt,
    find_nearest,
    format_reference,
    locate_identifiers,
    locate_reference,
    show_value,
    show_values,
    suggest,
    suggest_channels,
    suggest_names,
)
from tests.planning.offline_files import FORMULA, make_channel
from tests.planning.tenant import make_calculated, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Value

NAMES = ("nb-elec-demand", "nb-elec-use", "nb-gas-use", "Sum")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("nb-elec-uze", "nb-elec-use"),
        ("NB-ELEC-USE", "nb-elec-use"),
        ("sum", "Sum"),
        ("steam", None),
        ("", None),
        ("sum" * 100, None),
    ],
)
def test_the_most_similar_name_is_found_whatever_its_case(name: str, nearest: str | None) -> None:
    assert find_nearest(name, NAMES) == nearest


def test_the_most_similar_of_many_names_is_found() -> None:
    names = [f"site{number:04}-elec-use" for number in range(2000)]

    assert find_nearest("site0815-elec-uze", names) == "site0815-elec-use"


def test_the_order_of_names_changes_nothing() -> None:
    assert find_nearest("nb-use", reversed(NAMES)) == find_nearest("nb-use", NAMES)


def test_only_the_first_of_many_unknown_names_get_a_suggestion() -> None:
    unknown = [f"nb-elec-use{number}" for number in range(30)]

    assert list(suggest_names((*unknown, *unknown), NAMES)) == unknown[:20]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (0.5, "0.5"),
        ("B\u00fcro", '"B\u00fcro"'),
        ("x" * 58, f'"{"x" * 58}"'),
        ("x" * 59, f'"{"x" * 55} ...'),
    ],
    ids=["null", "flag", "number", "text", "60 characters", "61 characters"],
)
def test_a_value_is_shown_as_json_of_at_most_60_characters(value: Value, shown: str) -> None:
    assert show_value(value) == shown


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("a", "b", ('"a"', '"b"')),
        ("1", 1, ('"1"', "1")),
        ("\u00e9", None, ('"\u00e9"', "null")),
        (None, "\u00e9", ("null", '"\u00e9"')),
        ("\u00e9", "e\u0301", (r'"\xe9"', r'"e\u0301"')),
        ("1" + "a" * 80, "2" + "a" * 80, (f'"1{"a" * 54} ...', f'"2{"a" * 54} ...')),
        ("a" * 80 + "1", "a" * 80 + "2", (f'"{"a" * 80}1"', f'"{"a" * 80}2"')),
    ],
    ids=["texts", "types", "text to null", "null to text", "alike", "different at the start", "different at the end"],
)
def test_two_values_are_shown_with_their_difference(one: Value, other: Value, shown: tuple[str, str]) -> None:
    assert show_values(one, other) == shown


@pytest.mark.parametrize(
    ("live", "described"),
    [
        (make_live(1), '1 "Use", import id "C-1", ELECUSE, KWH, 15 minutes'),
        (make_calculated(1, "channel(2)"), '1 "Use", import id "C-1", ELECUSE, KWH, calculated'),
        (
            make_live(1, {"channelImportId": None, "observationTypeId": 99, "intervalMinutes": None}),
            '1 "Use", import id null, KWH',
        ),
    ],
    ids=["simple", "calculated", "with gaps"],
)
def test_a_live_channel_is_described_by_what_is_known_of_it(live: Live, described: str) -> None:
    assert describe_channel(live) == described


@pytest.mark.parametrize(
    ("select", "place"),
    [
        (None, "channelImportId"),
        (Identifiers(channel_id=1, channel_import_id="A"), "select.channelId"),
        (Identifiers(channel_import_id="A", meter_import_id="NB"), "select.channelImportId"),
        (Identifiers(meter_import_id="NB"), "select"),
    ],
    ids=["no select", "id", "import id", "meter"],
)
def test_identifiers_are_located_at_what_decides(select: Identifiers | None, place: str) -> None:
    channel = make_channel("use", select=select)

    assert locate_identifiers(channel) == Location(
        "channels/north.yaml", 7, path=("channels", "use", *place.split("."))
    )


def test_a_reference_is_located_as_it_is_written() -> None:
    channel = make_channel("net", {FORMULA: "channel(b) + Channel( a ) + channel(a)"})

    assert locate_reference(channel, "a") == Location(
        "channels/north.yaml",
        7,
        path=("channels", "net", "esaChannelVersion", "formula"),
        fragment="Channel( a )",
    )
    assert format_reference(channel) == "net (channels/north.yaml:7)"


def test_names_without_a_similar_one_are_left_out() -> None:
    assert suggest_names(["steam", "nb-gas"], NAMES) == {"nb-gas": "nb-gas-use"}


UNITS = ("BTU", "GJ", "KVA", "KVAH", "KW", "kWh", "MMBTU", "MWH", "W", "WH", "THERM")


@pytest.mark.parametrize(
    ("code", "near"),
    [
        ("KHW", ("kWh", "KW")),
        ("kwh", ("kWh",)),
        ("\u041aW\u041d", ("kWh",)),
        ("KWHH", ("kWh",)),
        ("hterm", ("THERM",)),
        ("kwhr", ("kWh",)),
        ("KV", ("KVA", "KW")),
        ("XWH", ("MWH", "WH", "kWh")),
        ("w", ("W",)),
        ("V", ()),
        ("", ()),
        ("gallons", ()),
        ("x" * 256, ()),
    ],
)
def test_all_codes_one_typo_away_are_suggested_swapped_letters_first(code: str, near: tuple[str, ...]) -> None:
    assert suggest(code, UNITS) == near


@pytest.mark.parametrize(
    ("name", "names", "near"),
    [
        pytest.param("hterm", ("thermo", "hterms", "therm"), ("therm", "hterms"), id="swapped letters first"),
        pytest.param("thrm", ("thrmo", "therms", "therm"), ("therm", "thrmo"), id="a letter left out, or too many"),
        pytest.param("xwh", ("dwh", "cwh", "bwh", "awh"), ("awh", "bwh", "cwh"), id="the first three"),
        pytest.param("nb-gas-use-01", ("nb-gas-use", "nb-gas-use-2"), ("nb-gas-use-2",), id="only one that is farther"),
        pytest.param("gx", ("g", "gxyz"), ("gxyz",), id="not a name of one letter"),
    ],
)
def test_the_likeliest_names_come_first(name: str, names: tuple[str, ...], near: tuple[str, ...]) -> None:
    assert suggest(name, names) == near


def test_swapped_letters_and_another_difference_are_more_than_one_typo() -> None:
    assert suggest("KHWX", ("KWHY", "KHWXZZ")) == ("KHWXZZ",)


def test_a_name_of_255_characters_is_the_longest_that_is_compared() -> None:
    assert suggest("x" * 255, ("x" * 256,)) == ("x" * 256,)
    assert suggest("x" * 256, ("x" * 256,)) == ()


def test_swapped_letters_are_found_among_hundreds_of_units() -> None:
    assert suggest("KHW", (*UNITS, *(f"KH{number:03}" for number in range(400)))) == ("kWh", "KW")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("NB-USE", "nb-electricity"),
        ("nb-use", "nb-electricity"),
        ("NB-OLD-ID", "nb-electricity"),
        ("North Building use", "nb-electricity"),
        ("nb-electricityy", "nb-electricity"),
        ("NB-SHARED", None),
        ("steam", None),
    ],
)
def test_an_import_id_or_a_name_in_energycap_suggests_the_channel_that_has_it(text: str, meant: str | None) -> None:
    shared = Identifiers(channel_import_id="NB-SHARED")
    use = {"channelImportId": "NB-USE", "channelInfo": "North Building use"}
    channels = (
        make_channel("nb-electricity", use, select=Identifiers(channel_import_id="NB-OLD-ID")),
        make_channel("nb-net-use", {}, select=shared),
        make_channel("nb-shared-use", {}, select=shared),
    )

    assert suggest_channels((text,), channels) == ({text: meant} if meant else {})


@pytest.mark.parametrize(
    ("live", "is_typo"),
    [
        ("SC-ELEC-02-FANS", True),
        ("SC-ELEC-20-FANS", True),
        ("SC-ELEC-02-FAN", True),
        ("SC-ELEC-03-FANS", False),
        ("SC-ELEC-13-FANS", False),
    ],
    ids=["equal", "digits that changed places", "a letter less", "the next number", "another number"],
)
def test_a_name_is_misspelt_by_one_typo_but_not_by_another_number(live: str, is_typo: bool) -> None:
    assert find_misspelt("SC-ELEC-02-FANS", ["OTHER", live]) == (live if is_typo else None)
