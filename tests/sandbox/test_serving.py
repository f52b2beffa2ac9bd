from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.sandbox import PortError, WorldError, embedded, generate, reset, running, serve
from reconciler.sandbox.store import open_store
from tests.sandbox.bench import CHANNELS, HEADERS, Bench, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox import World

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


def test_embedded_serves_the_demo_if_there_is_no_file(tmp_path: Path) -> None:
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


def test_an_invalid_world_changes_nothing(tmp_path: Path, demo_world: World) -> None:
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
        with pytest.raises(PortError, match=f"^cannot listen on 127.0.0.1:{port}: .*in use"):
            serve(tmp_path / "a", print, port=port)

    assert not (tmp_path / "a").exists()


def test_importing_the_sandbox_imports_no_server() -> None:
    program = "import sys, reconciler.sandbox; print({'starlette', 'uvicorn', 'asyncio'} & set(sys.modules))"

    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
