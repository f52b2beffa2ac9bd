"""The nearest of some names."""

from __future__ import annotations

import pytest

from reconciler.model.identifiers import Identifiers
from reconciler.planning.messages import find_nearest, suggest, suggest_channels, suggest_names
from tests.planning.offline_files import make_channel

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
