"""Live channels drafted as channels of files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.channels import Definitions, Desired, DesiredVersion, Live, Snapshot, Version
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.planning.identification import make_index, resolve
from reconciler.planning.importing.drafting import (
    Proposal,
    add_begins,
    choose_select,
    has_own_import_id,
    list_new,
    list_paths,
    propose,
    write_formula,
    write_value,
)
from reconciler.planning.importing.inventory import (
    Fields,
    FileHeader,
    ImportOptions,
    Skipped,
    WrittenVersions,
    make_inventory,
)
from reconciler.planning.importing.updates import Updates
from reconciler.rules import RULES
from tests.cases import note_case
from tests.planning.offline_files import make_feed
from tests.planning.tenant import (
    NORTH,
    REFERENCE,
    SOUTH,
    V,
    add_older_version,
    make_calculated,
    make_desired,
    make_live,
)
from tests.planning.tenants import lives, neighbours

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec, Value

NAMELESS = {"channelImportId": None}
USE = make_live(1, NAMELESS)


@pytest.mark.parametrize(
    ("live", "others", "expected"),
    [
        pytest.param(make_live(1), [], Identifiers(channel_import_id="C-1"), id="its import id"),
        pytest.param(
            make_live(1),
            [make_live(2, {"channelImportId": "C-1"})],
            Identifiers(channel_id=1),
            id="its id, where the import id is not its own and nothing else is",
        ),
        pytest.param(
            USE,
            [make_live(2, {"observationTypeId": 11})],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE"),
            id="its observation type",
        ),
        pytest.param(
            USE,
            [make_live(2, {f"{V}unitId": 2})],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH"),
            id="its unit",
        ),
        pytest.param(
            USE,
            [make_live(2, {"intervalMinutes": 60})],
            Identifiers(
                meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900
            ),
            id="its interval",
        ),
        pytest.param(
            make_calculated(1, "channel(2)", NAMELESS),
            [make_live(2)],
            Identifiers(channel_id=1),
            id="no interval to go by",
        ),
        pytest.param(
            replace(USE, data_point=replace(NORTH, import_id=None)),
            [],
            Identifiers(channel_id=1),
            id="no import id at all",
        ),
        pytest.param(
            make_live(1, {"channelImportId": "bell \x07"}),
            [],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE"),
            id="an import id that no file can hold",
        ),
        pytest.param(
            replace(USE, data_point=replace(NORTH, import_id="bell \x07")),
            [],
            Identifiers(channel_id=1),
            id="a data point that no file can hold",
        ),
        pytest.param(
            replace(USE, values={**USE.values, "observationTypeCode": "bell \x07"}),
            [],
            Identifiers(channel_id=1),
            id="a type that no file can hold",
        ),
        pytest.param(
            make_live(1, {**NAMELESS, "intervalMinutes": 7}),
            [make_live(2)],
            Identifiers(channel_id=1),
            id="an interval that no file can hold",
        ),
        pytest.param(
            make_live(1, {"channelImportId": " ", "observationTypeId": 99}), [], Identifiers(channel_id=1), id="no type"
        ),
    ],
)
def test_a_channel_is_selected_by_identifiers_of_its_own(live: Live, others: list[Live], expected: Identifiers) -> None:
    assert choose_select(live, make_index([live, *others]), is_representable) == expected


@given(lives() | neighbours())
def test_every_select_finds_its_channel_and_no_two_are_equal(channels: tuple[Live, ...]) -> None:
    index = make_index(channels)
    selects = {live.id: choose_select(live, index, is_representable) for live in channels}

    note_case(reached=any(found.channel_import_id is None for found in selects.values()))
    assert {id_: resolve(found, index).channel_id for id_, found in selects.items()} == {id_: id_ for id_ in selects}
    assert len(set(selects.values())) == len(channels)


def test_a_shared_import_id_belongs_to_neither_channel() -> None:
    twins = [
        make_live(1),
        make_live(2, {"channelImportId": "C-1"}),
        make_live(3),
        make_live(4, {"channelImportId": ""}),
    ]
    index = make_index(twins)

    assert [has_own_import_id(live, index) for live in twins] == [False, False, True, False]


ALWAYS = (
    "channelInfo",
    "channelImportId",
    "observationTypeId",
    "summarizationMethodId",
    "intervalMinutes",
    f"{V}unitId",
    f"{V}observationRuleId",
    f"{V}multiplier",
)
ODOMETER = {f"{V}observationRuleId": 1, f"{V}rolloverValue": 999_999_999_999_999, f"{V}rollbackAllowance": 0.1}


@pytest.mark.parametrize(
    ("live", "more"),
    [
        pytest.param(make_live(1), set(), id="a plain channel"),
        pytest.param(make_live(1, {"isPrimaryValue": True}), {"isPrimaryValue"}, id="flags that are set"),
        pytest.param(make_live(1, ODOMETER), set(), id="what the service fills in"),
        pytest.param(
            make_live(1, {**ODOMETER, f"{V}rolloverValue": 10_000}), {f"{V}rolloverValue"}, id="a rollover of its own"
        ),
        pytest.param(
            make_live(1, {f"{V}offset": 0, f"{V}minimumReading": 0}),
            {f"{V}minimumReading"},
            id="zero is not nothing but for an offset",
        ),
        pytest.param(make_live(1, {f"{V}offset": 5}), {f"{V}offset"}, id="an offset"),
        pytest.param(
            make_live(1, {**ODOMETER, f"{V}observationRuleId": 2}),
            {f"{V}rolloverValue", f"{V}rollbackAllowance"},
            id="what no service fills in under this rule",
        ),
        pytest.param(make_live(1, has_readings=True), {f"{V}beginDate"}, id="the begin where there are readings"),
        pytest.param(make_live(1, {f"{V}formula": "1"}), set(), id="a formula that is not used"),
    ],
)
def test_settings_that_decide_values_are_written_and_defaults_are_not(live: Live, more: set[str]) -> None:
    assert set(list_paths(live, Fields.MINIMAL)) == {*ALWAYS, *more}


def test_a_calculated_channel_has_its_formula_and_no_interval_in_the_file() -> None:
    live = make_calculated(1, "channel(2)", {"channelImportId": " "})
    without = {"intervalMinutes", "channelImportId"}

    assert list_paths(live, Fields.MINIMAL) == (
        "channelInfo",
        "observationTypeId",
        "summarizationMethodId",
        "isCalculated",
        f"{V}unitId",
        f"{V}observationRuleId",
        f"{V}multiplier",
        f"{V}formula",
    )
    assert without.isdisjoint(list_paths(live, Fields.ALL))


def test_all_fields_include_those_for_reporting() -> None:
    extra: Spec = {"channelDescription": "", f"{V}beginDate": "2024-01-01T00:00:00", f"{V}isValuePositive": True}

    assert set(list_paths(make_live(1, extra), Fields.ALL)) == {*ALWAYS, *extra}
    assert set(list_paths(make_live(1, extra), Fields.MINIMAL)) == set(ALWAYS)


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [
        ({}, f"{V}unitId", (f"{V}unitCode", "KWH")),
        ({f"{V}unitId": 99}, f"{V}unitId", (f"{V}unitId", 99)),
        ({}, "channelInfo", ("channelInfo", "Use")),
        ({"channelInfo": "bell \x07"}, "channelInfo", None),
        ({"observationTypeId": 0}, "observationTypeId", None),
        ({}, f"{V}rolloverValue", None),
    ],
    ids=["by code", "by id where there is no code", "as it is", "unwritable", "an id that no file can hold", "nothing"],
)
def test_a_value_is_written_by_code_if_it_has_one(values: Any, path: str, expected: object) -> None:
    assert write_value(make_live(1, values), path, is_representable) == expected


USER = make_calculated(1, "")
INDEX = make_index([USER, make_live(2), make_live(3), make_calculated(4, "channel(2)"), make_live(5, data_point=SOUTH)])
NAMES = {1: "sum", 2: "use", 4: "net", 5: "far"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("channel(2) * 2", "channel(use) * 2"),
        ("CHANNEL( 2 )", "channel(use)"),
        ("channel(2) - channel(3)", "channel(use) - channel(3)"),
        ("channel(2) - channel(4)", "channel(use) - channel(4)"),
        ("channel(5) + channel(1)", "channel(5) + channel(1)"),
        ("channel(2) + channel(99)", "channel(2) + channel(99)"),
        ("channel(2) + channel(x)", "channel(2) + channel(x)"),
        ("channel(002)", "channel(002)"),
        ("'channel( 2 )'", "'channel( 2 )'"),
        ("2 + 2", "2 + 2"),
    ],
    ids=[
        "by name",
        "however it is written",
        "by id where it has no name",
        "by id where it is calculated",
        "by id on another data point, and itself",
        "as it is beside what is not there",
        "as it is beside what is not an id",
        "as it is where its id is not written as one",
        "as it is in quotes",
        "no channel",
    ],
)
def test_a_formula_is_written_with_the_names_that_it_may_use(formula: str, expected: str) -> None:
    assert write_formula(formula, USER, INDEX, NAMES) == expected


HOME = "channels/north.yaml"
NEW_FILE = "channels/north-building/nb-elec.yaml"
OPTIONS = ImportOptions(is_representable)


def propose_all(
    live: list[Live],
    managed: tuple[Desired, ...] = (),
    headers: dict[str, FileHeader] | None = None,
    feeds: tuple[Feed, ...] = (),
    versions: WrittenVersions = WrittenVersions.CURRENT,
) -> Proposal:
    definitions = Definitions(managed, feeds, (HOME,) if managed else (), "sha256:0")
    inventory = make_inventory(definitions, Snapshot(tuple(live), REFERENCE))
    options = replace(OPTIONS, versions=versions)
    return propose(list_new(live, inventory), inventory, definitions, headers or {}, options)


def plain(name: str, id_: int, info: str, **others: Value) -> Desired:
    """A channel as an import writes one that has nothing special."""
    spec: Spec = {
        "channelInfo": info,
        "channelImportId": f"C-{id_}",
        "observationTypeCode": "ELECUSE",
        "summarizationMethod": "Sum",
        "intervalMinutes": 15,
        f"{V}unitCode": "KWH",
        f"{V}observationRule": "Trip",
        f"{V}multiplier": 1,
        **others,
    }
    return Desired(name, NEW_FILE, 0, Identifiers(channel_import_id=f"C-{id_}"), spec, "NB-ELEC")


def test_a_channel_is_proposed_with_codes_and_names() -> None:
    assert propose_all([make_live(1)]) == Proposal((plain("nb-elec-use", 1, "Use"),), ())


def test_a_name_that_is_a_date_with_a_zone_is_written_as_it_is() -> None:
    name = "2025-01-01T00:00:00Z"

    (channel,) = propose_all([make_live(1, {"channelInfo": name})]).channels

    assert channel.spec["channelInfo"] == name


def test_managed_channels_are_left_alone_and_formulas_name_them() -> None:
    net = make_calculated(3, "channel(1) - channel(2)", {"channelInfo": "Net"})

    proposal = propose_all([make_live(1), make_live(2, {"channelInfo": "Losses"}), net], (make_desired("mine", 1),))

    assert [(channel.name, channel.file, channel.spec.get(f"{V}formula")) for channel in proposal.channels] == [
        ("nb-elec-losses", HOME, None),
        ("nb-elec-net", HOME, "channel(mine) - channel(nb-elec-losses)"),
    ]


def test_a_channel_added_to_a_file_overrides_its_defaults() -> None:
    defaults: Spec = {"intervalMinutes": 60, "channelDescription": "roof", f"{V}unitId": 9, "isPrimaryDemand": True}
    new = [make_live(2), make_calculated(3, "channel(1)", {"channelInfo": "Sum"})]

    proposal = propose_all([make_live(1), *new], (make_desired("mine", 1),), {HOME: FileHeader("NB-ELEC-01", defaults)})

    answers: Spec = {"channelDescription": None, "isPrimaryDemand": False}
    assert proposal.channels[0] == replace(
        plain("nb-elec-use", 2, "Use", **answers), file=HOME, data_point="NB-ELEC-01"
    )
    assert proposal.channels[1].spec == {
        **{path: value for path, value in plain("", 3, "Sum", **answers).spec.items() if path != "intervalMinutes"},
        "isCalculated": True,
        f"{V}formula": "channel(mine)",
    }


@pytest.mark.parametrize(
    ("defaults", "reason"),
    [
        ({"summarizationMethod": "Sum"}, f"the defaults of {HOME} give it another summarizationMethod"),
        ({f"{V}rolloverValue": 5}, "refused by ESA214: rolloverValue is set under the Trip rule."),
    ],
    ids=["a value that no file can hold", "a value that no rule allows"],
)
def test_a_channel_that_the_defaults_would_change_is_left_out(defaults: Spec, reason: str) -> None:
    odd = make_live(2, {"summarizationMethodId": None, f"{V}rolloverValue": 100})

    proposal = propose_all([make_live(1), odd], (make_desired("mine", 1),), {HOME: FileHeader(None, defaults)})

    assert proposal == Proposal((), (Skipped("nb-elec-use", "", reason),))


def test_an_interval_that_the_channel_does_not_have_is_not_taken_from_the_defaults() -> None:
    irregular = make_live(2, {"intervalMinutes": None})

    header = FileHeader(None, {"intervalMinutes": 60})

    (channel,) = propose_all([make_live(1), irregular], (make_desired("mine", 1),), {HOME: header}).channels

    assert channel.spec == plain("nb-elec-use", 2, "Use", intervalMinutes=None).spec


def test_the_beginning_of_time_overrides_another_begin_among_the_defaults() -> None:
    old = make_live(2, {f"{V}beginDate": "1899-12-30T00:00:00"}, has_readings=True)
    header = FileHeader(None, {f"{V}beginDate": "2025-01-01T00:00:00"})

    (channel,) = propose_all([make_live(1), old], (make_desired("mine", 1),), {HOME: header}).channels

    assert channel.spec == plain("nb-elec-use", 2, "Use", **{f"{V}beginDate": None}).spec


def test_a_channel_that_could_not_be_read_is_not_proposed_nor_one_that_is_managed() -> None:
    flawed = make_live(2, flaw="its answer has no versions")

    assert propose_all([make_live(1), flawed], (make_desired("mine", 1),)) == Proposal((), ())


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        ({"channelInfo": "a\x07"}, ["channelInfo: a file cannot hold this value"]),
        ({f"{V}offset": 0.1 + 0.2}, [f"{V}offset: a file cannot hold this value"]),
        (
            {f"{V}rolloverValue": 100},
            [f"{V}rolloverValue: refused by ESA214: rolloverValue is set under the Trip rule."],
        ),
        ({"channelInfo": " "}, ["channelInfo: refused by ESA212: A channel has no name in EnergyCAP."]),
        (
            {f"{V}formula": "channel(1)", "isCalculated": True, "intervalMinutes": None},
            [f"{V}formula: refused by ESA323: A formula uses its own channel."],
        ),
        (
            {f"{V}formula": "'\x07'", "isCalculated": True, "intervalMinutes": None},
            [f"{V}formula: a file cannot hold this value"],
        ),
        (
            {f"{V}formula": "channel((", "isCalculated": True, "intervalMinutes": None},
            [f"{V}formula: refused by ESA207: A formula has unbalanced parentheses."],
        ),
    ],
)
def test_values_that_a_file_cannot_hold_are_left_out_and_listed(values: Spec, left_out: list[str]) -> None:
    odd = make_live(1, {**values, "channelImportId": None, "observationTypeId": 99})

    proposal = propose_all([odd])

    assert [f"{left.path}: {left.reason}" for left in proposal.left_out] == left_out
    assert [channel.select for channel in proposal.channels] == [Identifiers(channel_id=1)]


@pytest.mark.parametrize(
    ("begin", "written", "left_out"),
    [
        ("2025-01-01T00:00:00", {f"{V}beginDate": "2025-01-01T00:00:00"}, ()),
        ("1899-12-30T00:00:00", {f"{V}beginDate": None}, ()),
        (None, {f"{V}beginDate": None}, ()),
        (
            "2025-01-01T00:00:00Z",
            {},
            (
                Skipped(
                    "nb-elec-use",
                    f"{V}beginDate",
                    "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml",
                ),
            ),
        ),
    ],
    ids=["a date", "the beginning of time", "null", "with a zone"],
)
def test_a_channel_with_readings_is_proposed_with_the_begin_of_its_version(
    begin: str | None, written: Spec, left_out: tuple[Skipped, ...]
) -> None:
    read = make_live(1, {f"{V}beginDate": begin}, has_readings=True)

    assert propose_all([read]) == Proposal((plain("nb-elec-use", 1, "Use", **written),), left_out)


def test_one_of_two_conflicting_channels_is_left_unmanaged() -> None:
    twins = [make_live(id_, {"isPrimaryValue": True, "channelInfo": f"Use {id_}"}) for id_ in (1, 2)]

    proposal = propose_all(twins)

    assert [channel.spec.get("isPrimaryValue") for channel in proposal.channels] == [True, None]
    assert [str(left.reason) for left in proposal.left_out] == [
        "refused by ESA222: A data point has more than one primary value channel."
    ]


def test_a_shared_import_id_is_managed_for_neither_channel() -> None:
    twins = [make_live(1), make_live(2, {"channelImportId": "C-1", f"{V}unitId": 2})]

    proposal = propose_all(twins)

    assert {left.reason for left in proposal.left_out} == {"another channel has the same import id"}
    assert all("channelImportId" not in channel.spec for channel in proposal.channels)


def test_existing_files_take_precedence_over_imported_channels() -> None:
    """A file that gives the primary value to its own channel, and the import id of another one, is not contradicted."""
    mine = make_desired("mine", 1, {"isPrimaryValue": True, "channelImportId": "C-2"}, data_point="NB-ELEC")
    other = make_live(2, {"isPrimaryValue": True})

    proposal = propose_all([make_live(1), other], (mine,), {HOME: FileHeader("NB-ELEC")})

    assert [(left.path, left.reason.partition(":")[0]) for left in proposal.left_out] == [
        ("channelImportId", "refused by ESA221"),
        ("isPrimaryValue", "refused by ESA222"),
        ("select.channelImportId", "refused by ESA221"),
    ]
    assert proposal.channels[0].select == Identifiers(channel_id=2)


def test_a_channel_that_a_formula_may_not_name_is_imported_if_the_formula_has_its_id() -> None:
    user = make_desired("user", 1, {f"{V}formula": "channel(2) * 2", "isCalculated": True}, data_point="SB-ELEC")
    nameless: Spec = {"channelImportId": None, "observationTypeId": 99}

    proposal = propose_all([make_calculated(1, "channel(2) * 2", data_point=SOUTH), make_live(2, nameless)], (user,))

    assert [(channel.name, channel.select) for channel in proposal.channels] == [
        ("nb-elec-use", Identifiers(channel_id=2))
    ]
    assert proposal.left_out == ()


READ = make_live(1, {f"{V}beginDate": "2025-01-01T00:00:00"}, has_readings=True)
VERSIONED: Spec = {f"{V}multiplier": 1}


def test_the_begin_is_added_for_each_channel_whose_file_manages_a_version_without_it() -> None:
    live = {
        "unknown": replace(READ, has_readings=None),
        "not versioned": READ,
        "written": READ,
        "unread": replace(READ, has_readings=False),
        "calculated": make_calculated(1, "channel(2)", {f"{V}beginDate": "2025-01-01"}, has_readings=True),
        "zoned": make_live(1, {f"{V}beginDate": "2025-01-01T00:00:00Z"}, has_readings=True),
        "ancient": make_live(1, {f"{V}beginDate": "1899-12-30T00:00:00"}, has_readings=True),
        "swapped": add_older_version(make_live(1), "2025-06-01T00:00:00"),
    }
    specs: dict[str, Spec] = {
        **dict.fromkeys(("not live", *live), VERSIONED),
        "not versioned": {"channelInfo": "Use"},
        "written": {**VERSIONED, f"{V}beginDate": None},
    }
    earlier = Skipped("other", "channelInfo", "a file cannot hold this value")
    updates = Updates({HOME: {"unknown": {"channelInfo": "Live"}}, "other.yaml": {"other": VERSIONED}}, (earlier,))
    desired = [make_desired(name, 1, spec) for name, spec in specs.items()]

    assert add_begins(updates, live, desired) == Updates(
        {
            HOME: {
                "unknown": {"channelInfo": "Live", f"{V}beginDate": "2025-01-01T00:00:00"},
                "ancient": {f"{V}beginDate": None},
                "swapped": {f"{V}beginDate": "2025-06-01T00:00:00"},
            },
            "other.yaml": {"other": VERSIONED},
        },
        (
            earlier,
            Skipped("zoned", f"{V}beginDate", "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml"),
        ),
    )


def test_a_channel_that_closes_a_cycle_by_its_id_is_left_out() -> None:
    user = make_desired("a-user", 1, {f"{V}formula": "channel(2)", "isCalculated": True}, data_point="NB-ELEC")
    nameless: Spec = {"channelImportId": None, "observationTypeId": 99}

    proposal = propose_all([make_live(1), make_calculated(2, "channel(1)", nameless)], (user,))

    assert proposal == Proposal((), (Skipped("nb-elec-use", "", f"refused by ESA324: {RULES['ESA324'].title}"),))


def test_a_formula_that_is_broken_anyway_does_not_stop_the_import_of_what_it_uses() -> None:
    user = make_desired(
        "a-user", 1, {f"{V}formula": "channel(2) * channel(9) * (3", "isCalculated": True}, data_point="NB-ELEC"
    )

    proposal = propose_all([make_live(1), make_live(2)], (user,))

    assert proposal == Proposal((replace(plain("nb-elec-use", 2, "Use"), file=HOME),), ())


def test_only_errors_of_the_channels_themselves_leave_values_out() -> None:
    feed = make_feed("nb-elec-use", "nobody", Identifiers(channel_id=99))
    never = make_live(1, {f"{V}multiplier": 0})
    odd = make_live(2, {"channelInfo": "Net", f"{V}rolloverValue": 100})

    assert propose_all([never, odd], feeds=(feed,)) == Proposal(
        (plain("nb-elec-use", 1, "Use", **{f"{V}multiplier": 0}), plain("nb-elec-net", 2, "Net")),
        (Skipped("nb-elec-net", f"{V}rolloverValue", f"refused by ESA214: {RULES['ESA214'].title}"),),
    )


def test_proposed_channels_are_sorted_by_file_and_id() -> None:
    channels = [make_live(4), make_live(2, data_point=SOUTH), make_live(3, {"channelInfo": "A"})]

    assert [(channel.file, channel.name) for channel in propose_all(channels).channels] == [
        (NEW_FILE, "nb-elec-a"),
        (NEW_FILE, "nb-elec-use"),
        ("channels/south-building/sb-elec.yaml", "sb-elec-use"),
    ]


SWAP = "2025-06-01T08:00:00"
SWAPPED = add_older_version(make_live(1, {f"{V}multiplier": 2}), SWAP, **{f"{V}multiplier": 10, f"{V}offset": 3})


def begin_at(*begins: str) -> Live:
    """A channel with a version for each of these begins."""
    live = make_live(1)
    versions = [
        Version(10 + number, begin or None, None, {**live.current.values, f"{V}beginDate": begin or None})
        for number, begin in enumerate(begins)
    ]
    return live.with_versions(tuple(versions))


def propose_listed(live: Live, headers: dict[str, FileHeader] | None = None) -> Proposal:
    managed = (make_desired("mine", 9),) if headers else ()
    return propose_all([live, make_live(9)] if headers else [live], managed, headers, versions=WrittenVersions.ALL)


def test_all_versions_are_listed_each_with_its_own_settings() -> None:
    (channel,) = propose_listed(SWAPPED).channels

    own: Spec = {f"{V}unitCode": "KWH", f"{V}observationRule": "Trip"}
    assert channel.versions == (
        DesiredVersion("", 0, {**own, f"{V}multiplier": 10, f"{V}offset": 3}),
        DesiredVersion(SWAP, 1, {**own, f"{V}multiplier": 2}),
    )
    assert {path: value for path, value in channel.spec.items() if path.startswith(V)} == channel.versions[1].spec


def test_a_channel_with_one_version_is_not_a_list() -> None:
    assert [channel.versions for channel in propose_listed(make_live(1)).channels] == [()]


def test_the_last_version_overrides_the_defaults_of_the_file_that_it_joins() -> None:
    defaults: Spec = {f"{V}offset": 7, f"{V}multiplier": 2, f"{V}beginDate": None}

    (channel,) = propose_listed(SWAPPED, {HOME: FileHeader("NB-ELEC-01", defaults)}).channels

    assert channel.versions[0].spec[f"{V}offset"] == 3
    assert channel.versions[1].spec[f"{V}offset"] is None
    assert f"{V}beginDate" not in channel.spec


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (begin_at("", "2025-06-01T08:00:00Z"), "EnergyCAP gives it with a zone: set versionDates in reconciler.yaml"),
        (begin_at("", "1900-01-01T00:00:00"), "EnergyCAP has two versions that begin at the same time"),
        (begin_at("", SWAP, f"{SWAP}.0"), "EnergyCAP has two versions that begin at the same time"),
        (begin_at("", "2025-02-30T00:00:00"), "a file cannot hold this value"),
        (
            add_older_version(make_calculated(1, "channel(2)"), SWAP),
            "refused by ESA421: A calculated channel lists several versions.",
        ),
    ],
    ids=["a zone", "the beginning twice", "one moment twice", "no day", "calculated"],
)
def test_where_versions_cannot_be_listed_the_current_one_is_written_and_the_reason_said(
    live: Live, reason: str
) -> None:
    proposal = propose_listed(live)

    assert [channel.versions for channel in proposal.channels] == [()]
    assert [left.reason for left in proposal.left_out if left.path == "channelVersions"] == [reason]


def test_what_is_refused_of_a_version_is_left_out_of_it_alone() -> None:
    older, current = SWAPPED.versions
    values = {**older.values, f"{V}rolloverValue": 100, f"{V}maximumReading": 0.1 + 0.2}
    odd = replace(SWAPPED, versions=(replace(older, values=values), current))

    proposal = propose_listed(odd)

    assert [(left.path, left.reason) for left in proposal.left_out] == [
        ("channelVersions[null].maximumReading", "a file cannot hold this value"),
        (
            "channelVersions[null].rolloverValue",
            "refused by ESA214: rolloverValue is set under the Trip rule.",
        ),
    ]
    (channel,) = proposal.channels
    assert channel.versions[0].spec == {
        f"{V}unitCode": "KWH",
        f"{V}observationRule": "Trip",
        f"{V}multiplier": 10,
        f"{V}offset": 3,
    }


def test_what_is_refused_of_the_current_version_is_named_by_its_begin() -> None:
    older, current = SWAPPED.versions
    odd = SWAPPED.with_versions((older, replace(current, values={**current.values, f"{V}rolloverValue": 100})))

    proposal = propose_listed(odd)

    assert [left.path for left in proposal.left_out] == [f"channelVersions[{SWAP}].rolloverValue"]
    assert f"{V}rolloverValue" not in proposal.channels[0].spec
    assert f"{V}rolloverValue" not in proposal.channels[0].versions[1].spec
