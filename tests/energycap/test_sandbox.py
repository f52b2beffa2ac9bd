"""The client against the emulated service over real HTTP, under its answers to what the vendor leaves open."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.energycap.client import open_editor, open_reader
from reconciler.errors import BadResponse, Rejected, Unauthorized
from reconciler.model.formulas import FormulaVerdict
from reconciler.model.project import ChannelEdit
from reconciler.sandbox import Options, parse_settings, running
from reconciler.sandbox.demo_world import make_demo_world
from reconciler.sandbox.generate import generate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Live, Snapshot
    from reconciler.model.values import Spec
    from reconciler.sandbox import World

KEY = "sandbox"
MULTIPLIER = "esaChannelVersion.multiplier"
OMIT, ECHO = ChannelEdit.OMIT_VERSION, ChannelEdit.ECHO_LATEST


@contextmanager
def editing(folder: Path, *settings: str, world: World | None = None) -> Iterator[Editor]:
    """An editor of a sandbox that holds `world`, by default the demo."""
    options = Options(settings=parse_settings(settings))
    with (
        running(folder / "sandbox.sqlite3", world or make_demo_world(), options) as service,
        open_editor(service.url, KEY) as editor,
    ):
        yield editor


def read_demo(folder: Path, *settings: str) -> Snapshot:
    with editing(folder, *settings) as reader:
        return reader.read_snapshot()


def find_versioned(channels: Sequence[Live]) -> Live:
    return next(live for live in channels if len(live.versions) > 1)


def find_simple(channels: Sequence[Live]) -> Live:
    return next(live for live in channels if not live.is_calculated and len(live.versions) == 1)


@pytest.mark.counts_on(
    "list_shape", "unit_list", "observation_type_list", "version_dates", reason="requests are counted"
)
def test_a_snapshot_is_read_with_as_few_requests_as_there_are_lists(tmp_path: Path) -> None:
    with editing(tmp_path) as reader:
        snapshot = reader.read_snapshot()

    assert [live.id for live in snapshot.channels] == sorted(
        channel["channelId"] for channel in make_demo_world()["channels"]
    )
    assert reader.requests == {
        "GET /api/v202406/esachannel": 1,
        "GET /api/v202406/esachannel/{id}": 1,
        "GET /api/v202305/unit": 1,
        "GET /api/v3/observationtype": 1,
    }
    assert [unit.code for unit in snapshot.reference.units if unit.is_money is not False] == ["USD"]
    assert {method.name for method in snapshot.reference.summarization_methods} >= {"Sum", "Average"}
    assert any(kind.is_demand for kind in snapshot.reference.observation_types)


@pytest.mark.counts_on("page_cap", "paging_headers", "list_shape", "version_dates", reason="requests are counted")
def test_a_long_list_is_read_whole_whatever_page_comes_first(tmp_path: Path) -> None:
    with editing(tmp_path, world=generate(channels=2100, seed=1)) as reader:
        assert len(reader.list_channels()) == 2100
        assert reader.requests == {"GET /api/v202406/esachannel": 3, "GET /api/v202406/esachannel/{id}": 1}


@pytest.mark.counts_on("page_cap", "paging_headers", "list_shape", "version_dates", reason="requests are counted")
@pytest.mark.parametrize(
    ("settings", "pages"),
    [
        (["page_cap=250"], 5),
        (["paging_headers=total_pages_only"], 4),
        (["page_cap=250", "paging_headers=total_pages_only"], 10),
    ],
    ids=["capped", "pages alone are counted", "both"],
)
def test_a_list_is_read_whole_however_it_is_paged(tmp_path: Path, settings: list[str], pages: int) -> None:
    with editing(tmp_path, *settings, world=generate(channels=1100, seed=1)) as reader:
        assert len(reader.list_channels()) == 1100
        assert reader.requests == {"GET /api/v202406/esachannel": pages, "GET /api/v202406/esachannel/{id}": 1}


def test_a_list_whose_pages_alone_are_counted_is_refused_when_its_rows_move(tmp_path: Path) -> None:
    settings = ["page_order=shuffled", "page_cap=250", "paging_headers=total_pages_only"]

    with (
        editing(tmp_path, *settings, world=generate(channels=1100, seed=1)) as reader,
        pytest.raises(BadResponse) as odd,
    ):
        reader.list_channels()

    assert "the list of channels could not be read in full, in three attempts" in odd.value.message


@pytest.mark.counts_on("page_cap", "paging_headers", reason="requests are counted")
def test_a_list_whose_rows_move_all_the_time_is_refused(tmp_path: Path) -> None:
    world = generate(channels=1100, seed=1)

    with editing(tmp_path, "page_order=shuffled", world=world) as reader, pytest.raises(BadResponse) as failure:
        reader.list_channels()

    assert "of 1,100 channels came twice, so as many are missing" in failure.value.message
    assert reader.requests == {"GET /api/v202406/esachannel": 4}


@pytest.mark.parametrize(
    "setting",
    ["interval_unit=seconds", "calculated_interval=null", "list_shape=without_versions", "page_order=shuffled"],
)
def test_how_the_service_writes_its_answers_makes_no_difference(tmp_path: Path, setting: str) -> None:
    assert read_demo(tmp_path, setting) == read_demo(tmp_path)


def test_an_open_beginning_that_is_a_date_matters_only_when_it_is_sent_back(tmp_path: Path) -> None:
    plain, floored = read_demo(tmp_path), read_demo(tmp_path, "first_version_begin_date=floor")

    assert {live.versions[0].begin_date for live in floored.channels} == {"1899-12-30T00:00:00"}
    assert [live.values for live in floored.channels] == [live.values for live in plain.channels]
    assert [[version.values for version in live.versions] for live in floored.channels] == [
        [version.values for version in live.versions] for live in plain.channels
    ]


def test_the_channels_of_a_data_point_are_listed_alone(tmp_path: Path) -> None:
    with editing(tmp_path) as reader:
        channels = reader.list_channels()
        point = find_simple(channels).data_point

        assert reader.list_channels(point.id) == tuple(live for live in channels if live.data_point == point)
        assert reader.list_channels(999_999) == ()


@pytest.mark.counts_on("empty_text", reason="null is told apart from empty")
@pytest.mark.counts_on("put_answer", "read_lag", reason="the answer to the write is looked at")
@pytest.mark.parametrize(
    "settings", [(), ("first_version_begin_date=floor", "interval_unit=seconds")], ids=["by default", "floor, seconds"]
)
def test_every_channel_of_the_demo_takes_an_edit_and_nothing_else_of_it_changes(
    tmp_path: Path, settings: tuple[str, ...]
) -> None:
    wanted = {"channelDescription": "edited"}
    with editing(tmp_path, *settings) as editor:
        channels = editor.list_channels()
        assert len(channels) == 60
        for before in channels:
            after = editor.edit_channel(editor.read_channel(before.id), wanted, OMIT)

            assert after == replace(before, values={**before.values, **wanted})
            assert editor.read_channel(before.id) == after


@pytest.mark.counts_on("put_answer", "read_lag", reason="the answer to the write is looked at")
@pytest.mark.parametrize("semantics", ["latest", "first", "ignore", "reject"])
def test_several_versions_are_unchanged_when_the_channel_is_edited(tmp_path: Path, semantics: str) -> None:
    with editing(tmp_path, f"put_version_semantics={semantics}") as editor:
        before = editor.read_channel(find_versioned(editor.list_channels()).id)

        after = editor.edit_channel(before, {"channelInfo": "New"}, OMIT)

        assert after is not None
        assert (after.name, after.versions) == ("New", before.versions)
        assert editor.read_channel(before.id) == after


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
@pytest.mark.parametrize("semantics", ["latest", "ignore"])
def test_the_latest_version_can_be_echoed(tmp_path: Path, semantics: str) -> None:
    settings = (f"put_version_semantics={semantics}", "missing_version=reject")
    with editing(tmp_path, *settings) as editor:
        before = editor.read_channel(find_versioned(editor.list_channels()).id)

        with pytest.raises(Rejected, match="esaChannelVersion"):
            editor.edit_channel(before, {"channelInfo": "New"}, OMIT)
        after = editor.edit_channel(before, {"channelInfo": "New"}, ECHO)

    assert after is not None
    assert (after.name, after.versions) == ("New", before.versions)


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("read_lag", reason="the channel is read right after the write")
@pytest.mark.parametrize("semantics", ["latest", "first", "ignore", "reject"])
def test_one_of_several_versions_is_edited_and_no_other(tmp_path: Path, semantics: str) -> None:
    with editing(tmp_path, f"put_version_semantics={semantics}") as editor:
        before = editor.read_channel(find_versioned(editor.list_channels()).id)

        editor.edit_version(before, {MULTIPLIER: 0.125})
        after = editor.read_channel(before.id)

    assert after.versions[:-1] == before.versions[:-1]
    assert after.current == replace(before.current, values={**before.current.values, MULTIPLIER: 0.125})


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_one_version_is_edited_with_its_channel_in_one_request(tmp_path: Path) -> None:
    wanted: Spec = {"channelInfo": "New", MULTIPLIER: 0.125}
    with editing(tmp_path) as editor:
        before = editor.read_channel(find_simple(editor.list_channels()).id)
        after = editor.edit_channel(before, wanted, OMIT)

    assert after is not None
    assert after.values == {**before.values, **wanted}
    assert editor.requests["PUT /api/v202406/esachannel/{id}"] == 1


@pytest.mark.parametrize("setting", ["error_body=json", "error_body=text"])
def test_a_rejection_has_the_text_of_the_service(tmp_path: Path, setting: str) -> None:
    with editing(tmp_path, setting) as editor:
        live = editor.read_channel(find_simple(editor.list_channels()).id)
        with pytest.raises(Rejected) as refusal:
            editor.edit_channel(live, {"channelInfo": "x" * 51, MULTIPLIER: None}, OMIT)

    assert refusal.value.status == 400
    assert "channelInfo" in refusal.value.message
    assert MULTIPLIER in refusal.value.message


def test_a_channel_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with editing(tmp_path) as reader, pytest.raises(Rejected) as refusal:
        reader.read_channel(999_999)

    assert refusal.value.status == 404


@pytest.mark.counts_on("formula_validation", reason="needs what is refused")
def test_formulas_are_checked(tmp_path: Path) -> None:
    with editing(tmp_path) as reader:
        live = find_simple(reader.list_channels())

        formulas = (f"channel({live.id}) * 2", "channel(999999)")
        right, wrong = reader.validate_formulas((live.data_point.id, formula) for formula in formulas)
        assert right == FormulaVerdict()
        assert wrong.reasons != ()


@pytest.mark.parametrize("setting", ["no_permission_status=401", "no_permission_status=403"])
def test_a_key_that_may_only_read_cannot_edit(tmp_path: Path, setting: str) -> None:
    options = Options(settings=parse_settings([setting]))
    with (
        running(tmp_path / "sandbox.sqlite3", None, options) as service,
        open_editor(service.url, options.keys.read) as editor,
    ):
        live = editor.read_channel(editor.list_channels()[0].id)
        with pytest.raises(Unauthorized) as refusal:
            editor.edit_channel(live, {"channelInfo": "New"}, OMIT)

    assert refusal.value.fix.endswith("its user lacks the permission Meters (Edit)")


def test_an_unknown_key_reads_nothing(tmp_path: Path) -> None:
    with (
        running(tmp_path / "sandbox.sqlite3") as service,
        open_reader(service.url, "unknown") as reader,
        pytest.raises(Unauthorized),
    ):
        reader.read_snapshot()
