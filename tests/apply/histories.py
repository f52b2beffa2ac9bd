"""What a history is played on: one plan, one emulated service, one journal; and what others do there meanwhile."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
from hypothesis import assume
from msgspec import Struct, field

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.read_back import Patience
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor
from reconciler.errors import ServiceError
from reconciler.model.plan import Action
from reconciler.planning.plan import PlanRequest, make_plan
from reconciler.sandbox import parse_faults, parse_settings
from tests.apply.inside import Added, Edited, Founded, Killed, Removed, Sent, Trouble, open_inside
from tests.apply.judge import check_result
from tests.apply.strategies import FIRST_ID, FOREIGN, ForeignChannel, ForeignEdit, ForeignVersion, Run, VersionAct
from tests.apply.truth import read_truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.apply.journal_reader import JournalContent
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Definitions
    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.plan import Change, Plan
    from reconciler.model.project import Environment
    from reconciler.model.values import Value
    from reconciler.sandbox import World
    from tests.apply.inside import Foreign, Inside
    from tests.apply.strategies import Step
    from tests.apply.truth import Truth

URL = "http://127.0.0.1:1"
# Where journals cost no time; that they reach a disk is tested elsewhere.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_HEADERS = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}
_VERSION = "esaChannelVersion."


class Scenario(Struct):
    """One plan, one service, one journal, and all that happens there."""

    inside: Inside
    editor: Editor
    other: Editor
    environment: Environment
    assignments: tuple[str, ...]
    definitions: Definitions
    folder: Path
    plan: Plan
    parallelism: int
    world: World
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def play(self, step: Step) -> None:
        """One step of a history; of a run that ends by itself the result is checked against the service's journal."""
        if not isinstance(step, Run):
            if done := self.act_elsewhere(step):
                self.inside.moments.append(done)
            return
        acts = {number: partial(self.act_elsewhere, one) for number, one in step.edits.items()}
        trouble = Trouble(step.dies_at, step.dies_after_answer, step.stops_at, acts)
        self.inside.trouble_with(parse_faults(step.faults), trouble)
        first = len(self.inside.moments)
        try:
            result = self.apply(trouble)
        except Killed:
            self.lose_power(step.lost)
        else:
            check_result(result, self.inside.moments[first:], self.import_ids)
        finally:
            self.inside.quiet()

    def apply(self, trouble: Trouble | None = None) -> ApplyResult:
        with open_journal(self.folder, self.plan) as journal:
            stop, patience = (trouble or Trouble()).stop, Patience(sleep=lambda _seconds: None)
            options = ApplyOptions(self.parallelism, journal=journal, stop=stop, patience=patience)
            return apply_plan(self.plan, self.editor, self.environment, options)

    def list_sent(self) -> list[Sent]:
        """The writes of the apply that reached the service."""
        return [one for one in self.inside.moments if isinstance(one, Sent)]

    @property
    def import_ids(self) -> dict[str, str]:
        """The import ids of the channels that the plan creates, by name."""
        return {change.name: str(change.target_values["channelImportId"]) for change in self.list_new()}

    def list_new(self) -> list[Change]:
        """The changes that create a channel."""
        return [change for change in self.plan.sendable if change.action is Action.CREATE]

    def find_id(self, change: Change) -> int | None:
        """The id of the channel of a change; None for a new one that is not there yet."""
        if change.action is not Action.CREATE:
            return change.channel_id
        ids = [
            id_
            for id_, truth in read_truth(self.inside.store).items()
            if truth.values["channelImportId"] == self.import_ids[change.name]
        ]
        return max(ids, default=None)

    def act_elsewhere(self, act: ForeignEdit | ForeignVersion | ForeignChannel) -> Foreign | None:
        """Do what somebody else would; None where the service does not let them."""
        match act:
            case ForeignEdit():
                return self._edit_elsewhere(act)
            case ForeignVersion():
                return self._change_versions_elsewhere(act)
            case ForeignChannel():
                return self._create_elsewhere(act)

    def _create_elsewhere(self, act: ForeignChannel) -> Founded | None:
        new = self.list_new()
        if not new:
            return None
        change = new[act.number % len(new)]
        values = change.target_values if act.is_same else {**change.target_values, "channelInfo": "Theirs"}
        if "formula" in str(values.get(f"{_VERSION}formula")) or change.target_values["isCalculated"]:
            return None
        body: dict[str, Any] = {path: value for path, value in values.items() if "." not in path}
        version = {path.removeprefix(_VERSION): value for path, value in values.items() if "." in path}
        body["esaChannelVersion"] = {name: value for name, value in version.items() if name != "beginDate"}
        point = change.data_point.id
        body["dataPointId"] = (20_001 + 20_002 - point) if act.is_elsewhere else point
        if not self._send("POST", "", body):
            return None
        return Founded(max(read_truth(self.inside.store)), str(values["channelImportId"]))

    def _edit_elsewhere(self, edit: ForeignEdit) -> Edited | None:
        channel_id, path = self._aim(edit)
        if channel_id is None:
            return None
        number = next(self._numbers)
        value: Value = 1000 + number if "." in path else f"Foreign {number}"
        with suppress(ServiceError):
            fresh = self.other.read_channel(channel_id)
            if "." not in path:
                self.other.edit_channel(fresh, {path: value}, self.environment.channel_edit)
                return Edited(channel_id, path, value)
            self.other.edit_version(fresh, {path: value})
            return Edited(channel_id, path, value, fresh.current.id)
        return None

    def _aim(self, edit: ForeignEdit) -> tuple[int | None, str]:
        if not edit.is_planned:
            return FIRST_ID + edit.number, edit.path
        change = self.plan.sendable[edit.number % len(self.plan.sendable)]
        managed = [path for path in FOREIGN if path in change.target_values]
        return self.find_id(change), managed[0] if edit.hits and managed else edit.path

    def _change_versions_elsewhere(self, act: ForeignVersion) -> Foreign | None:
        change = self.plan.sendable[act.number % len(self.plan.sendable)]
        channel_id = self.find_id(change) if act.is_planned else FIRST_ID + act.number
        if channel_id is None:
            return None
        versions = read_truth(self.inside.store)[channel_id].versions
        ids = list(versions)
        version_id = ids[act.place % len(ids)]
        number = next(self._numbers)
        match act.act:
            case VersionAct.EDIT:
                value = 1000 + number
                body = versions[version_id] | {"multiplier": value}
                is_done = self._send("PUT", f"/{channel_id}/version/{version_id}", body)
                return Edited(channel_id, f"{_VERSION}multiplier", value, version_id) if is_done else None
            case VersionAct.DELETE:
                is_done = self._send("DELETE", f"/{channel_id}/version/{version_id}")
                return Removed(channel_id, version_id) if is_done else None
            case VersionAct.CREATE:
                body = versions[ids[-1]] | {"beginDate": act.begin, "multiplier": 1000 + number}
            case VersionAct.CREATE_PLANNED:
                created = change.created_versions if act.is_planned else ()
                if not created:
                    return None
                one = created[act.place % len(created)]
                body = {path.removeprefix(_VERSION): value for path, value in one.target_values.items()}
                body |= {} if act.is_same else {"multiplier": 1000 + number}
        if not self._send("POST", f"/{channel_id}/version", body):
            return None
        (made,) = read_truth(self.inside.store)[channel_id].versions.keys() - versions.keys()
        return Added(channel_id, made)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> bool:
        """Send a request as another program would; whether the service did it."""
        content = None if body is None else json.dumps(body)
        with httpx.Client(transport=self.inside.other(), headers=_HEADERS) as client:
            return client.request(method, f"{URL}/api/v202406/esachannel{path}", content=content).is_success

    def lose_power(self, share: float) -> None:
        """Cut from the journal a share of what no disk was made to have: all behind the last intent."""
        for journal in self.folder.iterdir():
            lines = journal.read_bytes().splitlines(keepends=True)
            durable = max(index for index, line in enumerate(lines) if b'"kind":"landed"' not in line) + 1
            kept, tail = b"".join(lines[:durable]), b"".join(lines[durable:])
            journal.write_bytes(kept + tail[: round(len(tail) * (1 - share))])

    def read_journal(self) -> JournalContent:
        (journal,) = self.folder.iterdir()
        return read_journal(journal)


def plan_of(editor: Editor, definitions: Definitions, environment: Environment) -> Plan:
    return make_plan(definitions, editor.read_snapshot(), PlanRequest("0", environment, "2026-11-21T00:00:00Z"))


@contextmanager
def open_scenario(
    world: World, service: tuple[tuple[str, ...], Environment], definitions: Definitions, parallelism: int
) -> Iterator[Scenario]:
    assignments, environment = service
    with ExitStack() as stack:
        inside = stack.enter_context(open_inside(Path(":memory:")))
        folder = stack.enter_context(open_folder())
        inside.begin(world, parse_settings(assignments))
        editor = stack.enter_context(open_editor(URL, "sandbox", inside, version_dates=environment.version_dates))
        other = stack.enter_context(
            open_editor(URL, "sandbox", inside.other(), version_dates=environment.version_dates)
        )
        plan = plan_of(other, definitions, environment)
        assume(not plan.has_errors and plan.sendable)
        yield Scenario(inside, editor, other, environment, assignments, definitions, folder, plan, parallelism, world)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder for the journal of one plan."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


class End(Struct, frozen=True):
    """How the service stands at the end, what was written until then, and how the changes ended.

    New versions are named by their begin and new channels by their import id: their ids depend on the order of writes.
    """

    channels: dict[object, tuple[Mapping[str, object], Mapping[object, Mapping[str, object]]]]
    paths: list[str]
    statuses: dict[str, str]


def read_end(scenario: Scenario, before: Mapping[int, Truth], result: ApplyResult) -> End:
    after = read_truth(scenario.inside.store)
    names: dict[int, object] = {
        id_: truth.values["channelImportId"] for id_, truth in after.items() if id_ not in before
    }
    return End(
        {
            names.get(id_, id_): (_name_ids(truth.values, names), _name_versions(truth, before.get(id_), names))
            for id_, truth in after.items()
        },
        sorted(_name_in(sent.path, names) for sent in scenario.list_sent() if sent.is_done),
        {outcome.name: outcome.status.value for outcome in result.outcomes},
    )


def _name_versions(now: Truth, before: Truth | None, names: Mapping[int, object]) -> dict[object, Mapping[str, object]]:
    known = before.versions if before else {}
    return {
        id_ if id_ in known else version["beginDate"]: _name_ids(version, names)
        for id_, version in now.versions.items()
    }


def _name_ids(values: Mapping[str, object], names: Mapping[int, object]) -> dict[str, object]:
    return {name: _name_in(one, names) if isinstance(one, str) else one for name, one in values.items()}


def _name_in(text: str, names: Mapping[int, object]) -> str:
    for id_, name in names.items():
        text = text.replace(str(id_), str(name))
    return text
