"""Where identifiers lead before and after each change of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import Impact
from reconciler.model.identifiers import Identifiers, ResolutionFailure
from reconciler.model.plan import Edit
from reconciler.planning.diff import Draft, apply_values, changed_paths
from reconciler.planning.feed_paths import affects_routing, causing_edits, trace_identifiers, undeclared_identifiers
from reconciler.planning.identification import make_index
from reconciler.planning.translation import codes_by_id
from tests.planning.tenant import REFERENCE, SOUTH, V, make_calculated, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec
    from reconciler.planning.feed_paths import ResolutionTrace

UNIT = f"{V}unitId"
TO_KW: Spec = {UNIT: 2}
NORTH = Identifiers(meter_import_id="NB-ELEC-01")
USE = replace(NORTH, observation_type_code="ELECUSE")
KWH = replace(USE, unit_code="KWH")
QUARTERLY = replace(KWH, interval_seconds=900)


def draft_of(live: Live, wanted: Spec) -> Draft:
    edits = tuple(Edit(path, live.values[path], value, Impact.ROUTING) for path, value in wanted.items())
    planned = apply_values(live, wanted, codes_by_id(REFERENCE))
    return Draft(f"n{live.id}", live, planned, edits, changed_paths(edits), {}, {}, wanted)


def list_resolutions(trace: ResolutionTrace) -> list[object]:
    """What a trace resolves to: at first, and after each draft that changes it."""
    steps = [(move.draft.name, move.resolution.channel_id or move.resolution.failure) for move in trace.changes]
    return [trace.before.channel_id or trace.before.failure, *steps]


@pytest.mark.parametrize(
    ("identifiers", "expected"),
    [
        pytest.param(Identifiers(channel_id=1), [1], id="a channel id always resolves to its channel"),
        pytest.param(
            Identifiers(channel_import_id="C-1"),
            [1, ("n1", ResolutionFailure.UNMATCHED), ("n2", 2)],
            id="an import id that is given away, and then given to another",
        ),
        pytest.param(
            Identifiers(channel_import_id="C-2"),
            [2, ("n2", ResolutionFailure.UNMATCHED)],
            id="an import id that no channel gets",
        ),
        pytest.param(
            Identifiers(channel_import_id="NEW"),
            [ResolutionFailure.UNMATCHED, ("n1", 1)],
            id="an import id that no channel had",
        ),
        pytest.param(
            QUARTERLY,
            [ResolutionFailure.AMBIGUOUS, ("n1", 2), ("n2", ResolutionFailure.UNMATCHED)],
            id="channels that were alike",
        ),
        pytest.param(
            replace(KWH, unit_code="KW"), [3, ("n1", ResolutionFailure.AMBIGUOUS)], id="a unit that others get too"
        ),
        pytest.param(
            replace(KWH, unit_code="GAL"), [ResolutionFailure.UNMATCHED, ("n2", 2)], id="a unit that one gets"
        ),
        pytest.param(USE, [ResolutionFailure.AMBIGUOUS], id="a type that is not edited"),
        pytest.param(NORTH, [ResolutionFailure.AMBIGUOUS], id="a meter alone"),
        pytest.param(Identifiers(unit_code="KW"), [ResolutionFailure.NO_IDENTIFIER], id="no identifier"),
        pytest.param(
            Identifiers(meter_import_id="SB-ELEC-01", observation_type_code="GASUSE"), [4], id="the only one of a meter"
        ),
    ],
)
def test_identifiers_match_other_channels_step_by_step(identifiers: Identifiers, expected: list[object]) -> None:
    one, two, three = make_live(1), make_live(2), make_live(3, TO_KW)
    index = make_index((one, two, three, make_live(4, data_point=SOUTH)))
    steps = (
        draft_of(one, {"channelImportId": "NEW", **TO_KW}),
        draft_of(two, {"channelImportId": "C-1", UNIT: 3}),
        draft_of(three, {"channelInfo": "Renamed"}),
    )

    (trace,) = trace_identifiers([identifiers], index, steps)

    assert list_resolutions(trace) == expected


def test_identifiers_of_all_kinds_are_traced_together() -> None:
    one, two = make_live(1), make_live(2, TO_KW)
    by_id, by_import_id = Identifiers(channel_id=1, channel_import_id="C-2"), Identifiers(channel_import_id="C-1")

    traces = trace_identifiers(
        [by_id, NORTH, by_import_id, KWH], make_index((one, two)), [draft_of(one, {"channelImportId": "NEW", **TO_KW})]
    )

    assert [list_resolutions(trace) for trace in traces] == [
        [1],
        [ResolutionFailure.AMBIGUOUS],
        [1, ("n1", ResolutionFailure.UNMATCHED)],
        [1, ("n1", ResolutionFailure.UNMATCHED)],
    ]
    assert [
        list_resolutions(trace) for trace in trace_identifiers([by_import_id, KWH], make_index((one, two)), [])
    ] == [
        [1],
        [1],
    ]


def test_each_step_includes_those_before_it() -> None:
    one, two = make_live(1), make_live(2, TO_KW)
    index = make_index((one, two))
    identifiers = [KWH, replace(KWH, unit_code="KW")]

    swapped = trace_identifiers(identifiers, index, (draft_of(one, TO_KW), draft_of(two, {UNIT: 1})))

    assert [list_resolutions(trace) for trace in swapped] == [
        [1, ("n1", ResolutionFailure.UNMATCHED), ("n2", 2)],
        [2, ("n1", ResolutionFailure.AMBIGUOUS), ("n2", 1)],
    ]


def test_an_edited_observation_type_affects_its_old_and_its_new_code() -> None:
    one, two = make_live(1), make_live(2, {"observationTypeId": 11})
    demand = replace(USE, observation_type_code="ELECDEMAND")

    traces = trace_identifiers([USE, demand], make_index((one, two)), [draft_of(one, {"observationTypeId": 11})])

    assert [list_resolutions(trace) for trace in traces] == [
        [1, ("n1", ResolutionFailure.UNMATCHED)],
        [2, ("n1", ResolutionFailure.AMBIGUOUS)],
    ]


def test_one_channel_can_get_an_import_id_while_another_loses_its_own() -> None:
    one, two = make_live(1, {"channelImportId": None}), make_live(2)
    steps = (draft_of(one, {"channelImportId": "A"}), draft_of(two, {"channelImportId": None}))
    given = [Identifiers(channel_import_id="A"), Identifiers(channel_import_id="C-2")]

    traces = trace_identifiers(given, make_index((one, two)), steps)

    assert [list_resolutions(trace) for trace in traces] == [
        [ResolutionFailure.UNMATCHED, ("n1", 1)],
        [2, ("n2", ResolutionFailure.UNMATCHED)],
    ]


def test_a_channel_on_a_data_point_without_import_id_is_found_only_by_its_own_import_id() -> None:
    live = make_live(1, data_point=replace(SOUTH, import_id=None))
    draft = draft_of(live, {"channelImportId": "A", **TO_KW})

    traces = trace_identifiers([Identifiers(channel_import_id="A")], make_index((live,)), [draft])

    assert [list_resolutions(trace) for trace in traces] == [[ResolutionFailure.UNMATCHED, ("n1", 1)]]
    assert list(undeclared_identifiers([draft], make_index((live,)))) == [Identifiers(channel_import_id="C-1")]


ONE, TWO = make_live(1), make_live(2, TO_KW)
TWO_IN, TWO_OUT, ONE_OUT = draft_of(TWO, {UNIT: 1}), draft_of(TWO, TO_KW), draft_of(ONE, TO_KW)


@pytest.mark.parametrize(
    ("steps", "losing", "expected"),
    [
        pytest.param([ONE_OUT], 0, [1, ("n1", ResolutionFailure.UNMATCHED)], id="one change"),
        pytest.param([ONE_OUT, TWO_IN], 0, [1, ("n1", ResolutionFailure.UNMATCHED), ("n2", 2)], id="the first of two"),
        pytest.param(
            [TWO_IN, TWO_OUT, ONE_OUT, TWO_IN],
            2,
            [
                1,
                ("n2", ResolutionFailure.AMBIGUOUS),
                ("n2", 1),
                ("n1", ResolutionFailure.UNMATCHED),
                ("n2", 2),
            ],
            id="the first after the channel was matched again",
        ),
    ],
)
def test_the_losing_change_is_the_last_one_after_which_the_channel_is_not_matched(
    steps: list[Draft], losing: int, expected: list[object]
) -> None:
    (trace,) = trace_identifiers([KWH], make_index((ONE, TWO)), steps)

    assert list_resolutions(trace) == expected
    assert trace.find_losing_change(1) == trace.changes[losing]


def test_undeclared_identifiers_are_those_of_channels_on_edited_meters() -> None:
    one, two = make_live(1), make_calculated(2, "channel(1)")
    lonely, elsewhere = make_live(3, data_point=SOUTH), make_live(4, data_point=replace(SOUTH, import_id="OTHER"))
    steps = (draft_of(one, TO_KW), draft_of(lonely, TO_KW), draft_of(elsewhere, {"channelImportId": "NEW"}))

    implied = list(undeclared_identifiers(steps, make_index((one, two, lonely, elsewhere))))

    assert implied == [Identifiers(channel_import_id="C-4"), USE, KWH, QUARTERLY]


def test_an_edited_import_id_affects_only_the_one_that_a_channel_has() -> None:
    channels = (make_live(1), make_live(2, {"channelImportId": None}), make_live(3, {"channelImportId": ""}))
    steps = [draft_of(channel, {"channelImportId": "NEW"}) for channel in channels]

    assert list(undeclared_identifiers(steps, make_index(channels))) == [Identifiers(channel_import_id="C-1")]


def test_a_channel_without_a_known_type_has_no_undeclared_identifiers() -> None:
    one, two = make_live(1, {"observationTypeId": 99}), make_live(2, {UNIT: 99})

    implied = list(undeclared_identifiers([draft_of(one, TO_KW)], make_index((one, two))))

    assert implied == [USE]


def test_only_edits_of_identifying_fields_affect_routing() -> None:
    draft = draft_of(make_live(1), {"channelInfo": "Renamed", "channelImportId": "A", **TO_KW, "intervalMinutes": 60})

    assert [edit.path for edit in causing_edits(draft, Identifiers(channel_import_id="C-1"))] == ["channelImportId"]
    assert [edit.path for edit in causing_edits(draft, QUARTERLY)] == [UNIT, "intervalMinutes"]
    assert affects_routing(draft)
    assert not affects_routing(draft_of(make_live(1), {"channelInfo": "Renamed"}))
