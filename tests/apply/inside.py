"""A sandbox without sockets, which puts all that happens there in one order: reads, writes, edits by others."""

from __future__ import annotations

import json
from contextlib import contextmanager
from threading import Event, RLock, get_ident
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.sandbox.app import ConnectionDroppedError, create_app
from reconciler.sandbox.settings import Options, ReadLag
from reconciler.sandbox.store import open_store, read_request_log
from reconciler.sandbox.worlds import load_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Message

    from reconciler.sandbox import Fault, LoggedRequest, Settings, World
    from reconciler.sandbox.store import Store

_CHANNELS = "/api/v202406/esachannel"


class Killed(BaseException):
    """The process ends here: nothing catches it, as nothing would run after a kill -9."""


class Read(Struct, frozen=True):
    """The apply read a channel by its id, in one of its threads."""

    channel_id: int
    thread: int


class Sent(Struct, frozen=True):
    """A write of the apply reached the service; `is_done` is what the service's log says.

    `begin` is that of the version that it creates, in the words of the service; `import_id` that of the channel that it
    creates, whose `channel_id` is 0 where it did not. Both are None for a PUT.
    """

    channel_id: int
    is_done: bool
    status: int
    path: str
    run: int
    thread: int
    begin: str | None = None
    import_id: str | None = None

    @property
    def created(self) -> tuple[int | str, str | None] | None:
        """What it creates: a channel, or a version of one; None for a PUT."""
        if self.import_id is not None:
            return self.import_id, None
        return None if self.begin is None else (self.channel_id, self.begin)


class Edited(Struct, frozen=True):
    """Somebody else edited a channel, or with `version_id` one of its versions."""

    channel_id: int
    path: str
    value: object
    version_id: int = 0


class Added(Struct, frozen=True):
    """Somebody else created a version of a channel."""

    channel_id: int
    version_id: int


class Removed(Struct, frozen=True):
    """Somebody else deleted a version of a channel."""

    channel_id: int
    version_id: int


class Founded(Struct, frozen=True):
    """Somebody else created a channel."""

    channel_id: int
    import_id: str


Foreign: TypeAlias = Edited | Added | Removed | Founded
Moment: TypeAlias = Read | Sent | Foreign


class Trouble(Struct):
    """What happens to one run: the process ends, Ctrl-C comes, or somebody edits, each at one request (from 0)."""

    dies_at: int | None = None
    dies_after_answer: bool = False
    stops_at: int | None = None
    edits: Mapping[int, Callable[[], Foreign | None]] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)
    requests: int = 0

    def come(self, moments: list[Moment]) -> None:
        """What comes before the next request."""
        number = self.requests
        self.requests += 1
        if self.dies_at is not None and number >= self.dies_at + self.dies_after_answer:
            raise Killed
        if number == self.stops_at:
            self.stop.set()
        if number in self.edits and (edited := self.edits[number]()):
            moments.append(edited)

    def follow(self) -> None:
        """What comes after its answer, before anybody has it."""
        if self.dies_at is not None and self.requests > self.dies_at:
            raise Killed


class Inside(httpx.BaseTransport):
    """The emulated service in this process, one request at a time; `moments` tells what happened, in order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.moments: list[Moment] = []
        self.trouble = Trouble()
        self.run = 0
        self._lock = RLock()
        self._known = 0
        self._settings: Settings | None = None
        self._app: ASGIApp | None = None

    def begin(self, world: World, settings: Settings) -> None:
        """Start again from `world`."""
        load_world(self.store, world)
        self.moments, self._known, self.run = [], 0, 0
        self._settings = settings
        self.quiet()

    def trouble_with(self, faults: tuple[Fault, ...], trouble: Trouble) -> None:
        """From now on requests are struck by `faults`, and by `trouble`."""
        assert self._settings is not None
        self._app = create_app(self.store, Options(self._settings, faults))
        self.trouble = trouble
        self.run += 1

    def quiet(self) -> None:
        """From now on nothing goes wrong."""
        self.trouble_with((), Trouble())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.trouble.come(self.moments)
            # Others edit the current version through a fault: before a write, so never the version that it creates.
            current = self._find_current()
            try:
                return self._answer(request)
            except ConnectionDroppedError:
                raise httpx.ReadError("dropped by a fault") from None
            finally:
                self._note_writes(request, current)
                self.trouble.follow()

    def other(self) -> httpx.BaseTransport:
        """The way in for others, whom nothing strikes, and whose doings are not noted."""
        assert self._settings is not None
        # They see each write at once, as if theirs were the node that it went to.
        settings = replace(self._settings, read_lag=ReadLag.NONE)
        return _Beside(self, create_app(self.store, Options(settings)))

    def answer_others(self, app: ASGIApp, request: httpx.Request) -> httpx.Response:
        with self._lock:
            response = _call(app, request)
            self._known = max((one.id for one in self._list_new()), default=self._known)
            return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert self._app is not None
        late = self._find_late()
        response = _call(self._app, request)
        if response.is_success and _is_fresh_read(request):
            channel_id: int = json.loads(response.content)["channelId"]
            if channel_id not in late:
                self.moments.append(Read(channel_id, get_ident()))
        return response

    def _find_late(self) -> frozenset[int]:
        """The channels of which the next read shows not what they are, but what they were."""
        return frozenset(row[0] for row in self.store.connection.execute("SELECT channel_id FROM lagging"))

    def _find_current(self) -> Mapping[int, int]:
        """The current version of each channel, both by id."""
        rows = self.store.connection.execute(
            "SELECT channel_id, version_id FROM versions ORDER BY ifnull(json_extract(settings, '$.beginDate'), '')"
        )
        return {row[0]: row[1] for row in rows}

    def _note_writes(self, request: httpx.Request, current: Mapping[int, int]) -> None:
        for entry in self._list_new():
            self._known = entry.id
            if (entry.fault or "").startswith("other-writer"):
                self.moments.append(_edit_of(entry, current))
            else:
                self.moments.append(self._describe(entry, json.loads(request.content)))

    def _describe(self, entry: LoggedRequest, body: Mapping[str, Any]) -> Sent:
        is_done = 200 <= entry.status < 300
        channel_id, begin, import_id = 0, None, None
        if entry.path == _CHANNELS:
            import_id = body["channelImportId"]
            # Ids rise, and nobody else is served meanwhile.
            channel_id = max(self._find_current()) if is_done else 0
        else:
            channel_id = _channel_of(entry)
            begin = body["beginDate"] if entry.method == "POST" else None
        return Sent(channel_id, is_done, entry.status, entry.path, self.run, get_ident(), begin, import_id)

    def _list_new(self) -> tuple[LoggedRequest, ...]:
        return read_request_log(self.store, self._known)


class _Beside(httpx.BaseTransport):
    def __init__(self, inside: Inside, app: ASGIApp) -> None:
        self._inside = inside
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._inside.answer_others(self._app, request)


@contextmanager
def open_inside(database: Path) -> Iterator[Inside]:
    """A sandbox that holds nothing yet."""
    with open_store(database) as store:
        # Nobody pulls this plug, and twenty thousand histories are long enough.
        store.connection.execute("PRAGMA synchronous = OFF")
        yield Inside(store)


def _is_fresh_read(request: httpx.Request) -> bool:
    """Whether a change may be written from what is read; never from a list."""
    return request.method == "GET" and request.url.path.removeprefix(f"{_CHANNELS}/").isdecimal()


def _channel_of(entry: LoggedRequest) -> int:
    return int(entry.path.split("/")[4])


def _edit_of(entry: LoggedRequest, current: Mapping[int, int]) -> Edited:
    channel_id = _channel_of(entry)
    ((name, value),) = json.loads(entry.body).items()
    if name == "multiplier":
        return Edited(channel_id, f"esaChannelVersion.{name}", value, current[channel_id])
    return Edited(channel_id, name, value)


def _call(app: ASGIApp, request: httpx.Request) -> httpx.Response:
    """The answer of `app`, which waits for nothing and so needs no loop."""
    body = request.read()
    headers = [(name.lower(), value) for name, value in request.headers.raw if name.lower() != b"accept-encoding"]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    steps = app(scope, receive, send).__await__()
    for _ in steps:
        pass
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)
