from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.sandbox import FaultError, Options, parse_faults, running
from reconciler.sandbox.app import create_app
from reconciler.sandbox.store import open_store
from reconciler.sandbox.worlds import load_world
from tests.sandbox.bench import CHANNELS, HEADERS, connect, edit_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start

ONE = f"{CHANNELS}/1049"


def journal(bench: Bench) -> list[tuple[str, int, str | None]]:
    return [(one.method, one.status, one.fault) for one in bench.service.requests()]


def stored(bench: Bench, channel_id: int = 1049) -> Json:
    """A channel without asking the service, which would be struck."""
    found = next(one for one in bench.service.export()["channels"] if one["channelId"] == channel_id)
    return dict(found)


@pytest.fixture
def body(demo_world: World) -> Json:
    """A PUT that renames channel 1049."""
    channel = next(channel for channel in demo_world["channels"] if channel["channelId"] == 1049)
    return edit_of(channel) | {"channelInfo": "New"}


@pytest.mark.parametrize(
    ("faults", "status", "log"),
    [
        (("PUT 503-before",), 503, ("PUT", 503, "503-before")),
        (("PUT 503-after",), 503, ("PUT", 200, "503-after")),
        (("PUT 429",), 429, ("PUT", 429, "429")),
        (("PUT 500-after", "PUT 502"), 502, ("PUT", 502, "502")),
        (("PUT 500-after", "PUT 502-after"), 500, ("PUT", 200, "500-after")),
        (("PUT 503 @2",), 200, ("PUT", 200, None)),
    ],
)
def test_a_status_comes_before_or_after_the_write(
    start: Start, body: Json, faults: tuple[str, ...], status: int, log: tuple[str, int, str | None]
) -> None:
    bench = start(faults=faults)

    response = bench.client.put(ONE, json=body)

    assert response.status_code == status
    assert journal(bench) == [log]
    # The journal's status is the service's own verdict.
    assert (stored(bench)["channelInfo"] == "New") == (log[1] == 200)


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [("429", "1"), ("429 retry-after=7", "7"), ("503 retry-after=0", "0"), ("503", None)],
)
def test_a_status_says_when_to_come_again(start: Start, fault: str, retry_after: str | None) -> None:
    response = start(faults=(fault,)).client.get(ONE)

    assert response.headers.get("Retry-After") == retry_after


@pytest.mark.parametrize(
    ("fault", "is_written", "log"),
    [("drop-before", False, ("PUT", 0, "drop-before")), ("drop-after", True, ("PUT", 200, "drop-after"))],
)
def test_a_dropped_connection_gives_no_answer(
    start: Start, body: Json, fault: str, is_written: bool, log: tuple[str, int, str]
) -> None:
    bench = start(faults=(f"PUT {fault} x1",))

    # As the system has it, the client reads an end or a reset.
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        bench.client.put(ONE, json=body)

    assert (stored(bench)["channelInfo"] == "New") == is_written
    assert journal(bench) == [log]
    assert bench.client.put(ONE, json=body).status_code == 200


def test_a_dropped_connection_leaves_the_others_alone(start: Start) -> None:
    bench = start(faults=("GET /api/v202305/unit drop-before",))

    with connect(bench.service.url) as other:
        other.get(ONE)
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            bench.client.get("/api/v202305/unit")
        assert other.get(ONE).status_code == 200


def test_a_read_that_is_struck_leaves_no_trace(start: Start) -> None:
    bench = start(faults=("GET 503-before", "GET 503-after"))

    bench.client.get(ONE)

    assert bench.service.requests() == ()


def test_a_truncated_body_ends_in_the_middle(start: Start) -> None:
    bench = start(faults=("truncated-body x1",))

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        bench.client.get(CHANNELS)

    assert len(bench.client.get(CHANNELS).json()) == 60


def test_a_truncated_page_lacks_rows_under_honest_headers(start: Start) -> None:
    bench = start(faults=("truncated-page @2",))

    whole, truncated = (bench.client.get(CHANNELS, params={"pageSize": 50}) for _ in range(2))

    assert truncated.json() == whole.json()[:25]
    assert truncated.headers["TotalNumberOfRecords"] == "60"


def test_rows_move_between_pages(start: Start) -> None:
    bench = start(faults=("shuffled-page @2",))

    pages = [bench.client.get(CHANNELS, params={"pageSize": 30, "pageNumber": number}).json() for number in (1, 2)]

    ids = [channel["channelId"] for page in pages for channel in page]
    assert len(ids) == 60
    assert len(set(ids)) < 60


def test_latency_is_waited_for_without_keeping_others_waiting(start: Start) -> None:
    bench = start(faults=("PUT latency=200",))

    begun = time.monotonic()
    bench.client.put(ONE, content="{}")

    assert time.monotonic() - begun >= 0.2


def test_a_deprecated_call_says_so(start: Start) -> None:
    bench = start(faults=("/api/v202305/* deprecated",))

    assert "ECI-Deprecated" in bench.client.get("/api/v202305/unit").headers
    assert "ECI-Deprecated" not in bench.client.get(ONE).headers


def test_another_writer_comes_between_read_and_write(start: Start, body: Json) -> None:
    bench = start(faults=("GET /api/v202406/esachannel/* other-writer x1",))

    seen = bench.client.get(ONE).json()

    assert seen["channelDescription"] is None
    assert stored(bench) == seen | {"channelDescription": "By another writer (1)"}
    assert journal(bench) == [("PUT", 200, "other-writer")]
    assert bench.service.requests()[0].body == '{"channelDescription": "By another writer (1)"}'
    bench.client.put(ONE, json=body).raise_for_status()
    assert stored(bench)["channelDescription"] is None


def test_another_writer_comes_right_before_a_write(start: Start, body: Json) -> None:
    bench = start(faults=("PUT other-writer=channelInfo x1",))

    bench.client.put(ONE, json=body).raise_for_status()

    assert journal(bench) == [("PUT", 200, "other-writer=channelInfo"), ("PUT", 200, None)]
    assert bench.service.requests()[0].body == '{"channelInfo": "By another writer (1)"}'
    assert stored(bench)["channelInfo"] == "New"


def test_another_writer_may_change_the_latest_version(start: Start) -> None:
    bench = start(faults=("other-writer=multiplier x1",))

    bench.client.get(f"{CHANNELS}/1046")

    assert [one["multiplier"] for one in stored(bench, 1046)["channelVersions"]] == [10, 2]


def test_where_the_path_names_no_channel_another_writer_edits_any(start: Start, demo_world: World) -> None:
    bench = start(faults=("other-writer x3 seed=5",))

    for _ in range(4):
        bench.client.get(CHANNELS)

    before = {channel["channelId"]: channel for channel in demo_world["channels"]}
    edited = [one for one in bench.service.export()["channels"] if one != before[one["channelId"]]]
    assert len(journal(bench)) == 3
    assert 1 <= len(edited) <= 3
    assert all(one["channelDescription"].startswith("By another writer (") for one in edited)


@pytest.mark.parametrize("path", [f"{CHANNELS}/7", CHANNELS])
def test_another_writer_without_a_channel_does_nothing(start: Start, path: str) -> None:
    bench = start(faults=("other-writer",), world={"formatVersion": 1, "channels": []})

    bench.client.get(path)

    assert bench.service.requests() == ()


def test_what_lies_outside_the_api_is_never_struck(start: Start) -> None:
    assert start(faults=("503",)).client.get("/sandbox/requests").status_code == 200


def test_a_server_inside_another_program_cannot_die(tmp_path: Path) -> None:
    options = Options(faults=parse_faults(["die-after"]))

    with pytest.raises(FaultError, match=r"cannot die; serve it on its own$"), running(tmp_path / "a", options=options):
        pass


SERVER = """
import sys
from pathlib import Path
from reconciler.sandbox import Options, parse_faults, serve
options = Options(faults=parse_faults(sys.argv[2:]))
serve(Path(sys.argv[1]), lambda url: print(url, flush=True), options=options)
"""


@pytest.mark.parametrize(("fault", "name"), [("die-before", "North Building irrigation"), ("die-after", "New")])
def test_a_server_that_dies_comes_back_with_all_it_answered(tmp_path: Path, body: Json, fault: str, name: str) -> None:
    command = [sys.executable, "-c", SERVER, str(tmp_path / "a"), f"PUT {fault}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        with pytest.raises(httpx.TransportError):
            httpx.put(server.stdout.readline().strip() + ONE, json=body, headers=HEADERS)
        assert server.wait(timeout=30) == 137

    with running(tmp_path / "a") as service:
        assert httpx.get(service.url + ONE, headers=HEADERS).json()["channelInfo"] == name


def call_in_process(store_path: Path, demo_world: World, fault: str, scope: Json) -> list[str]:
    """Runs one call against the bare application; what was seen from outside."""
    seen: list[str] = []

    async def receive() -> Json:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        seen.append(message["type"])

    with open_store(store_path) as store:
        load_world(store, demo_world)
        options = Options(faults=parse_faults([fault]))
        app = create_app(store, options, die=lambda: seen.append("died"))

        async def call() -> None:
            await app(scope, receive, send)

        asyncio.run(call())
    return seen


def test_the_application_tells_its_server_when_to_die(tmp_path: Path, demo_world: World) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    scope = {"type": "http", "method": "GET", "path": ONE, "query_string": b"", "headers": headers}

    assert call_in_process(tmp_path / "a", demo_world, "die-before", scope) == ["died"]
    assert call_in_process(tmp_path / "a", demo_world, "die-after", scope) == ["died"]
    assert call_in_process(tmp_path / "a", demo_world, "die-after @2", scope) == [
        "http.response.start",
        "http.response.body",
    ]
