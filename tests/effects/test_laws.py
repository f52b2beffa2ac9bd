"""Whether a forecast that says it is exact is what the service has after the edit, whatever its arithmetic."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from reconciler.effects.measure import measure_effects
from reconciler.effects.tallies import to_number
from reconciler.energycap.client import open_editor, open_sender
from reconciler.errors import ServiceError
from reconciler.model.effects import EffectStatus
from reconciler.model.registers import ReadingSpan
from reconciler.model.windows import ReadingWindow
from reconciler.sandbox import Options, parse_settings, running
from reconciler.sandbox.demo_world import make_demo_world
from reconciler.sandbox.settings import describe_settings
from tests.cases import note_case
from tests.planning.tenant import make_desired, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Live
    from reconciler.model.effects import Effect
    from reconciler.model.values import Spec

KEY = "sandbox"
V = "esaChannelVersion."
# In the demo world 1046 is a register of gas, and 1047 is 1046 * 1.037.
CHANNEL, USER = 1046, 1047
START = datetime(2026, 11, 21)  # noqa: DTZ001 - local times have no zone
OPEN = (
    "offset_order", "value_precision", "value_bounds", "first_difference", "rollback_base", "rollback_value",
    "boundary_difference",
)  # fmt: skip
CHOICES = {row.name: row.values for row in describe_settings() if row.name in OPEN}
numbers = st.sampled_from([1, 10, 0.5, 1.037, 2.25, 40, 0.001])


class Case(Struct, frozen=True):
    """A service, the settings of a channel today and as planned, and how far its register goes at each step."""

    assignments: tuple[str, ...]
    today: Spec
    planned: Spec
    steps: tuple[float, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    chosen = tuple(f"{name}={draw(st.sampled_from(values))}" for name, values in CHOICES.items())
    is_register = draw(st.booleans())
    rule: Spec = {f"{V}observationRuleId": 1 if is_register else 2}
    own: dict[str, Any] = {f"{V}multiplier": draw(numbers)}
    if is_register:
        own |= {
            f"{V}rolloverValue": draw(st.sampled_from([1000, 99999])),
            f"{V}rollbackAllowance": draw(st.sampled_from([0, 0.1])),
        }
    else:
        own |= {f"{V}offset": draw(st.sampled_from([None, 3, 0.25]))}
    if draw(st.booleans()):
        own |= {f"{V}minimumReading": 1, f"{V}maximumReading": 30}
    own[f"{V}isValuePositive"] = draw(st.booleans())
    planned: dict[str, Any] = {f"{V}multiplier": draw(numbers)}
    if draw(st.booleans()):
        planned[f"{V}maximumReading"] = draw(st.sampled_from([5, 500]))
    steps = draw(st.lists(st.sampled_from([0, 1, 2.5, 0.125, 7, 40, -2, -300.5]), min_size=2, max_size=40))
    return Case(chosen, {**rule, **own}, planned, tuple(steps))


def read_total(editor: Editor, live: Live, effect: Effect) -> float:
    """The total of the values that are stored in the window by now, summarized ones for a calculated channel."""
    assert effect.window is not None
    span = ReadingSpan(live, *map(datetime.fromisoformat, (effect.window.after, effect.window.up_to)))
    values: list[Decimal | None] = []
    for _, found in editor.stream_summarized([span]) if live.is_calculated else ():
        assert not isinstance(found, ServiceError)
        values += [one.value for one in found if one.time > effect.window.after]
    for _, rows in () if live.is_calculated else editor.stream_readings([span]):
        assert not isinstance(rows, ServiceError)
        values += [one.processed for one in rows if one.time > effect.window.after]
    return to_number(sum((value for value in values if value is not None), Decimal())) or 0


def list_possible(effect: Effect) -> set[float]:
    return {effect.after or 0, *(other.after or 0 for other in effect.alternatives)}


def list_raws(case: Case) -> list[float]:
    """A register that goes on by each step and begins again at its end, or the steps themselves."""
    if case.today[f"{V}observationRuleId"] == 2:
        return list(case.steps)
    raws, at = [], Decimal(500)
    for step in case.steps:
        at = (at + Decimal(repr(step))) % Decimal(int(str(case.today[f"{V}rolloverValue"])))
        raws.append(float(at))
    return raws


def send(url: str, case: Case) -> None:
    times = ((START + index * timedelta(minutes=30)).isoformat() for index in range(len(case.steps)))
    rows = [
        {"time": time, "value": raw, "estimated": False, "note": None}
        for time, raw in zip(times, list_raws(case), strict=True)
    ]
    with open_sender(url, KEY) as sender:
        sender.send_esa_readings([{"esaChannelId": CHANNEL, "readings": rows}])


def set_values(editor: Editor, values: Spec) -> None:
    fresh = editor.read_channel(CHANNEL)
    editor.edit_version(fresh, values)


@settings(
    max_examples=max(100, settings().max_examples) // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cases())
def test_what_an_exact_effect_says_is_what_is_stored_after_the_edit(tmp_path: Path, case: Case) -> None:
    (tmp_path / "sandbox.sqlite3").unlink(missing_ok=True)
    options = Options(settings=parse_settings(case.assignments))
    with (
        running(tmp_path / "sandbox.sqlite3", make_demo_world(), options) as service,
        open_editor(service.url, KEY) as editor,
    ):
        set_values(editor, case.today)
        send(service.url, case)
        lives = [editor.read_channel(id_) for id_ in (CHANNEL, USER)]
        plan = plan_of([make_desired("gas", CHANNEL, case.planned)], lives)
        (change,) = measure_effects(plan, lives, editor, ReadingWindow(days=1).find_begin).changes
        note_case(reached=change.effect is not None and change.effect.status is EffectStatus.EXACT)
        if change.effect is None or change.effect.status is not EffectStatus.EXACT:
            return
        effect = change.effect
        set_values(editor, change.target_values)

        assert read_total(editor, lives[0], effect) in list_possible(effect)
        (user,) = effect.used_by
        event(f"effect on the user: {user.effect.status.value}")
        if user.effect.status is EffectStatus.EXACT and not effect.alternatives:
            assert read_total(editor, lives[1], user.effect) in list_possible(user.effect)
