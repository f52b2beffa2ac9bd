from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.sandbox import PortError, WorldError, embedded, generate, reset, running, serve
from reconciler.sandbox.server import LocalOnly
from reconciler.sandbox.store import open_store
from tests.sandbox.bench import CHANNELS, HEADERS, Bench, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox import World
    from reconciler.sandbox.server import Service


KEY = "ECI-ApiKey: sandbox"
CHANNEL = "/api/v202406/esachannel/1049"
PATHS = (CHANNEL, "/sandbox/requests")
FOREIGN_PAGE = "The sandbox answers no page of another origin."


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("sandbox") / "a") as started:
        yield started


def ask(service: Service, target: str, *headers: str, version: str = "1.1", method: str = "GET") -> tuple[int, str]:
    """The status of the answer to a request with these `headers` alone (PORT is its port), and its message, if any."""
    port = urlsplit(service.url).port
    assert port is not None
    lines = [f"{method} {target} HTTP/{version}", *headers, "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("\r\n".join(lines).replace("PORT", str(port)).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    said: Any = json.loads(body) if b"application/json" in head else {}
    return int(head.split()[1]), said.get("message", "") if isinstance(said, dict) else ""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "LocalHost:PORT"])
def test_its_own_names_with_its_port_are_answered(service: Service, path: str, host: str) -> None:
    assert ask(service, path, f"Host: {host}", KEY) == (200, "")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "127.0.0.1",
        "localhost",
        "[::1]",
        "localhost:1",
        "localhost.:PORT",
        "127.0.0.1.evil.example:PORT",
        "127.0.0.1.nip.io:PORT",
        "localhost:PORT@evil.example",
        "evil.example@localhost:PORT",
        "127.1:PORT",
        "2130706433:PORT",
        "0.0.0.0:PORT",
        "::1:PORT",
        "[0:0:0:0:0:0:0:1]:PORT",
        "localhost:PORT, evil.example",
        "",
    ],
)
def test_no_other_name_is_answered(service: Service, path: str, host: str) -> None:
    port = urlsplit(service.url).port
    message = f"The sandbox answers to 127.0.0.1:{port}, localhost:{port} and [::1]:{port} alone."

    assert ask(service, path, f"Host: {host}", KEY) == (403, message)


def test_a_request_without_a_name_or_with_two_is_refused(service: Service) -> None:
    own = "Host: 127.0.0.1:PORT"

    assert ask(service, CHANNEL, KEY, version="1.0")[0] == 403
    assert ask(service, CHANNEL, KEY)[0] == 400
    assert ask(service, CHANNEL, own, own, KEY)[0] == 400
    assert ask(service, CHANNEL, own, "Host: evil.example", KEY, version="1.0")[0] in {400, 403}


@pytest.mark.parametrize("target", ["http://evil.example" + CHANNEL, "http://127.0.0.1:PORT" + CHANNEL, "*"])
def test_a_target_that_names_a_server_itself_is_refused(service: Service, target: str) -> None:
    expected = (403, "The target of the request must be a path.")

    assert ask(service, target, "Host: 127.0.0.1:PORT", KEY, method="OPTIONS") == expected


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1",
        "Origin: http://localhost:1",
        "Origin: https://127.0.0.1:PORT",
        "Origin: http://127.0.0.1:PORT.evil.example",
        "Origin:",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_a_page_of_another_origin_is_answered_nothing(service: Service, path: str, header: str) -> None:
    assert ask(service, path, "Host: 127.0.0.1:PORT", KEY, header) == (403, FOREIGN_PAGE)


def test_one_foreign_origin_beside_its_own_is_enough_to_be_refused(service: Service) -> None:
    origins = ("Origin: http://localhost:PORT", "Origin: http://evil.example")

    assert ask(service, CHANNEL, "Host: 127.0.0.1:PORT", KEY, *origins) == (403, FOREIGN_PAGE)


@pytest.mark.parametrize(
    "header",
    ["Origin: http://127.0.0.1:PORT", "Origin: http://LOCALHOST:PORT", "Sec-Fetch-Site: none", "X-Other: evil.example"],
)
def test_what_no_foreign_page_asks_is_answered(service: Service, header: str) -> None:
    assert ask(service, CHANNEL, "Host: 127.0.0.1:PORT", KEY, header) == (200, "")


def test_a_foreign_page_writes_nothing_whatever_it_sends(service: Service) -> None:
    for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        status = ask(service, CHANNEL, "Host: 127.0.0.1:PORT", KEY, "Origin: http://evil.example", method=method)
        assert status == (403, FOREIGN_PAGE)

    assert service.requests() == ()


def test_on_the_port_of_http_a_name_needs_no_port() -> None:
    """Only the superuser may serve there, so the application is asked itself."""
    seen: list[int] = []

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def keep(message: Any) -> None:
        seen.append(message.get("status", 0))

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "server": ("127.0.0.1", 80), "path": "/", "headers": [(b"host", b"localhost")]}
    with pytest.raises(StopIteration):
        LocalOnly(answer)(scope, receive, keep).send(None)

    assert seen == [200]


SERVER = """
import sys
from pathlib import Path
from reconciler.sandbox import serve
serve(Path(sys.argv[1]), lambda url: print(url, flush=True), port=int(sys.argv[2]))
"""


@contextmanager
def served(database: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its URL."""
    command = [sys.executable, "-c", SERVER, str(database), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()


def name_of(url: str, channel_id: int = 1042) -> str:
    return str(httpx.get(f"{url}{CHANNELS}/{channel_id}", headers=HEADERS).json()["channelInfo"])


def test_embedded_serves_the_demo_where_there_is_no_file(tmp_path: Path) -> None:
    with embedded(tmp_path / ".reconciler" / "sandbox.sqlite3") as url:
        assert name_of(url) == "North Building electricity use"


def test_state_survives_from_block_to_block(tmp_path: Path) -> None:
    with running(tmp_path / "a") as service, connect(service.url) as client:
        Bench(service, client).put(1042, channelInfo="Renamed").raise_for_status()

    with embedded(tmp_path / "a") as url:
        assert name_of(url) == "Renamed"


def test_the_service_is_gone_after_the_block(tmp_path: Path) -> None:
    with embedded(tmp_path / "a") as url:
        pass

    with pytest.raises(httpx.ConnectError):
        name_of(url)


def test_the_service_is_gone_after_a_block_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded(tmp_path / "a") as url:
        _ = 1 / 0

    with pytest.raises(httpx.ConnectError):
        name_of(url)


def test_reset_starts_again_from_the_demo_or_another_world(tmp_path: Path, demo_world: World) -> None:
    with running(tmp_path / "a", generate(3, 1)) as service:
        assert len(service.export()["channels"]) == 3
        reset(tmp_path / "a")
        assert service.export() == demo_world
        reset(tmp_path / "a", generate(2, 1))
        assert len(service.export()["channels"]) == 2


def test_a_world_that_cannot_be_leaves_what_is_there(tmp_path: Path, demo_world: World) -> None:
    with running(tmp_path / "a") as service, pytest.raises(WorldError):
        reset(tmp_path / "a", {"formatVersion": 7})

    assert service.export() == demo_world


def test_an_empty_world_stays_empty(tmp_path: Path) -> None:
    reset(tmp_path / "a", {"formatVersion": 1, "channels": []})

    with running(tmp_path / "a") as service:
        assert service.export()["channels"] == []


def test_a_file_whose_first_world_was_interrupted_gets_the_demo(tmp_path: Path, demo_world: World) -> None:
    with open_store(tmp_path / "a"):
        pass

    with running(tmp_path / "a") as service:
        assert service.export() == demo_world


def test_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    with served(tmp_path / "a") as (server, url), connect(url) as client, running(tmp_path / "a") as same_file:
        bench = Bench(same_file, client)
        for number in range(20):
            bench.put(1042, channelInfo=f"Name {number}").raise_for_status()
        server.kill()
        server.wait()

    with running(tmp_path / "a") as service:
        assert name_of(service.url) == "Name 19"
        assert len(service.requests()) == 20


def test_two_processes_may_serve_one_file(tmp_path: Path) -> None:
    with served(tmp_path / "a") as (_, first), served(tmp_path / "a") as (_, second):
        for url, other, name in ((first, second, "By the first"), (second, first, "By the second")):
            with running(tmp_path / "a") as service, connect(url) as client:
                Bench(service, client).put(1042, channelInfo=name).raise_for_status()
            assert name_of(other) == name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_server_cleanly(tmp_path: Path, number: int) -> None:
    with served(tmp_path / "a") as (server, url), connect(url) as idle:
        assert idle.get(f"{CHANNELS}/1042").status_code == 200
        server.send_signal(number)

        assert server.wait(timeout=30) == 0


def test_serve_in_process_stops_at_a_signal_and_gives_the_handlers_back(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    seen: list[str] = []

    def stop_when_announced(url: str) -> None:
        seen.append(url)
        threading.Thread(target=_read_then_stop, args=(url, seen), daemon=True).start()

    serve(tmp_path / "a", stop_when_announced, world=generate(2, 1))

    assert seen[1:] == ["Alder Hall electric use"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def _read_then_stop(url: str, seen: list[str]) -> None:
    seen.append(name_of(url, 100_001))
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_port_in_use_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"^port {port} on 127.0.0.1 cannot be had: .*in use"):
            serve(tmp_path / "a", print, port=port)

    assert not (tmp_path / "a").exists()


def test_importing_the_sandbox_imports_no_server() -> None:
    program = "import sys, reconciler.sandbox; print({'starlette', 'uvicorn', 'asyncio'} & set(sys.modules))"

    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
