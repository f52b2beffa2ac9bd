"""What a change is judged against: the live channels around it, and the other changes of its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.project import ChannelEdit, PrimaryMove
from reconciler.planning.context import channel_evidence, format_channel, make_context
from reconciler.planning.diff import make_draft
from reconciler.planning.identification import make_index
from reconciler.planning.translation import CodeTables, codes_by_id, ids_by_code
from tests.planning.tenant import REFERENCE, SOUTH, V, make_calculated, make_desired, make_live

if TYPE_CHECKING:
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
