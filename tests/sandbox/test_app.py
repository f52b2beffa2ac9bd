from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from reconciler.sandbox import FaultError, Keys, Options, parse_faults, running
from reconciler.sandbox.app import create_app
from reconciler.sandbox.store import open_store
from reconciler.sandbox.worlds import load_world
from tests.sandbox.bench import CHANNELS, HEADERS, connect, edit_of

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start


ONE = f"{CHANNELS}/1049"
ERROR_TEXT = """\
The request is not valid.
channelInfo: is required
intervalMinutes: must be one of 5, 10, 15, 30, 60, 1440, 10080, 43200"""


@pytest.mark.parametrize("key", ["", "Sandbox", "another"])
def test_a_wrong_key_is_a_401(demo: Bench, key: str) -> None:
    with connect(demo.service.url, key) as stranger:
        assert [stranger.get(ONE).status_code, stranger.put(ONE, json={}).status_code] == [401, 401]


def test_a_missing_key_is_a_401(demo: Bench) -> None:
    response = httpx.get(demo.service.url + ONE, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["message"]) == (401, "The header ECI-ApiKey holds no valid key.")


@pytest.mark.parametrize(("setting", "status"), [("401", 401), ("403", 403)])
def test_a_key_that_may_only_read_cannot_write(start: Start, setting: str, status: int) -> None:
    bench = start(f"no_permission_status={setting}")
    body = edit_of(bench.read(1049))

    with connect(bench.service.url, "sandbox-read") as reader:
        question = {"dataPointId": 301, "formula": "1"}
        statuses = [
            reader.get(ONE).status_code,
            reader.post("/api/v202405/formula/validate", json=question).status_code,
            reader.put(ONE, json=body).status_code,
            reader.post(CHANNELS, json=body).status_code,
        ]

    assert statuses == [200, 200, status, status]
    assert bench.service.requests() == ()


def test_the_keys_can_be_others(tmp_path: Path) -> None:
    options = Options(keys=Keys(write="aaa.bbb.ccc", read="ddd.eee.fff"))
    with running(tmp_path / "sandbox.sqlite3", options=options) as service:
        statuses = [
            httpx.get(service.url + ONE, headers=HEADERS | {"ECI-ApiKey": key}).status_code
            for key in ("sandbox", "aaa.bbb.ccc", "ddd.eee.fff")
        ]

    assert statuses == [401, 200, 200]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 200), ("application/json; charset=utf-8", 200), ("text/plain", 415), ("", 415)],
)
def test_a_body_says_it_is_json(demo: Bench, content_type: str, status: int) -> None:
    body = edit_of(demo.read(1049))

    assert demo.client.put(ONE, json=body, headers={"Content-Type": content_type}).status_code == status


def test_without_a_body_the_content_type_does_not_matter(demo: Bench) -> None:
    response = httpx.get(demo.service.url + ONE, headers={"ECI-ApiKey": "sandbox"})

    assert (response.status_code, response.json()) == (200, demo.read(1049))


@pytest.mark.parametrize("path", ["/api/v202406/EsaChannel/1049", "/API/V202406/ESACHANNEL/1049"])
def test_paths_count_without_regard_to_case(demo: Bench, path: str) -> None:
    assert demo.client.get(path).json() == demo.read(1049)


def test_responses_are_compressed_if_asked_for(demo: Bench) -> None:
    packed = demo.client.get(ONE, headers={"Accept-Encoding": "gzip"})
    plain = demo.client.get(ONE, headers={"Accept-Encoding": "identity"})

    assert [one.headers.get("Content-Encoding") for one in (packed, plain)] == ["gzip", None]
    assert packed.json() == plain.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/api/v202406/esachannels", 404, "Not Found"),
        ("GET", "/", 404, "Not Found"),
        ("PATCH", ONE, 405, "Method Not Allowed"),
        ("GET", f"{CHANNELS}/7", 404, "No channel has the id 7."),
    ],
)
def test_an_error_is_json(demo: Bench, method: str, path: str, status: int, message: str) -> None:
    response = demo.client.request(method, path)

    assert (response.status_code, response.json()) == (status, {"message": message, "errors": []})


def test_an_error_is_text_if_the_setting_says_so(start: Start) -> None:
    response = start("error_body=text").put(1049, channelInfo=None, intervalMinutes=7)

    assert (response.status_code, response.headers["Content-Type"], response.text) == (
        400,
        "text/plain; charset=utf-8",
        ERROR_TEXT,
    )


def test_the_log_has_every_write_that_was_answered(demo: Bench) -> None:
    body = edit_of(demo.read(1049)) | {"channelInfo": "Renamed"}
    demo.client.put(ONE, json=body)
    demo.client.put(f"{CHANNELS}/7", content="{")
    demo.client.get(ONE)

    journal = demo.client.get("/sandbox/requests").json()

    assert journal == [
        {
            "id": 1,
            "method": "PUT",
            "path": ONE,
            "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            "status": 200,
            "fault": None,
        },
        {"id": 2, "method": "PUT", "path": f"{CHANNELS}/7", "body": "{", "status": 400, "fault": None},
    ]
    assert [(one.id, one.status) for one in demo.service.requests()] == [(1, 200), (2, 400)]
    assert [one.id for one in demo.service.requests(after=1)] == [2]


def test_an_asgi_server_may_ask_for_its_life_span(tmp_path: Path) -> None:
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    seen: list[str] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        seen.append(message["type"])

    async def live() -> None:
        with open_store(tmp_path / "a") as store:
            await create_app(store)({"type": "lifespan"}, receive, send)

    asyncio.run(live())

    assert seen == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_file_that_another_program_writes_to_is_a_500_that_says_so(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.sandbox.store._LOCK_TIMEOUT_SECONDS", 0)
    bench = start()
    body = bench.edit_text(1049)
    with closing(sqlite3.connect(bench.service.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        response = bench.client.put(ONE, content=body)

    assert (response.status_code, response.json()["message"]) == (
        500,
        "the sandbox's file is in use by another program: database is locked; try again when that is done",
    )
    assert bench.client.put(ONE, content=body).status_code == 200


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
def test_a_status_says_when_to_try_again(start: Start, fault: str, retry_after: str | None) -> None:
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


def test_a_read_with_a_fault_is_not_logged(start: Start) -> None:
    bench = start(faults=("GET 503-before", "GET 503-after"))

    bench.client.get(ONE)

    assert bench.service.requests() == ()


def test_a_truncated_body_ends_in_the_middle(start: Start) -> None:
    bench = start(faults=("truncated-body x1",))

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        bench.client.get(CHANNELS)

    assert len(bench.client.get(CHANNELS).json()) == 60


def test_a_truncated_page_lacks_rows_that_its_headers_count(start: Start) -> None:
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


def test_another_writer_edits_any_channel_if_the_path_names_none(start: Start, demo_world: World) -> None:
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


def test_paths_outside_the_api_have_no_faults(start: Start) -> None:
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
def test_a_server_that_dies_keeps_all_that_it_answered(tmp_path: Path, body: Json, fault: str, name: str) -> None:
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
