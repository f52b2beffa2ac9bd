"""Planner and sandbox share no code; what the one blocks, the other refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler import sandbox
from reconciler.definitions.load import load_definitions
from reconciler.energycap.client import open_editor, open_reader
from reconciler.errors import Rejected
from reconciler.model.project import ChannelEdit, Environment
from reconciler.planning.plan import PlanRequest, make_plan
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plan import Change

SIMPLE = make_channel(1)
READ = make_channel(2, readings=True)
VERSIONS = [
    make_version(30, endDate="2025-01-01T00:00:00"),
    make_version(31, beginDate="2025-01-01T00:00:00"),
]
SEVERAL = make_channel(3, versions=VERSIONS, isCalculatedConvertible=False)
CALCULATED = make_channel(4, {"formula": "channel(1) * 2"}, isCalculated=True)
READ_CALCULATED = make_channel(5, {"formula": "channel(1) * 3"}, isCalculated=True, readings=True)
DEMAND = make_channel(6, type="ELECDEM")
PRIMARY = make_channel(7, isPrimaryValue=True)
ELSEWHERE = make_channel(8, data_point=2)
WORLD = make_world(SIMPLE, READ, SEVERAL, CALCULATED, READ_CALCULATED, DEMAND, PRIMARY, ELSEWHERE)

TO_CALCULATED = {"isCalculated": True, "intervalMinutes": None, "esaChannelVersion": {"formula": "channel(7) * 2"}}
TO_SIMPLE = {"isCalculated": False, "intervalMinutes": 15, "esaChannelVersion": {"formula": None}}

CASES = [
    pytest.param("ESA401", 2, TO_CALCULATED, {}, id="ESA401 to calculated, with readings"),
    pytest.param("ESA402", 3, TO_CALCULATED, {}, id="ESA402 to calculated, with several versions"),
    pytest.param("ESA403", 1, TO_CALCULATED, {}, id="ESA403 to calculated, used in formulas"),
    pytest.param("ESA404", 5, TO_SIMPLE, {}, id="ESA404 to simple, with readings"),
    pytest.param("ESA406", 6, {"esaChannelVersion": {"observationRule": "Odometer"}}, {}, id="ESA406 demand, Odometer"),
    pytest.param("ESA407", 1, {"esaChannelVersion": {"unitCode": "USD"}}, {}, id="ESA407 a unit of money"),
    pytest.param("ESA408", 1, {"channelImportId": "IMP-2"}, {}, id="ESA408 an import id in use"),
    pytest.param("ESA409", 7, {"isPrimaryValue": False}, {}, id="ESA409 the last primary value given up"),
    pytest.param(
        "ESA409", 1, {"isPrimaryValue": True}, {"second_primary": "reject"}, id="ESA409 a second primary value"
    ),
    pytest.param("ESA410", 4, {"esaChannelVersion": {"formula": "channel(5) * 2"}}, {}, id="ESA410 a calculated input"),
    pytest.param("ESA410", 4, {"esaChannelVersion": {"formula": "channel(8) * 2"}}, {}, id="ESA410 another data point"),
]


@pytest.mark.parametrize(("rule", "channel_id", "values", "settings"), CASES)
def test_what_the_plan_blocks_the_service_refuses(
    tmp_path: Path, rule: str, channel_id: int, values: dict[str, Any], settings: dict[str, str]
) -> None:
    options = sandbox.Options(sandbox.parse_settings(f"{name}={value}" for name, value in settings.items()))
    with sandbox.running(tmp_path / "sandbox.sqlite3", WORLD, options) as service:
        change = _plan(tmp_path, service.url, channel_id, values)
        assert [block.rule for block in change.blocked_by] == [rule]
        with open_editor(service.url, "sandbox") as editor:
            fresh = editor.read_channel(channel_id)
            # A PUT of a channel with several versions says nothing of versions.
            wanted = change.target_values if len(fresh.versions) == 1 else {"isCalculated": True}
            with pytest.raises(Rejected) as refusal:
                editor.edit_channel(fresh, wanted, ChannelEdit.OMIT_VERSION)
    assert refusal.value.status == 400


def test_the_service_s_own_verdict_blocks_where_no_cause_is_seen(tmp_path: Path) -> None:
    """ESA405, from a service of the test's own: the sandbox never says no without a cause."""
    stuck = make_channel(9, isCalculatedConvertible=False)
    replies = {LIST: reply_list(PRIMARY, stuck), UNITS: Reply(body=[]), TYPES: Reply(body=[])}
    with answering(replies) as url:
        change = _plan(tmp_path, url, 9, TO_CALCULATED)
    assert [block.rule for block in change.blocked_by] == ["ESA405"]


def _plan(root: Path, url: str, channel_id: int, values: dict[str, Any]) -> Change:
    (root / "channels").mkdir()
    definition = {"channels": {"one": {"channelId": channel_id, **values}}}
    (root / "channels" / "one.yaml").write_text(yaml.safe_dump(definition), encoding="utf-8")
    loaded = load_definitions(root, ["channels"])
    assert loaded.findings == ()
    basis = PlanRequest("0", Environment("local", url), "2026-11-21T00:00:00Z", None, ())
    with open_reader(url, "sandbox") as reader:
        plan = make_plan(loaded.definitions, reader.read_snapshot(), basis)
    assert plan.findings == ()
    (change,) = plan.changes
    return change
