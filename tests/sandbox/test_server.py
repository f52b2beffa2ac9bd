"""Who is answered, tried over a socket, for a client of HTTP would put right what these requests have wrong."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from reconciler.sandbox import running
from reconciler.sandbox.server import LocalOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.serving import Service

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
def test_requests_to_its_own_names_and_port_are_answered(service: Service, path: str, host: str) -> None:
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
def test_requests_to_other_names_are_refused(service: Service, path: str, host: str) -> None:
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
def test_a_page_of_another_origin_is_refused(service: Service, path: str, header: str) -> None:
    assert ask(service, path, "Host: 127.0.0.1:PORT", KEY, header) == (403, FOREIGN_PAGE)


def test_one_foreign_origin_beside_its_own_is_enough_to_be_refused(service: Service) -> None:
    origins = ("Origin: http://localhost:PORT", "Origin: http://evil.example")

    assert ask(service, CHANNEL, "Host: 127.0.0.1:PORT", KEY, *origins) == (403, FOREIGN_PAGE)


@pytest.mark.parametrize(
    "header",
    ["Origin: http://127.0.0.1:PORT", "Origin: http://LOCALHOST:PORT", "Sec-Fetch-Site: none", "X-Other: evil.example"],
)
def test_requests_that_no_foreign_page_sends_are_answered(service: Service, header: str) -> None:
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
