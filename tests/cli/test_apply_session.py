"""A plan that is applied: a service that dies meanwhile, and a forged plan that asks for more than was reviewed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import PlanFileError
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import seal
from tests.cases import note_case
from tests.cli.workspace import PROJECT
from tests.stub import LIST, TYPES, UNITS, Reply, answering, reply_list
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.workspace import Answer, Workspace


IDS = range(1, 7)


class Mortal:
    """Six channels, and a service that refuses everything once it has done so many writes."""

    def __init__(self, writes: int) -> None:
        self._left = writes
        self._channels: dict[int, dict[str, Any]] = {id_: make_channel(id_, data_point=id_) for id_ in IDS}

    @property
    def replies(self) -> dict[str, Reply | Callable[[], Reply]]:
        return {
            LIST: lambda: self._unless_dead(reply_list(*self._channels.values())),
            UNITS: Reply(body=[]),
            TYPES: Reply(body=[]),
            **{f"{LIST}/{id_}": self._reader(id_) for id_ in IDS},
            **{f"PUT {LIST}/{id_}": self._writer(id_) for id_ in IDS},
        }

    def _unless_dead(self, reply: Reply) -> Reply:
        return reply if self._left > 0 else Reply(400, {"message": "out of order"})

    def _reader(self, id_: int) -> Callable[[], Reply]:
        return lambda: self._unless_dead(Reply(body=self._channels[id_]))

    def _writer(self, id_: int) -> Callable[[], Reply]:
        def write() -> Reply:
            if self._left <= 0:
                return Reply(400, {"message": "out of order"})
            self._left -= 1
            self._channels[id_]["channelInfo"] = "New"
            return Reply(body=self._channels[id_])

        return write


@pytest.mark.parametrize(("writes", "line"), [(3, "3 done, 0 stale, 3 failed"), (6, "6 done, 0 stale, 0 failed")])
def test_what_was_confirmed_before_the_service_died_counts_as_done(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, writes: int, line: str
) -> None:
    monkeypatch.setenv("ECI_API_KEY", "key")
    workspace.define({f"c{id_}": {"channelId": id_, "channelInfo": "New"} for id_ in IDS})
    with answering(Mortal(writes).replies) as url:
        workspace.write(
            "reconciler.yaml", f"{PROJECT.replace('url: sandbox', f'url: {url}')}guards: {{maxChanges: 10}}\n"
        )
        answer = workspace.run("apply", "--auto-approve", "--parallelism", "1")

    (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
    shown = workspace.run("show", str(journal)).out.splitlines()
    assert answer.code == 6
    assert answer.out.splitlines()[-1] == f"Apply: {line}, 0 not tried."
    assert f"Apply: {line}, 0 not tried." in shown
    assert f"{writes} of them confirmed but not read back." in answer.out
    assert "Next, plan again to see what is left:" in answer.out


WORLD = make_world(
    make_channel(1, channelImportId="A"),
    make_channel(2, channelImportId="B"),
    make_channel(3, data_point=2, readings=True),
    make_channel(4, data_point=3),
)
# "two" gets the import id that "one" gives up, so it comes after it.
WANTED = {
    "one": {"channelId": 1, "channelImportId": "FREED", "channelInfo": "Renamed"},
    "two": {"channelId": 2, "channelImportId": "A"},
    "read": {"channelId": 3, "esaChannelVersion": {"multiplier": 2}},
    "same": {"channelId": 4, "channelInfo": "Channel 4"},
}
FORGERY_IDS = {"one": 1, "two": 2, "read": 3}


@pytest.fixture
def reviewed(workspace: Workspace) -> dict[str, Any]:
    """The plan that was reviewed, as JSON, at a workspace where it can be applied."""
    workspace.load(WORLD)
    workspace.define(WANTED)
    assert workspace.run("plan", "--out", "plan.json", "--detailed-exitcode").code == 2
    document: dict[str, Any] = json.loads((workspace.root / "plan.json").read_text(encoding="utf-8"))
    return document


def apply_forged(workspace: Workspace, document: dict[str, Any]) -> Answer:
    document["digest"] = seal(document)
    workspace.write("forged.json", json.dumps(document))
    return workspace.run("apply", "forged.json")


def read_live(workspace: Workspace) -> dict[str, Any]:
    return {name: workspace.live(id_) for name, id_ in FORGERY_IDS.items()}


@pytest.fixture
def before_and_after(workspace: Workspace, reviewed: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What EnergyCAP has before the reviewed plan is applied, and after it."""
    assert not reviewed["errored"]
    before = read_live(workspace)
    assert workspace.run("apply", "plan.json").code == 0
    return before, read_live(workspace)


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in document["resource_changes"] if row["name"] == name)


def write_other_name(document: dict[str, Any]) -> None:
    row(document, "one")["change"]["api"]["after"]["channelInfo"] = "Forged"


def write_other_name_everywhere(document: dict[str, Any]) -> None:
    one = row(document, "one")
    one["change"]["api"]["after"]["channelInfo"] = one["change"]["after"]["channelInfo"] = "Forged"
    next(edit for edit in one["edits"] if edit["path"] == "channelInfo")["after"] = "Forged"


def write_unshown_unit(document: dict[str, Any]) -> None:
    row(document, "read")["change"]["api"]["after"]["esaChannelVersion"]["unitId"] = 2


def write_unshown_offset(document: dict[str, Any]) -> None:
    row(document, "read")["change"]["api"]["after"]["esaChannelVersion"]["offset"] = 5


def write_implied_offset(document: dict[str, Any]) -> None:
    read = row(document, "read")
    path = "esaChannelVersion.offset"
    edit = {**read["edits"][0], "path": path, "before": None, "after": 5, "implied_by": read["edits"][0]["path"]}
    read["edits"].append(edit)
    for part, value in (("before", None), ("after", 5)):
        read["change"][part]["esaChannelVersion"]["offset"] = value
        read["change"]["api"][part]["esaChannelVersion"]["offset"] = value


def write_other_channel(document: dict[str, Any]) -> None:
    row(document, "read")["channel_id"] = 4


def swap_channels(document: dict[str, Any]) -> None:
    row(document, "read")["channel_id"], row(document, "same")["channel_id"] = 4, 3


def edit_what_needs_no_edit(document: dict[str, Any]) -> None:
    row(document, "same")["edits"] = row(document, "one")["edits"]


def hide_history(document: dict[str, Any]) -> None:
    row(document, "read")["edits"][0]["impact"] = "cosmetic"


def drop_an_edit(document: dict[str, Any]) -> None:
    del row(document, "one")["edits"][0]


def allow_in_words(document: dict[str, Any]) -> None:
    row(document, "read")["verdict"] = "blocked"
    document["summary"].update(update=2, blocked=1)


def name_twice(document: dict[str, Any]) -> None:
    document["resource_changes"].append(row(document, "same"))
    document["summary"]["no_op"] += 1


def forget_the_version(document: dict[str, Any]) -> None:
    row(document, "read")["version"]["id"] = 999


def address_another(document: dict[str, Any]) -> None:
    row(document, "read")["address"] = "esa_channel.same"


def depend_on_nobody(document: dict[str, Any]) -> None:
    row(document, "two")["depends_on"] = ["esa_channel.nobody"]


def depend_on_nothing(document: dict[str, Any]) -> None:
    row(document, "two")["depends_on"] = []


def go_round_in_circles(document: dict[str, Any]) -> None:
    row(document, "one")["depends_on"] = ["esa_channel.two"]


def call_it_inverse(document: dict[str, Any]) -> None:
    document["definitions"]["digest"] = "inverse of sha256:0"


def call_it_inverse_and_rename(document: dict[str, Any]) -> None:
    call_it_inverse(document)
    write_other_name_everywhere(document)


FORGERIES = [
    (write_other_name, 1),
    (write_other_name_everywhere, 5),
    (write_unshown_unit, 1),
    (write_unshown_offset, 1),
    (write_implied_offset, 1),
    (write_other_channel, 1),
    (swap_channels, 5),
    (edit_what_needs_no_edit, 1),
    (hide_history, 5),
    (drop_an_edit, 1),
    (allow_in_words, 1),
    (name_twice, 1),
    (forget_the_version, 1),
    (address_another, 1),
    (depend_on_nobody, 1),
    (depend_on_nothing, 5),
    (go_round_in_circles, 1),
    (call_it_inverse, 1),
    (call_it_inverse_and_rename, 1),
]


@pytest.mark.parametrize(("forge", "code"), FORGERIES, ids=[forge.__name__ for forge, _ in FORGERIES])
def test_a_forged_plan_is_refused_and_nothing_is_written(
    workspace: Workspace, reviewed: dict[str, Any], forge: Callable[[dict[str, Any]], None], code: int
) -> None:
    forge(reviewed)

    assert apply_forged(workspace, reviewed).code == code
    assert workspace.writes == []


@pytest.mark.parametrize("forge", [forge for forge, code in FORGERIES if code == 1 and "inverse" not in forge.__name__])
def test_what_apply_refuses_for_its_parts_is_not_shown_either(
    workspace: Workspace, reviewed: dict[str, Any], forge: Callable[[dict[str, Any]], None]
) -> None:
    forge(reviewed)
    reviewed["digest"] = seal(reviewed)
    workspace.write("forged.json", json.dumps(reviewed))

    answer = workspace.run("show", "forged.json")

    assert (answer.code, answer.out) == (1, "")


def test_a_count_of_managed_channels_is_not_believed(workspace: Workspace, reviewed: dict[str, Any]) -> None:
    workspace.write("reconciler.yaml", f"{PROJECT}guards:\n  maxChanges: 50%\n")
    reviewed["managed"] = 1000

    answer = apply_forged(workspace, reviewed)

    assert (answer.code, workspace.writes) == (4, [])
    assert "the plan changes 3 of 4 managed channels (75%)" in answer.out


def test_errors_that_were_taken_out_of_a_plan_still_stop_it(workspace: Workspace) -> None:
    workspace.load(WORLD)
    workspace.define({**WANTED, "nobody": {"channelId": 99, "channelInfo": "X"}})
    assert workspace.run("plan", "--out", "plan.json").code == 1
    document = json.loads((workspace.root / "plan.json").read_text(encoding="utf-8"))
    document.update(findings=[], errored=False)

    answer = apply_forged(workspace, document)

    assert (answer.code, workspace.writes) == (1, [])
    assert answer.err.splitlines()[0] == (
        "reconciler: the plan made from files and EnergyCAP now has errors; nothing was written"
    )


def test_what_was_not_reviewed_is_not_sent_and_said(workspace: Workspace, reviewed: dict[str, Any]) -> None:
    workspace.define({**WANTED, "same": {"channelId": 4, "channelInfo": "Came later"}})

    answer = apply_forged(workspace, reviewed)

    assert answer.code == 0
    assert answer.err == "not reviewed, so not sent: same; to send them, plan again\n"
    assert workspace.live(4)["channelInfo"] == "Channel 4"


def test_a_key_that_is_there_twice_is_refused(workspace: Workspace, reviewed: dict[str, Any]) -> None:
    text = json.dumps(reviewed)
    workspace.write(
        "forged.json", text.replace('"verdict": "allowed"', '"verdict": "blocked", "verdict": "allowed"', 1)
    )

    answer = workspace.run("apply", "forged.json")

    assert (answer.code, answer.err.splitlines()[0]) == (
        1,
        "reconciler: the saved plan contradicts itself: one object has the key 'verdict' twice",
    )


def test_what_a_refusal_quotes_of_a_plan_is_only_text(workspace: Workspace, reviewed: dict[str, Any]) -> None:
    row(reviewed, "two")["depends_on"] = ["esa_channel.\x1b[31m\u202e ::error::x"]

    answer = apply_forged(workspace, reviewed)

    assert answer.code == 1
    assert all(line.isprintable() and " ::" not in line for line in answer.err.splitlines())


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.sampled_from([0.5, "", "A", "allowed", "no-op", "\x1b[31m", [], {}])
)


@st.composite
def _places(draw: st.DrawFn, document: Any) -> tuple[Any, Any]:
    """A container somewhere in `document`, and a key of it."""
    place = document
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.integers(0, 5)) == 0:
            return place, key
        place = place[key]


def _mutate(document: dict[str, Any], data: st.DataObject) -> None:
    place, key = data.draw(_places(document))
    if data.draw(st.integers(0, 4)) == 0:
        del place[key]
    else:
        place[key] = data.draw(ODD | st.just(place[key]))


def _list_sent(document: dict[str, Any]) -> set[str]:
    """The changes that a forged plan shows as to be sent; none if it cannot be read."""
    try:
        return {change.name for change in read_plan(json.dumps(document)).sendable}
    except PlanFileError:
        return set()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_a_plan_with_any_value_changed_and_sealed_again_writes_what_is_asked_for_or_nothing(
    workspace: Workspace,
    reviewed: dict[str, Any],
    before_and_after: tuple[dict[str, Any], dict[str, Any]],
    data: st.DataObject,
) -> None:
    before, after = before_and_after
    workspace.load(WORLD)
    forged = json.loads(json.dumps(reviewed))
    _mutate(forged, data)

    is_other = forged != reviewed
    code = apply_forged(workspace, forged).code
    note_case(reached=is_other)

    sent = _list_sent(forged) if code == 0 else set()
    assert read_live(workspace) == {name: (after if name in sent else before)[name] for name in FORGERY_IDS}
    puts = [path.rpartition("/")[2] for _, path in workspace.writes]
    assert "2" not in puts or puts.index("1") < puts.index("2")
