"""The file of each data point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.channels import DataPoint
from reconciler.planning.importing.naming import (
    FileStyle,
    ImportOptions,
    data_point_labels,
    existing_files,
    files_by_data_point,
)
from reconciler.planning.matching import Match
from tests.cases import note_case
from tests.planning.tenant import NORTH, SOUTH, make_desired, make_live
from tests.texts import HOSTILE

TERMS = ImportOptions(is_representable)
FLAT = replace(TERMS, layout=FileStyle.FLAT)
EAST = replace(NORTH, id=300, place_code="EB", place_name="East Building")


@pytest.mark.parametrize(
    ("points", "terms", "expected"),
    [
        pytest.param(
            [NORTH, SOUTH],
            TERMS,
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
            TERMS,
            {100: "channels/north-building-nb/nb-elec.yaml", 300: "channels/north-building-eb/nb-elec.yaml"},
            id="two places of one name",
        ),
        pytest.param([DataPoint(1, "Use")], TERMS, {1: "channels/use.yaml"}, id="no place: at the top of the folder"),
        pytest.param(
            [NORTH],
            replace(TERMS, taken=frozenset({"channels/north-building/nb-elec.yaml"})),
            {100: "channels/north-building/nb-elec-100.yaml"},
            id="a file of that name is there",
        ),
        pytest.param([NORTH], replace(FLAT, folder="."), {100: "nb-elec.yaml"}, id="definitions at the root"),
        pytest.param([NORTH], replace(FLAT, folder="a/b"), {100: "a/b/nb-elec.yaml"}, id="definitions further down"),
        pytest.param(
            [replace(NORTH, code="CON", place_name="Aux")],
            TERMS,
            {100: "channels/x-aux/x-con.yaml"},
            id="names that Windows keeps for itself",
        ),
    ],
)
def test_a_data_point_gets_a_file_of_its_own(
    points: list[DataPoint], terms: ImportOptions, expected: dict[int, str]
) -> None:
    assert files_by_data_point(points, terms) == expected


_texts = st.sampled_from((None, *HOSTILE))


@given(st.lists(st.builds(DataPoint, st.integers(1, 9), *[_texts] * 5), unique_by=lambda point: point.id), st.data())
def test_no_two_files_are_alike_and_none_leaves_the_folder(points: list[DataPoint], data: st.DataObject) -> None:
    terms = data.draw(st.sampled_from((TERMS, FLAT)))
    files = files_by_data_point(points, terms)

    note_case(reached=len(points) > 1)
    assert len({file.casefold() for file in files.values()}) == len(points)
    assert all(file.startswith("channels/") and ".." not in file for file in files.values())
    assert all(not part.startswith(".") for file in files.values() for part in file.split("/"))
    assert files == files_by_data_point(points[::-1], terms)


def test_the_home_of_a_data_point_is_the_file_with_most_of_its_channels() -> None:
    files = ("b.yaml", "a.yaml", "b.yaml", "z.yaml", "y.yaml")
    points = (NORTH, NORTH, NORTH, SOUTH, SOUTH)
    pairs = [
        Match(make_desired(f"n{id_}", id_, file=file), make_live(id_, data_point=point))
        for id_, (file, point) in enumerate(zip(files, points, strict=True))
    ]

    assert existing_files(pairs) == {100: "b.yaml", 200: "y.yaml"}


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
def test_a_file_calls_its_data_point_what_no_other_is_called(points: list[DataPoint], expected: dict[int, str]) -> None:
    assert data_point_labels(points, is_representable) == expected
