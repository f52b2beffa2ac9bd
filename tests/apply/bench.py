"""A running sandbox with an editor that applies and another for foreign edits, and plans made from a few values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.read_back import Patience
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.model.channels import Definitions, Desired, DesiredVersion
from reconciler.model.identifiers import Identifiers
from reconciler.model.project import ChannelEdit, Environment, PrimaryMove
from reconciler.planning.plan import PlanRequest, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched
    from reconciler.model.identifiers import Feed
    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan
    from reconciler.model.values import Spec, Value
    from reconciler.sandbox import Service, World

CHANNEL = "PUT /api/v202406/esachannel/{id}"
VERSION = "PUT /api/v202406/esachannel/{id}/version/{id}"
READ = "GET /api/v202406/esachannel/{id}"
LIST = "GET /api/v202406/esachannel"

SANDBOX = Environment("sandbox", "sandbox")
ECHO = Environment("sandbox", "sandbox", channel_edit=ChannelEdit.ECHO_LATEST)
GIVE_UP_FIRST = Environment("sandbox", "sandbox", primary_move=PrimaryMove.GIVE_UP_FIRST)


class Interceptor(httpx.BaseTransport):
    """The real network with something in between: `intercept` gets each request and the function that sends it."""

    def __init__(self, intercept: Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]) -> None:
        self._intercept = intercept
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._intercept(request, lambda: self._send(request))

    def close(self) -> None:
        self._network.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        response = self._network.handle_request(request)
        # `intercept` and the client each read the body.
        stream = httpx.ByteStream(b"".join(response.iter_raw()))
        again = httpx.Response(response.status_code, headers=response.headers, stream=stream)
        again.read()
        return again


class Start(Protocol):
    """Starts a sandbox, with settings written as `--set` takes them."""

    def __call__(self, *assignments: str, world: World | None = None, network: Interceptor | None = None) -> Bench: ...


class Bench(Struct, frozen=True):
    """A running sandbox, the editor that applies, and another one for edits by somebody else."""

    service: Service
    editor: Editor
    other: Editor
    environment: Environment = field(default=SANDBOX)

    def plan(self, *desired: Desired, environment: Environment = SANDBOX, feeds: tuple[Feed, ...] = ()) -> Plan:
        """The plan that turns what is live now into `desired`."""
        definitions = Definitions(desired, feeds, ("channels/demo.yaml",), "sha256:0")
        basis = PlanRequest("0", environment, "2026-11-21T00:00:00Z")
        return make_plan(definitions, self.other.read_snapshot(), basis)

    def apply(
        self, plan: Plan, options: ApplyOptions | None = None, *, environment: Environment = SANDBOX
    ) -> ApplyResult:
        """The result of `plan` applied with full patience, but without waiting."""
        options = replace(options or ApplyOptions(), patience=Patience(sleep=lambda _seconds: None))
        return apply_plan(plan, self.editor, environment, options)

    def read(self, channel_id: int) -> Fetched:
        """A channel as it is now."""
        return self.other.read_channel(channel_id)

    def edit_elsewhere(self, channel_id: int, wanted: Mapping[str, Value]) -> None:
        """Edit a channel as somebody else would, its current version included."""
        fresh = self.read(channel_id)
        versioned = {path: value for path, value in wanted.items() if "." in path}
        if versioned:
            self.other.edit_version(fresh, versioned)
        if channel := {path: value for path, value in wanted.items() if path not in versioned}:
            self.other.edit_channel(fresh, channel, ChannelEdit.OMIT_VERSION)

    def writes(self) -> list[str]:
        """The writes that the sandbox saw, in order, from any sender, as `PUT /path`."""
        return [f"{one.method} {one.path}" for one in self.service.requests()]


class Sleep:
    """A sleep that does not wait; `seconds` are all pauses in order."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def want(name: str, channel_id: int, **spec: Value) -> Desired:
    """What the files want of a channel; `__` in a keyword stands for the dot of a path."""
    paths = {key.replace("__", "."): value for key, value in spec.items()}
    return Desired(name, "channels/demo.yaml", 1, Identifiers(channel_id=channel_id), paths)


def want_versions(name: str, channel_id: int, *versions: tuple[str, Spec], **spec: Value) -> Desired:
    """The same with a list of versions: the begin of each, and what the file manages of it, by its path."""
    listed = tuple(DesiredVersion(begin, index, settings) for index, (begin, settings) in enumerate(versions))
    desired = want(name, channel_id, **spec)
    return replace(desired, spec={**desired.spec, **listed[-1].spec}, versions=listed)


def status_by_name(result: ApplyResult) -> dict[str, str]:
    """The status of each change by its name."""
    return {outcome.name: outcome.status.value for outcome in result.outcomes}


def only(result: ApplyResult) -> Outcome:
    """The one outcome of a result that holds no other."""
    (outcome,) = result.outcomes
    return outcome
