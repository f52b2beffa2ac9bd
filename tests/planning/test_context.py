"""The context that a change is judged in, and data that could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DATA_POINT, Definitions, Snapshot
from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import Blocker, Verdict
from reconciler.model.project import ChannelEdit, PrimaryMove
from reconciler.planning.context import channel_evidence, find_unasked, find_unread, format_channel, make_context
from reconciler.planning.diff import make_draft
from reconciler.planning.identification import make_index
from reconciler.planning.plan import make_plan
from reconciler.planning.translation import CodeTables, codes_by_id, ids_by_code
from tests.planning.offline_files import make_feed
from tests.planning.tenant import (
    BASIS,
    REFERENCE,
    SOUTH,
    V,
    list_blocks,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
)

if TYPE_CHECKING:
    from reconciler.model.channels import DataPoint, Live
    from reconciler.model.values import Spec
    from reconciler.planning.diff import Draft


HABITS = (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION)
ONE, TWO, FAR = make_live(1), make_live(2), make_live(3, data_point=SOUTH)
INDEX = make_index((ONE, TWO, FAR))
NORTH = make_desired("north", 1)


def test_a_managed_channel_is_named_with_its_file_and_line() -> None:
    context = make_context(INDEX, {}, {1: NORTH}, REFERENCE, HABITS)

    assert format_channel(ONE, context) == "north (channels/north.yaml:7)"
    assert channel_evidence(ONE, context) == {
        "channel_id": 1,
        "name": "Use",
        "managed_as": "north",
        "file": "channels/north.yaml",
        "line": 7,
    }


def test_an_unmanaged_channel_is_named_with_its_id_and_name() -> None:
    context = make_context(INDEX, {}, {1: NORTH}, REFERENCE, HABITS)

    assert format_channel(TWO, context) == '2 "Use" (not managed here)'
    assert channel_evidence(TWO, context) == {
        "channel_id": 2,
        "name": "Use",
        "managed_as": None,
        "file": None,
        "line": None,
    }


def test_neighbours_are_the_other_channels_of_the_data_point() -> None:
    context = make_context(INDEX, {}, {}, REFERENCE, HABITS)

    assert [list(context.neighbours(live)) for live in (ONE, FAR)] == [[TWO], []]


def draft_one(wanted: Spec) -> Draft:
    codes = codes_by_id(REFERENCE)
    tables = CodeTables(ids_by_code(codes), codes, frozenset(), {}, {}, INDEX.by_id.keys())
    draft = make_draft(make_desired("north", 1, wanted), ONE, wanted, tables)
    assert draft is not None
    return draft


def test_planned_channels_and_claimed_import_ids_come_from_the_drafts() -> None:
    draft = draft_one({"channelImportId": "NEW"})

    context = make_context(INDEX, {1: draft}, {}, REFERENCE, HABITS)

    assert context.import_id_claims == {"NEW": [draft]}
    assert (context.planned(ONE), context.planned(TWO)) == (draft.after_apply, TWO)


@pytest.mark.parametrize("spec", [{"channelInfo": "Main"}, {"channelImportId": None}], ids=["kept", "given up"])
def test_an_import_id_that_a_draft_does_not_give_is_not_claimed(spec: Spec) -> None:
    draft = draft_one(spec)

    assert make_context(INDEX, {1: draft}, {}, REFERENCE, HABITS).import_id_claims == {}


def test_users_of_channels_are_known_if_a_draft_converts_one() -> None:
    user = make_calculated(4, "channel(1)")
    draft = draft_one({"isCalculated": True, f"{V}formula": "channel(2)"})

    context = make_context(make_index((ONE, TWO, user)), {1: draft}, {}, REFERENCE, HABITS)

    assert context.formula_users == {1: [user]}


FLAW = "its answer has no versions"
FORMULA = f"{V}formula"
LOGGER = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE")


def make_flawed(id_: int, *unread: str, live: Live | None = None) -> Live:
    return replace(live or make_live(id_), flaw=FLAW, unread=frozenset(unread))


def test_unread_lists_and_channels_are_noted() -> None:
    reference = replace(REFERENCE, units_unread="403 Forbidden", observation_types_unread="404 Not Found")
    found = find_unread(Snapshot((make_flawed(1), make_live(2)), reference))

    assert [(one.code, one.message) for one in found] == [
        ("ESA705", "EnergyCAP's list of units could not be read in full: 403 Forbidden"),
        ("ESA705", "EnergyCAP's list of observation types could not be read in full: 404 Not Found"),
        ("ESA706", f"1 channel could not be read and is left out: 1 ({FLAW})"),
    ]
    assert find_unread(Snapshot((make_live(1),), REFERENCE)) == ()


@pytest.mark.parametrize(("count", "end"), [(2, ""), (10, ""), (11, ", and 1 more"), (12, ", and 2 more")])
def test_the_first_ten_unread_channels_are_listed(count: int, end: str) -> None:
    (found,) = find_unread(Snapshot(tuple(make_flawed(id_) for id_ in range(1, count + 1)), REFERENCE))

    listed = ", ".join(f"{id_} ({FLAW})" for id_ in range(1, min(count, 10) + 1))
    assert found.message == f"{count} channels could not be read and are left out: {listed}{end}"


def test_a_formula_that_could_not_be_validated_is_noted_at_its_line() -> None:
    desired = make_desired("net", 2, {FORMULA: "channel(1)"})
    live = (make_live(1), make_calculated(2, "channel(1) * 2"))
    definitions = Definitions((desired,), (), (), "sha256:0")

    (found,) = find_unasked(plan_of([desired], live), definitions, {2: "403 Forbidden"})

    assert (found.code, found.message, found.location) == (
        "ESA707",
        "EnergyCAP could not be asked about this formula, so it is sent unchecked: 403 Forbidden",
        desired.locate(FORMULA),
    )
    assert find_unasked(plan_of([desired], live), definitions, {}) == ()


def test_a_channel_that_cannot_be_read_has_an_unknown_change() -> None:
    (change,) = plan_of([make_desired("north", 1, {"channelInfo": "New"})], [make_flawed(1)]).changes

    assert (change.verdict, change.edits) == (Verdict.UNKNOWN, ())
    assert change.blocked_by == (
        Blocker(
            rule="ESA417",
            message=f"cannot be compared with EnergyCAP: channel 1 cannot be read, {FLAW}",
            evidence={"channel_id": 1},
            unblock="plan again; if that does not help, look at channel 1 in EnergyCAP: correct it there, or give the "
            "key's user permission to see it; if nothing is wrong there, report this message",
            is_unknown=True,
        ),
    )


def test_a_channel_that_may_be_an_unreadable_one_has_an_unknown_change() -> None:
    desired = make_desired("north", 0, select=Identifiers(channel_import_id="NB-USE"))

    (change,) = plan_of([desired], [make_flawed(1, "channelImportId")]).changes

    assert list_blocks(change) == [
        (
            "ESA417 cannot be compared with EnergyCAP: it may be the channel that cannot be read: "
            f"channel 1 cannot be read, {FLAW}"
        )
    ]


@pytest.mark.parametrize(
    ("spec", "flawed", "what"),
    [
        pytest.param(
            {"channelImportId": "NEW"},
            make_flawed(2, "channelImportId", live=make_live(2, data_point=SOUTH)),
            "whether another channel has this import id",
            id="import id",
        ),
        pytest.param({"channelImportId": None}, make_flawed(2, "channelImportId"), None, id="no import id is wanted"),
        pytest.param(
            {"isPrimaryValue": True},
            make_flawed(2, "isPrimaryValue"),
            "whether another channel is the primary value",
            id="primary value",
        ),
        pytest.param(
            {"isPrimaryDemand": True},
            make_flawed(2, "isPrimaryDemand"),
            "whether another channel is the primary demand",
            id="primary demand",
        ),
        pytest.param(
            {"isPrimaryValue": True},
            make_flawed(2, "isPrimaryValue", live=make_live(2, data_point=SOUTH)),
            None,
            id="primary value of another data point",
        ),
        pytest.param(
            {"isPrimaryValue": True},
            make_flawed(2, DATA_POINT, live=make_live(2, data_point=SOUTH)),
            "whether another channel is the primary value",
            id="a channel whose data point was not read",
        ),
        pytest.param(
            {"isCalculated": True, FORMULA: "channel(3)"},
            make_flawed(2, FORMULA),
            "whether the formula of another channel uses this one",
            id="conversion",
        ),
        pytest.param(
            {"isCalculated": True, FORMULA: "channel(2)"},
            make_flawed(2, "isCalculated"),
            "whether the formula may use this channel",
            id="input of a formula",
        ),
        pytest.param(
            {"channelInfo": "New"},
            make_flawed(2, "channelImportId", "isPrimaryValue", FORMULA),
            None,
            id="an unrelated edit",
        ),
    ],
)
def test_unread_values_of_other_channels_block_the_edits_that_depend_on_them(
    spec: Spec, flawed: Live, what: str | None
) -> None:
    (change,) = plan_of([make_desired("north", 1, spec)], [make_live(1), flawed, make_live(3)]).changes

    assert [message for message in list_blocks(change) if message.startswith("ESA418")] == (
        [] if what is None else [f'ESA418 unknown {what}: EnergyCAP\'s answer cannot be read for 2 "Use"']
    )


@pytest.mark.parametrize(
    "spec",
    [{FORMULA: "channel(3) * 2"}, {"isCalculated": False, "intervalMinutes": 15}],
    ids=["another formula", "no formula"],
)
def test_unread_formulas_block_no_edit_of_a_channel_that_is_calculated_already(spec: Spec) -> None:
    live = (make_calculated(1, "channel(3)"), make_flawed(2, FORMULA), make_live(3))

    assert plan_of([make_desired("north", 1, spec)], live).changes[0].is_sendable


@pytest.mark.parametrize(
    ("identifiers", "spec", "data_point", "flawed"),
    [
        pytest.param(
            LOGGER, {"channelInfo": "New"}, ONE.data_point, make_flawed(2, "intervalMinutes"), id="an unrelated edit"
        ),
        pytest.param(
            LOGGER,
            {"intervalMinutes": 30},
            ONE.data_point,
            make_flawed(2, "intervalMinutes", live=make_live(2, data_point=SOUTH)),
            id="a channel of another data point",
        ),
        pytest.param(
            Identifiers(channel_import_id="C-1"),
            {"intervalMinutes": 30},
            replace(ONE.data_point, import_id=None),
            make_flawed(2, "intervalMinutes"),
            id="a data point without a meter",
        ),
    ],
)
def test_unread_values_block_no_edit_that_cannot_reroute_a_feed(
    identifiers: Identifiers, spec: Spec, data_point: DataPoint, flawed: Live
) -> None:
    feed = make_feed("logger", "north", identifiers)
    live = (make_live(1, data_point=data_point), flawed)

    plan = make_plan(
        Definitions((make_desired("north", 1, spec),), (feed,), (), "sha256:0"), Snapshot(live, REFERENCE), BASIS
    )

    assert plan.changes[0].is_sendable


@pytest.mark.parametrize(("meter", "is_blocked"), [("NB-ELEC-01", True), ("SB-ELEC-01", False)])
def test_unread_values_block_an_edit_that_may_reroute_a_feed_of_the_meter(meter: str, *, is_blocked: bool) -> None:
    feed = make_feed("logger", "north", replace(LOGGER, meter_import_id=meter))
    desired = make_desired("north", 1, {"intervalMinutes": 30})
    live = (make_live(1), make_flawed(2, "intervalMinutes"))

    plan = make_plan(Definitions((desired,), (feed,), (), "sha256:0"), Snapshot(live, REFERENCE), BASIS)

    assert [block for block in plan.changes[0].blocked_by if block.rule == "ESA418"] == (
        [
            Blocker(
                rule="ESA418",
                message="unknown where the readings of feed logger would go: "
                'EnergyCAP\'s answer cannot be read for 2 "Use"',
                evidence={"unread": [{"channel_id": 2, "name": "Use", "flaw": FLAW}]},
                unblock="plan again; if that does not help, look at these channels in EnergyCAP: correct them there, "
                "or give the key's user permission to see them; if nothing is wrong there, report this message",
                is_unknown=True,
            )
        ]
        if is_blocked
        else []
    )
