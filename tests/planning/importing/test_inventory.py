"""Which live channels an import takes, and names and files for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.definitions.schema import Format, validator_for
from reconciler.model.channels import DataPoint, Definitions, Desired, Live, Snapshot
from reconciler.planning.importing.inventory import (
    ChannelFilter,
    FileStyle,
    ImportOptions,
    Inventory,
    assign_unique,
    candidate_names,
    data_point_labels,
    existing_files,
    files_by_data_point,
    make_inventory,
    name_data_point,
    name_place,
    select_channels,
    slug,
)
from reconciler.planning.matching import Match
from tests.cases import note_case
from tests.planning.tenant import NORTH, REFERENCE, SOUTH, V, make_calculated, make_desired, make_live
from tests.texts import HOSTILE

if TYPE_CHECKING:
    from reconciler.model.channels import Live


LIVE = (
    make_live(1),
    make_live(2, {"channelInfo": "Net"}),
    make_live(3, data_point=SOUTH),
    make_live(4, data_point=replace(SOUTH, id=300, code=None, import_id=None, place_code=None, place_name=None)),
)
MINE = make_desired("mine", 1)


def inventory_of(*managed: Desired, live: tuple[Live, ...] = LIVE) -> Inventory:
    return make_inventory(Definitions(managed, (), (), "sha256:0"), Snapshot(live, REFERENCE))


def test_an_inventory_names_every_channel() -> None:
    inventory = inventory_of(MINE)

    assert (inventory.managed, inventory.names, inventory.files) == (
        frozenset({1}),
        {1: "mine", 2: "nb-elec-net", 3: "sb-elec-use", 4: "south-electricity-use"},
        {100: "channels/north.yaml"},
    )


def test_a_channel_that_two_files_select_is_managed_and_has_no_name() -> None:
    inventory = inventory_of(MINE, make_desired("yours", 1), make_desired("lost", 99))

    assert (inventory.managed, inventory.names.get(1), inventory.files) == (frozenset({1}), None, {})


def test_a_channel_that_could_not_be_read_gets_no_name() -> None:
    flawed = make_live(5, flaw="its answer has no versions")

    assert 5 not in inventory_of(MINE, live=(*LIVE, flawed)).names


def test_the_name_of_a_channel_that_was_not_found_is_not_given_to_another() -> None:
    assert inventory_of(make_desired("nb-elec-net", 99)).names[2] == "nb-elec-net-elecuse"


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        (ChannelFilter(), [1, 2, 3, 4]),
        (ChannelFilter(only=("mine", "sb-*")), [1, 3]),
        (ChannelFilter(data_points=("NB-ELEC",)), [1, 2]),
        (ChannelFilter(data_points=("SB-ELEC-0?",)), [3]),
        (ChannelFilter(places=("NB",)), [1, 2]),
        (ChannelFilter(places=("South *",)), [3]),
        (ChannelFilter(places=("SB", "NB"), only=("*-use",)), [3]),
    ],
)
def test_channels_are_selected_by_name_data_point_and_place(filter_: ChannelFilter, ids: list[int]) -> None:
    selected, findings = select_channels(inventory_of(MINE), filter_)

    assert ([live.id for live in selected], findings) == (ids, ())


@pytest.mark.parametrize(
    ("filter_", "message", "fix"),
    [
        (
            ChannelFilter(only=("steam", "mine")),
            'no channel matches the pattern, found "steam"',
            "correct the pattern; letter case matters, and * stands for any characters",
        ),
        (
            ChannelFilter(data_points=("nb-elec",)),
            'no data point matches the pattern, found "nb-elec"',
            "did you mean  --data-point NB-ELEC or NB-ELEC-01",
        ),
        (
            ChannelFilter(places=("WB", "WB")),
            'no place matches the pattern, found "WB"',
            "did you mean  --place NB or SB",
        ),
        (
            ChannelFilter(only=("mine",), places=("SB",)),
            "no channel matches all of these options",
            "use fewer of them at once",
        ),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(filter_: ChannelFilter, message: str, fix: str) -> None:
    _, findings = select_channels(inventory_of(MINE), filter_)

    assert [(finding.code, finding.message, finding.fix) for finding in findings] == [("ESA307", message, fix)]


def test_a_tenant_without_channels_has_nothing_to_select() -> None:
    assert select_channels(inventory_of(live=()), ChannelFilter()) == ((), ())


is_name = validator_for(Format.CHANNELS, "name")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("North Building electricity use", "north-building"),
        ("North Building use", "north-building-use"),
        ("NB.ELEC_01", "nb.elec_01"),
        ("Büro Süd, 2. Stock (alt)", "buro-sud-2.-stock-alt"),
        ("Straße", "strasse"),
        ("../../etc/passwd", "etc-passwd"),
        ("--- a", "a"),
        ("x" * 40, "x" * 28),
        # A word that ends right at the limit stays, and one that would end just behind it goes.
        ("x" * 25 + " yy zz", "x" * 25 + "-yy"),
        ("x" * 26 + " yy zz", "x" * 26),
        ("x" * 25 + " yy", "x" * 25 + "-yy"),
        ("総電力", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_slug_has_only_characters_that_names_allow(text: str | None, expected: str) -> None:
    assert (slug(text, 20) if text == "North Building electricity use" else slug(text)) == expected


@pytest.mark.parametrize(
    ("point", "info", "expected"),
    [
        (NORTH, "North Building net use", "nb-elec-net-use"),
        (NORTH, "North electricity demand", "nb-elec-demand"),
        (NORTH, "NB-ELEC peak", "nb-elec-peak"),
        (NORTH, "North electricity", "nb-elec"),
        (NORTH, "Northern use", "nb-elec-northern-use"),
        (NORTH, "総電力", "nb-elec"),
        (replace(NORTH, code=None), "Use", "nb-elec-01-use"),
        (DataPoint(7, code="12"), "34", "channel-12-34"),
        (DataPoint(7), "", "data-point-7"),
        (DataPoint(7, code=28 * "1"), 28 * "2", f"channel-{28 * '1'}-{27 * '2'}"),
        (DataPoint(7, code=f"{26 * '1'}.2"), f"{26 * '3'}.4", f"channel-{26 * '1'}.2-{26 * '3'}"),
    ],
)
def test_a_name_is_the_data_point_and_the_rest_of_the_channel_name(point: DataPoint, info: str, expected: str) -> None:
    assert candidate_names(make_live(1, {"channelInfo": info}, data_point=point))(0) == expected


def test_each_longer_name_adds_detail_and_the_last_ones_add_the_id() -> None:
    candidate = candidate_names(make_live(42, {"channelInfo": "Use"}))

    assert [candidate(number) for number in range(6)] == [
        "nb-elec-use",
        "nb-elec-use-elecuse",
        "nb-elec-use-elecuse-kwh",
        "nb-elec-use-elecuse-kwh-15min",
        "nb-elec-use-42",
        "nb-elec-use-42-5",
    ]


def test_a_longer_name_is_cut_before_the_detail_to_the_length_that_names_allow() -> None:
    point = replace(NORTH, code=28 * "a")

    longer = candidate_names(make_live(42, {"channelInfo": 28 * "b"}, data_point=point))(1)

    assert longer == f"{28 * 'a'}-{27 * 'b'}-elecuse"
    assert (is_name(longer), is_name(f"{longer}x")) == (True, False)


def test_a_long_code_is_cut_in_a_name_and_a_calculated_channel_has_no_interval() -> None:
    live = make_calculated(42, "channel(1)")
    long = replace(live, values={**live.values, "observationTypeCode": "ELECTRICCONSUMPTION"})

    assert [candidate_names(long)(number) for number in (1, 2, 3)] == [
        "nb-elec-use-electricconsumpt",
        "nb-elec-use-electricconsumpt-kwh",
        "nb-elec-use-42",
    ]


def test_words_that_a_long_name_shares_with_its_place_are_not_repeated() -> None:
    place = " ".join(f"word{number}" for number in range(40))
    live = make_live(1, {"channelInfo": f"{place} use"}, data_point=replace(NORTH, place_name=place))

    assert candidate_names(live)(0) == "nb-elec-use"


def name_all(*channels: Live, taken: tuple[str, ...] = ()) -> dict[int, str]:
    return assign_unique({live.id: candidate_names(live) for live in channels}, taken)


def test_channels_of_one_name_are_distinguished_by_what_they_measure() -> None:
    named = name_all(
        make_live(1),
        make_live(2, {"observationTypeId": 11}),
        make_live(3, {"observationTypeId": 12, f"{V}unitId": 3}),
        make_live(4, {"observationTypeId": 12}),
        make_live(5, {"channelInfo": "Net"}),
    )

    assert named == {
        1: "nb-elec-use-elecuse",
        2: "nb-elec-use-elecdemand",
        3: "nb-elec-use-gasuse-gal",
        4: "nb-elec-use-gasuse-kwh",
        5: "nb-elec-net",
    }


def test_an_id_is_in_a_name_only_if_nothing_else_differs() -> None:
    assert name_all(make_live(1), make_live(2), taken=("nb-elec-use-1",)) == {1: "nb-elec-use-1-5", 2: "nb-elec-use-2"}


def test_a_name_that_the_files_already_use_is_not_given_again() -> None:
    assert name_all(make_live(1), taken=("nb-elec-use",)) == {1: "nb-elec-use-elecuse"}


_points = st.builds(DataPoint, st.integers(1, 3), *[st.sampled_from((None, *HOSTILE))] * 5)


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(HOSTILE), _points), unique_by=lambda one: one[0]))
def test_every_channel_gets_a_unique_name_that_the_schema_accepts(drawn: list[tuple[int, str, DataPoint]]) -> None:
    channels = [make_live(id_, {"channelInfo": info}, data_point=point) for id_, info, point in drawn]
    named = name_all(*channels)

    note_case(reached=len(channels) > 1)
    assert len(set(named.values())) == len(channels)
    assert all(map(is_name, named.values()))
    assert named == name_all(*reversed(channels))


def test_places_and_data_points_are_named_by_their_best_known_text() -> None:
    assert [name_data_point(point) for point in (DataPoint(1, "總", "Use", "A 1"), DataPoint(1, None, "Use"))] == [
        "a-1",
        "use",
    ]
    assert [name_place(point) for point in (NORTH, replace(NORTH, place_name="總"), DataPoint(1))] == [
        "north-building",
        "nb",
        "",
    ]


OPTIONS = ImportOptions(is_representable)
FLAT = replace(OPTIONS, layout=FileStyle.FLAT)
EAST = replace(NORTH, id=300, place_code="EB", place_name="East Building")


@pytest.mark.parametrize(
    ("points", "options", "expected"),
    [
        pytest.param(
            [NORTH, SOUTH],
            OPTIONS,
            {100: "channels/north-building/nb-elec.yaml", 200: "channels/south-building/sb-elec.yaml"},
            id="a folder for each place",
        ),
        pytest.param(
            [NORTH, EAST],
            FLAT,
            {100: "channels/nb-elec-100.yaml", 300: "channels/nb-elec-300.yaml"},
            id="two of one name, in one folder",
        ),
        pytest.param(
            [NORTH, replace(EAST, place_name="North Building")],
            OPTIONS,
            {100: "channels/north-building-nb/nb-elec.yaml", 300: "channels/north-building-eb/nb-elec.yaml"},
            id="two places of one name",
        ),
        pytest.param(
            [NORTH, replace(EAST, place_name="North Building", place_code=None)],
            OPTIONS,
            {100: "channels/north-building-nb/nb-elec.yaml", 300: "channels/north-building/nb-elec.yaml"},
            id="two places of one name, one without a code",
        ),
        pytest.param(
            [NORTH],
            replace(OPTIONS, taken=frozenset(f"channels/north-building/nb-elec{end}.yaml" for end in ("", "-100"))),
            {100: "channels/north-building/nb-elec-100-2.yaml"},
            id="files of these names are there",
        ),
        pytest.param([DataPoint(1, "Use")], OPTIONS, {1: "channels/use.yaml"}, id="no place: at the top of the folder"),
        pytest.param(
            [NORTH],
            replace(OPTIONS, taken=frozenset({"channels/north-building/nb-elec.yaml"})),
            {100: "channels/north-building/nb-elec-100.yaml"},
            id="a file of that name is there",
        ),
        pytest.param([NORTH], replace(FLAT, folder="."), {100: "nb-elec.yaml"}, id="definitions at the root"),
        pytest.param([NORTH], replace(FLAT, folder="a/b"), {100: "a/b/nb-elec.yaml"}, id="definitions further down"),
        pytest.param(
            [replace(NORTH, code="CON", place_name="Aux")],
            OPTIONS,
            {100: "channels/x-aux/x-con.yaml"},
            id="names that Windows keeps for itself",
        ),
    ],
)
def test_a_data_point_gets_a_file_of_its_own(
    points: list[DataPoint], options: ImportOptions, expected: dict[int, str]
) -> None:
    assert files_by_data_point(points, options) == expected


_texts = st.sampled_from((None, *HOSTILE))


@given(st.lists(st.builds(DataPoint, st.integers(1, 9), *[_texts] * 5), unique_by=lambda point: point.id), st.data())
def test_file_names_are_unique_and_stay_in_the_folder(points: list[DataPoint], data: st.DataObject) -> None:
    options = data.draw(st.sampled_from((OPTIONS, FLAT)))
    files = files_by_data_point(points, options)

    note_case(reached=len(points) > 1)
    assert len({file.casefold() for file in files.values()}) == len(points)
    assert all(file.startswith("channels/") and ".." not in file for file in files.values())
    assert all(not part.startswith(".") for file in files.values() for part in file.split("/"))
    assert files == files_by_data_point(points[::-1], options)


def test_a_data_point_belongs_to_the_file_with_most_of_its_channels() -> None:
    files = ("b.yaml", "a.yaml", "b.yaml", "z.yaml", "y.yaml")
    points = (NORTH, NORTH, NORTH, SOUTH, SOUTH)
    matches = [
        Match(make_desired(f"n{id_}", id_, file=file), make_live(id_, data_point=point))
        for id_, (file, point) in enumerate(zip(files, points, strict=True))
    ]

    assert existing_files(matches) == {100: "b.yaml", 200: "y.yaml"}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([NORTH, SOUTH], {100: "NB-ELEC", 200: "SB-ELEC"}),
        ([NORTH, EAST], {}),
        ([NORTH, replace(EAST, import_id="EB-01")], {100: "NB-ELEC-01", 300: "EB-01"}),
        ([replace(NORTH, code="bell \x07")], {100: "NB-ELEC-01"}),
        ([replace(NORTH, code=None, import_id="")], {}),
        ([replace(NORTH, code="A", import_id="A")], {100: "A"}),
    ],
    ids=[
        "by code",
        "known by nothing alone",
        "by import id",
        "code that no file can hold",
        "known by nothing",
        "alike",
    ],
)
def test_the_label_of_a_data_point_is_unique(points: list[DataPoint], expected: dict[int, str]) -> None:
    assert data_point_labels(points, is_representable) == expected
